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
# # Audit the notes, statement by statement
#
# *笔记核对*
#
# You have somebody's notes on PyTorch from 2017. They are short and clear, and nine years old. Which of their sentences can you still
# believe? You could read the release notes of all those years. This page takes another way: it turns each of the 54 statements
# into a line of code, and lets PyTorch answer. (For old *code* rather than old notes, see [page 15](15_old_calls.ipynb).)
#
# **You will**
#
# - turn a statement into a line that can come out false;
# - see how many statements hold, have changed, or were slips of the pen;
# - look up each statement, its verdict, and the cell of this book that proves it;
# - write three such lines yourself.
#
# **You need** nothing but curiosity; the statements are explained on the pages that they lead to. No GPU.
#
# **Time**: 9 min to read, 71 s to run (AMD EPYC, 2 cores).
#
# ## From a sentence to a line
#
# *把语句写成代码*
#
# "A view shares memory with its tensor; change one, and the other has changed" (共享内存, 联动). That is statement 28 of the notes. How
# would we test it? We change one, and look at the other:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch

from helpers import data, plotting
from helpers.notes import audit, report
from helpers.notes.statements import STATEMENTS

x = torch.zeros(2, 3)
y = x.view(6)
y[0] = 9
x[0, 0] == 9

# %% [markdown]
# True: the statement holds. The important thing about such a line is that it could have come out otherwise. With a copy in the place of
# the view, it does:

# %%
y = x.clone()
y[0] = 7
x[0, 0] == 7

# %% [markdown]
# Now for a statement that does not fare so well. The notes translate `round` as 四舍五入, the rule from school by which halves go up.
# A careless test would agree with them:

# %%
torch.tensor([0.3, 1.5, 2.8]).round().tolist() == [0, 2, 3]

# %% [markdown]
# But one half is not enough, since 1.5 goes to 2 under several rules. Ask about three:

# %%
torch.tensor([0.5, 1.5, 2.5]).round()

# %% [markdown]
# Halves go to the *even* neighbor. In 2017 they went away from zero, so for positive numbers the notes were right. Then PyTorch began to use the
# vector instructions of the processor, which round in their own way, and for a while a CPU and a GPU gave different answers.
# Release 1.1 settled it for the rule of Python, NumPy and the IEEE standard. So the verdict is *changed*, and the date is 1.1.
#
# There is a third kind of verdict. The notes write `sigmod`, and that has never been a function:

# %% tags=["raises-exception"]
torch.sigmod(x)

# %% [markdown]
# This is a *slip*: it was wrong on the day it was written. The sentence around it may be perfectly sound, but a reader who types the line
# gets an error, and so we go by the line.
#
# ## All 54
#
# *全部核对*
#
# Each statement has a line like these; if the line comes out false, there is a second one for what is true instead. Here is number 47,
# our `round`, with what its two lines give on your machine:

# %%
report.show_line("C47")

# %% [markdown]
# Put another number in the quotes, from C01 to C54, and run the cell again. (`helpers/notes/names.py` explains the names in the lines:
# `x` is a 2 x 3 tensor of the numbers 0 to 5, `net` is the LeNet of the notes, and so on.)
#
# Some statements are about CIFAR-10, and are tried on its pictures. Which copy was found here?

# %% tags=["cifar10"] verify={"free": ["(?<=pictures, ).*"], "reason": "where the pictures were found"}
print(data.origin())

# %% [markdown]
# Now all of them. `audit` runs every line and stops at the first whose result is not the one on record:

# %%
from collections import Counter

verdicts = audit.audit()
Counter(verdicts.values())

# %% [markdown]
# About two thirds of the notes hold, nine years and many releases later. Where are the others?

# %%
plotting.use_style()
report.show_counts(verdicts)

# %% [markdown]
# What has changed is mostly what tensors *are*, their types and their autograd, and what a layer accepts. The calls by which one works with
# them, for shapes, indexing and mathematics, have changed least. There it is mostly the spelling of the notes that is at fault.
#
# Which releases did it?

# %%
report.release_table()

# %% [markdown]
# One of them stands out. If you have notes that are older than release 0.4, of April 2018, distrust what they say about autograd first.
#
# ## Can the audit fail?
#
# *审计会失败吗*
#
# A test that always passes proves nothing. So let us forge the record: we claim that statement 5, "`Variable` is the core class of
# autograd", still holds.

# %% tags=["raises-exception"]
from dataclasses import replace

by_number = {s.number: s for s in STATEMENTS}
audit.verdict(replace(by_number["C05"], since=""))

# %% [markdown]
# The audit noticed. And if somebody "proves" statement 27, that `view` keeps the number of elements, by a line that cannot work?

# %% tags=["raises-exception"]
audit.verdict(replace(by_number["C27"], line="x.view(4, 2).numel() == 8"))

# %% [markdown]
# Then PyTorch itself objects.
#
# ## The statements
#
# *逐条核对*
#
# Each row gives the number, the notes' own term, and what they say in our words; then the verdict, with its date and what there is to add; then
# the cells of this book that prove it at length. Most statements are tried on many more inputs by tests: `pytest tests/notes -k C34`,
# typed in the book's folder, runs those of number 34.
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
# - A statement can be tested once it is a line of code that might come out false. The inputs decide: 1.5 alone says nothing about halves.
# - Most of the notes hold. Release 0.4 changed more statements than any other; they are about what a Variable is.
# - A slip is not a change: the line never worked.
# - Each statement leads to the cells that prove it.
#
# ## Exercises
#
# Here you write the lines. Each check tries yours on cases where the statement is true and on others where it is false; put your code in the
# place of the three dots and run the cell.
#
# **1. Shared memory.** `shares_memory(x, y)` returns `True` if `y` was made from the memory of `x` (a view of the whole, or of a part), and
# `False` if it has memory of its own.

# %% tags=["exercise"]
from helpers.exercises.notes_audited import check_shares_memory


def shares_memory(x, y): ...


check_shares_memory(shares_memory)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# A view of a part may begin further on in the memory. [Page 08](08_tensor_shapes.ipynb) tells what all views of a tensor have in common.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Compare where the storages begin: `x.untyped_storage().data_ptr()`.
#
# </details>

# %% [markdown]
# **2. Halves that go up.** `rounds_half_up(f)` is given a function that makes whole numbers of a tensor of positive numbers. Return `True` if it rounds
# to the nearest whole number, and halves up, and `False` if it follows some other rule.

# %% tags=["exercise"]
from helpers.exercises.notes_audited import check_rounds_half_up


def rounds_half_up(f): ...


check_rounds_half_up(rounds_half_up)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Call `f` on a tensor, and compare with what it should give. Which halves, and which numbers besides, tell the rules apart?
#
# </details>

# %% [markdown]
# **3. The nearly inverse operation (hard).** The notes call `scatter_` the "nearly inverse operation" (近似逆操作) of `gather`. When is it exactly
# inverse? `can_be_undone(index)` returns `True` if this brings back *every* `x`, whatever its numbers, and `False` if something may be lost:
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


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 1
def shares_memory(x, y):
    return x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()


check_shares_memory(shares_memory)
# A typical mistake: to compare where the tensors begin.
check_shares_memory(lambda x, y: x.data_ptr() == y.data_ptr())


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 2
def rounds_half_up(f):
    numbers = torch.tensor([0.2, 0.5, 0.8, 1.5, 2.5, 3.5])
    return f(numbers).tolist() == [0, 1, 1, 2, 3, 4]


check_rounds_half_up(rounds_half_up)
# A typical mistake: a single half, which several rules send up.
check_rounds_half_up(lambda f: f(torch.tensor(1.5)).item() == 2)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 3
def can_be_undone(index):
    places = torch.arange(index.shape[1]).expand_as(index)
    return index.sort(dim=1).values.equal(places)


check_can_be_undone(can_be_undone)
# A typical mistake: each number occurs, but not in each row.
check_can_be_undone(lambda index: index.unique().numel() == index.shape[1])

# %% [markdown]
# ---
# Back: [old calls](15_old_calls.ipynb) · On: [the benchmarks](17_benchmarks.ipynb)
