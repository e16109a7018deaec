"""The fast net, its batches and its optimizers, against plain computations of the same."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.training import batches as augmentation
from helpers.training.net import FixedScaleNorm, whitening_filters
from helpers.training.recipe import Muon, Recipe, build_net, build_optimizers, orthogonalize

SMALL = Recipe(widths=(4, 6), depths=(2, 2), pools=(True, True))


def smooth_images(count=200, size=12):
    noise = torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(0))
    return F.avg_pool2d(noise, 3, 1, 1)


def test_whitened_patches_are_uncorrelated_and_of_one_strength():
    images = smooth_images()
    filters = whitening_filters(images, 3, 10, eps=0)
    responses = F.conv2d(images, filters[:10]).transpose(0, 1).flatten(1)
    moments = responses @ responses.T / responses.shape[1]
    assert torch.allclose(moments, torch.eye(10), atol=1e-3)
    patches = F.unfold(images, 3).transpose(0, 1).flatten(1)
    assert not torch.allclose(patches.cov()[:10, :10], torch.eye(10), atol=0.1)  # they were not


def test_whitening_has_negatives_and_the_strongest_directions_first():
    images = smooth_images()
    filters = whitening_filters(images, 3, 5)
    assert torch.equal(filters[5:], -filters[:5])
    sizes = filters[:5].flatten(1).norm(dim=1)  # a strong direction needs a small filter
    assert (sizes.diff() > 0).all()


def test_whitening_refuses_more_filters_than_there_are_directions():
    with pytest.raises(ValueError, match="a patch of 3x2x2 has no 13 directions"):
        whitening_filters(smooth_images(), 2, 13)


def test_the_net_has_the_shape_it_was_given():
    shape = {"widths": (4, 6), "depths": (1, 3), "pools": (False, True), "stem_filters": 5}
    net = build_net(Recipe(**shape, skip=True))
    assert net(torch.randn(2, 3, 32, 32)).shape == (2, 10)
    assert net(torch.randn(2, 3, 20, 20)).shape == (2, 10)
    x = F.gelu(net.stem(torch.randn(2, 3, 32, 32)))
    assert x.shape == (2, 10, 16, 16)
    assert net.stages(x).shape == (2, 6, 8, 8)


def test_only_what_should_learn_learns():
    net = build_net(SMALL)
    frozen = {name for name, weight in net.named_parameters() if not weight.requires_grad}
    scales = {f"stages.{s}.norms.{n}.weight" for s in (0, 1) for n in (0, 1)}
    assert frozen == {"stem.weight", *scales}
    assert not build_net(Recipe(stem_bias=False)).stem.bias.requires_grad


def test_gelu_is_applied_after_stem_and_norms():
    net = build_net(SMALL).eval()
    norms = [norm for stage in net.stages for norm in stage.norms]
    convs = [conv for stage in net.stages for conv in stage.convs]
    given, made = [], []
    for module in (net.stem, *norms):
        module.register_forward_hook(lambda *call: made.append(call[-1]))
    for module in convs:
        module.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    net(torch.randn(4, 3, 16, 16))
    assert len(given) == len(made) - 1 == 4
    assert all(torch.equal(x, F.gelu(y)) for x, y in zip(given, made[:-1], strict=True))


def test_norm_without_other_processes_is_batch_norm():
    ours, plain = FixedScaleNorm(4), nn.BatchNorm2d(4, momentum=0.4)
    x = torch.randn(8, 4, 5, 5) * 3 + 1
    assert torch.allclose(ours(x), plain(x))
    assert torch.allclose(ours.running_var, plain.running_var)


RANDOM = torch.Generator().manual_seed(1)
IMAGES = torch.randint(0, 256, (40, 8, 8, 3), dtype=torch.uint8, generator=RANDOM)
LABELS = torch.arange(40)
PLAIN = augmentation.ChannelStats(torch.zeros(3), torch.ones(3))


def test_crops_are_those_of_a_plain_loop():
    random = torch.Generator().manual_seed(2)
    indices = torch.randint(0, 40, (30,), generator=random)
    shifts = torch.randint(-3, 4, (30, 2), generator=random)
    flipped = torch.rand(30, generator=random) < 0.5
    crops = augmentation.crop(IMAGES, indices, shifts, flipped)
    for n in range(30):
        image = IMAGES[indices[n]].permute(2, 0, 1).float()[None]
        down, right = (3 + shifts[n]).tolist()
        window = F.pad(image, (3, 3, 3, 3), "reflect")[0, :, down : down + 8, right : right + 8]
        expected = window.flip(2) if flipped[n] else window
        assert torch.equal(crops[n].permute(2, 0, 1).float(), expected)
    assert crops.dtype == torch.uint8


def test_cutouts_are_those_of_a_plain_loop():
    x, color = torch.rand(5, 8, 8, 3) + 1, torch.tensor([0.1, 0.2, 0.3])
    corners = torch.tensor([[0, 0], [5, 5], [2, 1], [0, 5], [3, 3]])
    expected = x.clone()
    for n, (row, column) in enumerate(corners.tolist()):
        expected[n, row : row + 3, column : column + 3] = color
    assert torch.equal(augmentation.cutout(x, corners, 3, color), expected)


def test_channel_stats_are_those_of_the_images():
    stats = augmentation.channel_stats(IMAGES)
    flat = IMAGES.float().flatten(0, 2)
    assert torch.allclose(stats.mean, flat.mean(0))
    assert torch.allclose(stats.std, flat.std(0, correction=0))
    x = augmentation.normalize(IMAGES, stats)
    assert x.shape == (40, 3, 8, 8)
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(x.mean((0, 2, 3)), torch.zeros(3), atol=1e-5)


@pytest.mark.parametrize("size", [5, 8])
def test_bytes_are_scaled_like_floats_but_for_rounding(size):
    stats = augmentation.channel_stats(IMAGES)
    ours = augmentation.resized_and_normalized(IMAGES, size, stats)
    theirs = augmentation.resize(augmentation.normalize(IMAGES, stats), size)
    assert ours.shape == theirs.shape == (40, 3, size, size)
    assert ours.is_contiguous(memory_format=torch.channels_last)
    off = (ours - theirs).abs().amax((0, 2, 3)) * stats.std
    assert (off < 1.1).all()  # 0.5, once for rows and once for columns
    assert (size == 8) == torch.equal(ours, theirs)


def test_images_lie_in_memory_as_crops_need_them(monkeypatch):
    """Torchvision's arrays have channels first there; then each crop would copy all images."""
    array = IMAGES.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1).numpy()
    dataset = SimpleNamespace(data=array, targets=LABELS.tolist())
    monkeypatch.setattr(augmentation.data, "cifar10", lambda train: dataset)
    images = augmentation.load()
    for each in (images.train, images.test):
        assert each.is_contiguous()
        assert torch.equal(each, IMAGES)


def test_crops_need_no_more_than_their_reach():
    indices, shifts = torch.arange(40), torch.randint(-2, 3, (40, 2))
    whole = augmentation.crop(IMAGES, indices, shifts)
    assert torch.equal(augmentation.crop(IMAGES, indices, shifts, reach=2), whole)
    stay = torch.zeros_like(shifts)
    assert torch.equal(augmentation.crop(IMAGES, indices, stay, reach=0), IMAGES)


def take(count, seed=0, **how):
    feed = augmentation.batches(IMAGES, LABELS, PLAIN, 8, seed, **how)
    return [next(feed) for _ in range(count)]


def test_the_seed_decides_the_batches_from_any_start():
    same, other = take(12), take(12, seed=1)
    for start in (0, 3, 5, 11):
        for n, (x, y) in enumerate(take(12 - start, start=start), start):
            assert torch.equal(x, same[n][0])
            assert torch.equal(y, same[n][1])
            assert not torch.equal(x, other[n][0])


def test_processes_share_the_images_of_a_batch():
    shares = [take(7, rank=rank, processes=4) for rank in range(4)]
    for n, (x, _) in enumerate(take(7)):
        assert torch.equal(torch.stack([share[n][0] for share in shares], 1).flatten(0, 1), x)


def test_an_image_is_flipped_in_every_other_pass():
    passes = [{}, {}]
    for n, (x, y) in enumerate(take(10, translate=0)):
        passes[n // 5].update(zip(y.tolist(), x, strict=True))
    as_they_are = 0
    for label in range(40):
        assert torch.equal(passes[0][label], passes[1][label].flip(1))
        as_they_are += torch.equal(passes[0][label], IMAGES[label])
    assert 10 < as_they_are < 30  # about half begin so


def test_batches_refuse_what_cannot_be():
    with pytest.raises(ValueError, match="8 cannot be shared equally by 3 processes"):
        take(1, processes=3)
    with pytest.raises(ValueError, match="a batch of 41 is more than the 40 images"):
        next(augmentation.batches(IMAGES, LABELS, PLAIN, 41, 0))


@pytest.mark.parametrize("shape", [(6, 20), (20, 6), (8, 8)])
def test_orthogonalized_has_singular_values_near_one(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    before, after = torch.linalg.svdvals(matrix), torch.linalg.svdvals(orthogonalize(matrix, 5))
    assert before.max() > 2
    assert 0.5 < after.min() <= after.max() < 1.3
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    assert F.cosine_similarity(orthogonalize(matrix, 5).flatten(), (u @ v).flatten(), dim=0) > 0.95


def test_muon_step_by_hand():
    weight = nn.Parameter(torch.randn(4, 2, 3, 3))
    before, gradient = weight.detach().clone(), torch.randn(4, 2, 3, 3)
    weight.grad = gradient.clone()
    Muon([weight], lr=0.1, momentum=0.9).step()
    resized = before * 2 / before.norm()  # norm sqrt(4)
    expected = resized - 0.1 * orthogonalize((1.9 * gradient).flatten(1)).view_as(before)
    assert torch.allclose(weight, expected, atol=1e-6)


def test_each_weight_that_learns_is_in_one_group():
    net = build_net(SMALL)
    for muon_lr in (0.0, 0.1):
        optimizers = build_optimizers(net, replace(SMALL, muon_lr=muon_lr))
        groups = [group for optimizer in optimizers for group in optimizer.param_groups]
        listed = [id(weight) for group in groups for weight in group["params"]]
        assert sorted(listed) == sorted(id(w) for w in net.parameters() if w.requires_grad)
        rates = {weight.ndim: group["base_lr"] for group in groups for weight in group["params"]}
        assert rates == {4: muon_lr or 0.4, 2: 0.4, 1: 0.4 * 16}
