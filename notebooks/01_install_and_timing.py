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
# # Check the installation and time your code · 安装和配置
#
# Section 2.1 of the notes: install PyTorch, make a tensor, time a statement, look at the history. Four lines, each
# with a story of its own by now.
#
# **You will**
#
# - check that Python, torch and torchvision are there and fit together;
# - see what `torch.Tensor(3, 4)` really makes, and what to write today;
# - time a statement with `%timeit`, and rightly: warmed up, with known threads, waiting for a GPU;
# - see how time grows with size, and what limits it;
# - use `%hist`, `%%time`, `%who` and `?`.
#
# **You need** a Python environment with the book's packages. No GPU.
#
# **Time**: 12 min to read, 14 s to run (AMD EPYC, 2 cores).
#
# ## Is everything there? · 安装检查
#
# The notes install with `pip install torch` and `pip install torchvision`. That still works. Which *build* comes
# depends on the system: on Linux the default one brings CUDA libraries, several gigabytes that a machine without an
# NVIDIA GPU does not need. (The README says how to get the small one.) The book pins both packages in
# `requirements.txt`, since the two are compiled for each other.
#
# The book's doctor checks all that. It can be run from a terminal too: `python -m helpers.environment`.

# %% claims=["C01"] verify={"free": ["\\[(OK|NOTE)\\] *", "(?<=: )(?!made for).*"], "reason": "releases, memory and disk are the machine's own"}
import sys

sys.path.insert(0, "..")  # the folder that holds helpers/

from helpers import environment

ready = environment.report()

# %% [markdown]
# Each torchvision release names the one torch release that it was made for. Another one may fail to import, or worse.

# %% claims=["C01"]
torch_release = environment.installed("torch")
assert environment.torch_wanted_by_torchvision() in (None, torch_release)

# %% [markdown]
# ## The notes' four lines · 笔记中的四行
#
# Here they are. `import torch as t` was the habit of that time; today it is plain `import torch`. The only change: `-n`
# sets the number of loops, so that this page is quick. Without it, `%timeit` finds one by itself.

# %% claims=["C02"]
import torch as t

a = t.Tensor(3, 4)
a.shape

# %% claims=["C03"] verify={"reason": "durations", "timing": true}
# %timeit -n 10000 a.sum()

# %% claims=["C04"]
# %hist

# %% [markdown]
# `%timeit` ran the statement ten thousand times, seven times over, and gave the mean and the deviation of the seven. `%hist`
# (short for `%history`) listed what was typed so far, itself included. Both are commands of IPython, not of Python:
# that is what the `%` says.
#
# ## What `Tensor(3, 4)` makes · 未初始化的张量
#
# The output above shows the shape of `a`, not its values. There is a reason: it has none yet. `Tensor(3, 4)` takes
# memory as it finds it, so the numbers are whatever lay there. They may look like zeros for weeks.
#
# PyTorch can be told to fill such memory with NaN, which makes the absence visible:

# %% claims=["C02"]
import torch

torch.use_deterministic_algorithms(True)
b = torch.Tensor(3, 4)
torch.use_deterministic_algorithms(False)
b

# %% [markdown]
# > **Then and now.** `torch.Tensor(3, 4)` still makes an uninitialized 3 x 4 tensor of 32-bit floats. Today's words say
# > what they mean: `torch.empty(3, 4)` for the same, `zeros`, `ones`, `rand` for tensors with values, `tensor` for data.
# > Each takes a type, as in `torch.ones(2, dtype=torch.float64)`.

# %%
torch.zeros(3, 4)

# %%
torch.manual_seed(0)
torch.rand(3, 4)

# %% [markdown]
# One more trap: `Tensor` reads plain numbers as a *shape* and a list as *data*. `tensor` always reads data, and keeps
# its type.

# %% claims=["C02"]
torch.Tensor(3).shape, torch.Tensor([3]).shape, torch.tensor(3).shape

# %%
torch.Tensor([1, 2]).dtype, torch.tensor([1, 2]).dtype

# %% [markdown]
# ## Time a statement rightly · 正确计时
#
# A first call is not a typical one: memory is fetched, libraries start up, threads are made. So warm up, then measure
# often. Compare the first call of a layer with later ones.

# %% verify={"reason": "durations", "timing": true}
import statistics
import time

layer = torch.nn.Conv2d(3, 32, 5)
x = torch.zeros(1, 3, 64, 64)
seconds = []
for _ in range(20):
    start = time.perf_counter()
    layer(x)
    seconds.append(time.perf_counter() - start)
median = statistics.median(seconds[1:])
print(
    f"first call {1e3 * seconds[0]:.3f} ms, median of the others {1e3 * median:.3f} ms"
)

# %% [markdown]
# PyTorch has a timer of its own, `torch.utils.benchmark`. It warms up, repeats until enough time has passed, and gives
# the *median*, which a busy moment of the machine does not move.

# %% verify={"reason": "durations", "timing": true}
from torch.utils import benchmark

values = torch.ones(1_000_000)
timer = benchmark.Timer("values.sum()", globals={"values": values})
one_thread = timer.blocked_autorange(min_run_time=0.2).median
print(f"sum of a million floats: {1e6 * one_thread:.1f} us")

# %% [markdown]
# It also waits for a GPU and, unlike `%timeit`, uses **one thread** unless told otherwise. With all of them:

# %% verify={"reason": "durations", "timing": true}
threads = torch.get_num_threads()
timer = benchmark.Timer(
    "values.sum()", globals={"values": values}, num_threads=threads
)
all_threads = timer.blocked_autorange(min_run_time=0.2).median
print(
    f"with all threads: {1e6 * all_threads:.1f} us, {one_thread / all_threads:.2f}x as fast as with one"
)

# %% [markdown]
# Two threads should at best take half the time. If it is less, the machine was busy with something else in one of the two
# measurements, or half of the data fits into the cache of one core and the whole does not. A figure of speed means little
# without the number of threads beside it. `torch.set_num_threads(1)` sets it for the
# whole process.

# %%
torch.set_num_threads(1)
assert torch.get_num_threads() == 1
torch.set_num_threads(threads)

# %% [markdown]
# ### Wait for the GPU · 同步
#
# On a GPU a call only *starts* the work and returns. `%timeit` alone then measures the start. `torch.accelerator`
# speaks to any kind of GPU; its `synchronize` waits until all work is done. On a CPU there is nothing to wait for, and
# the two times are nearly the same.

# %% claims=["C03"] verify={"reason": "durations", "timing": true}
has_gpu = torch.accelerator.is_available()
device = (
    torch.accelerator.current_accelerator() if has_gpu else torch.device("cpu")
)
m = torch.ones(1000, 1000, device=device)
m @ m  # warm up
if has_gpu:
    torch.accelerator.synchronize()
start = time.perf_counter()
m @ m
returned = time.perf_counter() - start
if has_gpu:
    torch.accelerator.synchronize()
done = time.perf_counter() - start
print(
    f"returned after {1e3 * returned:.2f} ms, done after {1e3 * done:.2f} ms"
)

# %% [markdown]
# ## How time grows with size · 时间与规模
#
# From a hundred elements to ten million. Each element has 4 bytes, and each must be read once: bytes over seconds is
# the rate at which memory is read.

# %% verify={"reason": "durations", "timing": true}
sizes = [10**k for k in range(2, 8)]
times = []
for size in sizes:
    values = torch.ones(size)
    timer = benchmark.Timer(
        "values.sum()", globals={"values": values}, num_threads=threads
    )
    times.append(timer.blocked_autorange(min_run_time=0.1).median)
    print(
        f"{size:>10,} elements: {1e6 * times[-1]:.1f} us, {4 * size / times[-1] / 1e9:.2f} GB/s"
    )

# %% verify={"picture": "form", "reason": "a plot of durations"}
import matplotlib.pyplot as plt

from helpers import plotting

plotting.use_style()
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2))
left.loglog(sizes, [1e6 * s for s in times], marker="o")
left.set(
    xlabel="elements",
    ylabel="microseconds",
    title="time of sum()",
    ylim=(0.5, 2e4),
)
right.semilogx(
    sizes,
    [4 * n / s / 1e9 for n, s in zip(sizes, times, strict=True)],
    marker="o",
    color=plotting.VERMILION,
)
right.set(
    xlabel="elements", ylabel="GB/s", title="memory read", ylim=(0, None)
)
plotting.show(
    figure,
    alt="Left: time against size, flat for small tensors, then rising. Right: GB/s.",
)

# %% [markdown]
# Two regimes. Small tensors all take about the same time: it is the cost of the call itself, whatever the size. Large
# ones take time in proportion, set by where they lie: the processor's cache is read faster than memory, so the rate
# falls again once a tensor no longer fits there. A hundred small calls are slow where one large call is fast.

# %% verify={"reason": "durations", "timing": true}
time_of = dict(zip(sizes, times, strict=True))
print(
    f"100 times the elements took {time_of[10_000] / time_of[100]:.1f}x the time"
)

# %% [markdown]
# ## More commands of IPython · 更多魔术命令
#
# `%%time`, with two `%`, stands at the top of a cell and times the whole of it, once.

# %% verify={"reason": "durations", "timing": true}
# %%time
total = sum(torch.ones(1000).sum().item() for _ in range(100))

# %% [markdown]
# *Wall time* is what a clock on the wall shows; *CPU time* is the work of all cores together, so it can be more.
#
# `%hist` takes line numbers and ranges, `-n` shows them:

# %% claims=["C04"]
# %hist -n 3-5

# %% [markdown]
# `%who` lists your variables, here those that are tensors:

# %%
# %who Tensor

# %% [markdown]
# A question mark after a name opens its help: `torch.sum?`. Two show the source of a Python function. The text is the
# function's docstring, which begins with how it is called:

# %%
print(torch.sum.__doc__.strip().splitlines()[0])

# %% [markdown]
# ## Recap
#
# - `python -m helpers.environment` tells whether Python, torch and torchvision are there and fit together.
# - `torch.Tensor(3, 4)` is uninitialized; write `empty`, `zeros`, `rand` or `tensor`, whichever you mean.
# - `%timeit` repeats; warm up, know your threads, and synchronize on a GPU. `torch.utils.benchmark` does all three.
# - Small tensors cost the call, large ones the memory.
# - `%hist`, `%%time`, `%who` and `?` belong to IPython.

# %% [markdown]
# ## Exercises
#
# Put your code in the place of the three dots and run the check below it.
#
# **1.** Make a 3 x 4 tensor of 64-bit whole numbers, all zero.

# %%
from helpers.exercises import Check

answer_1 = ...
check_1 = Check(torch.tensor([[0] * 4] * 3), hint="zeros takes a dtype")
check_1(answer_1)

# %% [markdown]
# **2.** How many bytes does `values.sum()` read for a million 32-bit floats?

# %%
answer_2 = ...
check_2 = Check(torch.ones(1_000_000).nbytes, hint="32 bits are 4 bytes")
check_2(answer_2)

# %% [markdown]
# **3.** A sum over 10⁹ such floats takes 0.5 s. How many GB/s is that, as a float?

# %%
answer_3 = ...
check_3 = Check(8.0, hint="bytes over seconds, then over a billion")
check_3(answer_3)

# %% [markdown]
# **4.** Write with `torch.tensor` what `torch.Tensor([1, 2])` makes: same values, same dtype.

# %%
answer_4 = ...
check_4 = Check(
    torch.Tensor([1, 2]), hint="write one of the numbers as a float"
)
check_4(answer_4)

# %% [markdown]
# ## Solutions
#
# In JupyterLab, click to open. They run and are verified like every other cell.

# %% jupyter={"source_hidden": true}
check_1(torch.zeros(3, 4, dtype=torch.int64))
check_1(torch.zeros(3, 4))  # a mistake: floats are the default

# %% jupyter={"source_hidden": true}
check_2(4 * 1_000_000)
check_2(32 * 1_000_000)  # a mistake: bits

# %% jupyter={"source_hidden": true}
check_3(4e9 / 0.5 / 1e9)
check_3(4e9 * 0.5 / 1e9)  # a mistake: multiplied

# %% jupyter={"source_hidden": true}
check_4(torch.tensor([1.0, 2]))
check_4(torch.tensor([1, 2]))  # a mistake: whole numbers

# %% [markdown]
# ---
# Back: [start here](00_start_here.ipynb) · On: [differentiate automatically](02_autograd.ipynb)
