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
# # Losses and optimizers
#
# *损失函数与优化器*
#
# A fresh network only guesses. To teach it, you need a *loss function* (损失函数), which says in a single number how wrong
# the guesses are, and an *optimizer* (优化器), which changes the weights so that this number goes down. PyTorch has more
# than twenty losses and more than a dozen optimizers. Which do you need, and how can you tell that yours work?
#
# **You will**
#
# - compute mean squared error and cross entropy by hand, and give each the input that it expects;
# - write a training step without `torch.optim`, then use SGD, momentum, Adam and AdamW;
# - choose a learning rate, a schedule, weight decay, clipping and a sensible initialization;
# - find silent mistakes by training on a single batch first.
#
# **You need** gradients ([autograd](02_autograd.ipynb)) and `nn.Sequential` ([modules](04_modules.ipynb)). No GPU.
#
# **Time**: 20 min to read, 8 s to run (AMD EPYC, 2 cores).

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch
import torch.nn.functional as F
from torch import nn, optim

# %% [markdown]
# ## Three spiral arms
#
# *一个小问题*
#
# One small problem runs through the page: 300 points on three spiral arms. From the two coordinates of a point, a row of
# `x`, a network has to find the number of its arm in `y`: 0, 1 or 2. (The folded cell makes both; in JupyterLab, click on
# it to open it.)

# %% jupyter={"source_hidden": true}
from helpers.drawings.decision_regions import show_points

torch.manual_seed(0)
y = torch.arange(3).repeat_interleave(100)
radius = torch.linspace(0.1, 1, 100).repeat(3)
angle = 4 * radius + 2 * torch.pi / 3 * y + 0.2 * torch.randn(300)
x = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
show_points(x, y)


# %% [markdown]
# We will train the network several times, so we write a function that builds it, always with the same random weights. For
# each point the network returns three numbers, one for each arm.


# %%
def new_net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 3))


net = new_net()
F.cross_entropy(net(x), y)

# %% [markdown]
# This is a loss, one number for all 300 guesses. To see why it is about 1.1, we begin with simpler ones.
#
# ## Losses for numbers
#
# *回归损失*
#
# When a network predicts a number (*regression*, 回归), the loss measures how far off it is. Here are three ways to measure
# it:

# %% jupyter={"source_hidden": true}
from helpers.drawings.losses import show_losses_of_errors

show_losses_of_errors()

# %% [markdown]
# When errors are squared, an error twice as large costs four times as much, so a few wrong targets can dominate. The
# *absolute* error is milder, and *Huber* is a compromise, curved near zero and straight further out. The usual choice is
# the mean of the squared errors:

# %% claims=["C16"]
output = torch.tensor([1.0, 2.0, 4.0])
target = torch.tensor([1.0, 1.0, 1.0])
nn.MSELoss()(output, target), ((output - target) ** 2).mean()

# %% [markdown]
# The function `F.mse_loss` does the same. Both return the mean unless you ask for another `reduction`, `"sum"` or
# `"none"`.
#
# > **Then and now.** What was `size_average=False` in 2017 is `reduction="sum"` today. But `nn.MESLoss`, as the
# > [notes of 2017](16_notes_audited.ipynb) have it (均方误差), was a slip of the pen even then:

# %% claims=["C16"] tags=["raises-exception"]
nn.MESLoss()

# %% [markdown]
# Now a mistake that nearly everybody makes once. The three predictions have the shape 3 x 1, their targets the shape 3.
# All are perfect, so the loss ought to be zero:

# %%
from helpers.messages import print_warnings

prediction = torch.tensor([[1.0], [2.0], [3.0]])
target = torch.tensor([1.0, 2.0, 3.0])
with print_warnings():
    print(F.mse_loss(prediction, target))

# %% [markdown]
# It is not, because broadcasting (广播) compared each prediction with *every* target, nine pairs in all. `mse_loss` at
# least warns you; a formula of your own would not. Equal shapes give the right loss:

# %%
F.mse_loss(prediction.squeeze(1), target)

# %% [markdown]
# ## Cross entropy
#
# *交叉熵*
#
# On the spirals the answer is a class. So the network gives each class a *score*, also called a *logit*, and *softmax*
# turns the scores $s$ into probabilities, $p_i = e^{s_i} / \sum_j e^{s_j}$, which are positive and add up to 1. Here are
# both for the first point:

# %%
logits = net(x)
p = logits.softmax(dim=1)
logits[0], p[0]

# %% [markdown]
# *How likely did you think the right class was?* This is all that cross entropy asks. The loss of a point is minus the
# logarithm of that probability: zero for 1, and larger and larger towards 0. The loss of the batch is the mean. (The
# index below picks the right class from each row.)

# %% claims=["C17"]
by_hand = -p[torch.arange(300), y].log().mean()
assert torch.allclose(by_hand, F.cross_entropy(logits, y))
by_hand, nn.CrossEntropyLoss()(logits, y)

# %% [markdown]
# So `CrossEntropyLoss` takes the **raw scores** and computes the softmax itself. And this explains our 1.1: a network
# that finds three classes equally likely pays $\log 3 \approx 1.1$, the price of a pure guess. With your own data, too,
# the first loss should be near the logarithm of the number of classes.
#
# Why is the softmax inside? A probability can be too small for a 32-bit number, as here, where class 0 is right:

# %%
s = torch.tensor([0.0, 200.0])
s.softmax(dim=0).log(), s.log_softmax(dim=0)

# %% [markdown]
# The first way rounds the probability to zero, whose logarithm is $-\infty$. The second never forms the probability, and
# neither does `cross_entropy`.
#
# > **Then and now.** `F.softmax(x)`, common in old code, still guesses which `dim` you mean, but warns.
#
# ### One softmax too many
#
# *多余的softmax*
#
# If your network already ends in a softmax, `cross_entropy` raises no error, but probabilities are poor scores, since
# they all lie between 0 and 1. Here a network is sure of class 0, and first it is right, then wrong:

# %% claims=["C17"]
sure = torch.tensor([[20.0, 0.0, 0.0]])
right, wrong = torch.tensor([0]), torch.tensor([1])
print(F.cross_entropy(sure, right), F.cross_entropy(sure.softmax(1), right))
print(F.cross_entropy(sure, wrong), F.cross_entropy(sure.softmax(1), wrong))

# %% [markdown]
# With the extra softmax, a perfect answer still costs 0.55, and a bad mistake only 1.55 instead of 20.
# [Further down](#Overfit-one-batch-first) you will see what this does to training.
#
# ### Soft targets
#
# *标签平滑*
#
# The target "class 0 for certain" is the row (1, 0, 0), called *one-hot*. *Label smoothing* discourages overconfidence:
# it takes a tenth of this certainty and shares it out equally among all classes. You can do this yourself, or let
# `label_smoothing` do it:

# %% claims=["C17"]
soft = 0.9 * F.one_hot(y, num_classes=3) + 0.1 / 3
F.cross_entropy(logits, soft), F.cross_entropy(logits, y, label_smoothing=0.1)

# %% [markdown]
# > **Then and now.** Both ways came with release 1.10. Before, targets had to be class numbers.
#
# ### Yes or no
#
# *二分类*
#
# For a yes-or-no question one score is enough, and a *sigmoid* turns it into the probability of a yes. `BCELoss` (binary
# cross entropy, 二元交叉熵) takes this probability, `BCEWithLogitsLoss` the score. Here a network gives "yes" a score of 20,
# but the answer is no. What is the gradient with respect to the score?

# %%
score, no = torch.tensor([20.0], requires_grad=True), torch.tensor([0.0])
loss = F.binary_cross_entropy(score.sigmoid(), no)
print(torch.autograd.grad(loss, score))
loss = F.binary_cross_entropy_with_logits(score, no)
torch.autograd.grad(loss, score)

# %% [markdown]
# In 32 bits the sigmoid of 20 is exactly 1, and no gradient comes through it, so the network would not learn from its
# worst mistakes. The loss with logits, whose gradient is 1, is the safe choice. For most tasks, one of these losses will
# do:
#
# | the answer is | the network gives | loss | targets |
# |:--|:--|:--|:--|
# | a number | the number | `MSELoss`, `HuberLoss` | floats, same shape |
# | one of C classes | N x C scores | `CrossEntropyLoss` | N class numbers, `int64` |
# | yes or no | a score | `BCEWithLogitsLoss` | floats, same shape |
#
# ## One training step by hand
#
# *手写一步训练*
#
# The gradient of the loss with respect to the weights points uphill. A step the other way, scaled by the *learning rate*
# (学习率), here 0.1, is all of gradient descent (梯度下降):

# %%
F.cross_entropy(net(x), y).backward()
with torch.no_grad():
    for parameter in net.parameters():
        parameter.sub_(0.1 * parameter.grad)
F.cross_entropy(net(x), y)

# %% [markdown]
# The loss went down a little, from 1.1130. The optimizer `optim.SGD` makes the same step for us. To see that, we build
# a twin of our network, with the weights that ours began with, and let the optimizer move it. (The name stands for
# *stochastic gradient descent*, 随机梯度下降, because the gradient usually comes from a random mini-batch, 小批量.) As each
# `backward()` adds to the gradients already there, we clear them for the next step:

# %%
twin = new_net()
optimizer = optim.SGD(twin.parameters(), lr=0.1)
F.cross_entropy(twin(x), y).backward()
optimizer.step()
optimizer.zero_grad()
torch.allclose(twin[0].weight, net[0].weight), twin[0].weight.grad

# %% [markdown]
# > **Then and now.** In 2017, `zero_grad()` filled the gradients with zeros. Since PyTorch 2.0 they become `None`, and
# > optimizers skip such a parameter.
#
# Repeat this many times, and you have a training loop (训练循环):


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


# %% verify={"integers": true, "reason": "training adds up differences of rounding", "rtol": 0.02}
plain = new_net()
losses = train(plain, optim.SGD(plain.parameters(), lr=0.1), x, y)
losses[-1], (plain(x).argmax(dim=1) == y).sum()

# %% [markdown]
# After 200 steps, fewer than two thirds of the 300 points are right. Is the learning rate to blame?
#
# ## The learning rate
#
# *学习率*
#
# To find out, we also try a smaller one and two larger ones, each on a fresh network:

# %% verify={"reason": "training adds up differences of rounding", "shift": 3}
from helpers.drawings.losses import show_training

curves = {}
for lr in (0.01, 0.1, 1.0, 10.0):
    net = new_net()
    optimizer = optim.SGD(net.parameters(), lr=lr)
    curves[f"lr={lr}"] = train(net, optimizer, x, y, steps=40)
show_training(curves, alt="Two creep, one falls, one leaps up and down.")

# %% [markdown]
# It is: with 1.0 the loss falls further in 40 steps than with 0.1 in 200. Remember these curves. If the learning rate
# is *too small*, the loss goes down, but so slowly that you lose patience. If it is *too large*, the steps leap over
# the valley, and the loss jumps and may end higher than it began. (Here it gets stuck near 3, because every ReLU has
# been pushed below zero, where its gradient is zero, and the last biases, which alone still move, overshoot in every
# step.) If you tune only one setting, let it be this one, and try values a factor of three apart.
#
# ## Momentum and Adam
#
# *动量与Adam*
#
# Plain SGD looks only at the present gradient $g$. *Momentum* (动量) keeps a velocity, $v \leftarrow \mu v + g$, and moves
# by the learning rate times $v$. Steps in the same direction gather speed, while steps back and forth cancel out. Here is
# $\mu = 0.9$ with the old learning rate of 0.1:

# %% verify={"integers": true, "reason": "training adds up differences of rounding", "rtol": 0.02}
heavy = new_net()
optimizer = optim.SGD(heavy.parameters(), lr=0.1, momentum=0.9)
losses = train(heavy, optimizer, x, y)
losses[-1], (heavy(x).argmax(dim=1) == y).sum()

# %% [markdown]
# Now more than nine points in ten are right. *Adam* keeps a running average $m$ of the gradients and another, $s$, of
# their squares (both corrected for their start at zero). It moves by the learning rate times $m / \sqrt{s}$, in which the
# size of the gradient cancels. Here is its first step, with a tiny gradient and with a huge one:

# %%
w = torch.tensor([1.0, 1.0], requires_grad=True)
w.grad = torch.tensor([0.001, 1000.0])
optim.Adam([w], lr=0.1).step()
w

# %% [markdown]
# Both weights moved by 0.1, the learning rate, although one gradient is a million times the other. That is why Adam often
# works without much tuning, with learning rates from 0.0001 to 0.01.

# %% verify={"integers": true, "reason": "training adds up differences of rounding", "rtol": 0.02}
adam = new_net()
losses = train(adam, optim.Adam(adam.parameters(), lr=0.01), x, y)
losses[-1], (adam(x).argmax(dim=1) == y).sum()

# %% [markdown]
# Nearly all points are right now. What would the three networks answer elsewhere?

# %% verify={"reason": "training adds up differences of rounding", "shift": 3}
from helpers.drawings.decision_regions import show_regions

show_regions({"SGD": plain, "momentum": heavy, "Adam": adam}, x, y)

# %% [markdown]
# SGD's borders are still nearly straight, while the others follow the arms. But such comparisons can mislead: with a
# learning rate of 1.0, plain SGD does as well here as momentum (try it). The real difference shows where some directions
# are steep and others flat.
#
# ### Paths through a valley
#
# *山谷中的路径*
#
# With only two weights, we can watch the optimizers walk. The loss $f(a, b) = a^2/20 + b^2$ is a long valley, steep
# across and nearly level along, with its lowest point at the star. The folded cell takes 40 steps from $(-9, 2)$ with
# each optimizer:

# %% jupyter={"source_hidden": true}
from helpers.drawings.optimizers import descend, show_valley

left = {f"SGD, lr={lr}": descend(optim.SGD, lr=lr) for lr in (0.1, 0.9, 1.1)}
right = {
    "momentum=0.8": descend(optim.SGD, lr=0.1, momentum=0.8),
    "Adam, lr=0.5": descend(optim.Adam, lr=0.5),
}
show_valley(left, right)

# %% [markdown]
# On the left, each step of SGD multiplies $b$ by $1 - 2 \cdot \text{lr}$. With 0.1 that is 0.8, and SGD creeps along the
# valley; with 0.9 it is -0.8, a zigzag that arrives; and beyond 1 the path flies out. So the steep direction limits the
# learning rate. On the right, momentum gathers speed along the valley even at 0.1, and Adam evens out the steepness and
# runs a little past the goal.
#
# ## Weight decay and parameter groups
#
# *权重衰减与参数组*
#
# *Weight decay* (权重衰减) shrinks the weights a little in each step. This is a remedy against *overfitting* (过拟合), which
# is what we call it when a network learns the training points by heart instead of what they have in common. Adam adds
# the decay to the gradient and then divides by the size of the sum, so the decay loses its scale. AdamW shrinks the
# weight directly. With a gradient of zero, only the decay acts:

# %%
a = torch.tensor(1.0, requires_grad=True)
b = torch.tensor(1.0, requires_grad=True)
a.grad, b.grad = torch.tensor(0.0), torch.tensor(0.0)
optim.Adam([a], lr=0.1, weight_decay=0.01).step()
optim.AdamW([b], lr=0.1, weight_decay=0.01).step()
a, b

# %% [markdown]
# AdamW took away a thousandth, learning rate times decay, as intended; Adam made a full step of 0.1 out of it. So if you
# want decay, take AdamW, whose default is 0.01 and not zero.
#
# Biases are usually spared. For that, give the optimizer *groups* of parameters; what a group does not set itself comes
# from the keywords:

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
# Large steps are good at the beginning and small ones at the end, so a *scheduler* changes the learning rate on the way.
# The first one here divides it by ten every 30 steps, and the second follows half a cosine down to zero in 100 steps:

# %%
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, StepLR

optimizer = optim.SGD(net.parameters(), lr=0.1)
stairs = StepLR(optimizer, step_size=30)
optimizer = optim.SGD(net.parameters(), lr=0.1)
cosine = CosineAnnealingLR(optimizer, T_max=100)

# %% [markdown]
# It often helps to let the learning rate rise first, because the gradients of random weights are a poor guide. Such a
# *warm-up* (预热) is built into `OneCycleLR`, which moves the momentum as well:

# %%
from helpers.drawings.optimizers import show_learning_rates

optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
one_cycle = OneCycleLR(optimizer, max_lr=0.1, total_steps=100)
show_learning_rates(stairs, cosine, one_cycle)

# %% [markdown]
# In `train` above, `scheduler.step()` would be the line after `optimizer.step()`. If a schedule counts epochs, which are
# passes over the data, call it once after each of them instead.
#
# > **Then and now.** Before release 1.1, `scheduler.step()` came first. Today that order skips the first learning rate,
# > with a warning.
#
# ## Overfit one batch first
#
# *先过拟合一个批次*
#
# Back to the spirals. Suppose that nothing raises an error, and yet the loss does not come down. Before anything else,
# train on *one* small batch alone. A sound loop will learn 15 points by heart. (So few also put up with a larger
# learning rate than usual.)

# %%
few = torch.arange(0, 300, 20)
net = new_net()
optimizer = optim.Adam(net.parameters(), lr=0.03)
sound = train(net, optimizer, x[few], y[few])
(net(x[few]).argmax(dim=1) == y[few]).sum(), sound[-1] < 0.01

# %% [markdown]
# If yours cannot, something is wrong with the loop or its settings. Here are two such mistakes: one softmax too many, and
# an optimizer that still holds the weights of an earlier network:

# %% verify={"reason": "training adds up differences of rounding", "shift": 3}
net = nn.Sequential(*new_net(), nn.Softmax(dim=1))
optimizer = optim.Adam(net.parameters(), lr=0.03)
twice = train(net, optimizer, x[few], y[few])
other = train(new_net(), optimizer, x[few], y[few])

curves = {"sound": sound, "softmax twice": twice, "another net": other}
show_training(curves, alt="One falls to zero, one stays high, one is level.")

# %% [markdown]
# The level line is the network whose weights no optimizer holds. With the extra softmax the loss stops at 0.55, the price
# of a perfect answer, and the answers are indeed perfect:

# %%
(net(x[few]).argmax(dim=1) == y[few]).sum()

# %% [markdown]
# So watch the loss, and not only the number of right answers. (The test does not find everything: a network learns wrong
# labels by heart just as well.)
#
# ## Going further
#
# *更进一步*
#
# ### Gradient clipping
#
# *梯度裁剪*
#
# Now and then a batch has a huge gradient, and one step ruins what hundreds have learned. Clipping, between `backward()`
# and `step()`, treats the gradients of all parameters as one long vector and shortens it to `max_norm` if it is longer.
# To get huge ones, we multiply the loss by 100:

# %%
net = new_net()
(100 * F.cross_entropy(net(x), y)).backward()
print(nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0))
nn.utils.get_total_norm([p.grad for p in net.parameters()])

# %% [markdown]
# The call returns the length *before* clipping, 45.7, which is worth logging. Afterwards it is 1.
#
# ### Initialization
#
# *初始化*
#
# How large should the first, random weights be? Each layer multiplies the spread of its input by some factor, and over
# many layers these compound. Here are 20 layers just as `nn.Linear` makes them, each with a ReLU:

# %%
h = torch.randn(128, 128)
for _ in range(20):
    h = nn.Linear(128, 128, bias=False)(h).relu()
h.std()

# %% [markdown]
# The signal began with a standard deviation of 1 and has all but vanished: the default weights are too small for a ReLU.
# For $n$ inputs, Kaiming He's rule, `nn.init.kaiming_normal_`, gives them a standard deviation of $\sqrt{2/n}$. The
# picture compares it with twice as much, half as much and the default. The gradient, on the right, travels from layer 20
# back to layer 1:

# %% jupyter={"source_hidden": true}
from helpers.drawings.initialization import show_signal

show_signal()

# %% [markdown]
# Of the four, only He's rule keeps both level. Our two layers can live with the default, but deep networks need a careful
# start or normalization layers.
#
# > **Then and now.** `nn.init.constant` and `nn.utils.clip_grad_norm` have an underscore at the end today; the old names
# > are deprecated.
#
# ## Recap
#
# - `MSELoss` wants equal shapes, while `CrossEntropyLoss` and `BCEWithLogitsLoss` want raw scores.
# - A training step: loss, `zero_grad()`, `backward()`, clipping, `step()`, and then the scheduler's `step()`.
# - Momentum gathers speed, Adam divides by the gradient's size, AdamW adds proper weight decay. The learning rate matters
#   at least as much.
# - Overfit one batch before anything else.

# %% [markdown]
# ## Exercises
#
# Replace the three dots with your code and run the cell; the check tries it on inputs of its own.
#
# **1. A loss for hard cases.** The *focal loss* cares less about points that the network already gets right. With $p$
# the probability of the right class, a point's loss is $-(1 - p)^\gamma \log p$. Write `focal_loss(logits, y, gamma)`,
# which returns the mean over the batch, for `logits` of shape N x C and labels `y`. It should still be finite for scores
# of 200.


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
# multiplies the optimizer's learning rate by what it returns. Write `warm_up_and_cosine(optimizer, warm_up, total)`,
# which returns such a scheduler. In the first `warm_up` steps (0, 1, ...) the learning rate grows in equal parts up to
# the optimizer's own, which it reaches in step `warm_up - 1`. From step `warm_up` to step `total` it follows half a
# cosine down to zero.


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
# **3. A loop that knows when to stop.** Write `overfit(net, optimizer, x, y, goal)`. It trains `net` on the one batch
# `x`, `y` with cross entropy and the given `optimizer`, and clips the gradient to a length of 1. It stops after the step
# whose loss (computed before the step) is below `goal`, and after 100 steps at the latest. It returns the losses as a
# list of Python numbers.


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
# **4. Momentum of your own.** Write a class `Momentum` that does what `optim.SGD` with `momentum` does, without using
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
# **5. Adam of your own (hard).** Now write `Adam` in the same way, with `betas` $(\beta_1, \beta_2)$. In a parameter's
# step number $t = 1, 2, \ldots$ with gradient $g$, it computes
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

# %% [markdown] tags=["solution"]
# ## Solutions
#
# In JupyterLab, click on a solution to open it. Below each one is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
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


# %% jupyter={"source_hidden": true} tags=["solution"]
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


# %% jupyter={"source_hidden": true} tags=["solution"]
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


# %% jupyter={"source_hidden": true} tags=["solution"]
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


# %% jupyter={"source_hidden": true} tags=["solution"]
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
# Previous: [modules](04_modules.ipynb) · Next: [train a classifier on CIFAR-10](06_cifar10.ipynb)
