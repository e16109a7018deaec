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
# # Train a classifier on CIFAR-10
#
# *CIFAR-10 分类*
#
# Suppose somebody hands you 60,000 small photographs of ten kinds of things, frogs and trucks and airplanes among them, and asks for a program
# that tells them apart. You know what a network is and what an optimizer does. How do the pieces fit together, and how far can you trust what
# comes out? The notes answer with five steps: load the data, define a network, choose a loss and an optimizer, train, test. We will take all five, and
# look hard at the two places where beginners fool themselves: what a network learns by heart, and what a single accuracy hides.
#
# **You will**
#
# - load pictures through a `Dataset`, transform and normalize them, and batch them with a `DataLoader`;
# - set a validation set aside, and tell overfitting from its curves;
# - write a training loop, and know what each of its lines is for;
# - look behind the accuracy: at the confusion matrix, at single classes, at the worst mistakes;
# - save a checkpoint, and resume from it as if nothing had happened.
#
# **You need** to have built [a module](04_modules.ipynb) and used [an optimizer](05_losses_and_optimizers.ipynb). No GPU. The pictures are looked for on
# your machine, then downloaded; if neither works, drawn shapes stand in for them, and the first output says so.
#
# **Time**: 1 min to read, 1 s to run (not measured).

# %% tags=["cifar10"] verify={"free": ["(?<=pictures, ).*"], "reason": "where the pictures were found"}
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets, transforms
from torchvision.transforms import v2

import json
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

from helpers import data, plotting
from helpers.data.process_ids import ProcessIds
from helpers.drawings import cifar10 as drawings
from helpers.messages import print_warnings

plotting.use_style()
print(data.origin())

# %% [markdown]
# ## Step 1: load the pictures
#
# *加载数据*
#
# torchvision, the library beside PyTorch for all things visual, has a class for each of many public data sets. The notes name three of them:

# %% claims=["C18"]
[datasets.ImageNet, datasets.CIFAR10, datasets.MNIST]

# %% [markdown]
# > **Then and now.** `CIFAR10` and `MNIST` still fetch their files with `download=True`. `ImageNet` no longer has that argument: you register with
# > the project, accept its terms, and give the class the archives that you downloaded yourself.
#
# In your own programs you would write `datasets.CIFAR10("data", train=True, download=True)`. Here `data.cifar10` returns the same kind of object, but first
# looks for the files in the usual places, because the home server of CIFAR-10 can take an hour to send them.

# %% claims=["C21"]
train_set = data.cifar10(train=True)
test_set = data.cifar10(train=False)
len(train_set), len(test_set)

# %% [markdown]
# The 60,000 pictures come in two parts. We learn from the first and are judged by the second, and the rest of this page takes care that the
# two never mix.
#
# ### What a Dataset gives you
#
# *按下标访问*
#
# A `Dataset` (数据集) behaves like a list: it has a length, and an index gets you one sample, here a pair of picture and label. As long as nobody has asked for
# anything else, the picture is an image of Python's imaging library, in color and 32 pixels wide and high.

# %% claims=["C21", "C22"] tags=["cifar10"]
picture, label = train_set[0]
type(picture), picture.size, picture.mode, label

# %% [markdown]
# The label is a number; the names are in `classes`.

# %% claims=["C21"] tags=["cifar10"]
print(train_set.classes)

# %% tags=["cifar10"]
drawings.show_classes(train_set)

# %% [markdown]
# Try to read the pictures before you judge the network: quite a few of them are hard for people too. Before training anything, it also pays to know what
# a program that learned nothing would achieve. That depends on how often each class occurs:

# %%
labels = torch.tensor(train_set.targets)
labels.bincount()

# %% [markdown]
# All ten classes are equally frequent, so guessing is right one time in ten. That is our first baseline (基线): **10 %**.
#
# ### Transforms
#
# *数据转换*
#
# A network wants numbers rather than images: a float tensor with the color channels first. Turning one into the other is the work of a *transform*, and
# torchvision's current ones are in `transforms.v2`. Several are chained by `Compose`:

# %% claims=["C19"]
to_tensor = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
x = to_tensor(picture)
x.shape, x.dtype

# %% [markdown]
# With `scale=True`, values from 0 to 255 become values from 0 to 1. Older code does all of this in one word, `ToTensor`, which still works and
# gives the same numbers up to rounding:

# %% claims=["C19"]
x.allclose(transforms.ToTensor()(picture))

# %% [markdown]
# You could pass such a transform to the data set, and each picture would go through it whenever it is asked for. CIFAR-10 is small enough for something
# faster: we keep all pictures in one tensor of bytes, in PyTorch's order (sample, channel, row, column), and convert a mini-batch at a time.

# %%
pixels = torch.from_numpy(train_set.data).permute(0, 3, 1, 2).contiguous()
pixels.shape, pixels.dtype

# %% [markdown]
# ### Set a validation set aside
#
# *验证集*
#
# While we work on a network we make many choices: how long to train, with which learning rate, with or without augmentation. Each needs an honest
# judge. The training pictures are none, because the network has seen them. The test set would be, but only once: if we keep whatever scores
# best on it, we have fitted our choices to it, and its accuracy flatters us. So we split a *validation set* off the training pictures,
# use it as often as we like, and save the test set for the very end.

# %%
order = torch.randperm(50_000, generator=torch.Generator().manual_seed(0))
train, val = order[:45_000], order[45_000:]
len(train), len(val)

# %% [markdown]
# We shuffled before cutting, since a data set may be stored class by class. In this one each class has about 500 of the 5,000 validation pictures:

# %% tags=["cifar10"]
labels[val].bincount()

# %% [markdown]
# ### Normalize
#
# *归一化*
#
# The usual initial weights of a network suit inputs with a mean near 0 and a standard deviation near 1. Old tutorials write 0.5 for both, or copy
# numbers from each other. You can simply ask the data. Ask the *training* pictures only, since the others play the part of pictures that nobody has
# seen yet; 10,000 of them are plenty. `dim=(0, 2, 3)` leaves one number for each of red, green and blue.

# %% tags=["cifar10"]
sample = pixels[train[:10_000]].float() / 255
std, mean = torch.std_mean(sample, dim=(0, 2, 3))
mean, std

# %%
to_float = v2.ToDtype(torch.float32, scale=True)
subtract_and_divide = v2.Normalize(mean.tolist(), std.tolist())
normalize = v2.Compose([to_float, subtract_and_divide])

# %% [markdown]
# The transforms of `v2` take whole batches as well as single pictures, so one call prepares the first 1,000 training pictures:

# %% tags=["cifar10"] verify={"atol": 0.002, "reason": "sums of millions of numbers"}
x = normalize(pixels[train[:1000]])
x.mean(), x.std()

# %% [markdown]
# ### Data augmentation
#
# *数据增强*
#
# A frog two pixels further left is still a frog, and so is its mirror image. To the network these are different inputs, so we can make new training
# pictures from old ones for free. The classic recipe for CIFAR-10 pads each picture with 4 black pixels on all sides, cuts a random 32 x 32 piece
# out of that, and mirrors every other one on average:

# %%
crop = v2.RandomCrop(32, padding=4)
augment = v2.Compose([crop, v2.RandomHorizontalFlip()])

# %% tags=["cifar10"]
torch.manual_seed(0)
variants = torch.stack([augment(pixels[0]) for _ in range(7)])
drawings.show_variants(pixels[0], variants)

# %% [markdown]
# You decide what counts as "the same": mirroring suits frogs, but it would turn a handwritten *b* into a *d*. And only training pictures are augmented. Validation and
# test pictures stay as they are, or we would measure something else.
#
# There is one trap. We just saw that these transforms take a batch, so why not augment a batch at once? Let us hand over the same picture
# four times, and compare the results with the first of them:

# %%
four_times = pixels[:1].expand(4, -1, -1, -1)
batch = augment(four_times)
(batch == batch[0]).all()

# %% [markdown]
# All four were treated alike: a random transform rolls its dice *once per call*, for the whole batch. To get a fresh roll for each picture, the
# transform has to be called picture by picture, and the place for that is the data set.
#
# ### Write a Dataset
#
# *自定义数据集*
#
# Three methods make a data set of your own: one to set it up, one for the length, one for a single sample.


# %% claims=["C22"]
class Pictures(Dataset):
    def __init__(self, pixels, labels, transform=None):
        self.pixels, self.labels = pixels, labels
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        x = self.pixels[index]
        if self.transform is not None:
            x = self.transform(x)
        return x, self.labels[index]


# %% claims=["C22"] tags=["cifar10"]
train_data = Pictures(pixels[train], labels[train])
val_data = Pictures(pixels[val], labels[val])
x, y = train_data[0]
x.shape, y

# %% [markdown]
# ### DataLoader: batches and order
#
# *批量与打乱*
#
# A `DataLoader` (数据加载器) wraps a data set and is *iterable*: it fetches samples, stacks them into mini-batches and hands those out one after the other.

# %% claims=["C23"]
loader = DataLoader(train_data, batch_size=128, shuffle=True)
x, y = next(iter(loader))
x.shape, y.shape

# %% [markdown]
# One pass over the loader is one pass over the data, called an *epoch* (轮次). The last mini-batch holds what is left over:

# %% claims=["C25"]
[len(y) for x, y in DataLoader(val_data, batch_size=1024)]

# %% [markdown]
# These add up to 5,000. Some networks dislike a short last batch (think of batch normalization on two samples), and `drop_last=True` leaves it out. An epoch then
# misses a few samples, so keep it for training and never use it to measure:

# %% claims=["C25"]
loader_of_full_batches = DataLoader(val_data, batch_size=1024, drop_last=True)
[len(y) for x, y in loader_of_full_batches]

# %% [markdown]
# With `shuffle=True`, each epoch has a new order. Eight numbers in place of pictures show it; every number turns up once in each pass.

# %% claims=["C24"]
torch.manual_seed(0)
numbers = DataLoader(range(8), batch_size=4, shuffle=True)
list(numbers), list(numbers)

# %% [markdown]
# > **Then and now.** The notes say that a loader can use several *threads* (多线程). That was a slip: `num_workers=2` starts two worker *processes* (多进程), in 2017 as
# > today. The difference matters, because a process gets its own copy of the data set, and what it changes there you will never see.
#
# To check, `ProcessIds` is a data set whose samples are the identifiers of the process that made them. We can ask whether ours is among them,
# first without workers and then with two:

# %% claims=["C24"]
here = set(DataLoader(ProcessIds(8), batch_size=None))
workers = set(DataLoader(ProcessIds(8), batch_size=None, num_workers=2))
os.getpid() in here, os.getpid() in workers, len(workers)

# %% [markdown]
# Workers pay when making a sample is slow, such as decoding a large photograph, and cost time when it is fast, since they have to be started and their batches
# sent from process to process. Ours are fast, so this page does without. Time both before you decide.
#
# ### Pinned memory
#
# *锁页内存*
#
# Two more options turn up in almost every training script: `pin_memory=True` for the loader and `non_blocking=True` for `.to(device)`. They belong together.
# A GPU can copy from *pinned* memory, which the operating system promises not to move, while Python goes on to the next line; from ordinary memory, `non_blocking=True` has
# no effect. And without a GPU? Let us see what this machine says:

# %% verify={"free": ["(?s).+"], "reason": "a machine with a GPU pins the batch, and does not warn"}
with print_warnings():
    x, y = next(iter(DataLoader(val_data, batch_size=128, pin_memory=True)))
print("pinned:", x.is_pinned())

# %% [markdown]
# On a machine without a GPU, the loader warns that it has nothing to pin for, and the batch is an ordinary one. The other half is harmless too: moving a tensor to where
# it already is returns the tensor itself.

# %%
x.to("cpu", non_blocking=True) is x

# %% [markdown]
# So ask for both where there is a GPU, and expect nothing of them where there is none. Be careful only in the other direction: after
# `.to("cpu", non_blocking=True)` from a GPU, the numbers may not have arrived when you read them.
#
# ## Step 2: define the network
#
# *定义网络*
#
# We take the LeNet of [page 04](04_modules.ipynb). Only its first layer changes: pictures in color have three input channels instead of one.


# %% claims=["C20"]
class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
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
# The same code runs with and without a GPU if you choose the device once and move the network and each batch there.

# %%
device = torch.device("cpu")
if torch.accelerator.is_available():
    device = torch.accelerator.current_accelerator()

# %% claims=["C20"]
torch.manual_seed(0)
net = LeNet().to(device)
sum(p.numel() for p in net.parameters())

# %% [markdown]
# ## Step 3: choose a loss and an optimizer
#
# *损失函数和优化器*
#
# Cross entropy (交叉熵) compares the ten logits of a picture with its class, and stochastic gradient descent with momentum turns gradients into steps. The learning rate (学习率)
# starts at 0.05 and is lowered after each epoch along a cosine, so that the network first moves fast and settles in the end.

# %% claims=["C20"]
epochs = 3
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)

# %% [markdown]
# A quick check at this point catches many mistakes. A network that knows nothing should give each of ten classes a probability of about 1/10, so
# its cross entropy should be close to the logarithm of 10:

# %% tags=["cifar10"]
x, y = normalize(pixels[val[:1000]]), labels[val[:1000]]
criterion(net(x.to(device)), y.to(device)).item(), torch.tensor(10.0).log()

# %% [markdown]
# ## Step 4: train
#
# *训练*
#
# Here is the heart of the page, one epoch of training. The notes say that every training loop does three things: it gets the input, runs forward and backward, and updates
# the parameters. Look for a fourth.


# %% claims=["C20", "C26"]
def train_epoch(net, loader, optimizer):
    net.train()
    total = 0.0
    for pictures, labels in loader:
        x = normalize(pictures.to(device, non_blocking=True))
        y = labels.to(device, non_blocking=True)
        logits = net(x)
        loss = criterion(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
    return total / len(loader.dataset)


# %% [markdown]
# `net.train()` puts the network into training mode. The first two lines in the loop are the input, `net(x)` and `criterion` the forward pass
# (前向传播), `loss.backward()` computes the gradient of the loss with respect to each parameter (反向传播), and `optimizer.step()` updates the parameters. The fourth thing, which the notes leave out,
# is `zero_grad()`: `backward` *adds* to the gradients that are there already, as one weight shows. The derivative of $3w$ is 3, but after a second `backward`
# we read 6:

# %% claims=["C26"]
w = torch.tensor(1.0, requires_grad=True)
(3 * w).backward()
(3 * w).backward()
w.grad

# %% [markdown]
# The last line of the loop adds up the loss. It weighs each mini-batch with its size, because the mean of a batch of 72 should not count as much as that of a batch of 128.
#
# To see how the network does on pictures that it does not learn from, we need predictions without training. `eval()` puts layers such as dropout and batch
# normalization into evaluation mode. LeNet has neither, but the habit will save you one day. `inference_mode` tells autograd that no gradients are
# wanted, which saves time and memory.


# %% claims=["C20"]
@torch.inference_mode()
def predict(net, pixels):
    net.eval()
    parts = [net(normalize(x.to(device))).cpu() for x in pixels.split(1000)]
    return torch.cat(parts)


# %% [markdown]
# Now we train. After each epoch we look at the validation set, which costs one line and tells us whether we are learning or memorizing.

# %% claims=["C20", "C26"] tags=["cifar10"] verify={"reason": "training: rounding differs between machines and grows", "rtol": 0.06}
torch.manual_seed(0)
for epoch in range(epochs):
    train_loss = train_epoch(net, loader, optimizer)
    schedule.step()
    logits = predict(net, pixels[val])
    val_loss = criterion(logits, labels[val]).item()
    accuracy = (logits.argmax(1) == labels[val]).float().mean().item()
    print(f"epoch {epoch + 1}: training loss {train_loss:.3f},", end=" ")
    print(f"validation loss {val_loss:.3f}, accuracy {accuracy:.1%}")

# %% [markdown]
# Both losses fall, and they stay close to each other: after three epochs, the network is about as good on pictures that it has never seen as on those it
# trains on. It could still learn more. (The training loss is a mean over the whole epoch, in which the network kept improving, while the validation loss is
# taken at its end. That is why the second may well be the smaller one.)
#
# ## What overfitting looks like
#
# *过拟合*
#
# What if we go on for too long, or have too few pictures? Let us provoke it: the same network, only 1,000 training pictures, 20 epochs. The function
# records both losses after each epoch.


# %%
def losses_with(transform):
    torch.manual_seed(0)
    few = Pictures(pixels[train[:1000]], labels[train[:1000]], transform)
    loader = DataLoader(few, batch_size=50, shuffle=True)
    net = LeNet().to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    history = []
    for _ in range(20):
        train_loss = train_epoch(net, loader, optimizer)
        logits = predict(net, pixels[val[:1000]])
        val_loss = criterion(logits, labels[val[:1000]])
        history.append([train_loss, val_loss.item()])
    return torch.tensor(history)


# %% tags=["cifar10"] verify={"reason": "training: the curves may lie a little higher or lower", "shift": 40}
plain = losses_with(None)
figure, axis = plt.subplots()
axis.plot(range(1, 21), plain, label=["training", "validation"])
axis.set(xlabel="epoch", ylabel="loss", xticks=range(0, 21, 5), ylim=(0, 5))
axis.legend()
plotting.show(
    figure,
    alt="The training loss falls all the way. The validation loss falls at "
    "first, then turns and rises.",
)

# %% [markdown]
# This is what overfitting (过拟合) looks like. The training loss goes on falling, and if you looked at nothing else, you would be delighted. The validation loss follows for a
# few epochs, then turns around and rises. From there on the network learns these 1,000 pictures by heart, and grows ever more certain
# about pictures that it gets wrong. The best network was the one at the lowest point of the validation curve, and stopping there is called *early
# stopping* (早停); the last exercise builds it.
#
# More pictures would help most. The next best thing is to make them, so here is the same run with augmentation:

# %% tags=["cifar10"] verify={"reason": "training: the curves may lie a little higher or lower", "shift": 40}
augmented = losses_with(augment)
figure, axis = plt.subplots()
axis.plot(range(1, 21), augmented, label=["training", "validation"])
axis.set(xlabel="epoch", ylabel="loss", xticks=range(0, 21, 5), ylim=(0, 5))
axis.legend()
plotting.show(
    figure,
    alt="With augmentation, both losses fall slowly and stay near each other.",
)

# %% [markdown]
# The network meets no picture twice in quite the same form, so there is less to learn by heart. The training loss falls more slowly, which is not a defect but the point, and the
# validation loss ends far lower than before:

# %% tags=["cifar10"] verify={"atol": 0.8, "reason": "training with few pictures: the end varies from run to run"}
plain[-1], augmented[-1]

# %% [markdown]
# Augmentation is a remedy for overfitting, and no more than that. Our main run sees 45,000 pictures three times each and does not overfit, so there it would
# mostly slow the learning down. For the long runs of [the next page](07_cifar10_fast.ipynb) it is indispensable.
#
# ## Step 5: test
#
# *测试*
#
# All choices are made, so now, once, the test pictures:

# %% claims=["C20"] tags=["cifar10"] verify={"reason": "training: rounding differs between machines and grows", "rtol": 0.05}
test_pixels = torch.from_numpy(test_set.data).permute(0, 3, 1, 2).contiguous()
test_labels = torch.tensor(test_set.targets)
logits = predict(net, test_pixels)
guesses = logits.argmax(1)
(guesses == test_labels).float().mean()

# %% [markdown]
# More than five times the baseline of guessing. Is that good? A second baseline tells more: what the recipe of many old tutorials gets from the same network. It takes
# mini-batches of 4 pictures at a learning rate of 0.001, for two epochs. We ran it once and kept the result, here in percent:

# %% tags=["cifar10"]
record = Path("records/training/classic_recipe.json").read_text()
classic = json.loads(record)["baselines"]["LeNet, classic recipe"][0]
classic["accuracy"], classic["epochs"], classic["recipe"]["batch_size"]

# %% [markdown]
# The network is the same, so what differs is how it was trained: larger mini-batches, a larger learning rate that falls in time, and one epoch more. How much better can one do
# in a minute or two? That is the story of [page 07](07_cifar10_fast.ipynb).
#
# ### The confusion matrix
#
# *混淆矩阵*
#
# One number hides a great deal. Count instead, for each true class, what the network took it for. If we number the pairs of true class and guess from 0 to 99, `bincount`
# does the counting:

# %% tags=["cifar10"] verify={"color": 40, "reason": "training: single cells vary from run to run"}
pairs = 10 * test_labels + guesses
confusion = pairs.bincount(minlength=100).view(10, 10)
drawings.show_confusion(confusion, test_set.classes)

# %% [markdown]
# The diagonal holds what was right. The dark spots off it are worth reading: animals are mostly taken for other animals, cats and dogs above all for each other, and trucks
# for automobiles. The network confuses what looks alike.
#
# ### Class by class
#
# *每个类别的准确率*
#
# Divide the diagonal by the row sums, and you have the accuracy of each class, the share of its pictures that were recognized. In percent, in the order of `classes`:

# %% tags=["cifar10"] verify={"atol": 20, "reason": "training: single classes vary much more than their mean"}
per_class = confusion.diag() / confusion.sum(1)
(100 * per_class).round()

# %% [markdown]
# The classes are far apart. An average says little to somebody who needs the network for cats. As a group, the four vehicles do better than the six animals between them:

# %% tags=["cifar10"] verify={"atol": 0.06, "reason": "training"}
per_class[[0, 1, 8, 9]].mean(), per_class[2:8].mean()

# %% [markdown]
# ### The worst mistakes
#
# *最严重的错误*
#
# The cheapest way to learn about your network and your data is to look at the pictures with the highest loss, where the network was sure of itself and wrong. With
# `reduction="none"`, the loss is not averaged but stays one number for each picture.

# %% tags=["cifar10"] verify={"picture": "form", "reason": "which pictures are worst depends on the last bit of the training"}
losses = F.cross_entropy(logits, test_labels, reduction="none")
worst = losses.topk(10).indices
drawings.show_mistakes(
    test_pixels[worst], guesses[worst], test_labels[worst], test_set.classes
)

# %% [markdown]
# Some of these mistakes you may forgive. (Which ten they are depends on the last bit of the training, so yours may be others.) In real projects, this
# is also how wrong labels come to light.
#
# ## Save a checkpoint and resume
#
# *保存与恢复*
#
# Training may take days, and machines restart. A *checkpoint* (检查点) holds all that is needed to go on. The weights alone are not enough: SGD keeps a momentum for each parameter, and
# Adam even two numbers. Let us take a small run of two epochs, with a checkpoint after the first. Seeding each epoch makes the shuffling repeatable.

# %%
folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "lenet.pt"
few = DataLoader(Pictures(pixels[:1000], labels[:1000]), 50, shuffle=True)

# %%
net = LeNet().to(device)
optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
torch.manual_seed(1)
train_epoch(net, few, optimizer)
state = {"net": net.state_dict(), "optimizer": optimizer.state_dict()}
torch.save({"epoch": 1, **state}, path)
torch.manual_seed(2)
train_epoch(net, few, optimizer)
expected = net.fc3.bias.detach()

# %% [markdown]
# Now pretend that the machine went down after the first epoch. We build the network and the optimizer anew, with other random weights, and give both of them their state back.

# %%
resumed = LeNet().to(device)
optimizer = torch.optim.SGD(resumed.parameters(), lr=0.02, momentum=0.9)
checkpoint = torch.load(path, map_location=device, weights_only=True)
resumed.load_state_dict(checkpoint["net"])
optimizer.load_state_dict(checkpoint["optimizer"])
torch.manual_seed(2)
train_epoch(resumed, few, optimizer)
resumed.fc3.bias.allclose(expected, atol=1e-4)

# %% [markdown]
# The resumed run arrives at the same weights (up to rounding, on a GPU). Leave out the optimizer's state, and it does not: the momentum starts from zero again, and the
# run takes another path.

# %%
resumed.load_state_dict(checkpoint["net"])
optimizer = torch.optim.SGD(resumed.parameters(), lr=0.02, momentum=0.9)
torch.manual_seed(2)
train_epoch(resumed, few, optimizer)
resumed.fc3.bias.allclose(expected, atol=1e-4)

# %% [markdown]
# No error, no warning, only a run that differs a little. With a scheduler, save its `state_dict()` as well, and for an exact continuation without seeds of your own, the state
# of the random numbers, too.
#
# A last word about `weights_only=True`, the default since PyTorch 2.6. Files of `torch.save` are pickles, and a pickle can run any code while it is being loaded. With this option
# only tensors, simple Python values and types that you allowed explicitly are unpacked. That narrows the risk a good deal, but does not make a stranger's file safe: PyTorch's documentation of `torch.load` still says
# "Never load data from an untrusted source."
#
# ## Recap
#
# - A `Dataset` gives one `(picture, label)` for an index, and is the place for random transforms. A `DataLoader` makes mini-batches and a new order for each epoch. Its workers are processes.
# - Mean and standard deviation come from the training pictures. Choices are made on the validation set, and the test set is used once, at the end.
# - A training step: input, forward, **zero the gradients**, backward, update. Evaluation: `eval()` and `inference_mode()`.
# - When the validation loss turns upward while the training loss falls, the network is overfitting. Augmentation, more data or early stopping help.
# - Look at classes and at the worst mistakes. One accuracy hides both.
# - A checkpoint holds the optimizer's state as well as the weights. Load only what you trust.
#
# ## Exercises
#
# Put your code in place of the three dots and run the cell. The check below your code tries it on inputs that you do not see.
#
# **1. Only some classes.** Write a data set that wraps another and keeps only the samples of the classes in the list `wanted`. The new label of a sample is the
# place of its class in `wanted`, so that `OnlyClasses(train_set, [3, 5])` has the cats as class 0 and the dogs as class 1. Use `dataset.targets`, the list of all
# labels, to find the samples, so that no picture is loaded before somebody asks for it.


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
# **2. Evaluate.** Write `evaluate(net, loader)`, which returns the mean loss (cross entropy) and the accuracy over all samples of a loader, as two floats. No gradients, evaluation mode,
# and in the end the network is in the mode in which it came. The batches are ready for the network; do not normalize them. Mind the last one, which may be smaller.


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
# **3. So many steps.** Epochs are a convention. Write `fit(net, loader, optimizer, steps)`, which trains in training mode for exactly `steps` mini-batches, starting the loader anew as often
# as needed, and returns the list of the losses (cross entropy), one float for each step.


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
# `return` as soon as the list has `steps` losses. `itertools.cycle(loader)` looks shorter, but repeats the first epoch's batches forever.
#
# </details>

# %% [markdown]
# **4. Precision.** The accuracy of a class asks how many cats were recognized. *Precision* (精确率) asks the other way round: of the pictures that the network called a cat, how many are
# cats? Write `precision(logits, labels)`, which returns one float32 number for each class, and 0 for a class that the network never named.


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
# **5. Early stopping (hard).** Write a class that watches the validation loss. `EarlyStopping(net, patience)` is made before training. After each epoch, `update(loss)` gets the
# validation loss and returns whether to stop: `True` when the last `patience` epochs brought no loss lower than the best one before them. `restore()` puts the
# network back into its state after the best epoch.


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
# What does `net.state_dict()` return: copies, or the tensors that the optimizer is about to change? `copy.deepcopy` settles it.
#
# </details>

# %% [markdown]
# ## Solutions
#
# Each right answer is followed by a typical mistake, and what the check says about it.

# %% tags=["solution"] jupyter={"source_hidden": true}
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

# %% tags=["solution"] jupyter={"source_hidden": true}
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

# %% tags=["solution"] jupyter={"source_hidden": true}
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

# %% tags=["solution"] jupyter={"source_hidden": true}
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

# %% tags=["solution"] jupyter={"source_hidden": true}
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
# Back: [losses and optimizers](05_losses_and_optimizers.ipynb) · On: [train many times faster](07_cifar10_fast.ipynb)
