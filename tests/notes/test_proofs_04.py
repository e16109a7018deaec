"""What page 04 says about modules, proved at length: C10, C12, C14, C15."""

from itertools import product

import jupytext
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers import pages
from helpers.notes.names import LeNet

PAGE = pages.NOTEBOOKS / "04_modules.py"


def on_the_page():
    """The class LeNet as the page defines it."""
    (cell,) = [c for c in jupytext.read(PAGE).cells if c.source.startswith("class LeNet(")]
    names = {"nn": nn, "F": F}
    exec(cell.source, names)
    return names["LeNet"]


@pytest.fixture
def net():
    torch.manual_seed(0)
    return on_the_page()()


@pytest.fixture
def pictures():
    return torch.randn(4, 1, 32, 32)


def test_C10_the_page_and_the_audit_have_the_same_net(net, pictures):
    other = LeNet()
    other.load_state_dict(net.state_dict())
    assert torch.equal(other(pictures), net(pictures))


def test_C10_each_parameter_gets_a_gradient_of_its_shape(net, pictures):
    net(pictures).sum().backward()
    assert all(p.grad.shape == p.shape for p in net.parameters())


def test_C12_each_layer_counted_by_hand(net):
    by_hand = {
        "conv1": 6 * 1 * 5 * 5 + 6,
        "conv2": 16 * 6 * 5 * 5 + 16,
        "fc1": 120 * 400 + 120,
        "fc2": 84 * 120 + 84,
        "fc3": 10 * 84 + 10,
    }
    counted = {name: sum(p.numel() for p in m.parameters()) for name, m in net.named_children()}
    assert counted == by_hand
    assert sum(by_hand.values()) == 61_706
    assert by_hand["fc1"] > 0.75 * 61_706  # "most of the network"


# --- the table of what layers make of one sample

GIVEN = {
    "picture": torch.randn(1, 32, 32),
    "maps": torch.randn(8, 8, 8),
    "vector": torch.randn(8),
    "row": torch.randn(8, 8),  # a sequence, or channels x length
    "short row": torch.randn(8, 5),
    "words": torch.arange(5),
}
AS_IN_A_BATCH = [
    (nn.Linear(8, 4), "vector"),
    (nn.Conv2d(1, 6, 5), "picture"),
    (nn.MaxPool2d(2), "maps"),
    (nn.ReLU(), "maps"),
    (nn.Dropout(), "maps"),
    (nn.LayerNorm(8), "vector"),
    (nn.InstanceNorm2d(8), "maps"),
    (nn.Embedding(10, 4), "words"),
    (nn.RNN(8, 4, batch_first=True), "row"),
    (nn.LSTM(8, 4, batch_first=True), "row"),
    (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), "row"),
]
REFUSED = [
    (nn.BatchNorm2d(8), "maps"),
    (nn.BatchNorm1d(8), "vector"),
    (nn.BatchNorm1d(8), "short row"),
    (nn.GroupNorm(2, 8), "short row"),
]
SILENT = [
    (nn.Flatten(), "maps"),
    (nn.GroupNorm(2, 8), "maps"),
    (nn.BatchNorm1d(8), "row"),
    (nn.Upsample(scale_factor=2), "maps"),
]


def alone_and_in_a_batch(layer, given):
    """The output for one sample without a batch dimension, and for a batch of one."""
    for p in layer.eval().parameters():
        nn.init.uniform_(p)  # a mix-up of dimensions shows
    outputs = layer(GIVEN[given]), layer(GIVEN[given].unsqueeze(0))
    return [output[0] if isinstance(output, tuple) else output for output in outputs]


@pytest.mark.parametrize(("layer", "given"), AS_IN_A_BATCH)
def test_C14_these_take_one_sample(layer, given):
    alone, in_batch = alone_and_in_a_batch(layer, given)
    assert torch.allclose(alone, in_batch[0], atol=1e-5)


@pytest.mark.parametrize(("layer", "given"), REFUSED)
def test_C14_these_refuse_one_sample(layer, given):
    with pytest.raises((ValueError, RuntimeError)):
        alone_and_in_a_batch(layer, given)


@pytest.mark.parametrize(("layer", "given"), SILENT)
def test_C14_these_give_something_else_without_an_error(layer, given):
    alone, in_batch = alone_and_in_a_batch(layer, given)
    assert alone.shape != in_batch.shape[1:] or not torch.allclose(alone, in_batch[0], atol=1e-2)


def test_C14_of_one_sample_upsample_enlarges_only_the_width():
    assert nn.Upsample(scale_factor=2)(GIVEN["maps"]).shape == (8, 8, 16)


@pytest.mark.parametrize("layer", [nn.RNN(8, 4), nn.TransformerEncoderLayer(8, 2, 16, dropout=0)])
def test_C14_without_batch_first_the_batch_is_second(layer):
    alone, in_batch = layer(GIVEN["row"]), layer(GIVEN["row"].unsqueeze(1))
    if isinstance(alone, tuple):
        alone, in_batch = alone[0], in_batch[0]
    assert torch.allclose(alone, in_batch[:, 0], atol=1e-5)


def test_C14_ways_to_flatten(net, pictures):
    def features(x):
        x = F.max_pool2d(F.relu(net.conv1(x)), 2)
        return F.max_pool2d(F.relu(net.conv2(x)), 2)

    maps, too_large = features(pictures), features(torch.randn(25, 1, 36, 36))
    assert torch.equal(maps.view(maps.size()[0], -1), maps.flatten(1))
    assert maps[0].view(-1, 400).shape == (1, 400)
    assert net.fc1(too_large.view(-1, 400)).shape == (36, 120)
    with pytest.raises(RuntimeError, match="invalid for input of size"):
        too_large[:24].view(-1, 400)  # "the count may not work out"
    with pytest.raises(RuntimeError, match="25x576 and 400x120"):
        net.fc1(too_large.flatten(1))
    first = torch.arange(25 * 576).div(576, rounding_mode="floor").view(-1, 400)
    of_two = (first[:, 0] != first[:, -1]).sum()  # rows with numbers of two pictures
    assert 18 < of_two < 36


@pytest.mark.parametrize(
    ("norm", "shape"), [(nn.BatchNorm1d(8), (1, 8)), (nn.BatchNorm2d(8), (1, 8, 1, 1))]
)
def test_C14_in_training_batch_norm_wants_more_than_one_value(norm, shape):
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        norm(torch.randn(shape))
    assert nn.BatchNorm2d(8)(torch.randn(1, 8, 4, 4)).shape == (1, 8, 4, 4)
    assert norm.eval()(torch.randn(shape)).shape == shape


def test_C15_the_output_size():
    for n, k, s, p, d in product((15, 32), (1, 3, 5), (1, 2, 3), (0, 1, 2), (1, 2)):
        layer = nn.Conv1d(1, 1, k, stride=s, padding=p, dilation=d)
        size = (n + 2 * p - d * (k - 1) - 1) // s + 1
        assert layer(torch.zeros(1, 1, n)).shape[-1] == size


def test_C15_channels_last_changes_strides_and_not_the_shape():
    x = torch.randn(2, 3, 4, 5)
    last = x.to(memory_format=torch.channels_last)
    assert torch.equal(x, last) and last.shape == x.shape
    assert (x.stride(), last.stride()) == ((60, 20, 5, 1), (60, 1, 15, 3))


def test_a_state_dict_shares_the_memory_of_the_parameters(net):
    state = net.state_dict()
    assert all(state[name].data_ptr() == p.data_ptr() for name, p in net.named_parameters())


def test_C11_printing_a_net_shows_each_of_its_layers(net):
    shown = str(net)
    for name, layer in net.named_children():
        assert f"({name}): {layer}" in shown


def test_forward_skips_a_hook_on_the_net_but_not_those_on_its_layers(net, pictures):
    ran = []
    net.register_forward_hook(lambda *_: ran.append("net"))
    net.fc3.register_forward_hook(lambda *_: ran.append("fc3"))
    net.forward(pictures)
    assert ran == ["fc3"]
    net(pictures)
    assert ran == ["fc3", "fc3", "net"]


def test_a_tensor_that_requires_a_gradient_is_no_parameter_and_a_plain_list_is_not_switched():
    layer = nn.Module()
    layer.shift, layer.layers = torch.zeros(1, requires_grad=True), [nn.Dropout()]
    assert not list(layer.parameters()) and layer.eval().layers[0].training


def test_without_super_the_first_layer_is_refused():
    class Forgetful(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(2, 2)

    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__\(\)"):
        Forgetful()
