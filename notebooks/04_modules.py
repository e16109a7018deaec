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
# # Build a network from modules
#
# *用模块搭建神经网络*
#
# Autograd finds the gradient of a loss with respect to two weights or to sixty thousand. But who keeps sixty thousand
# weights in order? Who names them, hands them to an optimizer, writes them to a file, moves them to a GPU? In PyTorch
# this is the job of `nn.Module`. We use it to build the network of the [notes of 2017](16_notes_audited.ipynb), a small
# LeNet, and see what the class does for us, and which mistakes it does not catch.
#
# **You will**
#
# - write a network as an `nn.Module`, and count its parameters by hand;
# - save and load its state, and switch it between training and evaluation;
# - pass one sample instead of a mini-batch, and know which mistakes raise no error;
# - look inside a network with hooks, and see receptive fields and feature maps.
#
# **You need** to know what `backward()` does ([page 02](02_autograd.ipynb)). No GPU.
#
# **Time**: 21 min to read, 6 s to run (AMD EPYC, 2 cores).

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch
import torch.nn.functional as F
from torch import nn


# %% [markdown]
# ## A network is a class
#
# *神经网络是一个类*
#
# To write a network, you subclass `nn.Module` and answer two questions. Which layers does it have? That is `__init__`.
# How does the data pass through them? That is `forward`. Our example is the LeNet of the notes, for gray pictures of
# 32 x 32 pixels.
#
# It begins with two *convolutions* (卷积层), which slide small filters over the picture and note how well each of them
# matches, place by place. A gray picture has one *channel* (通道), its brightness; a color picture has three. A
# convolution puts out one channel for each of its filters. At the end are three *fully connected* layers (全连接层), in
# which every input acts on every output. In between, *ReLU* sets negative numbers to zero, and *max pooling* (最大池化)
# keeps the largest of each 2 x 2 numbers, which halves height and width.


# %% claims=["C10"]
class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)  # 1 channel in, 6 out, filters 5 x 5
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)  # one output for each of ten classes

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.flatten(1)  # merge all dimensions but the first
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


# %% [markdown]
# > **Then and now.** In the notes, `def forward` is indented by one space too few, and Python stops there. Their
# > `super(Net,self).__init__()` still works, and `x.view(x.size()[0],-1)` does here what `flatten(1)` does.
#
# You call a module like a function, `net(x)`, and the call runs `forward`. Four pictures of random noise go in, and out
# come ten *logits* for each, one score per class. The higher a score, the more the network favors its class.

# %% claims=["C10"]
torch.manual_seed(0)
net = LeNet()
pictures = torch.randn(4, 1, 32, 32)
scores = net(pictures)
scores.shape

# %% [markdown]
# Notice what we did not write: a method for the backward pass. Autograd records what `forward` does, so the gradients
# come for free. As a quick trial we call `backward()` on the sum of all scores. Each parameter gets a gradient of the
# same shape as itself, for example this one:

# %% claims=["C10"]
scores.sum().backward()
net.conv1.weight.shape, net.conv1.weight.grad.shape

# %% [markdown]
# > **Then and now.** In the notes, `forward` takes and returns *Variables*, because in those days a Tensor could not be
# > differentiated and had to be wrapped. Since PyTorch 0.4 there is nothing to wrap.
#
# The pictures need no gradient. The output is recorded all the same, since it depends on weights that do:

# %% claims=["C13"]
type(scores), pictures.requires_grad, scores.requires_grad

# %% [markdown]
# ## Print it and count it
#
# *参数*
#
# Print a module, and you see its layers in the order in which `__init__` made them. ReLU and pooling are missing,
# because here they are plain functions that `forward` calls.

# %% claims=["C11"]
print(net)

# %% [markdown]
# A module also knows the tensors that an optimizer is going to change, its *parameters* (参数). Each layer has a weight
# and a bias:

# %% claims=["C12"]
for name, p in net.named_parameters():
    print(name, tuple(p.shape))

# %% [markdown]
# How many numbers do these ten tensors hold? `numel` counts the elements of each:

# %% claims=["C12"]
sum(p.numel() for p in net.parameters())

# %% [markdown]
# Check one layer by hand: each of the 16 filters in `conv2` looks at 5 x 5 pixels in all 6 channels, and has one bias:

# %% claims=["C12"]
16 * (6 * 5 * 5) + 16, net.conv2.weight.numel() + net.conv2.bias.numel()


# %% [markdown]
# Most of the network is in `fc1`, which connects each of 400 inputs to each of 120 outputs.
#
# ## How a module finds its parts
#
# *参数注册*
#
# The trick is in the assignment: when you write `self.conv1 = ...`, `nn.Module` looks at the value, and if that is a
# module or an `nn.Parameter`, it is *registered* (注册) under this name. (`super().__init__()` prepares the registry.
# Without it, you get the error `cannot assign module before Module.__init__() call`.)
#
# Here is a layer of our own, meant to learn two numbers (its `forward` is left out):


# %%
class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.shift = torch.tensor(0.0, requires_grad=True)


list(Scale().named_parameters())


# %% [markdown]
# Only `scale` is there. `shift` gets gradients, but the module does not list it, so an optimizer that is given
# `parameters()` does not see it. Wrap it in `nn.Parameter`, and it is registered too.
#
# Modules can contain modules, and their parameters are found as well. But nobody looks inside a plain list:


# %%
class Stack(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(8, 8), nn.Linear(8, 8)]
        self.last = nn.Linear(8, 1)


stack = Stack()
[name for name, p in stack.named_parameters()]

# %% [markdown]
# The two layers in the list are missing. A `forward` that uses them runs without complaint, but the optimizer does not
# get them, a saved file does not contain them, and they do not move to a GPU with the rest. An `nn.ModuleList` is a
# list that is itself a module, so assigning one is all it takes:

# %%
stack.layers = nn.ModuleList(stack.layers)
[name for name, p in stack.named_parameters()]

# %% [markdown]
# Another container, `nn.Sequential`, also passes the data from each layer to the next, so you write no `forward`. We
# use it to run the first half of LeNet on its own. ReLU and pooling are modules this time, and the convolutions are the
# *same* objects as in `net`, not copies:

# %%
relu, pool = nn.ReLU(), nn.MaxPool2d(2)
features = nn.Sequential(net.conv1, relu, pool, net.conv2, relu, pool)
features(pictures).shape

# %% [markdown]
# Sixteen maps of 5 x 5 for each picture: this is where the `16 * 5 * 5` in `fc1` comes from.
#
# ## Save it and load it
#
# *保存与加载*
#
# What is worth keeping of a network is its `state_dict`, a dictionary from the names above to tensors, without any
# code. To get the network back from a file, make a new one of the same class and load the state into it. If a name or a
# shape does not match, that is an error. (We use a temporary folder; in your own code the path is simply `"lenet.pt"`.)

# %%
import tempfile

other = LeNet()
with tempfile.TemporaryDirectory() as folder:
    torch.save(net.state_dict(), folder + "/lenet.pt")
    other.load_state_dict(torch.load(folder + "/lenet.pt"))
torch.allclose(other(pictures), net(pictures))

# %% [markdown]
# The new network computes the same as the old one. If the file was saved on a GPU and you have none, write
# `torch.load(path, map_location="cpu")`. The trained weights of well-known networks are such files too, and
# `torchvision.models.resnet18(weights="DEFAULT")` builds such a network and downloads its weights. (Old code writes
# `pretrained=True`, which still works and warns.)
#
# > **Then and now.** `torch.load` used to run any code that was hidden in a file. Since PyTorch 2.6 it accepts little
# > more than tensors and plain data, unless you say `weights_only=False`. Still, load no file that you do not trust.
#
# One trap remains. A `state_dict` in memory is no snapshot. It shares the memory of the parameters, so your "best
# weights so far" silently become the latest ones. Here we take the state first, and then overwrite a bias:

# %%
state = other.state_dict()
with torch.no_grad():
    other.fc3.bias.zero_()
state["fc3.bias"]

# %% [markdown]
# To keep the weights as they are now, take `copy.deepcopy(other.state_dict())`.
#
# ## Training mode and evaluation mode
#
# *训练模式与测试模式*
#
# Some layers behave differently in training and afterwards. *Dropout* (随机失活) sets a random part of its input to zero,
# so that the network does not rely on any single number, and scales up the rest to make up for it. Once trained, the
# network should no longer gamble. `eval()` switches a module, with all modules registered in it, to evaluation mode,
# and `train()` switches it back. A new module is in training mode:

# %%
dropout, ones = nn.Dropout(0.5), torch.ones(1000)
dropout(ones).unique()

# %%
dropout.eval()
dropout(ones).unique()

# %% [markdown]
# In training, a thousand ones became zeros and twos. In evaluation, dropout does nothing.
#
# The other famous case is *batch norm* (批归一化). It subtracts from each feature its mean and divides by its standard
# deviation, in training those of the batch at hand, so that the next layer gets numbers of a moderate size:

# %%
norm = nn.BatchNorm1d(2)
batch = torch.tensor([[1.0, 10.0], [3.0, 30.0]])
norm(batch)

# %% [markdown]
# The two columns come out alike, although one was ten times as large. (The `grad_fn` is there because the layer then
# multiplies each feature by a weight and adds a bias, both learned, and 1 and 0 at the start.) But now the result for a
# sample depends on what else is in the batch. In evaluation it should not, so batch norm keeps running averages. They
# are part of the state but, unlike weight and bias, not parameters: the layer itself updates them, not the optimizer.
# Such tensors are called *buffers* (缓冲区):

# %%
dict(norm.named_buffers())

# %% [markdown]
# The running mean has moved a tenth of the way from 0 to the means of the batch, 2 and 20, and the running variance a
# tenth of the way from 1 to 2 and 200. (These variances are computed with N - 1. To normalize the batch itself, the
# layer uses N. And `num_batches_tracked` counts the batches.) In evaluation mode the averages are used, and a sample
# gets the same result alone as in company:

# %%
norm.eval()
norm(batch), norm(batch[:1])

# %% [markdown]
# If a network has such layers and you forget `eval()`, your test results depend on chance or on the rest of the batch.
# Or you get an error, since in training mode batch norm cannot work with a single value per channel:

# %% tags=["raises-exception"]
norm.train()
norm(batch[:1])

# %% [markdown]
# But `eval()` does *not* switch off autograd. That is the job of `torch.no_grad()`, and for testing you want both.

# %% [markdown]
# ## Buffers and devices
#
# *缓冲区与设备*
#
# When a module of yours needs a tensor that is not trained, such as the mean of all pictures, write
# `self.register_buffer("mean", mean)` in `__init__`. Then `self.mean` is saved, loaded, and moved to another device
# together with the parameters. A plain `self.mean = mean` without it would be left behind, a common reason for the
# error "Expected all tensors to be on the same device". (Once the buffer exists, `self.mean = new` replaces its value,
# and it stays a buffer.)
#
# Now move the network to your own device, the GPU if there is one. Where there is none, `current_accelerator` returns
# `None`, and we take the CPU. A *module* moves its own tensors, and `to` returns that same module. A *tensor* stays
# where it is, so you have to use what its `to` returns:

# %%
device = torch.accelerator.current_accelerator(check_available=True)
device = device or torch.device("cpu")
other.to(device) is other, other(pictures.to(device)).shape

# %% [markdown]
# ## One sample or a batch
#
# *单个样本与小批量*
#
# So far the network has always been given a *mini-batch* (小批量), several samples at once. What if you have one picture?
#
# > **Then and now.** In the notes `torch.nn` takes mini-batches only, four dimensions for `Conv2d`, and a single sample
# > needs `unsqueeze(0)` to become a batch of one. Since PyTorch 1.11 many layers take a single sample as well.
#
# `Conv2d` is one of them. A picture of three dimensions gives the same as a batch of one:

# %% claims=["C14", "C15"]
alone = net.conv1(pictures[0])
in_batch = net.conv1(pictures[0].unsqueeze(0))
alone.shape, in_batch.shape, torch.allclose(alone, in_batch[0], atol=1e-6)

# %% [markdown]
# But our LeNet refuses the same picture:

# %% claims=["C14"] tags=["raises-exception"] verify={"free": ["(?<!addmm: )(addmm: )?(?=mat1)"], "reason": "some releases name the operation in the message"}
net(pictures[0])

# %% [markdown]
# The sizes in the message say what happened. `flatten(1)` keeps the first dimension, which should be the batch. Here it
# holds the 16 maps of one picture, so `fc1` got 16 rows of 25 numbers where it wants rows of 400. The advice of the
# notes still helps:

# %% claims=["C14"]
net(pictures[0].unsqueeze(0)).shape

# %% [markdown]
# ### The mistakes that raise no error
#
# *不报错的错误*
#
# An error is the lucky case. Much old code flattens with `view(-1, 400)`, which cuts all numbers into rows of 400,
# however many that makes. It even accepts a single sample. But see what becomes of 25 pictures that are a little too
# large:

# %% claims=["C14"]
maps = features(torch.randn(25, 1, 36, 36))
maps.shape, maps.view(-1, 16 * 5 * 5).shape

# %% [markdown]
# Twenty-five pictures go in and thirty-six answers come out, most of them computed from pieces of two pictures. (Other
# batch sizes would have raised an error, unless they are multiples of 25, such as 100.) After `flatten(1)`, `fc1` would
# have refused. So do not let `-1` stand for the batch.
#
# Some layers make such a mistake on their own. Here is what they do with one sample *without* a batch dimension. (You
# will meet some of them only later.)
#
# | one sample goes into | what happens |
# |:--|:--|
# | `Linear`, `Conv2d`, `MaxPool2d`, `ReLU`, `LayerNorm`, `Embedding`, `LSTM` | the same as in a batch of one |
# | `BatchNorm2d`; `BatchNorm1d` on a vector | an error |
# | `GroupNorm`; `BatchNorm1d` on C x L | **no error if the sizes happen to fit**: other numbers |
# | `Upsample(scale_factor=2)` on C x H x W | **no error**: only the width grows |
#
# You need no table if you keep the batch dimension even for one sample. `unsqueeze(0)` adds it for all of these but
# one: without `batch_first=True`, `LSTM` has the batch *second*, and wants `unsqueeze(1)`.
#
# ### The order is N x C x H x W
#
# *维度顺序*
#
# The order in the notes, nSamples x nChannels x Height x Width, still holds. Now that three dimensions are allowed,
# there is a new trap: *three gray pictures* without a channel dimension look just like *one color picture*.

# %% claims=["C15"]
conv = nn.Conv2d(3, 6, 5)  # for color pictures
conv(torch.randn(3, 32, 32)).shape


# %% [markdown]
# Pictures from files usually have the color last. A batch of them, 2 x 32 x 32 x 3, is refused: "expected input[2, 32,
# 32, 3] to have 3 channels, but got 32 channels instead". Then `permute(0, 3, 1, 2)` puts the dimensions right.

# %% [markdown]
# ## Look inside with hooks
#
# *钩子*
#
# To see what happens between input and output, attach a *hook* (钩子) to a layer: a function that is called with the
# layer, its inputs and its output each time the layer has run. It stays there until you remove it, so keep the handle
# that `register_forward_hook` returns.


# %%
def print_shape(layer, inputs, output):
    print(layer, tuple(output.shape))


handles = [m.register_forward_hook(print_shape) for m in net.children()]
net(pictures)
for handle in handles:
    handle.remove()

# %% [markdown]
# A hook runs when its module is *called*. `net.forward(pictures)` would skip a hook on `net` itself, which is one good
# reason to write `net(pictures)`.
#
# A filter of 5 x 5 fits into 32 pixels at 28 places in each direction, and pooling halves that, so the side goes from
# 32 to 28, 14, 10 and 5. (Pooling has no hook here, so you do not see the 14 and the 5 above.) In general, a
# convolution or a pooling with kernel size $k$, stride $s$ and padding $p$ turns $n$ pixels into $\lfloor (n + 2p - k)
# / s \rfloor + 1$.
#
# ## Going further
#
# *更进一步*
#
# ### How much of the picture does an output see?
#
# *感受野*
#
# The pixels that an output can depend on are its *receptive field* (感受野). Autograd finds them: take one number that
# comes out of `conv1`, and its gradient with respect to the *picture*. A pixel that it cannot see has gradient zero.

# %%
noise = torch.randn(1, 1, 32, 32, requires_grad=True)
net.conv1(noise)[0, 0, 14, 14].backward()
noise.grad.count_nonzero()

# %% [markdown]
# It sees 25 pixels, those under one filter. Here is the same for all four layers, with the gradients of many random
# pictures added up, because max pooling passes on only one number in four. The brighter a pixel, the more it counts.
# The orange frames come from arithmetic: each layer adds $k - 1$ steps to the field, and a step is as long as the
# product of all strides before it.

# %%
from helpers.drawings.receptive_field import show_receptive_fields

show_receptive_fields(features)

# %% [markdown]
# Nothing outside of a frame lights up. Inside, some pixels count so little that they look dark: those under the small
# weights of the filter in `conv1`, and after the second pooling those at the rim, from which few paths lead to the
# output. That output sees a quarter of the picture.
#
# ### What does a filter respond to?
#
# *卷积核与特征图*
#
# Noise will not do here. We take a picture from CIFAR-10, the data set of [page 06](06_cifar10.ipynb), and turn it
# gray. (The first line below says where the pictures were found. If they cannot be had, drawn shapes stand in for
# them.)

# %% tags=["cifar10"] verify={"free": ["(?<=official pictures, )(found (in|at)|downloaded into) .+; (read from the cache and checked|checked and decoded) in [\\d.]+ s(\\.( \\(.+\\))?|, not kept .+)"], "reason": "where the pictures were found"}
from helpers import data

print(data.origin())
colors = torch.from_numpy(data.cifar10(train=True).data[29]) / 255
picture = colors.mean(-1).unsqueeze(0)
picture.shape

# %% [markdown]
# Training finds filters of its own, but to see what a filter can do, we make six by hand. The first has negative
# numbers (blue) on the left and positive ones (red) on the right, so it responds where the picture grows brighter from
# left to right. What it finds at each place makes up its *feature map* (特征图), drawn below it. Red is a positive
# response and blue a negative one, each map on its own scale:

# %% tags=["cifar10"]
from helpers.drawings.feature_maps import show_filters, six_filters

show_filters(picture, six_filters())

# %% [markdown]
# Most of them respond to edges, each in its own way. The last only averages, so it responds wherever the picture is
# bright, and its map is a blurred picture. `conv1` hands six such maps to the next layer, and training finds out which
# six are worth having.

# %% [markdown]
# ## Recap
#
# - A network is a class: `__init__` makes the layers, `forward` passes the data through, and `backward` comes for free.
#   Assignment registers a module or an `nn.Parameter`. What is in a plain list is not found.
# - A `state_dict` holds parameters and buffers. Save it to a file, or take a `deepcopy`, because in memory it changes
#   along with the network. `train()` and `eval()` change how dropout and batch norm behave.
# - Keep the batch dimension even for one sample, and do not let `-1` stand for it.
# - Hooks show what each layer passes on, and gradients show the receptive field of an output.

# %% [markdown]
# ## Exercises
#
# Write your code in place of the three dots and run the cell. The check tries it on inputs that are not on this page.
#
# **1. Count what an optimizer may change.** `trainable(net)` returns how many numbers an optimizer may change in a
# module, as an int. Parameters that are frozen, with `requires_grad` False, do not count.

# %% tags=["exercise"]
from helpers.exercises.modules import check_trainable


def trainable(net): ...


check_trainable(trainable)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# The page counts all numbers in one line. You need a condition in it.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `sum(... for p in net.parameters() if ...)`, and each parameter has the attribute `requires_grad`.
#
# </details>

# %% [markdown]
# **2. One picture or many.** Write a module `OneOrMany(net)` around any network that takes batches of pictures only. It
# takes a batch, N x C x H x W, and returns what the network returns. It also takes one picture, C x H x W, and then
# returns one answer, without a batch dimension.

# %% tags=["exercise"]
from helpers.exercises.modules import check_one_or_many


class OneOrMany(nn.Module):
    def __init__(self, net): ...

    def forward(self, x): ...


check_one_or_many(OneOrMany)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Do not forget `super().__init__()`. In `forward`, `x.dim()` tells you which of the two cases you have.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `unsqueeze(0)` adds the batch dimension and `[0]` takes it away again. A batch that happens to have one picture must
# keep it.
#
# </details>

# %% [markdown]
# **3. As many layers as you like.** Write `MLP(sizes)`, a network of fully connected layers (`nn.Linear`).
# `MLP([8, 32, 16, 2])` has three of them, 8 to 32, 32 to 16 and 16 to 2, with a ReLU between every two layers and none
# after the last.

# %% tags=["exercise"]
from helpers.exercises.modules import check_mlp


class MLP(nn.Module):
    def __init__(self, sizes): ...

    def forward(self, x): ...


check_mlp(MLP)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Python's `itertools.pairwise(sizes)` gives the pairs of sizes. Where do the layers have to be so that the module finds
# them?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Put the layers into an `nn.ModuleList`. In `forward`, go through all but the last with a ReLU, then apply the last.
#
# </details>

# %% [markdown]
# **4. A hook that remembers.** `record_shapes(net, x)` runs `net(x)` and returns a dictionary from the name of each
# child to the shape of its output, such as `{"conv1": (4, 6, 28, 28), ...}`. The children are those that
# `net.named_children()` gives, not what is inside them. No hook is left behind.

# %% tags=["exercise"]
from helpers.exercises.modules import check_record_shapes


def record_shapes(net, x): ...


check_record_shapes(record_shapes)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `net.named_children()` gives names and layers. A hook is a function that you may define inside a loop.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# A function defined in a loop looks up the loop's variable only when it is *called*, and by then it holds the last
# name. A parameter with a default, `def note(layer, inputs, output, name=name)`, keeps the name of its own iteration.
#
# </details>

# %% [markdown]
# **5. A state of your own (hard).** Write `Center(features)`, which does the first half of batch norm. Its input is N x
# `features`.
#
# - In training mode it subtracts the mean of each feature over the batch. It also updates a buffer `mean`, zeros at the
#   start, to 0.9 times its old value plus 0.1 times the batch's mean.
# - In evaluation mode it subtracts `mean`, which stays as it is. One sample, a vector of `features` numbers, is
#   accepted as well.
# - The gradient passes through the mean of the batch that is subtracted, but the buffer keeps no history of it.

# %% tags=["exercise"]
from helpers.exercises.modules import check_center


class Center(nn.Module):
    def __init__(self, features): ...

    def forward(self, x): ...


check_center(Center)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `self.training` says in which mode the module is. `self.register_buffer` makes the buffer.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Compute `mean = x.mean(0)` once. Subtract it as it is, and use `mean.detach()`, or `torch.no_grad()`, for the update
# of the buffer.
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# In JupyterLab, click on a solution to open it. Below each one is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
def trainable(net):
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


check_trainable(trainable)
# A typical mistake: frozen parameters are counted as well
check_trainable(lambda net: sum(p.numel() for p in net.parameters()))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
class OneOrMany(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        if x.dim() == 3:
            return self.net(x.unsqueeze(0))[0]
        return self.net(x)


check_one_or_many(OneOrMany)


# A typical mistake: squeeze removes the dimension of a batch of one, too
class Squeezed(OneOrMany):
    def forward(self, x):
        return self.net(x if x.dim() == 4 else x.unsqueeze(0)).squeeze(0)


check_one_or_many(Squeezed)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
from itertools import pairwise


class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Linear(a, b) for a, b in pairwise(sizes)
        )

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


check_mlp(MLP)


# A typical mistake: the layers are in a plain list
class Lost(MLP):
    def __init__(self, sizes):
        nn.Module.__init__(self)
        self.layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]


check_mlp(Lost)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 4
def record_shapes(net, x):
    shapes, handles = {}, []
    for name, layer in net.named_children():

        def note(layer, inputs, output, name=name):
            shapes[name] = tuple(output.shape)

        handles.append(layer.register_forward_hook(note))
    net(x)
    for handle in handles:
        handle.remove()
    return shapes


check_record_shapes(record_shapes)


# A typical mistake: all hooks share one variable, which holds the last name
def shares_the_name(net, x):
    shapes, handles = {}, []
    for name, layer in net.named_children():

        def note(layer, inputs, output):
            shapes[name] = tuple(output.shape)  # noqa: B023

        handles.append(layer.register_forward_hook(note))
    net(x)
    for handle in handles:
        handle.remove()
    return shapes


check_record_shapes(shares_the_name)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 5
class Center(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))

    def forward(self, x):
        if not self.training:
            return x - self.mean
        mean = x.mean(0)
        self.mean = 0.9 * self.mean + 0.1 * mean.detach()
        return x - mean


check_center(Center)


# A typical mistake: the buffer keeps the graph of all batches so far
class Recorded(Center):
    def forward(self, x):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
            return x - x.mean(0)
        return x - self.mean


check_center(Recorded)


# Another one: no buffer at all, so the state is neither saved nor moved
class Forgotten(Center):
    def __init__(self, features):
        nn.Module.__init__(self)
        self.mean = torch.zeros(features)


check_center(Forgotten)

# %% [markdown]
# ---
# Previous: [autograd in depth](03_autograd_in_depth.ipynb) ·
# Next: [losses and optimizers](05_losses_and_optimizers.ipynb)
