"""Runs a script of other people's in a small world: few pictures, made up, two rounds of each long loop.

    python -m tests.studies.small_world SCRIPT

What is done every hundredth step, such as printing the loss, is done at each. The script runs as if it had been
started from the present folder. What it prints is of no interest; whether it comes to its end is. Warnings are on.
"""

import ast
import builtins
import itertools
import sys
import warnings
from pathlib import Path
from types import ModuleType

import matplotlib

ROUNDS = 2
PICTURES = 200
LOOPS = ("epoch", "t", "step", "i_episode", "iteration", "iter", "it")


class SmallWorld(ast.NodeTransformer):
    """Lets loops over epochs and steps go around twice, and does every time what is done every hundredth time."""

    def visit_If(self, node: ast.If) -> ast.If:
        """Report each step: ``if step % 100 == 0`` is always true."""
        self.generic_visit(node)
        if isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], ast.Eq):
            left = node.test.left
            if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mod):
                node.test = ast.copy_location(ast.Constant(True), node.test)
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        """Shorten a loop whose variable says that it repeats the same work."""
        self.generic_visit(node)
        is_range = isinstance(node.iter, ast.Call) and getattr(node.iter.func, "id", "") in (
            "range",
            "count",
        )
        if is_range and getattr(node.target, "id", "") in LOOPS:
            few = ast.Name("_few_rounds", ast.Load())
            node.iter = ast.copy_location(ast.Call(few, [node.iter], []), node.iter)
        return node


def make_pictures() -> None:
    """Put made-up pictures into the place of the data sets that would be downloaded."""
    import numpy as np
    import torch
    from PIL import Image
    from torchvision import datasets

    class Pictures(torch.utils.data.Dataset):
        shape: tuple[int, ...] = (28, 28)

        def __init__(
            self, root="", train=True, transform=None, target_transform=None, download=False
        ):
            self.transform = transform
            noise = np.random.default_rng(0)
            self.data = noise.integers(0, 256, (PICTURES, *self.shape), np.uint8)
            self.targets = [int(n) for n in noise.integers(0, 10, PICTURES)]
            self.classes = [str(n) for n in range(10)]

        def __len__(self):
            return PICTURES

        def __getitem__(self, n):
            picture = Image.fromarray(np.asarray(self.data[n]))
            return self.transform(picture) if self.transform else picture, int(self.targets[n])

    class GrayPictures(Pictures):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self.data, self.targets = torch.from_numpy(self.data), torch.tensor(self.targets)

    class ColorPictures(Pictures):
        shape = (32, 32, 3)

    datasets.MNIST = datasets.FashionMNIST = GrayPictures
    datasets.CIFAR10 = datasets.CIFAR100 = ColorPictures


def run(path: Path) -> None:
    """Run a script."""
    matplotlib.use("Agg")
    make_pictures()
    builtins._few_rounds = lambda steps: itertools.islice(steps, ROUNDS)
    warnings.simplefilter("default")
    warnings.filterwarnings("ignore", category=SyntaxWarning)
    sys.argv = [str(path)]
    sys.path.insert(0, str(path.resolve().parent))
    tree = ast.fix_missing_locations(
        SmallWorld().visit(ast.parse(path.read_text(encoding="utf-8")))
    )
    module = ModuleType("__main__")
    module.__file__ = str(path)
    sys.modules["__main__"] = module
    exec(compile(tree, str(path), "exec"), module.__dict__)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
