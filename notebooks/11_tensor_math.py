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
# # Compute with tensors · 数学运算
#
# Section 3 of the notes ends with two tables of functions, and breaks off in the middle of a sentence about `dim`. Here
# every function of the tables runs, and the sentence is finished.
#
# **You will**
#
# - run every element-wise function of the notes, and see what it does with halves, negative numbers and zero;
# - compare the activation functions of then and now, and their slopes;
# - reduce a tensor to a mean, a median, a norm or a maximum, and know what ties and NaN do to each;
# - learn the rule of `dim`, and prove it with a plain loop;
# - broadcast on purpose and not by accident, and know why two right sums can differ.
#
# **You need** to know what a tensor and its shape are. No GPU.
#
# **Time**: 43 min to read, 10 s to run (Intel(R) Xeon(R) Processor, 2 cores).

# %% [markdown]
# ## Find it · 速查
#
# | in the notes | today | here |
# |:--|:--|:--|
# | `abs` `sqrt` `exp` `log` `pow` (绝对值, 平方根, 指数, 对数, 求幂) | the same; `x ** 2` for `pow` | [Element-wise functions](#Element-wise-functions-·-逐元素操作) |
# | `div` `fmod` (除法, 求余) | `/`, `//`, `div(rounding_mode=...)`; `fmod`, `%` | [Division and remainders](#Division-and-remainders-·-除法与求余) |
# | `cos` `sin` `asin` `atan2` `cosh` (三角函数) | the same | [Angles](#Angles-·-三角函数) |
# | `ceil` `round` `floor` `trunc` (上取整, 四舍五入, 下取整, 只保留整数部分) | the same; `round(decimals=...)` | [Rounding](#Rounding-·-取整) |
# | `clamp(input, min, max)` (截断) | the same; one bound is enough | [Clamp](#Clamp-·-截断) |
# | `sigmod`, `tanh` ... (激活函数) | `sigmoid`, `tanh`; `F.relu`, `F.gelu` ... | [Activations](#Activations-·-激活函数) |
# | `mean` `sum` `median` `mode` (均值, 和, 中位数, 众数) | the same; `quantile`, `nanmean` | [Reductions](#Reductions-·-归并操作) |
# | `norm` `dist` (范数, 距离) | `linalg.vector_norm`, `linalg.matrix_norm`; `dist`, `cdist` | [Norm and distance](#Norm-and-distance-·-范数与距离) |
# | `std` `var` (标准差, 方差) | `std(correction=...)` | [Standard deviation and variance](#Standard-deviation-and-variance-·-标准差与方差) |
# | `cumsum` `cumprod` (累加, 累乘) | the same, with a `dim` | [Scans keep the shape](#Scans-keep-the-shape-·-累加与累乘) |
# | "most take `dim`" ... | `dim`, `keepdim` | [The rule of dim](#The-rule-of-dim-·-维度的规则) |
#
# Beyond the notes: [the largest element](#The-largest-and-its-place-·-最大值), [sorting and
# counting](#Sorting-and-counting-·-排序与计数), [NaN and infinity](#NaN-and-infinity-·-非数与无穷),
# [broadcasting](#Broadcasting-·-广播), [in place](#In-place-and-out=-·-原地操作), [matrix products and
# einsum](#Matrix-products-·-矩阵乘法), [the order of a sum](#The-order-of-a-sum-·-求和顺序), [speed](#Speed-·-速度).
#
# ## Element-wise functions · 逐元素操作
#
# An element-wise function treats each number by itself, so the result has the shape of the input. Most of this page is
# shown in tables, and a table is made by running what it says: `results`, a helper of this book, takes calls as text, runs
# each, and sets its result beside it, an error too.

# %%
import sys

sys.path.insert(0, "..")  # the folder that holds helpers/

import torch

from helpers.tables import attempt, results, table, text

results(
    "torch.tensor([4.0, 9.0]).sqrt()",
    "torch.tensor([4.0, 9.0]) + torch.ones(3)",
)

# %% [markdown]
# First the twelve functions of the notes that Python has too. Every one exists as a function, `torch.sqrt(x)`, and as
# a method, `x.sqrt()`. Both give, element by element, what Python's `math` gives for single numbers.

# %% claims=["C45", "C46"]
import math
import operator

x, y = torch.tensor([0.25, 0.5, 1.0]), torch.tensor([2.0, -3.0, 0.3])
rows = []
for name in "abs sqrt exp log cos sin asin cosh div fmod pow atan2".split():
    inputs = [x, y] if name in ("div", "fmod", "pow", "atan2") else [x]
    result = getattr(torch, name)(*inputs)
    assert torch.equal(result, getattr(x, name)(*inputs[1:]))
    plain = {"abs": abs, "div": operator.truediv}.get(name) or getattr(
        math, name
    )
    assert torch.allclose(
        result, torch.tensor([*map(plain, *(i.tolist() for i in inputs))])
    )
    rows.append((f"`{name}({', '.join('xy'[: len(inputs)])})`", text(result)))
table(["", f"x = {text(x)}, y = {text(y)}"], rows)

# %% [markdown]
# The shapes of nine of them:

# %% claims=["C45", "C46"]
import matplotlib.pyplot as plt

from helpers import plotting

plotting.use_style()
curves = "abs(x) sqrt(x) exp(x) log(x) pow(x,3) sin(x) asin(x) cosh(x)".split()
ranges = [
    (-3, 3),
    (0, 4),
    (-3, 2),
    (0.02, 4),
    (-2, 2),
    (-6.3, 6.3),
    (-1, 1),
    (-3, 3),
]
figure, axes = plt.subplots(2, 4, figsize=(8, 3.8))
for axis, call, ends in zip(axes.flat, curves, ranges, strict=True):
    x = torch.linspace(*ends, 400)
    axis.plot(x, eval(f"torch.{call}"), label=call)
    if call == "sin(x)":
        axis.plot(x, x.cos(), "--")
    axis.set_title("sin(x), cos(x) dashed" if call == "sin(x)" else call)
plotting.show(
    figure,
    alt="Eight curves: abs, sqrt, exp, log, the third power, sine and cosine, asin, cosh.",
)

# %% [markdown]
# Outside its domain, a function of `math` raises an exception. A tensor has many elements, and a bad one should not
# stop the others: it becomes NaN ("not a number") or infinity. So does a result that is too large, which for 32 bits
# means above the last number of the table. Whole numbers have neither NaN nor infinity: `//` by zero and negative powers
# raise an error after all. (One that grows too large [wraps](10_tensor_types.ipynb#Integers-·-整数), without a word.)

# %% claims=["C45"]
assert attempt("math.sqrt(-1.0)").startswith("error")
results(
    "torch.tensor([4.0, -1.0]).sqrt()",
    "torch.tensor([1.0, 0.0, -1.0]).log()",
    "torch.tensor([1.0, 2.0]).asin()",
    "torch.tensor([0.0, -8.0]).pow(torch.tensor([0, 1 / 3]))",
    "torch.tensor([1.0, -1.0, 0.0]) / 0",
    "torch.tensor([1, -1, 0]) // 0",
    "torch.tensor([1, 2]) ** -1",
    "torch.tensor([1.0, 100.0]).exp()",
    "math.exp(100)",
    "torch.finfo(torch.float32).max",
)

# %% [markdown]
# ### Division and remainders · 除法与求余
#
# A division of whole numbers can be exact, cut off towards zero (`trunc`), or rounded down (`floor`). Each of the last
# two has its remainder: `fmod` belongs to `trunc` and takes the sign of the number divided; `remainder`, also written
# `%`, belongs to `floor` and takes the sign of the divisor. For positive numbers they are the same, which is why the
# difference surprises.

# %% claims=["C45"]
a, b = torch.tensor([7, -7, 7, -7]), torch.tensor([3, 3, -3, -3])
calls = {
    "a / b": "m / n",
    "torch.div(a, b, rounding_mode='trunc')": "int(m / n)",
    "torch.fmod(a, b)": "math.fmod(m, n)",
    "a // b": "m // n",
    "a % b": "m % n",
}
rows = []
for call, plain in calls.items():
    result = eval(call)
    one_by_one = [
        eval(plain) for m, n in zip(a.tolist(), b.tolist(), strict=True)
    ]
    assert torch.allclose(result.float(), torch.tensor(one_by_one).float())
    rows.append((f"`{call}`", *map(text, result), f"`{plain}`"))
assert torch.equal(torch.remainder(a, b), a % b)
assert torch.equal(
    b * torch.div(a, b, rounding_mode="trunc") + torch.fmod(a, b), a
)
assert torch.equal(b * (a // b) + a % b, a)
table(
    ["a, b =", "7, 3", "−7, 3", "7, −3", "−7, −3", "in Python, m and n"], rows
)

# %% [markdown]
# > **Then and now.** `div` and `/` on whole numbers cut off the fraction when the notes were written. Release 1.5 warned
# > of that, 1.6 made it an error, and since 1.7 both give the exact quotient. `//` came only in
# > [2018](https://github.com/pytorch/pytorch/pull/7245); up to 1.12 it cut off towards zero, and since 1.13 it rounds down.
#
# Drawn for a divisor of 3, the two remainders part below zero. To go round a circle or a list, use `%`: it never leaves
# the range from 0 up to the divisor.

# %% claims=["C45"]
x = torch.linspace(-7, 7, 1401)
figure, axes = plt.subplots(1, 2, figsize=(8, 2.6), sharey=True)
for axis, name, color in zip(
    axes, ("fmod", "remainder"), plotting.COLORS, strict=False
):
    y = getattr(torch, name)(x, 3)
    y[1:][y.diff().abs() > 1] = math.nan  # no line across the jumps
    axis.plot(x, y, color=color)
    axis.set(title=f"{name}(x, 3)", xlabel="x", ylim=(-3.2, 3.2))
plotting.show(
    figure,
    alt="Saw teeth. Left of zero those of fmod hang below the axis, those of remainder do not.",
)

# %% [markdown]
# ### Angles · 三角函数
#
# `cos` and `sin` take radians, `asin` and `atan2` return them; `torch.rad2deg` turns these into degrees. (`cosh` has to do
# with no angle: it is half of eˣ + e⁻ˣ.) Two arguments make `atan2(y, x)` the direction of the point (x, y). The quotient
# `y / x` alone is not enough, since opposite points share it. The colors of the figure are angles, its numbers those of
# the four points marked.

# %% claims=["C46"]
y, x = torch.meshgrid(
    torch.linspace(2, -2, 200), torch.linspace(-2, 2, 200), indexing="ij"
)
assert torch.allclose(
    torch.atan2(y, x).cos(), x / torch.hypot(x, y), atol=1e-5
)
assert torch.allclose(x.cosh(), (x.exp() + (-x).exp()) / 2)
functions = {
    "atan(y / x)": lambda y, x: torch.atan(y / x),
    "atan2(y, x)": torch.atan2,
}
corners = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
look = {"ha": "center", "backgroundcolor": "white"}
figure, axes = plt.subplots(1, 2, figsize=(7.5, 3.2))
for axis, (name, angle) in zip(axes, functions.items(), strict=True):
    degrees = angle(y, x).rad2deg()
    image = axis.imshow(
        degrees, "twilight", vmin=-180, vmax=180, extent=(-2, 2, -2, 2)
    )
    axis.plot(*corners.T, "o", color="black", markersize=4)
    for a, b in corners:
        axis.text(a, b + 0.25, f"{angle(b, a).rad2deg():.0f}°", look)
    axis.set(
        title=name,
        xlabel="x",
        ylabel="y",
        xticks=range(-2, 3),
        yticks=range(-2, 3),
    )
    axis.grid(False)
figure.colorbar(image, ax=axes, label="degrees", ticks=range(-180, 181, 90))
plotting.show(
    figure,
    alt="Two planes. Left, opposite quadrants have the same angle. Right, all four differ.",
)

# %% [markdown]
# ### Rounding · 取整
#
# `floor` goes down, `ceil` up, `trunc` towards zero, `round` to the nearest whole number. Watch the halves in the line
# of `round`.

# %% claims=["C47"]
values = torch.tensor([-2.5, -1.7, -1.5, -0.4, 0.5, 1.5, 2.5, 2.6])
rows = []
for name in ("floor", "ceil", "trunc", "round"):
    result = getattr(torch, name)(values) + 0.0  # turns -0 into 0
    plain = {"round": round}.get(name) or getattr(math, name)
    assert result.tolist() == [plain(v) for v in values.tolist()]
    rows.append((f"`{name}`", *map(text, result)))
table(["", *map(text, values)], rows)

# %% [markdown]
# > **Then and now.** The notes translate `round` by 四舍五入, the rule of school, where halves go up. It is not that: a
# > half goes to the *even* neighbor, as in Python, NumPy and the IEEE standard. (Release 1.0 still disagreed with
# > itself: a GPU rounded halves away from zero.)
#
# Why to the even one? Halves that always go up push a mean upwards. Half of them up and half of them down leave it
# alone. `round` also takes the number of decimals to keep, or to drop if negative.

# %% claims=["C47"]
halves = torch.arange(100) + 0.5
assert halves.round().tolist() == halves.numpy().round().tolist()
results(
    "halves.mean()",
    "halves.round().mean()",
    "(halves + 0.5).floor().mean()",
    "torch.tensor([3.14159, 2.71828]).round(decimals=2)",
    "torch.tensor([1234.0, 1274.0]).round(decimals=-2)",
)

# %% [markdown]
# ### Clamp · 截断
#
# `clamp` puts whatever lies beyond a bound on the bound. One bound is enough, and bounds may be tensors. If the bounds
# contradict each other the upper one wins, and NaN stays NaN.

# %% claims=["C48"]
v = torch.tensor([-3.0, -1.0, 0.5, 2.0, 4.0])
assert v.clamp(-1, 2).tolist() == [
    min(max(number, -1), 2) for number in v.tolist()
]
results(
    "v.clamp(-1, 2)",
    "v.clamp(min=0)",
    "v.clamp(max=torch.tensor([0, 0, 0, 3, 3]))",
    "v.clamp(min=3, max=1)",
    "torch.tensor([math.nan, 5.0]).clamp(-1, 2)",
)

# %% [markdown]
# What is cut off has no say any more: its gradient is 0. A net whose outputs are clamped learns nothing from those
# beyond the bounds.
#
# > **Then and now.** Exactly *on* a bound that is a number there is no derivative, only a choice. It was 0 in release 0.4,
# > then for years 1, up to 2.13, and is 0 again since 2.14.

# %% claims=["C48"]
v = torch.tensor([-3.0, -1.0, 0.5, 2.0, 4.0], requires_grad=True)
v.clamp(-1, 2).sum().backward()
print("gradient below, inside, above:", v.grad[[0, 2, 4]])
assert v.grad[[1, 3]].tolist() == (
    [0, 0] if torch.__version__ >= (2, 14) else [1, 1]
)

# %% [markdown]
# ## Activations · 激活函数
#
# An activation function bends the output of a layer; without one, two linear layers would be no more than one.
# `sigmoid` is 1 / (1 + e⁻ˣ), and `tanh` is the same curve stretched: tanh(x) = 2 sigmoid(2x) − 1.
#
# > **Then and now.** The notes write "sigmod". It was a slip: the function is `sigmoid`, of the shape of the letter S.

# %% claims=["C49"]
x = torch.linspace(-5, 5, 101)
assert torch.allclose(x.sigmoid(), 1 / (1 + torch.exp(-x)))
assert torch.allclose(x.tanh(), 2 * torch.sigmoid(2 * x) - 1, atol=1e-6)
{name: hasattr(torch, name) for name in ("sigmod", "sigmoid", "tanh")}

# %% [markdown]
# The dots after `tanh` in the notes stand for more. The figure has the ones met most today, each with its slope, which
# autograd finds; above it, the steepest slope in the range drawn. A gradient that goes back through ten layers of
# `sigmoid` is multiplied ten times by at most a quarter. Where ReLU is above zero it is multiplied by one: a
# reason why deep nets prefer it and its smooth relatives.

# %% claims=["C49"]
import torch.nn.functional as F

activations = [
    torch.sigmoid,
    torch.tanh,
    F.relu,
    F.leaky_relu,
    F.elu,
    F.gelu,
    F.silu,
    F.softplus,
]
figure, axes = plt.subplots(2, 4, figsize=(8, 4.2), sharex=True)
for axis, activation in zip(axes.flat, activations, strict=True):
    x = torch.linspace(-5, 5, 1001, requires_grad=True)
    y = activation(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    axis.plot(x.detach(), y.detach(), label="value")
    axis.plot(x.detach(), slope, "--", label="slope")
    axis.set_title(
        f"{activation.__name__}, steepest {slope.max():.2f}", fontsize=8
    )
    axis.set_ylim((-1.1, 1.3) if activation in activations[:2] else (-1.1, 3))
axes[0, 0].legend(loc="lower right", fontsize=8)
plotting.show(
    figure,
    alt="Eight activation functions with their slopes. Sigmoid and tanh are flat on both sides; "
    "the others rise on the right and are flat, or nearly so, on the left.",
)

# %% [markdown]
# Why not write `sigmoid` out oneself? The formula is right and its gradient is not: at −100, e⁻ˣ overflows, and
# infinity times zero is NaN. For the same reason there is a `logsigmoid`, and loss functions take raw scores. Use the
# function that PyTorch has.

# %% claims=["C49"]
x = torch.tensor(-100.0, requires_grad=True)
results(
    "torch.autograd.grad(1 / (1 + torch.exp(-x)), x)[0]",
    "torch.autograd.grad(torch.sigmoid(x), x)[0]",
    "torch.sigmoid(2 * x).log()",
    "F.logsigmoid(2 * x)",
)

# %% [markdown]
# ## Reductions · 归并操作
#
# A reduction makes few numbers out of many: here one out of six, checked against Python's `statistics`. Sorted, the six
# are 1 1 3 4 5 9: two stand in the middle. `median` takes the **lower** of them, so it is always one of the numbers
# given. The median of school, halfway between the two, is `quantile(0.5)`.

# %% claims=["C50"]
import statistics

s = torch.tensor([3.0, 1.0, 4.0, 1.0, 5.0, 9.0])
assert math.isclose(s.mean(), statistics.mean(s.tolist()), rel_tol=1e-6)
assert s.median() == statistics.median_low(s.tolist())
assert s.quantile(0.5) == statistics.median(s.tolist())
assert s.mode().values == statistics.mode(s.tolist())
results(
    "s.mean()", "s.sum()", "s.mode().values", "s.median()", "s.quantile(0.5)"
)

# %% [markdown]
# `mode` is the most frequent number. If several are equally frequent it is the smallest, whatever the order (unless there
# is a NaN): here, of 2 and 5, over all orders of the five numbers. This holds on the CPU; a GPU [may pick another of
# them](https://github.com/pytorch/pytorch/issues/90261). `mode` also returns an index, but not a certain one if the
# number occurs more than once: do not rely on it.

# %% claims=["C50"]
import itertools

{
    torch.tensor(order).mode().values.item()
    for order in itertools.permutations([2, 2, 5, 5, 7])
}

# %% [markdown]
# Whole numbers: a sum of small types is made in 64 bits, so 200 + 100 is right even where 255 is the largest number. A
# mean need not be whole, and is refused until you say which float type you want.

# %% claims=["C50"]
whole = torch.tensor([200, 100], dtype=torch.uint8)
results(
    "whole.sum()",
    "whole.sum().dtype",
    "whole.mean()",
    "whole.mean(dtype=torch.float32)",
)

# %% [markdown]
# ### Norm and distance · 范数与距离
#
# A norm is the length of a vector. The usual one is the root of the sum of squares. Norm 1 is the sum of the absolute
# values, norm ∞ the largest of them. Of a *matrix* there are more kinds, and here the old name misleads. The old
# `torch.norm(A, 2)` strings the elements out into one vector. Norm 2 of a matrix is something else: the largest factor
# by which it stretches a vector. (The assertion stretches a thousand vectors of length 1, in all directions.)

# %% claims=["C51"]
u, A = torch.tensor([3.0, -4.0]), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
angles = torch.linspace(0, math.pi, 1000)
stretched = torch.linalg.vector_norm(
    A @ torch.stack([angles.cos(), angles.sin()]), dim=0
)
assert torch.isclose(torch.linalg.norm(A, 2), stretched.max())
assert "deprecated" in torch.norm.__doc__
results(
    "torch.norm(u)",
    "torch.linalg.vector_norm(u)",
    "torch.linalg.vector_norm(u, 1)",
    "torch.linalg.vector_norm(u, math.inf)",
    "torch.norm(A, 2)",
    "torch.linalg.vector_norm(A)",
    "torch.linalg.matrix_norm(A)",
    "torch.linalg.norm(A, 2)",
    "torch.linalg.matrix_norm(A, 2)",
)

# %% [markdown]
# > **Then and now.** `torch.norm` still runs, but is deprecated since 1.7. Today's names say which kind is meant:
# > `linalg.vector_norm` and `linalg.matrix_norm`.
#
# `dist` is the norm of the difference of two tensors: one number. `cdist` is the table of the distances of all
# points of one set to all points of another.

# %% claims=["C51"]
p, q = (
    torch.tensor([[0.0, 0.0], [3.0, 4.0]]),
    torch.tensor([[0.0, 0.0], [3.0, 0.0]]),
)
assert torch.dist(p, q) == torch.linalg.vector_norm(p - q)
results(
    "torch.dist(p, q)", "torch.linalg.vector_norm(p - q)", "torch.cdist(p, q)"
)

# %% [markdown]
# ### Standard deviation and variance · 标准差与方差
#
# The variance is the mean of the squared distances from the mean, except that PyTorch divides their sum by n − 1, not
# by n. `correction` is the number subtracted. NumPy has 0 there, PyTorch 1: the same word, two results.
#
# Why n − 1? A sample lies closer to its own mean than to the true one, so its squares come out too small. Let 1, 2, 6 be
# all there is: then their variance is the one with correction 0. Of the nine pairs that can be drawn from them, the
# variance with correction 1 is right on average, with correction 0 it is half of that: the last two rows.

# %% claims=["C52"]
s = torch.tensor([1.0, 2.0, 6.0])
drawn = torch.cartesian_prod(s, s)
assert s.var() == statistics.variance(s.tolist())
assert torch.isclose(s.std(), s.var().sqrt())
assert torch.isclose(s.var(correction=0), ((s - s.mean()) ** 2).mean())
assert torch.isclose(s.var(correction=0), drawn.var(dim=1).mean())
results(
    "s.var()",
    "s.var(correction=0)",
    "s.var(unbiased=False)",
    "s.std()",
    "s.numpy().var()",
    "drawn.var(dim=1).mean()",
    "drawn.var(dim=1, correction=0).mean()",
)

# %% [markdown]
# > **Then and now.** The argument was called `unbiased`, true or false, up to release 1.13. `correction` took its place
# > in 2.0; the old one is still understood.
#
# ### The largest and its place · 最大值
#
# Four calls find a maximum. They differ in what they return, and in where they send the gradient if two elements tie.
# `max()` and `amax` share it evenly. `max` with a `dim` also returns an index, and the whole gradient goes there.
# `logsumexp`, a soft maximum, gives every element its part.

# %%
v = torch.tensor([1.0, 3.0, 3.0, 2.0], requires_grad=True)
rows = []
for call in ("v.max()", "v.amax(0)", "v.max(0).values", "v.logsumexp(0)"):
    (gradient,) = torch.autograd.grad(eval(call), v)
    assert torch.isclose(gradient.sum(), torch.tensor(1.0))
    rows.append((f"`{call}`", attempt(call), text(gradient)))
rows.append(("`v.argmax()`", attempt("v.argmax()"), "none: an index"))
table(["call", f"result for {text(v)}", "gradient"], rows)

# %% [markdown]
# `logsumexp` is the logarithm of the sum of the exponentials; every cross entropy contains it. Written out, it
# overflows early. The function subtracts the largest element first and adds it again at the end, which changes nothing
# but keeps every exponential at 1 or below.

# %%
v = torch.tensor([1000.0, 1000.0])
results(
    "v.exp().sum().log()",
    "(v - v.max()).exp().sum().log() + v.max()",
    "v.logsumexp(0)",
)

# %% [markdown]
# ### Sorting and counting · 排序与计数
#
# `sort` and `topk` return values and indices. `unique` sorts, and counts if asked. `bincount` counts the whole numbers
# 0, 1, 2 ... by their place; `histc` counts floats in bins of equal width.

# %%
d = torch.tensor([5, 3, 6, 3, 0])
results(
    "d.sort()",
    "d.topk(2)",
    "d.unique(return_counts=True)",
    "d.bincount()",
    "torch.tensor([0.1, 0.2, 0.7, 0.9]).histc(bins=4, min=0, max=1)",
    "torch.arange(11.0).quantile(torch.tensor([0.0, 0.25, 0.5, 1.0]))",
)

# %% [markdown]
# ### NaN and infinity · 非数与无穷
#
# What does one bad element do to a reduction? Each of these was run on three lists. Before them, the mode of a two and a
# NaN, in both orders.

# %%
calls = """v.sum() v.mean() v.prod() v.median() v.quantile(0.5) v.mode().values v.std() v.var()
torch.linalg.vector_norm(v) v.logsumexp(0) v.amax() v.amin() v.argmax() v.argmin() v.sort().values
v.cumsum(0) v.cumprod(0) v.any() v.all() v.nansum() v.nanmean() v.nanmedian()
v.nanquantile(0.5)""".split()
for v in ([2.0, math.nan], [math.nan, 2.0]):
    print(f"the mode of {v} is", torch.tensor(v).mode().values.item())
bad = (
    [2.0, 1, 1, math.nan],
    [2.0, 1, 1, math.inf],
    [2.0, 1, math.inf, -math.inf],
)
rows = [
    (f"`{call}`", *(attempt(call, v=torch.tensor(v)) for v in bad))
    for call in calls
]
assert not any(
    "nan" in call and "nan" in with_nan for call, with_nan, *_ in rows
)
table(["", *map(text, bad)], rows)

# %% [markdown]
# NaN goes through: a mean over a million numbers with one NaN among them is NaN. That is a warning, not a nuisance. The
# functions whose names begin with `nan` leave it out, for data where it means "missing". `amax` and `amin` both return it,
# `argmax` and `argmin` point *at* it, `sort` puts it last, and for `any` and `all` it is not zero, hence true. For `mode` it
# equals nothing, not even another NaN, and the order of the numbers can decide what comes out. Infinity is an honest number
# until it meets its opposite: ∞ − ∞ is NaN.
#
# ## The rule of dim · 维度的规则
#
# Here the notes break off: most of these functions take `dim`, they say, and its effect can be remembered as follows.
# This is the rule:
#
# > **The dimension you name is the one that goes.** Its index runs through all its values, what it meets is made
# > into one number, and the other dimensions stay as they are.
#
# So for `x` of shape (2, 3, 4), `x.sum(dim=1)` has shape (2, 4), and its element [i, k] is the sum of x[i, j, k] over
# all j. (`draw`, for the figures below, paints a grid of numbers.)


# %% claims=["C54"]
from matplotlib.colors import ListedColormap

paints = [
    plotting.BLUE,
    plotting.VERMILION,
    plotting.SKY + "66",
    plotting.ORANGE + "66",
]
cmap = ListedColormap(["#E8E8E8", *paints])


def draw(axis, title, values, marks):
    axis.pcolormesh(
        marks, cmap=cmap, vmin=0, vmax=4, edgecolor="white", linewidth=2
    )
    for i, j in itertools.product(*map(range, values.shape)):
        ink = "white" if marks[i, j] in (1, 2) else "black"
        axis.text(
            j + 0.5,
            i + 0.5,
            f"{values[i, j]}",
            ha="center",
            va="center",
            color=ink,
        )
    axis.set_title(title, loc="left")
    axis.set(xlim=(0, 4), ylim=(3, 0), aspect="equal")
    plotting.bare(axis)


x = torch.arange(24).view(2, 3, 4)
{f"x.sum(dim={dim})": tuple(x.sum(dim).shape) for dim in range(3)}

# %% [markdown]
# The figure has `x` as two slabs of three rows and four columns, once for each `dim`. Cells of one color meet in the cell
# of that color on the right; the gray ones do so in the same way.

# %% claims=["C54"]
figure, axes = plt.subplots(
    3, 3, figsize=(8, 6.8), gridspec_kw={"hspace": 0.08}
)
for dim, (first, second, right) in enumerate(axes):
    total = x.sum(dim)
    marks = torch.zeros_like(total)
    marks[0, 0], marks[-1, -1] = 1, 2
    marks_of_x = marks.unsqueeze(dim).expand_as(x)
    draw(first, "x[0]", x[0], marks_of_x[0])
    draw(second, "x[1]", x[1], marks_of_x[1])
    draw(right, f"x.sum(dim={dim}): {tuple(total.shape)}", total, marks)
plotting.show(
    figure,
    alt="Three times two slabs of numbers and their sums. For dim 0 cells at the same place of both "
    "slabs meet, for dim 1 the cells of a column, for dim 2 the cells of a row.",
)

# %% [markdown]
# Now the proof. The loop below knows no tensor arithmetic: it visits every element, strikes the named dimensions out of
# its place (puts a 0 there), and collects the elements that end up at the same place. A plain Python function then
# makes one number of each list; `plain_python` names it for each reduction.


# %% claims=["C54"]
plain_python = {
    "sum": math.fsum, "mean": statistics.fmean, "prod": math.prod, "amax": max, "amin": min,
    "max": max, "min": min,
    "median": statistics.median_low, "mode": lambda v: min(statistics.multimode(v)),
    "std": statistics.stdev, "var": statistics.variance, "any": any, "all": all,
    "argmax": lambda v: v.index(max(v)), "argmin": lambda v: v.index(min(v)),
    "vector_norm": lambda v: math.hypot(*v),
    "logsumexp": lambda v: math.log(math.fsum(map(math.exp, v))),
}  # fmt: skip


def by_loop(name, x, dims):
    dims = [d % x.ndim for d in dims]  # -1 is the last
    lists = {}
    for place in itertools.product(*map(range, x.shape)):
        target = tuple(0 if d in dims else i for d, i in enumerate(place))
        lists.setdefault(target, []).append(x[place].item())
    kept = [1 if d in dims else n for d, n in enumerate(x.shape)]
    return torch.tensor(
        [float(plain_python[name](v)) for v in lists.values()]
    ).view(kept)


by_loop("sum", x, dims=[1])

# %% [markdown]
# Every reduction, over every choice of one, two or three dimensions, counted from the front and from the back (−1 is
# the last), with `keepdim` and without. With `keepdim=True` the named dimensions stay, with size 1. Some functions
# accept one dimension only.

# %% claims=["C50", "C51", "C52", "C54"]
torch.manual_seed(0)
x = torch.randint(0, 4, (2, 3, 4)).float()
choices = [
    dims
    for size in (1, 2, 3)
    for dims in itertools.combinations(range(3), size)
]
choices += [tuple(d - 3 for d in dims) for dims in choices]
checked, one_only = 0, set()
for name, dims, keepdim in itertools.product(
    plain_python, choices, (True, False)
):
    function = getattr(torch, name, None) or getattr(torch.linalg, name)
    try:
        result = function(
            x, dim=dims if len(dims) > 1 else dims[0], keepdim=keepdim
        )
    except TypeError:
        one_only.add(name)
        continue
    result = result.values if isinstance(result, tuple) else result
    expected = (
        by_loop(name, x, dims)
        if keepdim
        else by_loop(name, x, dims).squeeze(dims)
    )
    assert result.shape == expected.shape and torch.allclose(
        result.float(), expected
    ), name
    checked += 1
print(
    f"{len(plain_python)} reductions, {checked} results, all as the loop finds them"
)
print("one dimension at a time:", ", ".join(sorted(one_only)))

# %% [markdown]
# > **Then and now.** `keepdim`, false unless you say otherwise, came with 0.2, the release of the notes, together with
# > broadcasting. Before, the named dimension always stayed, with size 1, and code from before 0.2 relies on it.
#
# ### Scans keep the shape · 累加与累乘
#
# The notes list `cumsum` and `cumprod` among the reductions. They are scans: each element becomes the sum, or the
# product, of all up to it. Nothing goes, and the last element is what the reduction would give. `dim` is the direction
# of the walk, and has no default.

# %% claims=["C53"]
s = torch.tensor([1, 2, 3, 4])
assert s.cumsum(0)[-1] == s.sum() and s.cumprod(0)[-1] == s.prod()
assert attempt("s.cumsum()").startswith("error")
results(
    "s.cumsum(0)", "s.cumprod(0)", "s.cumsum(0).diff()", "s.sum()", "s.prod()"
)

# %% [markdown]
# In three dimensions, by a loop for every `dim`: the slice at n is the slice before it, plus (or times) the slice of
# `x`.

# %% claims=["C53", "C54"]
for dim, (scan, step) in itertools.product(
    range(-3, 3), ((torch.cumsum, operator.add), (torch.cumprod, operator.mul))
):
    result = scan(x, dim)
    assert result.shape == x.shape
    running = x.select(dim, 0)
    for n in range(1, x.shape[dim]):
        running = step(running, x.select(dim, n))
        assert torch.equal(result.select(dim, n), running)

# %% [markdown]
# ### What keepdim is for · 保持维度
#
# The rows of a table are to be divided by their sums. The sums have shape (3,), and three sums fit the three *columns*
# too: the division is done, along the wrong dimension, without a word. With `keepdim` the sums are a column, and each
# stays with its row.

# %% claims=["C54"]
counts = torch.tensor([[1.0, 2, 1], [3, 3, 2], [0, 1, 3]])
results(
    "(counts / counts.sum(1)).sum(1)",
    "(counts / counts.sum(1, keepdim=True)).sum(1)",
)

# %% [markdown]
# ## Broadcasting · 广播
#
# Why could the two be divided at all? Shapes that differ are *broadcast*: made equal by repeating. The rule:
#
# > **Align the shapes at the right.** Two sizes fit if they are equal, or if one of them is 1 or missing. That one is
# > repeated.
#
# As a Python function, compared with PyTorch's own verdict on all pairs of shapes that have up to three dimensions of
# sizes 1, 2 and 3:


# %%
def broadcast(a, b):
    shape = []
    for m, n in itertools.zip_longest(reversed(a), reversed(b), fillvalue=1):
        if m != n and 1 not in (m, n):
            return "error"
        shape.insert(0, n if m == 1 else m)
    return str(shape)


shapes = [
    s for ndim in range(4) for s in itertools.product((1, 2, 3), repeat=ndim)
]
verdicts = []
for a, b in itertools.product(shapes, repeat=2):
    verdicts.append(broadcast(a, b))
    assert attempt("list(torch.broadcast_shapes(a, b))", a=a, b=b).startswith(
        verdicts[-1]
    )
print(len(verdicts), "pairs,", verdicts.count("error"), "of them do not fit")

# %% [markdown]
# A column (3, 1) and a row (4,): each is repeated in the dimension where it has size 1 or none. The pale cells exist
# only in thought; no memory is used for them.

# %%
column, row = torch.tensor([[0], [10], [20]]), torch.tensor([1, 2, 3, 4])
column_marks, row_marks = torch.full((3, 4), 3), torch.full((3, 4), 4)
column_marks[:, 0], row_marks[0] = 1, 2
figure, axes = plt.subplots(1, 3, figsize=(8, 2.2))
draw(axes[0], "column: (3, 1)", column.expand(3, 4), column_marks)
draw(axes[1], "row: (4,)", row.expand(3, 4), row_marks)
draw(axes[2], "column + row: (3, 4)", column + row, torch.zeros(3, 4))
plotting.show(
    figure,
    alt="A column of three cells and a row of four, with pale copies, and the grid of their sums.",
)

# %% [markdown]
# If the sizes do not fit there is an error, and that is the good case. A size of 1, put in by `unsqueeze` or `None`,
# says what was meant.

# %%
results(
    "torch.zeros(3, 4) + torch.ones(3)",
    "(torch.zeros(3, 4) + torch.ones(3).unsqueeze(1)).shape",
)

# %% [markdown]
# The bad case is the silent one. A layer with one output gives shape (N, 1), the labels have (N,), and their difference
# is a square: every prediction against every label. Here the prediction is perfect and its loss should be 0, as in
# the last row but one. `nn.MSELoss` gives the same wrong number, but at least it warns; the warning is recorded and printed
# here. The last row is the wrong loss of the mean label, predicted for everything.

# %%
import warnings

from torch import nn

label = torch.arange(5.0)
prediction, mean = label.unsqueeze(1), label.mean().expand(5, 1)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    module_loss = nn.MSELoss()(prediction, label)
print(
    caught[0].category.__name__,
    str(caught[0].message).split(". ")[0],
    sep=": ",
)
results(
    "(prediction - label).shape",
    "((prediction - label) ** 2).mean()",
    "module_loss",
    "((prediction.squeeze(1) - label) ** 2).mean()",
    "((mean - label) ** 2).mean()",
)

# %% [markdown]
# The wrong loss of the perfect prediction, 4, is twice that of the mean label: it prefers the mean. So that is what training
# finds. Nothing crashes; the net just does not learn.
#
# ## In place and out= · 原地操作
#
# A name that ends in `_` changes the tensor itself; `out=` writes the result into a tensor that exists. Both save
# memory, and both are bound by the type and the shape of what is there.

# %%
a, target = torch.tensor([1.0, 2.0, 3.0]), torch.zeros(3)
whole = torch.tensor([1, 2, 3])
needed = torch.ones(3, requires_grad=True).exp()
results(
    "a.mul_(10)",
    "a",
    "torch.add(a, 1, out=target)",
    "target",
    "whole.add_(0.5)",
    "a.add_(torch.ones(2, 3))",
    "needed.add_(1).sum().backward()",
)

# %% [markdown]
# The last error is autograd's: the gradient of `exp` is its result, and that was overwritten. In nets, leave in-place
# forms to the optimizer.
#
# ## Matrix products · 矩阵乘法
#
# `a @ b`, short for `torch.matmul`, sums over the last dimension of `a` and the last but one of `b`. What comes before
# those two is a batch, and is broadcast. A vector has only one dimension, and it goes.

# %%
left = [(3,), (2, 3), (3,), (2, 3), (5, 2, 3), (5, 1, 2, 3), (2, 3), (5, 2, 3)]
right = [(3,), (3,), (3, 4), (3, 4), (3, 4), (6, 3, 4), (2, 3), (6, 3, 4)]
rows = []
for a, b in zip(left, right, strict=True):
    outcome = attempt("(torch.ones(a) @ torch.ones(b)).shape", a=a, b=b)
    rows.append((a, b, "does not fit" if "error" in outcome else outcome))
table(["a", "b", "a @ b"], rows)

# %% [markdown]
# `einsum` says it with letters: a letter for each dimension of each input, then, after the arrow, those of the result.
# **A letter that is missing on the right is summed over**, which is the rule of `dim` again. Each line is compared with
# the call beside it.

# %%
torch.manual_seed(0)
u, v, A, B = torch.rand(3), torch.rand(3), torch.rand(3, 3), torch.rand(3, 4)
P, Q = torch.rand(5, 2, 3), torch.rand(5, 4, 3)
products = [
    ("'i,i->', u, v", "u @ v", "dot product"),
    ("'i,j->ij', u, v", "u[:, None] * v", "every pair"),
    ("'ii->', A", "A.trace()", "sum of the diagonal"),
    ("'ij->ji', B", "B.T", "transposed"),
    ("'ij->i', B", "B.sum(dim=1)", "sums of the rows"),
    ("'ij,jk->ik', A, B", "A @ B", "matrix product"),
    ("'bqd,bkd->bqk', P, Q", "P @ Q.mT", "scores of attention"),
]
for letters, same, _ in products:
    assert torch.allclose(eval(f"torch.einsum({letters})"), eval(same))
table(
    ["`torch.einsum(...)`", "the same", ""],
    [(f"`{a}`", f"`{b}`", c) for a, b, c in products],
)

# %% [markdown]
# ## The order of a sum · 求和顺序
#
# A `float32` has about seven digits, and each addition rounds. So the order of the additions matters. Three numbers in
# their six orders: wherever 1 meets 100,000,000 first, it is lost. (In `float64`, with sixteen digits, all six give 1.)

# %%
for order in itertools.permutations([1e8, 1.0, -1e8]):
    a, b, c = torch.tensor(order)
    assert a.double() + b.double() + c.double() == 1
    print(f"({a:10.0f} + {b:10.0f}) + {c:10.0f} = {a + b + c:.0f}")

# %% [markdown]
# Now a harmless list: a thousand numbers between 0 and 1, added up one after the other in two thousand orders. (All
# orders at once: `total` holds one sum for each.) No step of any of them is wrong, each is only rounded.

# %%
torch.manual_seed(0)
numbers, total = torch.rand(1000), torch.zeros(2000)
orders = torch.rand(2000, 1000).argsort(dim=1, stable=True)
for column in numbers[orders].unbind(1):
    total += column
exact = math.fsum(numbers.tolist())
values, counts = total.unique(return_counts=True)
figure, axis = plt.subplots(figsize=(7.5, 2.6))
axis.bar(1e6 * (values.double() / exact - 1), counts, width=0.045)
axis.axvline(0, color=plotting.VERMILION, label="exact sum")
axis.set(xlabel="relative error, in millionths", ylabel="orders")
axis.legend()
plotting.show(
    figure,
    alt="Bars around the exact sum: most orders miss it a little, to either side.",
)
print(len(values), "different sums of one list")

# %% [markdown]
# `sum` adds in an order of its own, in parallel, which depends on the processor, the number of threads and the device.
# So two machines may differ in the last digits, and both are right. This book's verification therefore allows every
# float a relative tolerance, which it can be asked for. The orders above lie far within it.

# %%
from helpers.verification import Policy

spread = (total.max() - total.min()).item() / exact
print(f"tolerance {Policy().rtol}, widest gap between two orders {spread:.2g}")
assert 10 * spread < Policy().rtol
assert math.isclose(numbers.sum(), exact, rel_tol=Policy().rtol)

# %% [markdown]
# No such tolerance helps where large numbers cancel, as with the three above: there the sum was wholly lost. Add up in
# `float64` then, or so that what cancels meets first.
#
# ## Speed · 速度
#
# All functions of this page run in compiled code, over the whole tensor. A Python loop pays for each element what a
# call costs. The sum of ten thousand squares, three ways:

# %% verify={"reason": "durations", "timing": true}
from torch.utils import benchmark

x = torch.linspace(0, 1, 10_000)
ways = {
    "tensor": "(x ** 2).sum()",
    "Python list": "sum(v * v for v in numbers)",
    "loop over the tensor": "sum(v * v for v in x)",
}
names = {"x": x, "numbers": x.tolist()}
seconds = {
    way: benchmark.Timer(code, globals=names)
    .blocked_autorange(min_run_time=0.2)
    .median
    for way, code in ways.items()
}
for way, time in seconds.items():
    print(f"{way:20} {1e3 * time:.3f} ms, {time / seconds['tensor']:.1f}x")

# %% [markdown]
# The slowest is a loop over a *tensor*: each element becomes a tensor of its own. If you must loop, call `tolist`
# first.
#
# ## Recap
#
# - Element-wise functions keep the shape. `%` follows the divisor's sign, `fmod` the other's; halves round to even;
#   bad input gives NaN or infinity.
# - `sigmoid` and `tanh` flatten on both sides, ReLU and its relatives on one. Use the ready-made functions: they are
#   stable.
# - The median of an even count is the lower one, `std` divides by n − 1, ties share the gradient of `max()`. NaN
#   goes through most reductions; the `nan...` functions leave it out.
# - The dimension you name is the one that goes; `keepdim` leaves it with size 1; scans keep the shape.
# - Shapes are aligned at the right and repeated. (N,) against (N, 1) is a square. Sums depend on their order, in the
#   last digits.

# %% [markdown]
# ## Exercises
#
# Put your code in the place of the three dots and run the check below it.
#
# **1.** Round these amounts as in school, 四舍五入: halves go up.

# %%
from decimal import ROUND_HALF_UP, Decimal

from helpers.exercises import Check

amounts = torch.tensor([0.5, 1.49, 2.5, 3.5, 4.51])
answer_1 = ...
school = [
    int(Decimal(v).quantize(Decimal(1), ROUND_HALF_UP))
    for v in amounts.tolist()
]
check_1 = Check(torch.tensor(school).float(), hint="floor, after a shift")
check_1(answer_1)

# %% [markdown]
# **2.** A batch of 2 pictures with 3 channels of 4 x 4 pixels. The mean of each channel, over all pictures and pixels:
# three numbers.

# %%
pictures = torch.arange(96.0).view(2, 3, 4, 4)
answer_2 = ...
check_2 = Check(
    torch.stack([pictures[:, c].mean() for c in range(3)]),
    hint="name the dimensions that go",
)
check_2(answer_2)

# %% [markdown]
# **3.** Standardize each row of `square`: subtract the row's mean, divide by its standard deviation with correction 0.

# %%
square = torch.tensor([[1.0, 2.0, 6.0], [0.0, 5.0, 10.0], [3.0, 3.0, 9.0]])
answer_3 = ...
check_3 = Check(
    F.layer_norm(square, (3,), eps=0),
    hint="mean and deviation must stay columns",
)
check_3(answer_3)

# %% [markdown]
# **4.** The distances of three points to two others, as a 3 x 2 tensor, by broadcasting: no loop, no `cdist`.

# %%
three, two = (
    torch.tensor([[0.0, 0.0], [3.0, 4.0], [6.0, 0.0]]),
    torch.tensor([[0.0, 0], [3, 0]]),
)
answer_4 = ...
check_4 = Check(
    torch.cdist(three, two), hint="subtract shapes (3, 1, 2) and (2, 2)"
)
check_4(answer_4)

# %% [markdown]
# ## Solutions
#
# In JupyterLab, click to open. They run and are verified like every other cell. Below each answer, a mistake and what the
# check says of it.

# %% jupyter={"source_hidden": true}
check_1((amounts + 0.5).floor())
check_1(amounts.round())  # a mistake: halves to even

# %% jupyter={"source_hidden": true}
check_2(pictures.mean(dim=(0, 2, 3)))
check_2(pictures.mean(dim=1))  # a mistake: the dimension to keep was named

# %% jupyter={"source_hidden": true}
deviation = square.std(1, correction=0, keepdim=True)
check_3((square - square.mean(1, keepdim=True)) / deviation)
check_3(
    (square - square.mean(1)) / square.std(1, correction=0)
)  # a mistake: no keepdim
check_3(
    (square - square.mean(1, keepdim=True)) / square.std(1, keepdim=True)
)  # a mistake: n - 1

# %% jupyter={"source_hidden": true}
check_4(torch.linalg.vector_norm(three[:, None] - two, dim=-1))
check_4(
    torch.linalg.vector_norm(three - two[:, None], dim=-1)
)  # a mistake: the other way round

# %% [markdown]
# ---
# Back: [tensor types](10_tensor_types.ipynb) · On: [what has become of the notes](12_notes_audited.ipynb)
