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
# # Element-wise functions
#
# *逐元素操作*
#
# The notes close with two tables of functions, and the first of them looks harmless: `abs`, `sqrt`, `exp`, `round` and so
# on. You have known them since school. Yet `round(2.5)` is 2 here, `-7 // 2` and `-7 / 2` cut off disagree, and a formula
# for the sigmoid that is perfectly right produces a gradient of `nan`. This page goes through the table with one small example, and
# stops wherever a computer's answer differs from the one you would have given.
#
# **You will**
#
# - apply functions to every element of a tensor, and recognize where `nan` and `inf` come from;
# - divide whole numbers, and choose between the two kinds of remainder (求余);
# - round and clamp, and know what clamping does to gradients;
# - compare the activation functions (激活函数), and avoid the formula that breaks;
# - work in place when it helps, and leave it when it hurts.
#
# **You need** to know what a tensor is. No GPU.
#
# **Time**: 14 min to read, 22 s to run (AMD EPYC, 2 cores).
#
# ## Wind
#
# *风*
#
# An element-wise (逐元素) function treats each number on its own, so the result has the same shape as the input. You can call
# it as a function or as a method; PyTorch does not care, and neither will this book.

# %% claims=["C45"]
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch

x = torch.tensor([1.0, 4.0, 9.0])
x.sqrt(), torch.sqrt(x)

# %% [markdown]
# Let us use a few of them on something real. A weather station measures the wind as two numbers: how many meters per second it
# blows towards the east, and how many towards the north. Here are four measurements:

# %%
east = torch.tensor([3.0, -3.0, -3.0, 0.0])
north = torch.tensor([4.0, 4.0, -4.0, -2.0])

# %% [markdown]
# The speed is the length of the arrow, by Pythagoras. Arithmetic between two tensors is element-wise too, and `**` (or `pow`)
# is the power:

# %% claims=["C45"]
speed = (east**2 + north**2).sqrt()
speed

# %% [markdown]
# The other functions of the notes' first row (绝对值, 除法, 指数, 求余, 对数, 求幂) work in the same way:

# %% claims=["C45"]
(
    north.abs(),
    north.div(2),
    north.exp(),
    north.fmod(3),
    speed.log(),
    speed.pow(3),
)

# %% [markdown]
# This is what they look like, if you want to refresh your memory:

# %%
from helpers.drawings.functions import show_functions

show_functions()

# %% [markdown]
# ### Where there is no answer
#
# *非数与无穷*
#
# What happens where the answer is not a number? Python's `math.sqrt(-1)` raises an exception. A tensor can hold a million
# elements, and one bad one should not throw the rest away, so PyTorch marks it as `nan`, *not a number*, and carries on. Infinity
# appears in the same way, where a result is too large or something is divided by zero:

# %% claims=["C45"]
torch.tensor([4.0, -1.0]).sqrt(), torch.tensor([1.0, 0.0, -1.0]).log()

# %%
torch.tensor([1.0, -1.0, 0.0]) / 0, torch.tensor([88.0, 89.0]).exp()

# %% [markdown]
# This is convenient and a little dangerous: a single `nan` in a batch spreads through every sum it takes part in, and the first
# you notice of it is a loss that reads `nan`. When that happens, `x.isnan().any()` tells you where it began. Look also at the
# last result: in 32 bits, `exp` overflows already at 89.
#
# ## Direction
#
# *三角函数*
#
# Where does the wind blow? At school we took the arctangent of `north / east`. But the first and the third measurement point in
# opposite directions, and their quotient is the same:

# %% claims=["C46"]
(north / east).atan().rad2deg()

# %% [markdown]
# `atan2` takes both numbers and so can tell all directions apart. Like all trigonometric functions here it works in radians, and
# `rad2deg` turns them into degrees, counted from the east, against the clock:

# %% claims=["C46"]
angle = torch.atan2(north, east).rad2deg()
angle

# %%
from helpers.drawings.functions import show_angles

show_angles()

# %% [markdown]
# The rest of the notes' row (三角函数) is at hand too. `cosh` has to do with no angle, by the way: it is half of $e^x + e^{-x}$, the
# shape of a hanging chain.

# %% claims=["C46"]
a = torch.tensor([0.0, 0.5, 1.0])
a.cos(), a.sin(), a.asin(), a.cosh()

# %% [markdown]
# ## Division and remainders
#
# *除法与求余*
#
# A compass counts differently: from the north, with the clock, from 0 up to 360. So we take 90 minus the angle, and bring what is
# negative into the range by adding a full turn. This is exactly what the remainder `%` does:

# %% claims=["C45"]
compass = (90 - angle) % 360
compass

# %% [markdown]
# Had we used `fmod`, the function of the notes, the wind towards the northwest would have got a negative direction:

# %% claims=["C45"]
torch.fmod(90 - angle, 360)

# %% [markdown]
# There are two kinds of remainder, because there are two ways to divide. `%` (`torch.remainder`) belongs to the division that rounds
# *down*, and has the sign of the divisor. `fmod` belongs to the division that cuts off *towards zero*, and has the sign of the number
# divided. For positive numbers they agree, which is why the difference surprises.

# %%
from helpers.drawings.functions import show_remainders

show_remainders()

# %% [markdown]
# To go round a circle, a clock or a list, use `%`. The divisions that belong to the two are these:

# %% claims=["C45"]
m = torch.tensor([7, -7])
m // 2, torch.div(m, 2, rounding_mode="trunc")

# %% [markdown]
# > **Then and now.** When the notes were written, `/` between whole numbers cut off the fraction, and old code may rely on it. Release
# > 1.5 warned, 1.6 refused, and since 1.7 `/` gives the exact quotient. `//` is not as old as it looks: up to 1.12 it cut off towards
# > zero, and since 1.13 it rounds down, as in Python.

# %%
m / 2

# %% [markdown]
# ## Rounding
#
# *取整*
#
# For the report, whole numbers will do. `floor` rounds down (下取整), `ceil` up (上取整), `trunc` towards zero (只保留整数部分), and
# `round` to the nearest:

# %% claims=["C47"]
r = torch.tensor([-1.7, -0.4, 0.6, 1.7])
r.floor(), r.ceil(), r.trunc(), r.round()

# %% [markdown]
# (`-0.` is a zero that remembers where it came from. It equals 0.) And what is nearest to a half?

# %% claims=["C47"]
torch.tensor([0.5, 1.5, 2.5, 3.5]).round()

# %% [markdown]
# > **Then and now.** The notes translate `round` as 四舍五入, the rule from school by which halves go up. Today it is another rule: a
# > half goes to the *even* neighbor, as in Python, NumPy and the IEEE standard for floats.
#
# There is a good reason for it. If halves always go up, a mean of many rounded numbers is too large. If they go up and down equally
# often, the errors cancel:

# %% claims=["C47"]
halves = torch.arange(100) + 0.5
halves.mean(), halves.round().mean(), (halves + 0.5).floor().mean()

# %% [markdown]
# `decimals` says how many decimal places to keep:

# %%
compass.round(), speed.log().round(decimals=2)

# %% [markdown]
# ## Clamp
#
# *截断*
#
# Instruments fail, and then report nonsense. `clamp(min, max)` puts whatever lies beyond a bound on the bound. One bound is
# enough, too:

# %% claims=["C48"]
reported = torch.tensor([5.0, -99.0, 250.0, 2.0])
reported.clamp(0, 60), reported.clamp(min=0)

# %% [markdown]
# If you clamp inside a network, remember that what is cut off has no influence any more, so its gradient is zero. A network whose
# outputs are clamped learns nothing from those beyond the bounds:

# %% claims=["C48"]
reported.requires_grad_()
reported.clamp(0, 60).sum().backward()
reported.grad

# %% [markdown]
# ## Activation functions
#
# *激活函数*
#
# Between two linear layers stands a function that is not linear; without it, the two would be no more than one. The notes name
# two of them. `sigmoid` squeezes all numbers between 0 and 1, and `tanh` between -1 and 1.

# %% claims=["C49"]
z = torch.tensor([-4.0, 0.0, 4.0])
z.sigmoid(), z.tanh()

# %% [markdown]
# > **Then and now.** The notes write "sigmod". That was a slip, and a frequent one. The function is named after the letter S
# > (sigma), whose shape it has.
#
# The dots in the notes stand for more. Here are the ones that you will meet most, each with its slope, which autograd finds for
# us:

# %% claims=["C49"]
from helpers.drawings.functions import show_activations

show_activations()

# %% [markdown]
# The dashed lines decide how well a deep network learns. The gradient that goes back through ten layers of `sigmoid` is
# multiplied, ten times, by at most a quarter, and hardly anything is left of it. To the right of zero, ReLU multiplies by one. That is a large part
# of why deep networks use it and its smooth relatives.
#
# ### Do not write it yourself
#
# *数值稳定*
#
# The formula of the sigmoid is short, so why not type it? In the middle it works, and at the ends the *values* are right too:

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
# $e^{100}$ is infinite in 32 bits, and in the backward pass infinity meets zero, which makes `nan`. The ready-made function is
# written with care, and so are `F.logsigmoid`, `F.softplus` and the losses that take raw scores:

# %%
w.grad = None
w.sigmoid().sum().backward()
w.grad

# %% [markdown]
# ## In place
#
# *原地操作*
#
# A function whose name ends in an underscore changes the tensor itself, and `out=` writes into a tensor that exists already. Both
# save memory:

# %%
speed.mul_(3.6)  # from m/s to km/h
speed

# %% [markdown]
# Use it with care. Every other name for this tensor sees the change, the type cannot change
# ([page 11](11_types_and_devices.ipynb#Mixed-types)), and autograd may need the value that you overwrite. Then it says so:

# %% tags=["raises-exception"]
v = torch.ones(3, requires_grad=True)
e = v.exp()
e.add_(1)
e.sum().backward()

# %% [markdown]
# The gradient of `exp` is its own result, and that is gone. Leave the underscore to optimizers and to data preparation.
#
# ## Going further
#
# *更进一步*
#
# All these functions run in compiled code over the whole tensor. A Python loop pays for each element what one call costs, and
# a loop over a *tensor* pays most, because each element becomes a tensor of its own. On your machine:

# %% verify={"reason": "durations", "timing": true}
many = torch.linspace(0, 1, 10_000)
# %timeit many.sqrt()

# %% verify={"reason": "durations", "timing": true}
# %timeit [v.sqrt() for v in many]

# %% [markdown]
# ## Recap
#
# - Element-wise functions keep the shape. Where there is no answer they give `nan` or `inf` and go on.
# - `%` has the sign of the divisor and belongs to `//`; `fmod` has the sign of the number divided. `/` is exact.
# - Halves are rounded to the even neighbor. What is clamped away has a gradient of zero.
# - Sigmoid and tanh flatten on both sides, ReLU on one. Use the ready-made functions: they are stable.
# - An underscore means in place; autograd tells you if it needed the old value.

# %% [markdown]
# ## Exercises
#
# Put your code in the place of the three dots and run the cell. The check tries your function on tensors that are not
# on this page.
#
# **1. Round as at school.** `round_half_up(x)` rounds to whole numbers, and halves go up: 2.5 becomes 3, and -2.5 becomes -2. The result is a float
# tensor.

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
# **2. The shorter way round.** `turn(a, b)` tells how to turn from compass direction `a` to `b`, in degrees: positive with the clock, negative
# against it, and never more than half a circle, so the result is at least -180 and less than 180. From 350 to 10 it is 20.

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
# **3. A new activation.** `hard_swish(x)` is 0 for x ≤ -3, x for x ≥ 3, and x · (x + 3) / 6 in between. Write it for a tensor, without `where`, a
# loop, or `F.hardswish`.

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
# **4. A stable softplus (hard).** `softplus(x)` is $\log(1 + e^x)$. Write it so that values *and gradients* are right for x from -1000 to 1000, with
# `exp`, `log1p` and other functions of this page, but not with `F.softplus`, `logaddexp`, `logsumexp` or `logsigmoid`.

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
# $\log(1 + e^x) = \max(x, 0) + \log(1 + e^{-|x|})$. Both parts never overflow. At exactly 0, ask yourself whether the slopes of your parts add
# up to 1/2.
#
# </details>

# %% [markdown]
# ## Solutions
#
# Click to open. They run and are verified like every other cell. Below each solution is a typical mistake, with what the
# check says of it.


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 1
def round_half_up(x):
    return (x + 0.5).floor()


check_round_half_up(round_half_up)
# A typical mistake: halves go to the even neighbor.
check_round_half_up(lambda x: x.round())


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 2
def turn(a, b):
    return (b - a + 180) % 360 - 180


check_turn(turn)
# A typical mistake: fmod keeps the sign of what is divided.
check_turn(lambda a, b: torch.fmod(b - a + 180, 360) - 180)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 3
def hard_swish(x):
    return x * ((x + 3) / 6).clamp(0, 1)


check_hard_swish(hard_swish)
# A typical mistake: the product is clamped instead of the factor.
check_hard_swish(lambda x: (x * (x + 3) / 6).clamp(min=0))


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 4
def softplus(x):
    return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))


check_softplus(softplus)
# A typical mistake: the formula as it stands overflows from 89 on.
check_softplus(lambda x: torch.log(1 + torch.exp(x)))

# %% [markdown]
# ---
# Back: [precision and memory](12_precision_and_memory.ipynb) · On: [reductions and broadcasting](14_reductions_and_broadcasting.ipynb)
