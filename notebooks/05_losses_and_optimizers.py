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
# # Losses and optimizers
#
# *损失函数与优化器*
#
# A fresh network guesses. To teach it anything you need two more parts: a *loss function* (损失函数), which says in a
# single number how wrong the guesses are, and an *optimizer* (优化器), which changes the weights so that this number
# goes down. PyTorch offers more than twenty losses and more than a dozen optimizers. Which do you need, and how can
# you tell that yours work?
#
# **You will**
#
# - compute mean squared error and cross entropy by hand, and give each the input that it expects;
# - write a training step without `torch.optim`, then hand it over to `SGD`, momentum, Adam or AdamW;
# - choose a learning rate, and let a schedule change it during training;
# - use weight decay, parameter groups, gradient clipping and a sensible initialization;
# - find mistakes that raise no error by training on a single batch first.
#
# **You need** gradients ([autograd](02_autograd.ipynb)) and `nn.Sequential` ([modules](04_modules.ipynb)). No GPU.
#
# **Time**: 26 min to read, 16 s to run (AMD EPYC, 2 cores).

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch
import torch.nn.functional as F
from torch import nn, optim

# %% [markdown]
# ## Three spiral arms
#
# *一个小问题*
#
# One small problem will accompany us. Here are 300 points on three spiral arms, and a network has to learn which arm a
# point belongs to, given its two coordinates.

# %%
from helpers.drawings.decision_regions import show_points, show_regions

torch.manual_seed(0)
y = torch.arange(3).repeat_interleave(100)
radius = torch.linspace(0.1, 1, 100).repeat(3)
angle = 4 * radius + 2 * torch.pi / 3 * y + 0.2 * torch.randn(300)
x = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
show_points(x, y)


# %% [markdown]
# The network gives three numbers for each point, one for each arm. We are going to train it several times, so a
# function makes it, with the same random weights each time.


# %%
def new_net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 3))


net = new_net()
F.cross_entropy(net(x), y)

# %% [markdown]
# There it is, one number for all 300 guesses. To see why it is about 1.1, let us begin with simpler losses.
#
# ## Losses for numbers
#
# *回归损失*
#
# When a network predicts a number (*regression*, 回归), the loss measures how far it is from the target.

# %%
from helpers.drawings.losses import show_losses_of_errors

show_losses_of_errors()

# %% [markdown]
# With the *squared* error, an error twice as large costs four times as much, so a few targets that are plainly wrong can
# dominate. The *absolute* error is more patient, and *Huber* is a compromise: squared near zero, straight further out.

# %% claims=["C16"]
output = torch.tensor([1.0, 2.0, 4.0])
target = torch.tensor([1.0, 1.0, 1.0])
nn.MSELoss()(output, target), ((output - target) ** 2).mean()

# %% [markdown]
# You can have each of these losses as a module, `nn.MSELoss()`, or as a function, `F.mse_loss`. Both return the mean
# over all elements unless you ask for the `"sum"`, or for no reduction at all:

# %%
F.mse_loss(output, target, reduction="none")

# %% [markdown]
# > **Then and now.** The notes call the mean squared error (均方误差) `nn.MESLoss`, a slip of the pen. And what was
# > `size_average=False` then is `reduction="sum"` now.

# %% claims=["C16"] tags=["raises-exception"]
nn.MESLoss()

# %% [markdown]
# Now a mistake that nearly everybody makes once. A network that predicts one number for each of three samples has an
# output of shape 3 x 1, but targets often have the shape 3. These predictions are perfect:

# %%
from helpers.messages import print_warnings

prediction = torch.tensor([[1.0], [2.0], [3.0]])
target = torch.tensor([1.0, 2.0, 3.0])
with print_warnings():
    print(F.mse_loss(prediction, target))

# %% [markdown]
# Broadcasting compared each prediction with each target. `mse_loss` warns at least; your own formula does not. With equal
# shapes, the loss is zero, as it should be:

# %%
print(((prediction - target) ** 2).mean())
F.mse_loss(prediction.squeeze(1), target)

# %% [markdown]
# ## Cross entropy
#
# *交叉熵*
#
# Back to the spirals. A class is not a number that could be a little too large, so the network gives each class a
# *score*, also called *logit*, and softmax turns the scores into probabilities, $p_i = e^{s_i} / \sum_j e^{s_j}$:

# %%
logits = net(x)
p = logits.softmax(dim=1)
logits[0], p[0]

# %% [markdown]
# Cross entropy asks one thing only: *how probable did you find the right class?* The loss of a point is minus the
# logarithm of that probability: zero for 1, and ever larger towards 0. Over the batch we take the mean.

# %% claims=["C17"]
by_hand = -p[torch.arange(300), y].log().mean()
assert torch.allclose(by_hand, F.cross_entropy(logits, y))
by_hand, nn.CrossEntropyLoss()(logits, y)

# %% [markdown]
# So `CrossEntropyLoss` takes the **raw scores**; the softmax is inside. And a network that finds three classes equally
# likely pays $-\log \frac13 = \log 3$, about 1.1. With your own data, too, the first loss should be near the logarithm of
# the number of classes.
#
# Why did they not leave the softmax to us? Because in 32 bits, the exponential function overflows at 89:

# %%
torch.tensor([88.0, 89.0]).exp()

# %% [markdown]
# At the other end, a probability may become so small that it turns into zero, whose logarithm is $-\infty$. The
# remedy is never to form it: $\log p_i = s_i - \log \sum_j e^{s_j}$. The last part is `logsumexp`, which takes out
# the largest score before the exponential and adds it again afterwards. Suppose that class 0 is right here:

# %%
s = torch.tensor([0.0, 200.0])
print(s.softmax(dim=0).log())
print(s - s.logsumexp(dim=0))
F.cross_entropy(s, torch.tensor(0))

# %% [markdown]
# The first way makes the loss infinite. The second, `log_softmax`, makes it 200, which is right, and is what
# `cross_entropy` uses. (If you call `F.softmax` yourself, name its `dim`: old code without it gets a warning.)
#
# ### One softmax too many
#
# *多余的softmax*
#
# What if your network already ends in a softmax? No error, no warning, but probabilities are poor scores, since they all
# lie between 0 and 1. Here a network is sure of class 0. First it is right, then it is wrong:

# %% claims=["C17"]
sure = torch.tensor([[20.0, 0.0, 0.0]])
right, wrong = torch.tensor([0]), torch.tensor([1])
print(F.cross_entropy(sure, right), F.cross_entropy(sure.softmax(1), right))
print(F.cross_entropy(sure, wrong), F.cross_entropy(sure.softmax(1), wrong))

# %% [markdown]
# With the extra softmax, a perfect answer still costs 0.55, and a bad mistake costs 1.55, where
# with raw scores it costs 20. What this does to training, [the end](#Overfit-one-batch-first) of this page will show.
#
# ### Soft targets
#
# *标签平滑*
#
# *Label smoothing* says "most likely class 0" instead of "certainly", which keeps a network from becoming overconfident.
# It is the same as giving the probabilities yourself:

# %% claims=["C17"]
soft = 0.9 * F.one_hot(y, num_classes=3) + 0.1 / 3
F.cross_entropy(logits, soft), F.cross_entropy(logits, y, label_smoothing=0.1)

# %% [markdown]
# > **Then and now.** Both came with release 1.10. Before, targets had to be class numbers. (A label of -100 is left
# > out of the mean, then as now.)
#
# ### Yes or no
#
# *二分类*
#
# If the answer is yes or no, one score is enough, and a *sigmoid* makes a probability of it. Again there are two losses,
# `BCELoss` (binary cross entropy, 二元交叉熵) for the probability and `BCEWithLogitsLoss` for the score. Here a network gives
# "yes" a score of 20, but the answer is no. What is the gradient with respect to the score?

# %%
score, no = torch.tensor([20.0], requires_grad=True), torch.tensor([0.0])
loss = F.binary_cross_entropy(score.sigmoid(), no)
print(torch.autograd.grad(loss, score))
loss = F.binary_cross_entropy_with_logits(score, no)
torch.autograd.grad(loss, score)

# %% [markdown]
# In 32 bits the sigmoid of 20 is exactly 1, and no gradient comes through it. So take the loss with logits. The losses
# of this section in one picture:

# %%
from helpers.drawings.losses import show_losses_of_scores

show_losses_of_scores()

# %% [markdown]
# The dash-dotted line is the extra softmax: flat, and thus without a gradient, just where the network is most wrong.
# With label smoothing, being too sure has its price again.
#
# ## One training step by hand
#
# *手写一步训练*
#
# Autograd gives us the gradient of the loss with respect to each weight. It points uphill, so we take a step the other
# way, scaled by the *learning rate* (学习率), here 0.1. This is all of gradient descent (梯度下降):

# %%
F.cross_entropy(net(x), y).backward()
with torch.no_grad():
    for parameter in net.parameters():
        parameter.sub_(0.1 * parameter.grad)
F.cross_entropy(net(x), y)

# %% [markdown]
# The loss went down a little, from 1.1130. `optim.SGD`, *stochastic gradient descent* (随机梯度下降), does the same. It is
# called stochastic because the gradient usually comes from a random mini-batch (小批量).

# %%
twin = new_net()
optimizer = optim.SGD(twin.parameters(), lr=0.1)
F.cross_entropy(twin(x), y).backward()
optimizer.step()
assert torch.allclose(twin[0].weight, net[0].weight)

# %% [markdown]
# Gradients add up, so clear them before the next `backward()`:

# %%
optimizer.zero_grad()
twin[0].weight.grad is None

# %% [markdown]
# > **Then and now.** In 2017, `zero_grad()` filled the gradients with zeros. Since PyTorch 2.0 it sets them to `None`, and
# > optimizers skip a parameter that has no gradient.
#
# Repeat these steps, and you have a training loop (训练循环):


# %%
def train(net, optimizer, x, y, steps=200):
    losses = []
    for _ in range(steps):
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% verify={"rtol": 0.02, "integers": true, "reason": "training adds up differences of rounding"}
plain = new_net()
losses = train(plain, optim.SGD(plain.parameters(), lr=0.1), x, y)
losses[-1], (plain(x).argmax(dim=1) == y).sum()

# %% [markdown]
# Fewer than two thirds of the 300 points are right after 200 steps. Is the learning rate to blame?
#
# ## The learning rate
#
# *学习率*
#
# The easiest way to find out is to try a much smaller one and two larger ones, each on a fresh copy of the network:

# %% verify={"shift": 3, "reason": "training adds up differences of rounding"}
from helpers.drawings.losses import show_training

curves = {}
for lr in (0.01, 1.0, 10.0):
    net = new_net()
    optimizer = optim.SGD(net.parameters(), lr=lr)
    curves[f"lr={lr}"] = train(net, optimizer, x, y, steps=40)
show_training(curves, alt="One loss creeps, one falls, one leaps up and down.")

# %% [markdown]
# These three faces of a loss curve are worth remembering. *Too small*: it goes down, but so slowly that you lose
# patience. *Too large*: the steps leap over the valley, and the loss jumps or even becomes `nan`. In between, it falls
# quickly. If you tune only one setting, let it be this one; try values a factor of three apart.
#
# ## Momentum and Adam
#
# *动量与Adam*
#
# Plain SGD knows only the present gradient $g$. *Momentum* (动量) keeps a velocity, $v \leftarrow \mu v + g$, and moves by
# the learning rate times $v$: steps in one direction gather speed, those back and forth cancel.

# %% verify={"rtol": 0.01, "integers": true, "reason": "training adds up differences of rounding"}
heavy = new_net()
optimizer = optim.SGD(heavy.parameters(), lr=0.1, momentum=0.9)
losses = train(heavy, optimizer, x, y)
losses[-1], (heavy(x).argmax(dim=1) == y).sum()

# %% [markdown]
# *Adam* keeps a running average $m$ of the gradients and another, $s$, of their squares, and moves by the learning rate
# times $m / \sqrt{s}$. The size of the gradient cancels. Look at the first step, once with a tiny gradient
# and once with a huge one:

# %%
w = torch.tensor([1.0, 1.0], requires_grad=True)
w.grad = torch.tensor([0.001, 1000.0])
optim.Adam([w], lr=0.1).step()
w

# %% [markdown]
# Both weights moved by the learning rate. That is why Adam often works without much tuning, with learning rates from
# 0.0001 to 0.01.

# %% verify={"rtol": 0.02, "integers": true, "reason": "training adds up differences of rounding"}
adam = new_net()
losses = train(adam, optim.Adam(adam.parameters(), lr=0.01), x, y)
losses[-1], (adam(x).argmax(dim=1) == y).sum()

# %% [markdown]
# Nearly all points are right now. What would the three networks answer everywhere in the plane?

# %% verify={"shift": 3, "reason": "training adds up differences of rounding"}
show_regions({"SGD": plain, "momentum": heavy, "Adam": adam}, x, y)

# %% [markdown]
# ### Paths through a valley
#
# *山谷中的路径*
#
# With two weights we can watch them walk. The function $f(a, b) = a^2/20 + b^2$ is a long valley, steep across and nearly
# level along. `descend` takes 40 steps from $(-9, 2)$ with an optimizer:

# %%
from helpers.drawings.optimizers import descend, show_valley

left = {
    "SGD, lr=0.1": descend(optim.SGD, lr=0.1),
    "SGD, lr=0.9": descend(optim.SGD, lr=0.9),
    "SGD, lr=1.1": descend(optim.SGD, lr=1.1),
}
right = {
    "momentum=0.8": descend(optim.SGD, lr=0.1, momentum=0.8),
    "Adam, lr=0.5": descend(optim.Adam, lr=0.5),
}
show_valley(left, right)

# %% [markdown]
# On the left, each step of SGD multiplies $b$ by $1 - 2 \cdot \text{lr}$. With 0.1 that is a gentle 0.8, and SGD creeps
# along the valley; with 0.9 it is -0.8, a zigzag; beyond 1 the path flies out. The steep direction limits the learning
# rate, and the flat one suffers. On the right, momentum at 0.1 rolls almost to the goal, swinging on its way. Adam
# divides the steepness out, takes a curve, and runs a little past the goal.
#
# ## Weight decay and parameter groups
#
# *权重衰减与参数组*
#
# *Weight decay* (权重衰减) shrinks all weights a little in each step, a remedy against overfitting (过拟合). Adam adds the
# decay to the gradient and then divides by the gradient's size, which spoils it; AdamW keeps the two apart. Here are two
# weights of 1 whose gradient is zero, so that only the decay acts:

# %%
a = torch.tensor(1.0, requires_grad=True)
b = torch.tensor(1.0, requires_grad=True)
a.grad, b.grad = torch.tensor(0.0), torch.tensor(0.0)
optim.Adam([a], lr=0.1, weight_decay=0.01).step()
optim.AdamW([b], lr=0.1, weight_decay=0.01).step()
a, b

# %% [markdown]
# AdamW multiplied its weight by $1 - 0.1 \cdot 0.01$, as intended, while Adam made a full step of 0.1 out of a tiny
# decay. If you want Adam with weight decay, take AdamW.
#
# The decay is usually meant for weight matrices, not for biases. So an optimizer also takes a list of *groups* with
# settings of their own; what a group leaves open comes from the keywords:

# %%
weights = [p for p in net.parameters() if p.ndim > 1]
biases = [p for p in net.parameters() if p.ndim == 1]
groups = [{"params": weights}, {"params": biases, "weight_decay": 0.0}]
optimizer = optim.AdamW(groups, lr=0.01, weight_decay=0.1)
[group["weight_decay"] for group in optimizer.param_groups]

# %% [markdown]
# ## Schedules
#
# *学习率调度*
#
# Large steps are good at the beginning and small ones at the end. A *scheduler* changes the learning rate on the way.
# You make it from the optimizer, and call `scheduler.step()` after `optimizer.step()`. This one divides by ten every
# 30 steps:

# %%
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, OneCycleLR
from torch.optim.lr_scheduler import SequentialLR, StepLR

optimizer = optim.SGD(net.parameters(), lr=0.1)
stairs = StepLR(optimizer, step_size=30)

# %% [markdown]
# At the very start, the gradients of random weights are a poor guide, so it often helps to let the learning rate rise
# first: a *warm-up* (预热). `OneCycleLR` has one built in; `SequentialLR` joins one to any schedule.

# %%
optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
one_cycle = OneCycleLR(optimizer, max_lr=0.1, total_steps=101)

optimizer = optim.SGD(net.parameters(), lr=0.1)
warm_up = LinearLR(optimizer, start_factor=0.1, total_iters=10)
cosine = CosineAnnealingLR(optimizer, T_max=90)
joined = SequentialLR(optimizer, [warm_up, cosine], milestones=[10])

# %%
from helpers.drawings.optimizers import show_learning_rates

show_learning_rates(stairs, one_cycle, joined)

# %% [markdown]
# Whether a step is a mini-batch or an epoch (one pass over the data) is up to you: it depends on where you call
# `scheduler.step()`. In `train` above, it would be the line after `optimizer.step()`. `OneCycleLR` is meant for
# mini-batches.
#
# > **Then and now.** Before release 1.1, `scheduler.step()` came first. Today that order skips the first learning rate, and
# > PyTorch tells you:

# %%
optimizer = optim.SGD(net.parameters(), lr=0.1)
scheduler = StepLR(optimizer, step_size=30)
with print_warnings():
    scheduler.step()
    optimizer.step()

# %% [markdown]
# ## Gradient clipping
#
# *梯度裁剪*
#
# Now and then a batch has a huge gradient, and one step ruins what hundreds have learned. Clipping takes the gradients of
# all parameters as one long vector and shortens it to `max_norm` if it is longer. It belongs between `backward()` and
# `step()`.

# %%
net = new_net()
(100 * F.cross_entropy(net(x), y)).backward()
print(nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0))
nn.utils.get_total_norm([p.grad for p in net.parameters()])

# %% [markdown]
# The call returns the length *before* clipping, which is worth logging. (Its underscore says that it works in place; the
# old name without it is deprecated.)
#
# ## Initialization
#
# *初始化*
#
# Weights start at random, but how large? Each layer multiplies the spread of its input by some factor, and in a deep
# network these factors pile up. Here are 20 layers just as `nn.Linear` makes them, each with a ReLU:

# %%
h = torch.randn(128, 128)
for _ in range(20):
    layer = nn.Linear(128, 128, bias=False)
    h = layer(h).relu()
h.std(), layer.weight.abs().max(), 128**-0.5

# %% [markdown]
# The signal has all but vanished. By default, weights are uniform between $-1/\sqrt n$ and $1/\sqrt n$ for $n$
# inputs, too small for a deep stack with ReLU. Kaiming He's rule is a standard deviation of $\sqrt{2/n}$, where the 2
# makes up for the half that ReLU cuts off:

# %%
nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
layer.weight.std(), (2 / 128) ** 0.5

# %% [markdown]
# What becomes of the signal on its way through the 20 layers, and of the gradient on its way back?

# %%
from helpers.drawings.initialization import show_signal

show_signal()

# %% [markdown]
# Read the right panel from right to left, as the gradient goes: what fades or explodes forward does so backward. Two
# layers like ours can live with the default. In deep networks, initialize with care or use normalization layers.
#
# > **Then and now.** `nn.init.constant` and its like have an underscore today, `nn.init.constant_`; the old names are
# > deprecated.
#
# ## Overfit one batch first
#
# *先过拟合一个批次*
#
# You have written a loop, nothing raises an error, and yet the loss does not come down. Where to look? Take *one* small
# batch and train on it alone. A sound loop will learn 15 points by heart:

# %% verify={"rtol": 0.05, "reason": "training adds up differences of rounding"}
few = torch.arange(0, 300, 20)
net = new_net()
optimizer = optim.Adam(net.parameters(), lr=0.03)
sound = train(net, optimizer, x[few], y[few])
(net(x[few]).argmax(dim=1) == y[few]).sum(), sound[-1] < 0.01

# %% [markdown]
# If yours cannot, it has a mistake, and more data will not help. Two examples: one softmax too many, and an optimizer
# that holds the parameters of another network, as happens when you make the network anew and forget the optimizer.

# %% verify={"shift": 3, "reason": "training adds up differences of rounding"}
net = nn.Sequential(*new_net(), nn.Softmax(dim=1))
optimizer = optim.Adam(net.parameters(), lr=0.03)
twice = train(net, optimizer, x[few], y[few])
other = train(new_net(), optimizer, x[few], y[few])

curves = {"sound": sound, "softmax twice": twice, "another net": other}
show_training(curves, alt="One falls to zero, one stays high, one is level.")

# %% [markdown]
# The test takes seconds, so make it a habit. It does not find everything, since a network learns wrong labels by heart as
# well. And learning by heart is no achievement: how a network does on data that it has not seen is the subject of
# [the next page](06_cifar10.ipynb).
#
# ## Recap
#
# - `MSELoss` wants equal shapes. `CrossEntropyLoss` and `BCEWithLogitsLoss` want raw scores.
# - A training step: loss, `zero_grad()`, `backward()`, `step()`. Momentum remembers directions, Adam divides by the
#   gradient's size, AdamW is Adam with proper weight decay.
# - The learning rate matters most. Schedulers change it; they step after the optimizer.
# - Groups have settings of their own, clipping bounds the gradient, He's rule keeps the signal alive.
# - Overfit one batch before anything else.

# %% [markdown]
# ## Exercises
#
# Put your code in the place of the three dots and run the cell; the check tries it on inputs of its own.
#
# **1. A loss for hard cases.** The *focal loss* cares less about points that are right already. With $p$ the
# probability of the right class, a point's loss is $-(1 - p)^\gamma \log p$. Return the mean over the batch, for
# `logits` of shape N x C and labels `y`. It should survive scores of 200.


# %% tags=["exercise"]
from helpers.exercises.losses_and_optimizers import check_focal_loss


def focal_loss(logits, y, gamma): ...


check_focal_loss(focal_loss)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Start from the logarithm of the probability, and get the probability from it, not the other way round.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `logits.log_softmax(dim=1)` has a row for each point; index it with `torch.arange(len(y))` and `y`.
#
# </details>

# %% [markdown]
# **2. Warm up, then cool down.** `LambdaLR(optimizer, factor)` calls a function of yours, `factor(step)`, and
# multiplies the optimizer's learning rate by what it returns. Return such a scheduler: in the first `warm_up` steps
# (0, 1, ...) the learning rate grows in equal parts up to the optimizer's own, which it reaches in step
# `warm_up - 1`. From step `warm_up` to step `total` it follows half a cosine down to zero.


# %% tags=["exercise"]
from torch.optim.lr_scheduler import LambdaLR

from helpers.exercises.losses_and_optimizers import check_warm_up


def warm_up_and_cosine(optimizer, warm_up, total): ...


check_warm_up(warm_up_and_cosine)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Define `factor` inside your function, so that it knows `warm_up` and `total`. Step 0 has a factor above zero.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Half a cosine is `(1 + math.cos(math.pi * t)) / 2`, where `t` runs from 0 to 1.
#
# </details>

# %% [markdown]
# **3. A loop that knows when to stop.** Train `net` on the one batch `x`, `y` with cross entropy and the given
# `optimizer`, and clip the gradient to a length of 1. Stop after the step whose loss (computed before the step) is
# below `goal`, and after 100 steps at the latest. Return the losses as a list of Python numbers.


# %% tags=["exercise"]
from helpers.exercises.losses_and_optimizers import check_overfit


def overfit(net, optimizer, x, y, goal): ...


check_overfit(overfit)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Take `train` from above. Clipping has one right place in it.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# After `losses.append(loss.item())`, compare `losses[-1]` with the goal and `break`.
#
# </details>

# %% [markdown]
# **4. Momentum of your own.** Write a class that does what `optim.SGD` with `momentum` does, without using
# `torch.optim`. A parameter whose `grad` is `None` is left alone.


# %% tags=["exercise"]
from helpers.exercises.losses_and_optimizers import check_momentum


class Momentum:
    def __init__(self, parameters, lr, momentum): ...

    def step(self): ...


check_momentum(Momentum)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Each parameter needs a velocity of its own shape that lives from step to step. Keep the parameters in a list, since
# `net.parameters()` can be walked through only once.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Decorate `step` with `@torch.no_grad()`, and change the parameters in place, with `p.sub_(...)` or `p -= ...`.
#
# </details>

# %% [markdown]
# **5. Adam of your own.** Now Adam, with `betas` $(\beta_1, \beta_2)$. In a parameter's step number $t = 1, 2,
# \ldots$ with gradient $g$, it computes
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad s \leftarrow \beta_2 s + (1 - \beta_2) g^2.$$
#
# Both start at zero and are too small at first; dividing them by $1 - \beta_1^t$ and $1 - \beta_2^t$ corrects that.
# With the corrected $\hat m$ and $\hat s$, the parameter moves by $-\text{lr} \cdot \hat m / (\sqrt{\hat s} +
# \epsilon)$. A parameter without a gradient makes no step, and its $t$ does not advance.


# %% tags=["exercise"]
from helpers.exercises.losses_and_optimizers import check_adam


class Adam:
    def __init__(self, parameters, lr, betas, eps): ...

    def step(self): ...


check_adam(Adam)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Three things live from step to step for each parameter: $m$, $s$ and $t$.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Do not store the corrected values: the averages go on with the uncorrected ones.
#
# </details>

# %% [markdown]
# ## Solutions


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 1
def focal_loss(logits, y, gamma):
    log_p = logits.log_softmax(dim=1)[torch.arange(len(y)), y]
    return (-((1 - log_p.exp()) ** gamma) * log_p).mean()


check_focal_loss(focal_loss)


# A typical mistake: the probability first, then its logarithm
def unstable(logits, y, gamma):
    p = logits.softmax(dim=1)[torch.arange(len(y)), y]
    return (-((1 - p) ** gamma) * p.log()).mean()


check_focal_loss(unstable)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 2
import math


def warm_up_and_cosine(optimizer, warm_up, total):
    def factor(step):
        if step < warm_up:
            return (step + 1) / warm_up
        t = (step - warm_up) / (total - warm_up)
        return (1 + math.cos(math.pi * t)) / 2

    return LambdaLR(optimizer, factor)


check_warm_up(warm_up_and_cosine)


# A typical mistake: the function returns the learning rate itself
def learning_rate_itself(optimizer, warm_up, total):
    lr = optimizer.param_groups[0]["lr"]

    def factor(step):
        if step < warm_up:
            return lr * (step + 1) / warm_up
        t = (step - warm_up) / (total - warm_up)
        return lr * (1 + math.cos(math.pi * t)) / 2

    return LambdaLR(optimizer, factor)


check_warm_up(learning_rate_itself)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 3
def overfit(net, optimizer, x, y, goal):
    losses = []
    for _ in range(100):
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if losses[-1] < goal:
            break
    return losses


check_overfit(overfit)


# A typical mistake: zero_grad is forgotten
def never_zeroed(net, optimizer, x, y, goal):
    losses = []
    for _ in range(100):
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if losses[-1] < goal:
            break
    return losses


check_overfit(never_zeroed)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 4
class Momentum:
    def __init__(self, parameters, lr, momentum):
        self.parameters = list(parameters)
        self.lr, self.momentum = lr, momentum
        self.velocities = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for p, v in zip(self.parameters, self.velocities, strict=True):
            if p.grad is not None:
                v.mul_(self.momentum).add_(p.grad)
                p.sub_(self.lr * v)


check_momentum(Momentum)


# A typical mistake: an average of the gradients
class Average(Momentum):
    @torch.no_grad()
    def step(self):
        for p, v in zip(self.parameters, self.velocities, strict=True):
            if p.grad is not None:
                v.mul_(self.momentum).add_((1 - self.momentum) * p.grad)
                p.sub_(self.lr * v)


check_momentum(Average)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 5
class Adam:
    def __init__(self, parameters, lr, betas, eps):
        self.parameters = list(parameters)
        self.lr, self.betas, self.eps = lr, betas, eps
        self.state = [
            {"m": torch.zeros_like(p), "s": torch.zeros_like(p), "t": 0}
            for p in self.parameters
        ]

    @torch.no_grad()
    def step(self):
        beta1, beta2 = self.betas
        for p, state in zip(self.parameters, self.state, strict=True):
            if p.grad is None:
                continue
            state["t"] += 1
            state["m"].mul_(beta1).add_((1 - beta1) * p.grad)
            state["s"].mul_(beta2).add_((1 - beta2) * p.grad**2)
            m = state["m"] / (1 - beta1 ** state["t"])
            s = state["s"] / (1 - beta2 ** state["t"])
            p.sub_(self.lr * m / (s.sqrt() + self.eps))


check_adam(Adam)


# A typical mistake: no correction for the start at zero
class Uncorrected(Adam):
    @torch.no_grad()
    def step(self):
        beta1, beta2 = self.betas
        for p, state in zip(self.parameters, self.state, strict=True):
            if p.grad is None:
                continue
            state["m"].mul_(beta1).add_((1 - beta1) * p.grad)
            state["s"].mul_(beta2).add_((1 - beta2) * p.grad**2)
            p.sub_(self.lr * state["m"] / (state["s"].sqrt() + self.eps))


check_adam(Uncorrected)

# %% [markdown]
# ---
# Back: [modules](04_modules.ipynb) · On: [train a classifier on CIFAR-10](06_cifar10.ipynb)
