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
# # Audit the notes, statement by statement
#
# *笔记核对*
#
# You have somebody's notes on PyTorch from 2017. They are short and clear, and nine years old. Which of their sentences
# can you still believe? You could read the release notes of all those years, and look for what has changed since. This
# page takes another way: it turns each of the 54 statements into a line of code, and lets PyTorch answer. (For old
# *code* rather than old notes, see [page 15](15_old_calls.ipynb).)
#
# **You will**
#
# - turn a statement into a line that can come out false;
# - see how many of the statements hold, how many have changed, and how many were wrong from the start;
# - look up each statement, its verdict, and the cell of this book that proves it;
# - write a few such tests yourself, and see whether they can tell right from wrong.
#
# **You need** nothing but curiosity, since the statements are explained on the pages that they lead to. (Two of the
# exercises need [page 08](08_tensor_shapes.ipynb) and [page 10](10_gather_and_scatter.ipynb).) No GPU.
#
# **Time**: 9 min to read, 11 s to run (AMD EPYC, 2 cores).
#
# ## From a sentence to a line
#
# *把语句写成代码*
#
# Statement 28 of the notes says that a view shares memory with its tensor, so that if you change one, the other has
# changed as well (共享内存, 联动). How would you put that into code? Make a view, change a number in it, and look at the
# tensor:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch

x = torch.zeros(2, 3)
y = x.view(6)
y[0] = 9
x[0, 0] == 9

# %% [markdown]
# The answer is true, so the statement holds. The important thing about such a line is that it could have come out
# otherwise. With a copy in place of the view, it does:

# %%
y = x.clone()
y[0] = 7
x[0, 0] == 7

# %% [markdown]
# Now for a statement that does not fare so well. The notes translate `round` as 四舍五入, the rule from school by which
# halves go up. A careless test would agree with them:

# %%
torch.tensor([0.3, 1.5, 2.8]).round().tolist() == [0, 2, 3]

# %% [markdown]
# But one half is not enough, since 1.5 goes to 2 under several rules. So let us ask about more of them:

# %%
torch.tensor([0.5, 1.5, 2.5]).round()

# %% [markdown]
# Today each half goes to its *even* neighbor, which is 0 for 0.5, and 2 for the two others. In 2017 halves were rounded
# away from zero, so for positive numbers the notes were right. Then PyTorch began to use the vector instructions of the
# processor, which round to even, and for a while it depended on the machine: in release 1.0, 2.5 became 2 on a CPU with
# such instructions (AVX), and 3 on a CPU without them or on a GPU. Since release 1.1 it has been 2 on all of them, as
# in Python, in NumPy and by default in the IEEE standard for floats. So the verdict on this statement is *changed*, and
# the date is 1.1.
#
# Besides *holds* and *changed*, there is a third kind of verdict. The notes write `sigmod`, and a function of that name
# has never existed:

# %% tags=["raises-exception"]
torch.sigmod(x)

# %% [markdown]
# We call this a *slip*, because it was wrong already on the day it was written. What the notes say about the function
# may be perfectly sound, but a reader who types the name as it stands there gets an error, and so we go by what is
# written. (Statement 40 is a slip and has changed as well: its function is misspelled, and has since been deprecated.
# We count it as *changed*.)
#
# ## All 54
#
# *全部核对*
#
# Each statement has a line like these. If that line comes out false, there is a second one, which says what is true
# instead. Here is number 47, our `round`, with what its two lines give on your machine. (`as_in_python` compares a
# function of PyTorch with the one of the same name in Python, for several numbers.)

# %%
from helpers.notes import report

report.show_line("C47")

# %% [markdown]
# Put another number in the quotes, from C01 to C54, and run the cell again. (`helpers/notes/names.py` explains the
# names in the lines: `x` is a 2 x 3 tensor of the numbers 0 to 5, `net` is the LeNet of the notes, and so on.)
#
# Some statements are about CIFAR-10, and are tried on its pictures. This line says which copy your machine uses:

# %% tags=["cifar10"] verify={"free": ["(?<=official pictures, )(found (in|at)|downloaded into) .+; (read from the cache and checked|checked and decoded) in [\\d.]+ s(\\.( \\(.+\\))?|, not kept .+)"], "reason": "where the pictures were found"}
from helpers import data

print(data.origin())

# %% [markdown]
# Now let us try all of them. `audit` runs the lines one after the other, and stops with an error at the first whose
# result is not the one on record:

# %%
from collections import Counter

from helpers.notes import audit

verdicts = audit.audit()
Counter(verdicts.values())

# %% [markdown]
# About two thirds of the statements still hold, nine years and many releases later. A picture shows where in the notes
# the others are:

# %%
report.show_counts(verdicts)

# %% [markdown]
# What has changed is mostly what tensors *are*, with their types and their autograd, and what a layer accepts. The
# calls that work with them, for shapes, indexing and mathematics, have hardly changed. Where the notes are
# wrong about those, it is mostly their spelling that is at fault.
#
# This table shows which releases brought the changes:

# %%
report.release_table()

# %% [markdown]
# Release 0.4, of April 2018, stands out. If your notes are older than that, distrust what they say about autograd first.
#
# ## Can the audit fail?
#
# *审计会失败吗*
#
# A test that always passes proves nothing, so we should see this one fail. Let us forge the record and claim that
# statement 5, "`Variable` is the core class of autograd", still holds. (`since` is the release that changed a
# statement. If it is empty, the statement is said to hold.)

# %% tags=["raises-exception"]
from dataclasses import replace

from helpers.notes.statements import STATEMENTS

by_number = {s.number: s for s in STATEMENTS}
audit.verdict(replace(by_number["C05"], since=""))

# %% [markdown]
# The audit has noticed that the line comes out false. And what if somebody tries to prove statement 27, that `view`
# keeps the number of elements, by a line that makes 8 elements out of 6?

# %% tags=["raises-exception"]
audit.verdict(replace(by_number["C27"], line="x.view(4, 2).numel() == 8"))

# %% [markdown]
# Then PyTorch itself raises an error, and the audit stops there.
#
# ## The statements
#
# *逐条核对*
#
# Here is each statement with its number, the notes' own term, and what they say about it, in our words. Beside it you
# find the verdict, with the release and what there is to add today, and links to the cells of this book that prove it
# at length (cell 3 is the one that is marked `[3]`). Most statements are also tried on many more inputs by tests. For
# instance, `pytest tests/notes -k C34`, typed in the book's folder, runs those of number 34.
#
# ### Installation
#
# *安装和配置 (2.1)*

# %%
report.statement_table("2.1")

# %% [markdown]
# ### Autograd
#
# *自动微分 (2.2.2)*

# %%
report.statement_table("2.2.2")

# %% [markdown]
# ### Networks
#
# *神经网络 (2.2)*

# %%
report.statement_table("2.2 nn")

# %% [markdown]
# ### CIFAR-10
#
# *图像分类 (2.2)*

# %%
report.statement_table("2.2 CIFAR")

# %% [markdown]
# ### Shapes and indexing
#
# *形状与索引 (3)*

# %%
report.statement_table("3 shapes", "3 indexing")

# %% [markdown]
# ### Types
#
# *数据类型 (3)*

# %%
report.statement_table("3 types")

# %% [markdown]
# ### Mathematics
#
# *数学运算 (3)*

# %%
report.statement_table("3 math")

# %% [markdown]
# ## Recap
#
# - A statement can be tested once it is a line of code that might come out false. Whether it can depends on the inputs:
#   1.5 alone does not tell one rule for halves from another.
# - About two thirds of the statements of 2017 still hold. Release 0.4 changed more of them than any other, and those
#   are about what a Variable is.
# - A slip was wrong from the start, and so it does not count as a change.
# - Each statement in the tables leads to the cells that prove it.

# %% [markdown]
# ## Exercises
#
# Now it is you who writes the tests. Each check tries yours on cases where the statement is true and on others where it
# is false. Return a Python `bool`, which `Tensor.equal`, `.item()` or `bool(...)` will give you. Put your code in the
# place of the three dots, and run the cell.
#
# **1. Shared memory.** `shares_memory(x, y)` returns `True` if `y` was made from the memory of `x` (a view of the
# whole, or of a part), and `False` if it has memory of its own.

# %% tags=["exercise"]
from helpers.exercises.notes_audited import check_shares_memory


def shares_memory(x, y): ...


check_shares_memory(shares_memory)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# A view of a part may begin further on in the memory. [Page 08](08_tensor_shapes.ipynb) tells what all views of a
# tensor have in common.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Compare where the storages begin: `x.untyped_storage().data_ptr()`.
#
# </details>

# %% [markdown]
# **2. Halves that go up.** `rounds_half_up(f)` is given a function that rounds a tensor of positive numbers to whole
# numbers. Return `True` if it rounds to the nearest whole number, and halves up, and `False` if it follows some other
# rule.

# %% tags=["exercise"]
from helpers.exercises.notes_audited import check_rounds_half_up


def rounds_half_up(f): ...


check_rounds_half_up(rounds_half_up)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Call `f` on a tensor, and compare with what it should give. Which halves, and which numbers besides, tell the rules
# apart?
#
# </details>

# %% [markdown]
# **3. The nearly inverse operation (hard).** The notes call `scatter_` the "nearly inverse operation" (近似逆操作) of
# `gather`. When is it exactly inverse? `can_be_undone(index)` returns `True` if this brings back *every* `x`, whatever
# its numbers, and `False` if something may be lost:
#
# ```python
# picked = x.gather(1, index)
# back = torch.zeros_like(x).scatter_(1, index, picked)
# ```
#
# `index` has the shape of `x`. Solve it without a loop, if you can.

# %% tags=["exercise"]
from helpers.exercises.notes_audited import check_can_be_undone


def can_be_undone(index): ...


check_can_be_undone(can_be_undone)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# What must each row of `index` contain, so that no place of the row is left at zero?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Sort each row. What does a row look like in which every number occurs once?
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# Click to open. Below each solution is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
def shares_memory(x, y):
    return x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()


check_shares_memory(shares_memory)
# A typical mistake: to compare where the tensors begin.
check_shares_memory(lambda x, y: x.data_ptr() == y.data_ptr())


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
def rounds_half_up(f):
    numbers = torch.tensor([0.2, 0.5, 0.8, 1.5, 2.5, 3.5])
    return f(numbers).tolist() == [0, 1, 1, 2, 3, 4]


check_rounds_half_up(rounds_half_up)
# A typical mistake: a single half, which several rules send up.
check_rounds_half_up(lambda f: f(torch.tensor(1.5)).item() == 2)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def can_be_undone(index):
    places = torch.arange(index.shape[1]).expand_as(index)
    return index.sort(dim=1).values.equal(places)


check_can_be_undone(can_be_undone)
# A typical mistake: each number occurs, but not in each row.
check_can_be_undone(lambda index: index.unique().numel() == index.shape[1])

# %% [markdown]
# ---
# Previous: [old calls](15_old_calls.ipynb) · Next: [the benchmarks](17_benchmarks.ipynb)
