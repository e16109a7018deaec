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
# # Indexing
#
# *索引*
#
# Which days were warmer than ten degrees, and where? Every program that works with data asks such questions, and
# square brackets answer most of them. The brackets also hold two surprises. Some of them hand you a view of the same
# memory and some a copy, so that the same assignment may change your data or vanish without a word; and a few shapes
# that come out of them are hard to guess. Section 3 of the notes lists the calls. This page makes them predictable.
#
# **You will**
#
# - pick rows, columns, blocks and single elements with slices, lists and boolean masks (布尔掩码);
# - tell at a glance whether an index gives a view or a copy;
# - find *where* something is with `nonzero`, choose between two tensors with `where`, and write through an index;
# - predict the shape that advanced indexing (高级索引) gives, also where NumPy differs;
# - read the errors of an index out of range, on the CPU and on a GPU.
#
# **You need** tensors and their shapes ([page 08](08_tensor_shapes.ipynb)). No GPU.
#
# **Time**: 20 min to read, 12 s to run (AMD EPYC, 2 cores).
#
# ## A table of temperatures
#
# *基本索引*
#
# Three weather stations, one a row, and four seasons, one a column: the mean temperature in degrees.

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch

t = torch.tensor([[3, 12, 21, 11], [-2, 9, 18, 8], [7, 16, 27, 17]])
t

# %% [markdown]
# Numbers and slices work as they do for Python's lists, once for each dimension. The second station, its spring, and
# all stations in summer:

# %%
t[1], t[1, 1], t[:, 2]

# %% [markdown]
# A slice has a start, an end (not included) and a step. `...` stands for as many `:` as are missing, and `None` puts in a
# new dimension of size 1:

# %%
t[::2, 1:3], t[..., -1], t[:, None].shape

# %% [markdown]
# Note that a single number drops its dimension, so `t[1]` has one dimension left, while the slice `t[1:2]` keeps it.
# Forgetting this is behind many shape errors:

# %%
t[1].shape, t[1:2].shape

# %% [markdown]
# If you come from NumPy or from Python's lists, you will sooner or later write this, to turn the order around:

# %% tags=["raises-exception"]
t[::-1]

# %% [markdown]
# PyTorch's strides cannot be negative, so a step must be positive. `flip` does the job, and unlike NumPy's `[::-1]` it
# makes a copy:

# %%
t.flip(0)

# %% [markdown]
# ## Boolean masks
#
# *掩码*
#
# Now the question from the beginning. A comparison asks it of each element and answers with a *mask*, a tensor of true
# and false of the same shape:

# %% claims=["C32"]
warm = t > 10
warm

# %% [markdown]
# Used as an index, a mask picks the elements where it is true, row by row. What is left need not be a rectangle, and so
# the result is always a single row. The notes' `masked_select` is the same thing as a function:

# %% claims=["C32"]
t[warm], t.masked_select(warm)

# %% [markdown]
# Since `True` counts as one, sums and means of a mask answer "how many" and "what share":

# %%
warm.sum(), warm.float().mean(), warm.any(dim=0)

# %% [markdown]
# Conditions are joined with `&` (and), `|` (or) and `~` (not), each in parentheses, because these operators bind more
# tightly than `>`. A mask over rows alone picks whole rows. Which stations have a mild winter, but not a hot summer?

# %%
t[(t[:, 0] > 0) & ~(t[:, 2] > 25)]

# %% [markdown]
# > **Then and now.** In PyTorch 0.2 a comparison gave a ByteTensor, zeros and ones of type `uint8`, and that is what the
# > notes index with. Since 1.2 it gives a bool tensor. An old `uint8` mask still works between brackets, with a warning,
# > and `masked_select` refuses it.

# %% claims=["C32"]
from helpers.messages import print_warnings

with print_warnings():
    print(t[warm.byte()])

# %% claims=["C32"] tags=["raises-exception"]
t.masked_select(warm.byte())

# %% [markdown]
# Old code also wrote `1 - mask` for "not". Today that is an error, and its message names the remedy:

# %% claims=["C32"] tags=["raises-exception"]
1 - warm

# %% [markdown]
# Apply that remedy to a bool mask only. On an old `uint8` mask, `~` flips all eight bits, and both results count as true:

# %% claims=["C32"]
~torch.tensor([0, 1], dtype=torch.uint8)

# %% [markdown]
# ## Lists and index tensors
#
# *按下标选取*
#
# A mask says yes or no to each element. To name rows in an order of your own, or more than once, write a list or a tensor
# of indices. The third station twice, then the first:

# %%
t[[2, 2, 0]]

# %% [markdown]
# `index_select(dim, index)` from the notes does this along any dimension. Here the columns, autumn before winter:

# %% claims=["C31"]
columns = torch.tensor([3, 0])
t.index_select(1, columns), t[:, columns]

# %% [markdown]
# ## View or copy
#
# *视图还是副本*
#
# So far every index gave the right numbers. The difference shows when you write. `t[1]` is a view, and writing into it
# changes the table:

# %% claims=["C37"]
u = t.clone()
u[1][0] = 99
u

# %% [markdown]
# `u[[2]]` looks much the same, but it is a copy. The assignment changes the copy, nobody has a name for it, and it is
# gone. The table keeps its 7:

# %% claims=["C37"]
u[[2]][0, 0] = 99
u[2]

# %% [markdown]
# The rule is simple. Numbers, slices, `...` and `None` are *basic* indexing: they only need other strides
# ([page 08](08_tensor_shapes.ipynb#Storage-and-strides)), so the result is a view. As soon as there is a list, a mask or
# a tensor of indices in the brackets, it is *advanced* indexing, and the result is a copy. In the picture, views are blue
# and copies orange; below each stands the shape.

# %% claims=["C37"]
from helpers.drawings.picks import show_picks

show_picks(
    t,
    {
        "t[1]": t[1],
        "t[::2, 1:3]": t[::2, 1:3],
        "t[:, None]": t[:, None],
        "t[..., -1]": t[..., -1],
        "t[[1]]": t[[1]],
        "t[:, [3, 0]]": t[:, [3, 0]],
        "t[t > 10]": t[t > 10],
        "t[[0, 2], [1, 3]]": t[[0, 2], [1, 3]],
    },
)

# %% [markdown]
# > **Then and now.** Advanced indexing was new in the notes' own release, 0.2, and they say that its results *mostly* do
# > not share memory. Today the rule needs no "mostly", only a footnote: an index tensor without dimensions, such as
# > `torch.tensor(1)`, counts as a plain number.

# %% claims=["C37"]
u[torch.tensor(1)][0] = -2
u[1]

# %% [markdown]
# ## Where is it
#
# *非零元素的下标*
#
# A mask says which elements are warm. `nonzero` says *where* they are: one line for each, with its row and its column.
# (The notes write `non_zero`, but there has never been a function of that name.)

# %% claims=["C33"]
frost = t < 0
frost.nonzero()

# %% [markdown]
# Station 1, season 0. With `as_tuple=True` you get one tensor for each dimension instead, which is how an index wants it:

# %% claims=["C33"]
rows, columns = (t > 20).nonzero(as_tuple=True)
rows, columns, t[rows, columns]

# %% [markdown]
# `torch.where` with a condition alone is the same as `nonzero(as_tuple=True)`. With three arguments it does something
# else, and something you will use often: it keeps the shape, and takes each element from the second argument where the
# condition is true, and from the third where it is not.

# %%
torch.where(t > 10, t, 0)

# %% [markdown]
# ## Write through an index
#
# *索引赋值*
#
# On the left of `=`, advanced indexing makes no copy. It writes into the tensor itself:

# %%
u = t.clone()
u[u < 0] = 0
u[:, [0, 3]] += 100
u

# %% [markdown]
# There is one trap. Suppose five people vote for four candidates, and we count the votes with `+=`:

# %%
votes = torch.tensor([2, 0, 2, 2, 3])
counts = torch.zeros(4, dtype=torch.int64)
counts[votes] += 1
counts

# %% [markdown]
# Candidate 2 got three votes, but only one was counted. PyTorch reads the five counts, adds one to each, and *then* writes
# them back: the same 1 goes to place 2 three times. `index_add_` adds as often as a place is named:

# %%
torch.zeros(4, dtype=torch.int64).index_add_(0, votes, torch.ones_like(votes))

# %% [markdown]
# (For plain counting there is `votes.bincount(minlength=4)`. `index_add_` can add whole rows, too.)
#
# ## The shape of advanced indexing
#
# *高级索引的形状*
#
# What do you expect from `t[[0, 2], [3, 1]]`: a block of two rows and two columns, or two elements?

# %%
t[[0, 2], [3, 1]]

# %% [markdown]
# Two elements: `t[0, 3]` and `t[2, 1]`. Index tensors are matched with each other element by element, like the arguments
# of an addition, and that includes broadcasting (广播). To get the block, turn the row indices into a column, and
# broadcasting pairs each row with each column:

# %%
rows, columns = torch.tensor([0, 2]), torch.tensor([3, 1])
t[rows[:, None], columns]

# %%
show_picks(
    t,
    {
        "t[rows, columns]": t[rows, columns],
        "t[rows[:, None], columns]": t[rows[:, None], columns],
    },
)

# %% [markdown]
# If the shapes cannot be broadcast, the message says so:

# %% tags=["raises-exception"]
t[[0, 1], [0, 1, 2]]

# %% [markdown]
# With slices in between, one more question arises: where does the common shape of the indices go? As long as the index
# tensors stand side by side, it takes their place. If a slice parts them, there is no such place, and it goes to the
# front. Watch the 2 in these shapes:

# %%
big = torch.zeros(4, 5, 6, 7)
i = torch.tensor([1, 0])
big[:, i, i].shape, big[:, i, :, i].shape

# %% [markdown]
# ### Where NumPy differs
#
# *与 NumPy 的差别*
#
# NumPy has the same rules, with one exception that has cost people days. For NumPy a plain number beside an index array
# counts as an index array too; for PyTorch it simply drops its dimension. So here NumPy sees two indices parted by a
# slice, and moves the 2 to the front:

# %%
big[0, :, i].shape, big.numpy()[0, :, i].shape

# %% [markdown]
# Keep numbers and index tensors apart, `big[0][:, i]`, and both agree.
#
# ## Out of range
#
# *越界*
#
# Our table has rows 0, 1 and 2. Asking for row 3 is an error; only slices forgive, and return what there is.

# %% tags=["raises-exception"]
t[torch.tensor([0, 3])]

# %%
t[3:]

# %% [markdown]
# Negative numbers count from the end in brackets, `t[-1]`, but not in the functions: `index_select`, `gather` and
# `scatter_` refuse them.
#
# ### The same mistake on a GPU
#
# *GPU 上的越界*
#
# On a GPU the same mistake looks frightening. The call that is wrong returns without complaint, because work for a GPU
# is only put into a queue. The kernel that runs a moment later finds the bad index and stops, and the error appears in
# a *later* line that is innocent, often `.item()` or `loss.backward()`: `CUDA error: device-side assert triggered`.
# From then on every call on that GPU fails, until you restart the process.
#
# We can imitate the queue on any machine with a thread that works through what it is given. The wrong call returns:

# %%
from concurrent.futures import ThreadPoolExecutor

queue = ThreadPoolExecutor(max_workers=1)
wrong = queue.submit(t.index_select, 0, torch.tensor([0, 3]))
innocent = queue.submit(t.sum)

# %% [markdown]
# No error so far. It comes when somebody needs the result:

# %% tags=["raises-exception"]
wrong.result()

# %% [markdown]
# Two remedies find the guilty line. Set the environment variable `CUDA_LAUNCH_BLOCKING=1` before you start Python: then
# each call waits for its kernel, and the traceback is right. Or run the same code on the CPU for one batch, where the
# message even names the index. The most frequent culprit is a label outside `0 … classes − 1` in a cross entropy, or a
# word index beyond the size of an `nn.Embedding`.
#
# ## Going further
#
# *更进一步*
#
# `take` counts through the elements as if they stood in one row, and `take_along_dim` picks one element per row, given
# its place. That is how you use the result of `argmax`. The warmest season of each station, and its temperature:

# %%
warmest = t.argmax(dim=1, keepdim=True)
warmest, t.take_along_dim(warmest, dim=1)

# %% [markdown]
# This is `gather`, the subject of [the next page](10_gather_and_scatter.ipynb).
#
# ## Recap
#
# - Numbers and slices are basic indexing and give views; lists, masks and index tensors are advanced indexing and give
#   copies. On the left of `=`, both write into the tensor.
# - A mask picks elements into one row; join masks with `&`, `|` and `~`, in parentheses.
# - `nonzero` tells where, `where(condition, a, b)` chooses, and `index_add_` counts repeated places correctly.
# - Index tensors are broadcast with each other. `t[rows, columns]` is pairs, `t[rows[:, None], columns]` is a block.
# - An index out of range raises an error at once on the CPU, and somewhere later on a GPU.

# %% [markdown]
# ## Exercises
#
# Put your code in the place of the three dots and run the cell. The check tries your function on tensors that are not
# on this page.
#
# **1. Clean up.** Sensors report -999 when they fail. `clean(x)` returns a copy of a float tensor in which each -999 is
# replaced by the mean of all the other elements. The argument itself must not change.

# %% tags=["exercise"]
from helpers.exercises.indexing import check_clean


def clean(x): ...


check_clean(clean)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# One mask serves twice: once to leave the failures out of the mean, once to replace them.
#
# </details>

# %% [markdown]
# **2. A block in the middle.** `border(x)` returns a copy of a matrix in which all elements are 0 except those of its
# border: the first and the last row, the first and the last column.

# %% tags=["exercise"]
from helpers.exercises.indexing import check_border


def border(x): ...


check_border(border)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# What is *not* the border is a block that two slices describe. Write zeros into it.
#
# </details>

# %% [markdown]
# **3. The rows that hold the largest elements.** `top_rows(x, k)` returns the numbers of the rows in which the `k`
# largest elements of a matrix stand, in ascending order and each row once. No loop.

# %% tags=["exercise"]
from helpers.exercises.indexing import check_top_rows


def top_rows(x, k): ...


check_top_rows(top_rows)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `x.flatten().topk(k).indices` counts through all elements, row by row. How do you get the row from such a number?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Divide by the length of a row with `//`. `torch.unique` sorts and drops repetitions.
#
# </details>

# %% [markdown]
# **4. A mean for each group (hard).** Each row of `points` (N × D, float) belongs to one of the groups 0 to `groups - 1`,
# as the N numbers in `group` say. `group_means(points, group, groups)` returns a `groups` × D tensor of means, without a
# loop. Each group has at least one member.

# %% tags=["exercise"]
from helpers.exercises.indexing import check_group_means


def group_means(points, group, groups): ...


check_group_means(group_means)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# A mean is a sum divided by a count. Sums of rows by group are what `index_add_` is for.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `bincount(minlength=groups)` counts. Its shape must be made to fit that of the sums: which dimension is missing?
#
# </details>

# %% [markdown]
# ## Solutions
#
# Click to open. They run and are verified like every other cell. Below each solution is a typical mistake, with what the
# check says of it.


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 1
def clean(x):
    failed = x == -999
    return torch.where(failed, x[~failed].mean(), x)


check_clean(clean)


# A typical mistake: an assignment through the mask, into the argument itself.
def clean_in_place(x):
    x[x == -999] = x[x != -999].mean()
    return x


check_clean(clean_in_place)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 2
def border(x):
    result = x.clone()
    result[1:-1, 1:-1] = 0
    return result


check_border(border)


# A typical mistake: the end of a slice is not included, so -2 stops too early.
def wider_border(x):
    result = x.clone()
    result[1:-2, 1:-2] = 0
    return result


check_border(wider_border)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 3
def top_rows(x, k):
    return torch.unique(x.flatten().topk(k).indices // x.shape[1])


check_top_rows(top_rows)
# A typical mistake: % gives the column.
check_top_rows(
    lambda x, k: torch.unique(x.flatten().topk(k).indices % x.shape[1])
)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 4
def group_means(points, group, groups):
    sums = torch.zeros(groups, points.shape[1])
    sums.index_add_(0, group, points)
    return sums / group.bincount(minlength=groups)[:, None]


check_group_means(group_means)


# A typical mistake: += counts a repeated place once.
def last_of_each_group(points, group, groups):
    sums = torch.zeros(groups, points.shape[1])
    sums[group] += points
    return sums / group.bincount(minlength=groups)[:, None]


check_group_means(last_of_each_group)

# %% [markdown]
# ---
# Back: [shapes and storage](08_tensor_shapes.ipynb) · On: [gather and scatter](10_gather_and_scatter.ipynb)
