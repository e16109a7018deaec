"""The layers that know mirror images, against what the word means and against plain layers."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from helpers.training.baseline_nets import NETS
from helpers.training.loop import training_step
from helpers.training.net import (
    FixedScaleNorm,
    FlipEquivariantConv,
    FlipEquivariantNorm,
    FlipEquivariantStem,
    IdentityConv,
    half_of_pairs,
    whitening_filters,
)
from helpers.training.recipe import Recipe, build_net, build_optimizers


def in_the_mirror(x):
    """What halves of channels become when the image is mirrored: mirrored, and exchanged."""
    return x.flip(3).roll(x.shape[1] // 2, dims=1)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("stride", [1, 2])
def test_the_stem_makes_halves_of_a_image(stride):
    stem, x = FlipEquivariantStem(3, 8, 4, stride), torch.randn(2, 3, 12, 12)
    y = stem(x)
    assert y.shape[1] == 8
    assert torch.allclose(stem(x.flip(3)), in_the_mirror(y), atol=1e-5)
    assert not torch.allclose(stem(x.flip(3)), y.flip(3), atol=0.1)
    plain = F.conv2d(x, stem.weight, stem.bias, stride, int(stride > 1))
    assert torch.allclose(y[:, :4], plain, atol=1e-5)


def test_a_convolution_of_the_mirror_is_the_mirror_of_the_convolution():
    conv, x = FlipEquivariantConv(6, 8), torch.randn(2, 6, 7, 7)
    torch.nn.init.normal_(conv.weight)
    y = conv(x)
    assert y.shape == (2, 8, 7, 7)
    assert torch.allclose(conv(in_the_mirror(x)), in_the_mirror(y), atol=1e-4)
    assert not torch.allclose(conv(x.flip(3)), y.flip(3), atol=0.1)
    assert torch.allclose(y[:, :4], F.conv2d(x, conv.weight, padding=1), atol=1e-4)


@pytest.mark.parametrize(("inputs", "outputs"), [(4, 4), (4, 8), (8, 4)])
@pytest.mark.parametrize(("layer", "parts"), [(IdentityConv, 1), (FlipEquivariantConv, 2)])
def test_a_new_convolution_hands_its_inputs_on(layer, parts, inputs, outputs):
    x, passed = torch.randn(2, inputs, 5, 5), min(inputs, outputs) // parts
    y = layer(inputs, outputs)(x)
    for given, part in zip(x.chunk(parts, 1), y.chunk(parts, 1), strict=True):
        assert torch.allclose(part[:, :passed], given[:, :passed], atol=1e-6)
        assert part.shape[1] == passed or part[:, passed:].std() > 0.01


def test_the_norm_treats_pairs_alike():
    norm, plain = FlipEquivariantNorm(6), FixedScaleNorm(6)
    x = torch.randn(64, 6, 5, 5) * torch.arange(1, 7).view(1, 6, 1, 1) + 1
    assert torch.allclose(norm(x), plain(x))
    (bias,) = (weight for weight in norm.parameters() if weight.requires_grad)
    assert bias.shape == (3,)
    with torch.no_grad():
        bias += torch.randn(3)
    norm.eval()
    assert torch.allclose(norm(in_the_mirror(x)), in_the_mirror(norm(x)), atol=1e-5)
    kept = torch.stack([plain.running_mean, plain.running_var])
    mean, var = kept.view(2, 2, 3).mean(1).repeat(1, 2)
    expected = F.batch_norm(x, mean, var, plain.weight, bias.repeat(2), eps=plain.eps)
    assert torch.allclose(norm(x), expected, atol=1e-6)


def test_a_trained_net_cannot_tell_a_image_from_its_mirror_image():
    recipe = Recipe(widths=(8, 12), depths=(1, 2), pools=(False, True), stem_filters=6, base_lr=0.1)
    nets = [build_net(replace(recipe, flip_equivariant=mirror)) for mirror in (True, False)]
    x, y = F.avg_pool2d(torch.randn(32, 3, 16, 16), 3, 1, 1), torch.arange(32) % 10
    for net in nets:
        net.whiten(x)
        optimizers = build_optimizers(net, recipe)
        first = training_step(net, optimizers, x, y)
        for _ in range(5):
            last = training_step(net, optimizers, x, y)
        assert last < first
        net.eval()
    equivariant, plain = nets
    assert torch.allclose(equivariant(x), equivariant(x.flip(3)), atol=1e-5)
    assert not torch.allclose(plain(x), plain(x.flip(3)), atol=1e-3)


def test_a_mirror_net_learns_half_the_weights_for_the_same_work():
    nets = [build_net(Recipe(flip_equivariant=mirror, whiten=False)) for mirror in (False, True)]
    plain, mirror = (sum(w.numel() for w in net.parameters() if w.requires_grad) for net in nets)
    assert mirror * 2 == plain


def test_pairs_are_mirror_images_and_still_whiten():
    images = F.avg_pool2d(torch.randn(200, 3, 12, 12), 3, 1, 1)
    both = torch.cat([images, images.flip(3)])
    half = half_of_pairs(whitening_filters(both, 4, 48, eps=0)[:48], 6)
    answers = F.conv2d(both, torch.cat([half, half.flip(3)])).transpose(0, 1).flatten(1)
    moments = answers @ answers.T / answers.shape[1]
    assert torch.allclose(moments, torch.eye(12), atol=2e-3)
    with pytest.raises(ValueError, match="make no 25 pairs"):
        half_of_pairs(whitening_filters(both, 4, 48)[:48], 25)


@pytest.mark.parametrize("name", ["fast", *(name for name in NETS if name != "lenet")])
def test_no_net_writes_buffers_in_eval_mode(name):
    net = build_net(Recipe(net=name, flip_equivariant=True, widths=(8, 8, 8)))
    net(torch.randn(4, 3, 32, 32))
    before = {name: buffer.clone() for name, buffer in net.named_buffers()}
    assert before
    net.eval()(torch.randn(4, 3, 32, 32))
    assert all(torch.equal(buffer, before[name]) for name, buffer in net.named_buffers())
