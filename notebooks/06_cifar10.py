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
# # Train a classifier on CIFAR-10
#
# *CIFAR-10 分类*
#
# Suppose somebody hands you 60,000 small photographs of ten kinds of things, frogs and trucks among them, and asks for
# a program that tells them apart. The [reading notes of 2017](16_notes_audited.ipynb) on which this book is built do it
# in five steps. We take all five, and look closely at what fools beginners: what a network learns by heart, and what a
# single accuracy hides.
#
# **You will**
#
# - load pictures through a `Dataset`, normalize them, and batch them with a `DataLoader`;
# - write a training loop, and detect overfitting with a validation set;
# - look behind the accuracy: at single classes and at the worst mistakes;
# - save a checkpoint, and resume from it as if nothing had happened.
#
# **You need** [modules](04_modules.ipynb) and [optimizers](05_losses_and_optimizers.ipynb), but no GPU. If the pictures
# cannot be found or downloaded, drawn shapes stand in for them, as the first output says.
#
# **Time**: 20 min to read, 32 s to run (AMD EPYC, 2 cores).

# %% tags=["cifar10"] verify={"free": ["(?<=official pictures, )(found (in|at)|downloaded into) .+; (read from the cache and checked|checked and decoded) in [\\d.]+ s(\\.( \\(.+\\))?|, not kept .+)"], "reason": "where the pictures were found"}
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch
import torch.nn.functional as F
from torch import nn

from helpers import data
from helpers.drawings import cifar10 as drawings

print(data.origin())

# %% [markdown]
# ## Step 1: load the pictures
#
# *加载数据*
#
# You rarely have to download a well-known data set by hand: torchvision has classes for several dozen. The notes name
# three:

# %% claims=["C18"]
from torchvision import datasets

[datasets.ImageNet, datasets.CIFAR10, datasets.MNIST]

# %% [markdown]
# > **Then and now.** `ImageNet` no longer has the argument `download`, and expects archives that you downloaded yourself.
#
# In your own script you would write `datasets.CIFAR10("data", train=True, download=True)`. Our `data.cifar10` returns the
# same, but first looks for the files in the usual places. The network learns from one part and is judged on the other:

# %% claims=["C21"]
train_set = data.cifar10(train=True)
test_set = data.cifar10(train=False)
len(train_set), len(test_set)

# %% [markdown]
# Such a `Dataset` (数据集) behaves like a list. An index gets you one sample, here a color picture of 32 x 32 pixels and its
# label, the number of its class:

# %% claims=["C21", "C22"] tags=["cifar10"]
picture, label = train_set[0]
picture.size, picture.mode, label, train_set.classes[label]

# %% tags=["cifar10"]
drawings.show_classes(train_set)

# %% [markdown]
# How often would a program that has learned nothing be right? That depends on how frequent each class is. `targets` is
# the list of all labels:

# %%
labels = torch.tensor(train_set.targets)
labels.bincount()

# %% [markdown]
# There are 5,000 pictures of each, so guessing is right one time in ten. These **10 %** are our baseline (基线), the number
# to beat.
#
# ### Transforms
#
# *数据转换*
#
# A network wants a float tensor with the color channels first. *Transforms*, which `Compose` chains, make one out of a
# picture. (`scale=True` maps 0 to 255 onto 0 to 1.) The current versions are in `transforms.v2`; the `ToTensor` of
# older code gives the same numbers, up to rounding, as the `True` at the end confirms:

# %% claims=["C19"]
from torchvision import transforms
from torchvision.transforms import v2

to_tensor = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
x = to_tensor(picture)
x.shape, x.dtype, x.allclose(transforms.ToTensor()(picture))

# %% [markdown]
# > **Then and now.** Two names in old scripts are errors today: `transforms.Scale` has become `Resize`, and
# > `RandomSizedCrop` has become `RandomResizedCrop`.
#
# Usually you hand such a chain to the data set, `CIFAR10(..., transform=to_tensor)`, which applies it to each picture as
# you ask for it. But transforms take many pictures at once too, which is faster, and CIFAR-10 is small enough to keep in
# one tensor of bytes. Its pixels are in `data`. (Old code has `train_data` and `train_labels` for `data` and `targets`,
# both errors today.)

# %%
pixels = torch.from_numpy(train_set.data).permute(0, 3, 1, 2).contiguous()
pixels.shape, pixels.dtype

# %% [markdown]
# ### Set a validation set aside
#
# *验证集*
#
# How long should we train, and with which learning rate? To choose, we have to measure, but not on the pictures that
# the network learns from, because it may simply remember them. Nor may we measure on the test set: if we keep what
# scores best there, part of its success is luck. So we split a *validation set* off the training pictures and save the
# test set for the end. As a data set may be stored class by class, we shuffle first. Of 5,000 validation pictures,
# about 500 should then belong to each class:

# %% tags=["cifar10"]
order = torch.randperm(50_000, generator=torch.Generator().manual_seed(0))
train, val = order[:45_000], order[45_000:]
labels[val].bincount()

# %% [markdown]
# ### Normalize
#
# *归一化*
#
# The usual initial weights suit inputs with a mean near 0 and a standard deviation near 1. So we subtract the mean of
# each color and divide by its standard deviation, measured on training pictures only. Averaging over `dim=(0, 2, 3)`,
# pictures, rows and columns, leaves one number each for red, green and blue:

# %% tags=["cifar10"]
std, mean = torch.std_mean(pixels[train[:10_000]] / 255, dim=(0, 2, 3))
to_float = v2.ToDtype(torch.float32, scale=True)
normalize = v2.Compose([to_float, v2.Normalize(mean.tolist(), std.tolist())])
mean, std

# %% [markdown]
# ### Data augmentation
#
# *数据增强*
#
# A frog two pixels further left is still a frog, and so is its mirror image, but to the network these are new inputs. The
# classic recipe of *data augmentation* pads each picture with 4 black pixels on all sides, cuts out a random 32 x 32
# piece, and mirrors half of the pictures, chosen at random:

# %% tags=["cifar10"]
augment = v2.Compose([v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip()])
torch.manual_seed(0)
variants = torch.stack([augment(pixels[0]) for _ in range(7)])
drawings.show_variants(pixels[0], variants)

# %% [markdown]
# Mirroring suits frogs, but would turn a handwritten *b* into a *d*. It is tempting to augment a whole batch in one call.
# Here is the same picture four times:

# %%
batch = augment(pixels[:1].expand(4, -1, -1, -1))
(batch == batch[0]).all()

# %% [markdown]
# All four came out alike: these transforms draw their random numbers *once per call*. So we call them for each picture,
# in a data set of our own. It has to say how long it is and what sample an index stands for:

# %% claims=["C22"]
from torch.utils.data import Dataset


class Pictures(Dataset):
    def __init__(self, pixels, labels, transform=None):
        self.pixels, self.labels, self.transform = pixels, labels, transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        x = self.pixels[index]
        if self.transform:
            x = self.transform(x)
        return x, self.labels[index]


# %% [markdown]
# ### DataLoader: batches and order
#
# *批量与打乱*
#
# A `DataLoader` (数据加载器) stacks samples into mini-batches. It is *iterable*, so a `for` loop gets one mini-batch after the
# other. The first holds 128 pictures and their labels:

# %% claims=["C23"]
from torch.utils.data import DataLoader

train_data = Pictures(pixels[train], labels[train])
loader = DataLoader(train_data, batch_size=128, shuffle=True)
x, y = next(iter(loader))
x.shape, y.shape

# %% [markdown]
# > **Then and now.** Old tutorials call `iter(loader).next()`, a method that is gone since PyTorch 1.13. Python's own
# > function `next(...)` works for every iterator.
#
# One pass over the data is called an *epoch* (轮次), and with `shuffle=True` each epoch gets an order of its own. Here are
# two epochs over the numbers from 0 to 7, in mini-batches of three:

# %% claims=["C25"]
torch.manual_seed(0)
numbers = DataLoader(range(8), batch_size=3, shuffle=True)
list(numbers), list(numbers)

# %% [markdown]
# Each number turns up once in each epoch. The last mini-batch holds the two left over; `drop_last=True` would skip it.
#
# > **Then and now.** The notes say that a loader can use several *threads* (多线程). That was a slip: `num_workers=2` starts
# > two worker *processes* (多进程), in 2017 as today. [Further down](#Workers) you can see them.
#
# ## Step 2: define the network
#
# *定义网络*
#
# This is the LeNet of [page 04](04_modules.ipynb) as a `Sequential`, with three input channels for pictures in color.


# %% claims=["C20"]
def lenet():
    first = [nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2)]
    second = [nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)]
    third = [nn.Flatten(), nn.Linear(16 * 5 * 5, 120), nn.ReLU()]
    last = [nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
    return nn.Sequential(*first, *second, *third, *last)


# %% [markdown]
# If the network and each batch move to one chosen device, the same code runs with and without a GPU.

# %% claims=["C20"]
device = torch.accelerator.current_accelerator(check_available=True)
device = device or torch.device("cpu")
torch.manual_seed(0)
net = lenet().to(device)

# %% [markdown]
# ## Step 3: choose a loss and an optimizer
#
# *损失函数和优化器*
#
# As on [page 05](05_losses_and_optimizers.ipynb), we take cross entropy (交叉熵), and SGD with momentum. A scheduler lowers
# the learning rate (学习率) after each epoch along a cosine, from 0.05 down to 0 after `T_max` epochs.

# %% claims=["C20"]
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3)

# %% [markdown]
# ## Step 4: train
#
# *训练*
#
# Here is the heart of the page, one epoch of training. The notes say that every training loop does three things: it gets
# the input, runs forward and backward, and updates the parameters. Can you find a fourth?


# %% claims=["C20", "C26"]
def train_epoch(net, loader, optimizer):
    net.train()
    total = 0.0
    for pictures, labels in loader:
        x, y = normalize(pictures.to(device)), labels.to(device)
        loss = criterion(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
    return total / len(loader.dataset)


# %% [markdown]
# `x` and `y` are the input, `net(x)` and `criterion` the forward pass (前向传播). `loss.backward()`, the backward pass
# (反向传播), computes the gradient of the loss with respect to each parameter, and `optimizer.step()` updates them. The
# fourth thing, which the notes leave out, is `zero_grad()`, without which `backward`
# [adds](02_autograd.ipynb#Gradients-accumulate) to the gradients of all earlier steps.
#
# > **Then and now.** A loop of 2017 begins with `x, y = Variable(x), Variable(y)`, which does nothing any more, so leave
# > it out. It ends with `total += loss.data[0]`, which is an error: `loss.item()` has taken its place.
#
# On the validation set we only predict. The network gives each class a score, its logit, and the highest is its guess.
# `eval()` puts dropout and batch normalization into evaluation mode (LeNet has neither, but make it a habit), and
# `inference_mode` tells autograd to record nothing.


# %% claims=["C20"]
@torch.inference_mode()
def predict(net, pixels):
    net.eval()
    parts = [net(normalize(x.to(device))).cpu() for x in pixels.split(500)]
    return torch.cat(parts)


# %% [markdown]
# Now we train for three epochs, and print the training loss, the validation loss and the validation accuracy of each:

# %% claims=["C20", "C26"] tags=["cifar10"] verify={"reason": "training: rounding differs between machines and grows", "rtol": 0.11}
torch.manual_seed(0)
for _ in range(3):
    train_loss = train_epoch(net, loader, optimizer)
    schedule.step()
    logits = predict(net, pixels[val])
    val_loss = criterion(logits, labels[val])
    accuracy = (logits.argmax(1) == labels[val]).float().mean()
    print(f"loss {train_loss:.3f}, validation {val_loss:.3f}, {accuracy:.1%}")

# %% [markdown]
# Both losses fall and stay close to each other, so the network does nearly as well on pictures that it has never seen
# as on those it trains on. (In the first epoch the validation loss is even the *lower* one, because it is measured at
# the end of the epoch, while the training loss is an average over the whole of it.)
#
# ## What overfitting looks like
#
# *过拟合*
#
# What if there are too few pictures, and we go on for too long? To see, we begin anew with a fresh network, and with
# Adam:


# %%
def new_run():
    net = lenet().to(device)
    return net, torch.optim.Adam(net.parameters(), lr=0.001)


# %% [markdown]
# The function `losses_with`, in the folded cells, hands 500 pictures and a transform to `Pictures`, trains such a network
# for 16 epochs with the loop of step 4, and records both losses after each. (For the validation loss, 1,000 pictures will
# do.) Without a transform, this is what happens:


# %% jupyter={"source_hidden": true}
def validation_loss(net):
    first = val[:1000]
    return criterion(predict(net, pixels[first]), labels[first]).item()


# %% jupyter={"source_hidden": true}
def losses_with(transform):
    torch.manual_seed(0)
    net, optimizer = new_run()
    few = Pictures(pixels[train[:500]], labels[train[:500]], transform)
    loader = DataLoader(few, batch_size=10, shuffle=True)
    history = []
    for _ in range(16):
        train_loss = train_epoch(net, loader, optimizer)
        history.append([train_loss, validation_loss(net)])
    return history


# %% tags=["cifar10"] verify={"reason": "training: the curves may lie higher or lower", "shift": 20}
drawings.show_losses(losses_with(None))

# %% [markdown]
# This is overfitting (过拟合). The training loss goes on falling, and by itself would delight you. The validation loss
# follows for some epochs, then turns and rises: the network is learning these 500 pictures by heart, and grows more
# certain of its mistakes on others. The network to keep was the one at the lowest point of the dashed curve, and *early
# stopping* (早停), the last exercise, finds it.
#
# More pictures would help most, and the next best thing is to make some from those we have. Here is the same run with
# augmentation:

# %% tags=["cifar10"] verify={"reason": "training: the curves may lie higher or lower", "shift": 20}
drawings.show_losses(losses_with(augment))

# %% [markdown]
# The network rarely meets a picture twice in the same form, so there is less to learn by heart. The training loss falls
# more slowly, but the validation loss no longer climbs, and ends lower than in the first run.
#
# ## Step 5: test
#
# *测试*
#
# We will not change the network of step 4 any more, so it may now meet the test pictures:

# %% claims=["C20"] tags=["cifar10"] verify={"reason": "training: rounding differs between machines and grows", "rtol": 0.06}
test_pixels = torch.from_numpy(test_set.data).permute(0, 3, 1, 2)
test_labels = torch.tensor(test_set.targets)
logits = predict(net, test_pixels)
guesses = logits.argmax(1)
(guesses == test_labels).float().mean()

# %% [markdown]
# That is more than five times what guessing gets. How far this can be taken on the same computer is the story of
# [the next page](07_cifar10_fast.ipynb).
#
# ### The confusion matrix
#
# *混淆矩阵*
#
# Which classes does the network confuse? A *confusion matrix* counts, for each true class, what the network took its
# pictures for. If we number the pairs of class and guess from 0 to 99, `bincount` does the counting:

# %% tags=["cifar10"] verify={"color": 60, "reason": "training: single cells vary from run to run"}
pairs = 10 * test_labels + guesses
confusion = pairs.bincount(minlength=100).view(10, 10)
drawings.show_confusion(confusion, test_set.classes)

# %% [markdown]
# The diagonal holds what was right. The darker spots beside it show what is confused: cats with dogs, and automobiles
# with trucks. The diagonal divided by the row sums is the accuracy of each class, here in percent and from airplane to
# truck:

# %% tags=["cifar10"] verify={"atol": 22, "integers": true, "reason": "training: single classes vary much more than their mean"}
per_class = confusion.diag() / confusion.sum(1)
(100 * per_class).round()

# %% [markdown]
# The classes differ widely. To somebody who needs the network for birds or cats, the average promises too much.
#
# ### The worst mistakes
#
# *最严重的错误*
#
# To learn about a network and its data, look at the pictures with the highest loss, where it was sure and wrong.
# `reduction="none"` keeps one loss for each picture, and `topk` finds the ten largest.

# %% tags=["cifar10"] verify={"picture": "form", "reason": "which pictures are worst depends on the last bit of the training"}
losses = F.cross_entropy(logits, test_labels, reduction="none")
i = losses.topk(10).indices
classes = test_set.classes
drawings.show_mistakes(test_pixels[i], guesses[i], test_labels[i], classes)

# %% [markdown]
# Above each picture, the first line is the network's guess and the second the label. (You may see other pictures than
# your neighbor, because rounding alone can change which are the worst.) If there is a green frog with the label "cat",
# look again: the network is right, and the *label* is wrong. In your own data, too, wrong labels come to light this
# way. (As long as you want to improve a network, study its mistakes on the validation set. What you learn from test
# pictures would go into your next choice, and then they are no longer a fair test.)
#
# ## Save a checkpoint and resume
#
# *保存与恢复*
#
# Training may take days, and machines restart. A *checkpoint* (检查点) holds what is needed to go on, which is more than the
# weights: SGD with momentum keeps a running sum of gradients for each parameter, and Adam two running averages. To see
# that a checkpoint is complete, we train for one epoch on a few pictures and save. (The folded cell makes a `path` in a
# temporary folder; your own might be `"lenet.pt"`.)

# %% jupyter={"source_hidden": true}
import tempfile

folder = tempfile.TemporaryDirectory()
path = f"{folder.name}/lenet.pt"

# %%
few = DataLoader(Pictures(pixels[:500], labels[:500]), 20, shuffle=True)
net, optimizer = new_run()
train_epoch(net, few, optimizer)
torch.save({"net": net.state_dict(), "opt": optimizer.state_dict()}, path)

# %% [markdown]
# Then we go on for a second epoch and keep the network's answers. The seed makes the shuffling repeatable, and
# `deterministic` does the same for convolutions on an NVIDIA GPU.

# %%
torch.backends.cudnn.deterministic = True
torch.manual_seed(2)
train_epoch(net, few, optimizer)
expected = predict(net, pixels[:100])

# %% [markdown]
# Now pretend that the machine went down after the first epoch. We make a new network and a new optimizer, and give *both*
# their state back.

# %%
net, optimizer = new_run()
checkpoint = torch.load(path, map_location=device, weights_only=True)
net.load_state_dict(checkpoint["net"])
optimizer.load_state_dict(checkpoint["opt"])

# %% [markdown]
# When we repeat the second epoch, are the answers the same?

# %%
torch.manual_seed(2)
train_epoch(net, few, optimizer)
predict(net, pixels[:100]).allclose(expected, atol=1e-3)

# %% [markdown]
# The resumed run ends where the other did, up to rounding. Leave out the line that restores the optimizer, and you get
# `False`, without error or warning. In a longer training you would also save the number of the epoch and, if there is a
# scheduler, its `state_dict()`.
#
# `torch.save` writes a pickle, and a pickle can run any code while it is loaded. With `weights_only=True`, the default
# since PyTorch 2.6, only tensors, plain Python values and types that you allow are unpacked. Still, the documentation
# says: "Never load data from an untrusted source."
#
# ## Going further
#
# *更进一步*
#
# ### Workers
#
# *多进程加载*
#
# Who makes the samples when a loader has workers? In our data set `ProcessIds`, every sample is the number of the process
# that made it. (`batch_size=None` hands them over one by one.) Is our own process, `os.getpid()`, among them, without
# workers and with two?

# %% claims=["C24"]
import os

from helpers.data.process_ids import ProcessIds

here = set(DataLoader(ProcessIds(8), batch_size=None))
workers = set(DataLoader(ProcessIds(8), batch_size=None, num_workers=2))
os.getpid() in here, os.getpid() in workers, len(workers)

# %% [markdown]
# Without workers our process made the samples itself; with two, it made none, and two others shared the work. This pays
# off when samples are slow to make, such as large photographs that must be decoded.
#
# With a GPU, `pin_memory=True` in the loader and `non_blocking=True` in `.to(device)` let Python go on while a batch is
# copied.
#
# ## Recap
#
# - A `Dataset` gives one sample for an index. A `DataLoader` makes shuffled mini-batches.
# - Make your choices on the validation set, and use the test set once, at the end.
# - A training step gets the input, runs forward, **zeroes the gradients**, runs backward, and updates.
# - If the training loss falls while the validation loss rises, the network overfits.
# - Look behind the accuracy, at the confusion matrix and the worst mistakes.
# - A checkpoint holds the optimizer's state too. Load only files that you trust.

# %% [markdown]
# ## Exercises
#
# Put your code in place of the three dots and run the cell. The check below your code tries it on inputs that you do
# not see.
#
# **1. Only some classes.** Write a data set that wraps another and keeps only the samples of the classes in the list
# `wanted`, in their old order. The new label of a sample is the place of its class in `wanted`, so that
# `OnlyClasses(train_set, [3, 5])` has the cats as class 0 and the dogs as class 1. Find the samples with
# `dataset.targets`, the list of all labels, so that no picture is loaded before somebody asks for it.


# %% tags=["exercise"]
from helpers.exercises.cifar10 import check_only_classes


class OnlyClasses(Dataset):
    def __init__(self, dataset, wanted): ...

    def __len__(self): ...

    def __getitem__(self, index): ...


check_only_classes(OnlyClasses)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# In `__init__`, make a list of the places in `dataset` that are kept. Its length is the length of the new data set.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `enumerate(dataset.targets)` goes through places and labels together, and `wanted.index(label)` is the new label.
#
# </details>

# %% [markdown]
# **2. Evaluate.** Write `evaluate(net, loader)`, which returns the mean loss (cross entropy) and the accuracy over all
# samples of a loader, as two floats. It should record no gradients, evaluate in evaluation mode, and leave the network in
# the mode in which it came. The batches are ready for the network, so do not normalize them. Mind the last one, which may
# be smaller.


# %% tags=["exercise"]
from helpers.exercises.cifar10 import check_evaluate


def evaluate(net, loader): ...


check_evaluate(evaluate)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `net.training` tells the mode, and `net.train(mode)` sets it, to `False` as well as to `True`.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Add up losses with `reduction="sum"` and count hits and samples. Divide once, at the end.
#
# </details>

# %% [markdown]
# **3. An exact number of steps.** Nothing says that training has to end with an epoch. Write
# `fit(net, loader, optimizer, steps)`, which trains in training mode for exactly `steps` mini-batches, starting the
# loader anew as often as needed, and returns the list of the losses (cross entropy), one float for each step.


# %% tags=["exercise"]
from helpers.exercises.cifar10 import check_fit


def fit(net, loader, optimizer, steps): ...


check_fit(fit)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Two loops: the outer one goes on while there are too few losses, the inner one goes through the loader.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `return` as soon as the list has `steps` losses. `itertools.cycle(loader)` looks shorter, but repeats the first
# epoch's batches forever.
#
# </details>

# %% [markdown]
# **4. Precision.** The accuracy of a class asks how many cats were recognized. *Precision* (精确率) asks the other way
# round: of the pictures that the network called a cat, how many are cats? Write `precision(logits, labels)`, which
# returns one float32 number for each class, and 0 for a class that the network never named.


# %% tags=["exercise"]
from helpers.exercises.cifar10 import check_precision


def precision(logits, labels): ...


check_precision(precision)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# What the network called a cat is a column of the confusion matrix. The number of classes is `logits.shape[1]`.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# A column without entries gives 0 / 0, which is `nan`. Dividing by a sum of at least 1 avoids it: `clamp(min=1)`.
#
# </details>

# %% [markdown]
# **5. Early stopping (hard).** Write a class that watches the validation loss. `EarlyStopping(net, patience)` is made
# before training. After each epoch, `update(loss)` gets the validation loss and returns whether to stop: `True` when
# the last `patience` epochs brought no loss lower than the best one before them. `restore()` puts the network back into
# its state after the best epoch, the first one if several are equal.


# %% tags=["exercise"]
from helpers.exercises.cifar10 import check_early_stopping


class EarlyStopping:
    def __init__(self, net, patience): ...

    def update(self, loss): ...

    def restore(self): ...


check_early_stopping(EarlyStopping)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Keep the best loss (at first `float("inf")`), a count of epochs since then, and the state of the network at that time.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# What does `net.state_dict()` return: copies, or the tensors that the optimizer is about to change? `copy.deepcopy`
# settles it.
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# In JupyterLab, click on a solution to open it. Below each one is a typical mistake, with what the check says about it.

# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1


class OnlyClasses(Dataset):
    def __init__(self, dataset, wanted):
        self.dataset, self.wanted = dataset, wanted
        labels = enumerate(dataset.targets)
        self.places = [n for n, label in labels if label in wanted]

    def __len__(self):
        return len(self.places)

    def __getitem__(self, index):
        picture, label = self.dataset[self.places[index]]
        return picture, self.wanted.index(label)


check_only_classes(OnlyClasses)


# A typical mistake: the old labels, which a net of two classes cannot have
class OldLabels(OnlyClasses):
    def __getitem__(self, index):
        return self.dataset[self.places[index]]


check_only_classes(OldLabels)

# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2


@torch.inference_mode()
def evaluate(net, loader):
    mode = net.training
    net.eval()
    loss = hits = count = 0
    for x, y in loader:
        logits = net(x)
        loss += F.cross_entropy(logits, y, reduction="sum").item()
        hits += (logits.argmax(1) == y).sum().item()
        count += len(y)
    net.train(mode)
    return loss / count, hits / count


check_evaluate(evaluate)


# A typical mistake: the mean of the means, in which a small last batch
# weighs as much as a full one
@torch.inference_mode()
def mean_of_means(net, loader):
    mode = net.training
    net.eval()
    results = [(net(x), y) for x, y in loader]
    net.train(mode)
    losses = [F.cross_entropy(logits, y) for logits, y in results]
    hits = [(logits.argmax(1) == y).float().mean() for logits, y in results]
    return torch.stack(losses).mean().item(), torch.stack(hits).mean().item()


check_evaluate(mean_of_means)

# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3


def fit(net, loader, optimizer, steps):
    net.train()
    losses = []
    while True:
        for x, y in loader:
            loss = F.cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == steps:
                return losses


check_fit(fit)


# A typical mistake: no zero_grad
def fit_without_zeroing(net, loader, optimizer, steps):
    net.train()
    losses = []
    while True:
        for x, y in loader:
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == steps:
                return losses


check_fit(fit_without_zeroing)

# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 4


def precision(logits, labels):
    classes = logits.shape[1]
    pairs = classes * labels + logits.argmax(1)
    confusion = pairs.bincount(minlength=classes**2).view(classes, classes)
    return confusion.diag() / confusion.sum(0).clamp(min=1)


check_precision(precision)


# A typical mistake: sums of rows, which give the accuracy of each class
def recall(logits, labels):
    classes = logits.shape[1]
    pairs = classes * labels + logits.argmax(1)
    confusion = pairs.bincount(minlength=classes**2).view(classes, classes)
    return confusion.diag() / confusion.sum(1).clamp(min=1)


check_precision(recall)

# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 5
import copy


class EarlyStopping:
    def __init__(self, net, patience):
        self.net, self.patience = net, patience
        self.best, self.waited = float("inf"), 0

    def update(self, loss):
        self.waited += 1
        if loss < self.best:
            self.best, self.waited = loss, 0
            self.state = copy.deepcopy(self.net.state_dict())
        return self.waited >= self.patience

    def restore(self):
        self.net.load_state_dict(self.state)


check_early_stopping(EarlyStopping)


# A typical mistake: a state_dict that is no copy
class NoCopy(EarlyStopping):
    def update(self, loss):
        if loss < self.best:
            self.state_at_best = self.net.state_dict()
        return super().update(loss)

    def restore(self):
        self.net.load_state_dict(self.state_at_best)


check_early_stopping(NoCopy)

# %% [markdown]
# ---
# Previous: [losses and optimizers](05_losses_and_optimizers.ipynb) ·
# Next: [train many times faster](07_cifar10_fast.ipynb)
