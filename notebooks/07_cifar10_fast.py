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
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # CIFAR-10, many times faster
#
# *更快的训练*
#
# The tutorials of 2017 train a LeNet on CIFAR-10 for some minutes and end with about half of the test pictures right.
# Today [a single file of PyTorch](https://github.com/KellerJordan/cifar10-airbench) gets 94 % of them right, in seconds
# on one GPU. Much of what it does works just as well on two CPU cores. We start from the loop of
# [page 06](06_cifar10.ipynb), add one technique after another, and watch what each is worth.
#
# **You will**
#
# - feed a training loop from a single tensor;
# - build a small, fast net whose first layer is computed rather than learned;
# - write Muon, an optimizer for matrices;
# - read an ablation.
#
# **You need** page 06, and a rough idea of eigenvalues and singular values. No GPU.
#
# **Time**: 22 min to read, 25 s to run (AMD EPYC, 2 cores).

# %% tags=["cifar10"] verify={"free": ["(?<=official pictures, )(found (in|at)|downloaded into) .+; (read from the cache and checked|checked and decoded) in [\\d.]+ s(\\.( \\(.+\\))?|, not kept .+)"], "reason": "where the pictures were found"}
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from helpers import data

print(data.origin())

# %% [markdown]
# ## Where the time goes
#
# *时间花在哪里*
#
# We take 48,000 pictures to learn from and 2,000 as a validation set (验证集). The test set stays closed until the end.

# %%
train_set = data.cifar10(train=True)
images = torch.from_numpy(train_set.data).contiguous()
labels = torch.tensor(train_set.targets)
train_images, train_labels = images[:48_000], labels[:48_000]
val_images, val_labels = images[48_000:], labels[48_000:]
train_images.shape, train_images.dtype

# %% [markdown]
# How many pictures a second does the loop of page 06 get through? A helper trains its LeNet and measures this
# *throughput* (吞吐量). The folded cell gives it a `DataLoader` with torchvision's transforms, first in the old tutorials'
# batches of 4 and then in batches of 64:

# %% jupyter={"source_hidden": true} verify={"reason": "durations", "timing": true}
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from helpers.training.throughput import throughput

to_float = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
train_set.transform = to_float
by_4 = throughput(DataLoader(train_set, 4, shuffle=True), steps=1000)
by_64 = throughput(DataLoader(train_set, 64, shuffle=True), steps=60)
by_4, by_64

# %% [markdown]
# Each step has fixed costs, which 64 pictures share. Much of the remaining time goes to the loader, which prepares the
# pictures one by one while the net waits.
#
# ## The data set is one tensor
#
# *整个数据集就是一个张量*
#
# As bytes, the training pictures take only about 150 MB. So they stay in memory as the `uint8` tensor above, and one
# indexing operation makes a batch. Only then does it become floats, normalized (归一化) by the mean and standard deviation
# of each color:

# %%
del train_set  # frees 150 MB
mean = train_images[:5000].float().mean((0, 1, 2))
std = train_images[:5000].float().std((0, 1, 2))


def normalize(images):
    return ((images - mean) / std).permute(0, 3, 1, 2)


# %% [markdown]
# A generator makes the batches. It never ends, and gives every pass over the pictures a new order:


# %%
def batches(images, labels, size, seed):
    rng = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(images), generator=rng)
        for chosen in order.split(size)[: len(images) // size]:
            yield normalize(images[chosen]), labels[chosen]


# %% [markdown]
# How many pictures a second does the same net manage now?

# %% verify={"reason": "durations", "timing": true}
throughput(batches(train_images, train_labels, 64, seed=0), steps=60)

# %% [markdown]
# The factor varies from run to run, but on our machine it was always well over one and a half.
#
# ## Larger batches and a one-cycle learning rate
#
# *更大的批量，单周期学习率*
#
# Larger batches mean fewer steps for the same pictures, so each step has to go further, which takes a larger learning
# rate (学习率). But long steps go astray while the weights are still random, and overshoot near the end. So the learning
# rate rises from zero in a short *warm-up* (预热) and then falls back:

# %%
from helpers.drawings import fast_training as draw


def one_cycle(progress, warmup=0.05):
    """The factor of the learning rate; progress runs from 0 to 1."""
    return min(progress / warmup, (1 - progress) / (1 - warmup))


draw.show_schedule(one_cycle)

# %% [markdown]
# In our training loop, `LambdaLR` multiplies the learning rate of each optimizer by this factor. (A second optimizer and
# label smoothing come later.)


# %%
def train(net, optimizers, feed, steps, smoothing=0.0):
    def factor(step):
        return one_cycle(step / steps)

    schedulers = [LambdaLR(optimizer, factor) for optimizer in optimizers]
    net.train()
    for _ in range(steps):
        x, y = next(feed)
        loss = F.cross_entropy(net(x), y, label_smoothing=smoothing)
        net.zero_grad()
        loss.backward()
        for stepper in [*optimizers, *schedulers]:
            stepper.step()


# %% [markdown]
# How far does LeNet get in 500 steps? (`nesterov=True` lets the newest gradient count a little more. The folded cell
# imports `lenet`, the network of page 06, and defines `accuracy`, in percent.)


# %% jupyter={"source_hidden": true}
from helpers.training.baseline_nets import lenet


def accuracy(net, images, labels):
    net.eval()
    with torch.inference_mode():
        logits = [net(normalize(part)) for part in images.split(500)]
    right = torch.cat(logits).argmax(1) == labels
    return round(100 * right.float().mean().item(), 1)


# %% tags=["cifar10"] verify={"atol": 6, "reason": "training: rounding differs between machines and grows", "rtol": 0}
torch.manual_seed(0)
net, feed = lenet(), batches(train_images, train_labels, 64, seed=0)
sgd = torch.optim.SGD(net.parameters(), lr=0.08, momentum=0.9, nesterov=True)
train(net, [sgd], feed, steps=500)
accuracy(net, val_images, val_labels)

# %% [markdown]
# One run is one throw of the dice, so we also tried each technique with several seeds, in runs of 18,000 pictures, and
# judged it by 5,000 others. The folded cell reads the record of these runs and prints what the first technique added:

# %% jupyter={"source_hidden": true}
from helpers.training import records
from helpers.training.techniques import print_gain

recorded = records.read()
added = recorded["techniques"]["added"]
print_gain(added, "batches of 64, one cycle")

# %% [markdown]
# Left of the arrow is the mean without the technique, right of it the mean with it, each with its range over the seeds.
# This first step changes three things at once: the batches grow from 4 to 64, the learning rate is no longer constant,
# and pictures are mirrored at random, as in all later runs. The ranges overlap a little, so a gain is likely, but not
# certain. (The mean is below our 49.8 %, because these runs see 18,000 pictures and ours saw 32,000.)
#
# ## A small net that learns quickly
#
# *小而快的网络*
#
# Four ideas set our net apart from LeNet, three of them taken from the nets of the record holders.
#
# **Convolutions begin as the identity** (*Dirac initialization*): their first filters pass the input channels on
# unchanged, so the picture is not scrambled at random.


# %%
def conv(inputs, outputs):
    layer = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    with torch.no_grad():
        nn.init.dirac_(layer.weight[:inputs])
    return layer


# %% [markdown]
# **Pooling comes early**, right after the first convolution of a stage, so that the rest of it has only a quarter of
# the numbers to work on.
#
# **Batch normalization** (批归一化), known from [page 04](04_modules.ipynb), keeps the input of the next layer at a steady
# size, so the learning rate can be higher. (With `momentum=0.4` its running mean and variance follow within a few steps.
# GELU is a smooth relative of ReLU.)


# %%
def stage(inputs, width, pool=True):
    pooling = nn.MaxPool2d(2) if pool else nn.Identity()
    first = [conv(inputs, width), pooling, nn.BatchNorm2d(width, momentum=0.4)]
    second = [conv(width, width), nn.BatchNorm2d(width, momentum=0.4)]
    return nn.Sequential(*first, nn.GELU(), *second, nn.GELU())


# %% [markdown]
# **The first layer strides.** This idea is our own, and saves time on a CPU: the first layer, the *stem*, moves its
# filters of 4 x 4 pixels in steps of two, so everything after it costs a quarter as much. Three stages follow, the
# first without pooling, then the largest value of each channel, and one linear layer:


# %%
class FastNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 48, 4, stride=2, padding=1)
        nn.init.zeros_(self.stem.bias)
        stages = [stage(48, 16, pool=False), stage(16, 32), stage(32, 64)]
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(64, 10, bias=False)

    def forward(self, x):
        x = self.stages(F.gelu(self.stem(x)))
        return self.head(x.amax((2, 3))) / 9  # small logits to begin with


# %% [markdown]
# This net does [ten times the work](#Counting-the-work) of LeNet. (It also gets a learning rate of 0.2 instead of 0.08,
# which batch normalization allows, and a momentum of 0.85.) Does that pay off?

# %%
print_gain(added, "small net, batch norm")

# %% [markdown]
# It does: every seed of this net beats every seed of LeNet.
#
# ## Whitening: a first layer that is computed
#
# *白化：算出来的第一层*
#
# The first layer of a trained net usually responds to edges, color contrasts and stripes, and it learns them slowly.
# But good first filters follow from the pictures alone, by *whitening* (白化). In a photograph, most neighboring pixels
# are nearly equal, so a patch of 4 x 4 pixels says the same thing many times over. We want filters whose answers are
# *uncorrelated* and equally strong, so that each tells the net something new. `F.unfold` cuts out all patches, 48
# numbers each, and their covariance matrix (协方差矩阵) says how these vary together. (Normalized colors average about zero,
# so there is no mean to subtract.)

# %%
sample = normalize(train_images[:500])
patches = F.unfold(sample, 4).transpose(1, 2).flatten(0, 1)
covariance = patches.T @ patches / len(patches)
patches.shape, covariance.shape

# %% [markdown]
# Along the eigenvectors (特征向量) of this matrix the patches vary without correlation, and each eigenvalue is the variance
# along one of them. Divide each eigenvector by the square root of its eigenvalue, and all answers are equally strong.
# (`eps` keeps noise from being blown up.) We take the 24 strongest, and their negatives too, because GELU cuts off nearly
# all that is negative:


# %%
def whitening_filters(covariance, count=24, eps=5e-4):
    values, vectors = torch.linalg.eigh(covariance)  # the weakest first
    filters = (vectors / (values + eps).sqrt()).T.flip(0)[:count]
    return torch.cat([filters, -filters]).view(-1, 3, 4, 4)


# %% tags=["cifar10"]
filters = whitening_filters(covariance)
draw.show_filters(filters[:24])

# %% [markdown]
# They show brightness, edges, blue against orange, and finer and finer stripes. Are their answers uncorrelated?

# %% tags=["cifar10"]
answers = patches @ filters[:24].flatten(1).T
draw.show_covariances(covariance, answers.T @ answers / len(answers))
del patches, answers  # frees 120 MB

# %% [markdown]
# On the left every number of a patch varies together with every other, most of all within one color: these are the three
# dark blocks. On the right only the diagonal remains. We freeze these filters in the stem. What does that bring?


# %%
def whiten(net, covariance):
    with torch.no_grad():
        net.stem.weight.copy_(whitening_filters(covariance))
    net.stem.weight.requires_grad_(False)


# %%
print_gain(added, "whitened first layer")

# %% [markdown]
# Eight points is a large gain for a second or two of computation.
#
# ## Muon: an optimizer for matrices
#
# *Muon：面向矩阵的优化器*
#
# SGD moves each weight as if it were alone. But the weights of a layer form a matrix, and so does their gradient, here
# with one row for each of 64 filters:

# %%
torch.manual_seed(0)
net = FastNet()
whiten(net, covariance)
x, y = next(batches(train_images, train_labels, 64, seed=1))
F.cross_entropy(net(x), y).backward()
gradient = net.stages[2][0].weight.grad.flatten(1)
gradient.shape

# %% [markdown]
# The singular values (奇异值) of a matrix tell how strong it is in each of its directions. In a gradient the strongest
# directions are usually many times stronger than the weakest, and along the weak ones SGD hardly moves. Keller Jordan's
# *Muon* makes the step about equally long in all directions: it replaces the gradient by a nearly orthogonal matrix
# (正交矩阵), whose singular values are all about 1.
#
# Matrix products are enough for that. If $X = USV^T$ is the singular value decomposition, then $XX^TX = US^3V^T$: the
# product has the same directions, and only the singular values have changed, each from $s$ to $s^3$. A polynomial of
# odd powers likewise turns each $s$ into another number. So all we need is one that moves numbers between 0 and 1
# closer to 1, applied a few times. This is called a *Newton-Schulz iteration*. Jordan searched for suitable
# coefficients on a computer. The first one, 3.4445, makes small values more than three times as large in each round,
# and the other two keep the larger ones between about 0.7 and 1.2:


# %%
def orthogonalize(matrix, rounds=3):  # not taller than wide
    x = matrix / (matrix.norm() + 1e-7)
    for _ in range(rounds):
        square = x @ x.T
        x = 3.4445 * x + (-4.775 * square + 2.0315 * square @ square) @ x
    return x


# %% [markdown]
# (Dividing by the norm first makes sure that no singular value is above 1.) Let us try it on a matrix whose singular
# values we can see, a diagonal one:

# %%
orthogonalize(torch.diag(torch.tensor([1.0, 0.5, 0.1])))

# %% [markdown]
# One direction was ten times weaker than another, and now all three are about equally strong. Does it work on the
# gradient, too? Its singular values are drawn relative to the largest of them:

# %% tags=["cifar10"]
draw.show_singular_values(gradient, orthogonalize(gradient))

# %% [markdown]
# After three rounds nearly all are between about 0.7 and 1.2.
#
# What does Muon feed to this function? Not the gradient alone, which is noisy, but a step with momentum. A *velocity* $v$
# gathers the gradients, and older ones count less and less. *Nesterov's momentum* looks one step ahead: it moves along
# what the velocity would become if the same gradient came once more:


# %%
def muon_step(gradient, v, momentum):
    v.mul_(momentum).add_(gradient)
    step = gradient + momentum * v
    return orthogonalize(step.flatten(1)).view_as(step)


# %% [markdown]
# The optimizer itself keeps a velocity for each layer. It also fixes the norm of the layer's weights, since batch
# normalization cancels their scale anyway:


# %%
class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                v = self.state[w].setdefault("v", torch.zeros_like(w))
                step = muon_step(w.grad, v, group["momentum"])
                w.mul_(len(w) ** 0.5 / w.norm())
                w.sub_(group["lr"] * step)


# %% [markdown]
# (PyTorch has had a `torch.optim.Muon` since 2.9, which takes matrices only and does not fix their norm.)
#
# Muon trains the filters, and SGD trains the head and the biases. (Muon has a learning rate of its own, since its steps
# are all about equally long. The factors of the batch normalizations stay at 1.) The biases start at zero and have
# little time, so their learning rate is 16 times as high:


# %%
def build_optimizers(net):
    filters = [p for p in net.stages.parameters() if p.ndim == 4]
    biases = [p for name, p in net.named_parameters() if name.endswith("bias")]
    groups = [{"params": net.head.weight}, {"params": biases, "lr": 16 * 0.2}]
    sgd = torch.optim.SGD(groups, lr=0.2, momentum=0.85, nesterov=True)
    return [sgd, Muon(filters, lr=0.06)]


# %%
print_gain(added, "faster biases")
print_gain(added, "Muon")

# %% [markdown]
# The gain from faster biases may be luck, as the ranges show; Muon's is not.
#
# ## Small pictures first, and softer labels
#
# *先小图，后大图；标签平滑*
#
# In the beginning the net learns coarse features, for which small pictures will do:


# %%
def small_first(feed, steps):
    for step, (x, y) in enumerate(feed):
        done = step / steps
        size = 20 if done < 0.3 else 26 if done < 0.6 else 32
        yield F.interpolate(x, size, mode="bilinear", antialias=True), y


# %% [markdown]
# A picture of 20 x 20 pixels is less than half the work of a full one. In the recorded runs the work saved pays for
# 25,600 pictures instead of 18,000. The last technique is [label
# smoothing](05_losses_and_optimizers.ipynb#Soft-targets): it asks for a little less than certainty, so a picture no
# longer pulls at the weights once the net is sure enough of it. What do the two bring?

# %%
print_gain(added, "small images first")
print_gain(added, "label smoothing")

# %% [markdown]
# The small pictures have earned their place. Label smoothing is probably a gain, but these seeds do not prove it.
#
# ## All of it together
#
# *合在一起*
#
# Now everything goes into 500 steps, as many as LeNet had. That makes 32,000 pictures, and none comes twice.

# %%
torch.manual_seed(0)
net = FastNet()
whiten(net, covariance)
feed = small_first(batches(train_images, train_labels, 64, seed=0), 500)

# %% [markdown]
# How long does the training take, and what accuracy does it reach?

# %% verify={"reason": "durations", "timing": true}
import time

start = time.perf_counter()
train(net, build_optimizers(net), feed, 500, smoothing=0.1)
f"{time.perf_counter() - start:.1f} s"

# %% tags=["cifar10"] verify={"atol": 3.1, "reason": "training: rounding differs between machines and grows", "rtol": 0}
accuracy(net, val_images, val_labels)

# %% [markdown]
# LeNet got about 50 % from the same pictures, but our net did about eight times the work on them. (In so short a run,
# LeNet would hardly have gained from another learning rate. In longer ones [it
# does](17_benchmarks.ipynb#Against-other-networks).) No choice is left to make, so now, for the first time, we open the
# test set:

# %% tags=["cifar10"] verify={"atol": 1.7, "reason": "training: rounding differs between machines and grows", "rtol": 0}
test_set = data.cifar10(train=False)
test = torch.from_numpy(test_set.data), torch.tensor(test_set.targets)
accuracy(net, *test)

# %% [markdown]
# And the recipe of the old tutorials, LeNet with batches of 4 and two passes over all training pictures? Here are its
# test accuracy, the seconds that it took, and the processor:

# %% jupyter={"source_hidden": true}
classic = recorded["classic_recipe"]["baselines"]["LeNet, classic recipe"][0]
classic["accuracy"], classic["seconds"], classic["cpu"]

# %% [markdown]
# Our net is well ahead. And to get no further than the old recipe, a still smaller net needed less than two seconds. We
# timed the two several times, on one machine that was slower on that day than in the run above. The old recipe took
# more than three minutes, about 120 times as long. The [appendix on
# benchmarks](17_benchmarks.ipynb#What-we-aimed-for-and-what-was-reached) has the numbers, and shows how far one minute
# gets, and ten.
#
# ## What each technique is worth
#
# *消融实验*
#
# Adding the parts of a method one at a time, or taking them out, is called an *ablation* (消融实验). In ours, each dot is one
# seed, each line the mean of a row, and on the right stands the work of one run in TFLOP, $10^{12}$ operations:

# %%
draw.show_gains(added, "One technique after the other")

# %% [markdown]
# Where the dots of two rows overlap, four seeds are too few to tell whether the technique helps, and longer runs may
# tell another story. Look at the right column, too: from the third row on, a run takes more than ten times LeNet's
# work.
#
# ## Going further
#
# *更进一步*
#
# ### Counting the work
#
# *计算量*
#
# Seconds depend on the machine; the number of floating-point operations (*FLOP*, 浮点运算) does not. PyTorch counts how many
# one picture takes, here in LeNet and in our net:

# %%
from torch.utils.flop_counter import FlopCounterMode


def work(net):
    with FlopCounterMode(display=False) as counter:
        net(normalize(train_images[:1]))
    return counter.get_total_flops()


work(lenet()), work(FastNet())

# %% [markdown]
# This is the forward pass alone; the backward pass takes about twice as many operations.
#
# ### Data augmentation by indexing
#
# *用索引做数据增强*
#
# Longer runs need *data augmentation* (数据增强). Page 06 augmented picture by picture, because torchvision's transforms
# treat a whole batch alike. But a shifted or mirrored picture is merely the picture with other rows and columns, so one
# indexing operation can do a batch. Three indices, N x 1 x 1, N x 32 x 1 and N x 1 x 32, broadcast (广播) to one index for
# each pixel:


# %%
def crop_and_flip(images, shifts, flipped):
    places = torch.arange(32) + shifts[:, :, None]  # N x 2 x 32
    places = 31 - (31 - places.abs()).abs()  # reflected at the edges
    rows, columns = places.unbind(1)
    columns = torch.where(flipped[:, None], columns.flip(1), columns)
    each = torch.arange(len(images))[:, None, None]
    return images[each, rows[:, :, None], columns[:, None]]


# %% jupyter={"source_hidden": true} tags=["cifar10"]
shifts = torch.tensor([[0, 0], [6, 0], [0, 6], [0, 0]])
flipped = torch.tensor([False, False, False, True])
versions = crop_and_flip(train_images[[4, 4, 4, 4]], shifts, flipped)
draw.show_versions(versions, ["as it is", "up", "left", "flipped"])

# %% [markdown]
# In the recorded runs 5,000 pictures were seen eight times each, either as they are, or with random flips, or with
# flips and shifts by up to two pixels:

# %%
print_gain(recorded["techniques"]["augmentation"], "flips")
print_gain(recorded["techniques"]["augmentation"], "flips and shifts")

# %% [markdown]
# The flips help; about the shifts these runs tell us nothing.
#
# ## Recap
#
# - Keep a data set that fits into memory as one tensor: a batch is one indexing operation.
# - Larger batches want a higher learning rate, which rises first and then falls.
# - Whitening computes the first layer from the covariance of the patches.
# - Muon makes its steps about equally long in all directions.
# - An ablation tells what a part is worth, if it shows the spread over seeds.

# %% [markdown]
# ## Exercises
#
# Put your code in place of the three dots and run the cell. The check tries it on inputs that are not on the page.
#
# **1. One cycle, rounder.** Write `cosine_cycle(progress, warmup)`, which returns a factor of the learning rate. It
# rises in a straight line from 0 to 1 until `progress` reaches `warmup`, and then falls to 0 like half a cosine wave,
# flat at both ends.

# %% tags=["exercise"]
from helpers.exercises.cifar10_fast import check_cycle


def cosine_cycle(progress, warmup): ...


check_cycle(cosine_cycle)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# How much of the falling part is done? Let that number run from 0 to 1 first.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# $\cos$ falls from 1 to $-1$ while its angle goes from $0$ to $\pi$. Shift and scale it to run from 1 to 0.
#
# </details>

# %% [markdown]
# **2. Cutout.** Another augmentation puts a square of zeros somewhere into each picture. Write
# `cutout(x, corners, size)`, which returns such a copy of `x` (N x C x H x W), without a loop over the pictures.
# `corners` (N x 2) holds the row and the column of the upper left corner of each square, which may reach beyond the edge.

# %% tags=["exercise"]
from helpers.exercises.cifar10_fast import check_cutout


def cutout(x, corners, size): ...


check_cutout(cutout)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Make a boolean mask N x 1 x H x W that is true inside the square. It is the "and" of a mask for rows and a mask for
# columns.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `torch.arange(H) - corners[:, :1]` is N x H: each row's distance from the upper edge of the square.
#
# </details>

# %% [markdown]
# **3. Six views.** *Test-time augmentation* (测试时增强) averages the logits over several views of a picture, so that some
# errors cancel. (Whoever reports such an accuracy should say so.) Write a module that wraps a net and takes six: the
# picture as it is, moved by one pixel to the left and to the right, and the mirror images of these three. What moves in
# at the edge is reflected (`F.pad(x, ..., mode="reflect")`).

# %% tags=["exercise"]
from helpers.exercises.cifar10_fast import check_views


class SixViews(nn.Module):
    def __init__(self, net): ...

    def forward(self, x): ...


check_views(SixViews)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Pad by one pixel on the left and on the right. All three pictures are then slices of the padded one.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `F.pad(x, (1, 1, 0, 0), mode="reflect")` pads the last dimension only. The net is called six times, or once with six
# times the batch.
#
# </details>

# %% [markdown]
# **4. The nearest orthogonal matrix (hard).** Muon's coefficients stop at "about 1". With the polynomial
# $1.5\,s - 0.5\,s^3$, the singular values really converge to 1, if they start between 0 and $\sqrt3$. Use it to write
# `nearest_orthogonal(matrix)`, which returns, for a matrix of any shape, wide or tall, the one with the same singular
# vectors and all singular values 1. (Be correct to $10^{-3}$ if the smallest is at least a hundredth of the largest, and
# use nothing from `torch.linalg`.)

# %% tags=["exercise"]
from helpers.exercises.cifar10_fast import check_orthogonal


def nearest_orthogonal(matrix): ...


check_orthogonal(nearest_orthogonal)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Divide by the norm first. Then all singular values are at most 1, but some may be tiny. How much does one round enlarge
# them?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# A tiny value grows by a factor of 1.5 in each round, so 30 rounds are plenty. For a tall matrix, $X^TX$ is the smaller
# product, and $X(X^TX)$ equals $(XX^T)X$.
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# Click to open. Each right answer is followed by a typical mistake, and what the check says about it.

# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
import math


def cosine_cycle(progress, warmup):
    if progress < warmup:
        return progress / warmup
    done = (progress - warmup) / (1 - warmup)
    return (1 + math.cos(math.pi * done)) / 2


check_cycle(cosine_cycle)
# A typical mistake: the cosine runs over the whole training
check_cycle(
    lambda progress, warmup: (
        progress / warmup
        if progress < warmup
        else (1 + math.cos(math.pi * progress)) / 2
    )
)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
def cutout(x, corners, size):
    rows = torch.arange(x.shape[2]) - corners[:, :1]
    columns = torch.arange(x.shape[3]) - corners[:, 1:]
    in_rows = (rows >= 0) & (rows < size)
    in_columns = (columns >= 0) & (columns < size)
    inside = in_rows[:, None, :, None] & in_columns[:, None, None, :]
    return x.masked_fill(inside, 0)


check_cutout(cutout)


# A typical mistake: rows or columns inside, a cross instead of a square
def cross(x, corners, size):
    rows = torch.arange(x.shape[2]) - corners[:, :1]
    columns = torch.arange(x.shape[3]) - corners[:, 1:]
    in_rows = (rows >= 0) & (rows < size)
    in_columns = (columns >= 0) & (columns < size)
    inside = in_rows[:, None, :, None] | in_columns[:, None, None, :]
    return x.masked_fill(inside, 0)


check_cutout(cross)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
class SixViews(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        wide = F.pad(x, (1, 1, 0, 0), mode="reflect")
        width = x.shape[3]
        views = [wide[..., start : start + width] for start in (0, 1, 2)]
        views += [view.flip(3) for view in views]
        return torch.stack([self.net(view) for view in views]).mean(0)


check_views(SixViews)


# A typical mistake: torch.roll brings in the opposite edge
class Rolled(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        views = [x.roll(shift, 3) for shift in (-1, 0, 1)]
        views += [view.flip(3) for view in views]
        return torch.stack([self.net(view) for view in views]).mean(0)


check_views(Rolled)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 4
def nearest_orthogonal(matrix):
    x = matrix if len(matrix) <= matrix.shape[1] else matrix.T
    x = x / x.norm()
    for _ in range(30):
        x = 1.5 * x - 0.5 * (x @ x.T) @ x
    return x if len(matrix) <= matrix.shape[1] else x.T


check_orthogonal(nearest_orthogonal)


# A typical mistake: too few rounds
def too_few(matrix):
    x = matrix / matrix.norm()
    for _ in range(5):
        x = 1.5 * x - 0.5 * x @ x.T @ x
    return x


check_orthogonal(too_few)

# %% [markdown]
# ---
# Previous: [train a classifier on CIFAR-10](06_cifar10.ipynb) ·
# Next: [change the shape of a tensor](08_tensor_shapes.ipynb)
