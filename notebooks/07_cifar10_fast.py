# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,claims,verify,jupyter
#     formats: ipynb,py:percent
#     notebook_metadata_filter: kernelspec,jupytext
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Train many times faster · 更快的训练
#
# Beyond the notes: the task of [page 06](06_cifar10.ipynb), again on two cores of a CPU, with everything that has made
# CIFAR-10 trainings fast since. Each technique is taken apart, then measured.
#
# **You will**
#
# - count the work of a training in FLOP, and measure how much of it your machine does in a second;
# - feed pictures from one tensor, shuffled, shifted and mirrored by indexing;
# - compute a first layer instead of learning it, and see what an optimizer for matrices does;
# - watch what each technique adds, in short runs here and in recorded long ones;
# - know what helps on one machine and hurts on another: half precision, threads, processes.
#
# **You need** the training loop of page 06; for two sections also eigenvectors and singular values, and both can be
# skipped. No GPU. The pictures of CIFAR-10 are found on your machine or downloaded (170 MB); failing both, drawn shapes
# stand in for them.
#
# **Time**: 38 min to read, 35 s to run (Intel(R) Xeon(R) Processor, 2 cores).
#
# ## The mark to beat · 起点
#
# The classic recipe of the old tutorials: LeNet, batches of 4 from a `DataLoader`, two epochs. It was run once for page
# 04; its result is kept as data, with the command that does so.

# %%
import sys

sys.path.insert(0, "..")  # the folder that holds helpers/

from helpers.training import records

recorded = records.read()
print(recorded["classic_recipe"]["command"])
classic = recorded["classic_recipe"]["baselines"]["LeNet, classic recipe"][0]
print(classic["accuracy"], "% in", classic["seconds"], "s on", classic["cpu"])

# %% [markdown]
# The pictures, as one array of bytes. 5,000 of the training pictures are held out: whatever is chosen on this page is
# judged by them. The test pictures are only for final results.

# %% tags=["cifar10"] verify={"free": ["(?<=pictures, ).*"], "reason": "where the pictures were found"}
from helpers import data
from helpers.training.batches import load

print(data.origin())
pictures = load(validation=True)
print("to train:", tuple(pictures.train.shape), pictures.train.dtype)
print("to judge:", tuple(pictures.test.shape), pictures.split)

# %% [markdown]
# ## Work is counted in FLOP · 计算量
#
# Seconds depend on the machine. The work does not: *FLOP*, floating-point operations, are the additions and
# multiplications that a training does. PyTorch counts those of convolutions and matrix products, nearly all there are;
# what is done element by element (norm, activation, SGD) it leaves out. On the `meta` device tensors have shapes and no
# numbers, so that counting costs nothing.

# %%
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

with torch.device("meta"):
    conv, x = nn.Conv2d(3, 6, 5), torch.empty(1, 3, 32, 32)
with FlopCounterMode(display=False) as counter:
    conv(x)
assert counter.get_total_flops() == 6 * 28 * 28 * 3 * 5 * 5 * 2
counter.get_total_flops()

# %% [markdown]
# `flops_of_step` counts a whole training step in this way: forward, backward, optimizer. Of the other helpers, `build_net`
# makes the net of a recipe, `build_optimizers` its optimizers, `set_lr` sets their learning rates, `training_step` is one step. The
# recipe below has the net and the pictures of the classic one, so the same work a picture. Its 100,000 pictures are
# this much work (1 TFLOP is 10¹² FLOP):

# %%
from helpers.training.baseline_nets import BASELINES
from helpers.training.loop import flops_of_step, set_lr, training_step
from helpers.training.recipe import build_net, build_optimizers

lenet_recipe = BASELINES["LeNet, whole tensors"]
of_picture = flops_of_step(lenet_recipe, batch_size=1, size=32)
print(
    f"{of_picture / 1e6:.2f} MFLOP a picture, {of_picture * 100_000 / 1e12:.2f} TFLOP in all"
)

# %% [markdown]
# How many can this machine do in a second? A large product of matrices comes near its peak. `fastest` takes the best of
# five runs; your figures will differ.

# %% verify={"reason": "speed of the machine", "timing": true}
import time


def fastest(call, times=5):
    """Seconds of the fastest of a few runs; the first, which has things to set up, does not count."""
    took = []
    for _ in range(times + 1):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return min(took[1:])


a = torch.randn(1024, 1024)
peak = 2 * 1024**3 / fastest(lambda: a @ a)
print(f"peak: {peak / 1e9:.1f} GFLOP/s")

# %% [markdown]
# The same for LeNet's training steps, with batches from 4 to 256 pictures, on one core, so that only the batch differs.

# %% verify={"reason": "speed of the machine", "timing": true}
from functools import partial

lenet = build_net(lenet_recipe)
optimizers = build_optimizers(lenet, lenet_recipe)
reached, threads = {}, torch.get_num_threads()
torch.set_num_threads(1)
for batch in (4, 16, 64, 256):
    x, y = torch.randn(batch, 3, 32, 32), torch.arange(batch) % 10
    seconds = fastest(partial(training_step, lenet, optimizers, x, y))
    reached[batch] = batch * of_picture / seconds
    print(f"batch of {batch:3}: {reached[batch] / 1e9:5.2f} GFLOP/s")
torch.set_num_threads(threads)

# %% [markdown]
# A batch of 4 leaves most of the machine idle: calling a layer costs the same for 4 pictures as for 64. And even the
# best batch stays far below a core's share of the peak, since LeNet's layers are tiny. A net with more to do in each
# layer learns more in the same second.
#
# ## Feed from one tensor · 整个数据集作为一个张量
#
# A `DataLoader` takes pictures one by one, in Python. CIFAR-10 as bytes fits into memory, so a batch can be *one*
# indexing. Both, for 1,024 pictures in batches of 64:

# %% verify={"reason": "durations", "timing": true}
from helpers.training.batches import (
    batches,
    channel_stats,
    crop,
    dataloader_batches,
    normalize,
)

stats = channel_stats(
    pictures.train
)  # mean and deviation of red, green and blue
through_loader = dataloader_batches(
    pictures.train, pictures.train_labels, 64, 0, workers=0
)
by_indexing = batches(pictures.train, pictures.train_labels, stats, 64, seed=0)
loader_seconds = fastest(lambda: [next(through_loader) for _ in range(16)])
index_seconds = fastest(lambda: [next(by_indexing) for _ in range(16)])
print(
    f"DataLoader {1000 * loader_seconds:.1f} ms, indexing {1000 * index_seconds:.1f} ms"
)
print(f"{loader_seconds / index_seconds:.1f}x")

# %% [markdown]
# ### Shift and mirror by indexing · 数据增强
#
# A net should know a ship moved by a pixel, or seen in a mirror, as a ship. Both are indexing too: the rows and columns
# to take are lists of numbers, shifted, or counted backwards. `cropped` does it for a whole batch, each picture in its
# own way; beyond the edge it is reflected. One picture, nine ways. The numbers say how far the *window* moves, down and
# right; so the picture moves up and left:

# %% tags=["cifar10"]
from helpers import plotting

plotting.use_style()
chosen = torch.full((9,), 4)
shifts = torch.tensor([[r, c] for r in (-6, 0, 6) for c in (-6, 0, 6)])
mirrored = torch.arange(9) % 2 == 1
nine = crop(pictures.train, chosen, shifts, mirrored)
names = [
    f"{r:+d}, {c:+d}{', mirrored' * m}"
    for (r, c), m in zip(shifts.tolist(), mirrored, strict=True)
]
figure = plotting.picture_grid(nine, names, columns=9, size=0.95)
plotting.show(
    figure,
    alt="One picture nine times, shifted up, down, left and right, every other one mirrored.",
)

# %% [markdown]
# That it does what it says, for one of them, with `torch.roll` and without the edges:

# %%
by_hand = torch.roll(
    pictures.train[4], (-6, 6), dims=(0, 1)
)  # a window 6 down and 6 left
assert torch.equal(
    crop(pictures.train, *map(torch.tensor, ([4], [[6, -6]], [False])))[
        0, :26, 6:
    ],
    by_hand[:26, 6:],
)

# %% [markdown]
# Training pictures are mirrored in every *other* pass: chance would show the same side twice running in half of the
# cases, and teach less. Here is a stream of batches, whole: order, shifts and sides follow from the seed.


# %%
def stream(pictures, labels, size, seed, shift=2):
    count, epoch = len(pictures), 0
    sides = (
        torch.rand(count, generator=torch.Generator().manual_seed(seed)) < 0.5
    )
    while True:
        random = torch.Generator().manual_seed(
            (seed << 20) + epoch + 1
        )  # of its own each pass
        order = torch.randperm(count, generator=random)
        shifts = torch.randint(-shift, shift + 1, (count, 2), generator=random)
        for n in range(0, count - size + 1, size):
            chosen = order[n : n + size]
            mirrored = sides[chosen] ^ bool(epoch % 2)
            x = crop(pictures, chosen, shifts[n : n + size], mirrored)
            yield normalize(x, stats), labels[chosen]
        epoch += 1


# %% [markdown]
# The book's `batches` gives the same, batch for batch, into the third pass. (It can also start in the middle, and share
# a batch among processes.)

# %%
few = pictures.train[:300], pictures.train_labels[:300]
ours, theirs = stream(*few, 128, seed=7), batches(*few, stats, 128, seed=7)
for _ in range(5):
    (x, y), (x_too, y_too) = next(ours), next(theirs)
    assert torch.equal(x, x_too) and torch.equal(y, y_too)
print(tuple(x.shape), x.dtype)

# %% [markdown]
# ## Compute the first layer · 白化
#
# What does a first layer learn? Mostly edges and pairs of colors, slowly, and at the largest map of the net. Filters
# of that kind need no training. Neighboring pixels are nearly equal; *whitening* removes what is known already.
#
# Take all patches of 4 x 4 pixels, 48 numbers each. How do these go together? Their second moments are a 48 x 48
# matrix; its eigenvectors are directions in which patches vary independently. Each, divided by the root of its
# eigenvalue, is a filter whose answers have strength 1.

# %%
sample = normalize(pictures.train[:1000], stats)
patches = F.unfold(sample, 4).transpose(1, 2).flatten(0, 1)
print(tuple(patches.shape))
second = patches.T @ patches / len(patches)
values, vectors = torch.linalg.eigh(second)  # the weakest direction first
filters = (vectors / (values + 5e-4).sqrt()).T.flip(0)
answers = patches @ filters.T
after = answers.T @ answers / len(answers)
assert torch.allclose(after[:24, :24], torch.eye(24), atol=0.15)
del patches, answers  # 0.3 GB

# %% [markdown]
# The small number added to the eigenvalues keeps noise from being blown up. Left, how the numbers of a patch go
# together before; right, the answers of the 24 strongest filters: each for itself.

# %% tags=["cifar10"]
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(7, 3.2))
for axis, matrix, title in zip(
    axes,
    (second, after[:24, :24]),
    ("pixels of a patch", "answers"),
    strict=True,
):
    image = axis.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
    axis.set_title(title)
    axis.grid(False)
figure.colorbar(image, ax=axes, label="second moment")
plotting.show(
    figure,
    alt="Left: a matrix of broad red blocks. Right: red on the diagonal, white elsewhere.",
)

# %% [markdown]
# The 12 strongest filters as pictures: brightness, edges in both directions, then colors and finer patterns. (The sign
# of an eigenvector is free; here the largest number is made positive.)

# %% tags=["cifar10"]
shown = filters[:12].view(12, 3, 4, 4).permute(0, 2, 3, 1)
shown = shown / shown.flatten(1).abs().amax(1).view(-1, 1, 1, 1)
first = (
    shown.flatten(1)
    .gather(1, shown.flatten(1).abs().argmax(1, keepdim=True))
    .sign()
)
figure = plotting.picture_grid(
    (0.5 + 0.5 * shown * first.view(-1, 1, 1, 1)).numpy(), columns=12, size=0.7
)
plotting.show(
    figure,
    alt="Twelve patches: flat ones, steps in brightness, steps in color.",
)

# %% [markdown]
# The net's next function cuts negative answers, so each filter is there twice, with both signs. `FastNet.whiten`
# computes the same filters (the sign apart):

# %%
from helpers.training.net import IdentityConv, whitening_filters

theirs = whitening_filters(sample, size=4, count=24)
half = theirs[:24].flatten(1)
signs = (filters[:24] * half).sum(1, keepdim=True).sign()
assert (
    (signs * filters[:24] - half).norm(dim=1) < 0.1 * half.norm(dim=1)
).all()
assert torch.equal(theirs[24:], -theirs[:24])
theirs.shape

# %% [markdown]
# ## A net for two cores · 网络
#
# The computed layer, with stride 2, leaves 16 x 16 places. Three stages of two 3 x 3 convolutions follow, on 16, 8 and
# 4 places a side; then the largest value of each map, and a linear layer. For the shortest trainings it is this narrow:

# %%
from helpers.training.recipe import for_work

recipe = for_work(0.2)  # the book's recipe for so many TFLOP
net = build_net(recipe)
stages = [(f"stage {n}", stage) for n, stage in enumerate(net.stages, 1)]
for name, part in [("stem", net.stem), *stages, ("head", net.head)]:
    print(
        f"{name:8}{sum(p.numel() for p in part.parameters() if p.requires_grad):>8,} to learn"
    )
print(
    f"{flops_of_step(recipe, 64, 32) / 64 / of_picture:.1f} times the work of LeNet a picture"
)

# %% [markdown]
# The 48 of the stem are its biases; its filters are computed. Three habits of such nets, after Keller Jordan (airbench)
# and David Page. A new convolution begins by handing its inputs on, so that the pictures reach the last layer from the
# first step:

# %%
conv = IdentityConv(16, 32)
x = torch.randn(2, 16, 8, 8)
assert torch.equal(conv(x)[:, :16], x)

# %% [markdown]
# Pooling comes right after the convolution, *before* norm and activation. They read and write every number and compute
# little, so a quarter of the numbers is about a quarter of their time. (Pooling itself is in both, and gets no cheaper,
# so the whole gains less.)

# %% verify={"reason": "durations", "timing": true}
norm = nn.BatchNorm2d(32)
x = torch.randn(256, 32, 16, 16).to(memory_format=torch.channels_last)
late = fastest(lambda: F.max_pool2d(F.gelu(norm(x)), 2), times=20)
early = fastest(lambda: F.gelu(norm(F.max_pool2d(x, 2))), times=20)
print(
    f"pooling last {1000 * late:.1f} ms, pooling first {1000 * early:.1f} ms: {late / early:.1f}x"
)

# %% [markdown]
# And the scales of batch norm stay 1; only its biases are learned, at a higher rate than the filters.
#
# ### Layers that know mirror images · 镜像等变
#
# A ship in a mirror is a ship. Showing the net mirrored pictures teaches it that, for each filter anew. It can be built
# in instead: let the second half of the channels see in a picture what the first half sees in its mirror image. Then
# half of the filters are mirror images of the others and need not be learned (Cohen and Welling, 2016). The computed
# first layer in this form, each filter above its mirror image:

# %% tags=["cifar10"]
from dataclasses import replace

longer = for_work(12)
mirror_net = build_net(longer)
mirror_net.whiten(sample)
half = mirror_net.stem.weight[:10].detach().permute(0, 2, 3, 1)
half = half / half.flatten(1).abs().amax(1).view(-1, 1, 1, 1)
sign = (
    half.flatten(1)
    .gather(1, half.flatten(1).abs().argmax(1, keepdim=True))
    .sign()
)
half = 0.5 + 0.5 * half * sign.view(-1, 1, 1, 1)
figure = plotting.picture_grid(
    torch.cat([half, half.flip(2)]).numpy(), columns=10, size=0.7
)
plotting.show(
    figure,
    alt="Ten patches, slanted steps in brightness and color; below each its mirror image.",
)

# %% [markdown]
# `FlipEquivariantConv` goes from halves to halves: mirror a picture, and its answer is mirrored, with the halves exchanged. At
# the end the mean of the two halves is left. So a trained net gives a picture and its mirror image the same answer,
# with half as many weights for no more work. (During training, batch norm still treats each half by its own mean.)

# %%
from helpers.training.net import FlipEquivariantConv

conv, x = FlipEquivariantConv(8, 8), torch.randn(2, 8, 5, 5)
in_the_mirror = conv(x).flip(3).roll(4, dims=1)
assert torch.allclose(
    conv(x.flip(3).roll(4, dims=1)), in_the_mirror, atol=1e-5
)
mirror_net.eval()
few = sample[:100]
assert torch.allclose(mirror_net(few), mirror_net(few.flip(3)), atol=1e-4)
for name, one in (
    ("with", longer),
    ("without", replace(longer, flip_equivariant=False)),
):
    weights = sum(
        p.numel() for p in build_net(one).parameters() if p.requires_grad
    )
    print(
        f"{name:8}{weights:>8,} to learn, {flops_of_step(one, 64, 32) / 64e6:.1f} MFLOP a picture"
    )

# %% [markdown]
# All recipes but those for the shortest trainings use it. What it adds there stands in the search at the end of this
# page.
#
# ### An optimizer for matrices · Muon
#
# SGD moves each weight by its own gradient. The gradient of a filter bank is a matrix, and usually a few directions in
# it are far stronger than the rest. *Muon* (Keller Jordan, 2024) makes all directions of the step about equally strong.
# The tool is an odd polynomial: applied to a matrix it acts on the singular values alone.


# %%
from helpers.training.recipe import orthogonalize


def evened(matrix, rounds=3):
    x = matrix / matrix.norm()
    for _ in range(rounds):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x


torch.manual_seed(0)
gradient = torch.randn(32, 8) @ torch.randn(8, 144) + 0.3 * torch.randn(
    32, 144
)
even = evened(gradient)
assert torch.allclose(even, orthogonalize(gradient), atol=1e-5)
before, after = (
    torch.linalg.svdvals(gradient / gradient.norm()),
    torch.linalg.svdvals(even),
)
figure, axis = plt.subplots(figsize=(6, 2.6))
axis.plot(before, "o-", markersize=4, label="the gradient")
axis.plot(after, "s-", markersize=4, label="the step of Muon")
axis.set(
    xlabel="direction",
    ylabel="strength",
    title="singular values",
    ylim=(0, 1.4),
)
axis.legend()
plotting.show(
    figure,
    alt="The gradient has eight strong directions and many weak ones; in Muon's step all are strong.",
)

# %% [markdown]
# ### A schedule of rates and sizes · 学习率与图像尺寸
#
# The rate rises quickly and falls to zero. The pictures start small: 20 x 20 pixels are 39 % of the work of 32 x 32,
# and enough for a first idea.

# %%
from helpers.training.recipe import lr_factor, resolution_at

progress = torch.linspace(0, 1, 401)[:-1]
figure, axes = plt.subplots(1, 2, figsize=(8, 2.5))
axes[0].plot(100 * progress, [lr_factor(recipe, p) for p in progress.tolist()])
axes[0].set(
    title="rate, as part of its peak", xlabel="% of the work", ylim=(0, 1.1)
)
axes[1].plot(
    100 * progress,
    [resolution_at(recipe, p) for p in progress.tolist()],
    color=plotting.VERMILION,
)
axes[1].set(
    title="side of the pictures, pixels", xlabel="% of the work", ylim=(0, 36)
)
plotting.show(
    figure,
    alt="Left: a steep rise, then a long fall to zero. Right: steps at 20, 26 and 32.",
)
costs = {
    size: flops_of_step(recipe, 64, size) for size, _ in recipe.resolutions
}
print({size: f"{cost / costs[32]:.2f}" for size, cost in costs.items()})

# %% [markdown]
# ## The loop · 训练循环
#
# Put together: the same heart as on page 06. Zero, backward, step, for two optimizers.


# %%
def short_training(recipe, steps, seed):
    torch.manual_seed(seed)
    net = build_net(recipe).to(memory_format=torch.channels_last)
    net.whiten(normalize(pictures.train[:1000], stats))
    optimizers = build_optimizers(net, recipe)
    feed = stream(
        pictures.train,
        pictures.train_labels,
        recipe.batch_size,
        seed,
        recipe.translate,
    )
    losses = []
    for n in range(steps):
        set_lr(optimizers, lr_factor(recipe, n / steps))
        x, y = next(feed)
        loss = F.cross_entropy(
            net(x), y, label_smoothing=recipe.label_smoothing
        )
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        losses.append(loss.item())
    return losses


# %% [markdown]
# `helpers/training/loop.py` is this loop and what a program needs around it: a clock, checkpoints, several processes. Both
# give the same losses.

# %%
from helpers.training.loop import Budget, TrainingConfig, evaluate, train

plain = replace(recipe, resolutions=((32, 1.0),))
losses = short_training(plain, steps=12, seed=3)
budget = Budget(12 * plain.batch_size / len(pictures.train), "epochs")
trained = train(TrainingConfig(plain, budget, seed=3), pictures)
assert torch.allclose(
    torch.tensor(losses), torch.tensor(trained.losses), atol=1e-3
)
print(trained.steps, "steps, the same losses")

# %% [markdown]
# ## What each technique adds · 消融实验
#
# Short trainings of the same work, 0.1 TFLOP, a third of the classic recipe's. The first line is the recipe; each other
# line changes one thing. Judged by 2,000 of the validation images; the mean of two seeds.

# %% tags=["cifar10"] verify={"atol": 4, "reason": "training: rounding differs between machines and grows", "rtol": 0}
variants = {
    "the recipe": recipe,
    "first layer learned": replace(recipe, whiten=False),
    "SGD alone": replace(recipe, muon_lr=0.0),
    "batches of 1,024": replace(
        recipe,
        batch_size=1024,
        base_lr=4 * recipe.base_lr,
        muon_lr=4 * recipe.muon_lr,
    ),
    "full size throughout": replace(recipe, resolutions=((32, 1.0),)),
}


def validation_accuracy(variant, seed):
    trained = train(
        TrainingConfig(variant, Budget(0.1, "TFLOP"), seed=seed), pictures
    )
    assert trained.epochs < 1
    validation = pictures.test[:2000], pictures.test_labels[:2000]
    return evaluate(trained.net, *validation, trained.stats).plain


accuracy = {}
for name, variant in variants.items():
    both_seeds = (
        validation_accuracy(variant, seed=0),
        validation_accuracy(variant, seed=1),
    )
    accuracy[name] = sum(both_seeds) / 2
    print(f"{name:22}{accuracy[name]:6.1f} %")

# %% [markdown]
# A computed first layer, Muon, small batches (those of 1,024 leave five steps) and small pictures each add points, and
# more than chance: with each of five seeds alone, no difference was below 4 points. What helps a long training may not
# help so short a one, in which no picture is seen twice: a net that knows mirror images, with half the weights, is
# behind with 0.27 TFLOP and ahead with 12 (in the search at the end).

# %% tags=["cifar10"]
if data.is_real():
    for name in list(accuracy)[1:]:
        assert accuracy["the recipe"] > accuracy[name], name

# %% [markdown]
# ### The ablation, recorded · 逐级加速
#
# How long until about the accuracy of the classic recipe is reached? `python -m helpers.training ablation` adds one
# technique after the other, finds the fewest epochs, at most two, that reach the target on the validation images (mean
# of two seeds), then trains once with all training images. The first two variants, with batches of 4, keep the
# tutorial's two epochs. It takes a quarter of an hour, so its result is kept as data. All variants ran one after the
# other on one machine, where the classic recipe takes less time than in page 06's record.

# %%
from helpers.training import ablation

record = recorded["ablation"]
print(record["command"], "on", record["cpu"], record["cpu_capability"])
print(*ablation.lines(record["variants"]), sep="\n")
target = record["target_accuracy"]
below = [
    entry["variant"]
    for entry in record["variants"]
    if records.mean(entry["runs"], "accuracy") < target
]
print(f"below the target, {target} %, on the test set: {'; '.join(below)}")

# %% [markdown]
# So a variant may end a little below the target or above it on the test set: the columns of time and of accuracy have
# to be read together. (This record does not say what the larger batches gave on the validation images: two epochs were
# the most that was tried.) The last one buys no time, only accuracy. One run each, so small differences may be chance.

# %%
names = [entry["variant"] for entry in record["variants"]]
seconds = [
    records.mean(entry["runs"], "seconds") for entry in record["variants"]
]
figure, axis = plt.subplots(figsize=(8, 3.4))
bars = axis.barh(names, seconds, color=plotting.BLUE)
axis.bar_label(bars, [f"{s:.1f} s" for s in seconds], padding=4)
axis.set(xscale="log", xlim=(1, 1000), xlabel="seconds of training")
axis.invert_yaxis()
axis.grid(axis="y", visible=False)
plotting.show(
    figure,
    alt="Bars that become shorter from variant to variant: from minutes to a few seconds.",
)

# %% [markdown]
# A technique that helps near this accuracy may cost at a higher one, and the reverse. So each line is true of this
# target only.
#
# ## Where a step's time goes · 时间去哪了
#
# PyTorch's profiler notes every operation. `python -m helpers.training profile` puts them into groups, for the net of 12
# TFLOP:

# %%
profile = recorded["step_profile"]
print(profile["command"], "on", profile["cpu"], profile["cpu_capability"])
figure, axis = plt.subplots(figsize=(8, 2.6))
bars = axis.barh(
    list(profile["percent"]),
    list(profile["percent"].values()),
    color=plotting.BLUE,
)
axis.bar_label(bars, fmt="%.1f %%", padding=3)
axis.set(xlabel="% of the time of a step", xlim=(0, 100))
axis.invert_yaxis()
axis.grid(axis="y", visible=False)
plotting.show(
    figure, alt="Bars: convolutions take most of the time of a step."
)

# %% [markdown]
# The convolutions do nearly all the computing and take about half of the time. Norm, activation and pooling compute
# next to nothing, but read and write every number: together a fifth. *The rest*, another fifth, are small operations of
# no group (copies, sums, filters joined with their mirror images) and what comes once before the first step: the
# profile is of only 40 steps. (*optimizer* has the products of the net's last layer too.) So the whole step stays below
# what a convolution alone reaches, and that below a large product of matrices, the *roofline* that nothing goes beyond:

# %% verify={"reason": "speed of the machine", "timing": true}
from helpers.training.speed import (
    best_convolution,
    convolution_speed,
    measure_speed,
)

wide = for_work(12.0)
speeds = {
    "matrix product": 2 * 1024**3 / fastest(lambda: a @ a),
    "best 3x3 convolution": best_convolution(wide, "cpu", "fp32"),
    "whole step": measure_speed("cpu", "fp32", wide),
}
for name, speed in speeds.items():
    print(f"{name:22}{speed / 1e9:7.1f} GFLOP/s")

# %% [markdown]
# ## What depends on the machine · 因机而异
#
# **Half precision.** bfloat16 has half the bytes. Processors with instructions for it gain; all others compute it in
# detours, up to hundreds of times slower. So it is measured before each training with `--budget`, and so should you.
# The ratio on this machine, on a small convolution (above 1: bfloat16 is faster):

# %% verify={"reason": "speed of the machine", "timing": true}
speed = {
    p: convolution_speed(32, 16, 4, device="cpu", precision=p)
    for p in ("fp32", "bf16")
}
print(f"{speed['bf16'] / speed['fp32']:.2f}x")

# %% [markdown]
# **Threads.** More threads than cores wait for each other, even with `GOMP_SPINCOUNT=30000`, which this book sets to
# keep each wait short. Steps of the small net, and the number of threads set back:

# %% verify={"free": ["\\d+ threads?"], "reason": "speed and cores of the machine", "timing": true}
threads = torch.get_num_threads()
for count in (1, threads, 4 * threads):
    torch.set_num_threads(count)
    print(
        f"{count} thread{'s' * (count > 1)}: {measure_speed('cpu', 'fp32', recipe) / 1e9:.1f} GFLOP/s"
    )
torch.set_num_threads(threads)

# %% [markdown]
# **Compiling.** `torch.compile` makes one faster program of many operations, and takes its time for it. Recorded, by
# the command above: seconds of the first step and of a later one.

# %%
times = profile["seconds_of_step"]
print(times)
saved = times["plain"] - times["compiled"]
print(
    f"compiling has paid for itself after {times['compiled_first'] / saved:.0f} steps"
    if saved > 0
    else "here it does not pay: the compiled step is no faster"
)

# %% [markdown]
# **Processes.** `torchrun` (not tried on Windows) starts the same program several times; each process takes its share
# of every batch, and their gradients are averaged (`DistributedDataParallel`). They draw the same order from the seed
# and take every n-th picture of it, so no picture is in two shares. The losses are those of one process up to rounding,
# which grows from step to step. How near they stay for the first steps is tested
# (`tests/training/test_distributed.py`). Recorded, with the same work, are means of a hundredth of the training, about
# 20 steps: by then rounding has had time to grow.
#
# ```bash
# python -m helpers.training --tflop 3 --checkpoint one.pt
# torchrun --nproc-per-node=2 -m helpers.training --tflop 3 --checkpoint two.pt
# ```

# %%
single, double = (recorded[f"processes_{n}"]["runs"][0] for n in (1, 2))
for run in (single, double):
    print(
        f"processes: {run['processes']}, threads of each: {run['threads']}, {run['seconds']:.1f} s"
    )
print(f"{double['seconds'] / single['seconds']:.1f} times as long")
print("first losses:", single["losses"][:4], double["losses"][:4])

# %% [markdown]
# On one machine of two cores two processes buy less than nothing: two threads share the work already, and need not send
# gradients and the sums of each norm to each other. Processes are for several GPUs or machines (`torchrun --nnodes=2
# --rdzv-endpoint=HOST:29500 ...` on each). If a process dies, `--max-restarts=1` starts all of them again, and they go
# on from the last checkpoint.
#
# What would 8 GPUs give? On paper: each step sends every gradient once around, about twice the parameters' bytes, and
# computes an eighth. With a link of 300 GB/s and airbench94's figures (0.36 PFLOP in 3.83 s on one A100, 9.9 passes,
# batches of 1,024, and a net of 1.97 million parameters in half precision):

# %%
steps = 9.9 * 50_000 / 1024
compute = 3.83 / 8
sending = steps * 2 * 1.97e6 * 2 / 300e9
print(
    f"computing {compute:.2f} s + sending {sending:.2f} s, if batches of {1024 // 8} kept a GPU busy"
)

# %% [markdown]
# They would not: an eighth of such a batch leaves a GPU as idle as batches of 4 leave a CPU. None of this was measured
# here.
#
# ## The long runs, recorded · 完整训练
#
# `python -m helpers.training --budget 60s` is the whole program: it measures the machine for a second, chooses net and
# precision, trains until the time is over, and judges once. `FULL = True` runs it here; the recorded results below were
# made by the commands that each of them names.

# %% tags=["cifar10"]
FULL = False
if FULL:
    from helpers.training.__main__ import main

    main(["--budget", "60s"])

# %% [markdown]
# The goals that this book has set itself, and what was reached: mean and spread of the runs, test accuracy of the
# pictures as they are, each seen once. The test set was read once for each run. Where a goal names AVX2, wider
# instructions were switched off (`ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2` before the command, in the shells
# of Linux and macOS). The goals for AVX512 were tried on two machines, one with instructions for bfloat16 and one
# without. The lines for 600 s, but for the one with bfloat16, were made with the nets that the search had chosen
# before its last five trainings.

# %%
from helpers.tables import table

table(
    ["budget", "goal", "reached", "spread", "seconds", "TFLOP"],
    records.goal_rows(recorded),
)

# %% [markdown]
# Some goals were reached, others not; the table says by how much. One run is no spread. Other work went on beside some
# runs by work: their accuracy counts, their seconds and speeds would not, and are left out.
#
# The command behind each line; and of the timed runs, how well the machine was used: the speed of the whole training
# against that of its best 3 x 3 convolution alone.

# %%
print(*records.commands(recorded), sep="\n")

# %% [markdown]
# ### Against other nets · 与其他网络比较
#
# The same seconds for other people's recipes, in float32, one run each: `python -m helpers.training baselines
# --budget 60s`. The nets of a table ran on one machine, one after the other. The larger ones were made for minutes on a GPU;
# in a minute of two cores they hardly begin. So each has its schedule shrunk to the budget, and its batch and
# rate halved until it makes a hundred steps (no smaller than 32). airbench94 is without its *lookahead* (an average of
# past weights), and the biases of its first layer are trained throughout.

# %%
from helpers.training import baselines

for budget in (60, 180, 600):
    record = recorded[f"baselines_{budget}"]
    print(record["command"])
    print("on", record["baselines"]["this book"][0]["cpu"])
    print(baselines.table(record["baselines"]))

# %% [markdown]
# For scale, what others have published on GPUs. The last three average several views of each test picture; this book's
# figures do not. (This program was not measured on a GPU.)

# %%
table(
    ["net", "hardware", "seconds", "accuracy"],
    [
        (p.name, p.hardware, p.seconds, f"{p.accuracy} %")
        for p in records.PUBLISHED
    ],
)

# %% [markdown]
# All of it in one picture, with time on a logarithmic axis: each doubling of the time buys less. The time is that of
# two CPU cores, or of the GPU that is named. The other nets ran on the machine of the curve *AVX512* for 60 and 180 s,
# and on the one with bfloat16 for 600 s. LeNet from whole tensors gets worse with time, its loss in training too, and
# after 600 s it only guesses (10 %): it did not learn the pictures by heart, it trained badly. One run each.

# %%
plotting.show(
    records.accuracy_and_time(recorded),
    alt="Accuracy against seconds. Stars of GPU records along the top; below them the curves of this book rise.",
)

# %% [markdown]
# ### What was tried · 搜索记录
#
# The recipes were chosen by trainings like these, each on 45,000 images and judged by the 5,000 held out; the mean,
# where there was more than one run. For each amount of work the five best are shown, and the worst; all are in
# `records/training/search*.json`. A difference of less than half a point may be chance; in the short ones, of several.
# "Growing" stands for pictures of 20, then 26, then 32 pixels.

# %%
for search in records.searches(recorded):
    print(search["command"], "on", search["cpu"])
table(
    ["TFLOP", "runs", "validation accuracy", "changes"],
    records.search_rows(recorded),
)

# %% [markdown]
# ## Recap
#
# - Work is counted in FLOP and does not depend on the machine; batches of 4 leave most of the machine idle.
# - A data set that fits into memory is fed by indexing, shifted and mirrored on the way.
# - The first layer can be computed: whitening. Layers that know mirror images need half the weights. Muon evens out the
#   directions of a step.
# - Each technique was left out; where the loss is more than chance, it is said. Recorded runs show the rest.
# - Half precision, threads and processes help on one machine and hurt on another: measure.
#
# ## Exercises
#
# Put your code in the place of the three dots and run the check below it.
#
# **1.** How many FLOP has the forward pass of a 3 x 3 convolution from 32 to 64 channels, padding 1, on one picture of
# 16 x 16?

# %%
from helpers.exercises import Check

answer_1 = ...
with torch.device("meta"):
    layer, one = nn.Conv2d(32, 64, 3, padding=1), torch.empty(1, 32, 16, 16)
with FlopCounterMode(display=False) as counter:
    layer(one)
check_1 = Check(
    counter.get_total_flops(), hint="outputs x products of each x 2"
)
check_1(answer_1)

# %% [markdown]
# **2.** Mirror `tiny`, two gray pictures of 2 x 3, left to right by indexing with a list of columns (no `flip`).

# %%
tiny = torch.arange(12).view(2, 2, 3)
answer_2 = ...
check_2 = Check(
    tiny.flip(2),
    hint="the columns of the mirrored picture are 2, 1, 0 of the old one",
)
check_2(answer_2)

# %% [markdown]
# **3.** What part of the peak rate does the schedule give when half of the work is done? (It rises to 1 over the first
# `recipe.warmup` of the work and falls to 0 at the end, both in straight lines.)

# %%
answer_3 = ...
check_3 = Check(
    lr_factor(recipe, 0.5),
    hint="what is left of the work, by the length of the fall",
)
check_3(answer_3)

# %% [markdown]
# **4.** Two processes share batches of 6 from `order`, each taking every second. What does process 1 (the second) see
# of batch 1 (the second)? Cut it out of `order`, as a tensor.

# %%
order = torch.tensor([7, 2, 9, 4, 11, 0, 5, 10, 1, 8, 3, 6])
answer_4 = ...
shares = [set(order[6:][rank::2].tolist()) for rank in (0, 1)]
assert not shares[0] & shares[1]
check_4 = Check(
    torch.stack([order[i] for i in (7, 9, 11)]),
    hint="batch 1 begins at place 6; process 1 one further",
)
check_4(answer_4)

# %% [markdown]
# ## Solutions
#
# In JupyterLab, click to open. They run and are verified like every other cell.

# %% jupyter={"source_hidden": true}
check_1(16 * 16 * 64 * 32 * 3 * 3 * 2)
check_1(16 * 16 * 64 * 32 * 3 * 3)  # a mistake: multiplications only

# %% jupyter={"source_hidden": true}
check_2(tiny[:, :, [2, 1, 0]])
check_2(tiny[:, [1, 0]])  # a mistake: upside down

# %% jupyter={"source_hidden": true}
check_3((1 - 0.5) / (1 - recipe.warmup))
check_3(1 - 0.5)  # a mistake: as if it fell from the start

# %% jupyter={"source_hidden": true}
check_4(order[7:12:2])
check_4(order[6:12:2])  # a mistake: the share of process 0

# %% [markdown]
# ---
# Back: [train a classifier on CIFAR-10](06_cifar10.ipynb) · On: [change the shape of a tensor](08_tensor_shapes.ipynb)
