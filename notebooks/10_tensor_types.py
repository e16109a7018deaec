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
# **Time**: 38 min to read, 12 s to run (Intel(R) Xeon(R) Processor, 2 cores).

# %% [markdown]
# ## Find it · 速查
#
# | in the notes | today | here |
# |:--|:--|:--|
# | `torch.FloatTensor`, `DoubleTensor`, `HalfTensor`, `ByteTensor`, ... | `dtype=torch.float32`, `float64`, `float16`, `uint8`, ... | [Eight names from 2017](#Eight-names-from-2017-·-八种类型) |
# | the table of types: 有符号/无符号整形 (today 整型), 浮点 | `torch.finfo(dtype)`, `torch.iinfo(dtype)`, `dtype.itemsize` | [Every type of this release](#Every-type-of-this-release-·-全部数据类型) |
# | `t.set_deault_tensor_type` (a slip) | `torch.set_default_dtype`, `torch.set_default_device` | [Default type and device](#Default-type-and-device-·-默认类型和设备) |
# | 10⁹ elements of 4 bytes: 4 GB (内存/显存) | `x.nbytes`, `device="meta"` | [Memory](#Memory-·-内存) |
# | HalfTensor is for the GPU (半精度) | `torch.float16`, `torch.bfloat16`, `torch.autocast` | [Half precision](#Half-precision-·-半精度), [Autocast](#Autocast-·-自动混合精度) |
# | half precision overflows easily (溢出) | `torch.finfo(torch.float16).max` | [Overflow and underflow](#Overflow-and-underflow-·-上溢与下溢) |
# | `type(new_type)`, `float`, `long`, `half` | `x.to(dtype)` | [Convert](#Convert-·-类型转换) |
# | `long` of a float | cuts off; `clamp` first | [From float to integer](#From-float-to-integer-·-浮点数转整数) |
# | (not in the notes) types mixed in one expression | `torch.promote_types` | [Mixed types](#Mixed-types-·-类型提升) |
# | (not in the notes) NumPy | `torch.from_numpy`, `x.numpy()` | [NumPy](#NumPy-·-与-NumPy-共享内存) |
# | `tensor.cuda`, `tensor.cpu` (互相转换) | `x.to(device)` | [CPU and GPU](#CPU-and-GPU-·-设备之间移动) |

# %% [markdown]
# ## Eight names from 2017 · 八种类型
#
# In 2017 each type of tensor was a class of its own, twice: one for the CPU, one for the GPU.

# %%
import sys

sys.path.insert(0, "..")  # the folder that holds helpers/

import torch

# %% [markdown]
# All sixteen classes are still there, with or without a GPU. Each knows its *dtype*, the data type as an object.

# %% claims=["C38"]
eight = "Float Double Half Byte Char Short Int Long".split()
for name in eight:
    cpu, gpu = (
        getattr(module, f"{name}Tensor") for module in (torch, torch.cuda)
    )
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
# collected, and printed below.

# %% claims=["C38"]
import warnings

dtypes = {
    value for value in vars(torch).values() if isinstance(value, torch.dtype)
}
operations = {
    "+": torch.add,
    "*": torch.mul,
    "sum": lambda a, b: a.sum(),
    "@": torch.matmul,
}


def runs(operation, dtype):
    try:
        ones = torch.ones(2, 2).to(dtype)
        return operation(ones, ones) is not None
    except (RuntimeError, TypeError):
        return False


with warnings.catch_warnings(record=True) as warned:
    able = {
        d: [sign for sign, f in operations.items() if runs(f, d)]
        for d in dtypes
    }

# %% [markdown]
# The *step* is the distance from 1 to the next larger number. It is found by trying too: of 1 + 1, 1 + 1/2, 1 + 1/4, ...,
# which come through the conversion unchanged? `finfo` knows it as `eps` (but 2.9 has it wrong for `float8_e5m2fnuz`).


# %% claims=["C38"]
def step(dtype):
    above = 1 + 2.0 ** -torch.arange(53, dtype=torch.float64)
    kept = above.to(dtype).to(torch.complex128).real == above
    return (above[kept] - 1).min().item() if kept.any() else ""


step(torch.int32), step(torch.float32), torch.finfo(torch.float32).eps

# %% [markdown]
# Those that can do at least one of the four, by kind and size. A dot marks the eight of the notes. `finfo` and `iinfo` know
# the range. A complex number is two floats, and its range is that of each. (`table`, `text`, `attempt` and `results` are
# helpers of this book: the first draws a table, the second writes a value in short; the others, further down, run calls
# given as text.)

# %% claims=["C38"]
from helpers.tables import attempt, results, table, text


def limits(dtype):
    if dtype == torch.bool:
        return "False, True"
    is_float = dtype.is_floating_point or dtype.is_complex
    info = torch.finfo(dtype) if is_float else torch.iinfo(dtype)
    low, high = text(info.min), text(info.max)
    return f"±{high}" if low == f"-{high}" else f"{low} to {high}"


usable = [d for d in dtypes if able[d]]
usable.sort(
    key=lambda d: (d.is_complex, d.is_floating_point, d.itemsize, str(d))
)
rows = []
for d in usable:
    name = torch.zeros(2, dtype=d).type().removeprefix("torch.")
    old = [
        f"{m.__name__}.{name}" if hasattr(m, name) else ""
        for m in (torch, torch.cuda)
    ]
    dot, signs = "●" if name[:-6] in eight else "", "\u00a0".join(able[d])
    rows.append(
        (
            dot,
            str(d)[6:],
            8 * d.itemsize,
            limits(d),
            text(step(d)),
            *old,
            f"`{signs}`",
        )
    )
table(
    ["", "dtype", "bits", "range", "step", "CPU class", "GPU class", "on CPU"],
    rows,
)

# %% [markdown]
# The newer ones have no class of the old kind: only a dtype. `uint16`, `uint32` and `uint64` (since 2.3) and the
# float8 types (the first ones since 2.1) are there to be stored, moved and converted, hardly to be computed with. The name
# of a float8 type tells its parts: `e4m3` has four bits of exponent and three of fraction; `fn` means that it is finite, without
# infinity. (`fnuz` also has no negative zero; `e8m0fnu` has no sign and no fraction, only powers of two.)
#
# The rest can do none of the four on the CPU: types for quantized values, for fewer than eight bits, for raw bits, and
# experiments. The newest, `bcomplex32`, came with release 2.14; it is left out, so that older releases show the same.

# %%
assert hasattr(torch, "bcomplex32") == (torch.__version__ >= (2, 14))
rest = sorted(
    {str(dtype)[6:] for dtype in dtypes if not able[dtype]} - {"bcomplex32"}
)
few_bits = ("int", "uint")
print("quantized:", *[name for name in rest if name.startswith("q")])
print("few bits:", *[name for name in rest if name.startswith(few_bits)])
print(
    "others:",
    *[name for name in rest if not name.startswith(("q", *few_bits))],
)
print(
    "warned:",
    *sorted(
        {str(w.message).split(" support")[0] for w in warned} - {"BComplex32"}
    ),
)

# %% [markdown]
# ## What a float can hold · 浮点数的表示
#
# A float spends its bits on a sign, an exponent and a fraction. The exponent sets the range, the fraction sets the
# step. `finfo` gives the step, and the number of fraction bits follows from it: each bit more halves the step.

# %%
import math

import matplotlib.pyplot as plt

from helpers import plotting

plotting.use_style()
floats = [
    "float8_e4m3fn",
    "float8_e5m2",
    "float16",
    "bfloat16",
    "float32",
    "float64",
]
info = [torch.finfo(getattr(torch, name)) for name in floats]
fraction = torch.tensor([round(-math.log2(i.eps)) for i in info])
exponent = torch.tensor([i.bits for i in info]) - 1 - fraction
sign = left = torch.ones(len(info)).int()
figure, axis = plt.subplots(figsize=(8, 2.8))
for part, width in {
    "sign": sign,
    "exponent": exponent,
    "fraction": fraction,
}.items():
    bars = axis.barh(
        floats, width, left=left - 1, label=part, edgecolor="white"
    )
    axis.bar_label(bars, label_type="center", color="white", fontsize=8)
    left = left + width
axis.set(xticks=[0, 8, 16, 32, 64], xlabel="bits")
axis.legend(loc="lower right")
plotting.show(
    figure,
    alt="Bars of bits for six float types: one for the sign, then the exponent, then the fraction. "
    "bfloat16 has as many exponent bits as float32, float16 has more fraction bits.",
)

# %% [markdown]
# `bfloat16` is `float32` without the last 16 bits: the same range, a coarse step. `float16` has a fine step and a
# small range.
#
# Types of 8 and 16 bits have so few values that all can be listed: each pattern of bits is read as a number (`view` with a
# dtype reads the same bits as another type). On the number line the gaps double at each power of two, while integers lie
# evenly. Printed first: how many of the values are infinite. `float8_e4m3fn` has none, the others plus and minus infinity.


# %%
def values(name):
    dtype = getattr(torch, name)
    patterns = torch.arange(2 ** (8 * dtype.itemsize))
    return (
        patterns.to(torch.uint8 if dtype.itemsize == 1 else torch.uint16)
        .view(dtype)
        .double()
    )


print(
    {name: values(name).isinf().sum().item() for name in floats[:4]},
    "of them infinite",
)
colors = dict(zip(("int8", *floats), plotting.COLORS[::-1], strict=False))
figure, axes = plt.subplots(1, 2, figsize=(8.5, 2.3), width_ratios=(5, 4))
shown = {
    (0, 8): ("float8_e4m3fn", "float8_e5m2", "int8"),
    (1, 1.05): ("float16", "bfloat16"),
}
for axis, ((low, high), names) in zip(axes, shown.items(), strict=True):
    marks = [v[(v >= low) & (v <= high)] for v in map(values, names)]
    rows, paint = range(len(names)), [colors[name] for name in names]
    axis.eventplot(
        marks, lineoffsets=rows, linelengths=0.7, linewidths=1, colors=paint
    )
    axis.set_yticks(rows, names)
    axis.set_title(f"all values from {low} to {high}")
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
# > **Then and now.** The notes' `set_deault_tensor_type` is a slip for `set_default_tensor_type`. It sets type and device
# > in one: after `torch.cuda.FloatTensor` new tensors are on the GPU, if there is one. It still works and has been
# > deprecated since 2.1: it warns, and names the two functions that took its place.

# %% claims=["C40"]
with warnings.catch_warnings(record=True) as warned:
    try:
        torch.set_default_tensor_type(torch.DoubleTensor)
        print(torch.zeros(2).type())
        torch.set_default_tensor_type(torch.cuda.FloatTensor)
        assert torch.zeros(2).device.type == "cuda"
    except (RuntimeError, TypeError):  # which one depends on the build
        assert not torch.cuda.is_available()
    finally:
        torch.set_default_tensor_type(torch.FloatTensor)
print(torch.zeros(2).type())
for warning in warned[:1]:  # given once in a process
    print(
        warning.category.__name__,
        str(warning.message).split(" (")[0],
        sep=": ",
    )
assert not hasattr(torch, "set_deault_tensor_type")

# %% [markdown]
# The device has its own default: `torch.set_default_device` (since 2.0), or for a few lines `with
# torch.device(...)`. Here the default becomes the accelerator (a GPU, say) if the machine has one, else it stays the CPU;
# then, for one line, it is `meta`, of which more below.

# %% claims=["C40"]
device = torch.accelerator.current_accelerator(
    check_available=True
) or torch.device("cpu")
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
for dtype in (
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int8,
):
    nbytes = big.to(dtype).nbytes
    print(
        f"{str(dtype)[6:]:10}{nbytes / 1e9:5.1f} GB = {nbytes / 2**30:.2f} GiB"
    )
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
    "activations": 4
    * 128
    * (784 + 512 + 10),  # the input, after the ReLU, the scores
}

# %% [markdown]
# Then measured, with two helpers of this book. `bytes_of` adds up the bytes of tensors; each tensor's memory is its
# *storage*, and one that several share counts once. `kept_for_backward` runs a function and returns every tensor that
# autograd keeps for `backward` (PyTorch hands them over through `saved_tensors_hooks`). The parameters are among them, but
# are no activations.


# %%
import torch.nn.functional as F

from helpers.memory import bytes_of, kept_for_backward


def activations(batch):
    x, labels = torch.zeros(batch, 784), torch.zeros(batch, dtype=torch.int64)
    kept = kept_for_backward(lambda: F.cross_entropy(net(x), labels))
    return bytes_of([*kept, *net.parameters()]) - bytes_of(net.parameters())


activations(128)

# %%
adam = torch.optim.Adam(net.parameters())
net(torch.zeros(128, 784)).sum().backward()
adam.step()
measured = {
    "parameters": bytes_of(net.parameters()),
    "gradients": bytes_of(p.grad for p in net.parameters()),
    "Adam": bytes_of(
        t for state in adam.state.values() for t in state.values()
    ),
    "activations": activations(128),
}
for name, nbytes in measured.items():
    print(
        f"{name:12} estimated {estimated[name]:>9,}  measured {nbytes:>9,} bytes"
    )
    assert estimated[name] <= nbytes <= 1.01 * estimated[name]

# %% [markdown]
# What paper forgot: Adam counts its steps, and the loss keeps the labels and one number more. Four times the parameters is
# the fixed part; the activations grow with the batch, and for large batches they are most of the whole.

# %%
batches = [32, 128, 512, 2048]
figure, axis = plt.subplots(figsize=(7, 2.8))
left = torch.zeros(len(batches))
for name, nbytes in measured.items():
    sizes = [
        activations(n) if name == "activations" else nbytes for n in batches
    ]
    megabytes = torch.tensor(sizes) / 1e6
    axis.barh([str(n) for n in batches], megabytes, left=left, label=name)
    left += megabytes
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

seconds = {}
for dtype in (torch.float32, torch.float16, torch.bfloat16):
    timer = benchmark.Timer(
        "m @ m", globals={"m": torch.ones(64, 64, dtype=dtype)}
    )
    seconds[dtype] = timer.blocked_autorange(min_run_time=0.1).median
    ratio = seconds[dtype] / seconds[torch.float32]
    print(
        f"{dtype} {1e6 * seconds[dtype]:.1f} us, {ratio:.2f}x the time of float32"
    )

# %% [markdown]
# What halves hold, as `finfo` tells it. *Smallest* is the smallest number at full precision; below it the step no longer
# shrinks, and the fraction runs out of bits. *Counts to* is where the step becomes 2: there counting by ones gets stuck, since
# n + 1 is rounded back to n. (Further on, adding 1 may even add 2: a half goes to the even neighbor.)

# %% claims=["C42"]
rows = []
for dtype in (torch.float16, torch.bfloat16, torch.float32):
    f = torch.finfo(dtype)
    n = torch.tensor(2 / f.eps, dtype=dtype)
    assert n + 1 == n and n - 1 != n
    assert n + 2 + 1 == n + 4
    rows.append(
        (
            str(dtype)[6:],
            text(f.max),
            text(f.eps),
            text(f.smallest_normal),
            int(n),
        )
    )
table(["", "largest", "step at 1", "smallest", "counts to"], rows)

# %% [markdown]
# ### Overflow and underflow · 上溢与下溢
#
# The largest half is 65504. Beyond it lies infinity, which 300 x 300 already reaches; `bfloat16` goes much further. `sum`
# adds in higher precision, but its result must be a half again, and 1000 times 100 is none; the mean is.
#
# At the other end, 10⁻⁸ is zero: small gradients vanish. The cure for `float16` is to *scale*: multiply the loss, hence
# the gradients, by a large number, and divide when they are in `float32` again. `torch.amp.GradScaler` does that in a
# training loop.
#
# `results` runs each call and sets its result beside it, and its dtype if asked.

# %% claims=["C42"]
h, many = (
    torch.tensor([65504.0, 300.0]).half(),
    torch.full((1000,), 100.0).half(),
)
small = torch.tensor(1e-8)
results(
    "h * h",
    "h.bfloat16() ** 2",
    "many.sum()",
    "many.sum(dtype=torch.float32)",
    "many.mean()",
    "small.half()",
    "(small * 65536).half().float() / 65536",
    dtypes=True,
)

# %% [markdown]
# The whole picture: take a thousand numbers between each two powers of two, convert, and see how far off the worst one
# is. A flat line is the precision. It ends on the right at infinity, and on the left it climbs to an error of 100 %.

# %%
powers = 2.0 ** torch.arange(-152, 130, dtype=torch.float64)
x = powers[:, None] * (1 + (torch.arange(1000) + 1 / 3).double() / 1000)
figure, axis = plt.subplots(figsize=(7, 3.2))
halves_and_single = ["float16", "bfloat16", "float32"]
for name in halves_and_single:
    error = ((x.to(getattr(torch, name)).double() - x).abs() / x).amax(1)
    axis.loglog(
        powers[error <= 1], error[error <= 1], color=colors[name], label=name
    )
axis.set(xlabel="number", ylabel="worst relative error", ylim=(1e-8, 3))
axis.legend(loc="center right")
plotting.show(
    figure,
    alt="Worst relative rounding error against the size of the number. float16 is a narrow "
    "trough, bfloat16 a wide and shallow one, float32 a wide and deep one.",
)

# %% [markdown]
# ### Lost additions · 精度损失
#
# The step between neighbors grows with the number, so a small number added to a large one is lost. In slow motion: add
# 0.001 ten thousand times, one after the other (`:=` gives `total` its new value within the list). The sum should be 10.
# PyTorch's own `sum` keeps its running total in `float32` and does better.


# %% claims=["C42"]
def running_sum(dtype):
    total, term = (
        torch.tensor(0, dtype=dtype),
        torch.tensor(0.001, dtype=dtype),
    )
    return torch.stack([total := total + term for _ in range(10_000)]).double()


sums = {name: running_sum(getattr(torch, name)) for name in halves_and_single}
for name, s in sums.items():
    own = torch.full((10_000,), 0.001, dtype=getattr(torch, name)).sum()
    print(
        f"{name:9} one by one {s[-1].item():7.4f}, by sum() {own.item():.4f}"
    )

# %%
exact = torch.arange(1, 10_001) / 1000
figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.2))
for name, s in sums.items():
    left.plot(
        s,
        color=colors[name],
        label=name,
        linestyle="--" if name == "float32" else "-",
    )
    right.loglog(
        ((s - exact).abs() / exact).cummax(0).values, color=colors[name]
    )
left.set(xlabel="additions", title="running sum", ylim=(0, 10.5))
left.legend()
right.set(
    xlabel="additions", title="largest relative error so far", ylim=(1e-8, 3)
)
plotting.show(
    figure,
    alt="Left: the float32 sum rises to the end; float16 and bfloat16 stop on the way and stay "
    "level. Right: their relative errors rise towards one, that of float32 stays tiny.",
)

# %% [markdown]
# Once half a step is more than 0.001, each addition rounds back to where it was. (Before that, an addition may round up:
# `float16` even runs ahead for a while.) The same happens to weights kept in half precision when the updates are small.
#
# ### Autocast · 自动混合精度
#
# So half precision suits large products, on hardware made for it, and harms where much is added or little is changed.
# `torch.autocast` draws that line for you, operation by operation. Each call below is made with `a` in `float32` and in
# `bfloat16`; the table has the type of what comes out.

# %%
calls = """a @ a; F.linear(a, a); F.conv2d(a[None, None], a[None, None]); a + a; a.relu(); a.sum();
F.mse_loss(a, a); F.cross_entropy(a, a)""".replace("\n", " ").split("; ")
rows, a = [], torch.ones(4, 4)
with torch.autocast("cpu", dtype=torch.bfloat16):
    for call in calls:
        kinds = [
            attempt(f"({call}).dtype", a=given) for given in (a, a.bfloat16())
        ]
        rows.append((f"`{call}`", *kinds))
table(["", "`a` in float32", "`a` in bfloat16"], rows)

# %% [markdown]
# Products and convolutions go down to `bfloat16`, losses go up to `float32`, the rest of these stays as it comes. (Each
# kind of device has its own lists.) The parameters stay in `float32`, and so do their gradients: a small update is not lost.

# %%
layer = nn.Linear(4, 1)
with torch.autocast("cpu", dtype=torch.bfloat16):
    out = layer(a)
out.float().sum().backward()
print(
    "output",
    out.dtype,
    " weight",
    layer.weight.dtype,
    " gradient",
    layer.weight.grad.dtype,
)
for dtype in (torch.bfloat16, torch.float32):
    w = torch.tensor(1.0, dtype=dtype)
    for _ in range(100):
        w += 0.001
    print(
        f"a weight of 1 after 100 updates of 0.001 in {dtype}: {w.item():.3f}"
    )

# %% [markdown]
# ## Convert · 类型转换
#
# The notes' `type(new_type)` takes a dtype, an old class or its name. `long()` and the others are shortcuts; `to` is
# the general way, for types and devices alike; `type_as` copies both from another tensor. A tensor that already has the
# type comes back as it is, not copied.

# %% claims=["C43"]
x = torch.tensor([1.7, -1.7])
ways = [
    x.type(torch.int64),
    x.type(torch.LongTensor),
    x.type("torch.LongTensor"),
]
ways += [x.long(), x.to(torch.int64), x.type_as(torch.tensor(1))]
assert all(
    way.dtype == torch.int64 and torch.equal(way, ways[0]) for way in ways
)
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
# What is the type of an `int64` plus a `float16`? All pairs, by running each; `torch.promote_types` says the same. Each
# cell is the type of row plus column. A bold one is neither of the two, since neither can hold the other's numbers.

# %% claims=["C43"]
names = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128"
names = names.split()
ones = [torch.ones(2, dtype=getattr(torch, name)) for name in names]
assert all(
    (a + b).dtype == torch.promote_types(a.dtype, b.dtype)
    for a in ones
    for b in ones
)
cells = [[str((a + b).dtype)[6:] for b in ones] for a in ones]
shade = {
    "b": "#DDDDDD",
    "u": "#FBE7C6",
    "i": "#FBE7C6",
    "f": "#CDE7F5",
    "c": "#F0D5E4",
}
shades = [[shade[cell.replace("bf", "f")[0]] for cell in row] for row in cells]
figure, axis = plt.subplots(figsize=(9, 4.6))
grid = axis.table(
    cells,
    shades,
    "center",
    rowLabels=names,
    colLabels=names,
    bbox=(0, 0, 1, 1),
)
grid.auto_set_font_size(False)
for (i, j), cell in grid.get_celld().items():
    name = cell.get_text().get_text()
    new = i > 0 <= j and name not in (names[i - 1], names[j])
    wrapped, weight = (
        name.replace("complex", "complex\n"),
        "bold" if new else "normal",
    )
    cell.set_text_props(text=wrapped, size=8, weight=weight)
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
# > **Then and now.** Since 1.3 mixed types are promoted. From 0.4 on, the number was cast to the tensor's type:
# > `torch.tensor(10) * 1.9` gave 10. When the notes were written, it was [an
# > error](https://github.com/pytorch/pytorch/issues/845). An operation in place still cannot change its tensor's type: it
# > refuses.

# %%
i, h = torch.tensor([60_000]), torch.tensor([60_000.0]).half()
results(
    "i + h",
    "torch.tensor([1]) + 1.5",
    "h + 1",
    "h + torch.tensor(1.0, dtype=torch.float64)",
    "torch.tensor(10) * 1.9",
    "i.add_(0.5)",
    dtypes=True,
)

# %% [markdown]
# ### Integers · 整数
#
# > **Then and now.** `/` and `//` did not always do what they do today: see
# > [page 11](11_tensor_math.ipynb#Division-and-remainders-·-除法与求余).
#
# Integers that overflow say nothing: they start again at the other end (they *wrap*). A sum is safe, it counts in `int64`. A number
# that does not fit is refused when a tensor is made from it, and wraps when a tensor is converted.

# %%
n, small = torch.tensor([7, -7]), torch.tensor([250, 127], dtype=torch.uint8)
results(
    "n / 2",
    "n // 2",
    "torch.div(n, 2, rounding_mode='trunc')",
    "small + 10",
    "small.to(torch.int8)",
    "small.sum()",
    "torch.tensor(300, dtype=torch.uint8)",
    dtypes=True,
)

# %% [markdown]
# ### From float to integer · 浮点数转整数
#
# The conversion cuts off towards zero: it does not round. It is *defined* only if what is left fits the new
# type. NaN, infinity and numbers too large (or negative ones for `uint8`) give whatever the processor makes of them, and
# CPUs and GPUs differ. So the page does not show it; it shows how to tell, and how to be safe.
#
# One trap is left: not every large integer has a `float32` of its own. The largest `int32` becomes a float that no longer
# fits (the last two rows), so for `int32` clamp in `float64`. Not even that has every `int64`: there, clamp well below the
# limit.

# %% claims=["C43"]
x = torch.tensor([2.9, -2.9, 0.5, 300.0, torch.nan, torch.inf])
defined = (x.trunc() >= -128) & (x.trunc() <= 127)
results(
    "defined",
    "x[defined].to(torch.int8)",
    "x[defined].round().to(torch.int8)",
    "x.nan_to_num(nan=0).clamp(-128, 127).to(torch.int8)",
    "torch.iinfo(torch.int32).max",
    "int(torch.tensor(torch.iinfo(torch.int32).max).float())",
)

# %% [markdown]
# ### Bool, complex, eight bits · 布尔、复数、八位
#
# For `bool`, `+` is "or" and `*` is "and"; `sum` counts; `-` is refused. Everything but zero is true, NaN included.

# %%
yes, no = torch.tensor([True, True]), torch.tensor([True, False])
results(
    "yes + no",
    "yes * no",
    "yes.sum()",
    "yes - no",
    "torch.tensor([0, 0.5, torch.nan]).bool()",
)

# %% [markdown]
# A complex tensor is a pair of floats for each element. `real` and `imag` are views of it; to drop the imaginary part, say
# `z.real`.

# %%
z = torch.tensor([3 + 4j])
z.real[0] = 0
z, z.dtype, z.abs(), torch.view_as_real(z)

# %% [markdown]
# Eight bits are for storing. Divide by a *scale* so that the largest number just fits, convert, and multiply again before
# computing. With `int8` that is called quantization. `float8` has small steps for small numbers, `int8` equal steps for all:
# it loses the smallest number here altogether.

# %%
weights = torch.tensor([3.0, -1.0, 0.3, -0.1, 0.03, 0.01])
scale_8, scale_i = (
    weights.max() / torch.finfo(torch.float8_e4m3fn).max,
    weights.max() / 127,
)
in_float8 = (weights / scale_8).to(torch.float8_e4m3fn)
in_int8 = (weights / scale_i).round().to(torch.int8)
results(
    "weights",
    "in_float8.float() * scale_8",
    "in_int8 * scale_i",
    "in_int8",
    "in_int8.nbytes",
    "weights.nbytes",
)

# %% [markdown]
# Without a scale, `float8_e4m3fn` ends at 448. PyTorch's own quantized types, such as `qint8`, carry their scale within the
# tensor.
#
# > **Then and now.** In release 2.9 a number beyond 448 still became NaN; since 2.13 it becomes
# > [448](https://github.com/pytorch/pytorch/pull/178817). The quantized types are on their way out: making the first one
# > warns [since 2.13](https://github.com/pytorch/pytorch/issues/184982).

# %%
beyond = torch.tensor(500.0).to(torch.float8_e4m3fn).float()
assert beyond == 448 or (beyond.isnan() and torch.__version__ < (2, 13))
with warnings.catch_warnings(record=True) as warned:
    quantized = torch.quantize_per_tensor(
        weights, scale_i.item(), 0, torch.qint8
    )
assert bool(warned) == (torch.__version__ >= (2, 13))
torch.equal(quantized.int_repr(), in_int8)

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
assert np.shares_memory(array, shared.numpy()) and not np.shares_memory(
    array, copied.numpy()
)
array, shared, copied

# %% [markdown]
# NumPy does not know every type. (`attempt` gives what one call would show in such a table: here, whether it is an error.)
# And a tensor that takes part in autograd must be detached first.

# %%
call = "torch.zeros(1, dtype=d).numpy()"
print(
    "unknown to NumPy:",
    *[str(d)[6:] for d in usable if "error" in attempt(call, d=d)],
)
results("torch.zeros(1, requires_grad=True).numpy()")

# %% [markdown]
# ## CPU and GPU · 设备之间移动
#
# `x.to(device)` moves a tensor to any device, `cpu()` brings it back. Nothing is copied if it is there already. The lines
# are the same with a GPU and without; `device` was asked for once, under
# [Default type and device](#Default-type-and-device-·-默认类型和设备).
#
# `cuda()` is the notes' way, for NVIDIA GPUs. Without one it raises an error, and the
# tensor stays on the CPU. Both ways end with the same values. (What old code asks for by `cuda(async=True)` is
# `non_blocking=True` today: `async` is a keyword since Python 3.7.)

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
results(
    '(torch.tensor(1.0) + torch.ones(2, device="meta")).device',
    'torch.ones(2) + torch.ones(2, device="meta")',
)

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
# **1.** How many bytes does a batch of 64 color pictures of 224 x 224 pixels take in `float16`?

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
whole = [
    n
    for n in range(449)
    if torch.tensor(float(n)).to(torch.float8_e4m3fn).item() == n
]
check_2 = Check(
    next(n for n in whole if n + 1 not in whole),
    hint="for float16 it is 2048 = 2 / eps",
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
quotient = torch.ones(2, dtype=torch.int32) / torch.ones(
    (), dtype=torch.float64
)
check_4 = Check(
    quotient.dtype,
    hint="a tensor without dimensions counts if its kind is higher",
)
check_4(answer_4)

# %% [markdown]
# ## Solutions
#
# In JupyterLab, click to open. They run and are verified like every other cell. Below each answer, a mistake and what the
# check says of it.

# %% jupyter={"source_hidden": true}
check_1(64 * 3 * 224 * 224 * 2)
check_1(64 * 3 * 224 * 224 * 4)  # a mistake: float32

# %% jupyter={"source_hidden": true}
check_2(int(2 / torch.finfo(torch.float8_e4m3fn).eps))
check_2(
    int(1 / torch.finfo(torch.float8_e4m3fn).eps)
)  # a mistake: one power of two too low

# %% jupyter={"source_hidden": true}
check_3(x.nan_to_num(nan=0).clamp(0, 255).round().to(torch.uint8))
check_3(
    x.nan_to_num(nan=0).clamp(0, 255).to(torch.uint8)
)  # a mistake: cut off, not rounded
check_3(x.nan_to_num(nan=0).clamp(0, 255).round())  # a mistake: still floats

# %% jupyter={"source_hidden": true}
check_4(torch.promote_types(torch.int32, torch.float64))
check_4(
    torch.float32
)  # a mistake: that is what a plain number, 1.0, would give

# %% [markdown]
# ---
# Back: [tensor indexing](09_tensor_indexing.ipynb) · On: [tensor math](11_tensor_math.ipynb)
