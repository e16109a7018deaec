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
# # Indexing
#
# *索引*
#
# Which seasons were warmer than ten degrees, and where? Programs that work with data ask such questions all the time,
# and square brackets answer most of them. The brackets also hold two surprises. Some indices hand you a view of the
# same memory and others a copy, so that an assignment may change your data or vanish without a word. And some of the
# shapes that come out are hard to guess. Section 3 of the [notes of 2017](16_notes_audited.ipynb) lists the calls; this
# page is about predicting what they do.
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
# **Time**: 19 min to read, 4 s to run (AMD EPYC, 2 cores).
#
# ## A table of temperatures
#
# *基本索引*
#
# Our example is a small table. Each row is a weather station, each column a season (winter, spring, summer and autumn,
# in this order), and each number is a mean temperature in degrees Celsius.

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch

t = torch.tensor([[3, 12, 21, 11], [-2, 9, 18, 8], [7, 16, 27, 17]])
t

# %% [markdown]
# Numbers and slices pick what they would pick from a Python list, once for each dimension. Here is the second station,
# then its spring alone, and then the summer of all stations:

# %%
t[1], t[1, 1], t[:, 2]

# %% [markdown]
# A slice has a start, an end (which is not included) and a step, so `::2` takes every other row. `...` stands for as
# many `:` as are missing, which is handy when a tensor has four dimensions and you mean the last. And `None` puts in a
# new dimension of size 1, which we shall need further down to turn a row into a column:

# %%
t[::2, 1:3], t[..., -1], t[:, None].shape

# %% [markdown]
# Note that a single number drops its dimension, so `t[1]` has one dimension left, while the slice `t[1:2]` keeps both.
# The values are the same, and many a shape error begins here:

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
# Now to the question from the beginning: which seasons were warmer than ten degrees? A comparison asks this of each
# element, and the answer is a *mask*, a tensor of the same shape that holds true or false:

# %% claims=["C32"]
warm = t > 10
warm

# %% [markdown]
# Used as an index, the mask picks the elements where it is true, row by row. They need not form a rectangle, so a mask
# of the full shape gives a result with one dimension. The notes' `masked_select` is the same thing as a function:

# %% claims=["C32"]
t[warm], t.masked_select(warm)

# %% [markdown]
# You can also do arithmetic with a mask. Since `True` counts as one, its sum says how many values were warm, and its mean
# what share of them. (`mean` wants floating-point numbers, hence the `float()`.) `any(dim=0)` goes down each column and
# asks whether at least one station was warm in that season:

# %%
warm.sum(), warm.float().mean(), warm.any(dim=0)

# %% [markdown]
# What about two conditions at once? Python's own `and` does not work, because it wants a single true or false from
# twelve of them:

# %% tags=["raises-exception"]
t[t > 10 and t < 20]

# %% [markdown]
# When you meet this message, look for an `and`, an `or`, a `not`, an `if` or a `while` beside a tensor, or for a chain
# such as `10 < t < 20`, in which Python hides an `and`. Masks are joined with `&` (and), `|` (or) and `~` (not). These
# bind more tightly than `>`, so each comparison needs its parentheses:

# %%
t[(t > 10) & (t < 20)]

# %% [markdown]
# A mask need not have the full shape. One with an entry for each *row* picks whole rows, and the result stays a table.
# Which stations have a mild winter, but not a hot summer?

# %%
t[(t[:, 0] > 0) & ~(t[:, 2] > 25)]

# %% [markdown]
# > **Then and now.** In PyTorch 0.2 a comparison gave a ByteTensor, zeros and ones of type `uint8`, and that is what the
# > notes index with. Since 1.2 it gives a bool tensor. An old `uint8` mask still picks elements between brackets, with a
# > warning, but `t[mask] = 0`, `masked_fill` and `masked_select` refuse it. Convert such a mask with `mask.bool()`.

# %% claims=["C32"]
from helpers.messages import print_warnings

with print_warnings():
    print(t[warm.byte()])

# %% claims=["C32"] tags=["raises-exception"]
t.masked_select(warm.byte())

# %% [markdown]
# Old code also wrote `1 - mask` for "not". Today that is an error, and its message names the remedy. (The type of the
# error has changed between releases. `except RuntimeError` catches it in all of them.)

# %% claims=["C32"]
try:
    1 - warm
except RuntimeError as error:
    print(error)

# %% [markdown]
# Apply the remedy to bool masks only. On an old `uint8` mask, `~` flips all eight bits. Neither of the results is zero,
# so as a mask, both would count as true:

# %% claims=["C32"]
~torch.tensor([0, 1], dtype=torch.uint8)

# %% [markdown]
# ## Lists and index tensors
#
# *按下标选取*
#
# A mask says yes or no to each element. To name rows in an order of your own, or more than once, write a list or a
# tensor of indices. Here is the third station twice, then the first:

# %%
t[[2, 2, 0]]

# %% [markdown]
# `index_select(dim, index)` from the notes does this along one dimension of your choice. Here it picks columns, autumn
# before winter, and brackets give the same:

# %% claims=["C31"]
columns = torch.tensor([3, 0])
t.index_select(1, columns), t[:, columns]

# %% [markdown]
# Picking rows has a use that you will meet again and again: turning class numbers into vectors. Suppose each of four
# measurements comes with the number of its season. A network should not take these numbers for quantities, since autumn
# is not three times as much as spring. So each number is turned into a row of its own, with a 1 in the column of its
# season and 0 elsewhere. Such a row is called *one-hot* (独热编码), and the one-hot rows are the rows of the identity
# matrix:

# %%
seasons = torch.tensor([2, 0, 3, 2])
torch.eye(4, dtype=torch.int64)[seasons]

# %% [markdown]
# (`torch.nn.functional.one_hot` does the same. Put a matrix of learned numbers in place of the identity matrix, and you
# have an `nn.Embedding`, which gives each word of a vocabulary a row of its own.)
#
# ## View or copy
#
# *视图还是副本*
#
# As long as you only read, all of these behave alike. The difference shows when you write into what you got. Let `u` be
# a clone of the table, so that we keep `t` for later. `u[1]` is a *view* of the memory of `u`, so writing into it
# changes `u`:

# %% claims=["C37"]
u = t.clone()
u[1][0] = 99
u

# %% [markdown]
# `u[[2]]` looks much the same, but it is a *copy*. The next assignment writes into that copy, which has no name and is
# thrown away at the end of the line. There is no error, and the table keeps its 7:

# %% claims=["C37"]
u[[2]][0, 0] = 99
u[2]

# %% [markdown]
# How do you tell the two apart? Whole numbers, slices, `...` and `None` are *basic* indexing. What they pick lies at
# regular distances in memory, so a new shape, strides and an offset are enough to describe it
# ([page 08](08_tensor_shapes.ipynb#Storage-and-strides)), and the result is a view. As soon as there is a list, a mask
# or a tensor of indices in the brackets, it is *advanced* indexing (高级索引). The elements may lie anywhere, they have
# to be collected, and the result is a copy. In the picture, views are blue and copies orange, with the shape below each.

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
# > **Then and now.** Advanced indexing was new in PyTorch 0.2, the release of the notes, and they say that its results
# > *mostly* do not share memory. Today the rule needs no "mostly", only a footnote: a whole number in a tensor without
# > dimensions, such as `torch.tensor(1)`, counts as a plain number and gives a view (unless its type is `uint8`, which
# > makes it a mask).

# %% claims=["C37"]
u[torch.tensor(1)][0] = -2
u[1]

# %% [markdown]
# The 99 from above has become -2 again, so the assignment did reach `u`.

# %% [markdown]
# ## Where is it
#
# *非零元素的下标*
#
# A mask picks values, but it does not tell you where they were. Which station had frost, and when? `nonzero` gives the
# indices of the true elements, one line for each, with its row and its column. (The notes write `non_zero`; the name
# has no underscore.)

# %% claims=["C33"]
frost = t < 0
frost.nonzero()

# %% [markdown]
# There is one line: row 1 and column 0, that is, the second station in winter. With `as_tuple=True` you get one tensor
# for each dimension instead, all the rows and all the columns, and these two can go straight back into brackets:

# %% claims=["C33"]
rows, columns = (t > 20).nonzero(as_tuple=True)
rows, columns, t[rows, columns]

# %% [markdown]
# `torch.where` with nothing but a condition is the same as `nonzero(as_tuple=True)`. With three arguments it does
# something else that you will use often. It keeps the shape, and takes each element from the second argument where the
# condition is true, and from the third where it is not:

# %%
torch.where(t > 10, t, 0)

# %% [markdown]
# ## Write through an index
#
# *索引赋值*
#
# If advanced indexing gives a copy, how can you change what a mask picks? By assigning to the brackets themselves.
# `u[mask] = value` reads nothing, so there is nothing to copy, and PyTorch writes straight into `u`. `+=` works as well;
# it reads the elements, adds, and assigns the results:

# %%
u = t.clone()
u[u < 0] = 0
u[:, [0, 3]] += 100
u

# %% [markdown]
# This holds for the *last* pair of brackets before the `=`. In `u[[2]][0, 0] = 99` above, the first pair is read, and
# that makes the copy. Put everything into one pair, and the table changes:

# %%
u[[2], 0] = 99
u

# %% [markdown]
# There is a second trap, and it comes with `+=`. Suppose that five people vote for four candidates, and that we count
# the votes:

# %%
votes = torch.tensor([2, 0, 2, 2, 3])
counts = torch.zeros(4, dtype=torch.int64)
counts[votes] += 1
counts

# %% [markdown]
# Candidate 2 got three votes, but only one was counted. PyTorch first reads the five counts, then adds one to each, and
# only *then* writes them back, so that the same 1 is written to place 2 three times. `index_add_` adds as often as a
# place is named. It takes the dimension, the places, and what to add at each of them, here a 1 for each vote:

# %%
torch.zeros(4, dtype=torch.int64).index_add_(0, votes, torch.ones_like(votes))

# %% [markdown]
# For plain counting there is also `votes.bincount(minlength=4)`. But `index_add_` adds any numbers, and whole rows of
# them. This is what the gradient of a word embedding needs: a word that occurs three times in a sentence must get three
# contributions.
#
# ## The shape of advanced indexing
#
# *高级索引的形状*
#
# Rows 0 and 2, columns 3 and 1. What do you expect from `t[[0, 2], [3, 1]]`: a block of four elements, or two elements?

# %%
t[[0, 2], [3, 1]]

# %% [markdown]
# It is two elements, `t[0, 3]` and `t[2, 1]`. Indices are matched with each other element by element, like the two
# sides of an addition, and as in an addition, a dimension of size 1 is stretched to the size of its partner, which is
# called *broadcasting* (广播). To get the block, make the row indices a column with `None`. Shapes (2, 1) and (2,)
# broadcast to (2, 2), and each row meets each column:

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
# If the shapes of the indices cannot be broadcast, the message gives both of them:

# %% tags=["raises-exception"]
t[[0, 1], [0, 1, 2]]

# %% [markdown]
# When there are slices too, one question is left: where does the common shape of the indices go? As long as the index
# tensors stand side by side, it takes their place. If a slice separates them, there is no such place, and it goes to
# the front. (`None` separates them too, and so does a `...` that stands for at least one dimension.) In the next cell
# all sizes are different, so you can see what became of each. Watch where the 2 goes:

# %%
big = torch.zeros(4, 5, 6, 7)
i = torch.tensor([1, 0])
big[:, i, i].shape, big[:, i, :, i].shape

# %% [markdown]
# ### Where NumPy differs
#
# *与 NumPy 的差别*
#
# PyTorch adopted these rules from NumPy, but not all of them. The difference that is hardest to spot concerns a plain
# number beside an index array. For NumPy it counts as an index array too; for PyTorch it simply drops its dimension. So
# here NumPy sees two indices that a slice separates, and moves the 2 to the front:

# %%
big[0, :, i].shape, big.numpy()[0, :, i].shape

# %% [markdown]
# Keep numbers and index tensors apart, as in `big[0][:, i]`, and both agree. Two smaller differences: NumPy does accept
# `[::-1]`, and it reads an index of type `uint8` as whole numbers, where PyTorch still sees an old mask.
#
# ## Out of range
#
# *越界*
#
# Our table has rows 0, 1 and 2. Asking for row 3 is an error, and the message names the index, the dimension and its
# size:

# %% tags=["raises-exception"]
t[torch.tensor([0, 3])]

# %% [markdown]
# A slice is more lenient. It returns what there is, even if that is nothing:

# %%
t[3:]

# %% [markdown]
# In brackets, negative numbers count from the end, so `t[-1]` is the last station. Not every function agrees:
# `index_select`, `index_add_`, `gather` and `scatter_` refuse a negative index, while `take` and `take_along_dim`
# accept it.
#
# ### The same mistake on a GPU
#
# *GPU 上的越界*
#
# On a GPU the same mistake looks frightening: `CUDA error: device-side assert triggered`, and the traceback points to a
# line that is innocent, often `.item()` or `loss.backward()`. The reason is that a call on a GPU does not wait. It puts
# its work into a queue and returns, before anybody has looked at the index. A moment later the program on the GPU finds
# the bad index and stops, and Python only hears of it in some *later* line, usually one that waits for a result. After
# that the GPU is of no use to this process, and you have to restart the kernel of the notebook.
#
# You can watch the same thing without a GPU, with a thread that works through a queue. `picked` asks for row 3, which
# does not exist, and `total` for the sum of what was picked. Both lines only fill the queue, and return without
# complaint:

# %%
from concurrent.futures import ThreadPoolExecutor

queue = ThreadPoolExecutor(max_workers=1)
picked = queue.submit(t.index_select, 0, torch.tensor([0, 3]))
total = queue.submit(lambda: picked.result().sum())

# %% [markdown]
# The error appears when we ask for the total, in a line that has nothing wrong with it:

# %% tags=["raises-exception"]
total.result()

# %% [markdown]
# (`index_select` words the error less helpfully than brackets do, but it is the same mistake.) There are two ways to
# find the guilty line. The quicker one is to run a single batch of the same code on the CPU, where the wrong call
# itself raises the error. Or set the environment variable `CUDA_LAUNCH_BLOCKING=1` before you start Python. Each call
# on the GPU then waits until its work is done, and the traceback points to the right line. In training, look at the
# labels first: cross entropy wants them from 0 to the number of classes minus 1, so labels that begin with 1 are a
# common cause. Another is a word index beyond the size of an `nn.Embedding`.
#
# ## Going further
#
# *更进一步*
#
# `argmax` answers *where* the largest value is, row by row. Which call turns these places back into values? Brackets
# would need the row numbers as well. `take_along_dim` needs only the places. Here are the warmest season of each
# station, and its temperature:

# %%
warmest = t.argmax(dim=1, keepdim=True)
warmest, t.take_along_dim(warmest, dim=1)

# %% [markdown]
# Under the hood this is `gather`, the subject of [the next page](10_gather_and_scatter.ipynb). (`take`, without
# `_along_dim`, counts through all elements as if they stood in one row: `t.take(torch.tensor([5]))` is the sixth.)
#
# ## Recap
#
# - Numbers and slices are basic indexing and give views; lists, masks and index tensors are advanced indexing and give
#   copies. To write through an index, put all of it into one pair of brackets before the `=`.
# - A mask of the full shape picks single elements, and a mask over rows picks rows. Join comparisons with `&`, `|` and
#   `~`, each comparison in parentheses.
# - `nonzero` tells where, `where(condition, a, b)` chooses, and `index_add_` counts repeated places correctly.
# - Indices are broadcast with each other: `t[rows, columns]` gives pairs, `t[rows[:, None], columns]` a block.
# - On the CPU, an index out of range raises an error at once (a slice just returns less); on a GPU, the error appears
#   in a later line.

# %% [markdown]
# ## Exercises
#
# Put your code in place of the three dots and run the cell. The check tries your function on tensors that are not
# on this page.
#
# **1. Clean up.** Sensors report -999 when they fail. `clean(x)` returns a copy of a float tensor in which each -999 is
# replaced by the mean of the elements that are not -999. The argument itself must not change.

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
# **2. A block in the middle.** `border(x)` returns a copy of a matrix that keeps its border (the first and the last
# row, the first and the last column) and holds 0 everywhere else.

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
# **3. The rows that hold the largest elements.** `top_rows(x, k)` returns the indices of the rows in which the `k`
# largest elements of a matrix lie, as a tensor, in ascending order and without repetitions. No two elements are equal.
# For `torch.tensor([[1, 9], [3, 2], [7, 8]])` and `k = 3` the result is `tensor([0, 2])`. Do not use a loop; the check
# looks for one.

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
# and the N numbers in `group` say which. `group_means(points, group, groups)` returns a `groups` × D tensor that holds
# the mean of the rows of each group, without a loop. Each group has at least one member.

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

# %% [markdown] tags=["solution"]
# ## Solutions
#
# In JupyterLab, click on a solution to open it. Below each one is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
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


# %% jupyter={"source_hidden": true} tags=["solution"]
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


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def top_rows(x, k):
    return torch.unique(x.flatten().topk(k).indices // x.shape[1])


check_top_rows(top_rows)
# A typical mistake: % gives the column.
check_top_rows(
    lambda x, k: torch.unique(x.flatten().topk(k).indices % x.shape[1])
)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 4
def group_means(points, group, groups):
    sums = points.new_zeros(groups, points.shape[1])  # of the same dtype
    sums.index_add_(0, group, points)
    return sums / group.bincount(minlength=groups)[:, None]


check_group_means(group_means)


# A typical mistake: += counts a repeated place once.
def last_of_each_group(points, group, groups):
    sums = points.new_zeros(groups, points.shape[1])  # of the same dtype
    sums[group] += points
    return sums / group.bincount(minlength=groups)[:, None]


check_group_means(last_of_each_group)

# %% [markdown]
# ---
# Previous: [shapes and storage](08_tensor_shapes.ipynb) · Next: [gather and scatter](10_gather_and_scatter.ipynb)
