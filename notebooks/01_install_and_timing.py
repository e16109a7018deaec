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
# # Install PyTorch and time it
#
# *安装和配置*
#
# You have typed `pip install torch torchvision`, watched a few progress bars, and now the prompt is back. Did it work?
# Which of PyTorch's several builds did you get? And how fast is it on this machine? The notes of 2017, which this book
# follows, install both packages and then try them out in four lines, each of which has a story to tell by now:
#
# ```
# import torch as t
# a = t.Tensor(3, 4)
# %timeit a.sum()
# %hist
# ```
#
# **You will**
#
# - check that PyTorch and torchvision work together, and read from the version which build you have;
# - find out why `torch.Tensor(3, 4)` has a shape but no values, and what to write instead;
# - time a statement with `%timeit` and with `torch.utils.benchmark`;
# - avoid the three classic mistakes of timing: the first call, the threads, and the GPU that nobody waited for;
# - see when a tensor operation is limited by the call itself, and when by memory.
#
# **You need** the book's packages. `pip install -r requirements.txt`, typed in the book's folder, installs them, torch
# and torchvision included. No GPU.
#
# **Time**: 19 min to read, 15 s to run (AMD EPYC, 2 cores).
#
# ## Does it run?
#
# *安装检查*
#
# Each page of the book begins in the same way. The line `%xmode Minimal` asks for short error messages, the
# one with `sys.path` lets Python find the book's `helpers` folder, and after that come the imports:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch
import torchvision

# %% [markdown]
# No error, so both packages are there. Let PyTorch compute something:

# %%
x = torch.tensor([1.0, 2.0, 3.0])
x.sum()

# %% [markdown]
# And torchvision? It comes as a package of its own, and part of it is compiled code that works only with certain
# versions of PyTorch. (Older releases of torchvision demand exactly one; today's names the oldest that will do.) If the
# two do not fit, the import may fail, or it may succeed and then a function is missing. So we do not stop at the
# import, but also call one of the compiled functions, *non-maximum suppression* (非极大值抑制). It helps a program that looks
# for cats in a picture and has drawn two boxes around the same cat: of boxes that overlap too much, it keeps only the
# one with the highest score. (A box is given by two opposite corners. How much two of them overlap is the area that
# they share, divided by the area that they cover together, *intersection over union* or IoU, 交并比. Here more than one
# half is too much.) Our two boxes are nearly the same, and their scores are 0.9 and 0.8. The answer should be the index
# of the first:

# %% claims=["C01"]
boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.1]])
torchvision.ops.nms(boxes, torch.tensor([0.9, 0.8]), iou_threshold=0.5)

# %% [markdown]
# It kept box 0, so the compiled part works. The notes use two commands, `pip install torch` and then `pip install
# torchvision`. That still works, but with a single command `pip` settles both versions together.
#
# ## Which build is it?
#
# *安装的是哪个版本*
#
# The same version of PyTorch is published in several *builds*, and the end of the version tells you which one you have:

# %% verify={"free": ["(?<=^')\\d+\\.\\d+[\\w.+]*(?='$)"], "reason": "the installed build"}
torch.__version__

# %% [markdown]
# Look at what follows the plus sign. `cpu` is the build that cannot use a GPU. `cu` with a number is the one for
# NVIDIA's GPUs, which are programmed with CUDA, so `cu132` means CUDA 13.2; `rocm` is for AMD's GPUs and `xpu` for
# Intel's. The build for macOS has no plus sign, and can use Apple's GPU. (Packages from elsewhere, such as conda-forge,
# name their builds in their own way.) `pip` does not look at your hardware: on an ordinary Linux PC it brings the CUDA
# build along with several gigabytes of libraries, even if there is no GPU. If you have none and would like your disk
# space back, ask for the small build by name:
#
# ```bash
# pip install torch torchvision --index-url https://download.pytorch.org/whl/cpu
# ```
#
# That a build *can* use a GPU does not mean that there is one. This is how to ask, whatever the make of the GPU:

# %% verify={"free": ["^(True|False)$"], "reason": "whether the machine has a GPU"}
torch.accelerator.is_available()

# %% [markdown]
# For everything else that this book needs there is a small checklist. You can also run it in a terminal, with `python
# -m helpers.environment` in the book's folder, and it is the first thing to look at when a page misbehaves. Each line
# begins with `[OK]`, with `[NOTE]` for something that works but that you should know about, or with `[FAIL]` and what
# to do about it:

# %% claims=["C01"] verify={"free": ["(?m)^\\[(OK|NOTE)\\] +", "(?m)(?<=: )\\d+\\.\\d+[\\w.]*(; the book's outputs were made with [\\w.]+ and may differ)?$", "(?<=device: )(cpu, \\d+ threads?; no GPU found, none is needed|cuda, .+ \\(CUDA \\S+\\)|mps, the GPU of this Mac)", "(?m)(?<=: )\\d+\\.\\d GB free(; the CIFAR-10 pages need [\\d.]+: [a-z ]+)?$", "(?<=kernel: )(Python [\\d.]+ of this environment|runs outside the active virtual environment; .+)"], "reason": "releases, memory and disk are the machine's own"}
from helpers import environment

ready = environment.report()

# %% [markdown]
# ## A tensor without values
#
# *未初始化的张量*
#
# With everything in place, we can follow the notes. Their first tensor has three rows and four columns:

# %% claims=["C02"]
a = torch.Tensor(3, 4)
a.shape

# %% [markdown]
# This cell shows the shape of `a` and not its values, and that is on purpose: `a` has no values of its own yet.
# `Tensor(3, 4)` reserves memory for twelve numbers and leaves it as it is, *uninitialized* (未初始化), so what you would
# read there is whatever the last owner of this memory left behind. That is fast, and it is fine when you are about to
# overwrite all twelve. It is also treacherous, because the leftovers may look like zeros for weeks.
#
# PyTorch has a mode for reproducible results. In this mode it fills new memory for floats with `nan`, *not a number*, so
# that we can see that nothing was there:

# %% claims=["C02"]
torch.use_deterministic_algorithms(True)
b = torch.Tensor(3, 4)
torch.use_deterministic_algorithms(False)
b

# %% [markdown]
# > **Then and now.** The notes write `import torch as t` and `t.Tensor(3, 4)`. Today nearly everybody writes
# > `import torch`, and `torch.empty(3, 4)` says more plainly what you get. The old call still works.
#
# When you want values, say which ones. `rand` draws random floating-point numbers between 0 and 1. `zeros` and `ones` do
# what their names promise, and take a data type as well, here that of 64-bit integers:

# %%
torch.zeros(3, 4, dtype=torch.int64)

# %%
torch.manual_seed(0)  # the same random numbers in each run
torch.rand(3, 4)

# %% [markdown]
# ### Tensor or tensor?
#
# *大小写的区别*
#
# The capital letter makes a difference. `torch.Tensor` is the class, and it takes plain numbers for a *shape*, but a
# list for *data*. The function `torch.tensor` always takes data:

# %% claims=["C02"]
torch.Tensor(3).shape, torch.Tensor([3]).shape, torch.tensor(3).shape

# %% [markdown]
# The first is a vector of three numbers that nobody has set, the second a vector that holds the number 3, and the third
# the number 3 alone, without any dimension. What is more, the class turns integers into 32-bit floats, while the function
# keeps them as they are:

# %%
torch.Tensor([1, 2]), torch.tensor([1, 2])

# %% [markdown]
# When you read old code, `torch.Tensor` with a capital T is therefore worth a second look. When you write new code,
# use `torch.tensor` for data and `empty`, `zeros`, `ones` or `rand` for a shape.
#
# ## How long does it take?
#
# *计时*
#
# The third line of the notes asks how long a sum takes. `%timeit` is a command of IPython, which is the Python inside
# a notebook; this is what the percent sign says. It runs the statement again and again. Without options it finds out
# for itself how often; `-n` sets the number, which keeps this page quick:

# %% claims=["C03"] verify={"reason": "durations", "timing": true}
# %timeit -n 10000 a.sum()

# %% [markdown]
# Read it from the end: there were seven runs of ten thousand loops. For each run the time of a single loop is worked
# out, and what you see is the mean of the seven, plus or minus their standard deviation (标准差), in microseconds (μs,
# millionths of a second) or nanoseconds (ns, a thousand times shorter). If the deviation is not small compared with the
# mean, something else probably kept the machine busy, and you should measure again. Sometimes `%timeit` says so itself,
# in a line that begins with "The slowest run took". It suspects that a result has been cached, but PyTorch does not
# remember the results of earlier sums: it was a slow first run, or a busy machine.
#
# Now the same for a hundred times as many numbers:

# %% verify={"reason": "durations", "timing": true}
more = torch.ones(1200)
# %timeit -n 10000 more.sum()

# %% [markdown]
# Compare the two lines. You might expect a factor of a hundred, but usually there is hardly any difference. So it
# cannot be the adding that took the time for the twelve numbers. Most of it is the *overhead* (开销) of a call: Python
# looks up the method, PyTorch finds the *kernel* (内核), which here means the compiled routine for this data type and
# device, and a tensor is made for the result. Further down we shall see from which size on the numbers begin to count.
#
# The fourth line of the notes is `%hist`, short for `%history`. It lists all that has been typed so far, which is handy
# when you have been trying things out and want to keep what worked. By now this would be a long list, so we ask only
# for the second cell and the third that were run, with their numbers (`-n`):

# %% claims=["C04"]
# %hist -n 2-3

# %% [markdown]
# ## The first call is not typical
#
# *预热*
#
# `%timeit` repeats for a good reason. To see it, we use `%time`, which runs a statement only once, on a function that
# has not been called before. It inverts a small matrix:

# %% verify={"reason": "durations", "timing": true}
matrix = 2 * torch.eye(4)
# %time inverse = torch.linalg.inv(matrix)

# %% [markdown]
# *Wall time* is what a clock on the wall would show. *CPU time* is the work of all cores added up, so it can be the
# larger of the two. (*user* is the part spent in your program, *sys* the part spent in the operating system.) Now the
# same statement many times over:

# %% verify={"reason": "durations", "timing": true}
# %timeit -n 1000 torch.linalg.inv(matrix)

# %% [markdown]
# Compare this with the wall time above, and mind the units: the first call usually takes many times as long. It has to
# do what later calls find done: load a library, request memory from the operating system or, with other operations,
# start threads and choose a method for the shape of the input. So if it is the thousandth call that interests you,
# *warm up* (预热) before you start the clock: make a call or two, and throw their times away.
#
# ## PyTorch has its own timer
#
# *PyTorch 自带的计时工具*
#
# You do not have to remember all this, because `torch.utils.benchmark` does it for you. Its `Timer` takes the statement
# as text, together with the variables in it. `blocked_autorange` warms up, repeats until enough time has passed, and
# gives you the *median* (中位数), which one slow run among many does not move:

# %% verify={"reason": "durations", "timing": true}
from torch.utils import benchmark

big = torch.ones(1_000_000)
timer = benchmark.Timer("big.sum()", globals={"big": big})
result = timer.blocked_autorange()
f"{1e6 * result.median:.1f} μs"

# %% [markdown]
# Type `result` alone to see more of what it found, such as the *interquartile range* (四分位距), within which the
# middle half of the measurements lies, and a warning if they are too far apart to be trusted.
#
# ### How many threads?
#
# *线程数*
#
# Unlike `%timeit`, the `Timer` uses **one thread**, unless you tell it otherwise. That is the fairer comparison between
# two ways to write something, but it may not be what your program does: PyTorch shares large operations among several
# threads (线程), as a rule one for each core. To have enough to share out, we multiply two matrices of 2000 x 2000, which
# takes eight billion multiplications. First with one thread, then with two:

# %% verify={"reason": "durations", "timing": true}
m = torch.ones(2000, 2000)
one = benchmark.Timer("m @ m", globals={"m": m}, num_threads=1)
with_one = one.blocked_autorange(min_run_time=0.5).median
f"{1e3 * with_one:.0f} ms"

# %% verify={"reason": "durations", "timing": true}
two = benchmark.Timer("m @ m", globals={"m": m}, num_threads=2)
with_two = two.blocked_autorange(min_run_time=0.5).median
f"{1e3 * with_two:.0f} ms"

# %% [markdown]
# How much did the second thread help? Two threads should at best halve the time, give or take the noise of the
# measurement:

# %% verify={"reason": "durations", "timing": true}
f"{with_one / with_two:.2f}x"

# %% [markdown]
# A ratio near 1, or even below it, usually means that the second thread had no core to itself: something else was
# running, or there are fewer cores than it seems (many processors present each core as two). And if you try the same
# with `big.sum()`, do not be disappointed: that is over so quickly that handing out the work may cost more than it
# saves.
#
# So a time without a number of threads says little. `torch.get_num_threads` tells you how many PyTorch uses, and
# `torch.set_num_threads` sets the number for all that follows:

# %%
n = torch.get_num_threads()
torch.set_num_threads(1)
torch.get_num_threads()

# %%
torch.set_num_threads(n)  # back to what it was

# %% [markdown]
# ### Wait for the GPU
#
# *同步*
#
# The third mistake is the most common one, and it makes programs look wonderful. Most calls on a GPU are *asynchronous*
# (异步): they put the work into a queue and return at once, long before the result is there. If you stop your clock then,
# you have timed the queue. You have to wait until the GPU has finished, and the call for that is
# `torch.accelerator.synchronize()`. On a machine without a GPU there is nothing to wait for:


# %%
def wait():
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


# %% [markdown]
# We put the matrix on the GPU if there is one (otherwise `gpu` is `None`), and warm up as we have learned:

# %%
gpu = torch.accelerator.current_accelerator(check_available=True)
m = m.to(gpu or "cpu")
product = m @ m
wait()

# %% [markdown]
# Then we look at the clock twice, once when the call returns and once when the work is done:

# %% claims=["C03"] verify={"reason": "durations", "timing": true}
import time

start = time.perf_counter()
product = m @ m
returned = time.perf_counter() - start
wait()
done = time.perf_counter() - start
f"returned after {1e3 * returned:.2f} ms, done after {1e3 * done:.2f} ms"

# %% [markdown]
# On a CPU both times are practically the same. On a GPU the first may be a small fraction of the second, and only the
# second one is true. `%timeit m @ m` does not wait for the GPU after each loop, whereas `torch.utils.benchmark` does
# wait before it reads the clock.
#
# > **Then and now.** In 2017 this was `torch.cuda.synchronize()`, which still works, for NVIDIA's and AMD's GPUs.
# > `torch.accelerator` came with PyTorch 2.6 and also serves those of Apple and Intel. And old scripts read the clock
# > with `time.clock()`, which Python itself no longer has; `time.perf_counter()` has taken its place.
#
# ## How does time grow with size?
#
# *时间与规模*
#
# Back to our sum. Twelve numbers and twelve hundred took about the same time, so where does size begin to matter? We
# measure with one thread, from a hundred numbers up to ten million:

# %%
sizes = [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000]
seconds = []
for size in sizes:
    timer = benchmark.Timer("v.sum()", globals={"v": torch.ones(size)})
    seconds.append(timer.blocked_autorange(min_run_time=0.1).median)

# %% [markdown]
# Size and time both cover several powers of ten, so their axes are logarithmic:

# %% verify={"picture": "form", "reason": "a plot of durations"}
from helpers.drawings.timing import show_time_and_rate

show_time_and_rate(sizes, seconds, bytes_each=4)

# %% [markdown]
# On the left, the curve starts out nearly flat, apart from some noise: this is the overhead, which a small tensor pays
# as well as a large one. Then it bends upwards, and in the end ten times as many numbers take about ten times as long,
# or more.
#
# The right side shows the same measurements in another way. Each number has four bytes and must be read once, so bytes
# divided by seconds is the rate at which memory is read. The rate rises as the overhead becomes unimportant, and what
# stops it in the end is usually the *memory bandwidth* (内存带宽), the most that the memory can deliver. In a large tensor,
# adding is so cheap that the processor mostly waits for the next numbers to arrive. On many machines the rate even
# falls again with the largest tensor, which no longer fits into the *cache* (缓存), a small, quick memory close to the
# processor, and has to be fetched from the slower main memory.
#
# In practice, remember the left end of the curve. A hundred small calls pay the overhead a hundred times, and one
# large call pays it once. Here are the sums of a hundred rows, first in a loop over the rows, then in one call:

# %% verify={"reason": "durations", "timing": true}
rows = torch.ones(100, 100)
# %timeit -n 100 [row.sum() for row in rows]

# %% verify={"reason": "durations", "timing": true}
# %timeit -n 1000 rows.sum(dim=1)

# %% [markdown]
# Both give the same hundred sums. (If a line begins with "The slowest run took", the machine was busy. The difference
# is usually so large that it does not matter here.) This is why you will hardly see a Python loop over the rows or
# elements of a tensor in this book, and why networks are trained on many images at a time.
#
# ## Going further
#
# *更多命令*
#
# Two more commands of IPython are worth knowing. `%who` lists your variables, here those that are tensors:

# %%
# %who Tensor

# %% [markdown]
# And a question mark behind a name, as in `torch.sum?`, opens its help in JupyterLab; two question marks show the source
# code, if it is written in Python. There is also `%%time`, with two percent signs, which goes at the top of a cell and
# times the whole of it.
#
# ## Recap
#
# - Install torch and torchvision with one command. The end of `torch.__version__` names the build, and
#   `python -m helpers.environment` tells you whether anything is missing.
# - `torch.Tensor(3, 4)` is uninitialized. Write `empty`, `zeros`, `ones` or `rand` for a shape, and `tensor` for data.
# - `%timeit` and `torch.utils.benchmark` repeat a statement; the second also warms up, sets the number of threads and
#   waits for the GPU.
# - Warm up, know your number of threads, and synchronize before you read the clock.
# - For a small tensor, a sum costs little more than the overhead of the call; for a large one, the time is mostly that
#   of reading the memory. One large call beats many small ones.

# %% [markdown]
# ## Exercises
#
# Write your code in place of the three dots and run the cell. The check below it tries your function on inputs of its
# own, and tells you what it found.
#
# **1. A tensor of marks.** Write `blank(rows, columns)`, which returns a tensor of this shape with 64-bit integers, all
# of them −1 ("no mark yet").

# %% tags=["exercise"]
from helpers.exercises.timing import check_blank


def blank(rows, columns): ...


check_blank(blank)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Look for a function that fills a shape with one value. Its name begins with `full`.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `torch.full` takes the shape as a tuple, then the value. As with `zeros`, you can name a `dtype`.
#
# </details>

# %% [markdown]
# **2. Old code, new words.** Write `data_of_2017(values)`, which turns a list (of integers, floats or both, possibly
# nested) into the same tensor as `torch.Tensor(values)` does, without using `torch.Tensor` or `torch.FloatTensor`.

# %% tags=["exercise"]
from helpers.exercises.timing import check_data_of_2017


def data_of_2017(values): ...


check_data_of_2017(data_of_2017)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# The values of `torch.tensor(values)` are right. For a list of integers, something else is not: look at the `dtype`.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `torch.tensor` takes a `dtype` as well. Which one did the class use in the cell with `[1, 2]`?
#
# </details>

# %% [markdown]
# **3. How fast was memory read?** Suppose that an operation has read each element of the tensor `x` once, and took
# `seconds` seconds. Write `gigabytes_per_second(x, seconds)`, which returns the rate as a float. A gigabyte is $10^9$
# bytes here, and not all tensors have elements of four bytes.

# %% tags=["exercise"]
from helpers.exercises.timing import check_gigabytes_per_second


def gigabytes_per_second(x, seconds): ...


check_gigabytes_per_second(gigabytes_per_second)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# You need the number of elements, `x.numel()`, and the bytes of each one.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `x.element_size()` is the bytes of one element, and `x.nbytes` is the product of the two.
#
# </details>

# %% [markdown]
# **4. A timer of your own.** Write `median_seconds(call, repeats, clock)`. It calls `call()` once to warm up. Then it
# calls it `repeats` times, times each call separately, and returns the median of these times. `clock()` gives the time
# in seconds, as `time.perf_counter()` does; the check brings its own clock, so that nobody has to wait.

# %% tags=["exercise"]
import statistics

from helpers.exercises.timing import check_median_seconds


def median_seconds(call, repeats, clock): ...


check_median_seconds(median_seconds)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Read the clock directly before and directly after each call, and collect the differences in a list.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# The warm-up call stands before the loop. `statistics.median(times)` does the rest.
#
# </details>

# %% [markdown]
# **5. A stopwatch that waits (hard).** Write a class `Stopwatch` for the `with` statement:
#
# ```python
# with Stopwatch(wait, clock) as watch:
#     product = m @ m
# watch.seconds
# ```
#
# `wait()` returns when the GPU has finished all that was given to it, like our function of that name. `watch.seconds`
# must be the time of the work inside the `with` block, the whole of it and nothing else: there may be work in the queue
# from *before* the block. The check uses a simulated GPU.

# %% tags=["exercise"]
from helpers.exercises.timing import check_stopwatch


class Stopwatch:
    def __init__(self, wait, clock): ...

    def __enter__(self): ...

    def __exit__(self, kind, error, traceback): ...


check_stopwatch(Stopwatch)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `__enter__` runs when the block begins, and what it returns becomes `watch`. `__exit__` runs when the block ends. It
# need not return anything.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# What would your clock count if the GPU were still busy with earlier work when the block begins?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 3</summary>
#
# You have to wait twice: before the clock is read for the first time, and before it is read for the second time.
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# In JupyterLab, click on a solution to open it. Below each one is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
def blank(rows, columns):
    return torch.full((rows, columns), -1, dtype=torch.int64)


check_blank(blank)
# A typical mistake: ones and zeros are 32-bit floats unless you say otherwise
check_blank(lambda rows, columns: -torch.ones(rows, columns))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
def data_of_2017(values):
    return torch.tensor(values, dtype=torch.float32)


check_data_of_2017(data_of_2017)
# A typical mistake: integers stay integers
check_data_of_2017(torch.tensor)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def gigabytes_per_second(x, seconds):
    return x.nbytes / seconds / 1e9


check_gigabytes_per_second(gigabytes_per_second)
# A typical mistake: four bytes for each element, whatever its type
check_gigabytes_per_second(lambda x, seconds: 4 * x.numel() / seconds / 1e9)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 4
def median_seconds(call, repeats, clock):
    call()
    times = []
    for _ in range(repeats):
        start = clock()
        call()
        times.append(clock() - start)
    return statistics.median(times)


def mean_seconds(call, repeats, clock):
    start = clock()
    for _ in range(repeats):
        call()
    return (clock() - start) / repeats


check_median_seconds(median_seconds)
# A typical mistake: all calls timed together, without one to warm up
check_median_seconds(mean_seconds)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 5
class Stopwatch:
    def __init__(self, wait, clock):
        self.wait, self.clock = wait, clock

    def __enter__(self):
        self.wait()
        self.start = self.clock()
        return self

    def __exit__(self, kind, error, traceback):
        self.wait()
        self.seconds = self.clock() - self.start


class OnlyAtTheEnd(Stopwatch):
    def __enter__(self):
        self.start = self.clock()
        return self


check_stopwatch(Stopwatch)
# A typical mistake: earlier work that is still in the queue is timed, too
check_stopwatch(OnlyAtTheEnd)

# %% [markdown]
# ---
# Previous: [start here](00_start_here.ipynb) · Next: [how autograd works](02_autograd.ipynb)
