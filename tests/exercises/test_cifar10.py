"""The checks of the exercises on CIFAR-10 accept right answers and say what is wrong with the typical mistakes."""

import copy
import itertools

import torch
from torch.nn import functional as F
from torch.utils.data import Dataset

from helpers.exercises import cifar10 as checks
from tests.support.answers import make_tests

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


def recall(logits, labels):
    counts = confusion(logits, labels)
    return counts.diag() / counts.sum(1)


def with_nan(logits, labels):
    counts = confusion(logits, labels)
    return counts.diag() / counts.sum(0)


def always_ten(logits, labels):
    return precision(F.pad(logits, (0, 10 - logits.shape[1]), value=-9.0), labels)


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


# --- what is right and what is wrong

RIGHT = [
    (checks.check_only_classes, OnlyClasses),
    (checks.check_only_classes, WithTensorLabels),
    (checks.check_evaluate, evaluate),
    (checks.check_evaluate, torch.inference_mode()(evaluate)),
    (checks.check_fit, fit),
    (checks.check_precision, precision),
    (checks.check_early_stopping, EarlyStopping),
]
WRONG = [
    (checks.check_only_classes, OldLabels, "which is not its place in `wanted`"),
    (checks.check_only_classes, SortedLabels, "which is not its place in `wanted`"),
    (checks.check_only_classes, Asking, "`dataset.targets` has all labels"),
    (checks.check_only_classes, FirstPictures, "should have the picture of dataset["),
    (checks.check_only_classes, All, "the length is wrong"),
    (checks.check_evaluate, with_gradients, "autograd recorded"),
    (checks.check_evaluate, mean_of_means, "16, 16, 3 samples"),
    (checks.check_evaluate, leaves_eval, "leaves with False"),
    (checks.check_evaluate, always_train, "leaves with True"),
    (checks.check_evaluate, in_training_mode, "in training mode"),
    (checks.check_evaluate, as_tensors, "element 0: a float is expected"),
    (checks.check_evaluate, swapped, "element 0"),
    (checks.check_evaluate, in_percent, "element 1"),
    (checks.check_fit, without_zeroing, "still in `.grad`"),
    (checks.check_fit, in_evaluation_mode, "begin with `net.train()`"),
    (checks.check_fit, one_epoch, "the list of losses is 3 long, not 8"),
    (checks.check_fit, cycled, "start it anew for each pass"),
    (checks.check_fit, without_step, "element 1"),
    (checks.check_fit, one_step_more, "not the parameters after the last step"),
    (checks.check_fit, with_graphs, "the losses are not floats"),
    (
        checks.check_fit,
        lambda *given: tuple(fit(*given)),
        "a list of losses is expected, but this is a tuple",
    ),
    (checks.check_precision, recall, "for logits = "),
    (checks.check_precision, with_nan, "for logits = "),
    (checks.check_precision, always_ten, "for logits = "),
    (
        checks.check_precision,
        lambda *given: precision(*given).double(),
        "labels = a tensor of shape (200,) and dtype torch.int64: the dtype is torch.float64",
    ),
    (
        checks.check_precision,
        lambda *given: precision(*given).tolist(),
        "labels = a tensor of shape (200,) and dtype torch.int64: the numbers are right; a tensor is expected",
    ),
    (checks.check_early_stopping, NoCopy, "`state_dict()` copies nothing"),
    (checks.check_early_stopping, OnlyParameters, "a net may have buffers as well"),
    (checks.check_early_stopping, LastState, "`restore` does not bring back"),
    (checks.check_early_stopping, AgainstTheLast, "goes on after epoch"),
    (checks.check_early_stopping, TiesCount, "goes on after epoch"),
    (checks.check_early_stopping, TooLate, "goes on after epoch"),
    (checks.check_early_stopping, NeverReset, "stops after epoch"),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)
