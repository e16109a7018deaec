"""Rules about data: loaders, samplers and transforms."""

import ast

from helpers.notes.old_code.canonical import FUNCTIONS, dotted
from helpers.notes.old_code.code import Code
from helpers.notes.old_code.known import TENSORS
from helpers.notes.old_code.rules.search import Found, above, assigned, calls_of, keyword, rule

TRANSFORMS = "torchvision.transforms."


@rule("workers-at-top-level")
def workers_at_top_level(code: Code) -> Found:
    """Find a DataLoader with workers at the top level of a script, without ``if __name__ == "__main__"``."""
    if code.source.notebook is not None:
        return
    for node in calls_of(code, "torch.utils.data.DataLoader"):
        workers = keyword(node, "num_workers")
        if (
            isinstance(workers, ast.Constant)
            and workers.value
            and not any(isinstance(one, (*FUNCTIONS, ast.If)) for one in above(node, code))
        ):
            yield node, False


@rule("sampler-data-source")
def sampler_data_source(code: Code) -> Found:
    """Find a Sampler of one's own that hands its data to the base class."""
    for node in code.nodes:
        if not isinstance(node, ast.ClassDef):
            continue
        bases = [code.names.resolve(base) for base in node.bases]
        if not {"torch.utils.data.Sampler", "torch.utils.data.sampler.Sampler"} & set(bases):
            continue
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                is_super = (
                    isinstance(call.func.value, ast.Call)
                    and dotted(call.func.value.func) == "super"
                )
                if is_super and call.func.attr == "__init__" and (call.args or call.keywords):
                    yield call, True


@rule("normalize-result-unused")
def normalize_result_unused(code: Code) -> Found:
    """Find ``Normalize(...)(picture)`` whose result does not take the picture's place."""
    named = {
        name
        for name, call, _ in assigned(code)
        if code.names.resolve(call.func) == f"{TRANSFORMS}Normalize"
    }
    for node in code.nodes:
        if not isinstance(node, ast.Call) or len(node.args) != 1 or not dotted(node.args[0]):
            continue
        made = (
            isinstance(node.func, ast.Call)
            and code.names.resolve(node.func.func) == f"{TRANSFORMS}Normalize"
        )
        if not (made or dotted(node.func) in named):
            continue
        parent = code.names.parents.get(node)
        if isinstance(parent, ast.Expr) or (
            isinstance(parent, ast.Assign) and dotted(parent.targets[0]) != dotted(node.args[0])
        ):
            yield node, False


@rule("resize-of-tensor")
def resize_of_tensor(code: Code) -> Found:
    """Find ``Resize`` of a tensor, or after ``ToTensor``, that says nothing of antialiasing."""
    for node in calls_of(code, f"{TRANSFORMS}Resize"):
        if keyword(node, "antialias") is not None:
            continue
        parent = code.names.parents.get(node)
        if isinstance(parent, ast.Call) and parent.func is node and parent.args:
            if code.kinds.kind(parent.args[0]) in TENSORS:
                yield node, False
        elif isinstance(parent, (ast.List, ast.Tuple)):
            before = parent.elts[: parent.elts.index(node)]
            names = [code.names.resolve(one.func) for one in before if isinstance(one, ast.Call)]
            if f"{TRANSFORMS}ToTensor" in names:
                yield node, False


@rule("random-seed-for-transforms")
def random_seed_for_transforms(code: Code) -> Found:
    """Find ``random.seed`` in a file with random transforms."""
    used = [
        code.names.resolve(node)
        for node in code.nodes
        if isinstance(node, (ast.Name, ast.Attribute))
    ]
    if any(name.startswith(f"{TRANSFORMS}Random") for name in used):
        for node in calls_of(code, "random.seed"):
            yield node, False


@rule("lambda-in-workers")
def lambda_in_workers(code: Code) -> Found:
    """Find ``transforms.Lambda(lambda ...)``."""
    for node in calls_of(code, f"{TRANSFORMS}Lambda"):
        if node.args and isinstance(node.args[0], ast.Lambda):
            yield node, False


@rule("normalize-three-on-gray")
def normalize_three_on_gray(code: Code) -> Found:
    """Find ``Normalize`` with three means in a file whose pictures are gray: MNIST and the like."""
    sets = {
        code.names.resolve(node)
        for node in code.nodes
        if isinstance(node, (ast.Name, ast.Attribute))
    }
    gray = {
        f"torchvision.datasets.{name}"
        for name in ("MNIST", "FashionMNIST", "EMNIST", "KMNIST", "QMNIST")
    }
    opened = "PIL.Image" in sets and any(_is_gray(node) for node in code.nodes)
    has_others = any(name.startswith("torchvision.datasets.") for name in sets - gray)
    for node in calls_of(code, f"{TRANSFORMS}Normalize"):
        means = node.args[0] if node.args else keyword(node, "mean")
        if (
            isinstance(means, (ast.Tuple, ast.List))
            and len(means.elts) == 3
            and (sets & gray or opened)
        ):
            yield node, bool(sets & gray) and not has_others


def _is_gray(node: ast.AST) -> bool:
    """Tell whether a node names the mode of gray pictures."""
    return isinstance(node, ast.Constant) and node.value == "L"
