"""Checks of the exercises on CIFAR-10: a Dataset, an evaluation, a training loop, a precision, early stopping."""

import copy
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from helpers.exercises.exercise import differences, exercise
from helpers.exercises.values import fault_in, how_often, kind

Batch = tuple[Tensor, Tensor]


class Lazy(Dataset):
    """A data set with ``targets`` that notes which of its pictures were asked for."""

    def __init__(self, count: int) -> None:
        self.targets = torch.randint(0, 10, (count,)).tolist()
        self.pictures = torch.randn(count, 3, 4, 4)
        self.asked: list[int] = []

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        self.asked.append(index)
        return self.pictures[index], self.targets[index]


@exercise
def check_only_classes(cls: type) -> Iterable[str]:
    """``cls(dataset, wanted)`` keeps the samples of some classes; a label is the class's place in ``wanted``."""
    for count, wanted in ((30, [3, 5]), (40, [7]), (60, [9, 0, 4])):
        dataset = Lazy(count)
        kept = cls(dataset, wanted)
        if not hasattr(kept, "__len__") or not hasattr(kept, "__getitem__"):
            yield "a data set is expected: it needs the methods `__len__` and `__getitem__`."
            return
        if dataset.asked:
            yield "making the data set asks for pictures; `dataset.targets` has all labels without them."
        places = [n for n, label in enumerate(dataset.targets) if label in wanted]
        if fault := fault_in(len(kept), len(places)):
            yield f"with wanted = {wanted}, the length is wrong: {fault}"
        for n, place in enumerate(places):
            picture, label = kept[n]
            if not torch.equal(picture, dataset.pictures[place]):
                yield f"with wanted = {wanted}, sample {n} should have the picture of dataset[{place}]."
            old = dataset.targets[place]
            if int(label) != wanted.index(old):
                yield (
                    f"with wanted = {wanted}, a sample of class {old} has the label {int(label)}, "
                    "which is not its place in `wanted`."
                )


class Probe(nn.Module):
    """Passes its input on, and notes whether gradients were recorded and in which mode it ran."""

    def __init__(self) -> None:
        super().__init__()
        self.recorded: list[bool] = []
        self.trained: list[bool] = []

    def forward(self, x: Tensor) -> Tensor:
        """Return the input."""
        self.recorded.append(torch.is_grad_enabled())
        self.trained.append(self.training)
        return x


def batches(*sizes: int) -> list[Batch]:
    """Mini-batches of 6 features and 4 classes, random."""
    return [(torch.randn(n, 6), torch.randint(0, 4, (n,))) for n in sizes]


def evaluated(net: nn.Module, loader: Iterable[Batch]) -> tuple[float, float]:
    """Mean loss and accuracy over all samples."""
    net = copy.deepcopy(net).eval()
    inputs, labels = (torch.cat(part) for part in zip(*loader, strict=True))
    with torch.no_grad():
        logits = net(inputs)
    accuracy = (logits.argmax(1) == labels).double().mean()
    return F.cross_entropy(logits, labels).item(), accuracy.item()


@exercise
def check_evaluate(evaluate: Callable) -> Iterable[str]:
    """``evaluate(net, loader)`` is (mean loss, accuracy), without a trace on the net."""
    for sizes, training in (((8, 8), True), ((16, 16, 3), False), ((5, 1), True), ((7,), True)):
        probe = Probe()
        net = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), probe, nn.Dropout(0.5))
        net.train(training)
        loader = batches(*sizes)
        expected, before = evaluated(net, loader), copy.deepcopy(net.state_dict())
        answer = evaluate(net, loader)
        if any(probe.trained):
            yield "the net was evaluated in training mode: dropout and batch norm need `net.eval()`."
        if any(probe.recorded):
            yield "autograd recorded the forward pass: use `torch.inference_mode()`, or `no_grad()`."
        if net.training != training:
            yield (
                f"the net came with net.training = {training} and leaves with {net.training}: "
                "put it back into the mode in which it came."
            )
        if any(not torch.equal(value, before[name]) for name, value in net.state_dict().items()):
            yield "the net's parameters or buffers have changed."
        if fault := fault_in(answer, expected):
            yield f"with mini-batches of {', '.join(map(str, sizes))} samples, {fault}"


class Reshuffled:
    """Mini-batches in another order in each pass, as ``shuffle=True`` gives them."""

    def __init__(self, *sizes: int) -> None:
        self.batches = batches(*sizes)
        self.passes = 0

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        self.passes += 1
        places = [(n + self.passes - 1) % len(self) for n in range(len(self))]
        return iter([self.batches[place] for place in places])


def fitted(
    net: nn.Module, loader: Iterable[Batch], lr: float, steps: int, zero: bool = True
) -> list[float]:
    """Train by plain gradient descent for so many steps; the loss of each."""
    optimizer, losses = torch.optim.SGD(net.parameters(), lr=lr), []
    while len(losses) < steps:
        for x, y in loader:
            loss = F.cross_entropy(net(x), y)
            if zero:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == steps:
                break
    return losses


@exercise
def check_fit(fit: Callable) -> Iterable[str]:
    """``fit(net, loader, optimizer, steps)`` trains for so many steps, and returns the loss of each."""
    for sizes, steps in (((8, 8, 8), 3), ((8, 8, 4), 8), ((6, 6, 6, 6), 2)):
        probe = Probe()
        net = nn.Sequential(nn.Linear(6, 16), probe, nn.Tanh(), nn.Linear(16, 4)).eval()
        ours, forgot = copy.deepcopy(net), copy.deepcopy(net)
        loader = Reshuffled(*sizes)
        expected = fitted(ours, copy.deepcopy(loader), 0.3, steps)
        without_zeroing = fitted(forgot, copy.deepcopy(loader), 0.3, steps, zero=False)
        answer = fit(net, loader, torch.optim.SGD(net.parameters(), lr=0.3), steps)
        where = f"with {len(sizes)} mini-batches in the loader and steps = {steps}"
        if not isinstance(answer, list):
            yield f"a list of losses is expected, but this is {kind(answer)}."
        elif len(answer) != steps:
            yield f"{where}, the list of losses is {len(answer)} long, not {steps}."
        elif not all(isinstance(loss, float) for loss in answer):
            yield "the losses are not floats: `loss.item()` gives a number and lets the graph go."
        elif not all(probe.trained):
            yield "the net was trained in evaluation mode: begin with `net.train()`."
        elif fault_in(expected, without_zeroing) and not fault_in(answer, without_zeroing):
            yield "gradients of earlier steps are still in `.grad`: `backward` adds to them, so zero them in each step."
        elif steps > len(sizes) and loader.passes < -(-steps // len(sizes)):
            yield (
                f"{where}, the loader was started {how_often(loader.passes)}: start it anew for each pass, "
                "so that it can shuffle again."
            )
        elif fault := fault_in(answer, expected):
            yield f"{where}, {fault}"
        elif any(
            not torch.allclose(a, b, atol=1e-5)
            for a, b in zip(net.parameters(), ours.parameters(), strict=True)
        ):
            yield f"{where}, the losses are right, but not the parameters after the last step."


def precision_by_counting(logits: Tensor, labels: Tensor) -> Tensor:
    """Of the samples that were given to a class, the share that belongs to it; 0 for a class without any."""
    guesses, shares = logits.argmax(1), []
    for c in range(logits.shape[1]):
        hits = labels[guesses == c] == c
        shares.append(hits.float().mean() if len(hits) else torch.tensor(0.0))
    return torch.stack(shares)


def scored(count: int, classes: int, missing: int | None = None) -> Batch:
    """Random logits and labels, right more often than by chance; no sample is given to the class ``missing``."""
    labels = torch.randint(0, classes, (count,))
    logits = torch.randn(count, classes) + F.one_hot(labels, classes)
    if missing is not None:
        logits[:, missing] = -9.0
    return logits, labels


@exercise
def check_precision(precision: Callable) -> Iterable[str]:
    """``precision(logits, labels)`` is the precision of each class; 0 where the net never named it."""
    hidden = scored(200, 10), scored(500, 10), scored(80, 4), scored(60, 5, missing=2)
    yield from differences(precision, precision_by_counting, *hidden)


@exercise
def check_early_stopping(cls: type) -> Iterable[str]:
    """``cls(net, patience)``: ``update(loss)`` says whether to stop, ``restore()`` brings the best weights back."""
    falling = [1.0, 0.9, 0.8, 0.7]
    turning = [1.0, 0.8, 0.6, 0.7, 0.5, 0.9, 0.6, 0.8, 0.4]
    hidden = [(falling, 2), (turning, 2), (turning, 3), ([0.5, 0.5, 0.5, 0.4], 2)]
    hidden += [(torch.rand(30).tolist(), patience) for patience in (1, 4, 6)]
    for losses, patience in hidden:
        yield from _stopping_faults(cls, losses, patience)


def _stopping_faults(cls: type, losses: list[float], patience: int) -> Iterable[str]:
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    stopping = cls(net, patience)
    best, waited, kept = float("inf"), 0, {}
    shown = ", ".join(f"{loss:.2f}" for loss in losses[:10])
    for epoch, loss in enumerate(losses, 1):
        with torch.no_grad():  # what an epoch of training does
            net[0].weight.add_(1.0)
            net[1].running_mean.add_(1.0)
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if not waited:
            kept = copy.deepcopy(net.state_dict())
        stop = stopping.update(loss)
        if bool(stop) != (waited >= patience):
            verb = "stops" if stop else "goes on"
            yield f"with patience {patience} and the losses {shown}, it {verb} after epoch {epoch}."
            return
        if stop:
            break
    stopping.restore()
    wrong = [name for name, value in net.state_dict().items() if not torch.equal(value, kept[name])]
    buffers = {name for name, _ in net.named_buffers()}
    if wrong and buffers.issuperset(wrong):
        yield (
            f"`restore` brings back the parameters, but not {', '.join(wrong)}: a net may have buffers as well, "
            "such as the running statistics of batch norm."
        )
    elif wrong:
        yield (
            f"with patience {patience} and the losses {shown}, `restore` does not bring back the net of the best "
            "epoch. `state_dict()` copies nothing: its tensors are those that training goes on changing."
        )
