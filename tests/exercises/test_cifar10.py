"""The checks of the exercises on CIFAR-10 accept right answers and say what is wrong with the typical mistakes."""

import copy
import itertools

import pytest
import torch
from torch.nn import functional as F
from torch.utils.data import Dataset

from helpers.exercises import cifar10 as checks


def said(check, answer, capsys):
    check(answer)
    return capsys.readouterr().out


# --- only some classes


class OnlyClasses(Dataset):
    def __init__(self, dataset, wanted):
        self.dataset, self.wanted = dataset, wanted
        self.places = [n for n, label in enumerate(dataset.targets) if label in wanted]

    def __len__(self):
        return len(self.places)

    def __getitem__(self, index):
        picture, label = self.dataset[self.places[index]]
        return picture, self.wanted.index(label)


class WithTensorLabels(OnlyClasses):
    def __getitem__(self, index):
        picture, label = super().__getitem__(index)
        return picture, torch.tensor(label)


class OldLabels(OnlyClasses):
    def __getitem__(self, index):
        return self.dataset[self.places[index]]


class SortedLabels(OnlyClasses):
    def __init__(self, dataset, wanted):
        super().__init__(dataset, sorted(wanted))


class Asking(OnlyClasses):
    def __init__(self, dataset, wanted):
        super().__init__(dataset, wanted)
        self.places = [n for n in range(len(dataset)) if dataset[n][1] in wanted]


class FirstPictures(OnlyClasses):
    def __getitem__(self, index):
        label = self.dataset.targets[self.places[index]]
        return self.dataset[index][0], self.wanted.index(label)


class All(OnlyClasses):
    def __len__(self):
        return len(self.dataset)


@pytest.mark.parametrize("answer", [OnlyClasses, WithTensorLabels])
def test_only_classes(answer, capsys):
    assert said(checks.check_only_classes, answer, capsys) == "Right.\n"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (OldLabels, "which is not its place in `wanted`"),
        (SortedLabels, "which is not its place in `wanted`"),
        (Asking, "`dataset.targets` has all labels"),
        (FirstPictures, "should have the picture of dataset["),
        (All, "the length is wrong"),
    ],
)
def test_mistakes_with_classes(answer, fault, capsys):
    out = said(checks.check_only_classes, answer, capsys)
    assert out.startswith("Not yet: ")
    assert fault in out


# --- evaluate


def evaluate(net, loader):
    mode = net.training
    net.eval()
    loss = hits = count = 0
    with torch.no_grad():
        for x, y in loader:
            logits = net(x)
            loss += F.cross_entropy(logits, y).item() * len(y)
            hits += (logits.argmax(1) == y).sum().item()
            count += len(y)
    net.train(mode)
    return loss / count, hits / count


def with_gradients(net, loader):
    mode = net.training
    net.eval()
    x, y = (torch.cat(part) for part in zip(*loader, strict=True))
    logits = net(x)
    net.train(mode)
    return F.cross_entropy(logits, y).item(), (logits.argmax(1) == y).float().mean().item()


@torch.no_grad()
def mean_of_means(net, loader):
    mode = net.training
    net.eval()
    pairs = [(net(x), y) for x, y in loader]
    net.train(mode)
    losses = torch.stack([F.cross_entropy(logits, y) for logits, y in pairs])
    hits = torch.stack([(logits.argmax(1) == y).float().mean() for logits, y in pairs])
    return losses.mean().item(), hits.mean().item()


def leaves_eval(net, loader):
    net.train(False)
    result = evaluate(net, loader)
    net.eval()
    return result


def always_train(net, loader):
    result = evaluate(net, loader)
    net.train()
    return result


@torch.no_grad()
def in_training_mode(net, loader):
    x, y = (torch.cat(part) for part in zip(*loader, strict=True))
    logits = net.train()(x)
    return F.cross_entropy(logits, y).item(), (logits.argmax(1) == y).float().mean().item()


def as_tensors(net, loader):
    return tuple(map(torch.tensor, evaluate(net, loader)))


def swapped(net, loader):
    return evaluate(net, loader)[::-1]


def in_percent(net, loader):
    loss, accuracy = evaluate(net, loader)
    return loss, 100 * accuracy


@pytest.mark.parametrize("answer", [evaluate, torch.inference_mode()(evaluate)])
def test_evaluate(answer, capsys):
    assert said(checks.check_evaluate, answer, capsys) == "Right.\n"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (with_gradients, "autograd recorded"),
        (mean_of_means, "16, 16, 3 samples"),
        (leaves_eval, "leaves with False"),
        (always_train, "leaves with True"),
        (in_training_mode, "in training mode"),
        (as_tensors, "element 0: a float is expected"),
        (swapped, "element 0"),
        (in_percent, "element 1"),
    ],
)
def test_mistakes_in_evaluating(answer, fault, capsys):
    out = said(checks.check_evaluate, answer, capsys)
    assert out.startswith("Not yet: ")
    assert fault in out


# --- fit


def fit(net, loader, optimizer, steps, *, zero=True, train=True, epochs=None):
    net.train(train)
    losses = []
    for _ in itertools.count() if epochs is None else range(epochs):
        for x, y in loader:
            if zero:
                optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == steps:
                return losses
    return losses


def without_zeroing(*args):
    return fit(*args, zero=False)


def in_evaluation_mode(*args):
    return fit(*args, train=False)


def one_epoch(*args):
    return fit(*args, epochs=1)


def cycled(net, loader, optimizer, steps):
    again = itertools.cycle(loader)
    return fit(net, (next(again) for _ in range(steps)), optimizer, steps, epochs=1)


def without_step(net, loader, optimizer, steps):
    return fit(net, loader, torch.optim.SGD(net.parameters(), lr=0.0), steps)


def one_step_more(net, loader, optimizer, steps):
    return fit(net, loader, optimizer, steps + 1)[:steps]


def with_graphs(net, loader, optimizer, steps):
    return [torch.tensor(loss) for loss in fit(net, loader, optimizer, steps)]


def test_fit(capsys):
    assert said(checks.check_fit, fit, capsys) == "Right.\n"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (without_zeroing, "still in `.grad`"),
        (in_evaluation_mode, "begin with `net.train()`"),
        (one_epoch, "there are 3 losses, but 8 are expected"),
        (cycled, "start it anew for each pass"),
        (without_step, "element 1"),
        (one_step_more, "not the parameters after the last step"),
        (with_graphs, "the losses are not floats"),
        (lambda *args: tuple(fit(*args)), "a list of losses is expected, but this is a tuple"),
    ],
)
def test_mistakes_in_fitting(answer, fault, capsys):
    out = said(checks.check_fit, answer, capsys)
    assert out.startswith("Not yet: ")
    assert fault in out


# --- precision


def confusion(logits, labels):
    classes = logits.shape[1]
    counts = torch.zeros(classes, classes)
    for label, guess in zip(labels.tolist(), logits.argmax(1).tolist(), strict=True):
        counts[label, guess] += 1
    return counts


def precision(logits, labels):
    counts = confusion(logits, labels)
    return (counts.diag() / counts.sum(0)).nan_to_num()


def test_precision(capsys):
    assert said(checks.check_precision, precision, capsys) == "Right.\n"


@pytest.mark.parametrize(
    "answer",
    [
        lambda logits, labels: (c := confusion(logits, labels)).diag() / c.sum(1),
        lambda logits, labels: (c := confusion(logits, labels)).diag() / c.sum(0),
        lambda logits, labels: precision(logits, labels).double(),
        lambda logits, labels: precision(logits, labels).tolist(),
        lambda logits, labels: precision(
            F.pad(logits, (0, 10 - logits.shape[1]), value=-9.0), labels
        ),
    ],
    ids=["recall", "nan", "float64", "list", "always ten"],
)
def test_mistakes_with_precision(answer, capsys):
    assert said(checks.check_precision, answer, capsys).startswith("Not yet: for logits = ")


# --- early stopping


class EarlyStopping:
    def __init__(self, net, patience):
        self.net, self.patience = net, patience
        self.best, self.waited = float("inf"), 0

    def better(self, loss):
        return loss < self.best

    def state_now(self):
        return copy.deepcopy(self.net.state_dict())

    def update(self, loss):
        self.waited += 1
        if self.better(loss):
            self.best, self.waited = loss, 0
            self.state = self.state_now()
        return self.waited >= self.patience

    def restore(self):
        self.net.load_state_dict(self.state)


class NoCopy(EarlyStopping):
    def state_now(self):
        return self.net.state_dict()


class OnlyParameters(EarlyStopping):
    def state_now(self):
        return [p.detach().clone() for p in self.net.parameters()]

    def restore(self):
        for parameter, value in zip(self.net.parameters(), self.state, strict=True):
            parameter.data = value


class AgainstTheLast(EarlyStopping):
    last = float("inf")

    def better(self, loss):
        self.last, last = loss, self.last
        return loss < last


class TiesCount(EarlyStopping):
    def better(self, loss):
        return loss <= self.best


class TooLate(EarlyStopping):
    def update(self, loss):
        super().update(loss)
        return self.waited > self.patience


class NeverReset(EarlyStopping):
    def update(self, loss):
        waited = self.waited
        super().update(loss)
        self.waited = waited + (not self.better(loss) and loss != self.best)
        return self.waited >= self.patience


class LastState(EarlyStopping):
    def restore(self):
        self.net.eval()


def test_early_stopping(capsys):
    assert said(checks.check_early_stopping, EarlyStopping, capsys) == "Right.\n"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (NoCopy, "`state_dict()` copies nothing"),
        (OnlyParameters, "a net may have buffers as well"),
        (LastState, "`restore` does not bring back"),
        (AgainstTheLast, "goes on after epoch"),
        (TiesCount, "goes on after epoch"),
        (TooLate, "goes on after epoch"),
        (NeverReset, "stops after epoch"),
    ],
)
def test_mistakes_in_stopping(answer, fault, capsys):
    out = said(checks.check_early_stopping, answer, capsys)
    assert out.startswith("Not yet: ")
    assert fault in out
