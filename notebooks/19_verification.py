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
# Every output in this book was once printed by a program, on a machine that is not yours. Would you get the same? This
# page shows how the book finds out, what it means by *the same*, and where, why and how far it is lenient. You need none
# of it to learn PyTorch, but much of it when you write tests of your own.
#
# **You will**
#
# - compare two outputs as the book does, and two tensors as your own tests should;
# - know what may differ between two machines, and by how much;
# - see how the comparison itself was put to the test;
# - write a comparison of texts and one of pictures yourself.
#
# **You need** [the fundamentals of autograd](02_autograd.ipynb) for the first example only.
#
# **Time**: 19 min to read, 8 s to run (AMD EPYC, 2 cores).
#
# ## Why stored outputs rot
#
# *为什么保存的输出会失效*
#
# A notebook keeps code and output side by side in one file, and nothing ties the two together. Somebody edits a cell
# and forgets to run it, or a new release of a library prints something else, and the file still shows what it showed
# before, neatly typeset. Suppose that in 2022 somebody wrote a notebook, with PyTorch 1.13, that clears the gradients
# of two weights and then prints them:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

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
# The only way to notice is to run the cell again and compare. The book compares two texts with a function called
# `difference`. It gets the stored text and the new one, and returns a sentence that says what is wrong:

# %%
from helpers.verification import Policy
from helpers.verification.text import difference

difference("tensor([0., 0.])", "None")

# %% [markdown]
# If nothing is wrong, the sentence is empty:

# %%
difference("tensor([0., 0.])", "tensor([0., 0.])")

# %% [markdown]
# Running a program again and comparing what it says with what it said before is called *regression testing* (回归测试). For
# notebooks, the usual tool is [nbval](https://github.com/computationalmodelling/nbval), a plug-in of pytest, and
# `pytest --nbval notebooks/` is all that you have to type. By itself, nbval compares texts letter by letter, which is
# too strict for the last digits of a number, and it does not compare pictures. So the book brings its own comparison,
# which the same command uses if you type it in the book's folder, and the rest of this page tries it out.
#
# ## What can be the same, and what cannot
#
# *哪些输出可以相同*
#
# As long as the release of PyTorch is the same, most of what a cell shows does not depend on the machine: words,
# shapes, dtypes, whole numbers, the type of an error and its message. For these, the comparison is strict, and a single
# letter or digit is enough to fail:

# %%
difference("torch.float32", "torch.float64")

# %%
difference("10000 pictures", "10001 pictures")

# %% [markdown]
# Decimal numbers are another matter, because a computer rounds after each addition. Every such *rounding error* (舍入误差)
# is tiny, but which ones you get depends on the order in which the numbers are added:

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
# large tensor, it splits the work among several threads, and within each of them the processor adds several numbers at
# once. How many depends on the machine, and with it the order of the additions and the last digits. A seed does not
# help: after `torch.manual_seed` a CPU draws the same random numbers again, but what is computed from them is rounded
# in the machine's own way. This is why PyTorch, in its [note on
# reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html) (可复现性), does not guarantee equal results
# across platforms.
#
# So each kind of output is compared in its own way. The next sections take them one by one:
#
# | a cell shows | how it is compared |
# |:--|:--|
# | words, shapes, dtypes, whole numbers, errors | exactly |
# | decimal numbers | up to rounding |
# | losses and accuracies after training | within a band |
# | durations, names of machines | in form, or not at all |
# | figures | as pictures |
#
# ## Comparing numbers
#
# *数值的比较*
#
# How much is "up to rounding"? We need a *tolerance* (容差), the largest difference that still passes. For a decimal
# number it is one unit of the last digit that is printed: 4.3217 may become 4.3218. But it is never more than one part
# in 10,000 of the number, so 0.2105 may not become 0.2106, and never less than a millionth of it. Here the last digit
# has changed by two, which is still less than a millionth, so there is nothing to say:

# %%
difference("loss 0.4321567", "loss 0.4321569")

# %% [markdown]
# And here is a loss in which one digit has changed. The sentence says how far apart the two are, what would have been
# allowed, and how many times too far that is:

# %%
difference("loss 0.2105", "loss 0.2205")

# %% [markdown]
# In your own tests you will compare tensors rather than printed text, and PyTorch has two functions for that. For both,
# two numbers agree if they differ by no more than `atol + rtol * abs(expected)`, where the second argument is the
# expected one. Here `atol` is the *absolute tolerance* (绝对容差), an amount that is always allowed, and `rtol` the
# *relative tolerance* (相对容差), which grows with the number itself. `torch.allclose` says yes or no, and
# `torch.testing.assert_close` explains itself:

# %%
torch.allclose(torch.tensor(0.4321567), torch.tensor(0.4321569))

# %% tags=["raises-exception"]
torch.testing.assert_close(torch.tensor(0.2205), torch.tensor(0.2105))

# %% [markdown]
# The defaults of `assert_close` depend on the dtype and suit a single operation. After a long computation, such as a
# training, you will want to state your own `rtol` and `atol`.
#
# ## After training, a band
#
# *训练之后的误差范围*
#
# Each step of a training starts from the weights that the step before has left behind, so a rounding error at the
# beginning is carried along, and it may grow on the way. How fast it can grow is shown by a loop of one line, the
# *logistic map* (逻辑斯谛映射), a classic example of chaos (混沌). We start it from two numbers that differ in the seventh
# digit:

# %%
a, b = 0.4, 0.4000001
for _ in range(40):
    a, b = 3.9 * a * (1 - a), 3.9 * b * (1 - b)
a, b

# %% [markdown]
# After forty rounds not even the first digit agrees. In training, too, the weights of two runs drift apart. But what a
# cell prints is rarely a weight. It is a loss or an accuracy, averaged over many images, and that varies much less. So a
# cell that trains states a *band* in which its numbers have to lie. A `Policy` holds what a cell states, and
# `difference` takes it as its third argument. Here is the pair of losses that failed above, with an `rtol` of 5 %:

# %%
band = Policy(rtol=0.05, reason="training")
difference("loss 0.2105", "loss 0.2205", band)

# %% [markdown]
# The pair passes. But the band ends where it says it ends:

# %%
difference("loss 0.2105", "loss 0.2305", band)

# %% [markdown]
# Unless a cell says otherwise, whole numbers stay exact, because the number of steps, say, does not depend on rounding:

# %%
difference("100 steps", "101 steps", band)

# %% [markdown]
# The band is part of the notebook. It stands under `verify` in the *metadata* (元数据) of the cell, which Jupyter keeps
# but does not show. In JupyterLab you can look it up: click into a cell, then on the gears at the right edge, and open
# *Advanced Tools*. A misspelled name in there is an error, and so is a band without a reason:

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
difference("took 1.2 ms", "took 87 us", timing)

# %%
difference("took 1.2 ms", "failed", timing)

# %% [markdown]
# So a time in the book is an example, from the machine that its page names at the top.
#
# In a few outputs a word depends on the machine, as in the first line of
# [page 00](00_start_here.ipynb#Your-PyTorch-says-hello). For these a cell gives a *regular expression* (正则表达式), and
# whatever it matches is left out of the comparison. The one below matches the word that follows "PyTorch":

# %%
free = Policy(free=(r"(?<=PyTorch )\S+",), reason="the release")
difference("PyTorch 2.15.0", "PyTorch 2.13.0", free)

# %% [markdown]
# ## Figures are compared as pictures
#
# *图像的比较*
#
# A figure is stored as a picture, pixel by pixel. Suppose that a mistake in a page has moved one of two curves. Here is
# the stored picture, and beside it what the page draws now:

# %%
from helpers.drawings import compared_pictures as drawings

stored = drawings.picture_of_curves()
now = drawings.picture_of_curves(lift=1)
drawings.show_lifted_line(stored, now)

# %% [markdown]
# The comparison finds it, and says how many pixels look different, and where:

# %%
from helpers.verification.pictures import compare_pictures

fault = compare_pictures(stored, now)
fault.text

# %% [markdown]
# The report of a run also names a folder with three pictures, the expected one, the new one, and one that shows where
# they differ:

# %%
drawings.show_difference(fault)

# %% [markdown]
# When do two pictures differ too much? The simplest idea is an average over all pixels, the *root mean square* (均方根) of
# their differences, and we can watch it go wrong. In one variant of the picture, everything lies a pixel further to the
# right, as it may with another font library, and nobody would see it. In another, one of the four round marks is missing,
# and that is a mistake. How many times as large is the average of the harmless change as that of the mistake?

# %%
shifted = drawings.one_pixel_to_the_right(stored)
unmarked = drawings.picture_of_curves(marks=3)
average = drawings.root_mean_square
round(average(stored, shifted) / average(stored, unmarked))

# %% [markdown]
# Seven times, since it touches the edges of all letters, lines and marks. No limit for the average could let it pass and
# still catch the mistake. So the book asks another question. For each pixel it takes the darkest and the brightest color
# that the other picture has within one pixel of that place, and the pixel has to lie between them, give or take 16 of 255
# levels. That is asked of both pictures. A line may move by a pixel that way, but it may not vanish:

# %%
compare_pictures(stored, shifted) is None

# %%
compare_pictures(stored, unmarked).text

# %% [markdown]
# ## Who checks the check?
#
# *谁来检验验证本身*
#
# Suppose that the comparison itself had a bug and let everything pass. All pages would look fine, and we would be none
# the wiser. So it was tested on mistakes made on purpose, which is called *mutation testing* (变异测试). A program took
# each output and spoiled it in many ways, one at a time: a digit changed, a line lost, two rows swapped, a label
# erased, a curve in the wrong color. How often did the comparison notice? Here is how many mistakes it caught, and how
# many it missed:

# %%
from helpers import measurements

score = measurements.record("mutation_score")
score["caught"], score["missed"]

# %% [markdown]
# So a few did get through, most of them pale words or single letters in pictures. (Changes that are meant to pass, such
# as those within a tolerance, count as neither.)
#
# The opposite fault would be a comparison that cries wolf: a *false alarm* (误报). To look for it, the whole book was run
# under conditions that readers may really have: another language setting, other folders, other orders of the pages, a
# busy machine. These are the number of runs, and the conditions under which a cell failed:

# %%
runs = measurements.record("many_runs")
len(runs), [run["conditions"] for run in runs if run["failed"]]

# %% [markdown]
# The list is empty, so there was no false alarm.
#
# How do other tools fare? For a small trial, ten notebooks were made. In the first five, something that is stored is
# wrong, and in the other five, only something harmless will be different. Three plug-ins of pytest were tried on them:
# that of this book, which lies in `helpers/verification` and can be used in other projects, nbval as it comes, and
# [pytest-notebook](https://github.com/chrisjsewell/pytest-notebook):

# %%
measurements.trial_of_tools()

# %% [markdown]
# The notebooks were made by the authors of this book, who knew what to look for, so this is an illustration and not a
# contest.
#
# And there is one thing that no such comparison can do for you. A page that passes says that your machine has printed
# what the book shows. It does not say that the sentence beside an output explains it correctly. To judge that, you have
# to read both.
#
# ## Where the pictures come from
#
# *数据来源*
#
# Equal outputs need equal pictures. The pages on CIFAR-10 use those that Alex Krizhevsky published in 2009. They are
# not part of the book, so each machine looks for them in the usual places, or else downloads them (170 MB) from a
# mirror, a server that offers a copy of the same file. A mirror is a stranger's machine, so how do we know that it sent
# the right file? From its *checksum* (校验和), a number computed from all of its bytes. SHA-256, the one used here, comes
# out entirely different if a single letter changes. These are the first 16 of its 64 hexadecimal digits (0 to 9 and a
# to f):

# %%
import hashlib

hashlib.sha256(b"50,000 pictures").hexdigest()[:16]

# %%
hashlib.sha256(b"50,001 pictures").hexdigest()[:16]

# %% [markdown]
# A file with another checksum than the one written down in the book is refused before it is unpacked.
#
# If there is no network, or a very slow one, a page goes on with pictures that it draws itself: simple shapes, in the
# same number and the same format as the real ones.

# %%
from helpers.data.stand_in import StandIn
from helpers.drawings.stand_in import show_stand_in

stand_in = StandIn(train=True, count=20)
show_stand_in(stand_in)

# %% [markdown]
# The code of the pages works on the shapes as well, but the numbers will not be those of the book. A page that uses
# them says so, with the reason, and its cells that depend on the pictures are run but not compared.
#
# If you teach in a room without internet, type `export CIFAR10_ROOT=stand-in` (in Windows' PowerShell,
# `$env:CIFAR10_ROOT = "stand-in"`) before you start JupyterLab. Typed in the folder of the book,
# `python -m helpers.data --help` tells how to fetch the real pictures.
#
# ## Going further
#
# *更进一步*
#
# ### How wide the tolerances are
#
# *容差有多宽*
#
# How wide must a tolerance be? As narrow as possible, because a comparison that lets everything pass proves nothing. So
# we measure it. A page is run again with one thread or two, with the instructions of older processors, on three older
# releases of PyTorch, with products rounded as on a GPU, and, where a network is trained, with ten other seeds. For
# each cell and setting this yields the smallest tolerance that would have been enough. There are two rules for the
# tolerances that cells state. None may be more than five times as wide as the widest that was needed, and a band for
# training may be no wider than the scatter between seeds.
#
# In the picture, each line is a tolerance that a cell states, and each mark says how much of it was needed: 1 is all of
# it, and the narrow column on the left is for what did not differ at all. The first rule asks for a mark in the gray
# part, which begins at one fifth, or to the right of it. The second asks for a cross, which stands for other seeds, at
# 1 or beyond, where no other mark may lie. (A line with nothing but a cross is a training that none of the other
# settings has changed.)

# %%
from helpers.drawings.spreads import show_spreads

spread = measurements.record("spread")
show_spreads(spread)

# %% [markdown]
# A cell that states no tolerance gets the defaults, one part in 10,000 for floats at most, one pixel for the shift of a
# line, and 16 levels for colors. This is the most that any such cell needed, except with other seeds:

# %%
measurements.needed_by_default(spread)

# %% [markdown]
# That leaves room to spare on the processors on which this was measured, for the most part one made by AMD. On others
# there may be differences that nobody has seen yet.
#
# An older release of PyTorch is another matter: where PyTorch itself has changed, a page *should* look different. We
# tried three older releases, 2.9.1, 2.11.0 and 2.13.0. Here is what differs, on which pages, and with which of the
# three:

# %%
measurements.differences_by_release(spread)

# %% [markdown]
# ## Recap
#
# - A stored output is only as true as its last run. The book runs each cell again and compares.
# - Words, shapes, dtypes and whole numbers have to be the same, and floats up to rounding. For tensors in your
#   own tests, use `torch.testing.assert_close`.
# - Sums depend on the order of addition, and training carries small differences along. A cell that needs more room
#   states how much and why.
# - A comparison needs tests of its own, with outputs that were spoiled on purpose.

# %% [markdown]
# ## Exercises
#
# Now it is you who decides what is the same. Put your code in place of the three dots and run the cell; the check
# tries it on outputs that have to pass, and on others that have to be caught.
#
# **1. State what may differ.** A cell prints `batch 8: 3.1 ms, loss 0.6931`. The time is the machine's own. The loss
# comes after a training, and may differ by 2 % of its size. Write what belongs in the cell's metadata under `verify`,
# as a dictionary.

# %% tags=["exercise"]
from helpers.exercises.verification import check_verify

verify = ...

check_verify(verify)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# The names are those of the arguments of `Policy` in the sections on bands and on durations. You need three of them.
#
# </details>

# %% [markdown]
# **2. Compare two texts.** Write `agrees(stored, now, rtol)`, which returns `True` if two texts are the same except for
# their decimal numbers, and each decimal number of `now` differs from the stored one by at most `rtol` times the size of
# the stored one. The pattern `r"-?\d+\.\d+"` matches a decimal number; whole numbers have to stay as they are.

# %% tags=["exercise"]
import re

from helpers.exercises.verification import check_agrees


def agrees(stored, now, rtol): ...


check_agrees(agrees)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `re.sub(pattern, "#", text)` puts a `#` in the place of each decimal number. What must be true of both texts then?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `re.findall(pattern, text)` returns the decimal numbers as strings. Mind the sign of a negative number when you take
# its size.
#
# </details>

# %% [markdown]
# **3. Compare two pictures (hard).** `a` and `b` are gray pictures: float tensors of shape `(height, width)`, with
# levels from 0 to 255. Write `same_picture(a, b, levels)` by the rule of this page. Each pixel of `a` has to lie between
# the darkest and the brightest pixel of `b` within one pixel of its place, give or take `levels`, and the other way
# round. Return `True` or `False`. It can be done without a loop.

# %% tags=["exercise"]
import torch.nn.functional as F

from helpers.exercises.verification import check_same_picture


def same_picture(a, b, levels): ...


check_same_picture(same_picture)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# The brightest of the nine pixels around each place is what a layer of [page 04](04_modules.ipynb) computes with a
# window of 3 x 3, if the window moves by one pixel at a time. It wants a dimension for the channels in front, `b[None]`.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `F.max_pool2d(b[None], 3, stride=1, padding=1)[0]` is the brightest. The darkest of some numbers is minus the largest
# of their negatives.
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# Click to open. Below each solution is a typical mistake, with what the check says about it.

# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
verify = {"timing": True, "rtol": 0.02, "reason": "a time, and a training"}
check_verify(verify)
# A typical mistake: a wide band, to be on the safe side.
check_verify({"timing": True, "rtol": 0.2, "reason": "to be safe"})


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
def agrees(stored, now, rtol):
    decimal = r"-?\d+\.\d+"
    if re.sub(decimal, "#", stored) != re.sub(decimal, "#", now):
        return False
    numbers = re.findall(decimal, stored)
    others = re.findall(decimal, now)
    return all(
        abs(float(b) - float(a)) <= rtol * abs(float(a))
        for a, b in zip(numbers, others, strict=True)
    )


check_agrees(agrees)


# A typical mistake: only the numbers are compared.
def numbers_agree(stored, now, rtol):
    decimal = r"-?\d+\.\d+"
    numbers = re.findall(decimal, stored)
    others = re.findall(decimal, now)
    return all(
        abs(float(b) - float(a)) <= rtol * abs(float(a))
        for a, b in zip(numbers, others, strict=True)
    )


check_agrees(numbers_agree)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def within(one, other, levels):
    brightest = F.max_pool2d(other[None], 3, stride=1, padding=1)[0]
    darkest = -F.max_pool2d(-other[None], 3, stride=1, padding=1)[0]
    fits = (one >= darkest - levels) & (one <= brightest + levels)
    return fits.all().item()


def same_picture(a, b, levels):
    return within(a, b, levels) and within(b, a, levels)


check_same_picture(same_picture)
# A typical mistake: only one of the two pictures is looked at.
check_same_picture(within)

# %% [markdown]
# ---
# Previous: [speed](18_speed.ipynb) · Next: [the contents](00_start_here.ipynb#What-is-in-the-book)
