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
# # Element-wise functions
#
# *逐元素操作*
#
# The [notes of 2017](16_notes_audited.ipynb) close with two tables of functions, and the first of them looks harmless:
# `abs`, `sqrt`, `exp`, `round` and so on. You have known them since school. Yet 2.5 is rounded to 2 here, there are two
# remainders of -7 divided by 2, and a formula for the sigmoid that is right on paper produces a gradient of `nan`. This
# page goes through the table with one small example, and stops wherever a computer's answer differs from the one you
# would have given.
#
# **You will**
#
# - apply functions to every element of a tensor, and recognize where `nan` and `inf` come from;
# - divide whole numbers, and choose between the two kinds of remainder (求余);
# - round and clamp, and know what clamping does to gradients;
# - compare the activation functions (激活函数), and avoid the formula that breaks;
# - work in place, and know when autograd objects.
#
# **You need** to know what a tensor is and, for the gradients, the beginning of [page 2](02_autograd.ipynb). No GPU.
#
# **Time**: 17 min to read, 5 s to run (AMD EPYC, 2 cores).
#
# ## Wind
#
# *风*
#
# An element-wise (逐元素) function treats each number on its own, so the result has the same shape as the input. You can
# call it as a function or as a method; PyTorch does not care, and neither will this book.

# %% claims=["C45"]
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch

x = torch.tensor([1.0, 4.0, 9.0])
x.sqrt(), torch.sqrt(x)

# %% [markdown]
# Let us use a few of them on something real. A weather station measures the wind as two numbers: how many meters per
# second it blows towards the east, and how many towards the north. (In this book, the direction of a wind is the one it
# blows towards. A weather report names the one it comes from.) Here are four measurements:

# %%
east = torch.tensor([3.0, -3.0, -3.0, 0.0])
north = torch.tensor([4.0, 4.0, -4.0, -2.0])

# %% [markdown]
# Think of each measurement as an arrow. The speed is its length, by Pythagoras. Arithmetic between two tensors is
# element-wise too, and `**` is the power:

# %% claims=["C45"]
speed = (east**2 + north**2).sqrt()
speed

# %% [markdown]
# The other functions of the notes' first row (绝对值, 除法, 指数, 求余, 对数, 求幂) work in the same way. What is often written as
# an operator has a name too: `pow` is `**`, and `div` is `/`. Here are the absolute value and the third power (the
# power of a wind turbine grows with the cube of the wind's speed):

# %% claims=["C45"]
north.abs(), speed.pow(3)

# %% [markdown]
# Then half of each number, and what remains after a division by 3. (With `fmod`, what remains of a negative number is
# negative. There is [another remainder](#Division-and-remainders), too.)

# %% claims=["C45"]
north.div(2), north.fmod(3)

# %% [markdown]
# Finally the logarithm, and the exponential function, which undoes it:

# %% claims=["C45"]
speed.log(), speed.log().exp()

# %% [markdown]
# This is what they look like, if you want to refresh your memory, together with a few that are still to come:

# %%
from helpers.drawings.functions import show_functions

show_functions()

# %% [markdown]
# ### A star is not a matrix product
#
# *逐元素乘法与矩阵乘法*
#
# There is one place where "each number on its own" catches people out. In a book of mathematics, two matrices side by
# side mean their *matrix multiplication* (矩阵乘法), and in MATLAB `*` means that too. In PyTorch `*` is element-wise, and
# so is `**`. The product of matrices has a sign of its own, `@`:

# %%
A = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
A * A, A @ A

# %% [markdown]
# On the left, each number has been squared where it stood. On the right, each number is a row times a column: the 7 is
# $1 \cdot 1 + 2 \cdot 3$. So `@` multiplies and then adds up, and adding up is a *reduction* (归并), which makes fewer
# numbers out of many and is the opposite of element-wise. And what if two tensors meet element by element, but their
# shapes differ? Then PyTorch tries *broadcasting* (广播), which repeats the smaller one; this is also how a plain number,
# as in `north.div(2)`, meets every element. Reductions and broadcasting are the subject of
# [the next page](14_reductions_and_broadcasting.ipynb).
#
# ### Where there is no answer
#
# *非数与无穷*
#
# What happens where the answer is not a number? Python's `math.sqrt(-1)` raises an exception. A tensor can hold a
# million elements, and one bad one should not throw the rest away, so PyTorch marks it as `nan`, *not a number*, and
# carries on. Where a function has no bound, as the logarithm near 0, you get infinity with the sign that fits:

# %% claims=["C45"]
torch.tensor([4.0, -1.0]).sqrt(), torch.tensor([1.0, 0.0, -1.0]).log()

# %% [markdown]
# A division by 0 gives infinity as well, with the sign of what is divided, and 0 / 0 gives `nan`. Look also at `exp`:
# in 32 bits, it overflows already at 89.

# %%
torch.tensor([1.0, -1.0, 0.0]) / 0, torch.tensor([88.0, 89.0]).exp()

# %% [markdown]
# This is convenient and a little dangerous. A single `nan` makes every sum that it enters a `nan` too, and the first
# you notice of it is a loss that reads `nan`. When that happens, go through the intermediate results one by one and
# print `x.isnan().any()`: the first that says `True` is where it began. (Whole numbers have neither `nan` nor infinity.
# That is why `torch.tensor(7) // 0` is an error, at least on a CPU.)
#
# ## Direction
#
# *三角函数*
#
# In which direction does the wind blow? At school we took the arctangent of `north / east`. But the first and the third
# arrow point in opposite directions, and their quotients are the same, so the arctangent cannot tell them apart:

# %% claims=["C46"]
(north / east).atan().rad2deg()

# %% [markdown]
# `atan2` takes both numbers and so knows all four quarters of the plane. Like the other trigonometric functions it
# works in radians, and `rad2deg` turns them into degrees, counted counterclockwise from the east:

# %% claims=["C46"]
angle = torch.atan2(north, east).rad2deg()
angle

# %% [markdown]
# In the picture, color is the angle. On the left, opposite points have the same color. On the right, each direction has
# its own:

# %%
from helpers.drawings.functions import show_angles

show_angles()

# %% [markdown]
# The notes' row (三角函数) has four more. The name of `cosh` is a little misleading, since no angle in a circle is
# involved: it is half of $e^x + e^{-x}$, the shape of a hanging chain.

# %% claims=["C46"]
a = torch.tensor([0.0, 0.5, 1.0])
a.cos(), a.sin(), a.asin(), a.cosh()

# %% [markdown]
# ## Division and remainders
#
# *除法与求余*
#
# A compass counts differently: clockwise from the north, from 0 up to 360. So we take 90 minus the angle. Where this is
# negative, a full turn has to be added, and that is what the remainder `%` does:

# %% claims=["C45"]
compass = (90 - angle) % 360
compass

# %% [markdown]
# With `fmod`, the function of the notes, the second wind would have kept a negative direction:

# %% claims=["C45"]
torch.fmod(90 - angle, 360)

# %% [markdown]
# There are two kinds of remainder, because there are two ways to divide. `%` (`torch.remainder`) belongs to the
# division that rounds *down*, and has the sign of the divisor. `fmod` belongs to the division that cuts off *towards
# zero*, and has the sign of the number divided. For positive numbers the two agree, which is why the difference
# surprises when the first negative number comes along. Look at the left half of both pictures:

# %%
from helpers.drawings.functions import show_remainders

show_remainders()

# %% [markdown]
# So use `%` for whatever goes round in a circle: angles, hours, positions in a list. The divisions that belong to the two
# remainders are `//`, which rounds -3.5 down to -4, and `div` with `rounding_mode="trunc"`, which cuts it off to -3:

# %% claims=["C45"]
m = torch.tensor([7, -7])
m // 2, torch.div(m, 2, rounding_mode="trunc")

# %% [markdown]
# What is left over are the two remainders of -7 that the top of this page promised, 1 and -1:

# %% claims=["C45"]
m % 2, m.fmod(2)

# %% [markdown]
# > **Then and now.** When the notes were written, `/` between whole numbers cut off the fraction, and old code may rely
# > on it. Release 1.5 warned, 1.6 refused, and since 1.7 `/` gives the true quotient, a float. `//` is not as old as it
# > looks: up to 1.12 it cut off towards zero, and since 1.13 it rounds down, as in Python.

# %%
m / 2

# %% [markdown]
# ## Rounding
#
# *取整*
#
# Nobody needs a wind direction to four decimal places. `floor` rounds down (下取整), `ceil` up (上取整), `trunc` towards zero
# (只保留整数部分), and `round` to the nearest whole number:

# %% claims=["C47"]
r = torch.tensor([-1.7, -0.4, 0.6, 1.7])
r.floor(), r.ceil(), r.trunc(), r.round()

# %% [markdown]
# (`-0.` is a zero that has kept its sign. It equals 0, but 1 divided by it is `-inf`.) But what is nearest to a number
# that lies exactly in the middle?

# %% claims=["C47"]
torch.tensor([0.5, 1.5, 2.5, 3.5]).round()

# %% [markdown]
# > **Then and now.** The notes translate `round` as 四舍五入, the rule from school by which halves go up, and for positive
# > numbers it was true in 2017. Since 1.1 a half goes to the *even* neighbor, as in Python, NumPy and the IEEE standard
# > for floats.
#
# There is a good reason for it. If halves always go up, the mean of many rounded numbers is too large. If they go up
# and down equally often, the errors cancel. Here are the true mean of a hundred halves, that of the rounded numbers,
# and that of the numbers rounded as at school:

# %% claims=["C47"]
halves = torch.arange(100) + 0.5
halves.mean(), halves.round().mean(), (halves + 0.5).floor().mean()

# %% [markdown]
# Now for the report. `decimals` says how many decimal places to keep:

# %%
compass.round(), compass.round(decimals=1)

# %% [markdown]
# ## Clamp
#
# *截断*
#
# Instruments fail, and then report nonsense, such as a speed of -99. `clamp(min, max)` puts whatever lies beyond a
# bound on the bound. You may also give only one of the two:

# %% claims=["C48"]
reported = torch.tensor([5.0, -99.0, 250.0, 2.0])
reported.clamp(0, 60), reported.clamp(min=0)

# %% [markdown]
# If you clamp inside a network, remember that what is cut off has no influence any more, so its gradient is zero. If
# you clamp the outputs of a network, it learns nothing from those beyond the bounds:

# %% claims=["C48"]
reported.requires_grad_()
reported.clamp(0, 60).sum().backward()
reported.grad

# %% [markdown]
# ## Activation functions
#
# *激活函数*
#
# The element-wise functions that matter most stand between the layers of a network. Two linear layers in a row can do
# no more than one, and what makes the difference is a function in between that is not linear, the *activation
# function*. The notes name two. `sigmoid` squeezes all numbers between 0 and 1, and `tanh` between -1 and 1:

# %% claims=["C49"]
z = torch.tensor([-4.0, 0.0, 4.0])
z.sigmoid(), z.tanh()

# %% [markdown]
# > **Then and now.** The notes write "sigmod". That was a slip, and a frequent one. The function is named after the
# > letter S (sigma), whose shape it has.
#
# The row in the notes ends in dots, which stand for more. Here are the ones that you will meet most often, each with
# its slope, which autograd finds for us:

# %% claims=["C49"]
from helpers.drawings.functions import show_activations

show_activations()

# %% [markdown]
# Look at the dashed lines. By the chain rule, the gradient is multiplied by this slope each time it goes back through
# an activation. Far from zero, sigmoid and tanh *saturate* (饱和): the curve is flat, and the slope is nearly zero. And
# even at its steepest, the sigmoid has a slope of no more than a quarter. See what is left of the gradient after ten of
# them:

# %%
start = torch.tensor(0.5, requires_grad=True)
y = start
for _ in range(10):
    y = y.sigmoid()
y.backward()
start.grad

# %% [markdown]
# This is the *vanishing gradient* (梯度消失), one of the reasons why deep networks were once so hard to train: the first
# layers learn next to nothing.
#
# To the right of zero, ReLU multiplies the gradient by one, however many of them follow each other. This is a large
# part of why deep networks use it and its smooth relatives. It has a price: to the left of zero its slope is zero, and
# a unit that is negative for all samples no longer learns. That is why some of its relatives let a little through on
# the left.
#
# ### Do not write it yourself
#
# *数值稳定*
#
# The formula of the sigmoid, $1 / (1 + e^{-x})$, is short, so why not type it? In the middle it works, and far out the
# *values* are so close that you would not notice:

# %% claims=["C49"]
w = torch.tensor([-100.0, 0.0], requires_grad=True)
y = 1 / (1 + torch.exp(-w))
y

# %% [markdown]
# But ask for the gradient:

# %%
y.sum().backward()
w.grad

# %% [markdown]
# $e^{100}$ overflows to infinity in 32 bits. One divided by infinity is 0, and the true value is nearly that. But in
# the backward pass this 0 is multiplied by the infinity, and that makes `nan`. The ready-made function avoids the large
# number. So do `logsigmoid`, `softplus` and the losses that take raw scores (logits), such as `cross_entropy`, all of
# them in `torch.nn.functional`, which programs usually import as `F`:

# %%
w.grad = None
w.sigmoid().sum().backward()
w.grad

# %% [markdown]
# ## In place
#
# *原地操作*
#
# A function whose name ends in an underscore changes the tensor itself. That saves the memory of a second one, which
# counts when the tensor is large. Here we convert the speed to kilometers per hour:

# %%
speed.mul_(3.6)
speed

# %% [markdown]
# > **Then and now.** Optimizers of 2017 update a weight with `p.add_(-lr, gradient)`, the factor before the tensor. It
# > still works, with a warning about "this overload of add_". Today one writes `p.add_(gradient, alpha=-lr)`.
#
# Use underscores with care. If you run that cell a second time, the wind will be 3.6 times as fast again. Every other
# name for this tensor sees the change, the type cannot change ([page 11](11_types_and_devices.ipynb#Mixed-types)), and
# autograd may need the value that you overwrite. In this case you get an error as soon as you call `backward`:

# %% tags=["raises-exception"] verify={"free": ["Exp(Backward0)?,"], "reason": "releases name the function differently"}
v = torch.ones(3, requires_grad=True)
e = v.exp()
e.add_(1)
e.sum().backward()

# %% [markdown]
# The derivative of `exp` is its own result, which autograd had kept, and which is gone. (With `sin` in the place of
# `exp` there would be no error, because its derivative is computed from its input.) So work in place where no gradients
# are involved, as in preparing data, and write `e = e + 1` otherwise.
#
# ## Going further
#
# *更进一步*
#
# Why not write a loop over the elements? Because each call costs a microsecond or more before it computes anything. One
# call for the whole tensor pays this once, and then runs in compiled code. A loop pays it for each element, and makes a
# tensor of each element besides. Compare the two times:

# %% verify={"reason": "durations", "timing": true}
many = torch.linspace(0, 1, 10_000)
# %timeit -n 1000 many.sqrt()

# %% verify={"reason": "durations", "timing": true}
# %timeit -n 2 [v.sqrt() for v in many]

# %% [markdown]
# One call takes microseconds, and the loop takes milliseconds, hundreds or even thousands of times as long.
#
# ## Recap
#
# - Element-wise functions keep the shape, and `*` is one of them; the product of matrices is `@`. Where there is no
#   answer, they give `nan` or `inf` and go on.
# - `%` has the sign of the divisor and belongs to `//`, while `fmod` has the sign of the number divided. `/` keeps the
#   fraction.
# - Halves are rounded to the even neighbor. What is clamped away has a gradient of zero.
# - Sigmoid and tanh saturate on both sides, and gradients vanish in a chain of them. ReLU passes them on where it is
#   positive.
# - Use the ready-made functions. They are stable where the formula from the book is not.
# - An underscore means in place, and autograd raises an error if it needed the old value.

# %% [markdown]
# ## Exercises
#
# Put your code in place of the three dots and run the cell. The check tries your function on tensors that are not
# on this page.
#
# **1. Round as at school.** `round_half_up(x)` rounds to whole numbers, and halves go up: 2.5 becomes 3, and -2.5
# becomes -2. The result is a float tensor.

# %% tags=["exercise"]
from helpers.exercises.elementwise_functions import check_round_half_up


def round_half_up(x): ...


check_round_half_up(round_half_up)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Another rounding function, after a shift, does it.
#
# </details>

# %% [markdown]
# **2. The shorter way round.** `turn(a, b)` tells how to turn from compass direction `a` to `b`, in degrees: positive
# for clockwise, negative for counterclockwise, and never more than half a circle, so the result is at least -180 and
# less than 180. From 350 to 10 it is 20.

# %% tags=["exercise"]
from helpers.exercises.elementwise_functions import check_turn


def turn(a, b): ...


check_turn(turn)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `(b - a) % 360` is right, except that it goes up to 360 instead of 180. Shift before, and back afterwards.
#
# </details>

# %% [markdown]
# **3. A new activation.** `hard_swish(x)` is 0 for x ≤ -3, x for x ≥ 3, and x · (x + 3) / 6 in between. Write it for a
# tensor, without `where`, a loop, or `F.hardswish`.

# %% tags=["exercise"]
from helpers.exercises.elementwise_functions import check_hard_swish


def hard_swish(x): ...


check_hard_swish(hard_swish)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# In all three cases it is x times something. How large is this something at -3, at 3, and beyond?
#
# </details>

# %% [markdown]
# **4. A stable softplus (hard).** `softplus(x)` is $\log(1 + e^x)$. Write it so that values *and gradients* are right
# for x from -1000 to 1000, with `exp`, with `log1p(y)`, which is $\log(1 + y)$, and with other functions of this page,
# but not with `F.softplus`, `logaddexp`, `logsumexp` or `logsigmoid`.

# %% tags=["exercise"]
from helpers.exercises.elementwise_functions import check_softplus


def softplus(x): ...


check_softplus(softplus)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# For large x, $\log(1 + e^x)$ is nearly x. Take x out of the logarithm: what remains inside?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# $\log(1 + e^x) = \max(x, 0) + \log(1 + e^{-|x|})$, and neither part overflows.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 3</summary>
#
# At exactly 0 the slope must be 1/2. There both parts have a kink, and autograd has to choose a slope for each. For
# `abs` it takes 0. What does it take for `x.relu()`, and what for `torch.maximum(x, torch.zeros_like(x))`? Try both.
# (For `x.clamp(min=0)` it was 1 up to PyTorch 2.13, and is 0 today.)
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# In JupyterLab, click on a solution to open it. Below each one is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
def round_half_up(x):
    return (x + 0.5).floor()  # but 0.49999997 + 0.5 is rounded to 1


check_round_half_up(round_half_up)
# A typical mistake: halves go to the even neighbor.
check_round_half_up(lambda x: x.round())


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
def turn(a, b):
    return (b - a + 180) % 360 - 180


check_turn(turn)
# A typical mistake: fmod keeps the sign of what is divided.
check_turn(lambda a, b: torch.fmod(b - a + 180, 360) - 180)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def hard_swish(x):
    return x * ((x + 3) / 6).clamp(0, 1)


check_hard_swish(hard_swish)
# A typical mistake: the product is clamped instead of the factor.
check_hard_swish(lambda x: (x * (x + 3) / 6).clamp(min=0))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 4
def softplus(x):
    larger = torch.maximum(x, torch.zeros_like(x))  # slope 1/2 at 0
    return larger + torch.log1p(torch.exp(-x.abs()))


check_softplus(softplus)
# A typical mistake: the formula as it stands overflows from 89 on.
check_softplus(lambda x: torch.log(1 + torch.exp(x)))
# Another: relu passes no gradient on at exactly 0.
check_softplus(lambda x: x.relu() + torch.log1p(torch.exp(-x.abs())))

# %% [markdown]
# ---
# Previous: [precision and memory](12_precision_and_memory.ipynb) ·
# Next: [reductions and broadcasting](14_reductions_and_broadcasting.ipynb)
