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
# # Look up an old call
#
# *旧代码速查*
#
# You start a script from 2017, and at its tenth line PyTorch stops with an error. The tutorial that the script belongs
# to cannot help you, because in its day the line was right. This page can: it tells you what became of the line, and
# what to write instead. Search it for the words of the message or for the name of the call, or give it the whole file
# to read.
#
# **You will**
#
# - look up an error message or a call, and find today's line beside it;
# - know the changes that come without any message;
# - let a program read a whole file and mend what it can;
# - translate old code yourself, up to a test loop.
#
# **You need** an old file, or just curiosity. No GPU.
#
# **Time**: 16 min to read, 7 s to run (AMD EPYC, 2 cores).
#
# In a hurry? [Paste your message](15_old_calls.ipynb#Paste-your-message), or [have a whole file
# read](15_old_calls.ipynb#Have-a-whole-file-read). The complete tables are at the end of the page: [the silent
# changes](15_old_calls.ipynb#Silent-changes), the errors and warnings [by message](15_old_calls.ipynb#By-message), and
# all calls [by name](15_old_calls.ipynb#By-name) and [by group](15_old_calls.ipynb#By-group). When you read the page on
# GitHub or as a web page, Ctrl+F finds a word in all of them.
#
# ## Five errors that come first
#
# *最常见的五个错误*
#
# Old training scripts tend to stop in the same few places. We will walk into five of them on purpose, read the error,
# and put today's line beside it. Our script is as small as can be: a network with one layer, and a batch of eight
# made-up samples.

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch
import torch.nn.functional as F
from torch import nn

from helpers.notes import lookup

torch.manual_seed(0)
x, y = torch.rand(8, 4), torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
net = nn.Linear(4, 3)
loss = F.cross_entropy(net(x), y)

# %% [markdown]
# **1. The number in a loss.** Old training loops print their losses or add them up, and they take each number out like
# this:

# %% tags=["raises-exception"]
loss.data[0]

# %% [markdown]
# Before PyTorch 0.4, a loss was a vector with one element. Today it is a tensor without dimensions (*0-dim* in the
# message), so there is nothing to index. The message itself says what to use instead:

# %%
loss.item()

# %% [markdown]
# **2. The first batch of a loader.** To look at one batch, people took an iterator and asked it for the next one:

# %% tags=["raises-exception"]
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(x, y), batch_size=4)
iter(loader).next()

# %% [markdown]
# This is how it was written in Python 2. In Python 3 an iterator (迭代器) has no such method, and `next` is a function.
# PyTorch's loaders still had the old method, too, up to release 1.12. Today you write:

# %%
images, labels = next(iter(loader))
labels

# %% [markdown]
# **3. What a mask leaves out.** A comparison used to give zeros and ones, and `1 - mask` inverted such a mask (掩码):

# %% tags=["raises-exception"]
1 - (x > 0.5)

# %% [markdown]
# Since 1.2 a comparison gives `True` and `False`, and these cannot be subtracted. (Up to PyTorch 2.13 the error was
# called `RuntimeError`. A `NotImplementedError` is one as well, so `except RuntimeError` catches both.) Here, too, the
# message says what to write:

# %%
~(x[0] > 0.5)

# %% [markdown]
# **4. A transform of torchvision.** Two of them were renamed, and the old names are gone:

# %% tags=["raises-exception"]
from torchvision import transforms

transforms.Scale(32)

# %% [markdown]
# `Scale` is called `Resize` now, and `RandomSizedCrop` is called `RandomResizedCrop`.

# %%
transforms.Resize(32)

# %% [markdown]
# **5. A model that was saved whole.** Old scripts write the network itself into a file, and read it back in one line.
# (Our file exists in memory only.)

# %% tags=["raises-exception"]
import io

file = io.BytesIO()
torch.save(net, file)
file.seek(0)
torch.load(file)

# %% [markdown]
# Such a file holds Python objects in the format of Python's `pickle`, and loading them can mean running whatever its
# author put there. So since 2.6 `torch.load` takes tensors, plain values (numbers, strings, lists, dicts) and a few
# other types that are known to be harmless, but refuses all other objects unless you say otherwise. If the file is your
# own, or you trust whoever made it, `weights_only=False` opens it as before:

# %%
file.seek(0)
torch.load(file, weights_only=False)

# %% [markdown]
# Then save the weights alone, so that you never need this again. They are loaded into a network that your code has
# made:

# %%
file = io.BytesIO()
torch.save(net.state_dict(), file)
file.seek(0)
net.load_state_dict(torch.load(file))

# %% [markdown]
# ## Changes without a message
#
# *没有报错的变化*
#
# An error is the friendlier case, because it tells you where to look. Some lines of 2017 still run, without a word, and
# give something else. How would you notice? Here is one of them, half of seven:

# %%
torch.LongTensor([7]) / 2

# %% [markdown]
# Nothing strange about that, unless your script was written for the old answer, `3`. It may use the result as a size
# and fail much later, or only compute something slightly different. To get the old answer, say how to round:

# %%
torch.div(torch.tensor([7]), 2, rounding_mode="trunc")

# %% [markdown]
# The next one is behind many a confusing error further down in a script. `arange` with whole numbers used to give
# floats, and today it gives integers:

# %%
torch.arange(3)

# %% tags=["raises-exception"]
torch.arange(3).mean()

# %% [markdown]
# A decimal point in the number brings the floats back:

# %%
torch.arange(3.0).mean()

# %% [markdown]
# This page knows more than forty such changes. The ones around optimizers are easily overlooked, because most of them
# show only in how the training goes. Here they are. For each line you see what it once gave, as we have it on record,
# and what it gives today, computed here:

# %%
lookup.silent("Optimizers")

# %% [markdown]
# Look at the first one: a script that clears the gradients and then reads them found zeros until 2.0, and finds `None`
# today.
#
# When an old script runs to its end but its numbers look wrong, go through [the whole
# list](15_old_calls.ipynb#Silent-changes), further down. In the tables by group these lines come first, with the sign
# ≠.

# %% [markdown]
# ## Paste your message
#
# *粘贴错误信息*
#
# Now for your own error. If you have this page open in JupyterLab, or on Colab, run its very first cell. Then put the
# last line of your message between the quotes, as it stands, and run this cell, too:

# %%
lookup.find("IndexError: invalid index of a 0-dim tensor.")

# %% [markdown]
# Each row has three parts. On the left is the call as people wrote it, with a sign for what it does today: ✗ is an
# error, `!` a warning, ≠ another result, and = means that it still runs, but there is something better. In the middle
# is today's call, for you to copy. (A last line such as `w.grad` is only there to show the result.) In a row with ≠,
# today's call gives the *old* result. If today's result is what you want, leave the line as it is. On the right you see
# why, and a link to the page where this book explains the matter.
#
# Three kinds of date, in italics, are easily confused: the release since which the old call has been an error (or has
# given something else), the one that first *deprecated* it (弃用), that is, advised against it, and the one since which
# the new call has existed. If your code has to run on an old release as well, look at the last of them.
#
# A number or a size in your message may differ from the one in the table. If no row has exactly your words, you are
# shown the nearest ones, with a line above them that says so. If nothing comes near, the age of the script may not be
# the cause. (Some rows are mistakes that were errors in 2017, too. They are here because people still make them. Such a
# row has no date, and neither has one whose date we do not know.)
#
# A name will do as well, or a whole line of your script. The search may find several rows, as here:

# %%
lookup.find("volatile")

# %% [markdown]
# ## Have a whole file read
#
# *检查整个文件*
#
# For a single error the tables are quick. In a long script you mend one line, run it, meet the next error, and in the
# end you still do not know which lines have changed without a word. So the book has a program that reads old files. Here
# is a script in the style of 2017 to try it on, which trains a network on noise. (We work on a copy, in a folder that
# is deleted at the end.)

# %%
import shutil
import tempfile
from pathlib import Path

folder = tempfile.TemporaryDirectory()
script = shutil.copy("../helpers/notes/example_2017.py", folder.name)
print(Path(script).read_text(encoding="utf-8"))

# %% [markdown]
# How many lines would you have to change? Running it does not tell, since the first error hides all that come after it:

# %% tags=["raises-exception"]
import runpy

runpy.run_path(script)

# %% [markdown]
# The book's program does not run the script. It only reads the text, which is why it also copes with the `print` of
# Python 2 and with commands of IPython. In a terminal, in the book's folder, you would type `python3 -m helpers.notes`
# (on Windows, `py -m helpers.notes`), followed by the name of a file, a notebook or a folder. Not even PyTorch has to
# be installed for it. With `--fix` you get a mended copy as well. On this page we call the same program as a function:

# %%
import contextlib

from helpers.notes.__main__ import main

with contextlib.chdir(folder.name):
    status = main(["--fix", "example_2017.py"])

# %% [markdown]
# For each line you see what it does today, what to write, why, and where in this book to read on. The name at the end
# of each entry is also in the tables of this page. In other files you may also meet a condition, "if ...", where the
# text alone does not tell whether the call is an old one.
#
# The original stays as it was. The copy has `.today` in its name, and differs from it in these lines (`-` is old,
# `+` is new):

# %%
import difflib

mended = Path(folder.name, "example_2017.today.py")
old = Path(script).read_text(encoding="utf-8").splitlines()
new = mended.read_text(encoding="utf-8").splitlines()
changes = difflib.unified_diff(old, new, "2017", "today", n=0, lineterm="")
print("\n".join(changes))

# %% [markdown]
# Layout and comments are untouched. The program left three calls to us, because it rewrites only what can be changed
# safely without understanding the rest of the script. It cannot know, for example, over which dimension a softmax is
# meant to go. We can: each row is a picture, and the classes lie along dimension 1. And what was `volatile` goes into a
# block without gradients. (`Variable` may stay here: around data it does nothing any more.) Then we print the end of
# the script, and let the program read it once more:

# %%
text = mended.read_text(encoding="utf-8")
text = text.replace("(net(pictures))", "(net(pictures), dim=1)")
text = text.replace("(net(test))", "(net(test), dim=1)")
text = text.replace("print(F.", "with torch.no_grad():\n    print(F.")
text = text.replace(", volatile=True)", ")")
_ = mended.write_text(text, encoding="utf-8")
print(text[text.index("test = ") :])
with contextlib.chdir(folder.name):
    status = main(["example_2017.today.py"])

status

# %% [markdown]
# The number is the *exit status* (退出状态) of the command: 0 if nothing was found, 1 if there are old calls, 2 if a
# file could not be read. So you can make the command one of the tests of a project. And now the script runs, without a
# warning:

# %%
_ = runpy.run_path(str(mended))

# %% [markdown]
# How far can you trust the program? To find out, eight collections of tutorials and examples of 2017 were read by hand,
# and every place that fails or warns today was written down. Here is how many of these places the program names, and
# for how many it is certain, without an "if". The last two columns are for two linters (静态检查工具) of today, TorchFix
# for recent releases of PyTorch and ruff for Python code in general. Neither of them was made for code of 2017.

# %%
lookup.measured()

# %% [markdown]
# So it does not find everything. (Nor does it raise false alarms: in the book's own code, it names only the old lines
# that pages show on purpose.) The two rows above the last are the fairest, a test set so to speak: the program was
# improved on the first six collections, and met these two only when it was done. What it misses depends mostly on
# values, as in a product of whole numbers and floats, and a value cannot be seen in the text. For these cases you have
# the error message and the list of silent changes.

# %% [markdown]
# ## When it happened
#
# *何时改变*
#
# How many old calls are there? Here they are counted by what they do today:

# %%
from collections import Counter

from helpers.notes.old_calls import OLD_CALLS

Counter(call.today for call in OLD_CALLS)

# %% [markdown]
# These are the four signs of the tables: ✗ (`error`), `!` (`warns`), ≠ (`differs`) and = (`runs`). And here are their
# dates, by release of PyTorch. A call that was first deprecated and later removed counts twice.

# %%
from helpers.drawings.old_calls import show_releases

show_releases(OLD_CALLS)

# %% [markdown]
# The largest changes came with 0.4, but something has gone every few releases since then. (The legend counts fewer
# errors, because the bars leave out 73 for which no release of PyTorch is on record: they changed with another package
# or with Python, have always been errors, or changed in a release that we have not found. Why does the legend say 50
# where the counter says 46? The bars include 8 calls that give something else *and* warn, which the counter has under
# `warns`, and they leave out 4 whose date is a release of torchvision.)
#
# ## Recap
#
# - The last words of an error often name the successor; if not, the tables at the end of the page do. They can be
#   searched by message, by name and by group.
# - The silent changes (≠) are the dangerous ones. Look at them when an old script runs and its numbers are wrong.
# - `python3 -m helpers.notes FILE` reads a file without running it, and `--fix` mends a copy of it. What it cannot know,
#   such as the dimension of a softmax, is left to you.

# %% [markdown]
# ## Exercises
#
# Here is old code for you to translate. Put your code in place of the three dots and run the cell; the check tries
# it on other inputs.
#
# **1. A mask.** In 2017: `v.masked_select(1 - (v > limit))`, the elements that are *not* above the limit.

# %% tags=["exercise"]
from helpers.exercises.old_calls import check_not_above


def not_above(v, limit): ...


check_not_above(not_above)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# A comparison gives a bool tensor today. What turns true into false there?
#
# </details>

# %% [markdown]
# **2. A division.** In 2017: `n / 2` for a tensor of whole numbers, which cut off the fraction. Return what it gave, as
# whole numbers.

# %% tags=["exercise"]
from helpers.exercises.old_calls import check_halves


def halves(n): ...


check_halves(halves)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `//` rounds down today. `torch.div` has a `rounding_mode`.
#
# </details>

# %% [markdown]
# **3. A running total.** In 2017: `total += loss.data[0]` in a loop over `losses`. Return the total as a plain `float`.

# %% tags=["exercise"]
from helpers.exercises.old_calls import check_total


def total(losses): ...


check_total(total)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# A loss has a method that takes its number out, and leaves the graph behind.
#
# </details>

# %% [markdown]
# **4. A test loop (hard).** This is how accuracy was computed in 2017. Write it for today's PyTorch as
# `evaluate(net, batches)`, which returns the percentage of right answers as a number:
#
# ```python
# net.eval()
# correct, total = 0, 0
# for x, y in batches:
#     output = net(Variable(x, volatile=True))
#     _, predicted = torch.max(output.data, 1)
#     correct += (predicted == y).sum()
#     total += y.size(0)
# accuracy = 100 * correct / total
# ```

# %% tags=["exercise"]
from helpers.exercises.old_calls import check_evaluate


def evaluate(net, batches): ...


check_evaluate(evaluate)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `volatile` has had no effect since 0.4. [Page 02](02_autograd.ipynb#Switch-recording-off) names two successors.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `correct` becomes a tensor without dimensions, and stays one unless you take its number out.
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# Click to open. They run and are verified like every other cell. Below each solution is a typical mistake, with what
# the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
def not_above(v, limit):
    return v.masked_select(~(v > limit))


check_not_above(not_above)
# A typical mistake: the old line as it stands.
check_not_above(lambda v, limit: v.masked_select(1 - (v > limit)))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
def halves(n):
    return torch.div(n, 2, rounding_mode="trunc")


check_halves(halves)
# A typical mistake: // rounds down, which differs below zero.
check_halves(lambda n: n // 2)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def total(losses):
    return sum(loss.item() for loss in losses)


check_total(total)
# A typical mistake: the sum is a tensor, which keeps all graphs alive.
check_total(lambda losses: torch.stack(losses).sum())


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 4
def evaluate(net, batches):
    net.eval()
    correct = count = 0
    with torch.no_grad():
        for x, y in batches:
            predicted = net(x).argmax(dim=1)
            correct += (predicted == y).sum().item()
            count += len(y)
    return 100 * correct / count


check_evaluate(evaluate)


# A typical mistake: detach() comes too late, the graph has been recorded.
def evaluate_detached(net, batches):
    net.eval()
    hits = [(net(x).detach().argmax(1) == y).sum().item() for x, y in batches]
    return 100 * sum(hits) / sum(len(y) for _, y in batches)


check_evaluate(evaluate_detached)

# %% [markdown]
# ## Silent changes
#
# *没有报错的变化一览*
#
# From here on the page is for looking things up. First, all the lines that still run and give something else, with what
# they gave and what they give now:

# %%
lookup.silent()

# %% [markdown]
# ## By message
#
# *按错误信息*
#
# All errors and warnings are listed here in the alphabetical order of their texts, with the kind of error above the
# text. The numbers, the sizes and some of the names in your own message will be different.

# %%
lookup.by_message()

# %% [markdown]
# ## By name
#
# *按名称*
#
# Here are the names of functions, methods and arguments, each with a link to the group in which you find it below. A
# name that PyTorch still has is listed if it was once *used* in another way.

# %%
lookup.index()

# %% [markdown]
# ## By group
#
# *按类别*
#
# Here is every change that we know of, with its reason. In the code `x` and `y` are tensors, and the other names
# explain themselves. Each row has been tried: `pytest tests/notes` runs the old line and the new one on the same
# values. It checks that the old line does what its sign says, and that the new one gives what it should.
#
# ### Tensors
#
# *张量*
#
# Making tensors, indexing them, computing with them. Types are behind most of these changes: `arange` once gave floats
# even for whole numbers, the division of whole numbers cut off the fraction, and a mask was a tensor of small whole
# numbers.

# %%
lookup.group("Tensors")

# %% [markdown]
# ### Autograd
#
# *自动求导*
#
# Release 0.4 merged `Variable` and `Tensor`, and moved the flags of a `Variable` elsewhere. `Variable(...)` itself
# still runs. Around your data it does nothing that you need; around a result it cuts the computational graph (计算图),
# because what it returns is detached.

# %%
lookup.group("Autograd")

# %% [markdown]
# ### Layers
#
# *网络层*
#
# Functions and modules of `torch.nn`. Much of this was tidied up: what changes its argument now ends with an
# underscore, and a choice that was once made for you has to be written down.

# %%
lookup.group("Layers")

# %% [markdown]
# ### Losses
#
# *损失函数*
#
# Two arguments, `size_average` and `reduce`, have become one. The losses have also become stricter about shapes and
# types.

# %%
lookup.group("Losses")

# %% [markdown]
# ### Optimizers
#
# *优化器*
#
# The optimizers themselves have hardly changed. What has changed is mostly around them: the order in which they and
# their schedulers are called, and what `zero_grad` leaves of a gradient.

# %%
lookup.group("Optimizers")

# %% [markdown]
# ### Data
#
# *数据*
#
# Data sets, loaders, and torchvision with its transforms and its trained models.

# %%
lookup.group("Data")

# %% [markdown]
# ### Saving
#
# *保存与加载*
#
# Files from an old release can still be read, and so can files from another machine, if you say where to put the
# tensors.

# %%
lookup.group("Saving")

# %% [markdown]
# ### GPU
#
# *显卡*
#
# In 2017 people wrote `.cuda()` after everything. Today you choose a device once, and the rest of the code does not
# care.

# %%
lookup.group("GPU")

# %% [markdown]
# ### Linear algebra
#
# *线性代数*
#
# The functions on matrices moved into `torch.linalg`, and the Fourier transforms into `torch.fft`. They took NumPy's
# names and its order of results, so do not replace the name alone.

# %%
lookup.group("Linear algebra")

# %% [markdown]
# ### Misc
#
# *其他*
#
# Several processes, the compiler, and Python itself.

# %%
lookup.group("Misc")

# %% [markdown]
# ---
# Previous: [reductions and broadcasting](14_reductions_and_broadcasting.ipynb) ·
# Next: [the notes, audited](16_notes_audited.ipynb)
