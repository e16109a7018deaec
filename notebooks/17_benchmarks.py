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
# # Benchmarks: how good, compared with what, on which machine
#
# *基准测试*
#
# "85 % on CIFAR-10 in one minute." Is that good? You cannot tell until you know the answers to three more questions.
# What do other networks reach in that minute, on the same machine? How much does the result vary from one run to the
# next? And what would it be on *your* machine? [Page 07](07_cifar10_fast.ipynb) explains how the fast training works.
# This appendix is about how well it works. Most of its results were recorded in long runs on two CPU cores, a few of
# them on a GPU.
#
# **You will**
#
# - read a recorded result together with its machine and its command, and estimate how much of it is due to chance;
# - compare the training with other people's networks, for the same time and for the same amount of work;
# - see where the time of a training step goes;
# - learn what bfloat16, AVX2, threads, `torch.compile` and several processes change, and where they help;
# - measure your own machine, and estimate how long it needs for a given accuracy.
#
# **You need** a rough idea of page 07. This page only reads results and measures speeds, so it loads no images and
# needs no GPU.
#
# **Time**: 31 min to read, 14 s to run (AMD EPYC, 2 cores).
#
# ## What a record contains
#
# *实验记录*
#
# The results are stored as JSON files in `notebooks/records/training/`, and each file begins with the command that
# wrote it. Here is the record of the one-minute runs:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch

from helpers.training import records

recorded = records.read()
minute = recorded["seconds_60"]
minute["command"]

# %% [markdown]
# `--budget 60s` says that the training may take sixty seconds, and `--runs 3` that it is done three times, with
# different random numbers each time. The clock starts when the images are in memory and stops when the last step is
# done. Each run ends with an accuracy on the test set, here in percent:

# %%
runs = minute["runs"]
[run["accuracy"] for run in runs]

# %% [markdown]
# Three runs of the same program, and three results. Before we compare anything with them, we should know their *mean*
# (平均值) and how far they scatter around it, the *standard deviation* (标准差):

# %%
accuracies = torch.tensor([run["accuracy"] for run in runs])
accuracies.mean(), accuracies.std()

# %% [markdown]
# Where does the scatter come from? Each run had its own *random seed* (随机种子), and so its own initial weights and
# its own order of the images. But that is not all of it. Here are the three-minute runs, each with the number of
# steps that it made:

# %%
three_minutes = recorded["seconds_180"]["runs"]
[(run["steps"], run["accuracy"]) for run in three_minutes]

# %% [markdown]
# The machine was not equally fast every time, and the run with the most steps came out best. If we fix the amount of
# work instead of the time, all runs make the same number of steps, and only the seed is left:

# %%
fixed_work = recorded["tflop_50"]["runs"]
[(run["steps"], run["accuracy"]) for run in fixed_work]

# %% [markdown]
# There is a third source of chance, and no repetition on the same test set reveals it: other test images would have
# given a different accuracy. How different? If a fraction $p$ of $n$ images is classified correctly, the *standard
# error* (标准误差) is $\sqrt{p(1-p)/n}$. Here it is, in percent, for our mean and the 10,000 images of the test set:

# %%
p = accuracies.mean() / 100
100 * (p * (1 - p) / 10_000).sqrt()

# %% [markdown]
# Two networks that are judged by the *same* test set can be compared more finely than that, because they share their
# lucky and unlucky images. But do not conclude anything from a difference that is no larger than the one between two
# runs of the same program.
#
# A result also says little without its machine, so the machine is recorded too, together with the release of PyTorch:

# %%
runs[0]["cpu"], runs[0]["cpu_capability"], runs[0]["versions"]["torch"]

# %% [markdown]
# `AVX512` is an *instruction set* (指令集). Each of its instructions can work on 512 bits at once, that is, on sixteen
# 32-bit floats, and PyTorch uses it where the processor has it. We will come back to it.
#
# ## Accuracy against time
#
# *准确率与时间*
#
# Now that we know what a single point is worth, we can draw all of them. Both axes are logarithmic. From left to right,
# equal distances mean equal *factors* of time. From bottom to top, they mean equal factors of the *error* (错误率), so
# the step from 80 % to 90 % is as high as the one from 90 % to 95 %: in both cases half of the errors are gone.

# %%
from helpers.drawings.benchmarks import show_accuracy_against_seconds

show_accuracy_against_seconds(recorded)

# %% [markdown]
# The three colored curves are the training of page 07 on two CPU cores, for one, three and ten minutes. (We will come
# to the dark one, at a few seconds, [below](#On-a-GPU).) The blue curve comes from a processor that is faster in
# *bfloat16*, a float of only 16 bits, and the other two from one that is faster in 32-bit floats. For the green curve
# its AVX512 instructions were switched off, as if it were older.
#
# A curve does not follow a single training run over time. Each of its points is a training of its own: for one and
# three minutes it is the mean of three runs, for ten minutes a single run. The points need not even share a network,
# because with more time a wider one often pays off, as we will see [further down](#A-network-for-each-budget).
#
# All three curves keep rising up to ten minutes, but slowly, and that is sobering. Three times the time removes less
# than half of the remaining errors, often only a quarter or so, and then it takes three times *that* time to do it
# again.
#
# The gray dashed curves are other people's networks, each trained for the same time in 32-bit floats. For one and three
# minutes they ran on the machine of the orange curve, for ten on that of the blue one.
#
# Both LeNets are the small network of PyTorch's tutorial on CIFAR-10. The "classic recipe" is the tutorial's own
# training, in batches of 4 with a constant learning rate. "Whole tensors" trains the same network in the modern way:
# batches of 64 cut from one tensor, and a learning rate that rises and falls. airbench94 and ResNet-9 were designed to
# reach 94 % in the shortest time on a GPU. ResNet-18 is a well-known *residual network* (残差网络), and the largest of
# them all.
#
# The stars near the upper edge are something else: results that others have published for GPUs. We did not measure
# them; they are here for scale.

# %%
from helpers.tables import table

table(["network", "GPU", "seconds", "accuracy, %"], records.PUBLISHED)

# %% [markdown]
# The last three of them average the network's answers for several versions of each test image, which is called
# *test-time augmentation* (测试时增强). The accuracies of this book are for each test image as it is. (Averaging over the
# image and its mirror image would change next to nothing on the three colored curves, because their networks are
# *flip-equivariant* (镜像等变): a flip only rearranges what is inside, and the answer stays the same. On the GPU, where
# the network is built a little differently, it would add a little.)
#
# ## Against other networks
#
# *与其他网络比较*
#
# Here are the gray points of the picture as numbers. The row `this book` is one more run of our training, made
# alongside the others, so that all results in a column come from the same machine:

# %%
table(["network", "60 s", "180 s", "600 s"], records.baseline_rows(recorded))

# %% [markdown]
# Does this show that the network of this book is better than a ResNet-18? No, and it is important to see why. ResNet-18
# was made for far more computation than two cores can do in a minute. This is how many *epochs* (轮), that is, passes
# over the training images, it got through:

# %%
resnet = recorded["baselines_60"]["baselines"]["ResNet-18"][0]
resnet["epochs"]

# %% [markdown]
# It has not even seen a tenth of the images, while the network of this book went over all of them three times. What the
# table shows is that a network has to fit its budget.
#
# To be as fair as possible, each of the larger networks got a schedule that fits into the budget, and its batch size
# and learning rate were halved until there were at least a hundred steps (or the batch size was 32). Even so, each was
# run only once, and nobody has searched for the settings that would suit it best in so short a time. A *baseline* (基线)
# that nobody tuned is an easy one to beat.
#
# One row needs an explanation. LeNet with whole tensors gets *worse* with more time, down to 10 % after ten minutes,
# which is what you get by guessing among ten classes. Look at its training loss at the end:

# %%
lenet = recorded["baselines_600"]["baselines"]["LeNet, whole tensors"][0]
lenet["losses"][-3:], torch.tensor(10.0).log()

# %% [markdown]
# A network that gives each of ten classes the same probability has a cross entropy (交叉熵) of $\ln 10$. So this one no
# longer knows anything, not even about its training images. Overfitting (过拟合) would look different: the training loss
# would be low. What happened, then? The record holds the mean loss for each hundredth of the training. Here is every
# fourth of the first 25:

# %%
lenet["losses"][:25:4]

# %% [markdown]
# At first the network learned well. Its learning rate was still rising, though, until a fifth of the training was over.
# Once the steps became too large, the loss went up again, and at the peak of the schedule everything was lost: the
# training had *diverged* (发散). In the run of three minutes the loss also rose on the way, but the learning rate came
# down in time for the network to recover. We leave the row in the table, since a baseline that fails is a fact about
# the comparison too, but you should not count it as beaten.
#
# ## Accuracy against work
#
# *准确率与计算量*
#
# Seconds belong to a machine. If you want to compare methods rather than machines, count the work instead: the number
# of *floating-point operations* (FLOP, 浮点运算), which is the same everywhere. One TFLOP is $10^{12}$ of them, and
# [page 07](07_cifar10_fast.ipynb) explains how they are counted. Here are the same networks again, now by their work.
# (The first of the blue points was computed in 32-bit floats like the baselines, the other two in bfloat16. An
# operation counts as one in both.)

# %%
from helpers.drawings.benchmarks import show_accuracy_against_work

show_accuracy_against_work(recorded)

# %% [markdown]
# The first point of the blue curve lies almost straight above the first one of airbench94. Both have done nearly the
# same work, so the difference between them cannot come from a faster machine. What did each of them buy with its work?
# Here are the TFLOP of both, and the epochs that they got through:

# %%
ours = recorded["tflop_12"]["runs"][0]
airbench = recorded["baselines_60"]["baselines"]["airbench94"][0]
[(run["tflop"], run["epochs"]) for run in (ours, airbench)]

# %% [markdown]
# The small network has gone over all images several times, in many cheap steps. The large one has seen a part of them
# once. Towards the right of the picture the two come closer together, and with enough work airbench94 reaches the 94 %
# for which it was made.
#
# ## Where the time of a step goes
#
# *时间分布*
#
# If you want to speed up a training run, first find out what takes the time. PyTorch's *profiler* (性能分析器) records how
# long each operation takes. Here is what it found in forty steps, in 32-bit floats on the Intel machine, sorted into
# seven groups:

# %%
from helpers.drawings.benchmarks import show_step_profile

profile = recorded["step_profile"]
show_step_profile(profile["percent"])

# %% [markdown]
# The convolutions do by far the most arithmetic, and they take about half of the time. Batch normalization, activation
# and pooling calculate very little, but they have to read and write each number of the feature maps. Such operations
# are *memory-bound*: what limits them is the *memory bandwidth* (内存带宽) and not the arithmetic. Together they take a
# fifth of the time. Another fifth, "the rest", consists of many small operations such as copies and sums, and of what
# has to be done once before the first step.
#
# Suppose that somebody made the convolutions so fast that they took no time at all. Everything else would still have to
# be done, so how much faster could a step become? At most by this factor:

# %%
100 / (100 - profile["percent"]["convolution"])

# %% [markdown]
# This bound is known as *Amdahl's law* (阿姆达尔定律): what you do not speed up limits what you can gain.
#
# So how fast are the convolutions as they are? Let us measure three speeds on your machine, in billions of operations a
# second (GFLOP/s): that of a single large matrix product, that of the best of the network's 3 x 3 convolutions, and
# that of whole training steps. A product of two $n \times n$ matrices takes $2n^3$ operations, $n$ multiplications and
# about as many additions for each of its $n^2$ numbers. Close other programs first, because they can easily halve these
# speeds:

# %% verify={"reason": "speed of the machine", "timing": true}
from torch.utils import benchmark

a = torch.randn(1024, 1024)
threads = torch.get_num_threads()
timer = benchmark.Timer("a @ a", globals={"a": a}, num_threads=threads)
f"{2 * 1024**3 / timer.blocked_autorange().median / 1e9:.0f} GFLOP/s"

# %% verify={"reason": "speed of the machine", "timing": true}
from helpers.training.curves import for_work
from helpers.training.speed import best_convolution, measure_speed

recipe = for_work(12)  # the recipe for 12 TFLOP
f"{best_convolution(recipe, 'cpu', 'fp32') / 1e9:.0f} GFLOP/s"

# %% verify={"reason": "speed of the machine", "timing": true}
speed = measure_speed("cpu", "fp32", recipe)
f"{speed / 1e9:.0f} GFLOP/s"

# %% [markdown]
# Do not take the matrix product for an upper limit. Depending on the library and the shapes, a convolution can be the
# faster of the two. Look at the gap between the last two numbers instead. It has two causes: the operations that
# compute little and still take time, and the network's other convolutions, which are slower than its best one. In the
# three recorded runs of a minute, the training as a whole reached this share of the speed of its best convolution:

# %%
[round(run["efficiency"], 2) for run in runs]

# %% [markdown]
# ## What depends on the machine
#
# *因机而异*
#
# ### Half precision
#
# *半精度*
#
# A number in bfloat16 takes half the memory of a 32-bit float. Some processors calculate with it directly and gain a
# lot. On others PyTorch has to take a detour, and the same training can become many times *slower*. Which kind is
# yours? We time a small convolution in both. A ratio above 1 means that bfloat16 is faster:

# %% verify={"reason": "speed of the machine", "timing": true}
from helpers.training.speed import convolution_speed

fp32 = convolution_speed(32, 16, 4, device="cpu", precision="fp32")
bf16 = convolution_speed(32, 16, 4, device="cpu", precision="bf16")
f"{bf16 / fp32:.2f}x"

# %% [markdown]
# It is hard to remember which processor has what, so the training program of this book measures both before it starts
# and takes the faster one.
#
# ### Instruction sets
#
# *指令集*
#
# The three colored curves at the top were made with three sets of instructions: with bfloat16, with AVX512, and with
# AVX2 only. (Remember that the first of them also comes from another processor, and that the networks need not be the
# same.) This is how much work was done in a minute with each, in TFLOP:

# %%
names = ["bf16_60", "seconds_60", "avx2_60"]
[round(records.mean(recorded[n]["runs"], "tflop"), 1) for n in names]

# %% [markdown]
# In the first picture, the three points for one minute lie in the same order. If you want to know what the wider
# instructions are worth on your machine, switch them off and compare. In the shells of Linux and macOS you do so by
# putting two environment variables in front of the command: `ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2`.
#
# ### Threads
#
# *线程数*
#
# [Page 01](01_install_and_timing.ipynb#How-many-threads?) has shown that large operations are shared among threads.
# More threads than cores do not help, and may well hurt, because they have to wait for each other. Here is the speed of
# training steps of the smallest network, first with one thread, then with four times as many threads as PyTorch has
# chosen, and finally with exactly as many as it has chosen:

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
# PyTorch's own choice is usually the best one. An exception is when several programs share the cores: then give each of
# them fewer threads.
#
# ### Compiling
#
# *编译*
#
# `torch.compile` translates the Python code of a network into machine code made for it, in which several small
# operations may be *fused* (算子融合) into one, so that fewer numbers have to go to memory and back. That may be faster,
# but the translation takes a while. These are the recorded seconds of the first step and of a typical later one:

# %%
profile["seconds_of_step"]

# %% [markdown]
# On this machine the compiled step is not faster than the plain one, and the first step took many seconds. In a
# training run of one minute, that cannot pay off. On a GPU the answer is different, as we will see [below](#On-a-GPU).
#
# ### Several processes
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
# memory and need not send each other anything. Two processes have to exchange all gradients in every step, and for each
# batch normalization the sums over the batch as well. Several processes pay off when each has a GPU or a whole machine
# to itself.
#
# Do the two at least compute the same as the one? These are the number of steps and the losses at the beginning, each
# the mean of a hundredth of the training:

# %%
[(run["steps"], run["losses"][:4]) for run in (single, double)]

# %% [markdown]
# The losses are close, but not equal, and rounding is only part of the reason. Muon, the optimizer of page 07,
# multiplies matrices in every step. Each process does this for itself, so these products are computed, and counted,
# twice. The 3 TFLOP are therefore used up in fewer steps.
#
# ### On a GPU
#
# *GPU 上的训练*
#
# The same program also runs on a GPU. It takes a network of another shape there, with wider layers than the one for a
# minute on the CPU, and batches of 1,024 images instead of 256. We let it train for 18 epochs on an H200, a data-center
# card of 2024, and repeated that ten times. Here are the mean accuracy, its standard deviation, and the mean time of a
# run in seconds:

# %%
gpu = recorded["gpu_epochs_18"]["runs"]
accuracies = torch.tensor([run["accuracy"] for run in gpu])
accuracies.mean(), accuracies.std(), records.mean(gpu, "seconds")

# %% [markdown]
# Three seconds on this card are worth about ten minutes on two CPU cores, or more.
#
# But a GPU is only fast if it is kept busy. A step consists of hundreds of *kernels* (核函数), which are small programs
# that run on the GPU. With a network like ours, many of them take only a few microseconds, and Python may need longer
# to start such a kernel than the GPU needs to run it. Three things help against this *launch overhead* (启动开销), and
# all three were used here:
#
# - larger batches give each kernel more to do;
# - a *CUDA graph* records all the kernels of a step, and later starts them with a single call;
# - `torch.compile` fuses several kernels into one.
#
# What is the last of them worth? The first two numbers below are the mean times of a run in seconds, without compiling
# and with it. But the network has to be compiled before the first run, and the third number says how long this
# *warm-up* (预热) took:

# %%
plain = recorded["gpu_plain_18"]["runs"]
warm_up = recorded["gpu_epochs_14"]["runs"][0]["warm_up_seconds"]
records.mean(plain, "seconds"), records.mean(gpu, "seconds"), warm_up

# %% [markdown]
# Compiling saves less than a second per run, so it takes some seventy runs of the same network to earn back the
# warm-up. The clock of the records starts after the warm-up, as it does for the published results.
#
# How well was the card used? As for the CPU above, we compare the speed of the whole training with that of the
# network's best convolution. The share is smaller here, since a GPU is so fast at convolutions that everything else
# weighs more:

# %%
round(records.mean(gpu, "efficiency"), 2)

# %% [markdown]
# We had hoped for 94 %, and did not get there. Would more time have helped? These are the epochs that the same network
# gets through in ten seconds, and the accuracy that it reaches:

# %%
ten_seconds = recorded["gpu_10"]["runs"]
records.mean(ten_seconds, "epochs"), records.mean(ten_seconds, "accuracy")

# %% [markdown]
# With three times as much time, the network has gained only a little. It had been chosen from a few dozen recipes for
# what they reach in *two* seconds, and it is probably too small to make use of more. A recipe is made for a certain
# budget, so for ten seconds one would have to search again.
#
# ## A network for each budget
#
# *按预算选网络*
#
# On CPUs, too, a recipe is made for a certain budget, which is why the points of one colored curve at the top of this
# page need not belong to the same network. How is the network chosen?
#
# There are six candidates: networks of five different widths, the narrowest of them with two settings of the learning
# rates. They were trained with several amounts of work, and judged on 5,000 training images that had been held out for
# this purpose, the *validation set* (验证集). Each point here is a single run:

# %%
from helpers.drawings.benchmarks import show_candidates
from helpers.training.curves import curves

show_candidates(curves())

# %% [markdown]
# The narrowest network learns most from little work, but before long a wider one overtakes it. The widest one was tried
# only with a lot of work, and ends highest. In between, from 12 TFLOP on, several curves run so close together that the
# gaps may well be chance. It hardly matters which of these networks you train, as long as you do the same amount of
# *work*.
#
# In the same amount of *time*, however, it does matter. A processor does not do the same number of operations a second
# for each of them. Its instructions work on blocks of, say, 16 or 32 channels, and a width that is not a multiple of
# that leaves part of a block empty. The size of the blocks differs from one processor to another, and with it the
# widths that suit it best.
#
# The training program therefore measures how fast each of them runs. Before the training starts, the candidates worth
# considering take turns to make a few steps. The median (中位数) time of a step says how many epochs each of them would
# get through in the given time, and the curves above say what accuracy to expect after that many epochs. The program
# takes the network that promises most.
#
# Does it keep its promise? Here are the runs of one minute with bfloat16, each with the accuracy that was expected and
# the one that was reached. The first is for validation images and the second for the test set, so they would not agree
# exactly even if the curves were perfect:

# %%
[
    (round(run["predicted_accuracy"], 1), run["accuracy"])
    for run in recorded["bf16_60"]["runs"]
]

# %% [markdown]
# Roughly, it does. All three runs ended lower than expected, though by no more than about a point. Part of that is
# natural: whoever takes the candidate that promises most also favors the one whose curve happened to come out too high.
# We will meet this effect again at the end of the page.
#
# You can ask what the program would choose on your machine, without the training itself:
#
# ```bash
# python -m helpers.training --budget 60s --explain
# ```
#
# ## Measure your own machine
#
# *测量自己的机器*
#
# And what would your machine reach? We have measured its speed above, in operations per second, so this is the work
# that it does in a minute:

# %% verify={"free": ["(?<=^')\\d+\\.\\d(?= TFLOP'$)"], "reason": "speed of the machine"}
f"{60 * speed / 1e12:.1f} TFLOP"

# %% [markdown]
# `work_for` asks the question the other way round: how much work is needed for a given accuracy? It reads the answer
# off the curves of the candidates, as the least work with which one of them gets there:

# %%
from helpers.training.curves import work_for

round(work_for(85.0), 1), round(work_for(90.0), 1)

# %% [markdown]
# Compare the first number with the work that your machine does in a minute. If it does that much or more, you may
# expect about 85 % in one minute, the claim at the top of this page. The second number, divided by the speed, is the
# time for 90 % on your machine:

# %% verify={"reason": "speed of the machine", "timing": true}
f"{work_for(90.0) * 1e12 / speed:.0f} s"

# %% [markdown]
# This is a rough estimate. The network for 90 % is a little wider than the one we have timed, and your computer may
# have other things to do. To know for sure, run the training in a terminal, in the folder of this book. The first line
# trains for a minute, the second aims for an accuracy, and the third compares with the other networks:
#
# ```bash
# python -m helpers.training --budget 60s
# python -m helpers.training --target 90
# python -m helpers.training baselines --budget 60s
# ```
#
# While you change things, add `--validation`, so that you do not choose by the test set. Add `--runs 3` to see how much
# chance is in the result, and `--out FILE` to keep it. `python -m helpers.training --help` lists the rest, and
# `python -m helpers.training profile` shows where the time goes on your machine.
#
# ## Going further
#
# *进一步*
#
# ### What we aimed for and what was reached
#
# *目标与结果*
#
# The book had set itself goals for this training. Some were reached, others were missed:

# %%
columns = ["budget", "goal", "reached", "spread", "seconds", "TFLOP"]
table(columns, records.goal_rows(recorded))

# %% [markdown]
# The first row reads differently from the others. Its goal was to reach a modest accuracy, about that of the tutorial's
# recipe, thirty times faster than that recipe does; page 07 shows how, technique by technique.
#
# The next three are for a fixed amount of work. Other programs were running on the machine at the time, which does not
# change the accuracy but makes the seconds meaningless, so they are left out.
#
# The nine rows after them are for a fixed time, on the machines of the first picture. Six of these are without bfloat16
# and a little older than the program of today: it did not yet measure the speed of each candidate, so the network was
# chosen by the amount of work alone, and for 600 s the recipes differed slightly. The last three rows are for the GPU.
#
# In each of these runs the test set was used exactly once, at the very end. All choices were made with a validation set
# of 5,000 training images. How that was done comes next.
#
# ### What was tried
#
# *搜索记录*
#
# Where do the recipes for CPUs come from? From trying. Each point below is a recipe that was trained with a given
# amount of work on 45,000 images, and judged by the 5,000 others, the validation set. In each group they stand in
# order, from the worst to the best:

# %%
from helpers.drawings.benchmarks import show_search

show_search(recorded)

# %% [markdown]
# For each amount of work, these are the best recipe and, where several were tried, the worst. A recipe is given by what
# it changes in the standard one: `widths` and `depths` are the channels and convolutions of the three stages, `base_lr`
# and `muon_lr` the learning rates of SGD and Muon, and "growing" stands for images of 20, then 26, then 32 pixels a
# side.

# %%
columns = ["TFLOP", "runs", "validation accuracy", "changes"]
table(columns, records.search_rows(recorded, best=1))

# %% [markdown]
# Do not read too much into the order at the top. Many recipes were trained only once, and 5,000 images make for a
# larger standard error than the 10,000 above, so a difference of half a point may well be chance. Also, the best of
# many candidates is partly the luckiest of them. This is one reason why the final results come from the test set, which
# took no part in the choice.
#
# ### Each result and its command
#
# *所有命令*
#
# To repeat one of our runs, look up its command here. The last column says how fast the whole training was, compared
# with its best convolution alone.

# %%
columns = ["record", "command", "machine", "of the best convolution"]
table(columns, records.command_rows(recorded))

# %% [markdown]
# ## Recap
#
# - A result needs its machine, its command and its spread. Part of the spread comes from the seed, part from the number
#   of steps that a time budget buys, and part from the choice of test images.
# - On two cores and with a small budget, a small network with a good recipe beat the large ones. The baselines were not
#   tuned for it, and one of them diverged. Which network is best depends on the budget and on the machine, so the
#   program measures a few steps and then chooses.
# - In a step the convolutions take about half of the time. By Amdahl's law, making only them faster could do little
#   more than double the speed.
# - bfloat16 and wider instructions help where the processor has them. More threads than cores, compiling and several
#   processes did not help on two cores.
# - The work that an accuracy takes, divided by the speed of your machine, is a rough estimate of the time.
#
# ---
# Back: [the notes, audited](16_notes_audited.ipynb) · On: [how outputs are verified](18_verification.ipynb)
