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
# # Benchmarks: how good, and compared with what
#
# *基准测试*
#
# "85 % on CIFAR-10 in one minute." Is that good? You cannot tell until you know two more things. How much does the
# result vary from one run to the next? And what do other networks reach in that minute, on the same machine? [Page
# 07](07_cifar10_fast.ipynb) explains how the fast training works, and this appendix is about how well it works. All
# results are recorded ones, most of them from two CPU cores and a few from a GPU, because the runs behind them take
# hours. Where the time goes, and what *your* machine can do, is the subject of [the next page](18_speed.ipynb).
#
# **You will**
#
# - read a recorded result together with its machine and its command, and estimate how much of it is due to chance;
# - compare the training with other people's networks, for the same time and for the same amount of work;
# - see how a network is chosen to fit its budget.
#
# **You need** a rough idea of page 07. This page only reads results, so it loads no images and needs no GPU.
#
# **Time**: 20 min to read, 9 s to run (AMD EPYC, 2 cores).
#
# ## What a record contains
#
# *实验记录*
#
# The results are stored as JSON files in `notebooks/records/training/`, and each file begins with the command that
# wrote it. Here is the command of the one-minute runs, without its last option, `--out` and the name of the file:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch

from helpers.training import records

recorded = records.read()
minute = recorded["bf16_60"]
records.command_of(minute)

# %% [markdown]
# `--budget 60s` says that the training may take sixty seconds, from the moment when the images are in memory to the end
# of the last step. `--runs 3` says that it is done three times, with different random numbers each time. Each run ends
# with an accuracy on the test set, here in percent:

# %%
runs = minute["runs"]
[run["accuracy"] for run in runs]

# %% [markdown]
# The same program gave three different results. Before we compare anything with them, we should know their *mean* (平均值)
# and how far they scatter around it, the *standard deviation* (标准差):

# %%
accuracies = torch.tensor([run["accuracy"] for run in runs])
accuracies.mean(), accuracies.std()

# %% [markdown]
# Where does the scatter come from? Each run had its own *random seed* (随机种子), and so its own initial weights and its
# own order of the images. But that is not all. Here are three-minute runs, each with the number of steps that it made.
# (They were made with the instructions of an older processor, of which more below.)

# %%
three_minutes = recorded["avx2_180"]["runs"]
[(run["steps"], run["accuracy"]) for run in three_minutes]

# %% [markdown]
# The machine was not equally fast every time, and the more steps a run had made, the better it came out. If we fix the
# amount of work instead of the time, here 50 TFLOP, that is, $50 \cdot 10^{12}$ floating-point operations, all runs
# make the same number of steps, and only the seed is left:

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
# So another 10,000 test images could easily have moved the result by a third of a point. With only a few runs, conclude
# nothing from a difference of this size. (If two networks are judged by the *same* test set, you can compare them more
# finely than this formula says, because they share their lucky and unlucky images. [The third exercise](#Exercises) is
# about that.)
#
# A result also says little without its machine, so the machine is recorded too, with its *instruction set* (指令集) and
# the release of PyTorch:

# %%
runs[0]["cpu"], runs[0]["cpu_capability"], runs[0]["versions"]["torch"]

# %% [markdown]
# `AVX512` says that one instruction can work on 512 bits at once, that is, on sixteen 32-bit floats.
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
# The three colored curves are the training of page 07, with wider networks where they pay off, on two CPU cores for
# one, three and ten minutes. All three come from the same machine. Its processor is fastest in *bfloat16*, a float of
# only 16 bits, and that is the blue curve. For the other two it computed with 32-bit floats, and for the green one its
# AVX512 instructions were switched off as well, so that it worked like an older processor. (The dark curve, at a few
# seconds, is that of [a GPU](#On-a-GPU).)
#
# A curve does not follow a single training over time. Each of its points is a training of its own: the mean of three
# runs for one and three minutes, and a single run for ten. The points need not even share a network, because with more
# time a wider one often pays off, as we will see [further down](#A-network-for-each-budget).
#
# All three curves keep rising, but slowly, and that is sobering. About three times the time removes little more than a
# quarter of the remaining errors, and to do it again takes three times *that* time.
#
# The gray dashed curves are other people's networks, each trained once for the same time, in bfloat16 and on a machine
# like that of the blue curve. Both LeNets are the small network of PyTorch's tutorial on CIFAR-10. The "classic recipe"
# is the tutorial's own training, in batches of 4 with a constant learning rate. "Whole tensors" trains the same network
# in the modern way: batches of 64 cut from one tensor, and a learning rate that rises and falls. airbench94 and ResNet-9
# were designed to reach 94 % in the shortest time on a GPU. ResNet-18 is a well-known *residual network* (残差网络), and
# the largest of them all.
#
# The stars near the upper edge are something else: results that others have published on GPUs. We did not measure
# them; they are here for scale.

# %%
from helpers.tables import table

table(["network", "GPU", "seconds", "accuracy, %"], records.PUBLISHED)

# %% [markdown]
# The last three average the network's answers for several versions of each test image, which is called *test-time
# augmentation* (测试时增强). The networks of this book were tested on each image as it is. (Most of them, however, are built
# to treat an image and its mirror image alike, as we will see [further down](#A-network-for-each-budget).)
#
# ## Against other networks
#
# *与其他网络比较*
#
# Here are the gray points of the picture as numbers. The row `this book` is one more run of our training. (Its minute
# was a good one: the machine had time for 822 steps, and not for about 725 as in the three runs above.) All of these
# were computed in bfloat16, on one kind of machine:

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
# In a minute it has seen about a tenth of the images, while the network of this book went over all of them more than
# four times. What the table shows is that a network has to fit its budget.
#
# One row needs an explanation: with ten minutes LeNet, fed from whole tensors, does worse than with three. Here is how
# often it went over the images in each of the three training runs, and its training loss at the end:

# %%
tables = [recorded[f"baselines_{s}"]["baselines"] for s in (60, 180, 600)]
lenets = [each["LeNet, whole tensors"][0] for each in tables]
[(lenet["epochs"], lenet["losses"][-1]) for lenet in lenets]

# %% [markdown]
# With ten minutes the loss on the training images ends at about a quarter of what it is with one, and yet new images
# are recognized less well. This is *overfitting* (过拟合): a network that sees the same images almost a hundred times,
# with no other data augmentation than mirroring them, begins to learn them by heart.
#
# A *baseline* (基线) that nobody has tuned is an easy one to beat, so we looked for settings that suit these networks in
# so short a time. airbench94, for example, was published with batches of 1,024 images. That would leave it about 25
# steps in a minute, so it got batches of 128 here, and the two ResNets got batches of 32. Then we tried several
# learning rates on each network, with somewhat less than the work of a minute or, for LeNet, with that of almost four.
# (The column TFLOP says how much work that is, in $10^{12}$ floating-point operations.) Column 1 is the learning rate
# that belongs to the network: the published one, divided by 8 if the batch was made 8 times smaller, and so on. (For
# LeNet it is that of page 07.) The other columns are multiples of it. The accuracies are those on the 5,000 images of
# the *validation set* (验证集), because whoever chooses by the test set can no longer judge by it:

# %%
columns = ["network", "TFLOP", "1/8", "1/4", "1/2", "1", "2", "4", "8"]
table(columns, records.rate_rows(recorded))

# %% [markdown]
# In this long training, LeNet is better by far with a quarter of its learning rate, while airbench94 gains some points
# with four times as much, and ResNet-18 a little with less. The table further up was made with the best learning rate
# of each row, for the longer times too. It was still a small search: every entry is a single run, and nothing but the
# learning rate was varied.
#
# ## Accuracy against work
#
# *准确率与计算量*
#
# Seconds belong to a machine. If you want to compare methods rather than machines, count the work instead: the number
# of *floating-point operations* (FLOP, 浮点运算), which is the same everywhere. One TFLOP is $10^{12}$ of them, and
# [page 07](07_cifar10_fast.ipynb) explains how they are counted. Here are the same networks again, now by their work.
# (Everything here was computed in bfloat16. The first point of the classic recipe, with less than a tenth of a TFLOP,
# lies beyond the left edge.)

# %%
from helpers.drawings.benchmarks import show_accuracy_against_work

show_accuracy_against_work(recorded)

# %% [markdown]
# The first point of the blue curve lies to the left of the first one of airbench94, and well above it: less work, and
# more accuracy. So the difference between them cannot come from a faster machine. What did each of them buy with its
# work? Here are the TFLOP of both, and the epochs that they got through:

# %%
ours = recorded["tflop_12"]["runs"][0]
airbench = recorded["baselines_60"]["baselines"]["airbench94"][0]
[(run["tflop"], run["epochs"]) for run in (ours, airbench)]

# %% [markdown]
# The small network has gone over all images more than three times, in many cheap steps. The large one has seen half of
# them once. With more work, airbench94 hardly comes closer: at each of its three points it makes about one and a half
# times as many errors as our network would with that much work. The 94 % for which it was designed takes more work than
# this picture shows.
#
# ## A network for each budget
#
# *按预算选网络*
#
# A recipe is made for a certain budget, then. How does the training program find the right one? It has six candidates,
# which were trained with several amounts of work and judged on the validation set. Each curve below is one of them, and
# most of its points are single runs. The numbers of channels say how wide a network is:

# %%
from helpers.drawings.benchmarks import show_candidates
from helpers.training.curves import curves

show_candidates(curves())

# %% [markdown]
# The narrowest network, that of page 07, comes in two versions, one with fewer layers and larger learning rates. The
# four wider ones are *flip-equivariant* (翻转等变): each filter is also used as its own mirror image, so that an image and
# its mirror image get the same answer, and the network need not be shown both. (Their last stage has a third
# convolution, too. And if there is time for more than about four epochs, they see images shifted by up to two pixels.
# In fewer epochs an image comes back only two or three times, and shifting does slightly more harm than good.)
#
# The narrowest network learns most from little work, but before long a wider one overtakes it. The widest one was tried
# only with a lot of work, and ends highest. In between, from 12 TFLOP on, several curves run so close together that the
# gaps may well be chance. Among these, then, it hardly matters for the same *work* which network you train.
#
# For the same *time* it does matter, because a processor does not do the same number of operations a second for each of
# them. Its instructions work on blocks of, say, 16 or 32 channels, and a width that is not a multiple of that leaves
# part of a block empty. So before the training starts, the candidates worth considering take turns to make a few steps.
# The median (中位数) time of a step says how many epochs each would get through in the given time, and the curves say what
# accuracy to expect after that many. The program takes the network that promises most.
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
#
# ## On a GPU
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
# Three seconds on this card are worth ten minutes on two CPU cores, or more. [The next page](18_speed.ipynb#On-a-GPU)
# tells what makes a GPU fast, and what can slow it down.
#
# We had hoped for 94 %, and did not get there. Would more time have helped? These are the epochs that the same network
# gets through in ten seconds, and the accuracy that it reaches:

# %%
ten_seconds = recorded["gpu_10"]["runs"]
records.mean(ten_seconds, "epochs"), records.mean(ten_seconds, "accuracy")

# %% [markdown]
# With three times as much time, the network has gained only a little. It had been chosen from a few dozen recipes for
# what they reach in *two* seconds, and it is probably too small to make use of more. For ten seconds one would have to
# search again.
#
# ## Going further
#
# *更进一步*
#
# This section is for those who want to check our results, or to repeat them.
#
# ### What we aimed for and what was reached
#
# *目标与结果*
#
# We set goals for this training, and most of them were missed. (Three more, for processors with AMX, Intel's
# instructions for multiplying whole matrices, have not been tried.) The results that reach their goal are in bold:

# %%
columns = ["budget", "goal", "result", "spread", "seconds", "TFLOP"]
table(columns, records.goal_rows(recorded))

# %% [markdown]
# The goal of the first row was to reach a modest accuracy, about that of the tutorial's recipe, fifty times faster than
# that recipe does. (The recipe took more than three minutes, our training less than two seconds. The spread is that of
# the accuracies, in this row too.) In the next three rows the amount of work is fixed, and other programs ran
# meanwhile, so the seconds would mean nothing. Each run of this table used the test set exactly once, at the very end.
#
# ### What was tried
#
# *搜索记录*
#
# Where do the recipes for CPUs come from? From trying. Each point below is a recipe that was trained with a given
# amount of work on 45,000 images, and judged by the 5,000 others. In each group they stand in order, from the worst to
# the best:

# %%
from helpers.drawings.benchmarks import show_search

show_search(recorded)

# %% [markdown]
# Do not read too much into the order at the top. Many recipes were trained only once, 5,000 images give a larger
# standard error than 10,000, and the best of many candidates is partly the luckiest of them. This is one reason why the
# final results come from the test set, which took no part in the choice.
#
# ### Each result and its command
#
# *所有命令*
#
# To repeat one of our runs, look up its command here. (`--compile` compiles the network first, which [pays off on a
# GPU](18_speed.ipynb#On-a-GPU). The other records, such as those of the baselines, begin with their commands, too.) The
# last column compares the speed of the whole training with that of [its best
# convolution](18_speed.ipynb#How-fast-is-fast?) alone.

# %%
columns = ["record", "command", "machine", "of the best convolution"]
table(columns, records.command_rows(recorded))

# %% [markdown]
# ## Recap
#
# - A result needs its machine, its command and its spread. Part of the spread comes from the seed, part from the number
#   of steps that a time budget buys, and part from the choice of test images.
# - Compare for the same time if the machine is the same, and for the same work if you mean the method.
# - On two cores and with a small budget, a small network with a good recipe beat the large ones, even when each of
#   those had the best of several learning rates. Which network is best depends on the budget and on the machine.
# - A baseline deserves a search of its own. Without one, you may only have beaten a bad learning rate.
# - Whatever was chosen by its result on some images has to be judged by others.

# %% [markdown]
# ## Exercises
#
# Three small calculations that every comparison needs. Put your code in place of the three dots and run the cell;
# the check tries it on other numbers.
#
# **1. What a few runs are worth.** Write `mean_and_error(accuracies)`: the mean of a list of accuracies, and the
# *standard error of the mean*, which is the standard deviation divided by the square root of the number of runs. Return
# both as plain floats.

# %% tags=["exercise"]
from helpers.exercises.benchmarks import check_mean_and_error


def mean_and_error(accuracies): ...


check_mean_and_error(mean_and_error)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Make a tensor of the list. Its methods `mean` and `std` did this at the top of the page, and `.item()` takes a number
# out of a tensor.
#
# </details>

# %% [markdown]
# **2. Between two points.** What would our training have reached in two minutes? Nobody has tried, but a curve can be
# read off. Write `accuracy_after(points, seconds)`, where `points` is a list of pairs `(seconds, accuracy)` in the
# order of time. Between two neighbors the curve is a straight line in the picture of [accuracy against
# time](#Accuracy-against-time), where the axes are the logarithm of the time and the logarithm of the error. `seconds`
# always lies between the first point and the last.

# %% tags=["exercise"]
import math

from helpers.exercises.benchmarks import check_accuracy_after


def accuracy_after(points, seconds): ...


check_accuracy_after(accuracy_after)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Find the two neighbors first. What share of the way from one to the other have you gone, on the logarithmic axis of
# time?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Go the same share of the way from `math.log(100 - a1)` to `math.log(100 - a2)`. `math.exp` leads back to the error.
#
# </details>

# %% [markdown]
# **3. Two networks, one test set (hard).** `right_a` and `right_b` are bool tensors of length $n$. They say which of
# the same $n$ images network a and network b have classified correctly. Write `compare(right_a, right_b)`: by how many
# percentage points a is more accurate than b (negative if it is less accurate), and the standard error of this
# *difference*, both as plain floats. What counts is each image's own difference: 1 if only a has it right, -1 if only b
# has, and 0 otherwise.

# %% tags=["exercise"]
from helpers.exercises.benchmarks import check_compare


def compare(right_a, right_b): ...


check_compare(compare)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Two bool tensors cannot be subtracted. Turn them into floats first.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# You have $n$ differences now, and are looking for their mean and its standard error: that is the first exercise again.
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# Click to open. Below each solution is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
def mean_and_error(accuracies):
    x = torch.tensor(accuracies)
    return x.mean().item(), x.std().item() / len(x) ** 0.5


check_mean_and_error(mean_and_error)


# A typical mistake: how far single runs scatter, and not their mean.
def mean_and_std(accuracies):
    x = torch.tensor(accuracies)
    return x.mean().item(), x.std().item()


check_mean_and_error(mean_and_std)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
def accuracy_after(points, seconds):
    n = 0
    while points[n + 1][0] < seconds:
        n += 1
    (t1, a1), (t2, a2) = points[n], points[n + 1]
    share = math.log(seconds / t1) / math.log(t2 / t1)
    start, end = math.log(100 - a1), math.log(100 - a2)
    return 100 - math.exp(start + share * (end - start))


check_accuracy_after(accuracy_after)


# A typical mistake: straight on axes that are not logarithmic.
def straight(points, seconds):
    n = 0
    while points[n + 1][0] < seconds:
        n += 1
    (t1, a1), (t2, a2) = points[n], points[n + 1]
    return a1 + (a2 - a1) * (seconds - t1) / (t2 - t1)


check_accuracy_after(straight)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def compare(right_a, right_b):
    each = 100 * (right_a.float() - right_b.float())
    return each.mean().item(), each.std().item() / len(each) ** 0.5


check_compare(compare)


# A typical mistake: as if each had been judged by images of its own.
def as_if_apart(right_a, right_b):
    p, q = right_a.float().mean().item(), right_b.float().mean().item()
    variance = (p * (1 - p) + q * (1 - q)) / len(right_a)
    return 100 * (p - q), 100 * variance**0.5


check_compare(as_if_apart)

# %% [markdown]
# ---
# Previous: [the notes, audited](16_notes_audited.ipynb) · Next: [speed](18_speed.ipynb)
