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
# # Choose a type and a device · 数据类型
#
# Section 3 of the notes lists eight tensor types, each for CPU and GPU, and says what they cost in memory. There are many
# more today, and the choice decides what fits, what overflows and what is lost.
#
# **You will**
#
# - find the size, range and step of every data type of your release, beside the eight of the notes;
# - set the default type and device, and put them back;
# - work out the memory of a tensor, and of a net in training, before you allocate it;
# - see where half precision overflows and what it loses, and what bfloat16 and autocast do about it;
# - convert and mix types, share memory with NumPy, and move between devices.
#
# **You need** tensors and a first idea of `nn.Module`. No GPU: what needs one has a branch for the CPU.
#
# **Time**: 38 min to read, 9 s to run (AMD EPYC, 2 cores).

# %% [markdown]
# **Find it.** The notes' words, today's call, and the place on this page.
#
# | the notes say | today | shown under |
# |---|---|---|
# | `torch.FloatTensor`, `DoubleTensor`, `HalfTensor`, `ByteTensor`, ... | `dtype=torch.float32`, `float64`, `float16`, `uint8`, ... | [Eight names from 2017](#Eight-names-from-2017-·-八种类型) |
# | the table of types | `torch.finfo(dtype)`, `torch.iinfo(dtype)`, `dtype.itemsize` | [Every type of this release](#Every-type-of-this-release-·-全部数据类型) |
# | `t.set_deault_tensor_type` (a slip) | `torch.set_default_dtype`, `torch.set_default_device` | [Default type and device](#Default-type-and-device-·-默认类型和设备) |
# | 10⁹ elements of 4 bytes: 4 GB | `x.nbytes`, `device="meta"` | [Memory](#Memory-·-内存) |
# | HalfTensor is for the GPU | `torch.float16`, `torch.bfloat16`, `torch.autocast` | [Half precision](#Half-precision-·-半精度), [Autocast](#Autocast-·-自动混合精度) |
# | half precision overflows easily | `torch.finfo(torch.float16).max` | [Overflow and underflow](#Overflow-and-underflow-·-溢出) |
# | `type(new_type)`, `float`, `long`, `half` | `x.to(dtype)` | [Convert](#Convert-·-类型转换) |
# | `long` of a float | cuts off; `clamp` first | [From float to integer](#From-float-to-integer-·-浮点数转整数) |
# | (not in the notes) types mixed in one expression | `torch.promote_types` | [Mixed types](#Mixed-types-·-类型提升) |
# | (not in the notes) NumPy | `torch.from_numpy`, `x.numpy()` | [NumPy](#NumPy-·-与-NumPy-共享内存) |
# | `tensor.cuda`, `tensor.cpu` | `x.to(device)` | [CPU and GPU](#CPU-and-GPU-·-设备之间移动) |

# %% [markdown]
# ## Eight names from 2017 · 八种类型
#
# In 2017 each type of tensor was a class of its own, twice: one for the CPU, one for the GPU.

# %%
import sys

sys.path.insert(0, "..")  # the folder that holds helpers/

import torch

from helpers import plotting

plotting.use_style()

# %% [markdown]
# All sixteen classes are still there, with or without a GPU. Each knows its *dtype*, the data type as an object.

# %% claims=["C38"]
eight = ["Float", "Double", "Half", "Byte", "Char", "Short", "Int", "Long"]
for name in eight:
    cpu, gpu = (getattr(module, f"{name}Tensor") for module in (torch, torch.cuda))
    assert cpu.dtype == gpu.dtype
    named = f"torch.{name}Tensor", f"torch.cuda.{name}Tensor", str(cpu.dtype)
    print("{:20} {:25} {:14}".format(*named), 8 * cpu.dtype.itemsize, "bits")

# %% [markdown]
# > **Then and now.** The notes have "N/A" in the place of `torch.HalfTensor`; it is there now (see
# > [Half precision](#Half-precision-·-半精度)). Since 0.4 there is one class, `torch.Tensor`, and a tensor's type is two
# > properties: `dtype` and `device`. The old names live on in `x.type()`.

# %% claims=["C38"]
x = torch.zeros(2)
assert type(x) is torch.Tensor and isinstance(x, torch.FloatTensor)
type(x).__name__, x.dtype, x.device.type, x.type()

# %% [markdown]
# ## Every type of this release · 全部数据类型
#
# The installed PyTorch can be asked which dtypes it has. To see what they are good for, four operations are tried with each
# on the CPU; one that is not implemented raises an error. Some types warn that they are experimental, so the warnings are
# collected. The *step*, the distance from 1 to the next larger number, is found by trying too: of 1 + 1, 1 + 1/2, 1 + 1/4,
# ..., which come through the conversion unchanged?

# %% claims=["C38"]
import warnings

dtypes = {value for value in vars(torch).values() if isinstance(value, torch.dtype)}
operations = {"+": torch.add, "*": torch.mul, "sum": lambda a, b: a.sum(), "@": torch.matmul}


def runs(operation, dtype):
    try:
        ones = torch.ones(2, 2).to(dtype)
        operation(ones, ones)
    except (RuntimeError, TypeError):
        return False
    return True


def step(dtype):
    above = 1 + 2.0 ** -torch.arange(53, dtype=torch.float64)
    kept = above.to(dtype).to(torch.complex128).real == above
    return f"{above[kept].min() - 1:.5g}" if kept.any() else ""


with warnings.catch_warnings(record=True) as warned:
    able = {d: [sign for sign, f in operations.items() if runs(f, d)] for d in dtypes}

# %% [markdown]
# Those that can do anything at all, by kind and size. A dot marks the eight of the notes. `finfo` and `iinfo` know the
# range, and `finfo` the step as `eps` (but for `float8_e5m2fnuz`, which 2.9 had wrong). A complex number is two floats, and
# its range is that of each.

# %% claims=["C38"]
from IPython.display import HTML


def row(dtype):
    name = torch.zeros(2, dtype=dtype).type().removeprefix("torch.")
    old = [f"{m.__name__}.{name}" if hasattr(m, name) else "" for m in (torch, torch.cuda)]
    dot, limits = "●" if name.removesuffix("Tensor") in eight else "", "False, True"
    if dtype != torch.bool:
        is_float = dtype.is_floating_point or dtype.is_complex
        info = torch.finfo(dtype) if is_float else torch.iinfo(dtype)
        low, high = (f"{v:.5g}" if is_float else str(v) for v in (info.min, info.max))
        limits = f"±{high}" if low == f"-{high}" else f"{low} to {high}"
    runs_on_cpu = "\u00a0".join(able[dtype])
    return dot, str(dtype)[6:], 8 * dtype.itemsize, limits, step(dtype), *old, runs_on_cpu


usable = [dtype for dtype in dtypes if able[dtype]]
usable.sort(key=lambda d: (d.is_complex, d.is_floating_point, d.itemsize, str(d)))
head = ("", "dtype", "bits", "range", "step", "CPU class", "GPU class", "on CPU")
head = [f"<b>{name}</b>" for name in head]
td = '<td style="text-align:left">{}</td>'
lines = ["".join(map(td.format, cells)) for cells in (head, *map(row, usable))]
HTML(f"<table><tr>{'</tr><tr>'.join(lines)}</tr></table>")

# %% [markdown]
# The newer ones have no class of the old kind: only a dtype. `uint16`, `uint32` and `uint64` (since 2.3) and the
# float8 types (since 2.1) are there to be stored, moved and converted, hardly to be computed with. The name of a float8
# type tells its parts: `e4m3` has four bits of exponent and three of fraction; `fn` means that it has no infinity.
#
# The rest can do none of the four on the CPU: types for quantised values, for fewer than eight bits, for raw bits, and
# experiments.

# %% verify={"free": ["(?<=: ).*"], "reason": "which experimental types there are depends on the release"}
rest = sorted(str(dtype)[6:] for dtype in dtypes if not able[dtype])
few_bits = ("int", "uint")
print("quantised:", *[name for name in rest if name.startswith("q")])
print("few bits:", *[name for name in rest if name.startswith(few_bits)])
print("others:", *[name for name in rest if not name.startswith(("q", *few_bits))])
print("warned:", *sorted(str(w.message).split(" support")[0] for w in warned))

# %% [markdown]
# ## What a float can hold · 浮点数的表示
#
# A float spends its bits on a sign, an exponent and a fraction. The exponent sets the range, the fraction sets the
# step. `finfo` gives the step, and the number of fraction bits follows from it.

# %%
import math

import matplotlib.pyplot as plt

floats = ("float8_e4m3fn", "float8_e5m2", "float16", "bfloat16", "float32", "float64")
figure, axis = plt.subplots(figsize=(8, 2.8))
for y, name in enumerate(floats):
    info = torch.finfo(getattr(torch, name))
    fraction = round(-math.log2(info.eps))
    start, widths = 0, {"sign": 1, "exponent": info.bits - 1 - fraction, "fraction": fraction}
    for (part, width), colour in zip(widths.items(), plotting.COLOURS[1:], strict=False):
        squares = [(start + n + 0.1, 0.8) for n in range(width)]
        axis.broken_barh(squares, (y - 0.35, 0.7), facecolor=colour, label=part if y == 0 else None)
        start += width
    axis.text(start + 0.6, y, " + ".join(map(str, widths.values())), va="center")
axis.set_yticks(range(len(floats)), floats)
axis.set(xlim=(0, 73), xticks=[0, 8, 16, 32, 64], xlabel="bits")
axis.legend(loc="lower right")
axis.grid(False)
plotting.show(
    figure,
    alt="Rows of bits for six float types: one sign bit, then exponent bits, then fraction bits. "
    "bfloat16 has as many exponent bits as float32, float16 has more fraction bits.",
)

# %% [markdown]
# `bfloat16` is `float32` without the last 16 bits: the same range, a coarse step. `float16` has a fine step and a
# small range.
#
# Types of 8 and 16 bits have so few values that all can be tried: each bit pattern is read as a number. On the number
# line the gaps double at each power of two, while integers lie evenly.


# %%
def values(dtype):
    patterns = torch.arange(256).to(torch.uint8)
    if dtype.itemsize == 2:
        patterns = torch.arange(-(2**15), 2**15).to(torch.int16)
    return patterns.view(dtype).double()


assert values(torch.float8_e5m2).isinf().any() and not values(torch.float8_e4m3fn).isinf().any()
figure, axes = plt.subplots(1, 2, figsize=(8.5, 2.3), width_ratios=(5, 4))
shown = {(0, 8): ("float8_e4m3fn", "float8_e5m2", "int8"), (1, 1.05): ("float16", "bfloat16")}
for axis, ((low, high), names) in zip(axes, shown.items(), strict=True):
    for y, name in enumerate(names):
        marks = values(getattr(torch, name))
        marks = marks[(marks >= low) & (marks <= high)]
        axis.vlines(marks, y - 0.35, y + 0.35, color=plotting.COLOURS[y], linewidth=1)
    axis.set_yticks(range(len(names)), names)
    margin = (high - low) / 40
    axis.set(xlim=(low - margin, high + margin), title=f"all values from {low} to {high}")
    axis.grid(False)
plotting.show(
    figure,
    alt="Number lines. Left: int8 lies evenly; the float8 types are dense near zero and sparse "
    "further out. Right: float16 is eight times as dense as bfloat16.",
)

# %% [markdown]
# ## Default type and device · 默认类型和设备
#
# A tensor made without a dtype takes one from its data: floats the *default dtype*, which is `float32` as in the notes.
# Whole numbers become `int64`, truth values `bool`. Indices that PyTorch returns are `int64` too.

# %% claims=["C40"]
assert torch.get_default_dtype() == torch.zeros(2).dtype == torch.float32
for data in (1.5, 1, True, 1j):
    print(f"{data!r:5}", torch.tensor(data).dtype)
print("index", torch.ones(3).argmax().dtype)

# %% [markdown]
# `set_default_dtype` changes it for the whole process, complex numbers along with it. Whoever does that should put it
# back, whatever happens in between: `try` and `finally`.

# %% claims=["C40"]
torch.set_default_dtype(torch.float64)
try:
    print(torch.zeros(2).dtype, torch.tensor(1j).dtype, torch.tensor(1).dtype)
finally:
    torch.set_default_dtype(torch.float32)

# %% [markdown]
# > **Then and now.** The notes' `set_deault_tensor_type` is a slip for `set_default_tensor_type`. It set type and device
# > in one. It still works and has been deprecated since 2.1: it warns, and names the two functions that took its place.

# %% claims=["C40"]
assert not hasattr(torch, "set_deault_tensor_type")
with warnings.catch_warnings(record=True) as warned:
    try:
        torch.set_default_tensor_type(torch.DoubleTensor)
        print(torch.zeros(2).type())
    finally:
        torch.set_default_tensor_type(torch.FloatTensor)
assert torch.get_default_dtype() == torch.float32
for warning in warned[:1]:  # given once in a process
    print(warning.category.__name__, str(warning.message).split(" (")[0], sep=": ")

# %% [markdown]
# The device has its own default: `torch.set_default_device` (since 2.0), or for a few lines `with
# torch.device(...)`. Here the default becomes the accelerator (a GPU, say) if the machine has one, else it stays the CPU;
# then, for one line, it is `meta`, of which more below.

# %% claims=["C40"]
device = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
torch.set_default_device(device)
try:
    assert torch.zeros(2).device.type == device.type
finally:
    torch.set_default_device(None)
with torch.device("meta"):
    x = torch.zeros(2)
x.device.type, torch.zeros(2).device.type

# %% [markdown]
# ## Memory · 内存
#
# `meta` is a device without memory: its tensors have shape, dtype and size, and no values. So the notes' example can be
# made on any machine. One (1000, 1000, 1000) tensor of 32-bit floats has 10⁹ elements of 4 bytes:

# %% claims=["C41"]
big = torch.empty(1000, 1000, 1000, dtype=torch.float32, device="meta")
assert big.nbytes == big.numel() * big.element_size()
big.numel(), big.element_size(), big.nbytes

# %% [markdown]
# The notes call that 4 GB, rightly: a gigabyte is 10⁹ bytes. Many tools count in GiB, 2³⁰ bytes, and show a
# smaller number for the same tensor. Half precision halves it.

# %% claims=["C41", "C42"]
for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int8):
    nbytes = big.to(dtype).nbytes
    print(f"{str(dtype)[6:]:10}{nbytes / 1e9:5.1f} GB = {nbytes / 2**30:.2f} GiB")
assert big.half().nbytes * 2 == big.nbytes

# %% [markdown]
# ### A net in training · 训练时的内存
#
# A net in training holds more than its parameters: a gradient for each; with the optimizer Adam two more numbers for
# each (running means); and the *activations*, the intermediate results that `backward` needs. First on paper: a net
# of two layers, batches of 128 pictures with 784 pixels, 4 bytes a number.

# %%
from torch import nn

net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
numbers = (784 * 512 + 512) + (512 * 10 + 10)
estimated = {
    "parameters": 4 * numbers,
    "gradients": 4 * numbers,
    "Adam": 2 * 4 * numbers,
    "activations": 4 * 128 * (784 + 512 + 10),  # the input, after the ReLU, the scores
}

# %% [markdown]
# Then measured, by counting bytes. Each tensor's memory is its *storage*; one that several tensors share counts
# once. `saved_tensors_hooks` hands over every tensor that is kept for `backward`.


# %%
def bytes_of(tensors):
    storages = [t.untyped_storage() for t in tensors]
    return sum({s.data_ptr(): s.nbytes() for s in storages}.values())


def activations(net, batch):
    saved, own = [], {p.data_ptr() for p in net.parameters()}

    def keep(tensor):
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        targets = torch.zeros(batch, dtype=torch.int64)
        loss = nn.functional.cross_entropy(net(torch.zeros(batch, 784)), targets)
    return loss, bytes_of(t for t in saved if t.untyped_storage().data_ptr() not in own)


adam = torch.optim.Adam(net.parameters())
loss, measured_activations = activations(net, 128)
loss.backward()
adam.step()

# %%
weights = list(net.parameters())
measured = {
    "parameters": bytes_of(weights),
    "gradients": bytes_of(p.grad for p in weights),
    "Adam": bytes_of(t for state in adam.state.values() for t in state.values()),
    "activations": measured_activations,
}
for name, nbytes in measured.items():
    print(f"{name:12} estimated {estimated[name]:>9,}  measured {nbytes:>9,} bytes")
    assert estimated[name] <= nbytes <= 1.01 * estimated[name]

# %% [markdown]
# What paper forgot: Adam counts its steps, and the loss keeps the labels. Four times the parameters is the fixed
# part; the activations grow with the batch, and beyond some size they are nearly all there is.

# %%
batches = (32, 128, 512, 2048)
figure, axis = plt.subplots(figsize=(7, 2.8))
left = [0.0] * len(batches)
for name, nbytes in measured.items():
    sizes = [activations(net, b)[1] if name == "activations" else nbytes for b in batches]
    axis.barh(range(len(batches)), [s / 1e6 for s in sizes], left=left, label=name)
    left = [start + s / 1e6 for start, s in zip(left, sizes, strict=True)]
axis.set_yticks(range(len(batches)), batches)
axis.set(xlabel="MB", ylabel="batch size")
axis.legend(loc="lower right")
plotting.show(
    figure,
    alt="Stacked bars for four batch sizes: parameters, gradients and Adam stay the same, "
    "activations grow in proportion to the batch.",
)

# %% [markdown]
# ## Half precision · 半精度
#
# > **Then and now.** In the notes, half precision is for the GPU alone. In PyTorch 0.2 the CPU could store halves, not
# > compute with them. Sums and products came with 1.6. Products of matrices were withdrawn in 1.12 and are there
# > again in every release that this book is verified with.

# %% claims=["C39"]
h = torch.HalfTensor([[1, 2], [3, 4]])
assert h.device.type == "cpu"
h + h, h @ h

# %% [markdown]
# Whether it is *fast* is another matter: many CPUs have no instructions for it, and convert each number to `float32` and
# back. So time it on yours.

# %% claims=["C39"] verify={"reason": "durations", "timing": true}
from torch.utils import benchmark

for dtype in (torch.float32, torch.float16, torch.bfloat16):
    m = torch.ones(64, 64, dtype=dtype)
    seconds = benchmark.Timer("m @ m", globals={"m": m}).blocked_autorange(min_run_time=0.1).median
    single = seconds if dtype == torch.float32 else single
    print(f"{str(dtype)[6:]:10}{1e6 * seconds:.1f} us, {seconds / single:.2f}x the time of float32")

# %% [markdown]
# What halves hold, as `finfo` tells it. *Smallest* is the smallest number at full precision; below it the step no longer
# shrinks, and the fraction runs out of bits. *Counts to* is where the step becomes 2: from there on, adding 1 changes
# nothing.

# %% claims=["C42"]
print(f"{'':10}{'largest':>12}{'step at 1':>12}{'smallest':>12}{'counts to':>12}")
for dtype in (torch.float16, torch.bfloat16, torch.float32):
    f = torch.finfo(dtype)
    n = torch.tensor(2 / f.eps, dtype=dtype)
    assert n + 1 == n and n - 1 != n
    print(f"{str(dtype)[6:]:10}{f.max:12.5g}{f.eps:12.3g}{f.smallest_normal:12.3g}{n.item():12.0f}")

# %% [markdown]
# ### Overflow and underflow · 溢出
#
# The largest half is 65504. Beyond it lies infinity, which 300 x 300 already reaches. `sum` adds in higher precision,
# but its result must be a half again; `mean` fits.
#
# At the other end, 10⁻⁸ is zero: small gradients vanish. The cure for `float16` is to *scale*: multiply the loss, hence
# the gradients, by a large number, and divide when they are in `float32` again. `torch.amp.GradScaler` does that in a
# training loop.

# %% claims=["C42"]
h = torch.tensor([65504.0, 300.0]).half()
print("squares", (h * h).tolist(), "in bfloat16", (h.bfloat16() ** 2).tolist())
many = torch.full((1000,), 100.0).half()
print("sum", many.sum().item(), "in float32", many.sum(dtype=torch.float32).item())
print("mean", many.mean().item())
small = torch.tensor(1e-8)
scaled = (small * 65536).half().float() / 65536
print(f"10⁻⁸ {small.half().item():.3g}, scaled {scaled.item():.3g}")
assert small.half() == 0 and torch.isclose(scaled, small, rtol=1e-3)

# %% [markdown]
# The whole picture: take a thousand numbers between each two powers of two, convert, and see how far off the worst one
# is. A flat line is the precision. It ends on the right at infinity, and on the left it climbs to an error of 100 %.

# %%
powers = 2.0 ** torch.arange(-152, 130, dtype=torch.float64)
x = powers[:, None] * (1 + (torch.arange(1000) + 1 / 3).double() / 1000)
figure, axis = plt.subplots(figsize=(7, 3.2))
colours = {"float16": plotting.VERMILION, "bfloat16": plotting.GREEN, "float32": plotting.BLUE}
for name, colour in colours.items():
    error = ((x.to(getattr(torch, name)).double() - x).abs() / x).amax(1)
    axis.loglog(powers[error <= 1], error[error <= 1], color=colour)
    at = 1e16 if name != "float16" else 1e-3
    level = error[powers == 1].item()
    axis.text(at, 1.5 * level, name, color=colour)
axis.set(xlabel="number", ylabel="worst relative error", ylim=(1e-8, 3))
plotting.show(
    figure,
    alt="Worst relative rounding error against the size of the number. float16 is a narrow "
    "trough, bfloat16 a wide and shallow one, float32 a wide and deep one.",
)

# %% [markdown]
# ### Lost additions · 精度损失
#
# The step between neighbours grows with the number, so a small number added to a large one is lost. In slow motion: add
# 0.001 ten thousand times, one after the other. The sum should be 10. PyTorch's own `sum` keeps its running total in
# `float32` and does better.


# %% claims=["C42"]
def running_sum(dtype, terms=10_000):
    total, term = torch.tensor(0, dtype=dtype), torch.tensor(0.001, dtype=dtype)
    sums = []
    for _ in range(terms):
        total = total + term
        sums.append(total.item())
    return torch.tensor(sums, dtype=torch.float64)


sums = {name: running_sum(getattr(torch, name)) for name in colours}
for name, s in sums.items():
    own = torch.full((10_000,), 0.001, dtype=getattr(torch, name)).sum()
    print(f"{name:9} one by one {s[-1].item():7.4f}, by sum() {own.item():.4f}")

# %%
exact = torch.arange(1, 10_001) / 1000
figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.2))
for name, s in sums.items():
    left.plot(s, color=colours[name], label=name, linestyle="--" if name == "float32" else "-")
    right.loglog(((s - exact).abs() / exact).cummax(0).values, color=colours[name])
left.set(xlabel="additions", title="running sum", ylim=(0, 10.5))
left.legend()
right.set(xlabel="additions", title="largest relative error so far", ylim=(1e-8, 3))
plotting.show(
    figure,
    alt="Left: the float32 sum rises to the end; float16 and bfloat16 stop on the way and stay "
    "level. Right: their relative errors rise towards one, that of float32 stays tiny.",
)

# %% [markdown]
# Once half a step is more than 0.001, each addition rounds back to where it was. The same happens to weights kept in
# half precision when the updates are small.
#
# ### Autocast · 自动混合精度
#
# So half precision suits large products, on hardware made for it, and harms where much is added or little is changed.
# `torch.autocast` draws that line for you, operation by operation. Each is called with `float32` and with `bfloat16`; what comes out?

# %%
F = nn.functional
calls = {
    "a @ b": lambda a: a @ a,
    "linear": lambda a: F.linear(a, a),
    "conv2d": lambda a: F.conv2d(a[None, None], a[None, None]),
    "a + b": lambda a: a + a,
    "relu": torch.relu,
    "sum": torch.sum,
    "mse_loss": lambda a: F.mse_loss(a, a),
    "cross_entropy": lambda a: F.cross_entropy(a, a),
}
a = torch.ones(4, 4)
with torch.autocast("cpu", dtype=torch.bfloat16):
    for name, call in calls.items():
        results = [str(call(argument).dtype)[6:] for argument in (a, a.bfloat16())]
        print("{:15} float32 -> {:10} bfloat16 -> {}".format(name, *results))

# %% [markdown]
# Products and convolutions go down to `bfloat16`, losses go up to `float32`, the rest stays as it comes. (Each kind of
# device has its own lists.) The parameters stay in `float32`, and so do their gradients: a small update is not lost.

# %%
layer = nn.Linear(4, 1)
with torch.autocast("cpu", dtype=torch.bfloat16):
    out = layer(a)
out.float().sum().backward()
print("output", out.dtype, " weight", layer.weight.dtype, " gradient", layer.weight.grad.dtype)
for dtype in (torch.bfloat16, torch.float32):
    w = torch.tensor(1.0, dtype=dtype)
    for _ in range(100):
        w += 0.001
    print(f"a weight of 1 after 100 updates of 0.001 in {dtype}: {w.item():.3f}")

# %% [markdown]
# ## Convert · 类型转换
#
# The notes' `type(new_type)` takes a dtype, an old class or its name. `long()` and the others are shortcuts; `to` is
# the general way, for types and devices alike; `type_as` copies both from another tensor. A tensor that already has the
# type comes back as it is, not copied.

# %% claims=["C43"]
x = torch.tensor([1.7, -1.7])
ways = [x.type(torch.int64), x.type(torch.LongTensor), x.type("torch.LongTensor")]
ways += [x.long(), x.to(torch.int64), x.type_as(torch.tensor(1))]
assert all(way.dtype == torch.int64 and torch.equal(way, ways[0]) for way in ways)
assert x.float() is x and x.to(torch.float32) is x
ways[0], x.half().dtype, x.double().dtype, x.long().float()

# %% [markdown]
# A difference that bites: `double`, `half` or `to` of a tensor returns a new one, of a module it changes the module
# itself.

# %% claims=["C43"]
x.double()  # the result is dropped: nothing happened
layer.double()  # the module has changed
x.dtype, layer.weight.dtype

# %% [markdown]
# ### Mixed types · 类型提升
#
# What is the type of an `int64` plus a `float16`? All pairs, by running each; `torch.promote_types` says the same. Bold
# results are neither of the two types, since neither could hold the other's numbers.

# %% claims=["C43"]
names = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128"
names = names.split()
shades = {"bo": "#DDDDDD", "bf": "#CDE7F5", "fl": "#CDE7F5", "co": "#F0D5E4"}
figure, axis = plt.subplots(figsize=(9, 4.6))
table = axis.table(
    [names] * 12, rowLabels=names, colLabels=names, cellLoc="center", bbox=(0, 0, 1, 1)
)
for i, first in enumerate(names):
    for j, second in enumerate(names):
        a, b = (torch.ones(2, dtype=getattr(torch, name)) for name in (first, second))
        assert (a + b).dtype == torch.promote_types(a.dtype, b.dtype)
        name = str((a + b).dtype)[6:]
        weight = "normal" if name in (first, second) else "bold"
        table[i + 1, j].set_text_props(text=name, weight=weight)
        table[i + 1, j].set_facecolor(shades.get(name[:2], "#FBE7C6"))
table.auto_set_font_size(False)
for cell in table.get_celld().values():
    cell.set_text_props(text=cell.get_text().get_text().replace("complex", "complex\n"), size=8)
    cell.set_edgecolor("white")
axis.axis("off")
plotting.show(
    figure,
    alt="A table of result types for twelve by twelve dtypes: complex wins over float, float over "
    "integer, integer over bool; within a kind the larger type wins.",
)

# %% [markdown]
# The kind decides first (bool, integer, float, complex), the size only within a kind. So a huge `int64` next to a
# `float16` becomes a `float16`, and may overflow. A plain number, or a tensor without
# dimensions, counts only if its kind is higher: it never widens a tensor of its own kind.
#
# > **Then and now.** Since 1.3 mixed types are promoted. Before, the number was cast to the tensor's type:
# > `torch.tensor(10) * 1.9` gave 10. An operation in place still cannot change its tensor's type: it refuses.

# %%
i, h = torch.tensor([60_000]), torch.tensor([60_000.0]).half()
print("int64 + float16", i + h)
print("int64 + 1.5    ", i + 1.5)
print("float16 + 1    ", h + 1)
print("float16 + a float64 without dimensions", (h + i.double()[0]).dtype)
print("10 * 1.9       ", torch.tensor(10) * 1.9)
try:
    i += 0.5
except RuntimeError as error:
    print("in place:", error)

# %% [markdown]
# ### Integers · 整数
#
# > **Then and now.** `/` between whole numbers used to cut off the fraction. That was deprecated in 1.5, an error in 1.6, and is true
# > division since 1.7. `//` rounds down, as in Python; before 1.13 it cut off towards zero, as `rounding_mode="trunc"` does.

# %%
n = torch.tensor([7, -7])
assert (n // 2).tolist() == [7 // 2, -7 // 2]
n / 2, n // 2, torch.div(n, 2, rounding_mode="trunc")

# %% [markdown]
# Integers that overflow say nothing: they start again at the other end. A sum is safe, it counts in `int64`. A number
# that does not fit is refused when a tensor is made from it, and wraps when a tensor is converted.

# %%
small = torch.tensor([250, 127], dtype=torch.uint8)
print("plus 10", small + 10)
print("as int8", small.to(torch.int8))
print("sum    ", small.sum())
try:
    torch.tensor(300, dtype=torch.uint8)
except RuntimeError as error:
    print("refused:", str(error).split(" to ")[0])

# %% [markdown]
# ### From float to integer · 浮点数转整数
#
# The conversion cuts off towards zero: it does not round. It is *defined* only if what is left fits the new
# type. NaN, infinity and numbers too large (or negative ones for `uint8`) give whatever the processor makes of them, and
# CPUs and GPUs differ. So the page does not show it; it shows how to tell, and how to be safe.
#
# One trap is left: not every large integer has a `float32` of its own. The largest `int32` becomes a float that no longer
# fits, so for `int32` and `int64` clamp in `float64`, or well below the limit.

# %% claims=["C43"]
x = torch.tensor([2.9, -2.9, 0.5, 300.0, torch.nan, torch.inf])
limits = torch.iinfo(torch.int8)
defined = (x.trunc() >= limits.min) & (x.trunc() <= limits.max)
print("defined", defined.tolist())
print("cut off", x[defined].to(torch.int8))
print("rounded", x[defined].round().to(torch.int8))
print("safe   ", x.nan_to_num(nan=0).clamp(limits.min, limits.max).to(torch.int8))
largest = torch.iinfo(torch.int32).max
print("the largest int32", largest, "as a float32", int(torch.tensor(largest).float()))

# %% [markdown]
# ### Bool, complex, eight bits · 布尔、复数、八位
#
# For `bool`, `+` is "or" and `*` is "and"; `sum` counts; `-` is refused. Everything but zero is true, NaN included.

# %%
yes, no = torch.tensor([True, True]), torch.tensor([True, False])
print(yes + no, yes * no, yes.sum(), torch.tensor([0.0, 0.5, torch.nan]).bool())
try:
    yes - no
except RuntimeError as error:
    print(str(error).split(". ")[0])

# %% [markdown]
# A complex tensor is a pair of floats for each element. `real` and `imag` are views of it; to drop the imaginary part, say
# `z.real`.

# %%
z = torch.tensor([3 + 4j])
z.real[0] = 0
z, z.dtype, z.abs(), torch.view_as_real(z)

# %% [markdown]
# Eight bits are for storing. Divide by a *scale* so that the largest number just fits, convert, and multiply again before
# computing. With `int8` that is quantisation. `float8` has small steps for small numbers, `int8` equal steps for all.
#
# Without a scale, `float8_e4m3fn` ends at 448. What lies beyond became NaN in 2.9 and becomes 448 in 2.15. PyTorch's own
# quantised types, such as `qint8`, carry their scale within the tensor; they are on their way out, and making one warns
# since 2.13.

# %% verify={"free": ["(?<=: ).*"], "reason": "changed between the releases this book is verified with"}
weights = torch.tensor([3.0, -1.0, 0.3, -0.1, 0.03, 0.01])
scale = weights.max() / torch.finfo(torch.float8_e4m3fn).max
in_float8 = (weights / scale).to(torch.float8_e4m3fn)
print("float8", in_float8.float() * scale)
scale = weights.max() / torch.iinfo(torch.int8).max
in_int8 = (weights / scale).round().to(torch.int8)
print("int8  ", in_int8 * scale)
assert 4 * in_float8.nbytes == 4 * in_int8.nbytes == weights.nbytes
print("500 as float8_e4m3fn:", torch.tensor(500.0).to(torch.float8_e4m3fn).item())
with warnings.catch_warnings(record=True) as warned:
    quantised = torch.quantize_per_tensor(weights, scale.item(), 0, torch.qint8)
print("quantize_per_tensor:", "warns" if warned else "does not warn")
assert torch.equal(quantised.int_repr(), in_int8)

# %% [markdown]
# ## NumPy · 与 NumPy 共享内存
#
# `torch.from_numpy` and `x.numpy()` copy nothing: both sides are the same memory, and a change on one side shows on the
# other. `torch.tensor` copies. NumPy's floats have 64 bits, and the tensor takes that over.

# %%
import numpy as np

array = np.zeros(3)
shared, copied = torch.from_numpy(array), torch.tensor(array)
array[0] = 1
shared[1] = 2
assert np.shares_memory(array, shared.numpy()) and not np.shares_memory(array, copied.numpy())
array, shared, copied

# %% [markdown]
# NumPy does not know every type. And a tensor that takes part in autograd must be detached first.

# %%
unknown = []
for dtype in usable:
    try:
        torch.zeros(1, dtype=dtype).numpy()
    except TypeError:
        unknown.append(str(dtype)[6:])
print("unknown to NumPy:", *unknown)
try:
    torch.zeros(1, requires_grad=True).numpy()
except RuntimeError as error:
    print(error)

# %% [markdown]
# ## CPU and GPU · 设备之间移动
#
# `x.to(device)` moves a tensor to any device, `cpu()` brings it back. Nothing is copied if it is there already. The lines
# are the same with a GPU and without; `device` was asked for once, under
# [Default type and device](#Default-type-and-device-·-默认类型和设备).
#
# `cuda()` is the notes' way, for NVIDIA GPUs. Without one it raises an error, and the
# tensor stays on the CPU. Both ways end with the same values.

# %% claims=["C44"]
x = torch.arange(3.0)
there = x.to(device)
assert there.device.type == device.type and torch.equal(there.cpu(), x)
assert x.cpu() is x and there.to(device) is there
try:
    moved = x.cuda()
except (AssertionError, RuntimeError):  # which one depends on the build
    assert not torch.cuda.is_available()
    moved = x
assert moved.is_cuda == torch.cuda.is_available()
moved.cpu()

# %% [markdown]
# Tensors on two devices do not mix: moving is not done for you. The exception is a CPU tensor without dimensions. The
# `meta` device plays the second one here.

# %% claims=["C44"]
print((torch.tensor(1.0) + torch.ones(2, device="meta")).device)
try:
    torch.ones(2) + torch.ones(2, device="meta")
except RuntimeError as error:
    print(error)

# %% [markdown]
# ## Recap
#
# - A dtype has a size, a range and a step: `itemsize`, `finfo`, `iinfo`. The notes' eight classes are names for eight of
#   them.
# - `set_default_dtype` and `set_default_device` are for the whole process; put them back in a `finally`.
# - Bytes are elements times `itemsize`, to be had on `meta` without allocating. Training with Adam takes four times the
#   parameters, plus activations in proportion to the batch.
# - `float16` overflows beyond 65504, `bfloat16` has the range of `float32` and few digits; both lose small additions.
#   Autocast uses them for products and keeps parameters in `float32`.
# - `to` converts and moves. The kind of type wins over the size; whole numbers wrap; from float to integer, clamp first.
#
# ## Exercises
#
# Put your code in the place of the three dots and run the check below it.
#
# **1.** How many bytes does a batch of 64 colour pictures of 224 x 224 pixels take in `float16`?

# %%
from helpers.exercises import Check

answer_1 = ...
batch = torch.empty(64, 3, 224, 224, dtype=torch.float16, device="meta")
check_1 = Check(batch.nbytes, hint="three channels, two bytes a number")
check_1(answer_1)

# %% [markdown]
# **2.** Add 1 again and again: `float16` gets to 2048 and stays there, `bfloat16` to 256. How far would `float8_e4m3fn`
# get, whose step at 1 is 0.125? Give it as an int. (The check looks for the first gap in its whole numbers.)

# %%
answer_2 = ...
whole = [n for n in range(449) if torch.tensor(float(n)).to(torch.float8_e4m3fn).item() == n]
check_2 = Check(
    next(n for n in whole if n + 1 not in whole), hint="for float16 it is 2048 = 2 / eps"
)
check_2(answer_2)

# %% [markdown]
# **3.** Bring `x` to `uint8` safely: NaN becomes 0, everything else is rounded and brought into the range.

# %%
x = torch.tensor([-3.2, 7.6, 255.4, 1e10, torch.nan, torch.inf])
answer_3 = ...
one_by_one = [0 if math.isnan(v) else max(0, min(255, v)) for v in x.tolist()]
check_3 = Check(
    torch.tensor([round(v) for v in one_by_one], dtype=torch.uint8),
    hint="nan_to_num, clamp, round, and only then to",
)
check_3(answer_3)

# %% [markdown]
# **4.** Which dtype has `torch.ones(2, dtype=torch.int32) / torch.ones((), dtype=torch.float64)`? (The second has no
# dimensions.)

# %%
answer_4 = ...
quotient = torch.ones(2, dtype=torch.int32) / torch.ones((), dtype=torch.float64)
check_4 = Check(quotient.dtype, hint="a tensor without dimensions counts if its kind is higher")
check_4(answer_4)

# %% [markdown]
# ## Solutions
#
# Click to open. They run and are verified like every other cell. Below each answer, a mistake and what the check says
# of it.

# %% jupyter={"source_hidden": true}
check_1(64 * 3 * 224 * 224 * 2)
check_1(64 * 3 * 224 * 224 * 4)  # a mistake: float32

# %% jupyter={"source_hidden": true}
check_2(int(2 / torch.finfo(torch.float8_e4m3fn).eps))
check_2(int(1 / torch.finfo(torch.float8_e4m3fn).eps))  # a mistake: one power of two too low

# %% jupyter={"source_hidden": true}
check_3(x.nan_to_num(nan=0).clamp(0, 255).round().to(torch.uint8))
check_3(x.nan_to_num(nan=0).clamp(0, 255).to(torch.uint8))  # a mistake: cut off, not rounded
check_3(x.nan_to_num(nan=0).clamp(0, 255).round())  # a mistake: still floats

# %% jupyter={"source_hidden": true}
check_4(torch.promote_types(torch.int32, torch.float64))
check_4(torch.float32)  # a mistake: that is what a plain number, 1.0, would give

# %% [markdown]
# ---
# Back: [tensor indexing](07_tensor_indexing.ipynb) · On: [tensor math](09_tensor_math.ipynb)
