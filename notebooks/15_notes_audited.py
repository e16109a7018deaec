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
# # Look up what has become of the notes · 笔记核对
#
# This page lists all 54 statements of the notes, C01 to C54, each with a verdict: it holds, it has changed, or it was a slip of
# the pen. It also lists the old calls, each with the one that you would write today. Whether a statement holds is decided by
# running a line of code; which release changed it is known from the release notes and from PyTorch's repository.
#
# **You will**
#
# - find the call that takes the place of an old one;
# - see how many statements still hold, and which release changed the others;
# - run the proof of every statement, and see what a false verdict leads to;
# - look up each statement of the notes, and the cell of this book that proves it at length.
#
# **You need** nothing but old notes, or old code. No GPU.
#
# **Time**: 11 min to read, 14 s to run (AMD EPYC, 2 cores).
#
# ## Find your old call · 旧名速查
#
# Search this table for a call from your old code (Ctrl+F in a browser). It is made by running each old call and each new
# one, so "today" is what your installed release does:
#
# - *error*: the call is gone, or never existed (the type of the error may depend on the release);
# - *warns*: it runs, and says that it is deprecated;
# - *gives ..., not ...*: it runs without a warning, but gives something different from what it once gave;
# - *runs*: it still does the same, but the new call is clearer or safer.
#
# "Since" is the release that dropped the old call or brought the better one; it is empty if that is not known. Where the old
# call runs, the new one is checked to give the same result, or the one that the old call once gave. Where it does not run, the new one is only run.
#
# `x` and `t` are tensors, `w` is a leaf tensor that requires a gradient, `mask` is `x > 2`, and `x3` has three dimensions. `Cube` is an
# autograd Function of our own, and the other names explain themselves. (In the notes' own two lines, `t.Tensor` and
# `t.set_deault_tensor_type`, `t` is PyTorch: they write `import torch as t`.)

# %% verify={"free": ["(?<=`1 - mask` \\| error \\()\\w+"], "reason": "the type of the error depends on the release"}
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch

from helpers.notes import audit, report

report.old_call_table()

# %% [markdown]
# Three rows are younger than the notes: `//`, `.T`, and a whole number times a float came after 0.2, and have changed
# since then.
#
# ## All statements at once · 全部核对
#
# For each statement there is a line of code that says what the notes say. It is true if the statement holds today, and
# false if it does not. For a statement that does not hold there is a second line, which shows what is true instead: the
# new call, or the right name. `audit` runs all of them, and stops at the first one whose result differs from the record.
#
# A statement with a misspelled name is a slip, even beside a right one: typed as it stands, it is an error. Only C40 counts as
# changed, since its right name has been deprecated.
#
# Some statements are about CIFAR-10, and they are run on its pictures. Which copy was found on this machine?

# %% tags=["cifar10"] verify={"free": ["(?<=pictures, ).*"], "reason": "where the pictures were found"}
from helpers import data

print(data.origin())

# %%
from collections import Counter

verdicts = audit.audit()
print(len(verdicts), "statements:", dict(Counter(verdicts.values())))
assert sorted(verdicts) == [f"C{n:02}" for n in range(1, 55)]

# %% [markdown]
# By section of the notes:

# %%
from helpers import plotting

plotting.use_style()
report.show_counts(verdicts)

# %% [markdown]
# Most of it holds. What has changed is what tensors *are*, their types and their autograd, and what layers accept; what one
# *does* with tensors, the calls for shapes, indexing and mathematics, has hardly changed. (C47 is
# counted as holding: only the halves of `round` are not what they were.)
#
# ## From 0.2 to today · 版本变迁
#
# Which release did it? Each bar counts the statements that a release has changed and the old calls that it replaced;
# the words beside it name the main change. The top row is the release of the notes, and the bottom row is that of this book.

# %%
report.show_releases()

# %% [markdown]
# One release stands out: 0.4, of April 2018. If your code is older than that, you can simplify almost every line that
# touches autograd, but only a few have to change: `loss.data[0]` is an error, and `volatile` has no effect.
#
# Here is the same as a table, with links to the release notes:

# %%
report.release_table()

# %%
from helpers.notes.statements import RELEASES, STATEMENTS

changed_by = Counter(s.since for s in STATEMENTS if s.since in RELEASES)
changed_by.most_common(2)

# %% [markdown]
# ## A false verdict is refused · 错误的结论
#
# An audit is only worth something if it can fail. So here are three forgeries: of the record, which claims that `Variable` is
# still the core class; of a line, which "proves" that `view` may lose elements; and of what is true instead.

# %%
from dataclasses import replace

by_number = {s.number: s for s in STATEMENTS}
forged = [
    replace(by_number["C05"], since=""),
    replace(by_number["C27"], line="x.view(4, 2).numel() == 8"),
    replace(by_number["C33"], now="hasattr(torch, 'non_zeros')"),
]
for statement in forged:
    try:
        audit.verdict(statement)
    except (AssertionError, RuntimeError) as error:
        print(error)

# %% [markdown]
# ## Statement by statement · 逐条核对
#
# Each row has the number, the section of the notes, what they say (in brackets their own word for it), the verdict, the lines
# with what they gave just now, and the cells of this book that prove it at length. These are read from the pages
# themselves, where a cell that proves a statement carries its number. Most statements are tested over many more inputs than a page
# can show, too: `pytest tests/notes -k C34`, typed in the book's folder, runs the tests of C34.
#
# The lines use a few names. `x` is a 2 x 3 tensor of the numbers 0 to 5, `t` a square of ones, `w` a leaf whose gradient has
# been computed. `net` is the LeNet of the notes, `pictures` are four made-up inputs for it. `index` and `order` serve `gather`
# and `scatter_`. `train`, `test` and one `picture` are CIFAR-10's, and `pairs` ten of them with their labels. `raises` tells
# whether a call is refused with that error, `warns` whether it warns. The rest is in `helpers/notes/names.py`.
#
# ### 2.1 Installation · 安装和配置

# %%
report.statement_table("2.1")

# %% [markdown]
# ### 2.2.2 Autograd · 自动微分

# %%
report.statement_table("2.2.2")

# %% [markdown]
# ### 2.2 Networks · 神经网络

# %%
report.statement_table("2.2 nn")

# %% [markdown]
# ### 2.2 CIFAR-10 · 图像分类

# %%
report.statement_table("2.2 CIFAR")

# %% [markdown]
# ### 3 Shapes and indexing · 形状与索引

# %%
report.statement_table("3 shapes", "3 indexing")

# %% [markdown]
# ### 3 Types · 数据类型

# %%
report.statement_table("3 types")

# %% [markdown]
# ### 3 Mathematics · 数学运算

# %%
report.statement_table("3 math")

# %% [markdown]
# ## Recap
#
# - Old calls have successors. The table at the top shows both, and both have been run.
# - Most statements hold. Release 0.4 changed more of them than any other.
# - A verdict is the result of running a line of code, and a false one stops the audit.
# - Each statement leads to the cells that prove it.

# %% [markdown]
# ## Exercises
#
# Here is old code for you to translate. Put your code in the place of the three dots and run the cell; the check tries it on other
# inputs.
#
# **1. A mask.** In 2017: `v.masked_select(1 - (v > limit))`, the elements that are *not* above the limit.

# %% tags=["exercise"]
from helpers.exercises.notes_audited import check_not_above


def not_above(v, limit): ...


check_not_above(not_above)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# A comparison gives a bool tensor today. What turns true into false there?
#
# </details>

# %% [markdown]
# **2. A division.** In 2017: `n / 2` for a tensor of whole numbers, which cut off the fraction. Return what it gave, as whole
# numbers.

# %% tags=["exercise"]
from helpers.exercises.notes_audited import check_halves


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
from helpers.exercises.notes_audited import check_total


def total(losses): ...


check_total(total)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# A loss has a method that takes its number out, and leaves the graph behind.
#
# </details>

# %% [markdown]
# **4. A test loop (hard).** This is how accuracy was computed in 2017. Write it for today's PyTorch as `evaluate(net, batches)`, which returns the
# percentage of right answers as a number:
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
from helpers.exercises.notes_audited import check_evaluate


def evaluate(net, batches): ...


check_evaluate(evaluate)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `volatile` has had no effect since 0.4. Page 02 names two successors.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `correct` becomes a tensor without dimensions, and stays one unless you take its number out.
#
# </details>

# %% [markdown]
# ## Solutions
#
# Click to open. They run and are verified like every other cell. Below each solution is a typical mistake, with what the
# check says about it.


# %% tags=["solution"] verify={"free": ["raised \\w+: Subtraction,[\\s\\S]*?instead\\."], "reason": "the type of the error depends on the release"} jupyter={"source_hidden": true}
# Solution 1
def not_above(v, limit):
    return v.masked_select(~(v > limit))


check_not_above(not_above)
# A typical mistake: the old line as it stands.
check_not_above(lambda v, limit: v.masked_select(1 - (v > limit)))


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 2
def halves(n):
    return torch.div(n, 2, rounding_mode="trunc")


check_halves(halves)
# A typical mistake: // rounds down, which differs below zero.
check_halves(lambda n: n // 2)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 3
def total(losses):
    return sum(loss.item() for loss in losses)


check_total(total)
# A typical mistake: the sum is a tensor, which keeps all graphs alive.
check_total(lambda losses: torch.stack(losses).sum())


# %% tags=["solution"] jupyter={"source_hidden": true}
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
    hits = [net(x).detach().argmax(1) == y for x, y in batches]
    return 100 * torch.cat(hits).float().mean().item()


check_evaluate(evaluate_detached)

# %% [markdown]
# ---
# Back: [reductions and broadcasting](14_reductions_and_broadcasting.ipynb) · On: [benchmarks](16_benchmarks.ipynb) · [contents](00_start_here.ipynb)
