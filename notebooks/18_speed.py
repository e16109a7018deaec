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
# # Speed: where the time goes, and what your machine can do
#
# *速度*
#
# Your training takes an hour, and you would like it to take less. You could try bfloat16, more threads, `torch.compile`,
# a second process, a GPU. Each of them makes some training runs faster and others slower, so which one is worth your
# evening? That depends on where the time goes, and on your machine. Both can be measured, in minutes.
#
# **You will**
#
# - find out where the time of a training step goes, and how much you can gain at most;
# - learn what bfloat16, instruction sets, threads, `torch.compile` and several processes change, and where they help;
# - measure your own machine, and estimate how long it needs for a given accuracy.
#
# **You need** an idea of what a training step does, as on [page 05](05_losses_and_optimizers.ipynb). No images, no GPU.
#
# **Time**: 18 min to read, 13 s to run (AMD EPYC, 2 cores).
#
# ## Where the time of a step goes
#
# *时间分布*
#
# Let us begin with a small network and one training step. As the time hardly depends on what is in the images, random
# ones will do:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch
import torch.nn.functional as F
from torch import nn

from helpers.training import records

x, y = torch.randn(64, 3, 32, 32), torch.arange(64) % 10
x.shape

# %% [markdown]
# The network has two blocks, each a convolution with batch normalization and an activation, and a linear layer at the
# end:


# %%
def block(inputs, outputs):
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


head = nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(64, 10))
net = nn.Sequential(block(3, 32), block(32, 64), head)
net(x).shape

# %% [markdown]
# And this is the training step, as you may have written it many times:

# %%
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)


def step():
    optimizer.zero_grad()
    F.cross_entropy(net(x), y).backward()
    optimizer.step()


step()

# %% [markdown]
# That was the first step, and some things happen only in the first. Now PyTorch's *profiler* (性能分析器) can look at an
# ordinary one. It records each operation, forward and backward, and how long it took:

# %%
from torch.profiler import ProfilerActivity, profile

with profile(activities=[ProfilerActivity.CPU]) as profiler:
    step()
events = profiler.key_averages()
[(event.key, event.count) for event in events if "batch_norm" in event.key]

# %% [markdown]
# Both layers of batch normalization are in there. The forward pass is a chain of functions, each of which calls the
# next. `self_cpu_time_total` is the time that was spent in a function itself, without those that it calls, so these
# times can be added up. What share of the step is due to convolutions?

# %% verify={"free": ["(?<=^')\\d+(?= % in convolutions'$)"], "reason": "speed of the machine"}
total = sum(event.self_cpu_time_total for event in events)
convolutions = [event for event in events if "conv" in event.key]
share = sum(event.self_cpu_time_total for event in convolutions) / total
f"{100 * share:.0f} % in convolutions"

# %% [markdown]
# In the same way we profiled forty steps of one of the networks of [page
# 17](17_benchmarks.ipynb#A-network-for-each-budget), with real images, in 32-bit floats, on an Intel machine with two
# cores. Here are its operations, sorted into seven groups:

# %%
from helpers.drawings.benchmarks import show_step_profile

recorded = records.read()
percent = recorded["step_profile"]["percent"]
show_step_profile(percent)

# %% [markdown]
# The convolutions do by far the most arithmetic, and they take about half of the time. Batch normalization, activation
# and pooling calculate very little, but they have to read and write each number of the feature maps. Such operations
# are *memory-bound*: what limits them is the *memory bandwidth* (内存带宽) and not the arithmetic. Together they take a
# fifth of the time. Another fifth, "the rest", consists of many small operations such as copies and sums, and of things
# that are done only once, before the first step.
#
# Suppose that somebody made the convolutions so fast that they took no time at all. Everything else would still have to
# be done, so how much faster could a step become? At most by this factor:

# %%
100 / (100 - percent["convolution"])

# %% [markdown]
# So even then a step would be little more than twice as fast. This bound is known as *Amdahl's law* (阿姆达尔定律): what you
# do not speed up limits what you can gain.
#
# ## How fast is fast?
#
# *多快算快*
#
# Is there anything to be gained at all? Let us measure three speeds on your machine, in billions of floating-point
# operations a second (GFLOP/s). The first is that of a single large matrix product. A product of two $n \times n$
# matrices takes $2n^3$ operations, $n$ multiplications and about as many additions for each of its $n^2$ numbers. Close
# other programs first, because they can easily halve these speeds:

# %% verify={"reason": "speed of the machine", "timing": true}
from torch.utils import benchmark

a = torch.randn(1024, 1024)
threads = torch.get_num_threads()
timer = benchmark.Timer("a @ a", globals={"a": a}, num_threads=threads)
seconds = timer.blocked_autorange().median
f"{2 * 1024**3 / seconds / 1e9:.0f} GFLOP/s"

# %% [markdown]
# The other two belong to the network that page 17 chooses for a training of 12 TFLOP, that is, $12 \times 10^{12}$
# operations, which take a minute or two on a laptop. (A *recipe* says how wide a network is, and how it is trained.)
# Here are the speed of the best of its 3 x 3 convolutions, and that of a whole training step:

# %% verify={"reason": "speed of the machine", "timing": true}
from helpers.training.curves import for_work
from helpers.training.speed import best_convolution, measure_speed

recipe = for_work(12)
f"{best_convolution(recipe, 'cpu', 'fp32') / 1e9:.0f} GFLOP/s"

# %% verify={"reason": "speed of the machine", "timing": true}
speed = measure_speed("cpu", "fp32", recipe)
f"{speed / 1e9:.0f} GFLOP/s"

# %% [markdown]
# The matrix product is no upper limit, since a convolution can be faster, depending on the library and the shapes. Look
# at the gap between the last two numbers instead. It has two main causes: the operations that compute little and still
# take time, and the network's other convolutions, which are slower than its best one. In three recorded runs of a
# minute, the training as a whole reached this share of the speed of its best convolution:

# %%
[round(run["efficiency"], 2) for run in recorded["seconds_60"]["runs"]]

# %% [markdown]
# So there is something to be gained. Let us try what is usually recommended, one thing at a time.
#
# ## Half precision
#
# *半精度*
#
# A number in bfloat16 takes half the memory of a 32-bit float. Some processors calculate with it directly and gain a
# lot. On others PyTorch has to take a detour, and the same training can become many times *slower*. Which kind is
# yours? We time a convolution with 32 channels on 4 images of 16 x 16 pixels in both types. A ratio above 1 means that
# bfloat16 is faster:

# %% verify={"reason": "speed of the machine", "timing": true}
from helpers.training.speed import convolution_speed

fp32 = convolution_speed(32, 16, 4, device="cpu", precision="fp32")
bf16 = convolution_speed(32, 16, 4, device="cpu", precision="bf16")
f"{bf16 / fp32:.2f}x"

# %% [markdown]
# Hardly anybody remembers which processor has what, so on a CPU the training program of this book tries both before it
# starts, and takes bfloat16 if that is clearly faster. What bfloat16 does to the numbers is the subject of [page
# 12](12_precision_and_memory.ipynb#Half-precision).
#
# ## Instruction sets
#
# *指令集*
#
# A processor has instructions that treat several numbers at once. Those of Intel and AMD treat eight 32-bit floats with
# AVX2, and sixteen with AVX512. PyTorch uses those that it finds, so unlike bfloat16 they need not be switched on, but
# much of the difference between two machines comes from here. On [page 17](17_benchmarks.ipynb#Accuracy-against-time)
# there are runs of a minute with bfloat16, with AVX512, and with AVX2 only, all on the same machine. (The networks need
# not be the same.) This is how much work was done in the minute, in TFLOP:

# %%
names = ["bf16_60", "seconds_60", "avx2_60"]
[round(records.mean(recorded[n]["runs"], "tflop"), 1) for n in names]

# %% [markdown]
# If you want to know what AVX512 is worth on your machine, switch it off and compare. In a shell of Linux, you put two
# environment variables in front of a command, as in
# `ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 python -m helpers.training --budget 60s`.
#
# ## Threads
#
# *线程数*
#
# [Page 01](01_install_and_timing.ipynb#How-many-threads?) has shown that large operations are shared among threads.
# More threads than cores rarely help, and may well hurt, because they have to wait for each other. Here is the speed of
# training steps of the smallest network of page 17, first with one thread, then with four times as many as PyTorch has
# chosen, and finally with exactly as many:

# %% verify={"reason": "speed of the machine", "timing": true}
small = for_work(0.2)
torch.set_num_threads(1)
f"{measure_speed('cpu', 'fp32', small) / 1e9:.1f} GFLOP/s"

# %% verify={"reason": "speed of the machine", "timing": true}
torch.set_num_threads(4 * threads)
f"{measure_speed('cpu', 'fp32', small) / 1e9:.1f} GFLOP/s"

# %% verify={"reason": "speed of the machine", "timing": true}
torch.set_num_threads(threads)
f"{measure_speed('cpu', 'fp32', small) / 1e9:.1f} GFLOP/s"

# %% [markdown]
# PyTorch's own choice is usually the best one. (On our machine, too many threads were even slower than a single one.)
# An exception is when several programs share the cores: then give each of them fewer threads.
#
# ## Compiling
#
# *编译*
#
# `torch.compile` translates the Python code of a network into machine code made for it, in which several small
# operations may be *fused* (算子融合) into one, so that fewer numbers have to go to memory and back. That should help with
# the memory-bound fifth of a step and with "the rest". But the translation takes a while. Here are the recorded seconds
# of the first step and of a typical later one, plain and compiled:

# %%
recorded["step_profile"]["seconds_of_step"]

# %% [markdown]
# On the Intel machine, where this was recorded, a compiled step is no faster than a plain one, and the first one took
# many seconds. That cannot pay off. On a GPU the answer is different, as we will see [below](#On-a-GPU).
#
# ## Several processes
#
# *多进程*
#
# `torchrun` starts the same program several times. Each process takes its share of each mini-batch, and then all of
# them average their gradients. This is called *data parallelism* (数据并行), and `DistributedDataParallel` takes care of
# it. We recorded 3 TFLOP in one process with two threads, and in two processes with one thread each:
#
# ```bash
# python -m helpers.training --tflop 3
# torchrun --nproc-per-node=2 -m helpers.training --tflop 3
# ```

# %%
single = recorded["processes_1"]["runs"][0]
double = recorded["processes_2"]["runs"][0]
single["seconds"], double["seconds"]

# %% [markdown]
# The two processes took nearly three times as long, for the same work on the same two cores. Two threads share their
# memory and need not send each other anything, while two processes have to exchange all gradients in every step. Ours
# also add up their sums for each batch normalization, as `nn.SyncBatchNorm` does, so that both normalize over the whole
# mini-batch. Several processes pay off when each has a GPU or a whole machine to itself.
#
# Do two processes at least compute the same as one? Here are the number of steps and the losses at the beginning, each
# of them the mean of a hundredth of the training:

# %%
[(run["steps"], run["losses"][:4]) for run in (single, double)]

# %% [markdown]
# The losses are close, but not equal, and rounding is only part of the reason. This training uses Muon, the optimizer
# of page 07, which multiplies matrices in every step, and each process does this for itself. These products are
# computed, and counted, twice, so the 3 TFLOP are used up in fewer steps. The learning rate then rises and falls a
# little faster, and a hundredth of the training is fewer steps, so the losses of the two runs are means over slightly
# different steps.
#
# ## On a GPU
#
# *GPU 上的速度*
#
# Three seconds on an NVIDIA H200, a data-center GPU, are worth at least ten minutes on two CPU cores, as [page
# 17](17_benchmarks.ipynb#On-a-GPU) shows. But a GPU is only fast if it is kept busy. A step consists of hundreds of
# *kernels* (核函数), small programs that run on the GPU. Many of ours take only a few microseconds, and Python may need
# longer to start such a kernel than the GPU needs to run it. Three things help against this *launch overhead* (启动开销),
# and all three were used there:
#
# - larger batches give each kernel more to do;
# - a *CUDA graph* records all the kernels of a step, and later starts them with a single call;
# - `torch.compile` fuses several kernels into one.
#
# What is the last of them worth? The first two numbers below are the mean times of a run in seconds, without compiling
# and with it. But the network has to be compiled before the first run, and the third number says how long this
# *warm-up* (预热) took. (It comes from an earlier record, of 14 epochs. The runs of 18 epochs found the compiled network
# in the cache and did not compile it again.)

# %%
plain = recorded["gpu_plain_18"]["runs"]
gpu = recorded["gpu_epochs_18"]["runs"]
warm_up = recorded["gpu_epochs_14"]["runs"][0]["warm_up_seconds"]
records.mean(plain, "seconds"), records.mean(gpu, "seconds"), warm_up

# %% [markdown]
# Compiling saves less than a second per run, so it takes some seventy runs of the same network to earn back the
# warm-up. (The clock of the records starts after it, as for the published results.) In a training of hours, a minute of
# compiling is nothing.
#
# How well was the card used? Again we compare the speed of the whole training with that of the network's best
# convolution. The share is smaller here, since a GPU is so fast at convolutions that everything else weighs more. This
# is Amdahl's law again:

# %%
round(records.mean(gpu, "efficiency"), 2)

# %% [markdown]
# And what if eight such cards shared each batch, as the two processes above do? We had only one, but this can be
# estimated on paper. On average, a step of 1,024 images took this many milliseconds on the one card:

# %%
step_ms = 1000 * gpu[0]["seconds"] / gpu[0]["steps"]
step_ms

# %% [markdown]
# At best, an eighth of the images takes an eighth of the time. Then the cards have to agree. They average their
# gradients once, and for each of the six batch normalizations they add up sums, once forward and once backward. That
# makes thirteen *all-reduces* (全归约). What counts is the delay before such a message arrives. Let us take 25
# microseconds for each, and forget that the gradients, which are larger, take longer. Then eight cards would be faster
# by this factor:

# %%
step_ms / (step_ms / 8 + 13 * 0.025)

# %% [markdown]
# That is not eight, and in truth it would be even less, because so few images do not keep such a card busy. Several GPUs
# pay off when the network, or the batch, is large enough to give each of them plenty to do between two all-reduces.
#
# ## Measure your own machine
#
# *测量自己的机器*
#
# What would your machine reach with the training of page 07? We have measured its speed, in operations per second, so
# this is the work that it does in a minute:

# %% verify={"free": ["(?<=^')\\d+\\.\\d(?= TFLOP'$)"], "reason": "speed of the machine"}
f"{60 * speed / 1e12:.1f} TFLOP"

# %% [markdown]
# And how much work does it take to reach 85 %, or 90 %? `work_for` reads the answer off
# [the curves of page 17](17_benchmarks.ipynb#A-network-for-each-budget): the least work with which one of the networks
# gets there, in TFLOP:

# %%
from helpers.training.curves import work_for

round(work_for(85.0), 1), round(work_for(90.0), 1)

# %% [markdown]
# Compare the first number with the work that your machine does in a minute. If it does that much or more, you may
# expect about 85 % in one minute; if it does half of that, in two. The second number, divided by the speed, is the time
# for 90 % on your machine:

# %% verify={"reason": "speed of the machine", "timing": true}
f"{work_for(90.0) * 1e12 / speed:.0f} s"

# %% [markdown]
# This is a rough estimate. The network for 90 % is a little wider than the one we have timed, your computer may have
# other things to do, and if it is faster in bfloat16, the training will take less time. To know for sure, run the
# training in a terminal, in the folder of this book:
#
# | to do this | type |
# |:--|:--|
# | see which network the program would choose here, and why | `python -m helpers.training --budget 60s --explain` |
# | train for a minute | `python -m helpers.training --budget 60s` |
# | aim for an accuracy | `python -m helpers.training --target 90` |
# | compare with the other networks | `python -m helpers.training baselines --budget 60s` |
# | profile the steps | `python -m helpers.training profile` |
#
# While you change things, add `--validation`, so that you do not choose by the test set. Add `--runs 3` to see how much
# chance is in the result, and `--out FILE` to keep it.
#
# ## Recap
#
# - First find out what takes the time. By Amdahl's law, what you do not speed up limits what you can gain: with half of
#   the time in convolutions, making only them faster can at most double the speed.
# - bfloat16 and wider instructions help where the processor has them. More threads than cores, compiling and several
#   processes did not help on two cores; on a GPU, compiling does.
# - Divide the work that an accuracy takes by the speed of your machine, and you have a rough estimate of the time.

# %% [markdown]
# ## Exercises
#
# Put your code in place of the three dots and run the cell; the check tries it on other inputs.
#
# **1. Amdahl's law.** Write `speedup(percent, group, factor)`. `percent` says what share of a step each group of
# operations takes, as in the profile above. By which factor does the whole step become faster if one `group` becomes
# `factor` times faster and the others stay as they are?

# %% tags=["exercise"]
from helpers.exercises.speed import check_speedup


def speedup(percent, group, factor): ...


check_speedup(speedup)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Of 100 seconds, how many are left afterwards? Above, the group took no time at all any more.
#
# </details>

# %% [markdown]
# **2. Which of two is faster?** You want to compare `a()` with `b()`: how many times as long does the first take? But
# your computer is doing other things meanwhile: for a while everything takes longer, and now and then a single call is
# held up. Write `ratio(a, b, rounds, clock)`, which calls each function `rounds` times and still finds out. `clock()`
# gives the time in seconds; the check brings a simulated machine along.

# %% tags=["exercise"]
import statistics

from helpers.exercises.speed import check_ratio


def ratio(a, b, rounds, clock): ...


check_ratio(ratio)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# If you time all calls of `a` first, they may fall into the busy time, and those of `b` into the quiet one. In which
# order would you call them?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Call them in turn. Each round gives one ratio, and the `statistics.median` of the ratios is not troubled by a single
# bad one.
#
# </details>

# %% [markdown]
# **3. What several processes compute (hard).** Write `shared_gradients(net, x, y, processes)`, which does the work of
# data parallelism in a single process. Cut the batch into parts with `chunk`, which makes at most one for each process.
# Work out the gradients of `F.cross_entropy` for each part by itself, and combine them so that they are those of the
# loss over the *whole* batch. Return a list of gradients, in the order of `net.parameters()`. The last part may be
# smaller than the others.

# %% tags=["exercise"]
from helpers.exercises.speed import check_shared_gradients


def shared_gradients(net, x, y, processes): ...


check_shared_gradients(shared_gradients)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `backward` *adds* to `.grad`. So if each part calls it once, the gradients of all parts are summed up for you.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# The loss of the whole batch is a mean over its images. How much does a part with `len(part)` of the `len(x)` images
# contribute to it?
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# Click to open. Below each solution is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
def speedup(percent, group, factor):
    left = 100 - percent[group] + percent[group] / factor
    return 100 / left


check_speedup(speedup)
# A typical mistake: the group's time vanishes, whatever the factor.
check_speedup(lambda percent, group, factor: 100 / (100 - percent[group]))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
def ratio(a, b, rounds, clock):
    ratios = []
    for _ in range(rounds):
        start = clock()
        a()
        middle = clock()
        b()
        ratios.append((middle - start) / (clock() - middle))
    return statistics.median(ratios)


check_ratio(ratio)


# A typical mistake: first all calls of one, then all of the other.
def one_after_the_other(a, b, rounds, clock):
    times = [clock()]
    for call in [a] * rounds + [b] * rounds:
        call()
        times.append(clock())
    half = times[rounds]
    return (half - times[0]) / (times[-1] - half)


check_ratio(one_after_the_other)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def shared_gradients(net, x, y, processes):
    net.zero_grad()
    for part in torch.arange(len(x)).chunk(processes):
        loss = F.cross_entropy(net(x[part]), y[part])
        (loss * len(part) / len(x)).backward()
    return [weights.grad for weights in net.parameters()]


check_shared_gradients(shared_gradients)


# A typical mistake: the mean of the parts, as if all had the same size.
def mean_of_the_parts(net, x, y, processes):
    net.zero_grad()
    for part in torch.arange(len(x)).chunk(processes):
        (F.cross_entropy(net(x[part]), y[part]) / processes).backward()
    return [weights.grad for weights in net.parameters()]


check_shared_gradients(mean_of_the_parts)

# %% [markdown]
# ---
# Previous: [the benchmarks](17_benchmarks.ipynb) · Next: [how outputs are verified](19_verification.ipynb)
