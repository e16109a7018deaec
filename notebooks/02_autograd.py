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
# # Let PyTorch find the gradient
#
# *自动求导*
#
# You have a model with a few numbers in it, or a few million, and a measure of how wrong it is. Which way should each
# number move to make the model less wrong? PyTorch can answer that in a single call, and this answer is what drives
# the training of nearly every network. We begin with the smallest model worth fitting, a straight line, where you can
# check every number by hand. Then we look at what happened behind the call, and at what can go wrong.
#
# **You will**
#
# - fit a line by gradient descent, and work out its first gradient by hand;
# - read the computational graph that PyTorch records, and decide what it should not record;
# - know why gradients accumulate, and put that to use;
# - find out why a `.grad` is `None`, and read autograd's error messages for their advice;
# - turn old code with `Variable`, `volatile` and `.data` into today's.
#
# **You need** a little Python, a rough idea of what a tensor is, and the derivative of $x^2$ from school. No GPU.
#
# **Time**: 1 min to read, 1 s to run (not measured).
#
# ## A line through three points
#
# *直线拟合*
#
# Somebody has measured three points, and we suspect that they lie near a straight line.

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch

import matplotlib.pyplot as plt

from helpers import plotting
from helpers.drawings.autograd_graph import show_graph
from helpers.drawings.line_fit import show_lines
from helpers.messages import print_warnings

plotting.use_style()
x = torch.tensor([1.0, 2.0, 3.0])
y = torch.tensor([2.0, 4.0, 5.0])

# %% [markdown]
# A line is $y = wx + b$, and we have to find its slope $w$ and its intercept $b$. We start from a guess, $w = 0.5$ and
# $b = 0$, and measure how wrong it is with the *mean squared error* (均方误差): take the difference between the line and
# each point, square it, and average over the points.


# %%
def mse(w, b):
    return ((w * x + b - y) ** 2).mean()


mse(0.5, 0.0)

# %%
show_lines(x, y, {"our guess": (0.5, 0.0)})

# %% [markdown]
# The line runs below all three points, so a steeper one should do better. How much better? We could nudge $w$ a little
# and see how the error responds.

# %%
(mse(0.51, 0.0) - mse(0.5, 0.0)) / 0.01

# %% [markdown]
# The error falls at a rate of about 12 for each unit that $w$ grows. With an infinitely small nudge, this rate
# is the derivative of the error with respect to $w$, and the derivatives with respect to all parameters together are
# the *gradient* (梯度). Nudging would be a slow way to get it, because a network with a million
# parameters would have to be evaluated a million times. This is what autograd is for. To have PyTorch keep track, say
# so when you make the tensors:

# %%
w = torch.tensor(0.5, requires_grad=True)
b = torch.tensor(0.0, requires_grad=True)
loss = mse(w, b)
loss

# %% [markdown]
# The value is the one we had before. We call it the *loss* (损失), which is the usual name for a number that we want to
# make small. The `grad_fn` beside it is new: PyTorch remembers that this number came out of a mean. One call now walks
# back from the loss to `w` and `b`:

# %%
loss.backward()
w.grad, b.grad

# %% [markdown]
# There is the −12 that our nudge came close to, and with it the derivative with respect to $b$. Both are negative:
# making $w$ or $b$ a little larger makes the loss smaller, and $w$ has more than twice the effect.

# %% [markdown]
# ## What happened
#
# *计算图*
#
# With `requires_grad=True` we told PyTorch that we want derivatives with respect to `w` and `b`. From then on, a
# differentiable operation that involves one of them leaves a note of itself on its result, the `grad_fn`:

# %% claims=["C08"]
prediction = w * x + b
prediction

# %% [markdown]
# The last thing that happened to `prediction` was an addition. The note of the addition knows where its inputs came
# from, the note of the multiplication knows the same of its own, and so on. Followed all the way back, they form the
# *computational graph* (计算图). Let us clear the two gradients, so that we can watch them arrive, and draw the graph
# behind the loss.

# %% claims=["C08"]
w.grad = b.grad = None
loss = mse(w, b)
show_graph(loss, w=w, b=b)

# %% [markdown]
# Read it from right to left, the way `backward` goes: the mean, the square, the subtraction of `y`, the addition of
# `b`, the multiplication by `x`. The orange boxes at the ends are `w` and `b` themselves. They have no `grad_fn`, since
# we made them and no operation did; their `AccumulateGrad` will put the gradient into `.grad`. Our data, `x` and `y`,
# are not in the picture, because nobody asked for derivatives with respect to them.
#
# Two boxes *keep* something for the way back. To differentiate $e^2$ you must know $e$, so the square keeps its own
# input, called `self`. To differentiate $w \cdot x$ with respect to $w$ you must know $x$, so the product keeps its
# other factor, `other`. Adding and subtracting have nothing to remember.

# %% [markdown]
# ## The chain rule by hand
#
# *链式法则*
#
# What travels along these arrows? Call the error at the $i$-th point $e_i = w x_i + b - y_i$. Then each link of the graph
# has a derivative that we know from school:
#
# $$\text{loss} = \frac{1}{3}\sum_i e_i^2, \qquad
# \frac{\partial\,\text{loss}}{\partial e_i} = \frac{2 e_i}{3}, \qquad
# \frac{\partial e_i}{\partial w} = x_i, \qquad \frac{\partial e_i}{\partial b} = 1.$$
#
# Now $w$ acts on the loss by way of three errors. The *chain rule* (链式法则) says: multiply the derivatives along each
# way, and add up the ways. Our errors are $-1.5$, $-3$ and $-3.5$, so
#
# $$\frac{\partial\,\text{loss}}{\partial w} = \sum_i \frac{2 e_i}{3}\, x_i
# = \frac{2}{3}\,(-1.5 \cdot 1 - 3 \cdot 2 - 3.5 \cdot 3) = -12, \qquad
# \frac{\partial\,\text{loss}}{\partial b} = \sum_i \frac{2 e_i}{3}
# = \frac{2}{3}\,(-1.5 - 3 - 3.5) \approx -5.33.$$
#
# In code, with ordinary numbers and no autograd:

# %%
error = 0.5 * x + 0.0 - y
d_error = 2 * error / 3
(d_error * x).sum(), d_error.sum()

# %% [markdown]
# `backward` does just this, box by box. Each `grad_fn` is a function that knows its own link of the chain: you hand it
# the gradient with respect to its output, and it returns the gradient with respect to its input. Here is the mean,
# which passes a third to each of the three squares:

# %% claims=["C08"]
loss.grad_fn(torch.tensor(1.0))

# %% [markdown]
# The square would multiply this by $2 e_i$, and so on down to the leaves. Let `backward` do the rest, and compare.

# %%
loss.backward()
assert torch.allclose(w.grad, (d_error * x).sum())
assert torch.allclose(b.grad, d_error.sum())
show_graph(loss, w=w, b=b)

# %% [markdown]
# The gradients have arrived, and they are what we worked out by hand. Notice too that the boxes which kept something now
# say *freed*. PyTorch lets go of that memory as soon as it has been used, which will explain
# [an error message](#Traps-and-their-messages) further down.

# %% [markdown]
# ## Gradient descent
#
# *梯度下降*
#
# The gradient points to where the loss grows fastest, so we take a step the other way. How long a step is decided by
# the *learning rate* (学习率), here 0.1. Written down just like that, PyTorch objects:

# %% tags=["raises-exception"]
w -= 0.1 * w.grad

# %% [markdown]
# "Leaf Variable" is the old name for a tensor like `w`, which no operation made. Moving a parameter is not part of the
# model that we want to differentiate, so it should not be recorded. `torch.no_grad()` says that:

# %%
with torch.no_grad():
    w -= 0.1 * w.grad
    b -= 0.1 * b.grad
mse(w, b)

# %% [markdown]
# One step has brought the loss down from 7.8333 to 0.1533. From here on it is repetition: compute the loss, call
# `backward`, take a step, clear the gradients. Keep an eye on the last of these four, whose reason follows in
# the next section.


# %%
def first_guess():
    w = torch.tensor(0.5, requires_grad=True)
    b = torch.tensor(0.0, requires_grad=True)
    return w, b


def fit(learning_rate, steps):
    w, b = first_guess()
    losses = []
    for _ in range(steps):
        loss = mse(w, b)
        loss.backward()
        with torch.no_grad():
            w -= learning_rate * w.grad
            b -= learning_rate * b.grad
        w.grad = b.grad = None
        losses.append(loss.item())
    return w, b, losses


w, b, losses = fit(learning_rate=0.1, steps=500)
w, b

# %%
once = fit(learning_rate=0.1, steps=1)[:2]
lines = {"our guess": (0.5, 0.0), "1 step": once, "500 steps": (w, b)}
show_lines(x, y, lines)

# %% [markdown]
# Is this the best line? For a straight line we can tell, because the *least squares* solution (最小二乘法) can be computed
# directly. `lstsq` takes a matrix with a column for $w$ (the `x`) and one for $b$ (ones):

# %%
columns = torch.stack([x, torch.ones(3)], dim=1)
torch.linalg.lstsq(columns, y.unsqueeze(1)).solution

# %% [markdown]
# The numbers agree. For a neural network there is no such formula, but the loop above stays as it is.
#
# The learning rate is the one number that we had to choose. Twenty steps with each of three show what it does:

# %%
figure, axis = plt.subplots()
axis.semilogy(fit(0.01, 20)[2], label="learning rate 0.01")
axis.semilogy(fit(0.1, 20)[2], label="learning rate 0.1")
axis.semilogy(fit(0.2, 20)[2], label="learning rate 0.2")
axis.set(xlabel="step", ylabel="loss", xticks=range(0, 21, 5))
axis.legend()
plotting.show(
    figure, alt="Loss by step: one falls slowly, one fast, one rises."
)

# %% [markdown]
# With 0.01 the loss comes down slowly. With 0.1 it is down after two or three steps. With 0.2 each step overshoots: it crosses
# the valley and lands higher up on the other side, and the loss explodes. When a loss of yours grows from step to step, a
# learning rate that is too large is the first thing to suspect.

# %% [markdown]
# ## Gradients accumulate
#
# *梯度累加*
#
# Why did the loop have to clear the gradients? Watch what a second `backward` does to `w.grad`, which was −12 after the
# first:

# %% claims=["C07"]
w, b = first_guess()
mse(w, b).backward()
mse(w, b).backward()
w.grad

# %% [markdown]
# It *adds* to what is there already. If you forget to clear, nothing fails; every step simply contains all earlier
# gradients as well, and the training goes astray. With an optimizer (优化器), `zero_grad()` clears the gradients of all its
# parameters.
#
# > **Then and now.** In 2017, `zero_grad()` filled the gradients with zeros. Since PyTorch 2.0 it sets them to `None`,
# > which saves memory. `set_to_none=False` brings the zeros back.

# %%
optimizer = torch.optim.SGD([w, b], lr=0.1)
optimizer.zero_grad(set_to_none=False)
zeros = w.grad
optimizer.zero_grad()
zeros, w.grad

# %% [markdown]
# The adding has its use, though. The gradient of a sum is the sum of the gradients, so a batch that is too large for your
# memory can be worked through in smaller parts, or *mini-batches* (小批量). Each part's graph is freed before the next one is
# recorded, and in the end `.grad` holds the gradient of the whole batch:

# %%
for part in ([0, 1], [2]):
    error = w * x[part] + b - y[part]
    ((error**2).sum() / 3).backward()
w.grad, b.grad

# %% [markdown]
# These are the −12 and −5.3333 again. Note the division by 3, the number of *all* points. With `.mean()` in its place,
# the lonely point of the second part would count for as much as the other two together.

# %% [markdown]
# ## Switch recording off
#
# *不记录计算图*
#
# When you only want predictions, a graph is a waste: as long as it lives, it holds on to what its boxes keep. You have
# seen the remedy already. Inside `torch.no_grad()` results carry no `grad_fn`:

# %%
with torch.no_grad():
    prediction = w * x + b
prediction

# %% [markdown]
# Sometimes it is a single tensor that should leave the graph, for instance on its way to NumPy or into a plot. PyTorch
# refuses to hand a tensor that requires a gradient to NumPy. `detach()` gives you the same numbers, in the same memory,
# without the history:

# %%
prediction = w * x + b
prediction.detach().numpy()

# %% [markdown]
# For code that only ever predicts, there is the stricter `torch.inference_mode()`. It also drops the bookkeeping that
# would let its results take part in training later, and so saves a little more time. You may still add to such
# a result, but an operation that would have to keep it for `backward` fails:

# %% tags=["raises-exception"]
with torch.inference_mode():
    prediction = w * x + b
print((prediction + b).requires_grad)
prediction * w

# %% [markdown]
# Both remedies are in the message: clone the tensor, or use `no_grad`. When in doubt, take `no_grad`.

# %% [markdown]
# ## Freeze a parameter
#
# *冻结参数*
#
# Suppose the intercept is known, and only the slope should be trained. `requires_grad_(False)` takes a parameter out of
# the game after it was made. (As with all of PyTorch's names that end in an underscore, it changes the tensor itself.)

# %%
w, b = first_guess()
b.requires_grad_(False)
mse(w, b).backward()
w.grad, b.grad

# %% [markdown]
# This is also how a pretrained network is adapted to a new task: freeze most of its parameters, and train the last few.
# One thing to watch out for: an optimizer looks at `.grad`, and not at `requires_grad`. If a gradient from earlier is
# still there when you freeze, the next step moves the frozen parameter all the same:

# %%
w, b = first_guess()
mse(w, b).backward()
b.requires_grad_(False)
torch.optim.SGD([w, b], lr=0.1).step()
b

# %% [markdown]
# So clear the gradients when you freeze.

# %% [markdown]
# ## The graph follows your code
#
# *动态图*
#
# You never declared a graph on this page. PyTorch records one while your Python code runs, and a new one each time
# (*define-by-run*). Loops and branches may therefore depend on the data:


# %%
def doubled(t):
    while t < 10:
        t = 2 * t
    return t


a = torch.tensor(3.0, requires_grad=True)
c = torch.tensor(1.0, requires_grad=True)
(doubled(a) + doubled(c)).backward()
a.grad, c.grad, (a < 10).requires_grad

# %% [markdown]
# From 3 the loop doubles twice, so the derivative is 4; from 1 it doubles four times, and the derivative is 16. Autograd
# differentiates the path that was taken. The condition `t < 10` decided on that path but is not part of the graph, as the
# `False` shows: a comparison has no useful derivative, so it is not recorded, even though it was computed
# from a tensor that requires a gradient.

# %% [markdown]
# ## Leaf tensors
#
# *叶子张量*
#
# A *leaf* (叶子) is a tensor that is not the result of a recorded operation. Parameters that you make are leaves, and so is
# anything computed without recording:

# %%
w, b = first_guess()
error = w * x + b - y
w.is_leaf, error.is_leaf, (3 * x).is_leaf

# %% [markdown]
# The distinction matters because `backward` fills `.grad` for leaves that require a gradient, and not for what lies in
# between. Those gradients are passed on and forgotten. If you ask for one, you get `None` and a piece of advice:

# %%
(error**2).mean().backward()
with print_warnings():
    print(error.grad)

# %% [markdown]
# We take the advice, and find the `d_error` of our calculation by hand:

# %%
error = w * x + b - y
error.retain_grad()
(error**2).mean().backward()
error.grad

# %% [markdown]
# And here is the trap that this leads to. Somebody wants parameters in double precision and asks for gradients first:

# %% tags=["raises-exception"]
v = torch.ones(2, requires_grad=True).to(torch.float64)
print(v.is_leaf)
torch.optim.SGD([v], lr=0.1)

# %% [markdown]
# The conversion is an operation like any other, and it was recorded. The leaf is the `float32` tensor, which nobody has
# a name for any more; `v` is computed from it. The optimizer notices. A loop of your own would find `v.grad` to be
# `None`. A scaling such as `torch.randn(2, requires_grad=True) * 0.01` does the same, and so does a move to the GPU with
# `.to("cuda")`. That one is nasty, because on a laptop without a GPU `.to("cpu")` returns the very same tensor, and all is
# well. The remedy is to ask for the gradient last, with `.requires_grad_()`, or to say everything at once:

# %%
v = torch.ones(2, dtype=torch.float64, requires_grad=True)
v.is_leaf

# %% [markdown]
# ## Traps and their messages
#
# *常见错误*
#
# Four more messages will come your way sooner or later. Once you can read them, they are good advice.
#
# **Nothing requires a gradient.** Here we pass plain numbers to `mse`, so nothing was recorded:

# %% tags=["raises-exception"]
mse(0.5, 0.0).backward()

# %% [markdown]
# "Element 0" is the loss. Look for a forgotten `requires_grad=True`, for a `no_grad` or a `detach` on the way, or for
# parameters that are all frozen.
#
# **More than one number.** `backward` starts from a scalar:

# %% tags=["raises-exception"]
(w * x + b).backward()

# %% [markdown]
# Usually a `.mean()` or a `.sum()` is missing. If you really mean several outputs, say how much each counts, as
# [the next page](03_autograd_in_depth.ipynb) explains.
#
# **A second `backward`.** We saw the boxes say *freed*:

# %% tags=["raises-exception"]
loss = mse(w, b)
loss.backward()
loss.backward()

# %% [markdown]
# The message suggests `retain_graph=True`. More often the real cause is something that was computed once, before the
# loop, and should be computed again in every step. What counts is what was *saved*. A sum saves nothing, so its
# graph can be walked twice, and the gradients accumulate:

# %%
w, b = first_guess()
total = w + b
total.backward()
total.backward()
w.grad

# %% [markdown]
# **A change in place.** The derivative of $e^w$ is $e^w$ itself, so `exp` keeps its own result. Then we change it:

# %% tags=["raises-exception"]
out = w.exp()
out.add_(1)
out.backward()

# %% [markdown]
# A tensor counts its changes in place, and this count is its *version*. "Output 0 of Exp" was saved at version 0 and found
# at version 1, so the derivative would be wrong, and PyTorch stops instead. Write `out = out + 1`, which makes a new tensor.
# A change in place is harmless where the tensor was not saved: after `w.sin()`, which keeps its input, the same two lines
# run. If you cannot find the culprit, [anomaly detection](03_autograd_in_depth.ipynb) points at it.

# %% [markdown]
# ## Variable then and now
#
# *从 Variable 到 Tensor*
#
# > **Then and now.** In the notes of 2017, a Tensor held numbers, and only a `Variable` wrapped around it could be
# > differentiated. It was the core class of autograd (核心类), with a `data`, a `grad` (a Variable too) and a `grad_fn`.
# > PyTorch 0.4 made Variable and Tensor one class in April 2018.
#
# | in old code | today |
# |:--|:--|
# | `Variable(t)` | `t` |
# | `Variable(t, requires_grad=True)` | `t.detach().requires_grad_()` |
# | `v.data` | `v.detach()` |
# | `Variable(t, volatile=True)` | `with torch.no_grad():` around the computation |
# | `loss.data[0]` | `loss.item()` |
#
# `Variable` can still be called. What you get is a Tensor, and so are its `data` and its `grad`:

# %% claims=["C05", "C06", "C07"]
from torch.autograd import Variable

v = Variable(torch.ones(2), requires_grad=True)
v.sum().backward()
type(v), type(v.data), type(v.grad), v.grad.shape == v.shape

# %% [markdown]
# `volatile=True`, which used to switch recording off, has lost its effect. Old code that relied on it still runs, builds
# the graph it meant to avoid, and tells you so:

# %% claims=["C05"]
with print_warnings():
    Variable(torch.ones(2), volatile=True)

# %% [markdown]
# The one to root out is `.data`. It gives you the numbers behind autograd's back, and a change made there does not
# raise the version. Let us overwrite what `exp` has kept, at $t = 1$, where the derivative is $e \approx 2.718$:

# %% claims=["C06"]
t = torch.tensor(1.0, requires_grad=True)
out = t.exp()
out.data.zero_()
out.backward()
t.grad

# %% [markdown]
# The gradient is 0, and nobody complained. With `detach()` it is the same memory and the same change, but the version is
# shared as well, and the mistake comes to light:

# %% claims=["C06"] tags=["raises-exception"]
out = t.exp()
out.detach().zero_()
out.backward()

# %% [markdown]
# ## The same fit with torch.nn
#
# *用 torch.nn 再做一遍*
#
# The notes say that autograd does the backpropagation (反向传播) but is a little laborious (略显复杂) on its own. You have
# seen why: we made, moved and cleared each parameter by name. With two that is fine, and with a hundred it is not. This is
# where `torch.nn` comes in, which is built on autograd. A layer holds its parameters, and an optimizer moves and
# clears them all:

# %% claims=["C09", "C13"]
torch.manual_seed(0)
net = torch.nn.Linear(1, 1)  # one input, one output: w and b
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(500):
    prediction = net(x.unsqueeze(1)).squeeze(1)
    loss = torch.nn.functional.mse_loss(prediction, y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
net.weight, net.bias

# %% [markdown]
# It is the same line, found by the same four actions: loss, `backward`, step, clear. Put a large network in the place of
# `net` and the loop need not change. (A layer expects one row per sample, hence `unsqueeze`; and it starts from small
# random numbers, hence the seed.) How networks are built from layers is the subject of [page 04](04_modules.ipynb).

# %% [markdown]
# ## Recap
#
# - `requires_grad=True` asks for derivatives, `backward()` computes them by the chain rule, and `.grad` holds them. One step
#   of gradient descent moves a parameter against its gradient, as far as the learning rate says.
# - Each differentiable operation on such tensors is recorded, while your code runs, in a computational graph. `no_grad`,
#   `inference_mode` and `detach` keep things out of it, and `requires_grad_(False)` freezes a parameter.
# - Gradients accumulate. Clear them after each step, or use the adding to work through a large batch in parts.
# - `.grad` is filled for leaves that require a gradient. A conversion, a scaling or a move makes something else out of a leaf.
#   What was saved for `backward` must not be changed in place, and is freed after use.
# - `Variable` is Tensor since 0.4, `volatile` became `no_grad`, and `.data` should be `detach()`.
#
# ## Exercises
#
# Write your code in the place of the three dots and run the cell. It is tried on inputs that you do not see. The hints
# open one after the other.
#
# **1. The gradient of anything.** Write `gradient(loss, w, b)`. It gets a function `loss` of two tensors, and two Python
# numbers, and returns a tuple: the derivatives of `loss(w, b)` with respect to `w` and to `b`.

# %% tags=["exercise"]
from helpers.exercises.autograd import check_gradient


def gradient(loss, w, b): ...


check_gradient(gradient)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# The function is different each time, so there is no formula to write down. Where on this page did we go from a loss to
# two derivatives?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# A Python number cannot have a gradient. Make tensors that ask for one, pass them to `loss`, and call `backward` on what
# comes back.
#
# </details>

# %% [markdown]
# **2. All but one.** Write `freeze_all_but(parameters, name)`. `parameters` is a dictionary of leaf tensors by name.
# Afterwards the next training step, with any optimizer, should move the named one and no other. Some
# tensors may have been frozen before, and gradients of an earlier `backward` may still be there.

# %% tags=["exercise"]
from helpers.exercises.autograd import check_freeze


def freeze_all_but(parameters, name): ...


check_freeze(freeze_all_but)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `for key, tensor in parameters.items():` goes through them. The section on freezing has all that you need.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `requires_grad_` takes `True` as well as `False`. And what does an optimizer look at?
#
# </details>

# %% [markdown]
# **3. A parabola.** Write `fit_parabola(x, y, learning_rate, steps)`, which fits $y = p_0 x^2 + p_1 x + p_2$ to points by
# gradient descent on the mean squared error, starting from zeros, and returns the three coefficients in one tensor.

# %% tags=["exercise"]
from helpers.exercises.autograd import check_parabola


def fit_parabola(x, y, learning_rate, steps): ...


check_parabola(fit_parabola)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `fit` on this page has the loop. One parameter with three elements, `torch.zeros(3, requires_grad=True)`, is enough.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# The prediction is `p[0] * x**2 + p[1] * x + p[2]`, and the step is `p -= learning_rate * p.grad`. Do you remember what it
# needs around it, and what must happen after it?
#
# </details>

# %% [markdown]
# **4. In unequal parts.** Write `backward_in_parts(w, b, x, y, sizes)`. The points are to be worked through in parts of the
# given sizes, such as `[3, 1]`, with one `backward` for each part. Afterwards `w.grad` and `b.grad` should hold the
# gradient of the mean squared error over *all* points. Both are `None` at the start, and nothing is returned.

# %% tags=["exercise"]
from helpers.exercises.autograd import check_parts


def backward_in_parts(w, b, x, y, sizes): ...


check_parts(backward_in_parts)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `x.split(sizes)` cuts a tensor into parts of these sizes, and `zip` walks through two lists at once.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# By what did we divide the sum of a part's squares, so that the parts added up to the whole?
#
# </details>

# %% [markdown]
# **5. The chain rule, one floor higher (hard).** A tiny network has a bend in it: the prediction is
# $v \tanh(wx + b) + c$. Write `gradient_by_hand(x, y, w, b, v, c)`, which returns a tuple of the derivatives of the mean
# squared error with respect to `w`, `b`, `v` and `c`, *without* autograd. (Your function is called in inference mode, where
# `backward` would not help you.)

# %% tags=["exercise"]
from helpers.exercises.autograd import check_chain


def gradient_by_hand(x, y, w, b, v, c): ...


check_chain(gradient_by_hand)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Draw the graph: from `w` by a product and a sum to the inside of tanh, through tanh, by a product and a sum to the
# prediction, then to the loss. Work backwards from the loss, and give each gradient on the way a name.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# With `hidden = torch.tanh(w * x + b)`, the derivative of tanh is `1 - hidden**2`. The gradient with respect to
# the prediction is $2e_i/3$ for three points; mind how many there are.
#
# </details>

# %% [markdown]
# ## Solutions
#
# Click on a cell to open it. Below each answer stands a typical mistake with what the check says about it.


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 1
def gradient(loss, w, b):
    w = torch.tensor(w, requires_grad=True)
    b = torch.tensor(b, requires_grad=True)
    loss(w, b).backward()
    return w.grad, b.grad


check_gradient(gradient)


# A typical mistake: the tensors do not ask for a gradient
def gradient_without_asking(loss, w, b):
    w, b = torch.tensor(w), torch.tensor(b)
    loss(w, b).backward()
    return w.grad, b.grad


check_gradient(gradient_without_asking)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 2
def freeze_all_but(parameters, name):
    for key, tensor in parameters.items():
        tensor.requires_grad_(key == name)
        tensor.grad = None


check_freeze(freeze_all_but)


# A typical mistake: old gradients stay where they are
def freeze_and_forget(parameters, name):
    for key, tensor in parameters.items():
        tensor.requires_grad_(key == name)


check_freeze(freeze_and_forget)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 3
def fit_parabola(x, y, learning_rate, steps):
    p = torch.zeros(3, requires_grad=True)
    for _ in range(steps):
        loss = ((p[0] * x**2 + p[1] * x + p[2] - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            p -= learning_rate * p.grad
        p.grad = None
    return p.detach()


check_parabola(fit_parabola)


# A typical mistake: the gradients are never cleared
def fit_and_accumulate(x, y, learning_rate, steps):
    p = torch.zeros(3, requires_grad=True)
    for _ in range(steps):
        ((p[0] * x**2 + p[1] * x + p[2] - y) ** 2).mean().backward()
        with torch.no_grad():
            p -= learning_rate * p.grad
    return p.detach()


check_parabola(fit_and_accumulate)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 4
def backward_in_parts(w, b, x, y, sizes):
    for part_x, part_y in zip(x.split(sizes), y.split(sizes), strict=True):
        error = w * part_x + b - part_y
        ((error**2).sum() / len(x)).backward()


check_parts(backward_in_parts)


# A typical mistake: the mean of means, in which small parts count too much
def mean_of_means(w, b, x, y, sizes):
    for part_x, part_y in zip(x.split(sizes), y.split(sizes), strict=True):
        error = w * part_x + b - part_y
        ((error**2).mean() / len(sizes)).backward()


check_parts(mean_of_means)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 5
def gradient_by_hand(x, y, w, b, v, c):
    hidden = torch.tanh(w * x + b)
    d_prediction = 2 * (v * hidden + c - y) / len(x)
    d_hidden = d_prediction * v
    d_inside = d_hidden * (1 - hidden**2)
    d_w, d_b = (d_inside * x).sum(), d_inside.sum()
    d_v, d_c = (d_prediction * hidden).sum(), d_prediction.sum()
    return d_w, d_b, d_v, d_c


check_chain(gradient_by_hand)


# A typical mistake: the way back goes around tanh
def around_tanh(x, y, w, b, v, c):
    hidden = torch.tanh(w * x + b)
    d_prediction = 2 * (v * hidden + c - y) / len(x)
    d_inside = d_prediction * v
    d_w, d_b = (d_inside * x).sum(), d_inside.sum()
    d_v, d_c = (d_prediction * hidden).sum(), d_prediction.sum()
    return d_w, d_b, d_v, d_c


check_chain(around_tanh)

# %% [markdown]
# ---
# Back: [install and time](01_install_and_timing.ipynb) · On: [autograd in depth](03_autograd_in_depth.ipynb)
