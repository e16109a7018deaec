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
# # How the outputs are verified
#
# *输出的验证*
#
# Every output in this book was once printed by a program, on a machine that is not yours. If you teach from the book or
# build on it, there is one thing you want to know: would you get the same? This page shows how the book finds out, what
# it means by *the same*, and where it is lenient, by how much and for what reason.
#
# You need none of this to learn PyTorch. It is here for those who do not want to take a printed number on trust.
#
# **You will**
#
# - see why an output that is stored in a file stops being true;
# - compare two outputs as the book does, and two tensors as your own tests should;
# - know what may differ between two machines, how far, and how that is measured;
# - see how the comparison itself was put to the test;
# - learn where the CIFAR-10 pictures come from, and what happens without them.
#
# **You need** [the fundamentals of autograd](02_autograd.ipynb) for the first example only.
#
# **Time**: 25 min to read, 12 s to run (AMD EPYC, 2 cores).
#
# ## Why stored outputs rot
#
# *为什么保存的输出会失效*
#
# A notebook keeps code and output side by side in one file, and nothing ties the two together. Somebody edits a cell
# and forgets to run it, or a new release of a library prints something else, and the file still shows what it showed
# before, neatly typeset. Let us build such a case. Suppose that somebody wrote a notebook in 2022, with PyTorch 1.13,
# that clears the gradients of two weights and then prints them:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch

w = torch.ones(2, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
w.sum().backward()
optimizer.zero_grad()
print(w.grad)

# %% [markdown]
# In 1.13 `zero_grad` filled the gradients with zeros, so what the file shows is `tensor([0., 0.])`. Since PyTorch 2.0
# it sets them to `None`, and a reader who trusts the file will look for the zeros in vain.
#
# The only way to notice is to run the cell again and compare. A notebook stores printed text in a small dictionary, and
# we can write one by hand:


# %%
def printed(text):
    return [{"output_type": "stream", "name": "stdout", "text": text}]


stored = printed("tensor([0., 0.])")
now = printed("None")

# %% [markdown]
# The function that the book uses to compare them is `compare_outputs`. It returns a list of differences, each with a
# sentence that says what is wrong:

# %%
from helpers.verification import Policy, compare_outputs

compare_outputs(stored, now)[0].text

# %% [markdown]
# We will do this many more times, so let us make a small function of it. It takes two texts and returns the sentences.
# The third argument, a `Policy`, says how lenient to be. A cell that asks for nothing special gets the empty one:


# %%
strict = Policy()


def compare(stored, now, policy=strict):
    found = compare_outputs(printed(stored), printed(now), policy)
    return [difference.text for difference in found]


compare("tensor([0., 0.])", "tensor([0., 0.])")

# %% [markdown]
# The list is empty, so these two agree.
#
# Running a program again and comparing what it says with what it said before is an old idea, called *regression
# testing* (回归测试). For notebooks, the tool is [nbval](https://github.com/computationalmodelling/nbval), a plug-in of
# pytest, and `pytest --nbval notebooks/` is all that you have to type. Out of the box it compares texts letter by
# letter, and that is too strict and too lax at once: too strict for numbers, which differ in their last digits from
# machine to machine, and too lax for pictures, which it does not compare.
#
# The book therefore brings its own comparison, the one that we have just called. The rest of this page tries it out.
#
# ## What can be the same, and what cannot
#
# *哪些输出可以相同*
#
# As long as the release of PyTorch is the same, most of what a cell shows does not depend on the machine: words,
# shapes, dtypes, whole numbers, the type of an error and its message. For these, the comparison is strict, and a single
# letter or digit is enough to fail:

# %%
compare("torch.float32", "torch.float64")

# %%
compare("10000 pictures", "10001 pictures")

# %% [markdown]
# Decimal numbers are another matter, and the reason is not sloppiness. A computer rounds after each addition. Every
# such *rounding error* (舍入误差) is tiny, but which ones you get depends on the order in which the numbers are added:

# %%
0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1

# %% [markdown]
# Both are right to fifteen digits. Tensors usually hold 32-bit floats, which carry about seven digits, and there the
# order can decide everything. The next two sums have the same three terms:

# %%
big = torch.tensor(1e8)
big + 1 - big, big - big + 1

# %% [markdown]
# In the first sum the 1 is lost, because `float32` cannot tell 100,000,001 from 100,000,000. When PyTorch sums up a
# tensor, it splits the work among several threads, and within each of them the processor adds several numbers at once.
# How many depends on the machine, so the order of the additions depends on it too, and so do the last digits.
#
# A seed does not help against this. `torch.manual_seed` gives you the same random numbers again, but what is computed
# from them is rounded in the machine's own way. PyTorch's
# [note on reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html) (可复现性) says plainly that equal
# results are not guaranteed across platforms or releases.
#
# Here is what that means for each kind of output:
#
# | a cell shows | on another machine | how it is compared |
# |:--|:--|:--|
# | words, shapes, dtypes, whole numbers, errors | the same | exactly |
# | decimal numbers | another last digit | up to rounding |
# | losses and accuracies after training | more digits differ | within a band that the cell states |
# | durations and speeds | anything | in form: a duration must remain a duration |
# | the release, the device | its own | this part is not compared |
# | pictures | a line may lie a pixel off | as pictures |
#
# ## Comparing numbers
#
# *数值的比较*
#
# How much is "up to rounding"? We need a *tolerance* (容差), the largest difference that still passes. A decimal number
# may be off by one unit of the last digit that is printed, or by one millionth of its size if that is more, and in no
# case by more than one part in 10,000. These two losses differ by less than a millionth, and the list of differences is
# empty:

# %%
compare("loss 0.4321567", "loss 0.4321569")

# %% [markdown]
# Now a comparison that is meant to fail. Two lines are stored, and in the second one a digit has changed:

# %%
stored = printed("epoch 1: loss 0.4321\nepoch 2: loss 0.2105")
now = printed("epoch 1: loss 0.4321\nepoch 2: loss 0.2205")
fault = compare_outputs(stored, now)[0]
fault.text

# %% [markdown]
# The sentence says how far apart the numbers are, what would have been allowed, and how many times too far that is.
# (One part in 10,000 of the stored number is allowed, about 0.00002.) In the terminal you also see both outputs side
# by side, with `^` under the places that differ:

# %%
from helpers.verification.report import as_lines

print("\n".join(as_lines(fault, Policy(), width=75)))

# %% [markdown]
# If you would rather see this in a browser, `pytest --nbval notebooks/ --html-report=report.html` writes it as a page.
#
# In your own tests you will compare tensors rather than printed text, and PyTorch has two functions for that. For both,
# two numbers agree if they differ by no more than `atol + rtol * abs(expected)`. Here `atol` is the *absolute
# tolerance* (绝对容差), an amount that is always allowed, and `rtol` the *relative tolerance* (相对容差), which grows with the
# number itself. `torch.allclose` says yes or no, and `torch.testing.assert_close` explains itself:

# %%
torch.allclose(torch.tensor(0.4321567), torch.tensor(0.4321569))

# %% tags=["raises-exception"]
torch.testing.assert_close(torch.tensor(0.2205), torch.tensor(0.2105))

# %% [markdown]
# The defaults of `assert_close` depend on the dtype and are stricter than those of this book. That suits a single
# operation. After a long computation you will want to state your own `rtol` and `atol`, and training is the longest
# computation that we have.
#
# ## After training, a band
#
# *训练之后的误差范围*
#
# Allowing for rounding is enough for a sum, but not after training. Each step starts from the weights that the step
# before has left behind, so a rounding error at the beginning is carried along, and it may grow on the way. How fast it
# can grow is shown by a loop of one line, the *logistic map* (逻辑斯谛映射), a classic example of chaos (混沌). We start it
# from two numbers that differ in the seventh digit:

# %%
a, b = 0.4, 0.4000001
for _ in range(40):
    a, b = 3.9 * a * (1 - a), 3.9 * b * (1 - b)
a, b

# %% [markdown]
# After forty rounds not even the first digit agrees. In training, too, the weights of two runs drift apart. What a cell
# prints is rarely a weight, though. It is a loss or an accuracy, averaged over many images, and that varies much less.
# A cell that trains therefore states a *band* in which its numbers have to lie, and it has to say why. Here is the pair
# of losses that failed above:

# %%
band = Policy(rtol=0.05, reason="training")
compare("loss 0.2105", "loss 0.2205", band)

# %% [markdown]
# With an `rtol` of 5 % the pair passes. But the band ends where it says it ends:

# %%
compare("loss 0.2105", "loss 0.2305", band)

# %% [markdown]
# Whole numbers stay exact within a band unless the cell asks for more, because the number of steps, say, does not
# depend on rounding:

# %%
compare("100 steps", "101 steps", band)

# %% [markdown]
# The band is part of the notebook. It stands in the *metadata* (元数据) of the cell, which Jupyter keeps but does not
# show. In JupyterLab you can look it up: click into a cell, then on the gears at the right edge, and open *Advanced
# Tools*. A misspelled name in there is an error, and so is a band without a reason:

# %% tags=["raises-exception"]
Policy.from_metadata({"verify": {"rtol": 0.05}})

# %% [markdown]
# ## Durations and names of machines
#
# *时间与机器名称*
#
# You cannot expect two runs to take exactly the same time, let alone runs on two machines. A cell that measures time
# says so, and its output is compared in form: the words and the kind of number have to agree, while the number and its
# unit may differ:

# %%
timing = Policy(timing=True, reason="durations")
compare("took 1.2 ms", "took 87 us", timing)

# %%
compare("took 1.2 ms", "failed", timing)

# %% [markdown]
# This has a consequence for you. A time that you see in the book is an example, from the machine that its page names at
# the top. Nothing has checked its size, and you should expect other times on yours.
#
# A few outputs depend entirely on the machine, such as the first line of
# [page 00](00_start_here.ipynb#Your-PyTorch-says-hello). For these a cell gives a *regular expression* (正则表达式), and
# whatever it matches is left out of the comparison. The one below matches the word that follows "PyTorch":

# %%
free = Policy(free=(r"(?<=PyTorch )\S+",), reason="the release")
compare("PyTorch 2.15.0", "PyTorch 2.13.0", free)

# %% [markdown]
# ## Figures are compared as pictures
#
# *图像的比较*
#
# A figure is stored as a picture, pixel by pixel. Suppose that a mistake in a page has moved one of two curves:

# %%
from helpers.drawings import compared_pictures as drawings

stored = drawings.picture_of_curves()
now = drawings.picture_of_curves(lift=1)
drawings.show_lifted_line(stored, now)

# %%
from helpers.verification.pictures import compare_pictures

fault = compare_pictures(stored, now)
fault.text

# %% [markdown]
# When that happens in a run, the report names a folder with three pictures: what was expected, what came out, and where
# the two differ. The third one looks like this:

# %%
drawings.show_difference(fault)

# %% [markdown]
# How does the comparison decide that a pixel differs? The simplest idea is the *root mean square* (均方根) of the
# differences: subtract the two pictures, square, average over all pixels and take the root. It goes wrong, and we can
# watch it do so.
#
# Here are two more variants of the picture. In the first, everything lies one pixel further to the right, as it may
# with another release of a font library, and nobody would see it. In the second, one of the four round marks is
# missing, and that is a mistake. Which of the two has the larger average?

# %%
shifted = drawings.one_pixel_to_the_right(stored)
unmarked = drawings.picture_of_curves(marks=3)

# %%
average = drawings.root_mean_square
average(stored, shifted) > average(stored, unmarked)

# %% [markdown]
# The harmless change has the larger average, since it touches the edges of all letters and marks. So the book asks
# another question. For each pixel it takes the darkest and the brightest color that the other picture has within one
# pixel of that place, and the pixel has to lie between them, give or take 16 of 255 levels. A line may move by a pixel
# that way, but it may not vanish:

# %%
compare_pictures(stored, shifted) is None

# %%
compare_pictures(stored, unmarked).text

# %% [markdown]
# ## How wide the tolerances are
#
# *容差有多宽*
#
# A comparison that lets everything pass proves nothing, so the tolerances must not be wider than they need to be. How
# wide is that? The answer is measured. A page is run again in settings that differ from its own in one respect: with
# one thread or two, with the instructions of older processors, on two older releases of PyTorch, with products rounded
# as on a GPU, and, where a network is trained, with ten other seeds. For each cell and setting this yields the smallest
# tolerance that would have been enough.
#
# Two rules follow. No tolerance may be more than five times as wide as the widest that was needed, and no band of
# training may be wider than what other seeds bring about.
#
# Such a measurement takes minutes for each page and setting, and a page that is changed has to be measured anew, so the
# record is never quite complete. The pages below have been run with one thread and with the instructions of older
# processors since they were last changed. Most of the other settings are still to come:

# %%
from helpers import measurements

spread = measurements.record("spread")
print(*spread["runs"]["avx2"]["pages"], sep="\n")

# %% [markdown]
# In the picture, each line is a tolerance that a cell states, and each mark says how much of it was needed: 1 is all of
# it. The gray part begins at one fifth, so the first rule asks for a mark in the gray part or to the right of it.
#
# The crosses belong to the second rule. They are the only marks that may lie beyond 1, since another seed is another
# experiment, and a band that let it pass would be too wide to notice much. A cross below 1 means that the seeds tried
# so far do not fill the band: either more of them have to be tried, or the band has to become narrower.
#
# Where a mark is missing, the output did not differ in that setting, or has not been measured in it yet. A line with no
# mark at all has still to show that its tolerance is needed.

# %%
from helpers.drawings.spreads import show_spreads

show_spreads(spread)

# %% [markdown]
# A cell that states no tolerance gets the defaults. This is the most that they allow for floats, for the shift of a
# line in pixels, and for colors in levels:

# %%
Policy().rtol, Policy().shift, Policy().color

# %% [markdown]
# And this is the most that any cell without a tolerance of its own needed, in all of these measurements except those
# with other seeds:

# %%
measurements.needed_by_default(spread)

# %% [markdown]
# That leaves room to spare. But on what machines was all this done? It is fair to ask whether yours is among them:

# %%
sorted({run["machine"] for run in spread["runs"].values()})

# %% [markdown]
# There is no GPU in the list. For a few pages its rounding was imitated, and the lines of code meant for it were run in
# a simulation. The book as a whole has been run on one real GPU, an NVIDIA H200, and the README tells how that went.
# Another model may show differences that nobody has seen yet.
#
# ## Who checks the check?
#
# *谁来检验验证本身*
#
# Suppose that the comparison itself had a bug and let everything pass. All pages would be green, and we would be none
# the wiser. So it was tested on mistakes made on purpose.
#
# A program took each output and spoiled it in dozens of ways, one at a time: a digit changed, a sign flipped, a number
# moved by two percent, a dtype exchanged, a line lost, two rows swapped, a picture mirrored, a label erased, a curve in
# the wrong color. Then it checked whether the comparison had noticed. In software testing this is called *mutation
# testing* (变异测试). Here is how many mistakes were caught, and how many were missed:

# %%
score = measurements.record("mutation_score")
score["caught"], score["missed"]

# %% [markdown]
# So a few did get through, most of them pale words or single letters in pictures. Changes within a tolerance count as
# neither caught nor missed, since they are meant to pass, and the same goes for changes to durations. Where one output
# offered very many changes of a kind, a random sample of them was tried.
#
# The opposite fault would be a comparison that cries wolf: a *false alarm* (误报). To look for it, the whole book, as it
# was then, was run under conditions that readers may really have. In this list, `-n 2` means that two pages ran at a
# time, `LANG=C` is a system that is set up for plain English letters only, and `stand-in` is the subject of the next
# section.

# %%
runs = measurements.record("many_runs")
[run["conditions"] for run in runs]

# %% [markdown]
# And this is the list of those runs in which a cell failed:

# %%
[run["conditions"] for run in runs if run["failed"]]

# %% [markdown]
# The list is empty, so there was no false alarm.
#
# How do other tools fare? For a small trial, ten notebooks were made. In the first five, something that is stored is
# wrong. In the other five, only something harmless will be different, such as the address of an object in memory. Three
# plug-ins of pytest were tried on all ten: the one of this book, nbval as it comes, and
# [pytest-notebook](https://github.com/chrisjsewell/pytest-notebook):

# %%
from helpers.tables import table

trial = measurements.record("peers")["notebooks"]
columns = ["what", "this package", "nbval", "pytest-notebook"]
table(columns, [[each[name] for name in columns] for each in trial])

# %% [markdown]
# The notebooks were made by the authors of this book, who knew what to look for, so this is an illustration and not a
# contest.
#
# And there is one thing that no such comparison can do for you. A green
# bar says that your machine has printed what the book shows. It does not say that the sentence beside an output
# explains it correctly. To judge that, you have to read both.
#
# ## Where the pictures come from
#
# *数据来源*
#
# The pages on CIFAR-10 use the 60,000 pictures that Alex Krizhevsky published in 2009. They are not part of the book,
# so each machine has to find them. The book looks in four places, in this order:
#
# 1. the folder that the environment variable (环境变量) `CIFAR10_ROOT` names;
# 2. the book's own `data/`;
# 3. a `data/` in the current folder, where examples for torchvision like to put them;
# 4. the folder where Keras keeps its data sets.
#
# If they are in none of these, it downloads them into its own `data/` (170 MB), from the fastest of several mirrors,
# that is, servers that offer copies of the same file.
#
# A mirror is a stranger's machine, so how do we know that it sent the right file? From its checksum (校验和), a number
# computed from all of its bytes. The checksum used here, SHA-256, comes out entirely different if a single letter
# changes. To save space, only the first 16 of its 64 digits are shown:

# %%
import hashlib

hashlib.sha256(b"50,000 pictures").hexdigest()[:16]

# %%
hashlib.sha256(b"50,001 pictures").hexdigest()[:16]

# %% [markdown]
# The right checksum is written down in the book. A downloaded file with another one is refused before it is unpacked.
#
# And if there is no network, or a very slow one? A page waits for a minute. If by then the download is not expected to
# end within another five, the page goes on with pictures that it draws itself: simple shapes, in the same number and
# the same format as the real ones.

# %%
from helpers.data.stand_in import StandIn
from helpers.drawings.stand_in import show_stand_in

stand_in = StandIn(train=True, count=20)
show_stand_in(stand_in)

# %% [markdown]
# The code of the pages stays the same and works on the shapes as well, but the numbers will not be those of the book. A
# page that uses them says so, in these words, followed by the reason and by what you can do about it:

# %%
import textwrap

from helpers.data.find import NOT_REAL

print(textwrap.fill(NOT_REAL, 79))

# %% [markdown]
# In such a run, the cells that depend on the pictures are run but not compared, and the summary at the end counts them.
# They carry the tag `cifar10`.
#
# These commands, typed in a terminal in the folder of the book, look after the pictures:
#
# | to do this | type |
# |:--|:--|
# | see where they are looked for | `python -m helpers.data --where` |
# | fetch them, however long it takes | `python -m helpers.data --download` |
# | check that they are whole | `python -m helpers.data --check` |
# | use those on a colleague's disk | `export CIFAR10_ROOT=folder` |
# | use the drawn shapes at once | `export CIFAR10_ROOT=stand-in` |
#
# The last one is meant for a classroom without internet. In PowerShell on Windows, write
# `$env:CIFAR10_ROOT = "stand-in"`. Either has to be typed before JupyterLab is started. On a page that is open already,
# put `%env CIFAR10_ROOT=stand-in` into a new first cell and restart the kernel.
#
# ## Try it yourself
#
# *亲手试试*
#
# Open a page in JupyterLab, change a number in its code, run that cell and save the page. Undo the change in the code
# without running it, and save again: now you have an output that has rotted. Then run `pytest --nbval` on that page,
# and see whether the comparison finds it.
#
# At the end of each run there is a summary. It counts the cells that were compared exactly, within a tolerance, in
# form, or only run, and gives the cells' reasons. It names your device and the origin of the pictures, too.
#
# ## Recap
#
# - A stored output is only as true as its last run. The book runs each cell again and compares.
# - Words, shapes, dtypes and whole numbers have to be the same, and floats to one part in 10,000. For tensors in your
#   own tests, use `torch.testing.assert_close`.
# - Sums depend on the order of addition, and training carries small differences along. A cell that needs more room
#   states how much and why; durations are compared in form, figures as pictures.
# - How wide a tolerance has to be is measured, setting by setting, and the record shows what has been measured so far.
#   The comparison itself was tested on outputs that were spoiled on purpose, and on runs under unusual conditions.
# - CIFAR-10 is found, or downloaded and checked, or replaced by drawn shapes, and the page says which.
#
# ---
# Back: [the benchmarks](17_benchmarks.ipynb) · On: [the contents](00_start_here.ipynb#What-is-in-the-book)
