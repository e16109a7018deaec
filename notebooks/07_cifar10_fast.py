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
# on one GPU. What does it do differently? Much of it works just as well on the two cores of a laptop. We start from the
# loop of [page 06](06_cifar10.ipynb), add one technique after another, and watch what each is worth.
#
# **You will**
#
# - see where a training loop loses its time, and feed it from a single tensor instead;
# - build a small, fast net with batch normalization and a first layer that is computed rather than learned;
# - write Muon, an optimizer for matrices, and see what it does to a gradient;
# - read an ablation, with its spread over random seeds;
# - if you go further, average over flipped pictures at test time, and augment a whole batch by indexing.
#
# **You need** the training loop of page 06, and for two sections a rough idea of eigenvalues and singular values. No GPU.
#
# **Time**: 31 min to read, 35 s to run (AMD EPYC, 2 cores).
#
# ## Where does the time go
#
# *时间花在哪里*
#
# First the pictures: 48,000 to learn from, and 2,000 held out as a validation set (验证集), to compare
# techniques by. The test set stays closed until the end.

# %% tags=["cifar10"] verify={"free": ["(?<=official pictures, )(found (in|by)|downloaded into) .+; (decoded before and checked|checked and decoded) in [\\d.]+ s(\\.( \\(.+\\))?|, not kept .+)"], "reason": "where the pictures were found"}
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch
import json
import time
from itertools import islice
from pathlib import Path

import torch.nn.functional as F
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode
from torchvision.transforms import v2

from helpers import data
from helpers.drawings import fast_training as draw
from helpers.training.baseline_nets import lenet  # of page 06
from helpers.training.techniques import print_gain, print_tta_gain

print(data.origin())
train_set = data.cifar10(train=True)
images = torch.from_numpy(train_set.data).contiguous()
labels = torch.tensor(train_set.targets)
train_images, train_labels = images[:48_000], labels[:48_000]
val_images, val_labels = images[48_000:], labels[48_000:]
train_images.shape, train_images.dtype

# %% [markdown]
# How many pictures a second does the familiar loop get through? A stopwatch around it gives its *throughput* (吞吐量):


# %%
def throughput(batches, steps, size):
    net = lenet()
    sgd = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
    start = time.perf_counter()
    for x, y in islice(batches, steps):
        loss = F.cross_entropy(net(x), y)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    return f"{steps * size / (time.perf_counter() - start):.0f} pictures/s"


# %% [markdown]
# The tutorials feed it from a `DataLoader` in batches of 4. We try that, and then batches of 64:

# %% verify={"reason": "durations", "timing": true}
to_float = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
train_set.transform = to_float
by_4, by_64 = (DataLoader(train_set, n, shuffle=True) for n in (4, 64))
throughput(by_4, 1000, size=4), throughput(by_64, 60, size=64)

# %% [markdown]
# Every step has fixed costs, for calling the layers and updating the weights, and now 64 pictures share what 4 had to
# bear. Much of the remaining time goes to the loader. It makes a PIL image of each picture, transforms it and stacks 64
# of them into a batch, and all the while the net waits.
#
# ## The data set is one tensor
#
# *整个数据集就是一个张量*
#
# As bytes, the training pictures take some 150 MB, so they can stay in memory as the one `uint8` tensor that we already
# have, and a batch becomes a single indexing operation. Only the batch is converted to floats and normalized (归一化), by
# the mean and standard deviation of each color, which 5,000 pictures are enough to estimate. A generator hands out
# batches without end, in a new random order for every pass:

# %%
pixels = train_images[:5000].float()
mean, std = pixels.mean((0, 1, 2)), pixels.std((0, 1, 2))
del pixels, train_set, by_4, by_64  # 200 MB that nothing below needs


def normalize(images):
    return ((images - mean) / std).permute(0, 3, 1, 2)


def batches(images, labels, size, seed):
    rng = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(images), generator=rng)
        for chosen in order.split(size)[: len(images) // size]:
            yield normalize(images[chosen]), labels[chosen]


# %% [markdown]
# And the throughput now, with the same net on the same machine?

# %% verify={"reason": "durations", "timing": true}
throughput(batches(train_images, train_labels, 64, seed=0), 60, size=64)

# %% [markdown]
# On our machine that is twice as many as with the `DataLoader` and the same batches of 64, so the loader had been taking
# about as much time as the net itself.
#
# ## Larger batches and a one-cycle learning rate
#
# *更大的批量，单周期学习率*
#
# Batches of 64 have a price: for the same number of pictures there are sixteen times fewer steps, so each has to be
# longer, with a larger learning rate (学习率). But long steps go astray while the weights are still random, and near the
# end they jump around the minimum instead of settling in it. The usual answer is a schedule in one cycle. The learning
# rate rises from zero during the first few percent of the training (*warmup*, 预热), then falls back to zero.


# %%
def one_cycle(progress, warmup=0.05):
    """The factor of the learning rate; progress runs from 0 to 1."""
    return min(progress / warmup, (1 - progress) / (1 - warmup))


draw.show_schedule(one_cycle)

# %% [markdown]
# `LambdaLR` multiplies the learning rates of an optimizer by such a factor. Here is the whole loop. It takes a list of
# optimizers, since there will be two, and two options whose turn will come: resized pictures and label smoothing.


# %%
def train(net, optimizers, batches, steps, resize=None, smoothing=0.0):
    def factor(step):
        return one_cycle(step / steps)

    schedulers = [LambdaLR(optimizer, factor) for optimizer in optimizers]
    net.train()
    for step, (x, y) in enumerate(islice(batches, steps)):
        logits = net(resize(x, step / steps) if resize else x)
        loss = F.cross_entropy(logits, y, label_smoothing=smoothing)
        net.zero_grad()
        loss.backward()
        for stepper in [*optimizers, *schedulers]:
            stepper.step()


# %% [markdown]
# We also need the accuracy in percent, here measured in parts of 500 pictures to save memory:


# %%
def accuracy(net, images, labels):
    net.eval()
    with torch.inference_mode():
        logits = [net(normalize(part)) for part in images.split(500)]
    right = torch.cat(logits).argmax(1) == labels
    return round(100 * right.float().mean().item(), 1)


# %% [markdown]
# How far does LeNet get in 500 steps? (`nesterov=True` is a variant of momentum in which the newest gradient counts a
# little more.)

# %% tags=["cifar10"] verify={"atol": 6, "reason": "training: rounding differs between machines and grows", "rtol": 0}
torch.manual_seed(0)
net, feed = lenet(), batches(train_images, train_labels, 64, seed=0)
sgd = torch.optim.SGD(net.parameters(), lr=0.08, momentum=0.9, nesterov=True)
train(net, [sgd], feed, steps=500)
accuracy(net, val_images, val_labels)

# %% [markdown]
# Remember this figure; our own recipe will be given the same 500 steps. But one run is one throw of the dice. So each
# technique of this page was also tried with several seeds, in shorter runs of 18,000 pictures, each seen once. Their
# accuracies on the validation set were recorded, and here is the gain of the first technique:

# %%
record = json.loads(Path("records/training/techniques.json").read_text())
print_gain(record["added"], "batches of 64, one cycle")

# %% [markdown]
# Left of the arrow stands the mean without the technique, here with batches of 4 and a constant learning rate, and right
# of it the mean with it. The range over the seeds, in brackets, helps to tell a gain from luck. Here the two ranges
# overlap a little, so a gain is likely, but not beyond doubt.
#
# ## A small net that learns quickly
#
# *小而快的网络*
#
# LeNet was drawn up in 1998, for gray digits. It has few channels, and nothing in it keeps the activations from growing
# or fading as the weights change. The nets of the record holders differ in four points.
#
# **Batch normalization** (批归一化), which you met on [page 04](04_modules.ipynb), follows each convolution. The next layer
# then sees numbers of the same size whatever the one before it is learning, and the learning rate can be much higher.
#
# **Convolutions that begin as the identity** (*Dirac initialization*) hand their input through unchanged in their first
# channels, so the picture is not scrambled at random on its way to the last layer.


# %%
def norm(channels):
    layer = nn.BatchNorm2d(channels, momentum=0.4)  # for a short training
    layer.weight.requires_grad_(False)  # the scale stays 1
    return layer


def conv(inputs, outputs):
    layer = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    with torch.no_grad():
        nn.init.dirac_(layer.weight[:inputs])
    return layer


# %% [markdown]
# **Pooling first**, right after the convolution, leaves normalization and activation a quarter of the numbers to read and
# write. Two convolutions make a stage, and `pool=False` is for the first stage, whose input is small already. (The
# activation is GELU, a smooth relative of ReLU.)


# %%
class Stage(nn.Module):
    def __init__(self, inputs, width, pool=True):
        super().__init__()
        self.conv1, self.conv2 = conv(inputs, width), conv(width, width)
        self.norm1, self.norm2 = norm(width), norm(width)
        self.pool = nn.MaxPool2d(2) if pool else nn.Identity()

    def forward(self, x):
        x = F.gelu(self.norm1(self.pool(self.conv1(x))))
        return F.gelu(self.norm2(self.conv2(x)))


# %% [markdown]
# **An early stride.** The first layer, or *stem*, moves its 4 x 4 filters two pixels at a time and leaves maps of 16 x
# 16, so everything after it costs a quarter of what it would on 32 x 32. Three stages follow, then the largest value of
# each channel, and one linear layer:


# %%
class FastNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 48, 4, stride=2, padding=1)
        nn.init.zeros_(self.stem.bias)
        self.stages = nn.Sequential(
            Stage(48, 16, pool=False), Stage(16, 32), Stage(32, 64)
        )
        self.head = nn.Linear(64, 10, bias=False)

    def forward(self, x):
        x = self.stages(F.gelu(self.stem(x)))
        return self.head(x.amax((2, 3))) / 9  # small logits to begin with


# %% [markdown]
# Ours is small next to the nets of the record holders, but it does [ten times the work](#Counting-the-work) of LeNet.
# Does that pay off?

# %%
print_gain(record["added"], "small net, batch norm")

# %% [markdown]
# It does: every seed of this net beats every seed of LeNet. But its first layer still begins at random.
#
# ## Whitening: a first layer that is computed
#
# *白化：算出来的第一层*
#
# The first layer of a trained net usually holds edges, color contrasts and stripes. It learns them slowly, and the
# layers above have to wait for them. But good first filters follow from the pictures alone, without any labels, so we
# can compute them, by what is called *whitening* (白化). In a photograph neighboring pixels are nearly equal, so a patch
# of 4 x 4 pixels says the same thing many times over. We look for filters whose outputs, their answers to a patch, are
# *uncorrelated* and equally strong, so that each tells the net something new. `F.unfold` cuts out all the patches, each
# of them 3 x 4 x 4 = 48 numbers. How these vary together is described by their covariance matrix (协方差矩阵). Since the
# pictures are normalized, the means are near zero and need not be subtracted:

# %%
sample = normalize(train_images[:500])
patches = F.unfold(sample, 4).transpose(1, 2).flatten(0, 1)
covariance = patches.T @ patches / len(patches)
patches.shape, covariance.shape

# %% [markdown]
# The eigenvectors (特征向量) of this matrix are directions along which the patches vary without any correlation, and each
# eigenvalue says how strongly. Divide an eigenvector by the square root of its eigenvalue, and the variance of its
# answers is 1. (A small `eps` keeps mere noise from being blown up.) We take the 24 strongest, and their negatives as
# well, because the activation behind this layer cuts off nearly all that is negative:


# %%
def whitening_filters(covariance, count=24, eps=5e-4):
    values, vectors = torch.linalg.eigh(covariance)  # the weakest first
    filters = (vectors / (values + eps).sqrt()).T.flip(0)[:count]
    filters = filters.reshape(count, 3, 4, 4)
    return torch.cat([filters, -filters])


# %% tags=["cifar10"]
filters = whitening_filters(covariance)
draw.show_filters(filters[:24])

# %% [markdown]
# From the strongest on we see brightness, edges in both directions, blue against orange, and finer and finer stripes. Are
# their answers uncorrelated?

# %% tags=["cifar10"]
answers = patches @ filters[:24].flatten(1).T
draw.show_covariances(covariance, answers.T @ answers / len(answers))
del patches, answers  # of all patches: 120 MB

# %% [markdown]
# On the left every number of a patch varies together with every other, most of all within one color: these are the three
# dark blocks. On the right only the diagonal remains. We copy these filters into the stem, freeze them there, and see what
# that brought in the recorded runs:


# %%
def whiten(net, covariance):
    with torch.no_grad():
        net.stem.weight.copy_(whitening_filters(covariance))
    net.stem.weight.requires_grad_(False)


print_gain(record["added"], "whitened first layer")

# %% [markdown]
# Eight points, for a computation of a second or two, and the seeds agree much better than before.
#
# ## Muon: an optimizer for matrices
#
# *Muon：面向矩阵的优化器*
#
# SGD moves each weight by its own gradient, as if it were alone. But the weights of a layer form a matrix, and so does
# their gradient, here with one row for each of 64 filters:

# %%
torch.manual_seed(0)
net = FastNet()
whiten(net, covariance)
x, y = next(batches(train_images, train_labels, 64, seed=1))
F.cross_entropy(net(x), y).backward()
gradient = net.stages[2].conv1.weight.grad.flatten(1)
gradient.shape


# %% [markdown]
# The singular values (奇异值) of a matrix tell how strong it is in each of its directions. In a gradient some directions are
# usually many times stronger than others, and along the weak ones SGD hardly moves. *Muon*, due to Keller Jordan, steps
# about equally far in every direction: it replaces the gradient by a nearly orthogonal matrix (正交矩阵), one whose singular
# values are all about 1.
#
# Matrix products alone can find it. If $X = USV^T$ is the singular value decomposition, then $XX^TX = US^3V^T$: the
# product changes the singular values and leaves their directions alone. The same holds for a polynomial of odd powers,
# such as Jordan's $p(s) = 3.4445\,s - 4.775\,s^3 + 2.0315\,s^5$. A division by the norm first makes sure that no value
# is above 1. Then the polynomial pushes the small ones up steeply and holds the others between about 0.7 and 1.2, so a
# few rounds of this *Newton-Schulz iteration* are enough:


# %%
def orthogonalize(matrix, rounds=3):
    """For a matrix that is not taller than wide."""
    x = matrix / (matrix.norm() + 1e-7)
    for _ in range(rounds):
        square = x @ x.T
        x = 3.4445 * x + (-4.775 * square + 2.0315 * square @ square) @ x
    return x


# %% tags=["cifar10"]
draw.show_singular_values(gradient, orthogonalize(gradient))

# %% [markdown]
# The gradient is drawn in shares of its largest singular value, and its weakest directions have only a few percent of
# that. After three rounds nearly all of them lie between about 0.7 and 1.2, which is close enough.
#
# The optimizer is momentum, as in SGD, followed by this function. It also holds the norm of each layer's weights fixed,
# since batch normalization cancels their scale anyway. A step of the same length then always turns them by about as much.


# %%
class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                mean = state.setdefault("mean", torch.zeros_like(weight))
                mean.mul_(group["momentum"]).add_(weight.grad)
                step = weight.grad + group["momentum"] * mean
                step = orthogonalize(step.flatten(1)).view_as(weight)
                weight.mul_(len(weight) ** 0.5 / weight.norm())
                weight.sub_(group["lr"] * step)


# %% [markdown]
# (Since PyTorch 2.9 there is `torch.optim.Muon`, which makes its steps in the same way, but takes matrices only and does
# not fix their norm. For the weight matrices of a transformer it is the one to take.)
#
# Biases and head stay with SGD. The biases get a learning rate 16 times higher, since they start at zero and would not
# get far in a short training.


# %%
def build_optimizers(net):
    learned = [p for p in net.parameters() if p.requires_grad]
    filters = [p for p in learned if p.ndim == 4]
    biases = [p for p in learned if p.ndim == 1]
    groups = [{"params": net.head.weight}, {"params": biases, "lr": 16 * 0.2}]
    sgd = torch.optim.SGD(groups, lr=0.2, momentum=0.85, nesterov=True)
    return [sgd, Muon(filters, lr=0.06)]


# %%
print_gain(record["added"], "faster biases")
print_gain(record["added"], "Muon")

# %% [markdown]
# The faster biases may be luck, as the ranges show; Muon is not.
#
# ## Small pictures first, and softer labels
#
# *先小图，后大图；标签平滑*
#
# In the beginning the net learns what is coarse, and for that it does not need every pixel. So we begin with small
# pictures and end with full ones. The convolutions take any size, and so does `amax` behind them:


# %%
def resize(x, progress):
    size = 20 if progress < 0.3 else 26 if progress < 0.6 else 32
    return F.interpolate(x, (size, size), mode="bilinear", antialias=True)


# %% [markdown]
# A picture of 20 x 20 pixels is less than half the work of a full one, and what is saved pays for more steps: in the
# recorded runs, 25,600 pictures seen in this way are as much work as 18,000 at full size.
#
# You know [label smoothing](05_losses_and_optimizers.ipynb#Soft-targets) from page 05. It asks the net for a little less
# certainty, so pictures that it already gets right pull less at the weights. What do the two bring?

# %%
print_gain(record["added"], "small images first")
print_gain(record["added"], "label smoothing")

# %% [markdown]
# The small pictures have earned their place. For label smoothing the ranges overlap: it is probably a gain, but these
# seeds do not prove it.
#
# ## All of it together
#
# *合在一起*
#
# Now we put everything into one training: the net with its whitened stem, the two optimizers, small pictures first, and
# label smoothing. It gets 500 steps of 64 pictures, as many as LeNet had. That is 32,000 of our 48,000 pictures, so none
# comes twice.

# %% verify={"reason": "durations", "timing": true}
torch.manual_seed(0)
net = FastNet()
whiten(net, covariance)
feed = batches(train_images, train_labels, 64, seed=0)
start = time.perf_counter()
train(net, build_optimizers(net), feed, 500, resize, smoothing=0.1)
f"{time.perf_counter() - start:.1f} s"

# %% tags=["cifar10"] verify={"atol": 4, "reason": "training: rounding differs between machines and grows", "rtol": 0}
accuracy(net, val_images, val_labels)

# %% [markdown]
# LeNet got about 50 % from the same pictures. (To be fair, our net did about eight times the work on them.) No choice is
# left to make, so now, for the first time, we open the test set:

# %% tags=["cifar10"] verify={"atol": 3, "reason": "training: rounding differs between machines and grows", "rtol": 0}
test_set = data.cifar10(train=False)
test = torch.from_numpy(test_set.data), torch.tensor(test_set.targets)
accuracy(net, *test)

# %% [markdown]
# And the recipe of the old tutorials, LeNet from a `DataLoader` in batches of 4? It was once given two whole passes over
# the training pictures. Here are its test accuracy, its seconds and the machine:

# %%
classic = json.loads(Path("records/training/classic_recipe.json").read_text())
classic = classic["baselines"]["LeNet, classic recipe"][0]
classic["accuracy"], classic["seconds"], classic["cpu"]

# %% [markdown]
# Our net is well ahead of that after its 500 steps. How many times faster it is can only be said for one machine with
# nothing else running. The [appendix on benchmarks](17_benchmarks.ipynb) does so, for runs of one minute and of ten.
#
# ## What each technique is worth
#
# *消融实验*
#
# A study in which the parts of a method are taken out or put in one at a time is called an *ablation* (消融实验). Here is
# ours in one picture. Every row adds one technique to the row above it. Each dot is one seed, and the line is their mean.
# On the right stands the work of one run in TFLOP, $10^{12}$ operations.

# %%
draw.show_gains(record["added"], "One technique after the other")

# %% [markdown]
# Where the dots of two rows lie apart, the technique has earned its place; where they mingle, so few seeds cannot tell.
# All this holds for runs of seconds; in longer ones the order may be another. And mind the right column: from the third
# row on, a run is more than ten times as much work as one of LeNet's.
#
# ## Going further
#
# *更进一步*
#
# Here we count the work of the two nets, and meet two techniques that did not take part in the training above.
#
# ### Counting the work
#
# *计算量*
#
# Seconds depend on the machine, and *FLOP*, floating-point operations (浮点运算), do not. PyTorch can count them. How many
# millions does one picture take in LeNet, in our net, and in our net while the pictures are small?


# %%
def mega_flop(net, x):
    with FlopCounterMode(display=False) as counter:
        net(x)
    return round(counter.get_total_flops() / 1e6, 1)


x = normalize(train_images[:1])
small = resize(x, progress=0.0)
mega_flop(lenet(), x), mega_flop(FastNet(), x), mega_flop(FastNet(), small)

# %% [markdown]
# This is the forward pass; the backward pass takes about twice as many again.
#
# ### Test-time augmentation
#
# *测试时增强*
#
# The net gives a picture and its mirror image slightly different logits, each with errors of its own, and in the average
# some of these cancel. So we may ask it twice, when the training is over, and average:


# %%
class WithFlips(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return (self.net(x) + self.net(x.flip(3))) / 2


# %% [markdown]
# Here is what that is worth, for our net on the test set and for the recorded runs on the validation set:

# %% tags=["cifar10"] verify={"atol": 3, "reason": "training: rounding differs between machines and grows", "rtol": 0}
accuracy(WithFlips(net), *test)

# %%
print_tta_gain(record["added"][-1])

# %% [markdown]
# It costs a second forward pass, and the net itself is no better for it. So whenever you report such an accuracy, say
# that it is averaged over flips. One can also build a *flip-equivariant* (镜像等变) net, which gives both pictures the same
# answer by its construction. Most of the book's nets in the [appendix on benchmarks](17_benchmarks.ipynb) are of this
# kind.
#
# ### Data augmentation by indexing
#
# *用索引做数据增强*
#
# In a longer training the net sees each picture again and again and begins to learn it by heart, which is overfitting
# (过拟合). *Data augmentation* (数据增强) shows it a little differently every time. On page 06 we did this picture by picture,
# because torchvision's transforms treat a whole batch alike. But a shifted picture is merely the picture with other rows
# and columns, and so is a mirrored one, so one indexing operation can do a whole batch, each picture in its own way. The
# three index tensors, N x 1 x 1, N x 32 x 1 and N x 1 x 32, broadcast (广播) to one index for each pixel of each picture.
# Beyond the edge we count backwards, which reflects the picture there:


# %%
def reflect(index):
    return 31 - (31 - index.abs()).abs()


def crop_and_flip(images, shifts, flipped):
    side = torch.arange(32)
    rows = reflect(side + shifts[:, :1])  # N x 32
    columns = reflect(side + shifts[:, 1:])
    columns = torch.where(flipped[:, None], columns.flip(1), columns)
    each = torch.arange(len(images))
    return images[each[:, None, None], rows[:, :, None], columns[:, None]]


# %% [markdown]
# One picture, four times:

# %% tags=["cifar10"]
shifts = torch.tensor([[0, 0], [6, 0], [0, 6], [0, 0]])
flipped = torch.tensor([False, False, False, True])
versions = crop_and_flip(train_images[[4] * 4], shifts, flipped)
draw.show_versions(versions, ["as it is", "up", "left", "flipped"])

# %% [markdown]
# In our generator, `images[chosen]` would become `crop_and_flip(images[chosen], ...)`, with new random shifts for each
# batch. To show what this is worth, runs saw 5,000 pictures eight times each. First flips, then flips and shifts by up to
# two pixels:

# %%
print_gain(record["augmentation"], "flips")
print_gain(record["augmentation"], "flips and shifts")

# %% [markdown]
# The flips help; about the shifts these runs tell us nothing.
#
# ## Recap
#
# - A data set that fits into memory is best kept as one tensor: a batch is one indexing operation, and so are crops and
#   flips of a whole batch.
# - Larger batches want a higher learning rate that rises, then falls to zero; batch normalization lets it be higher
#   still.
# - Whitening computes the first layer from the covariance of the patches instead of learning it.
# - Muon makes the step of each filter matrix nearly orthogonal.
# - An ablation tells what a part is worth, if it shows the spread over seeds.

# %% [markdown]
# ## Exercises
#
# Write each function in the place of the three dots and run the cell. The check tries it on inputs that are not on the
# page.
#
# **1. One cycle, rounder.** Write `cosine_cycle(progress, warmup)`, which returns the factor of the learning rate at
# `progress` (0 to 1). The factor rises in a straight line from 0 to 1 until `warmup`, and then falls to 0 like half a
# cosine wave, flat at both ends.

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
# `cutout(x, corners, size)`. `x` is N x C x H x W, and `corners` is N x 2, the row and the column of the upper left
# corner of each square. Return a copy of `x` in which a square of `size` x `size` is zero in every picture. Write it
# without a loop over the pictures. A square may reach beyond the edge.

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
# **3. Six views.** Write a module that wraps a net, as `WithFlips` does, and averages its logits over six views: the
# picture as it is, moved by one pixel to the left, moved by one pixel to the right, and the mirror images of these three.
# What moves in at the edge is reflected (`F.pad(x, ..., mode="reflect")`).

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
# **4. The nearest orthogonal matrix (hard).** Muon's coefficients stop at "about 1" (here between 0.7 and 1.2). With the
# polynomial $p(s) = 1.5\,s - 0.5\,s^3$, the singular values really converge to 1, if they start between 0 and $\sqrt3$.
# Use it to write `nearest_orthogonal(matrix)`. For a matrix of any shape, wide or tall, return the matrix with the same
# singular vectors and all singular values 1, correct to $10^{-3}$ as long as the smallest is at least a hundredth of the
# largest. Use only matrix products, and no decomposition from `torch.linalg`.

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


# A typical mistake: as few rounds as Muon makes
def too_few(matrix):
    x = matrix / matrix.norm()
    for _ in range(5):
        x = 1.5 * x - 0.5 * x @ x.T @ x
    return x


check_orthogonal(too_few)

# %% [markdown]
# ---
# Back: [train a classifier on CIFAR-10](06_cifar10.ipynb) · On: [change the shape of a tensor](08_tensor_shapes.ipynb)
