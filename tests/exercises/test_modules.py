"""The checks of the exercises on modules accept what is right and name each typical mistake."""

from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

from helpers.exercises import modules
from tests.support.answers import make_tests

# --- right answers


def trainable(net):
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


class OneOrMany(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        if x.dim() == 3:
            return self.net(x.unsqueeze(0)).squeeze(0)
        return self.net(x)


class MLP(nn.Module):
    layer_list = nn.ModuleList

    def __init__(self, sizes):
        super().__init__()
        self.layers = self.layer_list([nn.Linear(a, b) for a, b in pairwise(sizes)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


def sequential(sizes):
    layers = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def record_shapes(net, x, remove=True):
    shapes, handles = {}, []
    for name, layer in net.named_children():

        def note(module, inputs, output, name=name):
            shapes[name] = tuple(output.shape)

        handles.append(layer.register_forward_hook(note))
    net(x)
    for handle in handles if remove else []:
        handle.remove()
    return shapes


class Center(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))

    def forward(self, x):
        if not self.training:
            return x - self.mean
        mean = x.mean(0)
        self.update(mean)
        return x - mean

    def update(self, mean):
        self.mean = 0.9 * self.mean + 0.1 * mean.detach()


def by_name(net, x):
    """The same with partial, one hook for all, and the shapes as torch.Size."""
    shapes = {}

    def note(name, module, inputs, output):
        shapes[name] = output.shape

    handles = [
        layer.register_forward_hook(partial(note, name)) for name, layer in net.named_children()
    ]
    try:
        net(x)
    finally:
        for handle in handles:
            handle.remove()
    return shapes


class InPlace(Center):
    def update(self, mean):
        with torch.no_grad():
            self.mean.mul_(0.9).add_(mean, alpha=0.1)


RIGHT = [
    (modules.check_trainable, trainable),
    (modules.check_one_or_many, OneOrMany),
    (modules.check_mlp, MLP),
    (modules.check_mlp, sequential),
    (modules.check_record_shapes, record_shapes),
    (modules.check_record_shapes, by_name),
    (modules.check_center, Center),
    (modules.check_center, InPlace),
]


# --- mistakes


def all_numbers(net):
    return sum(p.numel() for p in net.parameters())


def all_tensors(net):
    return sum(1 for p in net.parameters() if p.requires_grad)


def of_each_layer(net):
    return sum(p.numel() for layer in net for p in layer.parameters() if p.requires_grad)


class OnlyBatches(OneOrMany):
    def forward(self, x):
        return self.net(x)


class KeepsTheOne(OneOrMany):
    def forward(self, x):
        return self.net(x.unsqueeze(0) if x.dim() == 3 else x)


class SqueezesAll(OneOrMany):
    def forward(self, x):
        return self.net(x.unsqueeze(0) if x.dim() == 3 else x).squeeze(0)


class Hidden(OneOrMany):
    def __init__(self, net):
        super().__init__(net)
        del self.net
        self.__dict__["net"] = net


class PlainList(MLP):
    layer_list = list

    def forward(self, x):
        return super().forward(x)


class ReluLast(MLP):
    def forward(self, x):
        return super().forward(x).relu()


class NoRelu(MLP):
    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def last_name(net, x):
    shapes, handles = {}, []
    for name, layer in net.named_children():

        def note(module, inputs, output):
            shapes[name] = output.shape  # noqa: B023

        handles.append(layer.register_forward_hook(note))
    net(x)
    for handle in handles:
        handle.remove()
    return shapes


def of_inputs(net, x):
    shapes = {}
    for name, layer in net.named_children():
        shapes[name] = x.shape
        x = layer(x)
    return shapes


def as_a_chain(net, x):
    shapes = {}
    for name, layer in net.named_children():
        x = layer(x)
        shapes[name] = x.shape
    return shapes


def of_all_modules(net, x):
    shapes, handles = {}, []
    for name, layer in net.named_modules():
        if name:
            handles.append(
                layer.register_forward_hook(
                    lambda m, i, output, name=name: shapes.update({name: output.shape})
                )
            )
    net(x)
    for handle in handles:
        handle.remove()
    return shapes


class Unrecorded(Center):
    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


class Attribute(Center):
    def __init__(self, features):
        nn.Module.__init__(self)
        self.mean = torch.zeros(features)


class Trained(Center):
    def __init__(self, features):
        nn.Module.__init__(self)
        self.mean = nn.Parameter(torch.zeros(features))


class Recorded(Center):
    def update(self, mean):
        self.mean = 0.9 * self.mean + 0.1 * mean


class Detached(Center):
    def forward(self, x):
        return super().forward(x) if not self.training else x - self._new(x)

    def _new(self, x):
        mean = x.detach().mean(0)
        self.update(mean)
        return mean


class OfAll(Center):
    def forward(self, x):
        mean = x.mean(0) if self.training else self.mean
        self.update(x.mean(0))
        return x - mean


class Ahead(Center):
    def forward(self, x):
        if self.training:
            self.update(x.mean(0))
        return x - self.mean


class InsteadOfTheSample(Center):
    def forward(self, x):
        return super().forward(x) if self.training or x.dim() == 2 else x - x.mean(0)


WRONG = [
    (modules.check_trainable, all_numbers, "you count the frozen numbers as well"),
    (modules.check_trainable, all_tensors, "for Linear(7, 3): 2 is not right."),
    (modules.check_trainable, lambda net: float(trainable(net)), "must be an int"),
    (modules.check_trainable, of_each_layer, "your code raised TypeError"),
    (
        modules.check_trainable,
        lambda net: of_each_layer(net) if isinstance(net, nn.Sequential) else trainable(net),
        "a net that uses one layer twice: 76 is not right.",
    ),
    (modules.check_one_or_many, lambda net: net.forward, "must be an nn.Module"),
    (modules.check_one_or_many, OnlyBatches, "your code raised RuntimeError"),
    (modules.check_one_or_many, KeepsTheOne, "for one sample: the shape is (1, 5), but (5,)"),
    (modules.check_one_or_many, SqueezesAll, "for a batch of 1: the shape is (5,), but (1, 5)"),
    (modules.check_one_or_many, Hidden, "is the net an attribute"),
    (modules.check_mlp, PlainList, "are the layers in a plain list?"),
    (modules.check_mlp, ReluLast, "there is a ReLU after the last layer too"),
    (modules.check_mlp, NoRelu, "there is no ReLU between"),
    (modules.check_mlp, lambda sizes: sequential(sizes[:2]), "go 3 -> 5, but 3 -> 5, 5 -> 2"),
    (modules.check_mlp, lambda sizes: len, "must be an nn.Module"),
    (modules.check_record_shapes, lambda net, x: [], "a dict is expected"),
    (modules.check_record_shapes, last_name, "do all share the last one?"),
    (modules.check_record_shapes, of_inputs, "but not the shapes"),
    (modules.check_record_shapes, as_a_chain, "your code raised RuntimeError"),
    (modules.check_record_shapes, of_all_modules, "'far.0'"),
    (modules.check_center, Unrecorded, "autograd cannot go back from the output"),
    (
        modules.check_record_shapes,
        lambda net, x: record_shapes(net, x, remove=False),
        "your hooks are still there",
    ),
    (modules.check_center, lambda n: len, "must be an nn.Module"),
    (modules.check_center, Attribute, "state_dict() should hold mean and nothing else, but"),
    (modules.check_center, Trained, "mean is a parameter"),
    (modules.check_center, Recorded, "mean has a gradient history"),
    (modules.check_center, Detached, "must pass through the batch's mean"),
    (modules.check_center, OfAll, "in evaluation mode, mean must stay as it is"),
    (modules.check_center, Ahead, "in training mode: shape and dtype are right"),
    (modules.check_center, InsteadOfTheSample, "in evaluation mode, for one sample: "),
]


test_right, test_wrong = make_tests(modules, RIGHT, WRONG)
