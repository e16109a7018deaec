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
# # Shapes and storage
#
# *形状与存储*
#
# You reshape a tensor, and it works. You transpose it first, and the same call fails with a sentence about strides and
# contiguous subspaces. Or worse: nothing fails, but you change one number and a number in *another* tensor changes with
# it. Section 3 of the [notes of 2017](16_notes_audited.ipynb) begins here, with `view`, `squeeze` and `resize`, and
# behind all of these surprises is a single idea, which fits in a picture.
#
# **You will**
#
# - see how a tensor lies in memory, and work out by hand which memory cell an element is read from;
# - change shapes with `view`, `reshape`, `flatten`, `squeeze`, `expand` and `permute`, and know which to choose;
# - tell whether two tensors share memory (共享内存), and prove it;
# - recognize three bugs: a picture cut to pieces by `view`, a bare `squeeze()`, and a write through `expand`.
#
# **You need** to have created a tensor or two. No GPU.
#
# **Time**: 20 min to read, 6 s to run (AMD EPYC, 2 cores).
#
# ## One call, two outcomes
#
# *两种结果*
#
# Let us start with the trouble itself. Here is a small table of measurements, two days in rows and three readings
# in columns:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch

t = torch.tensor([[10, 11, 12], [13, 14, 15]])
t

# %% [markdown]
# `view` shows the same six numbers as one row:

# %% claims=["C27"]
t.view(6)

# %% [markdown]
# The transpose `t.T` has the same six numbers too, with the days in columns. Yet here the very same call fails:

# %% claims=["C27"] tags=["raises-exception"]
t.T.view(6)

# %% [markdown]
# The message ends with a remedy, as PyTorch's messages often do: use `.reshape(...)`. That works, and many people
# stop there. But to know what `reshape` costs, and when two tensors are secretly one, we have to look at the memory.
#
# ## Storage and strides
#
# *存储与步长*
#
# The numbers of a tensor lie in a *storage* (存储): one long row of memory cells. The tensor itself is a small
# description of how to walk through them. `show_storage`, a helper of this book, draws both. On the left are the
# elements as you see them, on the right the storage, and equal colors mean that this element is read from that cell.

# %%
from helpers.drawings.storage import show_storage

show_storage(t, "t")

# %% [markdown]
# The dots and arrows on the right show the walk. To get to the next column, move one cell on; to get to the next row,
# move three. These two numbers are the *strides* (步长) of the tensor. PyTorch counts them in elements, where NumPy
# counts bytes:

# %%
t.stride()

# %% [markdown]
# Together with the *offset*, the cell where the walk begins, they locate each element: `t[i, j]` is read from cell
# `offset + i * stride(0) + j * stride(1)`. For the last element, `t[1, 2]`, that makes

# %%
t.storage_offset() + 1 * t.stride(0) + 2 * t.stride(1)

# %% [markdown]
# which is indeed the cell at the right end of the picture. What happens when we transpose?

# %%
show_storage(t.T, "t.T")

# %% [markdown]
# Not a single number has moved. The two sizes have swapped places, and so have the two strides, so that a walk along a
# row of `t.T` hops three cells at a time. This is why transposing a tensor of a gigabyte takes no longer than
# transposing this one. Keep this picture in mind: most operations on this page are nothing but a new shape, new strides
# or a new offset over cells that stay where they are.
#
# ## View
#
# *改变形状*
#
# `view` asks for another shape over the same cells. The elements keep their order, row by row, and the rows are
# simply cut elsewhere:

# %% claims=["C27"]
show_storage(t.view(3, 2), "t.view(3, 2)")

# %% [markdown]
# The number of elements (元素总数) must stay the same, as the notes say. Six elements do not fill four rows of two:

# %% claims=["C27"] tags=["raises-exception"]
t.view(4, 2)

# %% [markdown]
# You may leave one size open by writing `-1`, and PyTorch works out what is missing. This saves arithmetic when a
# shape depends on the batch:

# %% claims=["C27"]
t.view(-1, 2).shape

# %% [markdown]
# (Code from the days of Python 2 computes sizes with `/`, as in `x.view(x.size(0) / 2, -1)`. In Python 3 that is a
# float, and `view` wants an `int`: write `//`.)
#
# Since the cells are shared, so are the numbers. The notes call this 联动, moving together: write through the view, and
# `t` has changed as well.

# %% claims=["C28"]
v = t.view(3, 2)
v[0, 1] = 99
t

# %% [markdown]
# That is handy when you want it and baffling when you do not. To find out *without* writing, ask both tensors where
# their storage begins in memory. `data_ptr()` is that address, and the same address means the same storage:

# %% claims=["C28"]
t.untyped_storage().data_ptr() == v.untyped_storage().data_ptr()

# %% [markdown]
# (One storage does not mean the same cells: `t[0]` and `t[1]` share the storage, but each has a row of its own. There
# are two rare exceptions: empty tensors all have the address 0, and tensors made from slices of one NumPy array have
# different addresses, although they share its memory.)
#
# A `clone` has a storage of its own, so it keeps its numbers whatever happens to `t`. Here we put the 11 back into `t`,
# and the clone, made before, still has the 99:

# %% claims=["C28"]
c = t.clone()
t[0, 1] = 11
c.untyped_storage().data_ptr() == t.untyped_storage().data_ptr(), c[0, 1]

# %% [markdown]
# ## Contiguous tensors and reshape
#
# *连续的张量*
#
# Now we can understand the error from the beginning. Row by row, `t.T` is read from cells 0, 3, 1, 4, 2, 5. A view in one
# dimension would need a *single* stride that leads from each element to the next, and here the steps are +3, −2, +3,
# −2, +3. No stride does that, so `view` gives up.
#
# A tensor is called *contiguous* (连续) if its elements lie in the storage in the order in which you read them, one
# right after the other. It can be viewed in any shape with the right number of elements.

# %%
t.is_contiguous(), t.T.is_contiguous()

# %% [markdown]
# `contiguous()` returns such a tensor. If the one you have is not contiguous, its elements are copied in reading order
# into a fresh storage. Compare this picture with that of `t.T`: the elements on the left are the same, but the walk on
# the right is straight again.

# %%
show_storage(t.T.contiguous(), "t.T.contiguous()")

# %% [markdown]
# > **Then and now.** In 2017 one wrote `x.contiguous().view(6)`. Since PyTorch 0.4 there is `reshape`, which returns
# > a view if the strides allow one and a copy otherwise.
#
# That is convenient, but `reshape` does not tell you which of the two you got. Here the same call makes a view of one
# tensor and a copy of the other, and only the view notices the 99:

# %% claims=["C27"]
flat, flat_of_transposed = t.reshape(6), t.T.reshape(6)
t[0, 0] = 99
flat, flat_of_transposed

# %% [markdown]
# So choose by what you need: `view` when the result must share memory (it fails rather than copy), `reshape` when you
# only want to read, and `clone` when the result must *not* share.
#
# ### Flatten a batch
#
# *展平*
#
# The reshape that you will meet most often in networks like LeNet comes before the first linear layer, which
# wants one row of numbers for each sample. Let us try it on a batch of 64 color pictures, 32 × 32 pixels each. They
# become 64 rows of numbers, and the first dimension, the batch, must survive:

# %%
batch = torch.zeros(64, 3, 32, 32)
batch.flatten(1).shape

# %% [markdown]
# `flatten(1)` merges all dimensions from dimension 1 on. The notes' LeNet does the same with `x.view(x.size()[0], -1)`.
# If you see `x.view(-1, 3072)` in old code, be suspicious. It puts the `-1` on the batch, so pictures of a wrong size
# can change the number of samples without a word: 64 pictures of 64 × 64 pixels would pass as 256. The opposite of
# `flatten` is `unflatten`, which takes a dimension and the sizes to cut it into:

# %%
batch.flatten(1).unflatten(1, (3, 32, 32)).shape

# %% [markdown]
# ## Squeeze and unsqueeze
#
# *增减维度*
#
# A network wants a batch, and you have a single picture. `unsqueeze(dim)` inserts a dimension (维度) of size 1 at the
# place that you name; indexing with `None` does the same. No cell is touched, so both are views.

# %% claims=["C29"]
t.unsqueeze(0).shape, t[None].shape, t.unsqueeze(1).shape, t[:, None].shape

# %% [markdown]
# `squeeze(dim)` takes such a dimension out again (the notes spell it "sequeeze"). If the dimension has another size,
# as in the second of these calls, nothing happens, and nothing is said. A tuple names several dimensions at once:

# %% claims=["C29"]
x = torch.zeros(1, 3, 1)
x.squeeze(0).shape, x.squeeze(1).shape, x.squeeze((0, 2)).shape

# %% [markdown]
# Without an argument, `squeeze()` drops *all* dimensions of size 1, which is a bug waiting to happen. Suppose a network
# gives one score for each sample, and 33 samples come in batches of 32. (`split(32)` cuts them into such batches, and
# `cat` joins the results; both have [a section](#Stack,-cat,-split,-chunk) further down.) The last batch is a single
# sample:

# %% claims=["C29"]
net = torch.nn.Linear(4, 1)
scores = [net(samples) for samples in torch.zeros(33, 4).split(32)]
[s.shape for s in scores], [s.squeeze().shape for s in scores]

# %% [markdown]
# The last shape is empty: the batch had size 1, so it was dropped too. Joining the pieces now fails. The code may have
# run for months, until the day when the data set had one sample more:

# %% claims=["C29"] tags=["raises-exception"]
torch.cat([s.squeeze() for s in scores])

# %% [markdown]
# Name the dimension, and it cannot happen:

# %% claims=["C29"]
torch.cat([s.squeeze(1) for s in scores]).shape

# %% [markdown]
# ## Expand and repeat
#
# *扩展与重复*
#
# `repeat` and `expand` can both make a 3 × 4 tensor out of a column of three. `repeat(1, 4)` says how many *times*: the
# rows once, the columns four times. `expand(3, 4)` says how *large* the result is, and only dimensions of size 1 can
# grow. (A `-1` leaves a size as it is.) `repeat` copies the numbers. `expand` does something more clever, which you can
# see in the strides:

# %%
column = torch.tensor([[10], [11], [12]])
show_storage(column.repeat(1, 4), "column.repeat(1, 4)")
show_storage(column.expand(3, 4), "column.expand(3, 4)")

# %% [markdown]
# A stride of 0 means: to get to the next column, stay where you are. All four elements of a row are read from one cell
# ("×4" beside its dot), and the storage still holds three numbers. Inside PyTorch, *broadcasting* (广播) works in the
# same way: in `matrix + column`, the column is expanded to the width of the matrix. The price shows when you write. One
# assignment changes four elements, and `column` too:

# %%
wide = column.expand(3, 4)
wide[0, 0] = 99
wide, column

# %% [markdown]
# Arithmetic on the whole of `wide`, in place, is refused. (The `_` at the end of `add_` means that the tensor itself is
# changed.) Should the one cell behind a row be increased once, or four times? PyTorch does not guess:

# %% tags=["raises-exception"]
wide.add_(1)

# %% [markdown]
# The last sentence is the remedy. After `wide = wide.clone()` each element has a cell of its own. Do not count on the
# error, though: `wide[:] = 5`, `wide.zero_()` and even `wide[0, 0] += 1` go through, and each of them changes `column`.
#
# ## Permute
#
# *维度换序*
#
# `transpose(0, 2)` swaps two dimensions, `movedim(2, 0)` moves dimension 2 to the front, and `permute` gives all of
# them a new order. Read `permute(2, 0, 1)` as "the old dimension 2 comes first, then 0, then 1". We try it on a tiny
# picture, two pixels high and four wide, with three colors in each pixel:

# %%
image = torch.arange(24).view(2, 4, 3)
image.permute(2, 0, 1).shape, image.permute(2, 0, 1).stride()

# %% [markdown]
# The colors come first now, and again only sizes and strides have changed places. You will need this: a picture from a
# file usually has its color channels last (height × width × 3), and a network wants them first. Do not use `view` for
# it, although `view` accepts the same sizes! Here is a picture with a red disc, green growing to the right and blue
# growing downwards, taken apart into its three channels both ways, by `picture.permute(2, 0, 1)` and by
# `picture.view(3, height, width)`:

# %%
from helpers.drawings.channels import show_permute_and_view

show_permute_and_view()

# %% [markdown]
# `permute` finds the disc, the green that grows to the right, and the blue that grows downwards. `view` keeps the order
# of the cells, cuts it into three equal parts, and so mixes the colors of neighboring pixels. There is no error and no
# warning. Only the accuracy of your network suffers.
#
# ## Stack, cat, split, chunk
#
# *拼接与切分*
#
# Suppose more tables like `t` come in. `cat` joins tensors along a dimension that exists already, dimension 0 unless
# you name another, so we get more rows. `stack` joins them along a new one, so we get a batch of tables. Both copy what
# they join:

# %%
tables = [t, t + 100, t + 200, t + 300]
torch.cat(tables).shape, torch.stack(tables).shape

# %% [markdown]
# In the other direction, `split` takes the size of a piece, and the last piece may be smaller:

# %%
ten = torch.arange(10, 20)
ten.split(4)

# %% [markdown]
# `chunk` takes the number of pieces, but be careful. It rounds the size of a piece up, 10 / 6 to 2, so you may end up
# with fewer pieces than you asked for. `tensor_split` gives exactly the number that you name. Here are the sizes of the
# pieces of both:

# %%
[len(piece) for piece in ten.chunk(6)]

# %%
[len(piece) for piece in ten.tensor_split(6)]

# %% [markdown]
# All these pieces are views. The second piece of `split(4)` begins at cell 4 of the same storage, and this is what the
# offset is for. The pale cells belong to the storage but not to this tensor:

# %%
show_storage(ten.split(4)[1], "ten.split(4)[1]")

# %% [markdown]
# ## View or copy
#
# *视图还是副本*
#
# This table is for looking up what you get when `x` is a contiguous matrix, and when it is a transposed one. Where the
# two columns differ, the strides decide.
#
# | call | x contiguous | x transposed |
# |:--|:--|:--|
# | `x.view(-1)` | view | error |
# | `x.reshape(-1)` | view | copy |
# | `x.flatten()` | view | copy |
# | `x.unflatten(0, (-1, 1))` | view | view |
# | `x.contiguous()` | x itself | copy |
# | `x.clone()` | copy | copy |
# | `x.unsqueeze(0)` | view | view |
# | `x.squeeze()` | view | view |
# | `x.expand(2, -1, -1)` | view | view |
# | `x.repeat(2, 1)` | copy | copy |
# | `x.T` | view | view |
# | `x.permute(1, 0)` | view | view |
# | `x.movedim(0, 1)` | view | view |
# | `torch.stack([x, x])` | copy | copy |
# | `torch.cat([x, x])` | copy | copy |
# | `x.split(1)[0]` | view | view |
# | `x.chunk(2)[0]` | view | view |
# | `x[:1]` | view | view |
# | `x.diagonal()` | view | view |
# | `x.unfold(0, 2, 1)` | view | view |
#
# ## Going further
#
# *更进一步*
#
# ### Resize in place
#
# *原地改变大小*
#
# > **Then and now.** The notes say that `resize` can change the number of elements. The call that does so is `resize_`,
# > with an underscore, which changes the tensor itself. Plain `resize` has been deprecated for Tensors since 0.4; it
# > warns, and it refuses another number of elements.

# %% claims=["C30"] tags=["raises-exception"]
from helpers.messages import print_warnings

with print_warnings():
    t.resize(4, 2)

# %% [markdown]
# When `resize_` makes a tensor smaller, the storage stays as it is. The old numbers are still there, as the notes say,
# and they come back when the tensor grows again:

# %% claims=["C30"]
r = torch.arange(10, 16)
show_storage(r.resize_(3), "r.resize_(3)")
r.resize_(6)

# %% [markdown]
# When the tensor becomes larger than its storage, new memory is allocated (分配新的内存空间). The old elements are kept,
# and what the new cells contain is undefined, which is why the picture shows question marks:

# %% claims=["C30"]
show_storage(r.resize_(2, 5), "r.resize_(2, 5)", unknown=range(6, 10))

# %% [markdown]
# You will rarely want this. If `resize_` gives a transposed tensor a new size, the cells are then read in the order of
# the storage, so the elements come out in another order. And it refuses a tensor that requires a gradient. It is better
# to make a *new* tensor, in which every element is defined. `pad` takes how many zeros to add before and after, here
# none and two:

# %% claims=["C30"]
torch.nn.functional.pad(ten, (0, 2))

# %% [markdown]
# ### Channels last
#
# *通道在后的内存格式*
#
# That a tensor is not contiguous need not be an accident. Convolutions often run faster when the colors of a pixel lie
# side by side in memory. The memory format `channels_last` arranges that without a change of shape. This is a picture
# of 2 × 2 pixels, batch × channels × height × width as always. There is only one in the batch, and we draw that:

# %%
pixels = torch.arange(12).view(1, 3, 2, 2)
pixels = pixels.to(memory_format=torch.channels_last)
show_storage(pixels[0], "pixels[0]")

# %% [markdown]
# The first three cells hold 0, 4 and 8, the three colors of the first pixel.
#
# ### Sliding windows
#
# *滑动窗口*
#
# Strides can also describe pieces that overlap. `unfold(dim, size, step)` returns all windows of a given size: here the
# cells in the middle belong to three of them each, and still nothing is copied. A moving average is then simply a mean:

# %%
series = torch.arange(10.0, 17.0)
windows = series.unfold(0, 3, 1)
show_storage(windows, "series.unfold(0, 3, 1)")
windows.mean(1)

# %% [markdown]
# `as_strided` lets you set shape, strides and offset yourself, and with them walk anywhere in the storage, even to
# cells that the tensor does not contain. It takes the shape first and then the strides. Here `public` is the first half
# of a record, and we read the second half through it:

# %%
record = torch.tensor([1, 2, 3, 41, 42, 43])
public = record[:3]
public.as_strided((2, 3), (3, 1))

# %% [markdown]
# PyTorch would object only at the end of the storage. So a slice hides nothing, and if you save `public` with
# `torch.save`, the whole storage is written to the file. Prefer the calls that say what they do, such as `unfold`, and
# `clone` what must stand alone.
#
# ### Why id() proves nothing
#
# *共享内存的证明*
#
# Old tutorials compare `id(a.storage())` with `id(b.storage())` to prove shared memory. But `storage()` makes a new
# Python object with each call. It is thrown away at once, and the next one may be put in the same place and get the
# same `id`. Here are a hundred tensors that have nothing to do with each other:

# %% claims=["C28"]
many = [torch.zeros(3) for _ in range(100)]
len({x.untyped_storage().data_ptr() for x in many})

# %% claims=["C28"]
with print_warnings():
    ids = {id(x.storage()) for x in many}
len(ids) < 100

# %% [markdown]
# A hundred addresses, but fewer ids: the storages of some tensors had the same `id` without sharing a single byte. So
# compare `untyped_storage().data_ptr()`, as we did above. (`x.data_ptr()` alone is the address of the first *element*,
# in which two slices of one storage differ. And `storage()` itself has been deprecated since 2.0, as the warning says.)
#
# ## Recap
#
# - Element `(i, j)` is read from cell `offset + i * stride(0) + j * stride(1)` of the storage.
# - `view`, `squeeze`, `expand` and `permute` change this rule and leave the cells alone; `reshape` and `flatten` copy
#   when they must.
# - Two tensors share their storage if `untyped_storage().data_ptr()` is the same. Change one, and you may change both.
# - Name the dimension in `squeeze`, do not write through `expand`, and move channels with `permute`.

# %% [markdown]
# ## Exercises
#
# Put your code in place of the three dots and run the cell. The check tries your function on tensors that are not
# on this page.
#
# **1. Column by column.** `fill_columns(line, rows)` returns the numbers of a 1-D tensor as a matrix with `rows` rows,
# filled down the first *column*, then the second, and so on. `fill_columns(torch.arange(6), 2)` is
# `[[0, 2, 4], [1, 3, 5]]`.

# %% tags=["exercise"]
from helpers.exercises.tensor_shapes import check_fill_columns


def fill_columns(line, rows): ...


check_fill_columns(fill_columns)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# What would the matrix look like if it were filled row by row, as `view` does it?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Fill a matrix that has `rows` *columns*, then turn its rows into columns.
#
# </details>

# %% [markdown]
# **2. Which cell?** `cell_of(x, index)` returns the position in the storage that the element `x[index]` is read from,
# for a tensor of any number of dimensions and a tuple `index` with one number, 0 or larger, for each of them. Work it
# out from the strides, and do not forget where the walk begins.

# %% tags=["exercise"]
from helpers.exercises.tensor_shapes import check_cell_of


def cell_of(x, index): ...


check_cell_of(cell_of)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# The formula for two dimensions stands under *Storage and strides*. `zip(index, x.stride())` pairs what belongs
# together.
#
# </details>

# %% [markdown]
# **3. Tiles.** `tiles(image, size)` cuts a square matrix, whose side is a multiple of `size`, into square tiles: a
# tensor of shape (number of tiles, size, size), in reading order. Write it without a loop.
# `tiles(torch.arange(16).view(4, 4), 2)` holds four tiles. The first is `[[0, 1], [4, 5]]`, and the second, to the
# right of it, is `[[2, 3], [6, 7]]`.

# %% tags=["exercise"]
from helpers.exercises.tensor_shapes import check_tiles


def tiles(image, size): ...


check_tiles(tiles)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `unflatten` both dimensions first, so that you have four. (After the first `unflatten`, the columns are dimension 2.)
# What does each of the four count?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# They count the tile's row, the row within the tile, the tile's column, and the column within the tile. Bring the two
# that choose a tile to the front, then merge them.
#
# </details>

# %% [markdown]
# **4. Windows without a copy (hard).** Write `windows(x, size)` for a 1-D tensor: all windows of that size, one per row,
# like `x.unfold(0, size, 1)`, but with `as_strided` alone. It must share memory with `x`, and work for slices such as
# `x[::2]` too.

# %% tags=["exercise"]
from helpers.exercises.tensor_shapes import check_windows


def windows(x, size): ...


check_windows(windows)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# How many windows are there? And how far is it, in cells, from one element of `x` to the next? It is not always 1.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Both strides are `x.stride(0)`. You need not give the offset: without one, the walk begins where `x` begins.
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# In JupyterLab, click on a solution to open it. Below each one is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
def fill_columns(line, rows):
    return line.view(-1, rows).T


check_fill_columns(fill_columns)
# A typical mistake: the shape fits, the order does not.
check_fill_columns(lambda line, rows: line.view(rows, -1))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
def cell_of(x, index):
    steps = [i * stride for i, stride in zip(index, x.stride(), strict=True)]
    return x.storage_offset() + sum(steps)


check_cell_of(cell_of)
# x[index].storage_offset() is right as well: x[index] is a view of one cell.
# A typical mistake: the offset is forgotten.
check_cell_of(
    lambda x, index: sum(torch.tensor(index) * torch.tensor(x.stride()))
)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def tiles(image, size):
    four = image.unflatten(0, (-1, size)).unflatten(2, (-1, size))
    return four.transpose(1, 2).flatten(0, 1)


check_tiles(tiles)
# A typical mistake: each row is cut in pieces, and the pieces are stacked.
check_tiles(lambda image, size: image.reshape(-1, size, size))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 4
def windows(x, size):
    step = x.stride(0)
    shape = (len(x) - size + 1, size)
    return x.as_strided(shape, (step, step))


check_windows(windows)
# A typical mistake: strides of 1, which are right for a contiguous tensor only.
check_windows(lambda x, size: x.as_strided((len(x) - size + 1, size), (1, 1)))

# %% [markdown]
# ---
# Previous: [CIFAR-10, many times faster](07_cifar10_fast.ipynb) · Next: [index a tensor](09_indexing.ipynb)
