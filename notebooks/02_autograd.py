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
# # Let PyTorch find the gradient
#
# *自动求导*
#
# You have a model with a few numbers in it, or a few million, and a measure of how wrong it is. Which way should each
# number move to make it less wrong? PyTorch answers in one call, and that call drives the training of nearly every
# network. We begin with a straight line, where you can check the answer by hand.
#
# **You will**
#
# - fit a line by gradient descent, and work out its first gradient by hand;
# - read the computational graph that PyTorch records, and decide what to keep out of it;
# - make use of gradients that accumulate;
# - find out why a `.grad` is `None`, and read autograd's error messages for their advice;
# - turn old code with `Variable`, `volatile` and `.data` into today's.
#
# **You need** a little Python, and the derivatives of $x^2$ and $e^x$ from school. A *tensor* (张量) is PyTorch's array
# of numbers. No GPU.
#
# **Time**: 21 min to read, 6 s to run (AMD EPYC, 2 cores).
#
# ## A line through three points
#
# *直线拟合*
#
# Somebody has measured three points, and we suspect that they lie near a straight line.

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch

x = torch.tensor([1.0, 2.0, 3.0])
y = torch.tensor([2.0, 4.0, 5.0])


# %% [markdown]
# A line $y = wx + b$ has a slope $w$ and an intercept $b$. We guess $w = 0.5$ and $b = 0$, and measure how wrong that
# is by the *mean squared error* (均方误差): the difference between line and point, squared, and averaged over the points.


# %%
def mse(w, b):
    return ((w * x + b - y) ** 2).mean()


mse(0.5, 0.0)

# %% [markdown]
# Here is the line, with the errors dotted. (What comes from `helpers` only draws or prints.)

# %%
from helpers.drawings.line_fit import show_lines, show_losses

show_lines(x, y, {"our guess": (0.5, 0.0)})

# %% [markdown]
# A steeper line should do better. How much better? We nudge $w$ a little and see how the error responds.

# %%
(mse(0.51, 0.0) - mse(0.5, 0.0)) / 0.01

# %% [markdown]
# The error falls at a rate of about 12 per unit of $w$. With an infinitely small nudge, this rate is the derivative
# with respect to $w$. The derivatives with respect to all *parameters* (参数), here $w$ and $b$, form the *gradient*
# (梯度). Nudging a million parameters one by one would be hopelessly slow. *Autograd*, the subject of this page, finds
# all the derivatives at once; you ask for them when you make the tensors:

# %%
w = torch.tensor(0.5, requires_grad=True)
b = torch.tensor(0.0, requires_grad=True)
loss = mse(w, b)
loss

# %% [markdown]
# The value is the one we had before; a number that we want to make small is called a *loss* (损失). The `grad_fn` beside
# it is new: PyTorch remembers that this number came out of a mean. One call now walks back from there to `w` and `b`:

# %%
loss.backward()
w.grad, b.grad

# %% [markdown]
# There is the −12 that our nudge came close to. Both numbers are negative, so a little more of $w$ or $b$ makes the
# loss smaller, and $w$ has more than twice the effect.

# %% [markdown]
# ## What happened
#
# *计算图*
#
# Once a tensor requires a gradient, each differentiable operation on it leaves a record on its result, the `grad_fn`.
# The loss has a `MeanBackward0`, because the last operation was a mean. That record points to the records of its
# inputs, which point to the records of theirs, and together they form the *computational graph* (计算图). We clear the
# gradients and draw it.

# %% claims=["C08"]
from helpers.drawings.autograd_graph import show_graph

w.grad = b.grad = None
loss = mse(w, b)
show_graph(loss, w=w, b=b)

# %% [markdown]
# Read it from right to left, the way `backward` goes: mean, square, subtraction of `y`, addition of `b`, multiplication
# by `x`. No operation made `w` and `b`, in orange, so they have no `grad_fn`; their `AccumulateGrad` will add the
# gradient to `.grad`. Our data do not appear, because nobody asked for their derivatives.
#
# Two boxes *keep* something for later. The derivative of a square $u^2$ is $2u$, so the square keeps its input, called
# `self`. That of $wx$ with respect to $w$ is $x$, so the product keeps its `other` factor.

# %% [markdown]
# ## The chain rule by hand
#
# *链式法则*
#
# What travels along these arrows? Call the loss $L$, and the error at the $i$-th point $e_i = w x_i + b - y_i$. School
# tells us the derivative of each link. (The curly $\partial$ says that the other variables stand still.)
#
# $$\frac{\partial L}{\partial e_i} = \frac{2 e_i}{3}, \qquad
# \frac{\partial e_i}{\partial w} = x_i, \qquad \frac{\partial e_i}{\partial b} = 1.$$
#
# Now $w$ acts on the loss by way of three errors, $-1.5$, $-3$ and $-3.5$. The *chain rule* (链式法则) says: multiply the
# derivatives along each path, and add up the paths.
#
# $$\frac{\partial L}{\partial w} = \sum_i \frac{2 e_i}{3}\, x_i
# = \frac{2}{3}\,(-1.5 \cdot 1 - 3 \cdot 2 - 3.5 \cdot 3) = -12$$
#
# The paths to $b$ are the same, with a 1 in place of $x_i$. In code, without any help from autograd:

# %%
error = 0.5 * x + 0.0 - y
d_error = 2 * error / 3
(d_error * x).sum(), d_error.sum()

# %% [markdown]
# `backward` does just this, box by box. Each `grad_fn` is a function that knows its own link: hand it the gradient with
# respect to its output, and it returns the gradient with respect to each of its inputs. We begin at the loss, whose
# derivative with respect to itself is 1. The mean passes a third to each of the three squares:

# %% claims=["C08"]
loss.grad_fn(torch.tensor(1.0))

# %% [markdown]
# The square would multiply this by $2 e_i$, and so on down to `w` and `b`. Let `backward` do the rest.

# %%
loss.backward()
assert torch.allclose(w.grad, (d_error * x).sum())
show_graph(loss, w=w, b=b)

# %% [markdown]
# The gradients are what we worked out by hand. The boxes that kept something now say *freed*: PyTorch lets go of that
# memory once it has been used, which explains [a message](#Traps-and-their-messages) below.

# %% [markdown]
# ## Gradient descent
#
# *梯度下降*
#
# The gradient points in the direction in which the loss grows fastest, so we step the other way. The step is the
# gradient times a small number, the *learning rate* (学习率), here 0.1. If we write that down just like this, PyTorch
# objects:

# %% tags=["raises-exception"]
w -= 0.1 * w.grad

# %% [markdown]
# "Leaf Variable" is the old name for a tensor like `w`, which no operation made. If PyTorch recorded this step, `w`
# would become the result of an operation, and no longer be a parameter of its own. Moving a parameter is not part of
# the model, so we switch the recording off:

# %%
with torch.no_grad():
    w -= 0.1 * w.grad
    b -= 0.1 * b.grad
mse(w, b)


# %% [markdown]
# One step has brought the loss down from 7.8333 to 0.1533. The rest is repetition, so we put the step into a function:
# compute the loss, call `backward`, move `w` and `b`, clear the gradients. (The next section says why.) `loss.item()`
# is a plain Python number, without the graph behind it.


# %%
def step(w, b, learning_rate):
    loss = mse(w, b)
    loss.backward()
    with torch.no_grad():
        w -= learning_rate * w.grad
        b -= learning_rate * b.grad
    w.grad = b.grad = None
    return loss.item()


# %% [markdown]
# A second function lets us begin anew. Five hundred steps take us here:


# %%
def first_guess():
    w = torch.tensor(0.5, requires_grad=True)
    b = torch.tensor(0.0, requires_grad=True)
    return w, b


w, b = first_guess()
for _ in range(500):
    step(w, b, 0.1)
w, b

# %%
w1, b1 = first_guess()
step(w1, b1, 0.1)
lines = {"our guess": (0.5, 0.0), "1 step": (w1, b1), "500 steps": (w, b)}
show_lines(x, y, lines)


# %% [markdown]
# The first step has already brought the line close to the points, and the other 499 only adjust it a little. This is
# the best line: the formula of *least squares* (最小二乘法), in `torch.linalg.lstsq`, gives the same numbers. Most networks
# have no such formula, but the loop stays as it is.
#
# The learning rate is a number that we had to choose ourselves, and it matters:


# %%
def losses(learning_rate):
    w, b = first_guess()
    return [step(w, b, learning_rate) for _ in range(20)]


curves = {"0.01": losses(0.01), "0.1": losses(0.1), "0.2": losses(0.2)}
show_losses(curves, "learning rate")

# %% [markdown]
# The axis is logarithmic. With 0.01 the loss creeps down. With 0.1 the first step does most of the work. With 0.2 the
# steps are too long: picture the loss as a valley, and each crosses the floor and lands higher up on the other side.
# When a loss grows from step to step, suspect the learning rate first.

# %% [markdown]
# ## Gradients accumulate
#
# *梯度累加*
#
# Watch what a second `backward` does to `w.grad`, which was −12 after the first:

# %% claims=["C07"]
w, b = first_guess()
mse(w, b).backward()
mse(w, b).backward()
w.grad

# %% [markdown]
# It *adds* to what is there. If you forget to clear, nothing fails, but each step then uses the sum of all gradients so
# far, and the training goes astray. In most programs an *optimizer* (优化器) takes care of the parameters: its `step()`
# moves them, and its `zero_grad()`, which you must not forget to call, clears their gradients. (`SGD`, *stochastic
# gradient descent*, is the rule that we wrote ourselves.)

# %%
torch.optim.SGD([w, b]).zero_grad()
print(w.grad)

# %% [markdown]
# > **Then and now.** In 2017, `zero_grad()` filled the gradients with zeros. Since PyTorch 2.0 it sets them to `None`,
# > and `zero_grad(set_to_none=False)` brings the zeros back.
#
# The adding has its use. The gradient of a sum is the sum of the gradients, so points that do not all fit into memory
# can be worked through in parts, with one `backward` for each and a single step at the end (*gradient accumulation*).
# Each part's graph is freed before the next is recorded, and in the end `.grad` holds the gradient of the whole:

# %%
for part in ([0, 1], [2]):
    error = w * x[part] + b - y[part]
    ((error**2).sum() / 3).backward()
w.grad, b.grad

# %% [markdown]
# Note the division by 3, the number of *all* points. In an average of the parts' means, the third point would count as
# much as the other two together.

# %% [markdown]
# ## Switch recording off
#
# *不记录计算图*
#
# What the boxes keep takes up memory. When you only want predictions, and will not call `backward`, use
# `torch.no_grad()` again. The result carries no `grad_fn`:

# %%
with torch.no_grad():
    prediction = w * x + b
prediction

# %% [markdown]
# Sometimes a single tensor should leave the graph, for instance on its way to a plot. `.numpy()` refuses a tensor that
# requires a gradient; `detach()` gives you the same numbers, in the same memory, without the history:

# %%
prediction = w * x + b
prediction.detach().numpy()

# %% [markdown]
# (`torch.inference_mode()` is a little faster, but keep its results out of later computations that autograd records. As
# soon as one of them would have to be kept for `backward`, you get an error.)
#
# Now suppose that only the slope should be trained. Then you *freeze* (冻结) the intercept with `requires_grad_(False)`,
# where the underscore marks PyTorch's in-place methods:

# %%
w, b = first_guess()
b.requires_grad_(False)
mse(w, b).backward()
w.grad, b.grad


# %% [markdown]
# This is how a network trained on one task is often adapted to another: all layers but the last are frozen. If you
# freeze a tensor in the middle of training, set its `.grad` to `None` as well. An optimizer looks at `.grad` and not at
# `requires_grad`, so an old gradient would move the tensor once more.

# %% [markdown]
# ## The graph follows your code
#
# *动态图*
#
# PyTorch records a new graph each time your Python code runs (*define-by-run*), so loops and branches may depend on the
# data:


# %%
def doubled(t):
    while t < 10:
        t = 2 * t
    return t


a = torch.tensor(3.0, requires_grad=True)
doubled(a).backward()
a.grad, (a < 10).requires_grad

# %% [markdown]
# From 3 to 12 the loop doubles twice, so the derivative is 4. From 1 it would double four times, and the derivative
# would be 16: autograd differentiates the path that was taken. The condition itself is not recorded, as the `False`
# shows.

# %% [markdown]
# ## Leaf tensors
#
# *叶子张量*
#
# A *leaf* is a tensor that is not the result of a recorded operation. Our parameters are leaves, and so is whatever is
# computed from tensors that do not require a gradient:

# %%
w, b = first_guess()
error = w * x + b - y
w.is_leaf, error.is_leaf, (3 * x).is_leaf

# %% [markdown]
# `backward` fills `.grad` for leaves that require a gradient. What lies in between passes its gradient on and forgets
# it. If you ask for it, you get `None` and a piece of advice:

# %%
from helpers.messages import print_warnings

(error**2).mean().backward()
with print_warnings():
    print(error.grad)

# %% [markdown]
# Call `error.retain_grad()` before `backward`, and you find the `d_error` of our calculation by hand.
#
# Leaves are easily lost. Here somebody wants double precision, and the optimizer refuses:

# %% tags=["raises-exception"]
v = torch.ones(2, requires_grad=True).to(torch.float64)
print(v.is_leaf)
torch.optim.SGD([v], lr=0.1)

# %% [markdown]
# The conversion was recorded like any other operation, so the leaf is a `float32` tensor that has no name any more. A
# loop of your own would only find that `v.grad` is `None`. An update written as `w = w - 0.1 * w.grad` makes a new
# tensor, which is no leaf, or, under `no_grad`, a leaf that no longer requires a gradient. And `.to("cuda")` loses the
# leaf as well, although `.to("cpu")` returns the very same tensor and all is well on your laptop. Convert first, and
# ask for the gradient last: `torch.ones(2).to(torch.float64).requires_grad_()`.

# %% [markdown]
# ## Traps and their messages
#
# *常见错误*
#
# Three more messages will come your way, and each is good advice once you can read it. (A fourth, about *scalar
# outputs*, awaits you on [the next page](03_autograd_in_depth.ipynb).)
#
# **Nothing requires a gradient.** Here we pass plain numbers to `mse`, so nothing was recorded:

# %% tags=["raises-exception"]
mse(0.5, 0.0).backward()

# %% [markdown]
# "Element 0" is the loss. Look for a forgotten `requires_grad=True`, a `no_grad` or `detach` on the way, or parameters
# that are all frozen.
#
# **A second `backward`.** The first one has freed what the boxes kept:

# %% tags=["raises-exception"]
loss = mse(w, b)
loss.backward()
loss.backward()

# %% [markdown]
# The message suggests `retain_graph=True` (which old code calls `retain_variables`, a `TypeError` today). You rarely
# need it: usually something was computed once, before the loop, that should be computed anew in each step, so move it
# inside.
#
# **A change in place.** The derivative of $e^w$ is $e^w$ itself, so `exp` keeps its own output. We change it, and
# `backward` fails:

# %% tags=["raises-exception"] verify={"free": ["Exp(Backward0)?,"], "reason": "releases name the function differently"}
out = w.exp()
out.add_(1)
out.backward()

# %% [markdown]
# A tensor counts its changes in place; the count is its *version*. The output of `exp` was saved at version 0 and found
# at version 1, so the derivative would be wrong. Write `out = out + 1`, which makes a new tensor.

# %% [markdown]
# ## Variable then and now
#
# *从 Variable 到 Tensor*
#
# > **Then and now.** In the reading notes of 2017 that this book goes back to, a Tensor held numbers, and only a
# > `Variable` around it could be differentiated. It was the core class of autograd (核心类), with a `data`, a `grad` and a
# > `grad_fn`. PyTorch 0.4 made the two one class in April 2018.
#
# | in old code | today |
# |:--|:--|
# | `Variable(t)` | `t` |
# | `Variable(t, requires_grad=True)` | `t.detach().requires_grad_()` |
# | `v.data` | `v.detach()` |
# | `w.data -= 0.1 * w.grad.data` | `with torch.no_grad():` and in it `w -= 0.1 * w.grad` |
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
# `volatile=True`, which used to switch recording off, has lost its effect. Old code that relied on it still runs, and
# builds the graph that it meant to avoid:

# %% claims=["C05"]
with print_warnings():
    Variable(torch.ones(2), volatile=True)

# %% [markdown]
# The one to root out is `.data`, above all where something is changed through it. Such a change goes behind autograd's
# back and leaves the version as it is. Let us overwrite what `exp` has kept, at $t = 1$, where the derivative is $e
# \approx 2.718$:

# %% claims=["C06"]
t = torch.tensor(1.0, requires_grad=True)
out = t.exp()
out.data.zero_()
out.backward()
t.grad

# %% [markdown]
# The gradient is 0, and nobody complained. `detach()` shares the memory too, but also the version, so with
# `out.detach().zero_()` in its place the `backward` stops with the message from the last section.

# %% [markdown]
# ## The same fit with torch.nn
#
# *用 torch.nn 再做一遍*
#
# The notes say that autograd alone is a little laborious (略显复杂). You have seen why: we made, moved and cleared each
# parameter by name. `torch.nn` is built on autograd and takes that over: a layer holds its parameters, and an optimizer
# moves and clears them all. This layer expects a row for each sample, so `unsqueeze(1)` turns `x` into a column. The
# layer begins with random numbers, which the seed makes the same in each run:

# %%
torch.manual_seed(0)
net = torch.nn.Linear(1, 1)  # one input, one output: w and b
inputs, targets = x.unsqueeze(1), y.unsqueeze(1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

# %% [markdown]
# The loop is the one you know, in four lines:

# %% claims=["C09", "C13"]
for _ in range(500):
    loss = ((net(inputs) - targets) ** 2).mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
net.weight, net.bias

# %% [markdown]
# It is the same line. (A `Parameter` is a leaf that requires a gradient from the start, so we did not have to ask for
# it.) In 2017 the input had to be a `Variable`; now a plain tensor goes in, and a plain tensor with a `grad_fn` comes
# out. [Page 04](04_modules.ipynb) shows how networks are built.

# %% [markdown]
# ## Recap
#
# - `backward()` applies the chain rule and leaves the derivatives of the loss in `.grad`. Gradient descent steps
#   against them.
# - Operations are recorded while your code runs. `no_grad` and `detach` keep things out of the graph, and
#   `requires_grad_(False)` freezes a parameter.
# - Gradients accumulate: clear them after each step, or use the adding to work through a batch in parts.
# - `.grad` is filled for leaves. What was saved must not be changed in place, and is freed after use.
# - `Variable` is Tensor now, `volatile` became `no_grad`, and `.data` should be `detach()`, or
#   `no_grad` where it is changed.

# %% [markdown]
# ## Exercises
#
# Write your code in place of the three dots and run the cell. It is tried on inputs that you do not see. The hints
# open one after the other.
#
# **1. The gradient of anything.** Write `gradient(loss, w, b)`. It gets a function `loss` of two tensors, and two
# Python floats, and returns a tuple of two tensors: the derivatives of `loss(w, b)` with respect to `w` and to `b`.

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
# A Python float cannot have a gradient. Make tensors that ask for one, pass them to `loss`, and call `backward` on what
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
# `for key, tensor in parameters.items():` goes through them. The page's example of freezing has most of what you need.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `requires_grad_` takes `True` as well as `False`. And what does an optimizer look at? To it, a gradient of zeros is a
# gradient, too: some optimizers also shrink each parameter a little in every step (*weight decay*, 权重衰减), and spare it
# only if its `.grad` is `None`.
#
# </details>

# %% [markdown]
# **3. A parabola.** Write `fit_parabola(x, y, learning_rate, steps)`, which fits $y = p_0 x^2 + p_1 x + p_2$ to points
# by gradient descent on the mean squared error, starting from zeros, and returns the three coefficients in one tensor,
# $p_0$ first.

# %% tags=["exercise"]
from helpers.exercises.autograd import check_parabola


def fit_parabola(x, y, learning_rate, steps): ...


check_parabola(fit_parabola)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `step` on this page is one round of the loop. One parameter with three elements,
# `torch.zeros(3, requires_grad=True)`, is enough.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# The prediction is `p[0] * x**2 + p[1] * x + p[2]`, and the step is `p -= learning_rate * p.grad`. Do you remember what
# it needs around it, and what must happen after it?
#
# </details>

# %% [markdown]
# **4. In unequal parts.** Write `backward_in_parts(w, b, x, y, sizes)`. The points are to be worked through in parts of
# the given sizes, such as `[3, 1]`, with one `backward` for each part. Afterwards `w.grad` and `b.grad` should hold the
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
# **5. The chain rule, one layer deeper (hard).** A tiny network has a curve in it: the prediction is $v \tanh(wx + b) +
# c$. Write `gradient_by_hand(x, y, w, b, v, c)`, which returns a tuple of the derivatives of the mean squared error
# with respect to `w`, `b`, `v` and `c`, *without* autograd. `x` and `y` are tensors of any length, and the other four
# hold a single number each.

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
# With `hidden = torch.tanh(w * x + b)`, the derivative of tanh is `1 - hidden**2`. The gradient with respect to the
# prediction is $2e_i/n$ for $n$ points.
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# In JupyterLab, click on a solution to open it. Below each one is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
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


# %% jupyter={"source_hidden": true} tags=["solution"]
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


# %% jupyter={"source_hidden": true} tags=["solution"]
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


# %% jupyter={"source_hidden": true} tags=["solution"]
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


# %% jupyter={"source_hidden": true} tags=["solution"]
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
# Previous: [install and time](01_install_and_timing.ipynb) · Next: [autograd in depth](03_autograd_in_depth.ipynb)
