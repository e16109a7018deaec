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
# # Build and train a neural network · 神经网络
#
# Section 2.2 of the notes: `torch.nn`, the modules that networks are made of. The notes' LeNet is built, counted, looked
# into, and brought to the point where training can begin.
#
# **You will**
#
# - write a network as a class, count its parameters by hand, and see what every layer passes on;
# - know which layers take a single sample today, and where that goes wrong without a word;
# - compute output sizes and receptive fields, and prove both;
# - compute losses by hand, and see what the most common mistake with cross entropy costs;
# - compare optimizers, starting weights and schedules, and test training code on a single batch.
#
# **You need** tensors in outline, and that `backward` fills `grad` ([page 02](02_autograd.ipynb)). No GPU.
#
# **Time**: 45 min to read, 8 s to run (Intel(R) Xeon(R) Processor, 2 cores).
#
# ## Find it · 速查
#
# | in the notes | today | here |
# |:--|:--|:--|
# | `class Net(nn.Module)`, `super(Net,self).__init__()` | the same; `super().__init__()` is enough | [A network is a class](#A-network-is-a-class-·-网络是一个类) |
# | `print(net)`, `net.named_parameters()` | the same | [Count the parameters](#Count-the-parameters-·-参数) |
# | the input and output of `forward` are Variables | Tensors | [page 02](02_autograd.ipynb#Variable,-then-and-now-·-从-Variable-到-Tensor) |
# | `torch.nn` takes mini-batches only; `unsqueeze(0)` | most layers take one sample as well | [One sample or a batch?](#One-sample-or-a-batch?-·-小批量) |
# | nSamples x nChannels x Height x Width | the order holds | [N x C x H x W](#N-x-C-x-H-x-W) |
# | `nn.MESLoss` (均方误差) | `nn.MSELoss` | [Losses](#Losses-·-损失函数) |
# | `nn.CrossEntropyLoss` (交叉熵) | the same; it takes raw scores | [Cross entropy](#Cross-entropy-·-交叉熵) |

# %% [markdown]
# ## A network is a class · 网络是一个类
#
# A network is a subclass of `nn.Module`. Its layers are made in `__init__`; `forward` says how data goes through them.
# This is the LeNet of the notes: two convolutions, three fully connected layers, for gray pictures of 32 x 32.

# %% claims=["C10"]
import sys

sys.path.insert(0, "..")  # the folder that holds helpers/

import torch
import torch.nn.functional as F
from torch import nn


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(
            1, 6, 5
        )  # 1 channel in, 6 out, filters of 5 x 5
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


# %% [markdown]
# > **Then and now.** The notes' own code does not run: its `def forward` is one space too far to the left, and Python
# > refuses that. Its `super(Net,self).__init__()` still works. `flatten(1)` stands for its `x.view(x.size()[0],-1)`.
#
# Calling the net runs `forward`. Four made-up pictures go in; out come ten *scores* for each, one for each class.
# Nobody wrote a `backward`, yet there is one: autograd recorded every operation.

# %% claims=["C10"]
torch.manual_seed(0)
net = LeNet()
x = torch.randn(4, 1, 32, 32)
scores = net(x)
scores.sum().backward()
assert all(p.grad.shape == p.shape for p in net.parameters())
net.zero_grad()
scores.shape

# %% [markdown]
# `print` shows the layers, in the order in which `__init__` made them. ReLU and pooling are missing: here they are
# functions, called in `forward`, and not modules.

# %% claims=["C11"]
print(net)

# %% [markdown]
# ### Count the parameters · 参数
#
# `named_parameters` gives each tensor that training will change: ten of them, a weight and a bias for each layer.

# %% claims=["C12"]
for name, p in net.named_parameters():
    print(f"{name:13}{tuple(p.shape)!s:16}{p.numel():>7,}")
assert len(list(net.parameters())) == 10

# %% [markdown]
# By hand: a convolution has a filter of 5 x 5 for each pair of output and input channels, and a bias for each output. A
# linear layer has a weight for each pair of output and input, and a bias for each output.

# %% claims=["C12"]
by_hand = {
    "conv1": 6 * 1 * 5 * 5 + 6,
    "conv2": 16 * 6 * 5 * 5 + 16,
    "fc1": 120 * 400 + 120,
    "fc2": 84 * 120 + 84,
    "fc3": 10 * 84 + 10,
}
for name, layer in net.named_children():
    print(f"{name:6}{by_hand[name]:>7,}")
    assert sum(p.numel() for p in layer.parameters()) == by_hand[name]
print(f"total {sum(by_hand.values()):>7,}")
assert (
    sum(p.numel() for p in net.parameters()) == sum(by_hand.values()) == 61_706
)

# %% [markdown]
# A module finds its parts because they are its attributes, and the parts of its parts: dots join their names. Parts in a
# plain list are not found, and an optimizer would never train them. A `ModuleList` is found.


# %%
class Stack(nn.Module):
    def __init__(self, container):
        super().__init__()
        self.layers = container(nn.Linear(8, 8) for _ in range(2))


for container in (list, nn.ModuleList):
    print(
        container.__name__,
        [name for name, _ in Stack(container).named_parameters()],
    )

# %% [markdown]
# ### Sequential and state_dict
#
# If data goes straight from layer to layer, `nn.Sequential` needs no `forward`. The `state_dict` of a module holds its
# tensors by name. Both nets use the same names, so the state of one fits the other, and they compute the same.

# %%
from collections import OrderedDict

chain = nn.Sequential(
    OrderedDict(
        conv1=nn.Conv2d(1, 6, 5), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(6, 16, 5), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2),
        flatten=nn.Flatten(),
        fc1=nn.Linear(400, 120), relu3=nn.ReLU(), fc2=nn.Linear(120, 84), relu4=nn.ReLU(),
        fc3=nn.Linear(84, 10),
    )
)  # fmt: skip
print(chain.load_state_dict(net.state_dict()))
assert torch.allclose(chain(x), scores)

# %% [markdown]
# A trap: a `state_dict` is no snapshot. Its tensors share the memory of the parameters, and change with them. To keep a
# state, copy it.

# %%
import copy

state, kept = net.state_dict(), copy.deepcopy(net.state_dict())
with torch.no_grad():
    net.fc3.bias.zero_()
print("state_dict after the change:", state["fc3.bias"][:3])
print("the copy:                   ", kept["fc3.bias"][:3])
net.load_state_dict(kept)
assert torch.allclose(net(x), scores)

# %% [markdown]
# ## Look inside · 钩子与特征图
#
# A *hook* is a function that a layer calls each time it has run. Here it notes the output. Hooks stay until they are
# removed, so remove them.


# %%
def outputs_of(net, x):
    """What each layer of a net passes on, by name."""
    outputs, handles = {}, []
    for name, layer in net.named_children():

        def note(layer, inputs, output, name=name):
            outputs[name] = output

        handles.append(layer.register_forward_hook(note))
    net(x)
    for handle in handles:
        handle.remove()
    return outputs


outputs = outputs_of(chain, x)
for name, output in outputs.items():
    print(f"{name:9}{tuple(output.shape)}")
assert not any(layer._forward_hooks for layer in chain)

# %% [markdown]
# Now it can be told where the parameters are, and where the work is. A weight of a linear layer is used once for each
# picture. A weight of a filter is used at every place of the output.

# %%
import matplotlib.pyplot as plt

from helpers import plotting

plotting.use_style()
products = [
    getattr(net, name).weight.numel()
    * outputs[name][0, 0].numel()  # weights x places
    for name in by_hand
]
counts = {"parameters": list(by_hand.values()), "multiplications": products}
figure, axes = plt.subplots(1, 2, figsize=(8, 2.5), sharey=True)
for axis, (title, numbers) in zip(axes, counts.items(), strict=True):
    bars = axis.barh(list(by_hand), numbers, color=plotting.BLUE)
    axis.bar_label(bars, fmt="{:,.0f}", padding=3)
    axis.set(title=title, xticks=[], xlim=(0, 1.2 * max(numbers)))
    axis.grid(False)
axes[0].invert_yaxis()
plotting.show(
    figure,
    alt="Bars: most parameters are in fc1, most multiplications in the two convolutions.",
)

# %% [markdown]
# ### Feature maps of a picture · 特征图
#
# What does a convolution do to a picture? The pictures of the next page, CIFAR-10, are 32 x 32 too. The mean of the
# three colors makes them gray.

# %% tags=["cifar10"] verify={"free": ["(?<=pictures, ).*"], "reason": "where the pictures were found"}
from helpers import data

print(data.origin())
train_set = data.cifar10(train=True)
gray = (
    torch.from_numpy(train_set.data[:64]).float().mean(-1).unsqueeze(1) / 255
)
gray.shape

# %% [markdown]
# Training will find filters of its own. To see what filters can do, here are six made by hand. Each one slides over the
# picture; where the picture looks like the filter, the *feature map* is high (red), where it looks like its opposite, low
# (blue).

# %% tags=["cifar10"]
ramp, bell = (
    torch.tensor([-2.0, -1, 0, 1, 2]),
    torch.tensor([1.0, 4, 6, 4, 1]) / 16,
)
blur = torch.outer(bell, bell)
spot = -blur
spot[2, 2] += 1
slope = ramp + ramp.unsqueeze(1)
filters = [
    torch.outer(bell, ramp),
    torch.outer(ramp, bell),
    slope * blur,
    slope.flip(1) * blur,
]
filters = torch.stack([*filters, spot, blur]).unsqueeze(1)
maps = F.conv2d(gray[29:30], filters)[0]
titles = (
    "left to right",
    "downwards",
    "diagonal",
    "other diagonal",
    "detail",
    "blur",
)
figure, axes = plt.subplots(2, 7, figsize=(9, 2.9))
axes[0, 0].imshow(gray[29, 0], cmap="gray")
axes[0, 0].set_title("picture", fontsize=9)
for k, title in enumerate(titles, start=1):
    for axis, values in (
        (axes[0, k], filters[k - 1, 0]),
        (axes[1, k], maps[k - 1]),
    ):
        axis.imshow(
            values,
            cmap="RdBu_r",
            vmin=-values.abs().max(),
            vmax=values.abs().max(),
        )
    axes[0, k].set_title(title, fontsize=9)
for axis in axes.flat:
    plotting.bare(axis)
plotting.show(
    figure,
    alt="A picture, six filters of 5 x 5, below each the map that it makes.",
)

# %% [markdown]
# In LeNet, the second convolution works on the maps of the first. With these six filters in `conv1` and random ones in
# `conv2`, the hooks show the picture's whole way: more and more maps, smaller and smaller.

# %% tags=["cifar10"]
seeing = copy.deepcopy(chain)
with torch.no_grad():
    seeing.conv1.weight.copy_(filters)
    seeing.conv1.bias.zero_()
    steps = outputs_of(seeing, gray[29:30])
figure, axes = plt.subplots(
    4, 1, figsize=(8.5, 3.9), height_ratios=[3, 3, 1.1, 1.1]
)
for axis, name in zip(axes, ("relu1", "pool1", "relu2", "pool2"), strict=True):
    maps = steps[name][0]
    maps = maps / maps.amax((1, 2), keepdim=True).clamp(
        min=1e-6
    )  # each map fills its own scale
    axis.imshow(
        torch.cat(list(F.pad(maps, (0, 1), value=float("nan"))), dim=1),
        vmin=0,
        vmax=1,
    )
    label = f"{name}\n" + " x ".join(str(n) for n in steps[name].shape[1:])
    axis.set_ylabel(label, rotation=0, ha="right", va="center")
    plotting.bare(axis)
plotting.show(
    figure,
    alt="Four rows of feature maps: 6 sharp ones, 6 coarser ones, 16 small ones, 16 smaller.",
)

# %% [markdown]
# ## Output size and receptive field · 输出尺寸与感受野
#
# How large is a map? The filter, of $k$ pixels with gaps of $d$ (dilation), must fit into the $n$ pixels and the padding
# $p$ on both sides; it moves $s$ pixels at a time (stride). The formula, and the layers asked, over all combinations:


# %%
from itertools import product


def output_size(n, k, s=1, p=0, d=1):
    return (n + 2 * p - d * (k - 1) - 1) // s + 1


combinations = list(product((15, 32), (1, 3, 5), (1, 2, 3), (0, 1, 2), (1, 2)))
for n, k, s, p, d in combinations:
    layer = nn.Conv1d(1, 1, k, stride=s, padding=p, dilation=d)
    assert layer(torch.zeros(1, 1, n)).shape[-1] == output_size(n, k, s, p, d)
print(len(combinations), "combinations agree")

# %% [markdown]
# The *receptive field* of an output is the part of the picture that it can depend on. It grows with each layer: by
# $k - 1$ steps, and a step is as long as all strides before it together.

# %%
size, field, step = 32, 1, 1
fields = {}
print("layer   size  field  step")
for name in ("conv1", "pool1", "conv2", "pool2"):
    k, s = (5, 1) if name.startswith("conv") else (2, 2)
    size, field, step = (
        output_size(size, k, s),
        field + (k - 1) * step,
        step * s,
    )
    fields[name] = field, step
    print(f"{name:7}{size:5}{field:7}{step:6}")
    assert size == outputs[name].shape[-1]

# %% [markdown]
# And the proof, by gradients: take one output near the middle and differentiate it by the input. Pixels that it does
# not depend on have gradient zero. (A maximum listens to one pixel at a time, so the gradients of 200 random pictures
# are added up.) What is not zero fills the predicted box (orange) exactly.

# %%
torch.manual_seed(0)
figure, axes = plt.subplots(1, 4, figsize=(8.5, 2.5))
for axis, (name, (field, step)) in zip(axes, fields.items(), strict=True):
    noise = torch.randn(200, 1, 32, 32, requires_grad=True)
    output = outputs_of(chain, noise)[name]
    middle = output.shape[-1] // 2
    (gradient,) = torch.autograd.grad(
        output[:, :, middle, middle].sum(), noise
    )
    depends = gradient.abs().sum((0, 1))
    first = middle * step  # where the predicted box begins, across and down
    box = torch.zeros(32, 32, dtype=torch.bool)
    box[first : first + field, first : first + field] = True
    assert torch.equal(depends > 0, box)
    axis.imshow(depends, vmin=0)
    corner = (first - 0.5, first - 0.5)
    axis.add_patch(
        plt.Rectangle(corner, field, field, fill=False, color=plotting.ORANGE)
    )
    axis.set_title(f"{name}: {field} x {field}")
    plotting.bare(axis)
plotting.show(
    figure,
    alt="Four pictures of gradients: a box that grows from layer to layer, framed.",
)

# %% [markdown]
# ## One sample or a batch? · 小批量
#
# The notes: `torch.nn` takes mini-batches only; one sample needs `unsqueeze(0)`.
#
# > **Then and now.** Since release 1.11 most layers take a single sample as well: `Conv2d` takes C x H x W. Not all
# > do: batch norm (explained further below) does not.
#
# Which ones? Try it: give each layer one sample, alone and in a batch of one, and compare. The weights are random, so
# that a mix-up of dimensions shows.


# %% claims=["C14"]
def alone_or_in_batch(layer, sample):
    for p in layer.eval().parameters():
        nn.init.uniform_(p)
    in_batch = layer(sample.unsqueeze(0))
    try:
        alone = layer(sample)
    except (ValueError, RuntimeError) as error:
        return f"refused: {type(error).__name__}"
    if isinstance(alone, tuple):  # recurrent layers return their state as well
        alone, in_batch = alone[0], in_batch[0]
    same = alone.shape == in_batch.shape[1:] and torch.allclose(
        alone, in_batch[0], atol=1e-5
    )
    return "as in a batch" if same else "**other numbers, no error**"


# %% claims=["C14", "C15"]
from helpers import tables

torch.manual_seed(0)
maps, rows = torch.randn(8, 8, 8), torch.randn(8, 8)
trials = [
    (torch.randn(1, 32, 32), nn.Conv2d(1, 6, 5), LeNet()),
    (
        maps,
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Dropout(),
        nn.InstanceNorm2d(8),
        nn.BatchNorm2d(8),
    ),
    (maps, nn.GroupNorm(2, 8), nn.Flatten(), nn.Upsample(scale_factor=2)),
    (rows[0], nn.Linear(8, 4), nn.LayerNorm(8), nn.BatchNorm1d(8)),
    (
        rows,
        nn.RNN(8, 4, batch_first=True),
        nn.LSTM(8, 4, batch_first=True),
        nn.BatchNorm1d(8),
    ),
    (rows, nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)),
    (rows[:, :5], nn.BatchNorm1d(8)),
    (torch.arange(5), nn.Embedding(10, 4)),
]
verdicts = [
    (
        tuple(sample.shape),
        type(layer).__name__,
        alone_or_in_batch(layer, sample),
    )
    for sample, *layers in trials
    for layer in layers
]
tables.table(["one sample", "layer", "given alone"], verdicts)

# %% [markdown]
# Those in bold are the ones to fear. `GroupNorm`, `Flatten` and `BatchNorm1d` take the first dimension for the
# batch, and `Upsample` enlarges one dimension instead of two. No error, other numbers. (`BatchNorm1d` notices if the
# sizes do not happen to agree.)
#
# LeNet refuses because of its flattening. There are several ways to write that line. Here `x` stands for what the
# convolutions give, and `head` for the layers after the flattening:

# %% claims=["C14", "C15"]
features, head = chain[:6], chain[7:]  # before and after the flattening
ways = [
    "x.flatten(1)",
    "x.view(x.size(0), -1)",
    "x.view(-1, 16 * 5 * 5)",
    "x.flatten(-3)",
]
inputs = {
    "one alone": x[0],
    "a batch of one": x[0].unsqueeze(0),
    "a batch of 4": x,
}
inputs["25 of 36 x 36"] = torch.randn(25, 1, 36, 36)
rows = []
for way in ways:
    given = [
        tables.attempt(f"head({way}).shape", x=features(p))
        for p in inputs.values()
    ]
    # some releases name the operation, addmm, in the message
    rows.append([f"`{way}`", *(text.replace("addmm: ", "") for text in given)])
assert torch.allclose(net(x[0].unsqueeze(0)), net(x)[:1], atol=1e-6)
tables.table(["flattening", *inputs], rows)

# %% [markdown]
# `flatten(1)` and the second line, the notes' way, take the 16 maps of one picture for 16 samples; `fc1` wants 400
# numbers of each, not 25, and refuses. `view(-1, 400)` takes anything that can be cut into rows of 400. One sample
# passes, and so do pictures of the wrong size: 25 go in, 36 answers come out, without a word. So never let `-1` stand
# for the batch. `flatten(-3)` joins the last three dimensions, with a batch or without.
#
# The notes' advice still holds wherever the batch comes first: a batch of one, made by `unsqueeze(0)`, is right for every
# layer above and every way. It has two limits. Recurrent layers and Transformers have the batch *second*, unless they are
# told `batch_first=True`, as above. And batch norm refuses a batch of one in training, as the next section shows.
#
# ### N x C x H x W
#
# The order samples, channels, height, width still holds. With 3-D input allowed, it matters more. *Three gray* pictures
# without a channel dimension are taken for *one colored* picture. And pictures with the colors last, as the data set
# above has them, are refused.

# %% claims=["C15"]
conv = nn.Conv2d(3, 6, 5)
print("three gray pictures ->", tuple(conv(torch.randn(3, 32, 32)).shape))
try:
    conv(torch.randn(2, 32, 32, 3))
except RuntimeError as error:
    print(error)

# %% [markdown]
# `channels_last`, meant for speed, changes the order in *memory* and not the shape: the same sizes, other strides (how
# far apart in memory two neighbors are). Here is a picture of 2 x 2 in three colors, numbered in the order of a
# contiguous tensor, and how it lies in memory:

# %% claims=["C15"]
from helpers.drawings.storage import show_storage

picture = torch.arange(12).view(1, 3, 2, 2)
last = picture.contiguous(memory_format=torch.channels_last)
assert torch.equal(picture, last) and last.shape == picture.shape
print("contiguous    strides", picture.stride())
print("channels_last strides", last.stride())
show_storage(last[0], "channels_last")

# %% [markdown]
# The three colors of the first pixel (0, 4, 8) lie side by side, then those of the second.

# %% [markdown]
# ## Training mode, buffers, devices · 训练模式与测试模式
#
# Some layers behave differently in training. `net.train()` and `net.eval()` switch all of them. *Dropout* sets a random
# share to zero while training, and scales up the rest, so that the mean stays. In `eval` it does nothing.

# %%
dropout, ones = nn.Dropout(0.5), torch.ones(100_000)
after = dropout(ones)
print("train:", after.unique(), "eval:", dropout.eval()(ones).unique())
assert abs(after.mean() - 1) < 0.02

# %% [markdown]
# *Batch norm* subtracts the mean and divides by the deviation. Which? In training, those of the batch, so that each
# sample depends on the others. It also keeps running values of both, and uses these in `eval`. They are *buffers*: part
# of the state, not trained.

# %%
norm = nn.BatchNorm1d(2)
batch = torch.tensor([[1.0, 10.0], [3.0, 30.0]])
print("train", norm(batch).detach(), sep="\n")
for name, buffer in norm.named_buffers():
    print(f"{name:20}{buffer}")
assert torch.allclose(norm.running_mean, 0.9 * 0 + 0.1 * batch.mean(0))
norm.eval()
print("eval", norm(batch).detach(), sep="\n")
assert torch.allclose(
    norm(batch)[:1], norm(batch[:1])
)  # in eval, a sample stands for itself
try:
    norm.train()(batch[:1])
except ValueError as error:
    print(error)

# %% [markdown]
# The forgotten `eval()` is a classic: with dropout or batch norm in the net, test results then depend on chance, or on
# who else is in the batch.
#
# `register_buffer` makes a buffer of your own. `to` moves parameters and buffers, and nothing else. The device `meta`
# (shapes without data) shows it on any machine:


# %%
class Normalize(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor(0.5))
        self.std = torch.tensor(0.25)  # a plain attribute

    def forward(self, x):
        return (x - self.mean) / self.std


moved = Normalize().to("meta")
print(
    f"mean on {moved.mean.device}, std on {moved.std.device}, state_dict: {list(moved.state_dict())}"
)

# %% [markdown]
# On the real device of your machine, whatever it is: `to` moves the module itself. A tensor stays where it is, and `to`
# returns one on the device; so use what it returns.

# %%
device = torch.accelerator.current_accelerator(
    check_available=True
) or torch.device("cpu")
assert net.to(device) is net
assert all(p.device.type == device.type for p in net.parameters())
assert torch.allclose(net(x.to(device)).cpu(), scores, atol=1e-2)
net = net.to("cpu")

# %% [markdown]
# ## Losses · 损失函数
#
# A loss says in one number how wrong the outputs are. `nn` has many. The one that the notes call "MESLoss" is
# a slip of the pen: mean squared error is `MSELoss`. (What old code asks for by `size_average` and `reduce` is
# `reduction="mean"`, `"sum"` or `"none"` today.)

# %% claims=["C16"]
print([name for name in ("MESLoss", "MSELoss") if hasattr(nn, name)])
output, target = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([1.0, 1.0, 1.0])
print(nn.MSELoss()(output, target), ((output - target) ** 2).mean())
losses = {name for name in dir(nn) if name.endswith("Loss")}
assert len(losses) > 20 and "MSELoss" in losses and "MESLoss" not in losses

# %% [markdown]
# A frequent mistake: a net for one number has outputs N x 1, the targets are N. Broadcasting compares every output with
# every target. PyTorch warns, and goes on with the wrong number. Perfect outputs then have a loss:

# %%
import warnings

target = torch.tensor([1.0, 2.0, 3.0])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    wrong = F.mse_loss(target.unsqueeze(1), target)
print(caught[0].category.__name__)
print(f"loss {wrong:.3f} instead of {F.mse_loss(target, target):.3f}")

# %% [markdown]
# ### Cross entropy · 交叉熵
#
# For classes: softmax turns scores into probabilities, $p_i = e^{s_i} / \sum_j e^{s_j}$; the loss is $-\log p$ of the
# right class, averaged over the batch. `CrossEntropyLoss` does both: it wants the **raw scores** (*logits*). By hand it is the
# logarithm of softmax (`log_softmax`), then one number picked from each row (`nll_loss`). Softmax is told its dimension,
# `dim=1`; old code leaves it out, which warns today.

# %% claims=["C17"]
s = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 3.0]])
labels = torch.tensor([0, 1])
log_p = s - s.exp().sum(1, keepdim=True).log()
by_hand = -log_p[torch.arange(2), labels]
print("by hand", by_hand, "mean", by_hand.mean())
print("nn     ", nn.CrossEntropyLoss()(s, labels))
assert torch.allclose(nn.CrossEntropyLoss()(s, labels), by_hand.mean())
assert torch.allclose(
    F.nll_loss(F.log_softmax(s, dim=1), labels), by_hand.mean()
)

# %% [markdown]
# Why not step by step? Scores of a few hundred overflow $e^s$, or make a probability of zero. Done in one, the largest
# score is subtracted first. In exact arithmetic that changes nothing.

# %%
large, zero = torch.tensor([[0.0, 200.0]]), torch.tensor([0])
print("by hand, as above: ", (large.exp().sum(1).log() - large[:, 0]).item())
print("softmax, then log: ", -F.softmax(large, dim=1).log()[0, 0].item())
print("cross_entropy:     ", F.cross_entropy(large, zero).item())
assert torch.equal(
    F.cross_entropy(large - 200, zero), F.cross_entropy(large, zero)
)

# %% [markdown]
# The most common mistake is a softmax at the end of the net *and* `CrossEntropyLoss`, which applies it again. Nothing
# fails. But probabilities, read as scores, all lie between 0 and 1. Even a net that is perfectly sure and perfectly
# right pays a loss, and one that is wrong hardly gets a gradient.

# %% claims=["C17"]
sure = torch.tensor(
    [[20.0] + [0.0] * 9], requires_grad=True
)  # quite sure of class 0
for label in (0, 1):
    for name, out in (
        ("raw scores", sure),
        ("softmax first", sure.softmax(1)),
    ):
        loss = F.cross_entropy(out, torch.tensor([label]))
        (gradient,) = torch.autograd.grad(loss, sure, retain_graph=True)
        word = "right" if label == 0 else "wrong"
        pulls = (
            "nothing"
            if gradient.abs().max() < 1e-6
            else f"{gradient.abs().max():.2f}"
        )
        print(
            f"{word}, {name:14} loss {loss.item():8.4f}, largest gradient: {pulls}"
        )

# %% [markdown]
# ### More targets · 更多目标
#
# > **Then and now.** Since release 1.10, a target of `CrossEntropyLoss` may also be a row of probabilities, and
# > `label_smoothing` mixes each target with equal shares for all classes.
#
# One is written with the other: smoothing by 0.1 is a target of 0.9 for the label, plus 0.1 spread over all. A label can
# also be ignored (-100, unless `ignore_index` says otherwise): the mean is then over the rest. That serves for padding.

# %% claims=["C17"]
smoothed = 0.9 * F.one_hot(labels, 3) + 0.1 / 3
by_target, by_option = (
    F.cross_entropy(s, smoothed),
    F.cross_entropy(s, labels, label_smoothing=0.1),
)
print(by_target, by_option)
with_gap, of_rest = (
    F.cross_entropy(s, torch.tensor([-100, 1])),
    F.cross_entropy(s[1:], labels[1:]),
)
print(with_gap, of_rest)
assert torch.allclose(by_target, by_option) and torch.equal(with_gap, of_rest)

# %% [markdown]
# ### Yes or no · 二分类
#
# For a yes-or-no answer one score is enough; `sigmoid` makes a probability of it. `BCELoss` (binary cross entropy) wants
# the probability, `BCEWithLogitsLoss` the raw score. Take the latter. In 32 bits a sigmoid soon *is* 1: then the loss is
# a made-up 100, and the gradient is gone, just where the net is most wrong. The answer here should be no:

# %%
no = torch.zeros(1)
print("score   BCELoss  gradient   with logits  gradient")
for score in (2.0, 5.0, 20.0, 200.0):
    z = torch.tensor([score], requires_grad=True)
    row = f"{score:5.0f}"
    for loss in (
        F.binary_cross_entropy(z.sigmoid(), no),
        F.binary_cross_entropy_with_logits(z, no),
    ):
        (gradient,) = torch.autograd.grad(loss, z)
        row += f"{loss.item():10.2f}{gradient.item():10.2f}  "
    print(row)

# %% [markdown]
# ### How the loss depends on the score
#
# On the left, ten classes: the score of the right one goes from -6 to 12, all others are 0. With softmax twice the curve
# is flat at both ends. Label smoothing has its minimum where the net is not quite sure. On the right, yes or no.

# %%
z = torch.linspace(-6, 12, 181)
ten = F.pad(z.unsqueeze(1), (0, 9))  # a score for class 0, nine zeros
label = torch.zeros(181, dtype=torch.int64)
figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.3))
for name, out, smoothing in (
    ("cross entropy", ten, 0.0),
    ("softmax twice", ten.softmax(1), 0.0),
    ("label smoothing 0.1", ten, 0.1),
):
    loss = F.cross_entropy(
        out, label, label_smoothing=smoothing, reduction="none"
    )
    left.plot(z, loss, label=name)
for answer, target in (("yes", torch.ones(181)), ("no", torch.zeros(181))):
    loss = F.binary_cross_entropy_with_logits(z, target, reduction="none")
    right.plot(z, loss, label=f"the answer is {answer}")
left.set(
    xlabel="score of the right class",
    ylabel="loss",
    xlim=(-6, 12),
    ylim=(0, 8),
)
right.set(xlabel="score", xlim=(-6, 6), ylim=(0, 8))
left.legend()
right.legend()
plotting.show(
    figure,
    alt="Left: cross entropy falls to zero, softmax twice stays high. Right: mirrored slopes.",
)

# %% [markdown]
# ## Optimizers · 优化器
#
# An optimizer changes the parameters, given their gradients. Plain SGD (stochastic gradient descent) subtracts the
# gradient times the *rate* `lr`. One step of LeNet by hand, and by `torch.optim`:

# %%
labels = torch.tensor([3, 1, 4, 1])
other = copy.deepcopy(net)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for model in (net, other):
    F.cross_entropy(model(x), labels).backward()
optimizer.step()
with torch.no_grad():
    for p in other.parameters():
        p.sub_(0.1 * p.grad)
assert all(
    torch.allclose(p, q)
    for p, q in zip(net.parameters(), other.parameters(), strict=True)
)

# %% [markdown]
# *Momentum* adds a part of the step before: the steps gather speed. *Adam* divides by the size that the gradient had
# of late, so each parameter gets steps of about `lr`. Both start from zero; Adam corrects for that. One weight meets
# five gradients, by hand and by `torch.optim`:

# %%
by_sgd, by_adam = (torch.ones((), requires_grad=True) for _ in range(2))
sgd = torch.optim.SGD([by_sgd], lr=0.1, momentum=0.9)
adam = torch.optim.Adam([by_adam], lr=0.1)
a = b = 1.0
speed = mean = square = 0.0
print("gradient  momentum: by hand, SGD    by hand, Adam")
for t, g in enumerate((-4.0, -3.0, -1.0, 2.0, 1.0), start=1):
    speed = 0.9 * speed + g
    a -= 0.1 * speed
    mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
    b -= (
        0.1 * (mean / (1 - 0.9**t)) / ((square / (1 - 0.999**t)) ** 0.5 + 1e-8)
    )
    by_sgd.grad, by_adam.grad = torch.tensor(g), torch.tensor(g)
    sgd.step()
    adam.step()
    print(f"{g:8.0f}{a:19.3f}{by_sgd:8.3f}{b:11.3f}{by_adam:8.3f}")
assert abs(a - by_sgd) < 1e-5 and abs(b - by_adam) < 1e-5

# %% [markdown]
# *Weight decay* pulls all weights towards zero. Adam adds it to the gradient, and then divides by the gradient's size, which
# distorts it: with no other gradient, the decay alone makes a full step. AdamW keeps it out of that. One step from 1, with
# gradient zero and `weight_decay=0.01`:

# %%
for cls in (torch.optim.SGD, torch.optim.AdamW, torch.optim.Adam):
    w = torch.tensor(1.0, requires_grad=True)
    w.grad = torch.tensor(0.0)
    cls([w], lr=0.1, weight_decay=0.01).step()
    print(f"{cls.__name__:6}{w.item():.3f}")

# %% [markdown]
# ### Paths through a valley
#
# A long valley, steep across and flat along: $f(x, y) = x^2 / 20 + y^2$. On the left plain SGD at three rates. On the
# right SGD against momentum and Adam. All take 40 steps, but for the one that leaves the valley.


# %%
def path(cls, steps=40, **options):
    p = torch.tensor([-9.0, 2.0], requires_grad=True)
    optimizer, course = cls([p], **options), [p.tolist()]
    for _ in range(steps):
        optimizer.zero_grad()
        (p[0] ** 2 / 20 + p[1] ** 2).backward()
        optimizer.step()
        course.append(p.tolist())
    return torch.tensor(course)


SGD, Adam = torch.optim.SGD, torch.optim.Adam
rates = {
    f"SGD, lr {lr}": path(SGD, steps, lr=lr)
    for lr, steps in ((0.1, 40), (0.9, 40), (1.1, 6))
}
fast = rates["SGD, lr 0.9"]
assert torch.isclose(fast[1, 1], fast[0, 1] * (1 - 2 * 0.9))
rules = {
    "momentum": path(SGD, lr=0.1, momentum=0.8),
    "SGD, lr 0.9": fast,
    "Adam": path(Adam, lr=0.5),
}
u, v = torch.meshgrid(
    torch.linspace(-10, 4, 141), torch.linspace(-3, 3, 61), indexing="xy"
)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
for axis, paths in zip(axes, (rates, rules), strict=True):
    axis.contour(
        u, v, u**2 / 20 + v**2, levels=8, colors="#BBBBBB", linewidths=0.8
    )
    for name, course in paths.items():
        axis.plot(
            *course.T, marker=".", markersize=5, linewidth=1.2, label=name
        )
    axis.plot(0, 0, "k*", markersize=11)
    axis.set(xlim=(-10, 4), ylim=(-3, 3), xlabel="x", ylabel="y")
    axis.legend(loc="upper right")
alt = "Left: a slow path, a zigzag, one that flies out. Right: momentum swings, Adam curves."
plotting.show(figure, alt)

# %% [markdown]
# Across the valley, each step of SGD multiplies $y$ by $1 - 2 \cdot$ lr: beyond a rate of 1 it grows. Along the valley,
# that rate is still small. Momentum has the rate 0.1, at which plain SGD (on the left) gets no further than -6. It gathers
# speed along the valley, swings across it, and comes close to the goal. Adam's steps are as long in the flat direction as
# in the steep one; it takes a curve, and shoots past the goal.
#
# ### Schedules, groups, clipping · 学习率调度、参数组、梯度裁剪
#
# A *scheduler* changes the rate from step to step. Call `step()` of the optimizer first, then of the scheduler. A rise at
# the start, as `LinearLR` and `OneCycleLR` have it, is called *warm-up*.

# %%
from torch.optim import lr_scheduler

settings = {
    "StepLR": {"step_size": 30, "gamma": 0.4},
    "CosineAnnealingLR": {"T_max": 100},
    "OneCycleLR": {"max_lr": 1.0, "total_steps": 101},
    "LinearLR": {"start_factor": 0.1, "total_iters": 20},
}
figure, axis = plt.subplots(figsize=(7.5, 3))
for (name, options), style in zip(
    settings.items(), ("-", "--", "-.", ":"), strict=True
):
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = getattr(lr_scheduler, name)(optimizer, **options)
    rates = []
    for _ in range(100):
        rates += scheduler.get_last_lr()
        optimizer.step()
        scheduler.step()
    axis.plot(rates, style, label=name)
axis.set(xlabel="step", ylabel="rate", ylim=(0, 1.05), xlim=(0, 100))
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plotting.show(
    figure,
    alt="Four schedules: stairs, half a cosine, up and down again, a ramp at the start.",
)

# %% [markdown]
# *Parameter groups* have settings of their own: often biases are not decayed, or a part of the net learns at another rate.
# *Clipping* cuts gradients that are too long to a given length and keeps their direction, all parameters taken as one vector.
# (`clip_grad_norm_` has an underscore, since it works in place. The old name without it warns.)

# %%
weights = [p for name, p in net.named_parameters() if name.endswith("weight")]
biases = [p for name, p in net.named_parameters() if name.endswith("bias")]
groups = [
    {"params": weights, "weight_decay": 0.01},
    {"params": biases, "lr": 0.2},
]
for group in torch.optim.SGD(groups, lr=0.1).param_groups:
    print(
        f"{len(group['params'])} tensors, lr {group['lr']}, weight_decay {group['weight_decay']}"
    )

net.zero_grad()
(100 * F.cross_entropy(net(x), labels)).backward()
before = torch.cat([p.grad.flatten() for p in net.parameters()])
norm = nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0)
after = torch.cat([p.grad.flatten() for p in net.parameters()])
print(f"length before {norm:.1f}, after {after.norm():.3f}")
assert torch.allclose(after, before / before.norm(), atol=1e-5)

# %% [markdown]
# ## How weights start · 初始化
#
# Weights start at random, and their spread matters: each layer multiplies the signal's spread by a factor. For layers
# with $n$ inputs and ReLU, a standard deviation of $\sqrt{2/n}$ keeps the spread (He's rule, `kaiming_normal_`). A
# stack of 20 layers shows what becomes of the signal on its way forward, and of the gradient on its way back. (The names
# in `nn.init` end in an underscore too; old code has `nn.init.constant`, `nn.init.normal`, which warn.)


# %%
def spreads(start, width=128, depth=20):
    torch.manual_seed(0)
    hidden = [torch.randn(128, width)]
    for _ in range(depth):
        layer = nn.Linear(width, width, bias=False)
        start(layer.weight)
        hidden.append(F.relu(layer(hidden[-1])))
    back = torch.autograd.grad(hidden[-1], hidden[1:], torch.randn(128, width))
    return [h.std().item() for h in hidden[1:]], [g.std().item() for g in back]


he = (2 / 128) ** 0.5
starts = {
    "too large (2 x He)": lambda w: nn.init.normal_(w, std=2 * he),
    "He": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
    "too small (He / 2)": lambda w: nn.init.normal_(w, std=he / 2),
    "default of nn.Linear": lambda w: w,
}
figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.4), sharey=True)
for (name, start), style in zip(
    starts.items(), ("-.", "-", "--", ":"), strict=True
):
    for axis, spread in zip(axes, spreads(start), strict=True):
        axis.semilogy(range(1, 21), spread, style, label=name)
axes[0].set(title="forward: spread of the outputs", ylim=(1e-9, 1e9))
axes[1].set(title="backward: spread of the gradients")
plt.setp(axes, xlabel="layer", xticks=[1, 5, 10, 15, 20])
figure.legend(
    *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4
)
alt = "Spread by layer, logarithmic: only He's rule stays level; the others grow or fade."
plotting.show(figure, alt)
assert nn.Linear(128, 128).weight.abs().max() <= 128**-0.5

# %% [markdown]
# Read the right panel from right to left: that is the way of the gradient. What grows or fades forward does so
# backward. The default of `nn.Linear`, uniform within $\pm 1/\sqrt n$, is too small for a deep stack of ReLU layers. A
# LeNet of five layers can live with it.

# %% [markdown]
# ## Train on one batch first · 先过拟合一个批次
#
# All parts are here, and this is the loop: forward, loss, zero, backward, step. The first test of any training code is
# to learn *one* batch by heart. A right loop gets the loss close to zero; one that cannot has a mistake, and
# more data will not mend it.


# %% tags=["cifar10"]
def fit(net, criterion, zero=True):
    optimizer = torch.optim.Adam(net.parameters(), lr=0.003)
    losses = []
    for _ in range(40):
        loss = criterion(net(x), y)
        if zero:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


x, y = (
    (gray[:32] - gray.mean()) / gray.std(),
    torch.tensor(train_set.targets[:32]),
)
torch.manual_seed(0)
start = LeNet()
net = copy.deepcopy(start)
losses = fit(net, nn.CrossEntropyLoss())
right = (net(x).argmax(1) == y).sum().item()
print(f"{right} of {len(y)} right, loss below 0.05: {losses[-1] < 0.05}")
assert right == len(y) and losses[-1] < 0.05

# %% [markdown]
# The same batch with two mistakes: a softmax before the loss (see above), and gradients never zeroed (they add up, see
# page 02). Both programs run without an error. The curve tells.


# %% tags=["cifar10"]
def twice(scores, y):
    return F.cross_entropy(scores.softmax(1), y)


curves = {
    "right": losses,
    "softmax twice": fit(copy.deepcopy(start), twice),
    "never zeroed": fit(
        copy.deepcopy(start), nn.CrossEntropyLoss(), zero=False
    ),
}
figure, axis = plt.subplots(figsize=(7, 3))
for (name, curve), style in zip(
    curves.items(), ("-", "--", "-."), strict=True
):
    axis.plot(curve, style, label=name)
axis.set(
    xlabel="step", ylabel="loss on the batch", ylim=(0, 3.5), xlim=(0, 40)
)
axis.legend(loc="upper right", ncols=3)
plotting.show(
    figure, alt="The right loop reaches zero; the two with mistakes stay high."
)

# %% [markdown]
# To learn by heart is no success, only a proof that the loop works. How well a net does on pictures that it has not seen is
# the subject of [the next page](06_cifar10.ipynb): the same loop, over many batches.
#
# ## Recap
#
# - A net is a class: layers as attributes, and `forward`. LeNet's 61,706 parameters are mostly in `fc1`, its work in the
#   convolutions; hooks show what each layer passes on.
# - Most layers take one sample since 1.11, some misread it; `unsqueeze(0)` is right wherever the batch comes first. Never
#   let `-1` stand for the batch.
# - Output size and receptive field are arithmetic; gradients prove them.
# - `CrossEntropyLoss` and `BCEWithLogitsLoss` take raw scores. A softmax before it fails nowhere and learns badly.
# - Optimizers, schedules and starting weights can each be checked by hand; a single batch learned by heart checks the
#   loop.
#
# ## Exercises
#
# Put your code in the place of the three dots and run the check below it.
#
# **1.** How many parameters has LeNet for color pictures, with three channels in instead of one? By arithmetic.

# %%
from helpers.exercises import Check

answer_1 = ...
color = LeNet()
color.conv1 = nn.Conv2d(3, 6, 5)
check_1 = Check(
    sum(p.numel() for p in color.parameters()),
    hint="only the weights of conv1 grow",
)
check_1(answer_1)

# %% [markdown]
# **2.** A picture of 32 x 32 goes through a convolution with 7 x 7 filters, stride 2, padding 3, then pooling of 3 x 3 with
# stride 2 and padding 1. How large are the maps? Give height and width as a tuple.

# %%
answer_2 = ...
stem = nn.Sequential(
    nn.Conv2d(3, 8, 7, stride=2, padding=3),
    nn.MaxPool2d(3, stride=2, padding=1),
)
check_2 = Check(
    tuple(stem(torch.zeros(1, 3, 32, 32)).shape[2:]), hint="output_size, twice"
)
check_2(answer_2)

# %% [markdown]
# **3.** Find the gradient of cross entropy (the mean over the batch) by the scores `s`, without autograd. It has a simple form:
# the probabilities minus the target.

# %%
s = torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 3.0]], requires_grad=True)
labels = torch.tensor([0, 1])
answer_3 = ...
(by_autograd,) = torch.autograd.grad(F.cross_entropy(s, labels), s)
check_3 = Check(by_autograd, hint="it is a mean over two rows")
check_3(answer_3)

# %% [markdown]
# **4.** SGD with `lr=0.1` and momentum 0.9 meets the gradient 1 in each of three steps. It starts at 0. Where is the
# weight then?

# %%
answer_4 = ...
w = torch.tensor(0.0, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
for _ in range(3):
    w.grad = torch.tensor(1.0)
    optimizer.step()
check_4 = Check(w.item(), hint="each step is 0.9 of the last, plus 1")
check_4(answer_4)

# %% [markdown]
# ## Solutions
#
# In JupyterLab, click to open. They run and are verified like every other cell. Below each answer, a mistake and what the
# check says of it.

# %% jupyter={"source_hidden": true}
check_1(61_706 + 6 * 2 * 5 * 5)
check_1(61_706 + 2 * 5 * 5)  # a mistake: one filter instead of six

# %% jupyter={"source_hidden": true}
side = output_size(output_size(32, 7, s=2, p=3), 3, s=2, p=1)
check_2((side, side))
check_2((7, 7))  # a mistake: pooling without padding

# %% jupyter={"source_hidden": true}
check_3((s.detach().softmax(1) - F.one_hot(labels, 3)) / 2)
check_3(
    s.detach().softmax(1) - F.one_hot(labels, 3)
)  # a mistake: the mean forgotten

# %% jupyter={"source_hidden": true}
check_4(-0.1 * (1 + 1.9 + 2.71))
check_4(-0.1 * 3)  # a mistake: no momentum

# %% [markdown]
# ---
# Back: [differentiate automatically](02_autograd.ipynb) · On: [train a classifier on CIFAR-10](06_cifar10.ipynb)
