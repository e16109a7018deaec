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
# # Train a classifier on CIFAR-10 · CIFAR-10 分类
#
# Section 2.2 of the notes names five steps from pictures to a tested network. Here they are, run on the real
# data set: 60,000 photographs in ten classes.
#
# **You will**
#
# - load CIFAR-10 with torchvision, look at it, and normalize it by its own mean and deviation;
# - batch and shuffle it with a `DataLoader`, and see what its workers are;
# - write the training loop, and know what each of its lines is for;
# - judge the result: overall, class by class, and by its worst mistakes;
# - save the trained network and load it again.
#
# **You need** tensors and `nn.Module` in outline. No GPU. CIFAR-10 is found on your machine or downloaded; failing
# both, drawn shapes stand in for it, and the page says so.
#
# **Time**: 22 min to read, 22 s to run (Intel(R) Xeon(R) Processor, 2 cores).
#
# ## Step 1: load the data · 加载数据
#
# The book's helpers lie beside the notebooks. `data.origin()` says where the pictures come from.

# %% tags=["cifar10"] verify={"free": ["(?<=pictures, ).*"], "reason": "where the pictures were found"}
import sys

sys.path.insert(0, "..")  # the folder that holds helpers/

from helpers import data, plotting

plotting.use_style()
print(data.origin())

# %% [markdown]
# torchvision has ready-made classes for many public data sets: the notes name ImageNet, CIFAR-10 and MNIST.

# %% claims=["C18"]
from torchvision import datasets

[name for name in ("ImageNet", "CIFAR10", "MNIST") if hasattr(datasets, name)]

# %% [markdown]
# > **Then and now.** CIFAR-10 and MNIST still have `download=True`. ImageNet has not: its class has no such
# > argument any more, and asks for archives that you have fetched yourself under its license.

# %% claims=["C18"]
import inspect

for cls in (datasets.ImageNet, datasets.CIFAR10, datasets.MNIST):
    print(
        f"{cls.__name__:8} download argument: {'download' in inspect.signature(cls).parameters}"
    )

# %% [markdown]
# `data.cifar10` returns `torchvision.datasets.CIFAR10(root, train=...)` from wherever the pictures were found. They
# come in two parts: one to learn from, one to be tested with, never mixed.

# %% claims=["C21"]
train_set, test_set = data.cifar10(train=True), data.cifar10(train=False)
print(
    len(train_set),
    "+",
    len(test_set),
    "pictures,",
    len(train_set.classes),
    "classes",
)
assert len(train_set) + len(test_set) == 60_000

# %% [markdown]
# ### A Dataset is indexed · 按下标访问
#
# A `Dataset` gives `(picture, label)` for an index. Without a transform, the picture is a PIL image.

# %% claims=["C22"]
picture, label = train_set[0]
print(
    type(picture).__name__,
    picture.size,
    picture.mode,
    "label:",
    type(label).__name__,
)

# %% [markdown]
# The label is a number from 0 to 9; `classes` has the names.

# %% claims=["C21", "C22"] tags=["cifar10"]
print(label, "is", train_set.classes[label])
print(train_set.classes)

# %% [markdown]
# Every class has the same number of pictures, in both parts. So guessing at random is right in 10 % of the cases:
# the mark to beat.

# %%
import torch

labels, test_labels = (
    torch.tensor(train_set.targets),
    torch.tensor(test_set.targets),
)
labels.bincount(), test_labels.bincount()

# %% [markdown]
# Ten of each class, one class a row. They are small: 32 x 32 pixels.

# %% tags=["cifar10"]
rows = torch.stack([(labels == c).nonzero().flatten()[:10] for c in range(10)])
figure = plotting.picture_grid(
    train_set.data[rows.flatten()], columns=10, size=0.62
)
for c, name in enumerate(train_set.classes):
    figure.axes[10 * c].set_ylabel(name, rotation=0, ha="right", va="center")
plotting.show(
    figure, alt="Ten rows of ten small color pictures, one row for each class."
)

# %% [markdown]
# ### Transforms · 数据转换
#
# A transform turns the picture into what a net takes: a float tensor, channels first. In today's torchvision these are
# in `transforms.v2`.

# %% claims=["C19"]
from torchvision.transforms import v2

to_tensor = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
x = to_tensor(picture)
x.shape, x.dtype

# %% [markdown]
# `scale=True` maps 0..255 to 0..1. The old one-word form, `ToTensor`, gives the same numbers but
# for the last bit: one divides by 255, the other multiplies by its inverse.

# %% claims=["C19"] tags=["cifar10"]
from torchvision import transforms

assert torch.allclose(x, transforms.ToTensor()(picture))
x.min(), x.max()

# %% [markdown]
# ### Normalize by the data's own figures · 归一化
#
# The first weights of a net are chosen for inputs with mean 0 and deviation 1. Old tutorials use 0.5 for both, or quote numbers; the data
# can be asked. All pictures as one `uint8` tensor, channels first (N x C x H x W):

# %%
pixels = torch.from_numpy(train_set.data).permute(0, 3, 1, 2).contiguous()
test_pixels = torch.from_numpy(test_set.data).permute(0, 3, 1, 2).contiguous()
pixels.shape, pixels.dtype

# %% [markdown]
# One mean and one deviation for red, green and blue, from the training pictures only: the test pictures are not to be
# looked at before the test.

# %% tags=["cifar10"]
mean = torch.stack([pixels[:, c].float().mean() for c in range(3)]) / 255
std = torch.stack([pixels[:, c].float().std() for c in range(3)]) / 255
print("mean", mean, " deviation", std)

# %% [markdown]
# The v2 transforms take whole batches too. One call prepares a thousand pictures, and gives what a picture at a time
# gives.

# %%
to_float = v2.ToDtype(torch.float32, scale=True)
normalize = v2.Compose([to_float, v2.Normalize(mean.tolist(), std.tolist())])
batch = normalize(pixels[:1000])
one_by_one = torch.stack(
    [normalize(to_tensor(train_set[i][0])) for i in range(1000)]
)
assert torch.allclose(batch, one_by_one, atol=1e-6)
batch.shape, batch.dtype

# %% tags=["cifar10"]
print(f"mean {batch.mean().item():.3f}, deviation {batch.std().item():.3f}")
assert abs(batch.mean()) < 0.1 and abs(batch.std() - 1) < 0.1

# %% [markdown]
# ## DataLoader: batches, order, workers · 批量、打乱
#
# A `DataLoader` is iterable and joins samples to batches. Here on the first 1,000 pictures, 128 at a time.
# (`TensorDataset` pairs two tensors row by row; `Subset` takes some of the pairs.)

# %% claims=["C23"]
from torch.utils.data import DataLoader, Subset, TensorDataset

samples = TensorDataset(pixels, labels)
first = Subset(samples, range(1000))
xs, ys = next(iter(DataLoader(first, batch_size=128)))
xs.shape, ys.shape

# %% [markdown]
# One pass over the loader is one pass over the data, called an *epoch*. Count: 7 full batches and the rest.

# %% claims=["C25"]
sizes = [len(ys) for xs, ys in DataLoader(first, batch_size=128)]
print(sizes, "sum", sum(sizes))
assert sum(sizes) == len(first)

# %% [markdown]
# `drop_last=True` leaves the short batch out; then a pass is *not* quite the whole data.

# %% claims=["C25"]
print(
    [len(ys) for xs, ys in DataLoader(first, batch_size=128, drop_last=True)]
)

# %% [markdown]
# `shuffle=True` draws a new order in each pass. Numbers in the place of pictures show it: another order, the same
# members.

# %% claims=["C24"]
torch.manual_seed(0)
loader = DataLoader(range(8), batch_size=4, shuffle=True)
passes = [torch.cat(list(loader)) for _ in range(2)]
print(*passes, sep="\n")
assert all(torch.equal(p.sort().values, torch.arange(8)) for p in passes)

# %% [markdown]
# ### Workers are processes · 多进程，不是多线程
#
# > **Then and now.** The notes say that the loader works with several *threads*. It was a slip then and is one today:
# > `num_workers=2` starts two worker *processes*. A data set that returns the number of the process that made each
# > sample is the proof. (Its class is in a module, so that workers can import it. Data sets defined in a notebook cell
# > fail on Windows and macOS, and on Linux from Python 3.14 on.)

# %% claims=["C24"]
import os

from helpers.data.process_ids import ProcessIds

here = {int(p) for p in DataLoader(ProcessIds(8))}
workers = {int(p) for p in DataLoader(ProcessIds(8), num_workers=2)}
print(f"num_workers=0: this process itself: {here == {os.getpid()}}")
print(
    f"num_workers=2: {len(workers)} processes, this one among them: {os.getpid() in workers}"
)
assert (
    here == {os.getpid()} and len(workers) == 2 and os.getpid() not in workers
)

# %% [markdown]
# Do they pay? Workers have to be started, and their batches sent between processes. Timed on 2,000 pictures,
# transformed one at a time; your figures will differ.

# %% verify={"reason": "durations", "timing": true}
import time

transformed = data.cifar10(
    train=True, transform=v2.Compose([to_tensor, normalize])
)
one_at_a_time = Subset(transformed, range(2000))
for number in (0, 2):
    start = time.perf_counter()
    count = sum(
        len(ys)
        for xs, ys in DataLoader(
            one_at_a_time, batch_size=128, num_workers=number
        )
    )
    print(
        f"num_workers={number}: {count} pictures in {time.perf_counter() - start:.2f} s"
    )

# %% [markdown]
# Sometimes they do, sometimes not: it depends on how slow a sample is to make and on whether cores are idle. So measure.
# This page needs none: it keeps all pixels in memory and normalizes a whole batch in one call.
#
# ## Step 2: define the network · 定义网络
#
# LeNet, as in the notes, for three color channels instead of one: `Conv2d(3, 6, 5)`.

# %% claims=["C20"]
import torch.nn.functional as F
from torch import nn


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
# The net goes to the accelerator if there is one. A seed makes its random start the same each time.

# %% verify={"free": ["on \\w+"], "reason": "the device of the machine"}
device = torch.accelerator.current_accelerator(
    check_available=True
) or torch.device("cpu")
torch.manual_seed(0)
net = LeNet().to(device)
print(sum(p.numel() for p in net.parameters()), "parameters, on", device.type)

# %% [markdown]
# Untrained, it guesses. Guessing among ten classes costs the logarithm of 10 in cross entropy.

# %% tags=["cifar10"]
with torch.inference_mode():
    scores = net(batch.to(device))
untrained = F.cross_entropy(scores, labels[:1000].to(device)).item()
print(
    f"loss before training {untrained:.3f}, of a guess {torch.tensor(10.0).log():.3f}"
)

# %% [markdown]
# ## Step 3: loss and optimizer · 损失函数和优化器
#
# Cross entropy from raw scores; stochastic gradient descent with momentum. The rate of the steps rises, then
# falls to zero (`OneCycleLR`): large steps first, small ones to settle. (`nesterov` is a variant of momentum that looks
# one step ahead. `cycle_momentum=False` keeps the momentum as it is; else it would fall while the rate rises.)

# %% claims=["C20"]
epochs = 3
loader = DataLoader(samples, batch_size=128, shuffle=True)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(
    net.parameters(), lr=0.05, momentum=0.9, nesterov=True
)
steps = epochs * len(loader)
schedule = torch.optim.lr_scheduler.OneCycleLR(
    optimizer, max_lr=0.05, total_steps=steps, cycle_momentum=False
)
print(len(loader), "steps an epoch,", steps, "in all")

# %% [markdown]
# ## Step 4: train · 训练
#
# Every training loop has the same heart. The notes list three parts: input, forward and backward, update. They leave
# one out: **the gradients must be zeroed**, since `backward` *adds* to them.
#
# 1. `x, y = ...` moves a batch to the device and normalizes it: the input.
# 2. `net(x)` and `criterion` are the forward pass: scores, then one number, the loss.
# 3. `zero_grad()` drops the gradients of the step before.
# 4. `loss.backward()` fills `.grad` of every parameter.
# 5. `optimizer.step()` changes the parameters; `schedule.step()` sets the rate of the next step.


# %% claims=["C26"]
def train_step(pictures, y):
    x, y = normalize(pictures.to(device)), y.to(device)
    scores = net(x)
    loss = criterion(scores, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    return loss.item(), (scores.argmax(1) == y).sum().item()


# %% [markdown]
# What if zeroing is forgotten? On one weight, by numbers: the second `backward` gives the sum of both gradients, not
# the second alone.

# %% claims=["C26"]
w = torch.tensor(1.0, requires_grad=True)
for _ in range(2):
    (3 * w).backward()
    print("gradient of 3w:", w.grad.item())
w.grad = None

# %% [markdown]
# Now the training, with a progress bar (`tqdm`). Its numbers differ a little between machines, so the verification
# allows a band.

# %% claims=["C20", "C26"] tags=["cifar10"] verify={"reason": "training: rounding differs between machines and grows; durations", "rtol": 0.04, "timing": true}
from tqdm import tqdm

torch.manual_seed(0)
losses, accuracies = [], []
start = time.perf_counter()
for epoch in range(epochs):
    right = 0
    for pictures, y in tqdm(
        loader, desc=f"epoch {epoch + 1}", leave=False, file=sys.stdout
    ):
        loss, hits = train_step(pictures, y)
        losses.append(loss)
        right += hits
    accuracies.append(100 * right / len(samples))
    recent = sum(losses[-len(loader) :]) / len(loader)
    print(
        f"epoch {epoch + 1}: mean loss {recent:.3f}, training accuracy {accuracies[-1]:.1f} %"
    )
seconds = time.perf_counter() - start
print(f"training took {seconds:.1f} s")

# %% [markdown]
# The loss of a single batch jumps; means over 51 steps (1,173 = 23 x 51) show the course. The first is drawn where its
# steps begin, the last where its steps end.

# %% tags=["cifar10"] verify={"reason": "training: the curve may lie a little higher or lower", "shift": 8}
import matplotlib.pyplot as plt

course = torch.tensor(losses).view(-1, 51).mean(1)
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
left.plot(torch.linspace(0, epochs, len(course)), course)
left.set(
    xlabel="epoch",
    ylabel="cross entropy",
    title="training loss",
    xlim=(0, epochs),
    ylim=(0.8, 2.4),
)
right.plot(
    range(1, epochs + 1), accuracies, marker="o", color=plotting.VERMILION
)
right.axhline(10, color=plotting.GRAY, linestyle="--")
right.text(1, 12, "guessing")
right.set(
    xlabel="epoch",
    ylabel="%",
    title="training accuracy",
    xlim=(0.8, epochs + 0.2),
    ylim=(0, 100),
)
right.set_xticks(range(1, epochs + 1))
plotting.show(
    figure,
    alt="Left: the training loss falls. Right: the accuracy rises, far above guessing.",
)

# %% [markdown]
# ## Step 5: test · 测试
#
# `eval()` puts layers such as dropout into their testing state (LeNet has none; make it a habit). `inference_mode` says
# that no gradients are wanted.


# %% claims=["C20"]
def predict(net, pixels):
    net.eval()
    with torch.inference_mode():
        return torch.cat(
            [
                net(normalize(part.to(device))).cpu()
                for part in pixels.split(1000)
            ]
        )


scores = predict(net, test_pixels)
scores.shape

# %% claims=["C20"] tags=["cifar10"] verify={"reason": "training: rounding differs between machines and grows", "rtol": 0.04}
guesses = scores.argmax(1)
accuracy = 100 * (guesses == test_labels).float().mean().item()
print(f"test accuracy: {accuracy:.1f} %")
assert accuracy >= 55 or not data.is_real()

# %% [markdown]
# ### Against the classic recipe
#
# Old tutorials train this net with batches of 4 for two epochs, each picture transformed by itself in a worker. That
# was run once with the command below; its result is kept beside this page.

# %% tags=["cifar10"] verify={"reason": "training; durations", "rtol": 0.04, "timing": true}
import json
from pathlib import Path

record = json.loads(Path("records/training/classic_recipe.json").read_text())
classic = record["baselines"]["LeNet, classic recipe"][0]
then = classic["seconds"], classic["accuracy"], classic["recipe"]["batch_size"]
print("classic recipe: {:.1f} s, {:.1f} %, batches of {}".format(*then))
print(
    f"this page:      {seconds:.1f} s, {accuracy:.1f} %, batches of {loader.batch_size}"
)
print(f"classic recipe ran on: {classic['cpu']}, {classic['threads']} threads")
print("command:", record["command"])

# %% [markdown]
# The same net does better, sooner, although it sees the pictures three times instead of twice. No picture is handled
# alone, and the steps are fewer and larger, at a rate that rises and falls. (Two machines, two times: do not divide one
# by the other. For a fair comparison run the command on yours.)
#
# ### Class by class
#
# One number hides much. The confusion matrix counts, for each true class (row), what the net said (column).

# %% tags=["cifar10"] verify={"color": 20, "reason": "training: single cells vary from run to run"}
confusion = torch.zeros(10, 10, dtype=torch.int64)
confusion.index_put_((test_labels, guesses), torch.tensor(1), accumulate=True)
figure, axis = plt.subplots(figsize=(5.5, 4.6))
image = axis.imshow(confusion, cmap="Blues", vmin=0, vmax=1000)
figure.colorbar(image, label="pictures")
axis.set_xticks(range(10), test_set.classes, rotation=60, ha="right")
axis.set_yticks(range(10), test_set.classes)
axis.set(xlabel="the net said", ylabel="true class")
axis.grid(False)
plotting.show(
    figure,
    alt="Confusion matrix: a dark diagonal, and pale patches among the animals.",
)

# %% [markdown]
# The diagonal over the row is the accuracy of a class.

# %% tags=["cifar10"] verify={"atol": 5.6, "reason": "training: single classes vary much more than their mean"}
per_class = 100 * confusion.diag() / confusion.sum(1)
for name, percent in zip(test_set.classes, per_class.tolist(), strict=True):
    print(f"{name:12}{percent:5.1f} %")
assert torch.isclose(per_class.mean(), torch.tensor(accuracy), atol=0.01)

# %% [markdown]
# Vehicles come out better than animals, on average.

# %% tags=["cifar10"] verify={"atol": 3, "reason": "training"}
vehicles = torch.tensor([0, 1, 8, 9])
animals = torch.tensor([2, 3, 4, 5, 6, 7])
print(
    f"vehicles {per_class[vehicles].mean():.1f} %, animals {per_class[animals].mean():.1f} %"
)
assert (
    per_class[vehicles].mean() > per_class[animals].mean()
    or not data.is_real()
)

# %% [markdown]
# ### What it gets most wrong
#
# The test pictures with the highest loss: the net was sure, and wrong. (Which they are depends on the last bit of the
# training, so on your machine they may be others.)

# %% tags=["cifar10"] verify={"picture": "form", "reason": "which pictures are worst depends on the last bit of the training"}
loss_of_each = F.cross_entropy(scores, test_labels, reduction="none")
worst = loss_of_each.topk(10).indices
assert (guesses[worst] != test_labels[worst]).all()
classes = test_set.classes
names = [
    f"{classes[guesses[i]]}\n(is {classes[test_labels[i]]})" for i in worst
]
figure = plotting.picture_grid(
    test_set.data[worst], names, columns=5, size=1.3
)
plotting.show(
    figure,
    alt="Ten test pictures, each with the net's wrong answer and the right one.",
)

# %% [markdown]
# ### What the first layer sees
#
# Each of the six filters of `conv1` is a 5 x 5 color picture of what it answers to. After three passes they are
# still rough, but some begin to look like an edge, a spot, or a pair of opposite colors.

# %% tags=["cifar10"] verify={"picture": "form", "reason": "training: the colors of the filters vary"}
filters = net.conv1.weight.detach().cpu().permute(0, 2, 3, 1)
low, high = (
    filters.amin((1, 2, 3), keepdim=True),
    filters.amax((1, 2, 3), keepdim=True),
)
figure = plotting.picture_grid(
    ((filters - low) / (high - low)).numpy(), columns=6, size=1.1
)
plotting.show(
    figure,
    alt="The six filters: small color patterns, each scaled to its full range.",
)

# %% [markdown]
# ## Save and load · 保存与加载
#
# What is worth keeping is the `state_dict`: names and tensors, no code. `weights_only=True` (the default since 2.6)
# refuses anything else, so a file from a stranger cannot run code.

# %%
import tempfile

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "lenet.pt"
    torch.save(net.state_dict(), path)
    again = LeNet().to(device)
    print(
        again.load_state_dict(
            torch.load(path, map_location=device, weights_only=True)
        )
    )

assert torch.allclose(predict(again, test_pixels), scores, atol=1e-4)

# %% [markdown]
# The page is written to run on a GPU without a change: `device` was asked for once, and the net and each batch are
# moved there. No GPU was at hand to try it. For a net this small it probably gains little: each call costs time, however
# little is computed (page 01).
#
# ## Recap
#
# - torchvision loads CIFAR-10; a Dataset gives `(picture, label)`; mean and deviation come from the training part.
# - A DataLoader makes batches and a new order for each epoch; its workers are processes, and do not always pay.
# - The loop: input, forward, **zero the gradients**, backward, update.
# - Test on pictures not trained on; look at classes and at the worst mistakes, not at one number.
# - Keep the `state_dict`; load it with `weights_only=True`.
#
# ## Exercises
#
# Put your code in the place of the three dots and run the check below it.
#
# **1.** How many steps has an epoch over the 50,000 pictures with batches of 128 and `drop_last=True`?

# %%
from helpers.exercises import Check

answer_1 = ...
full_batches = DataLoader(samples, batch_size=128, drop_last=True)
check_1 = Check(len(full_batches), hint="only full batches count")
check_1(answer_1)

# %% [markdown]
# **2.** Undo the normalization of `batch`: back to values from 0 to 1.

# %%
answer_2 = ...
check_2 = Check(
    pixels[:1000].float() / 255,
    hint="multiply, then add; give std and mean the shape (3, 1, 1)",
)
check_2(answer_2)

# %% [markdown]
# **3.** *Precision* asks the other way round: of the pictures that the net called a class, how many are of that class?
# Compute it for the ten classes from `confusion`, as fractions.

# %%
answer_3 = ...
by_counting = [
    (test_labels[guesses == c] == c).float().mean() for c in range(10)
]
check_3 = Check(
    torch.stack(by_counting), hint="the net's answers are the columns"
)
check_3(answer_3)

# %% [markdown]
# **4.** How many parameters has `conv1`, by arithmetic: 3 channels in, 6 out, 5 x 5, and a bias for each output?

# %%
answer_4 = ...
check_4 = Check(
    sum(p.numel() for p in net.conv1.parameters()),
    hint="weights are out x in x 5 x 5",
)
check_4(answer_4)

# %% [markdown]
# ## Solutions
#
# In JupyterLab, click to open. They run and are verified like every other cell.

# %% jupyter={"source_hidden": true}
check_1(50_000 // 128)
check_1(-(-50_000 // 128))  # a mistake: the rest counted too

# %% jupyter={"source_hidden": true}
check_2(batch * std.view(3, 1, 1) + mean.view(3, 1, 1))
check_2(
    batch * mean.view(3, 1, 1) + std.view(3, 1, 1)
)  # a mistake: the two confused

# %% jupyter={"source_hidden": true} tags=["cifar10"] verify={"free": ["\\d+ of 10 elements differ, the first at \\[\\d+\\]"], "reason": "training: by chance a class may be named as often as it occurs"}
check_3(confusion.diag() / confusion.sum(0))
check_3(
    confusion.diag() / confusion.sum(1)
)  # a mistake: the accuracy of each class

# %% jupyter={"source_hidden": true}
check_4(6 * 3 * 5 * 5 + 6)
check_4(6 * 3 * 5 * 5)  # a mistake: no bias

# %% [markdown]
# ---
# Back: [build and train a neural network](04_modules.ipynb) · On: [train many times faster](07_cifar10_fast.ipynb)
