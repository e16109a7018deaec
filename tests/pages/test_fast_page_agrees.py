"""What page 07 derives is what `helpers/training` holds: the same outputs for the same weights and inputs."""

import ast
from types import SimpleNamespace

import jupytext
import pytest
import torch
from torch.nn import functional as F

from helpers import data, pages
from helpers.training import batches as feeding
from helpers.training import net as nets
from helpers.training.evaluation import evaluate
from helpers.training.loop import Budget, TrainingConfig, train
from helpers.training.recipe import (
    LESSON,
    Muon,
    build_net,
    build_optimizers,
    lr_factor,
    orthogonalize,
    resolution_at,
)
from tests.support import small_training

RECIPE = LESSON
STEPS = 12  # three passes over the small images
PAGE = pages.NOTEBOOKS / "07_cifar10_fast.py"


def definitions() -> dict:
    """The imports, functions and classes of the page's lesson, the last of each name."""
    kept = []
    for cell in jupytext.read(PAGE).cells:
        if cell.cell_type == "code" and not {"exercise", "solution"} & set(
            cell.metadata.get("tags", [])
        ):
            code = "\n".join(line for line in cell.source.splitlines() if not line.startswith("%"))
            kept += [
                node
                for node in ast.parse(code).body
                if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
            ]
    names: dict = {}
    exec(compile(ast.Module(kept, []), PAGE.name, "exec"), names)
    return names


@pytest.fixture(scope="module")
def images():
    return small_training.load()


@pytest.fixture(scope="module")
def page(images):
    names = definitions()
    pixels = images.train[:5000].float()
    names["mean"], names["std"] = pixels.mean((0, 1, 2)), pixels.std((0, 1, 2))
    return SimpleNamespace(**names)


@pytest.fixture(scope="module")
def stats(images):
    return feeding.channel_stats(images.train)


def whitened(images, stats):
    """The book's net, whitened, and its weights under the names of the page's net."""
    torch.manual_seed(0)
    net = build_net(RECIPE)
    net.whiten(feeding.normalize(images.train, stats))
    return net


def layers(net):
    """The layers that have weights: convolutions, then norms, then the head, each kind in the order of the net.

    (In the page's net norms stand between convolutions; in the book's, a stage has its convolutions first.)
    """
    kinds = torch.nn.Conv2d, torch.nn.BatchNorm2d, torch.nn.Linear
    return [layer for kind in kinds for layer in net.modules() if isinstance(layer, kind)]


def tensors(net):
    """All that `layers` keep, each with its name in its layer."""
    return [item for layer in layers(net) for item in layer.state_dict().items()]


def copied(page, net):
    """The page's net with the weights of the book's."""
    ours = page.FastNet()
    for mine, theirs in zip(layers(ours), layers(net), strict=True):
        mine.load_state_dict(theirs.state_dict())
    ours.stem.weight.requires_grad_(False)
    return ours


def test_pictures_are_normalized_alike(page, images, stats):
    ours, theirs = page.normalize(images.train), feeding.normalize(images.train, stats)
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_crops_and_flips_are_the_same(page, images):
    indices, shifts = torch.randperm(256), torch.randint(-6, 7, (256, 2))
    flipped = torch.rand(256) < 0.5
    ours = page.crop_and_flip(images.train[indices], shifts, flipped)
    assert torch.equal(ours, feeding.crop(images.train, indices, shifts, flipped))


def test_each_pass_has_each_picture_once_in_a_new_order(page, images):
    feed = page.batches(images.train, torch.arange(256), 64, seed=3)
    orders = []
    for _ in range(2):
        four = [next(feed) for _ in range(4)]
        x, numbers = map(torch.cat, zip(*four, strict=True))
        assert torch.equal(numbers.sort().values, torch.arange(256))
        assert torch.equal(x[numbers.argsort()], page.normalize(images.train))
        orders.append(numbers)
    assert not torch.equal(*orders)


def test_the_schedules_are_the_same(page):
    x = torch.randn(2, 3, 32, 32)
    small = page.small_first([(x, "labels")] * 101, 100)
    for step, (ours, labels) in enumerate(small):
        progress = step / 100
        assert page.one_cycle(progress) == pytest.approx(lr_factor(RECIPE, progress), abs=1e-9)
        assert torch.equal(ours, feeding.resize(x, resolution_at(RECIPE, progress)))
        assert labels == "labels"
    assert step == 100


def test_the_nets_begin_with_the_same_weights(page):
    torch.manual_seed(5)
    ours = page.FastNet()
    torch.manual_seed(5)
    theirs = build_net(RECIPE)
    pairs = [*zip(tensors(ours), tensors(theirs), strict=True)]
    assert len(pairs) == len(ours.state_dict()) == len(theirs.state_dict())
    assert all(torch.equal(a, b) for (_, a), (_, b) in pairs)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("size", [20, 32])
def test_the_nets_give_the_same_logits(page, images, stats, training, size):
    theirs = whitened(images, stats).train(training)
    ours = copied(page, theirs).train(training)
    x = torch.randn(64, 3, size, size)
    assert torch.allclose(ours(x), theirs(x), atol=1e-5)
    pairs = zip(tensors(ours), tensors(theirs), strict=True)
    # the counter of batches, which only the page's norm keeps, has no effect on a norm with a momentum
    kept = [(a, b) for (name, a), (_, b) in pairs if name != "num_batches_tracked"]
    assert len(kept) > 20
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in kept)


def test_the_same_weights_learn(page, images, stats):
    theirs = whitened(images, stats)
    ours = page.FastNet()
    page.whiten(ours, torch.eye(48))
    stepped = {
        id(p)
        for optimizer in page.build_optimizers(ours)
        for group in optimizer.param_groups
        for p in group["params"]
        if p.requires_grad
    }
    learned = [id(p) in stepped for layer in layers(ours) for p in layer.parameters()]
    wanted = [p.requires_grad for layer in layers(theirs) for p in layer.parameters()]
    assert learned == wanted
    assert {*wanted} == {True, False}


def test_the_filters_are_the_same_but_for_the_sign(page, images, stats):
    x = feeding.normalize(images.train, stats)
    patches = F.unfold(x, 4).transpose(1, 2).flatten(0, 1)
    ours = page.whitening_filters(patches.T @ patches / len(patches)).flatten(1)
    theirs = nets.whitening_filters(x, 4, 24).flatten(1)
    signs = (ours * theirs).sum(1, keepdim=True).sign()
    assert torch.allclose(signs * ours, theirs, rtol=1e-2, atol=1e-2 * theirs.abs().max())
    assert torch.equal(ours[24:], -ours[:24])


def test_steps_are_made_orthogonal_alike(page):
    for shape in ((16, 16), (32, 288)):
        matrix = torch.randn(shape)
        for rounds in (3, 5):
            ours = page.orthogonalize(matrix, rounds)
            assert torch.allclose(ours, orthogonalize(matrix, rounds), atol=1e-5)


def test_muon_makes_the_same_steps(page):
    weights = [torch.nn.Parameter(torch.randn(8, 4, 3, 3)) for _ in range(2)]
    with torch.no_grad():
        weights[1].copy_(weights[0])
    pair = page.Muon(weights[:1], lr=0.06), Muon(weights[1:], lr=0.06, momentum=0.9)
    for _ in range(4):
        gradient = torch.randn(8, 4, 3, 3)
        for weight, optimizer in zip(weights, pair, strict=True):
            weight.grad = gradient.clone()
            optimizer.step()
        assert torch.allclose(*weights, atol=1e-5)


def test_the_steps_of_torchs_muon_are_made_alike_for_matrices_only():
    names = definitions()
    weights = [torch.nn.Parameter(torch.randn(16, 36)) for _ in range(2)]
    theirs = torch.optim.Muon(weights[:1], lr=1.0, momentum=0.9, weight_decay=0.0)
    ours = names["Muon"](weights[1:], lr=1.0)
    rounds = names["orthogonalize"]
    ours.step.__globals__["orthogonalize"] = lambda matrix: rounds(matrix, 5)
    for _ in range(3):
        with torch.no_grad():
            weights[0].zero_()
            weights[1].mul_(16**0.5 / weights[1].norm())
        before, gradient = weights[1].detach().clone(), torch.randn(16, 36)
        for weight in weights:
            weight.grad = gradient.clone()
        theirs.step()
        ours.step()
        step = weights[1].detach() - before
        assert F.cosine_similarity(step.flatten(), weights[0].flatten(), dim=0) > 0.99  # bfloat16
    with pytest.raises(ValueError, match="only supports 2D"):
        torch.optim.Muon([torch.nn.Parameter(torch.randn(8, 4, 3, 3))])


def test_the_optimizers_have_the_same_settings(page, images, stats):
    theirs = whitened(images, stats)
    ours = copied(page, theirs)
    names = ("lr", "momentum", "nesterov", "weight_decay")

    def settings(optimizers):
        groups = [group for optimizer in optimizers for group in optimizer.param_groups]
        shapes = [sorted(p.shape for p in group["params"]) for group in groups]
        return shapes, [[group.get(name, 0) for name in names] for group in groups]

    assert settings(page.build_optimizers(ours)) == settings(build_optimizers(theirs, RECIPE))


def test_a_whole_training_has_the_same_losses(page, images, stats):
    recipe, count = RECIPE, len(images.train)
    budget = Budget(STEPS * recipe.batch_size / count, "epochs")
    trained = train(TrainingConfig(recipe, budget, seed=0), images)
    net = copied(page, whitened(images, stats))
    feed = feeding.batches(
        images.train, images.train_labels, stats, recipe.batch_size, 0, translate=0
    )

    labels, logits = [], []
    net.register_forward_hook(lambda *call: logits.append(call[-1].detach()))

    def small_first():  # resized as bytes, which the page does not do
        for step, (x, y) in enumerate(feed):
            labels.append(y)
            size = resolution_at(recipe, step / STEPS)
            yield feeding.resized_and_normalized(x, size, stats), y

    page.train(net, page.build_optimizers(net), small_first(), STEPS, 0.1)
    losses = [
        F.cross_entropy(z, y, label_smoothing=0.1).item()
        for z, y in zip(logits, labels, strict=True)
    ]
    assert trained.steps == len(losses) == STEPS
    assert losses == pytest.approx(trained.losses, abs=2e-3)
    assert losses[-1] < losses[0] - 0.05

    reached = evaluate(trained.net, images.test, images.test_labels, stats)
    theirs = copied(page, trained.net)
    assert page.accuracy(theirs, images.test, images.test_labels) == round(reached.plain, 1)


@pytest.mark.slow
def test_the_learning_rate_of_lenet_is_right_for_so_short_a_training():
    """With half of it LeNet does about as well; with a quarter or twice as much, worse."""
    if not data.is_real():
        pytest.skip("the stand-in is easier")
    train_set = data.cifar10(train=True)
    pictures, labels = torch.from_numpy(train_set.data), torch.tensor(train_set.targets)
    page = definitions()
    some = pictures[:5000].float()
    page["mean"], page["std"] = some.mean((0, 1, 2)), some.std((0, 1, 2))

    def accuracy(lr):
        torch.manual_seed(0)
        net, feed = page["lenet"](), page["batches"](pictures[:48_000], labels[:48_000], 64, seed=0)
        sgd = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, nesterov=True)
        page["train"](net, [sgd], feed, steps=500)
        return page["accuracy"](net, pictures[48_000:], labels[48_000:])

    stated = accuracy(0.08)
    assert stated == pytest.approx(accuracy(0.04), abs=4)
    assert max(accuracy(0.02), accuracy(0.16)) < stated - 2
