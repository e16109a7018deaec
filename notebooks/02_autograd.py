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
# # Differentiate automatically · 自动求导
#
# Section 2.2.2 of the notes: autograd. PyTorch writes down what you compute and, asked for it, gives the derivative of
# the result by everything that went in.
#
# **You will**
#
# - read the graph that autograd records: leaves, `grad_fn`, `grad`;
# - get the same gradient in four ways, and second derivatives, Jacobians and Hessians;
# - know when gradients add up, when recording should be off, and which changes in place break it;
# - translate each line that uses `Variable` into today's;
# - fit a line with autograd alone, see what autograd costs, and give it a function of your own.
#
# **You need** tensors in outline, and derivatives from school. No GPU.
#
# **Time**: 29 min to read, 7 s to run (Intel(R) Xeon(R) Processor, 2 cores).
#
# ## Find it · 速查
#
# | in the notes | today | here |
# |:--|:--|:--|
# | `Variable`, the core class (核心类) | a Tensor is all there is | [Variable, then and now](#Variable,-then-and-now-·-从-Variable-到-Tensor) |
# | `data`, the Tensor in a Variable | `detach()` | [`.data`, the silent mistake](#.data,-the-silent-mistake-·-隐蔽的错误) |
# | `grad`, a Variable (梯度) | a Tensor; it adds up until it is zeroed | [Gradients add up](#Gradients-add-up-·-梯度累加) |
# | `grad_fn`, a Function | the same | [What is recorded](#What-is-recorded-·-计算图) |
# | forward (前向传播), backward (反向传播) | the same; the graph is used once | [What is recorded](#What-is-recorded-·-计算图), [used once](#The-graph-is-used-once-·-计算图只用一次) |
# | autograd alone is laborious (略显复杂) | `torch.nn` takes the work over | [A line, by autograd alone](#A-line,-by-autograd-alone-·-线性回归) |

# %% [markdown]
# ## What is recorded · 计算图
#
# A tensor with `requires_grad=True` asks for derivatives. Everything computed from it is recorded.

# %% claims=["C08"]
import sys

sys.path.insert(0, "..")  # the folder that holds helpers/

import torch

x = torch.tensor([1.0, 2.0, 3.0])  # data: nobody asks for its derivative
w = torch.tensor(0.5, requires_grad=True)
b = torch.tensor(0.0, requires_grad=True)
z = w * x + b
loss = (z**2).mean()
loss

# %% [markdown]
# `grad_fn` is the function that will take a gradient back through the operation. Tensors that you made yourself are
# *leaves*: no operation made them, so they have none.

# %% claims=["C08"]
for name, t in {"x": x, "w": w, "b": b, "z": z, "loss": loss}.items():
    made_by = t.grad_fn.name() if t.grad_fn else None
    print(
        f"{name:4} requires_grad={t.requires_grad!s:5} is_leaf={t.is_leaf!s:5} grad_fn={made_by}"
    )
assert all(t.is_leaf == (t.grad_fn is None) for t in (x, w, b, z, loss))

# %% [markdown]
# Each function knows the next ones on the way back, in `next_functions`. Followed to the end, they are the graph.


# %% claims=["C08"]
def walk(function, depth=0):
    print("   " * depth + function.name().split("::")[-1])
    for following, _ in function.next_functions:
        if (
            following is not None
        ):  # x asks for no gradient: None stands in its place
            walk(following, depth + 1)


walk(loss.grad_fn)

# %% [markdown]
# The way ends at `AccumulateGrad`: one for each leaf that wants a gradient. The book draws the same walk as a picture.
# The inputs are on the left, the result is on the right, and the arrows go the way the gradients will.

# %%
import matplotlib.pyplot as plt

from helpers import plotting
from helpers.drawings.autograd_graph import show_graph

plotting.use_style()
show_graph(loss, w=w, b=b)

# %% [markdown]
# Some functions keep tensors that they will need: to differentiate a square you must know what was squared. Here `self`
# is a function's first input and `other` the second: the derivative of `w * x` by `w` is `x`. `backward` goes along the
# arrows. Afterwards the leaves have their gradients, and what was kept is freed.

# %%
loss.backward()
show_graph(loss, w=w, b=b)

# %% [markdown]
# `grad` has the shape of its tensor. By hand: the loss is the mean of $z^2$, so its derivative by $w$ is the mean of
# $2zx$, and by $b$ the mean of $2z$.

# %% claims=["C07"]
z = z.detach()  # the numbers without the graph
print("by backward", w.grad, b.grad)
print("by hand    ", (2 * z * x).mean(), (2 * z).mean())
assert w.grad.shape == w.shape
assert torch.allclose(w.grad, (2 * z * x).mean()) and torch.allclose(
    b.grad, (2 * z).mean()
)

# %% [markdown]
# ### Only leaves keep a gradient
#
# What lies between the leaves and the loss passes its gradient on and forgets it. Reading it gives `None`, and a
# warning:

# %%
import warnings

z = w * x + b
(z**2).mean().backward()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(z.grad)
print(str(caught[0].message).partition(". ")[0])

# %% [markdown]
# `retain_grad`, called before `backward`, makes it stay.

# %%
z = w * x + b
z.retain_grad()
(z**2).mean().backward()
print(z.grad)
assert torch.allclose(z.grad, 2 * z / 3)

# %% [markdown]
# ## The same gradient, four ways · 四种求法
#
# Take $f(u, v) = u^2 \sin v$. Its gradient by hand is $(2u \sin v,\; u^2 \cos v)$. Finite differences need only the
# function: move each input a little up and down. `backward` fills `grad`. `torch.func.grad` makes a new function, which
# returns the gradient. In double precision (`float64`), all four agree.


# %%
def f(p):
    return p[0] ** 2 * torch.sin(p[1])


def by_differences(f, p, step):
    units = torch.eye(len(p), dtype=p.dtype)
    return torch.stack(
        [(f(p + step * e) - f(p - step * e)) / (2 * step) for e in units]
    )


# %%
p = torch.tensor([3.0, 1.0], dtype=torch.float64, requires_grad=True)
f(p).backward()
u, v = p.detach()
ways = {
    "by hand": torch.stack([2 * u * torch.sin(v), u**2 * torch.cos(v)]),
    "differences": by_differences(f, p.detach(), 1e-6),
    "backward": p.grad,
    "torch.func": torch.func.grad(f)(p.detach()),
}
for name, gradient in ways.items():
    print(f"{name:12} {gradient[0]:.6f}  {gradient[1]:.6f}")
    assert torch.allclose(gradient, ways["by hand"], atol=1e-8)

# %% [markdown]
# `gradcheck` compares `backward` with finite differences for you. It is the test for any gradient that you write.

# %%
torch.autograd.gradcheck(f, p)

# %% [markdown]
# Why not always use finite differences? They need two calls of the function for each input, and a net has many. And no step
# is right. A large one misses how the curve bends, a small one loses digits in the subtraction. Here for $x^3$ at 1:

# %%
steps = [10.0**-k for k in range(1, 13)]
figure, axis = plt.subplots()
for dtype, color in (
    (torch.float32, plotting.VERMILION),
    (torch.float64, plotting.BLUE),
):
    one = torch.ones(1, dtype=dtype)
    errors = [
        (by_differences(lambda p: p[0] ** 3, one, h) - 3).abs().item()
        for h in steps
    ]
    axis.loglog(steps, errors, marker="o", color=color, label=str(dtype)[6:])
axis.set(
    xlabel="step",
    ylabel="error",
    ylim=(1e-12, 10),
    title="error of finite differences",
)
axis.legend()
plotting.show(
    figure,
    alt="Error against step: two valleys. The float32 one is far higher than the float64 one.",
)

# %% [markdown]
# ## Many outputs, and derivatives of derivatives · 高阶导数
#
# `backward` starts from one number. From more than one, it wants to know how much each of them counts.

# %%
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x**2 * x.flip(0)
try:
    y.backward()
except RuntimeError as error:
    print(error)

# %% [markdown]
# The weights form a vector $v$; the result is the vector-Jacobian product $v^T J$. `torch.autograd.grad` returns it
# and leaves `grad` alone. The Jacobian $J$ itself holds the derivative of each output (row) by each input (column).

# %%
v = torch.tensor([1.0, 10.0, 100.0])
(vjp,) = torch.autograd.grad(y, x, grad_outputs=v)
J = torch.func.jacrev(lambda x: x**2 * x.flip(0))(x.detach())
print(J, vjp, sep="\n")
assert torch.allclose(vjp, v @ J) and x.grad is None

# %% [markdown]
# A gradient can be recorded too: `create_graph=True`. Then it can be differentiated again. Three times for $x^3$ at 2:

# %%
t = torch.tensor(2.0, requires_grad=True)
value = t**3
for _ in range(3):
    (value,) = torch.autograd.grad(value, t, create_graph=True)
    print(value.item())

# %% [markdown]
# Differentiate the *sum* of many values, each computed from an input of its own: each input gets the derivative of its
# value. One call gives the whole curve.

# %%
t = torch.linspace(-4, 4, 201, requires_grad=True)
curves = [torch.tanh(t)]
for _ in range(2):
    curves += torch.autograd.grad(curves[-1].sum(), t, create_graph=True)
figure, axis = plt.subplots()
for curve, label in zip(
    curves, ("tanh", "first derivative", "second derivative"), strict=True
):
    axis.plot(t.detach(), curve.detach(), label=label)
axis.legend()
plotting.show(
    figure,
    alt="tanh: an S. First derivative: a hill at zero. Second: up, then down.",
)
assert torch.allclose(curves[1], 1 - curves[0] ** 2, atol=1e-6)

# %% [markdown]
# The Hessian holds the second derivatives of one number: it is the Jacobian of its gradient. For $f$ above, it agrees
# with the one by hand, and is symmetric: the order of the two derivatives does not matter.

# %%
H = torch.func.jacrev(torch.func.grad(f))(p.detach())
u, v = p.detach()
cross = 2 * u * torch.cos(v)
by_hand = torch.stack(
    [2 * torch.sin(v), cross, cross, -(u**2) * torch.sin(v)]
).view(2, 2)
print(H)
assert torch.allclose(H, by_hand) and torch.allclose(H, H.T)

# %% [markdown]
# ## Gradients add up · 梯度累加
#
# `backward` *adds* to `grad`. Without zeroing, each call adds its part.

# %% claims=["C07"]
w = torch.tensor(1.0, requires_grad=True)
for _ in range(3):
    (5 * w).backward()
    print(w.grad.item())

# %% [markdown]
# > **Then and now.** The notes' time wrote zeros into the gradients. Since release 2.0 `zero_grad()` drops them instead:
# > `grad` is `None`. `set_to_none=False` gives the old way.

# %%
optimizer = torch.optim.SGD([w], lr=0.1)
optimizer.zero_grad(set_to_none=False)
print(w.grad)
optimizer.zero_grad()
print(w.grad)

# %% [markdown]
# Adding up is good for something: a batch too large for the memory can be worked through in parts. Each part's mean
# counts for its share. The gradient is the same, and the peak of memory is lower. (`peak_bytes` counts the tensors that
# a function holds at once.)

# %%
from helpers.memory import peak_bytes

torch.manual_seed(0)
net = torch.nn.Sequential(
    torch.nn.Linear(20, 200), torch.nn.Tanh(), torch.nn.Linear(200, 1)
)
inputs = torch.randn(4096, 20)


def gradient_in(parts):
    net.zero_grad()
    for part in inputs.chunk(parts):
        (net(part).square().mean() / parts).backward()


gradient_in(1)
whole = net[0].weight.grad.clone()
gradient_in(8)
assert torch.allclose(net[0].weight.grad, whole, atol=1e-6)
for parts in (1, 8):
    print(
        f"{parts} parts: at most {peak_bytes(lambda n=parts: gradient_in(n)) / 1e6:.2f} MB"
    )

# %% [markdown]
# ## Not to be recorded · 不记录计算图
#
# Recording costs memory. For mere evaluation, turn it off: `no_grad`, or the stricter `inference_mode`.
# `detach` cuts a single tensor off; it shares the memory of its source.

# %%
w = torch.tensor([1.0, 2.0], requires_grad=True)
with torch.no_grad():
    a = w.exp()
with torch.inference_mode():
    b = w.exp()
c = w.exp().detach()
for name, t in (("no_grad", a), ("inference_mode", b), ("detach", c)):
    print(
        f"{name:15} requires_grad={t.requires_grad}, is_inference={t.is_inference()}"
    )
assert (
    w.detach().untyped_storage().data_ptr() == w.untyped_storage().data_ptr()
)

# %% [markdown]
# What was made in inference mode must not enter a recorded computation later:

# %%
try:
    (w * b).sum()
except RuntimeError as error:
    print(str(error).partition(". ")[0])

# %% [markdown]
# Parameters are changed with recording off. A step of gradient descent on a leaf is refused otherwise:

# %%
try:
    w -= 0.1
except RuntimeError as error:
    print(error)
with torch.no_grad():
    w -= 0.1
w

# %% [markdown]
# ## `.data`, the silent mistake · 隐蔽的错误
#
# > **Then and now.** The notes reach for `.data`, the Tensor inside a Variable. It still works, and it goes behind
# > autograd's back. Since release 0.4, `detach()` is the safe way.
#
# The derivative of $e^x$ is $e^x$, which autograd keeps. Overwrite it through `.data`, and the gradient is wrong without a
# word:

# %% claims=["C06"]
x = torch.tensor(1.0, requires_grad=True)
y = x.exp()
y.data.zero_()
y.backward()
print(f"gradient {x.grad:.4f} instead of {x.detach().exp():.4f}")
assert x.grad == 0

# %% [markdown]
# `detach` shares memory in the same way, but also the *version counter*. Each change in place raises it, and `backward`
# compares.

# %% claims=["C06"]
y = x.exp()
print("version", y._version)
y.detach().zero_()
print("version", y._version)
try:
    y.backward()
except RuntimeError as error:
    print(str(error).partition(": ")[0])

# %% [markdown]
# ### Which changes in place are dangerous? · 原地操作
#
# Those of a tensor that a function has kept for `backward`. Some keep their input, some their output, some nothing.
# A loop finds out, by changing each of the two after the operation: does `backward` run, or raise the error above?


# %%
from helpers import tables


def survives(operation, what):
    x = torch.tensor([0.5, 0.7], requires_grad=True)
    before = x * 1  # not a leaf, so that it may be changed
    after = operation(before)
    with torch.no_grad():
        {"input": before, "output": after}[what].add_(1)
    try:
        after.sum().backward()
    except RuntimeError:
        return "error"
    return "fine"


operations = [
    torch.exp,
    torch.log,
    torch.sin,
    torch.sigmoid,
    torch.tanh,
    torch.relu,
    torch.sqrt,
]
operations += [torch.square, torch.neg]
rows = [
    (o.__name__, survives(o, "input"), survives(o, "output"))
    for o in operations
]
tables.table(["operation", "input changed", "output changed"], rows)

# %% [markdown]
# ### The graph is used once · 计算图只用一次
#
# `backward` frees what was kept. A second call finds nothing, unless the first was told to leave it. (Old code says
# `retain_variables=True`.)

# %%
x = torch.tensor(3.0, requires_grad=True)
y = x**2
y.backward(retain_graph=True)
y.backward()
try:
    y.backward()
except RuntimeError as error:
    print(str(error).partition(" (")[0])
x.grad  # of the two calls that went through

# %% [markdown]
# ## Variable, then and now · 从 Variable 到 Tensor
#
# > **Then and now.** In the notes, a Tensor holds numbers, and only a `Variable` around it can be differentiated: it is
# > the core class of autograd. Release 0.4 (April 2018) made them one.
#
# | then | now | shown at |
# |---|---|---|
# | `Variable(t)` | `t` itself | 1 |
# | `Variable(t, requires_grad=True)` | `torch.tensor(..., requires_grad=True)`, or `t.requires_grad_()` | 2 |
# | `v.data` | `v.detach()` | 3 |
# | `v.grad`, a Variable | `v.grad`, a Tensor | 3 |
# | `Variable(t, volatile=True)` | `with torch.no_grad():` or `torch.inference_mode()` | 4 |
# | `loss.data[0]` | `loss.item()` | 5 |
# | `net(Variable(t))` | `net(t)` | 6 |
#
# **1.** `Variable` can still be imported and called. What it returns is a Tensor with the same memory.

# %% claims=["C05"]
from torch.autograd import Variable

t = torch.ones(2, 2)
v = Variable(t)
print(type(v).__name__, "shares memory:", v.data_ptr() == t.data_ptr())
assert type(v) is torch.Tensor

# %% [markdown]
# **2.** It takes `requires_grad`. So do the functions that make tensors, and any tensor can be told later.

# %% claims=["C05", "C13"]
v = Variable(t, requires_grad=True)
now = torch.ones(2, 2, requires_grad=True)
later = torch.ones(2, 2).requires_grad_()
v.requires_grad, now.requires_grad, later.requires_grad

# %% [markdown]
# **3.** `data` and `grad` are Tensors, of one shape. `detach()` gives the same numbers as `data`, safely.

# %% claims=["C06", "C07"]
v.sum().backward()
print(
    type(v.data).__name__, type(v.grad).__name__, v.data.shape == v.grad.shape
)
assert torch.equal(v.data, v.detach()) and type(v.grad) is torch.Tensor

# %% [markdown]
# **4.** `volatile` is gone. It has no effect and a warning says so.

# %% claims=["C05"]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    Variable(t, volatile=True)
print(caught[0].message)

# %% [markdown]
# **5.** A loss is a tensor without dimensions today. It cannot be indexed; `item()` takes the number out.

# %%
loss = v.sum()
try:
    loss.data[0]
except IndexError as error:
    print(str(error).partition(". ")[0])
loss.item()

# %% [markdown]
# **6.** A net takes plain Tensors and returns plain Tensors, with a `grad_fn`, since its parameters ask for gradients.

# %% claims=["C13"]
layer = torch.nn.Linear(2, 1)
out = layer(torch.ones(5, 2))
print(type(out).__name__, out.shape, out.grad_fn.name())
assert type(out) is torch.Tensor and out.requires_grad

# %% [markdown]
# ## What autograd costs · 代价
#
# A net of 16 layers: forward without recording, forward with it, and forward with `backward`.

# %%
torch.manual_seed(0)
layers = [
    m for _ in range(16) for m in (torch.nn.Linear(64, 64), torch.nn.ReLU())
]
net = torch.nn.Sequential(*layers)
batch = torch.randn(4096, 64)


@torch.no_grad()
def forward():
    return net(batch)


def forward_recorded():
    return net(batch)


def forward_backward():
    net.zero_grad()
    net(batch).sum().backward()


# %% [markdown]
# Memory: forward alone holds two outputs at a time, the one it reads and the one it writes. When it is recorded, the
# outputs of all 16 ReLU are kept: ReLU needs its own output, and the next layer its input. One more is being made.

# %%
one_output = batch.nbytes
for work in (forward, forward_recorded, forward_backward):
    print(
        f"{work.__name__:17} {peak_bytes(work) / one_output:.1f} outputs of a layer"
    )

# %% [markdown]
# Time: each is run in turn, several times, and the shortest run counts. Your ratios will differ.

# %% verify={"reason": "durations", "timing": true}
from torch.utils.benchmark import Timer

seconds = {}
for _ in range(5):
    for work in (forward, forward_recorded, forward_backward):
        took = Timer("work()", globals={"work": work}).timeit(3).median
        seconds[work] = min(took, seconds.get(work, took))
for work in (forward_recorded, forward_backward):
    print(
        f"{work.__name__:17} {seconds[work] / seconds[forward]:.2f}x the time of forward"
    )

# %% [markdown]
# On its way back, each linear layer multiplies twice where forward multiplies once: for the gradient of its input, and
# for that of its weight.
#
# *Checkpointing* trades time for memory: it keeps only the inputs of a few segments, and computes the rest again when
# `backward` comes by. The gradients are the same. Too few segments, and each is large; too many, and their inputs add up.

# %%
from torch.utils.checkpoint import checkpoint_sequential


def in_segments(n):
    net.zero_grad()
    checkpoint_sequential(net, n, batch, use_reentrant=False).sum().backward()


forward_backward()
plain = net[0].weight.grad.clone()
in_segments(4)
assert torch.allclose(net[0].weight.grad, plain, rtol=1e-3, atol=1e-4)
segments = [1, 2, 4, 8, 16]
peaks = [peak_bytes(lambda n=n: in_segments(n)) / one_output for n in segments]
figure, axis = plt.subplots(figsize=(6, 3))
axis.bar([str(n) for n in segments], peaks, color=plotting.BLUE)
axis.set(
    xlabel="segments",
    ylabel="outputs of a layer",
    title="peak of memory, 16 layers",
)
plotting.show(
    figure, alt="Bars: the peak is lowest with a middling number of segments."
)

# %% [markdown]
# ## A line, by autograd alone · 线性回归
#
# Points around a line, and two numbers to find. Everything is here: forward, backward, step, zero.

# %% claims=["C09"]
torch.manual_seed(0)
x = torch.rand(100) * 4
y = 1.5 * x - 1 + 0.4 * torch.randn(100)
slope = torch.zeros((), requires_grad=True)
offset = torch.zeros((), requires_grad=True)
course, losses = [], []
for _ in range(200):
    loss = (slope * x + offset - y).square().mean()
    loss.backward()
    course.append((slope.item(), offset.item()))
    losses.append(loss.item())
    with torch.no_grad():
        slope -= 0.1 * slope.grad
        offset -= 0.1 * offset.grad
        slope.grad = offset.grad = None
print(f"slope {slope:.4f}, offset {offset:.4f}, loss {losses[-1]:.4f}")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.2))
left.scatter(x, y, s=12, color=plotting.SKY)
ends = torch.tensor([0.0, 4.0])
for step, style in ((0, ":"), (3, "--"), (199, "-")):
    a, b = course[step]
    left.plot(
        ends,
        a * ends + b,
        style,
        color=plotting.VERMILION,
        label=f"after {step} steps",
    )
left.set(xlabel="x", ylabel="y", title="points and line")
left.legend()
right.plot(losses)
right.set(xlabel="step", title="mean squared error", ylim=(0, None))
plotting.show(
    figure,
    alt="Left: the line turns towards the points. Right: the loss falls, then rests.",
)

# %% [markdown]
# A line can also be fitted in closed form (least squares). Both agree.

# %% claims=["C09"]
columns = torch.stack([x, torch.ones(100)], dim=1)
best = torch.linalg.lstsq(columns, y.unsqueeze(1)).solution.flatten()
print(best)
assert torch.allclose(best, torch.stack([slope, offset]), atol=1e-3)

# %% [markdown]
# It works, and it is laborious: each parameter is made, changed and zeroed by hand. That is what the notes say, and why
# `torch.nn` was built on autograd. The same fit with it, for any number of parameters:

# %% claims=["C09"]
net = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(200):
    loss = torch.nn.functional.mse_loss(net(x.unsqueeze(1)), y.unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
assert torch.allclose(torch.cat([net.weight[0], net.bias]), best, atol=1e-3)

# %% [markdown]
# ## A function of your own · 自定义 Function
#
# Autograd differentiates whatever is made of PyTorch's operations. For anything else, say what `backward` does:
# `setup_context` keeps what is needed, `backward` multiplies the gradient that arrives by the derivative. The class is
# called by `apply`. (In old code its methods are not static, and it is called like a module, `Cube()(x)`; since release
# 1.5 that is an error.)


# %%
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * 3 * x**2


p = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
torch.autograd.gradcheck(Cube.apply, p)

# %% [markdown]
# A check is worth something if it can fail. With a wrong derivative, it does:


# %%
class WrongCube(Cube):
    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * 3 * x  # the square is missing


try:
    torch.autograd.gradcheck(WrongCube.apply, p)
except RuntimeError as error:
    print(error)

# %% [markdown]
# ## Recap
#
# - Leaves are what you make; `grad_fn` leads from a result back to them; `backward` fills `grad` of the leaves.
# - By hand, by differences, by `backward`, by `torch.func.grad`: one gradient. `create_graph` gives the next derivative.
# - Gradients add up until zeroed. Record nothing where no gradient is wanted. Change nothing that was kept; never by `.data`.
# - `Variable` is `Tensor` since 0.4.
# - Autograd alone fits a line, with work that `nn` takes over. Recording keeps every layer's output; checkpointing keeps fewer.
#
# ## Exercises
#
# Put your code in the place of the three dots and run the check below it.
#
# **1.** The gradient of `q.prod()` by `q`, at `q` = (2, 3, 4), found by autograd.

# %%
from helpers.exercises import Check

q = torch.tensor([2.0, 3.0, 4.0], requires_grad=True)
answer_1 = ...
check_1 = Check(
    torch.tensor([3.0 * 4, 2.0 * 4, 2.0 * 3]),
    hint="torch.autograd.grad returns a tuple",
)
check_1(answer_1)

# %% [markdown]
# **2.** The second derivative of $\sin$ at 1, found by autograd.

# %%
one = torch.tensor(1.0, requires_grad=True)
answer_2 = ...
check_2 = Check(
    -torch.sin(torch.tensor(1.0)), hint="the first needs create_graph=True"
)
check_2(answer_2)

# %% [markdown]
# **3.** Parts of *unequal* size: 100 and 300 of 400 samples. Find the gradient by `slope` of the mean loss of all, from
# the two gradients below.

# %%
samples = torch.arange(400.0) / 400
slope = torch.tensor(1.0, requires_grad=True)
mean_loss = [
    (slope * part).square().mean() for part in samples.split([100, 300])
]
first, second = (torch.autograd.grad(loss, slope)[0] for loss in mean_loss)
answer_3 = ...
(of_all,) = torch.autograd.grad((slope * samples).square().mean(), slope)
check_3 = Check(of_all, hint="each mean counts for its share of the samples")
check_3(answer_3)

# %% [markdown]
# ## Solutions
#
# In JupyterLab, click to open. They run and are verified like every other cell. Below each answer, a mistake and what the
# check says of it.

# %% jupyter={"source_hidden": true}
check_1(torch.autograd.grad(q.prod(), q)[0])
check_1(torch.autograd.grad(q.prod(), q))  # a mistake: the tuple not opened

# %% jupyter={"source_hidden": true}
(slope_of_sin,) = torch.autograd.grad(one.sin(), one, create_graph=True)
check_2(torch.autograd.grad(slope_of_sin, one)[0])
check_2(slope_of_sin)  # a mistake: the first derivative

# %% jupyter={"source_hidden": true}
check_3(0.25 * first + 0.75 * second)
check_3((first + second) / 2)  # a mistake: both parts count alike

# %% [markdown]
# ---
# Back: [install and time](01_install_and_timing.ipynb) · On: [build and train a neural network](04_modules.ipynb)
