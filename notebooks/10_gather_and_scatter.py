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
# # Gather and scatter
#
# *收集与放回*
#
# A classifier gives each sample a score for every class. For the loss you want, for each sample, the score of *its* right
# class, and that is a different column in every row. A loop would do it, slowly. `gather` does it in one call, and yet
# it is a function that people look up again and again, because its formula is easy to read and hard to picture. So on
# this page we will picture it.
#
# **You will**
#
# - read `gather` from its formula, from a loop and from a drawing, in any dimension;
# - use it for the score of the right class, for the best few, and for the last step of sequences, and tell when plain
#   brackets are simpler;
# - put elements back with `scatter_`, and know when this undoes `gather` and when it does not;
# - count and add with `scatter_add_`;
# - solve eight puzzles, after which you will not have to look it up.
#
# **You need** indexing, as on [page 09](09_indexing.ipynb). No GPU.
#
# **Time**: 16 min to read, 4 s to run (AMD EPYC, 2 cores).
#
# ## The score of the right class
#
# *选取数据*
#
# Here are four samples and three classes. Each row of `scores` holds what the network says about one sample (for a
# classifier, these scores are called *logits*), and `labels` says which class is right:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch

scores = torch.tensor(
    [[2.0, 0.5, 0.1], [0.3, 1.5, 0.2], [0.1, 0.4, 3.0], [1.0, 0.9, 0.8]]
)
labels = torch.tensor([0, 2, 2, 1])

# %% [markdown]
# We want column 0 of the first row, column 2 of the second, and so on. `scores[:, labels]` would pick whole columns. You
# know one way from [page 09](09_indexing.ipynb#The-shape-of-advanced-indexing), a pair of index tensors in brackets:

# %%
scores[torch.arange(4), labels]

# %% [markdown]
# `gather` does it without the row numbers. Its first argument is the dimension to pick along, here 1, the columns. Its
# second is an index, with one column number for each element of the result, and the result takes the shape of that index.
# We want one element per row, so we turn the labels into a column of shape (4, 1):

# %%
scores.gather(1, labels[:, None])

# %% [markdown]
# The numbers are the same: 2.0 from the first row, 0.2 from the second, and so on. For one element per row, the
# brackets do just as well. But if you want several per row, perhaps with the column numbers that `topk` or `argsort`
# returned, or if the tensor has more dimensions, the brackets need further index tensors of just the right shapes,
# while `gather` still needs only the one. How does it work?
#
# ## Gather along dim 1
#
# *按列收集*
#
# To see where the elements come from, we take a tensor in which each value says where it stands: 12 is in row 1,
# column 2.

# %%
x = 10 * torch.arange(3)[:, None] + torch.arange(4)
x

# %% [markdown]
# The index has one number for each element of the output. Along dimension 1, this number is the *column* to fetch from,
# and the row stays the same. As a formula:
#
# `out[i][j] = x[i][index[i][j]]`
#
# As a loop, the formula reads:

# %% claims=["C34"]
index = torch.tensor([[3, 0], [1, 1], [0, 2]])
out = torch.empty_like(index)
for i in range(3):
    for j in range(2):
        out[i, j] = x[i, index[i, j]]
out

# %% [markdown]
# `gather` does the same in one call:

# %% claims=["C34"]
x.gather(1, index)

# %% [markdown]
# In the drawing, each column of `x` has a color, and each number of the index has the color of the column that it
# names. Elements travel left or right, but not up or down. The arrows follow one of them: the first number of the index
# is 3, so the output gets the element of `x` in the same row, the first, and in column 3. The output has the shape of
# the index.

# %% claims=["C34"]
from helpers.drawings.gather import show_gather

show_gather(x, 1, index, follow=0)

# %% [markdown]
# ## Gather along dim 0
#
# *按行收集*
#
# Along dimension 0 the index gives the *row*, and the column stays the same:
#
# `out[i][j] = x[index[i][j]][j]`
#
# Now elements travel up or down. In the drawing, a color stands for a row of `x`, and the arrows follow the 1 at the
# bottom right of the index to row 1, where they find the 13. (The [notes of 2017](16_notes_audited.ipynb) give both
# formulas like this, and they still hold.)

# %% claims=["C34"]
index = torch.tensor([[2, 0, 1, 1], [0, 0, 2, 1]])
show_gather(x, 0, index, follow=1)

# %% claims=["C34"]
x.gather(0, index)

# %% [markdown]
# Both formulas are the same rule, which holds for any number of dimensions and is worth learning by heart: **an output
# element comes from its own place, with the coordinate `dim` replaced by the index.** In three dimensions, for a tensor
# `cube` and `dim=2`, that reads `out[i][j][k] = cube[i][j][index[i][j][k]]`, so each slice `cube[i]` is gathered by its
# own slice of the index:

# %% claims=["C34"]
cube = torch.stack([x[:2, :3], 100 + x[:2, :3]])
index = torch.tensor([[[2, 0], [1, 1]], [[0, 2], [0, 0]]])
show_gather(cube, 2, index)

# %% [markdown]
# ### Gather and advanced indexing
#
# *与高级索引的关系*
#
# How is this related to the brackets of [page 09](09_indexing.ipynb#The-shape-of-advanced-indexing)? There we gave
# *advanced indexing* (高级索引) an index tensor for each dimension, and it broadcast them with each other. The rule tells
# us what these tensors are for `gather`: the index itself for `dim`, and for each other dimension the places in their
# natural order. For a matrix and dimension 1, that is a column of row numbers next to the index:

# %%
index = torch.tensor([[3, 0], [1, 1], [0, 2]])
x[torch.arange(3)[:, None], index], x.gather(1, index)

# %% [markdown]
# So `gather` is advanced indexing in which you give one coordinate and PyTorch fills in the others. For the cube above,
# the brackets would need two such helpers, `torch.arange(2)[:, None, None]` and `torch.arange(2)[:, None]`, and
# `gather` still needs none.
#
# ### What the index must be
#
# *对下标的要求*
#
# The index holds whole numbers (`int64`, or `int32`) and has as many dimensions as the input. The most frequent mistake
# is to forget the `[:, None]` from the beginning:

# %% claims=["C34"] tags=["raises-exception"]
scores.gather(1, labels)

# %% [markdown]
# Along `dim` the index may have any length. In the other dimensions it must not be longer than the input, and if it is
# *shorter*, the rest of the input is left out without a warning. There is no broadcasting: an index with one row picks
# from the first row only.

# %% claims=["C34"]
x.gather(1, torch.tensor([[3, 0]]))

# %% [markdown]
# If you meant the same columns for every row, use `take_along_dim`, which broadcasts the index and then gathers:

# %%
x.take_along_dim(torch.tensor([[3, 0]]), dim=1)

# %% [markdown]
# ## Gather at work
#
# *收集的用途*
#
# **Cross entropy** (交叉熵), the loss of most classifiers, is the example from the beginning: take the log-probability of
# the right class, change the sign, and average over the samples.

# %%
right = scores.log_softmax(1).gather(1, labels[:, None])
-right.mean(), torch.nn.functional.cross_entropy(scores, labels)

# %% [markdown]
# **The best few.** Which two classes does the network consider most likely, and how likely are they? `topk` returns the
# largest scores (`values`) and the columns in which they stand (`indices`, our `places`). With these places, `gather`
# picks the matching elements from any other tensor of the same shape, here the probabilities:

# %%
values, places = scores.topk(2, dim=1)
places, scores.softmax(1).gather(1, places)

# %% [markdown]
# This is where `gather` is at its best: `topk`, `sort` and `argsort` return an index of just the shape that it wants.
#
# **The last step of sequences of different lengths.** Sentences in a batch have different lengths, so the shorter ones
# are padded (填充) at the end. Suppose that a network has produced two numbers for each step, and that we need those of
# the last real step. Here are three sequences, padded to four steps. Again each number says where it is from: 231 is
# sequence 2, step 3, number 1.

# %%
sequences = 10 * torch.arange(4)[:, None] + torch.arange(2)
sequences = 100 * torch.arange(3)[:, None, None] + sequences
lengths = torch.tensor([3, 1, 4])
sequences.shape, sequences[2]

# %% [markdown]
# We fetch along dimension 1, the steps, and the last step of a sequence is its length minus 1. The index needs three
# dimensions and one entry for each number that we want, so it is expanded along the last dimension:

# %%
last = (lengths - 1)[:, None, None].expand(3, 1, 2)
sequences.gather(1, last).squeeze(1)

# %% [markdown]
# You will meet this idiom in many programs. As it is only one step per sequence, though, the brackets are shorter here:

# %%
sequences[torch.arange(3), lengths - 1]

# %% [markdown]
# ## Scatter
#
# *放回*
#
# `gather` collects elements; `scatter_` puts them where they belong. In the formula the index changes sides, so that
# along dimension 1 it reads `out[i][index[i][j]] = src[i][j]`. The rule is the same, with *goes to* instead of *comes
# from*: an element of the source (`src`) goes to its own place, with the coordinate `dim` replaced by the index. (The
# index may be smaller than the source, whose other elements are then left out.) We gather all elements of `x` in
# another order, and scatter them into a tensor of zeros. The drawing is that of `gather` read backwards:

# %% claims=["C35"]
from helpers.drawings.scatter import show_scatter

index = torch.tensor([[3, 0, 2, 1], [0, 1, 2, 3], [1, 3, 0, 2]])
taken = x.gather(1, index)
show_scatter(torch.zeros_like(x), 1, index, taken, follow=0)

# %% [markdown]
# What `gather` took has been put back. Here `scatter_` is an exact inverse (逆操作), because each row of the index is a
# permutation (排列), which names every column once:

# %% claims=["C35"]
torch.zeros_like(x).scatter_(1, index, taken).equal(x)

# %% [markdown]
# > **Then and now.** The notes write `out = Tensor()` and `out.scatter_(dim, index)`. That is a slip: the source is
# > missing, and an empty tensor has no room for it. With a source, the second fault remains:

# %% claims=["C36"] tags=["raises-exception"]
torch.Tensor().scatter_(1, index, taken.float())

# %% [markdown]
# The empty tensor has a single dimension, and so there is no dimension 1. What the call needs is a target of the full
# size, and a source of the same dtype. (The underscore means that the target is changed in place; `scatter` without it
# returns a new tensor.) Instead of a source you may also give one number, which goes to all places that the index
# names. In older programs, this is how labels become *one-hot* (独热编码) rows, with a 1 in the column of the right class:

# %% claims=["C36"]
torch.zeros(4, 3).scatter_(1, labels[:, None], 1.0)

# %% [markdown]
# Today there is a function for it. It returns whole numbers, so add `.float()` where a loss wants floats:

# %%
torch.nn.functional.one_hot(labels, num_classes=3)

# %% [markdown]
# ### Not quite an inverse
#
# *近似逆操作*
#
# The notes call `scatter_` the *approximate* inverse of `gather`, for an index need not be a permutation. Two things can
# go wrong. First, what `gather` did not take cannot be put back. Those places keep what the target held before, here -1:

# %% claims=["C35"]
index = torch.tensor([[3, 0], [1, 1], [0, 2]])
torch.full_like(x, -1).scatter_(1, index, x.gather(1, index))

# %% [markdown]
# Second, two values may be sent to one place, and only one can stay. If both were gathered from there, they are equal
# and it does not matter. But other values may differ. Here, in the second row, both 60 and 61 go to column 1:

# %% claims=["C35"]
src = torch.tensor([[50, 51], [60, 61], [70, 71]])
show_scatter(torch.zeros_like(x), 1, index, src)

# %% [markdown]
# Which one stays is not defined. The documentation says that it is picked arbitrarily, and on a GPU it can change from
# one run to the next. So do not rely on it. The next section shows what to do when several values are meant to meet.
#
# ## Scatter at work
#
# *放回的用途*
#
# Two customers bought something four times each, and `shops` says in which of three shops it was each time. How often
# did each customer visit each shop? Now several values are *meant* to arrive at one place, and `scatter_add_` adds them
# up. If they are all ones, it counts:

# %% claims=["C35"]
shops = torch.tensor([[0, 2, 0, 0], [1, 1, 2, 1]])
counts = torch.zeros(2, 3, dtype=torch.int64)
counts.scatter_add_(1, shops, torch.ones_like(shops))

# %% [markdown]
# The first customer was in shop 0 three times and in shop 2 once. How much did they spend in each? Now the source is what
# they paid:

# %%
paid = torch.tensor([[1, 2, 3, 5], [4, 6, 9, 8]])
show_scatter(torch.zeros(2, 3, dtype=torch.int64), 1, shops, paid, add=True)

# %% [markdown]
# A sum does not depend on which value arrives first, so this time the result is defined. (On a GPU, a sum of
# floating-point numbers may still differ in its last digits from run to run, because the order of the additions does.)
# `scatter_reduce` can also keep the largest (`"amax"`) or the smallest, or form the product or the mean. Here is the
# largest amount in each shop. With `include_self=False` the old value of the target does not take part, but it stays
# where nothing arrives, as for the shop that a customer never visited:

# %% claims=["C35"]
zeros = torch.zeros(2, 3, dtype=torch.int64)
zeros.scatter_reduce(1, shops, paid, "amax", include_self=False)

# %% [markdown]
# Scattering also turns places into a *boolean mask* (布尔掩码). A language model that writes a text draws the next word at
# random, but often from the few likeliest words only, which is known as *top-k sampling*. `topk` has told us where the
# two best scores of each row are. Scatter `True` to these places, and everything outside the mask can be set to minus
# infinity, which a softmax turns into a probability of 0:

# %%
keep = torch.zeros_like(scores, dtype=torch.bool)
keep = keep.scatter(1, places, True)
scores.masked_fill(~keep, -torch.inf).softmax(1)

# %% [markdown]
# Each row still adds up to 1, but now the two classes that were kept share all of the probability.
#
# If you have read about [gradients](02_autograd.ipynb), here is why the sum matters so much. When `gather` has copied
# an element to two places, its gradient is the sum of the gradients at both, and so the backward pass of `gather` is a
# `scatter_add`. The index from the last section, `[[3, 0], [1, 1], [0, 2]]`, picks `x[1, 1]` twice, which gives the 2
# below, and some elements not at all, which gives the zeros:

# %%
w = x.float().requires_grad_()
w.gather(1, index).sum().backward()
w.grad

# %% [markdown]
# ## Recap
#
# - One rule: an element of the output comes from its own place, with the coordinate `dim` replaced by the index.
# - The output has the shape of the index, which has as many dimensions as the input. Often it is `labels[:, None]`.
# - `gather` is advanced indexing in which you give one coordinate and PyTorch fills in the others. For one element per
#   row, `scores[rows, labels]` does just as well; with the places that `topk` or `argsort` return, `gather` is simpler.
# - `scatter_` is the same rule backwards. It undoes `gather` if the index names each place along `dim`: with `dim=1`, if
#   each row is a permutation, for instance. Places that are not named keep their old value, and where several values
#   meet, any of them may stay.
# - `scatter_add_` adds up the values that meet, and `scatter_reduce` combines them in other ways.

# %% [markdown]
# ## Exercises
#
# Eight puzzles, from easy to hard, in the spirit of Sasha Rush's [Tensor
# Puzzles](https://github.com/srush/Tensor-Puzzles). Each asks for a function that works for tensors of any size and
# uses **no loop** and **exactly one** `gather` (or `scatter`). The check counts the calls, and verifies that your
# result really comes from the one you made. The trick is in the index: build it with `torch.arange`, arithmetic and
# broadcasting. Most puzzles come with a picture of an example, in which the index is hidden.
#
# **1. Diagonal.** From an n × n matrix, return its diagonal as an n × 1 matrix. One `gather`.

# %% tags=["exercise"]
from helpers.exercises.gather_and_scatter import check_diagonal, show_puzzle

show_puzzle("diagonal")


def diagonal(x): ...


check_diagonal(diagonal)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Which column does row 0 need, and which one does row 1 need? The index is a column of numbers that you can write as
# `torch.arange`.
#
# </details>

# %% [markdown]
# **2. Backwards.** Return a matrix with each of its rows reversed. One `gather`.

# %% tags=["exercise"]
from helpers.exercises.gather_and_scatter import check_backwards

show_puzzle("backwards")


def backwards(x): ...


check_backwards(backwards)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# All rows need the same index, the last column first. `gather` does not broadcast: `expand` the row to the shape of `x`.
#
# </details>

# %% [markdown]
# **3. Staircase.** Column j of the matrix moves down by j places; what leaves at the bottom comes back at the top. One
# `gather`.

# %% tags=["exercise"]
from helpers.exercises.gather_and_scatter import check_staircase

show_puzzle("staircase")


def staircase(x): ...


check_staircase(staircase)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Which dimension do the elements travel along? Where does the element in row i, column j of the result come from?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# It comes from row i - j. Take that modulo the number of rows (`%`), so that it stays inside the matrix.
#
# </details>

# %% [markdown]
# **4. Right words.** A language model gives `logits` of shape (batch, steps, vocabulary), and `words` of shape (batch,
# steps) says which word was right at each step. Return their logits, of shape (batch, steps). One `gather`.

# %% tags=["exercise"]
from helpers.exercises.gather_and_scatter import check_right_words


def right_words(logits, words): ...


check_right_words(right_words)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# It is the first example of this page with one dimension more. Count the dimensions of the index.
#
# </details>

# %% [markdown]
# **5. Windows.** From each row of `x` (n × length), cut a window of `size` elements that begins at `starts[row]`. Return
# them as n × size. One `gather`.

# %% tags=["exercise"]
from helpers.exercises.gather_and_scatter import check_windows

show_puzzle("windows")


def windows(x, starts, size): ...


check_windows(windows)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# The columns of a window that starts at s are s, s + 1, s + 2, ... A column of starts plus a row of steps is a matrix.
#
# </details>

# %% [markdown]
# **6. Unsorted.** `values, order = x.sort(dim=1)` sorts the rows. From `values` and `order` alone, make `x` again. One
# `scatter_`.

# %% tags=["exercise"]
from helpers.exercises.gather_and_scatter import check_unsorted

show_puzzle("unsorted")


def unsorted(values, order): ...


check_unsorted(unsorted)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Sorting gathered the elements: `values` is `x.gather(1, order)`. What undoes a gather whose index is a permutation?
#
# </details>

# %% [markdown]
# **7. Histograms.** Each row of `x` holds whole numbers from 0 to `bins - 1`. Count, row by row, how often each number
# occurs: an n × bins tensor of `int64`. One `scatter_add_`.

# %% tags=["exercise"]
from helpers.exercises.gather_and_scatter import check_histograms


def histograms(x, bins): ...


check_histograms(histograms)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# See how the page counts the visits to the shops. What are the target, the index and the source here?
#
# </details>

# %% [markdown]
# **8. Ranks (hard).** Replace each element by its rank in its row: 0 for the smallest, 1 for the next, and so on (no
# two are equal). The row 40, 10, 30, 20, for example, becomes 3, 0, 2, 1. One `argsort` and one `scatter_`.

# %% tags=["exercise"]
from helpers.exercises.gather_and_scatter import check_ranks

show_puzzle("ranks")


def ranks(x): ...


check_ranks(ranks)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `x.argsort(1)` says, for each rank, where the element with this rank stands. You need it the other way round.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# So send rank 0 to the place that stands first in a row of `argsort`, rank 1 to the second: the source is
# `torch.arange`, expanded to all rows.
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# In JupyterLab, click on a solution to open it. Below each one is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
def diagonal(x):
    return x.gather(1, torch.arange(len(x))[:, None])


check_diagonal(diagonal)
# A typical mistake: the numbers in a row pick from the first row only.
check_diagonal(lambda x: x.gather(1, torch.arange(len(x))[None]))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
def backwards(x):
    last = x.shape[1] - 1
    return x.gather(1, (last - torch.arange(last + 1)).expand_as(x))


check_backwards(backwards)
# A typical mistake: flip, which is right elsewhere but not allowed here.
check_backwards(lambda x: x.flip(1))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def staircase(x):
    rows, columns = x.shape
    i, j = torch.arange(rows)[:, None], torch.arange(columns)
    return x.gather(0, (i - j) % rows)


check_staircase(staircase)
# A typical mistake: the columns move up.
check_staircase(
    lambda x: x.gather(
        0,
        (torch.arange(x.shape[0])[:, None] + torch.arange(x.shape[1]))
        % x.shape[0],
    )
)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 4
def right_words(logits, words):
    return logits.gather(2, words[..., None]).squeeze(2)


check_right_words(right_words)
# A typical mistake: the last dimension is not dropped again.
check_right_words(lambda logits, words: logits.gather(2, words[..., None]))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 5
def windows(x, starts, size):
    return x.gather(1, starts[:, None] + torch.arange(size))


check_windows(windows)


# A typical mistake: a loop, which is what gather is there to replace.
def windows_by_loop(x, starts, size):
    rows = [row[s : s + size] for row, s in zip(x, starts, strict=True)]
    return torch.stack(rows)


check_windows(windows_by_loop)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 6
def unsorted(values, order):
    return torch.zeros_like(values).scatter_(1, order, values)


check_unsorted(unsorted)
# A typical mistake: gathered once more.
check_unsorted(lambda values, order: values.gather(1, order))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 7
def histograms(x, bins):
    counts = torch.zeros(len(x), bins, dtype=torch.int64)
    return counts.scatter_add_(1, x, torch.ones_like(x))


check_histograms(histograms)
# A typical mistake: however often scatter_ writes a 1, it stays a 1.
check_histograms(
    lambda x, bins: torch.zeros(len(x), bins, dtype=int).scatter_(1, x, 1)
)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 8
def ranks(x):
    order = x.argsort(1)
    numbers = torch.arange(x.shape[1]).expand_as(x)
    return torch.zeros_like(order).scatter_(1, order, numbers)


check_ranks(ranks)
# A typical mistake: argsort alone tells where each rank stands, not which
# rank each element has.
check_ranks(lambda x: x.argsort(1))

# %% [markdown]
# ---
# Previous: [indexing](09_indexing.ipynb) · Next: [types and devices](11_types_and_devices.ipynb)
