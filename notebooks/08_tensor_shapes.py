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
# # Change the shape of a tensor · 形状变换
#
# Section 3 of the notes begins with `view`, `squeeze` and `resize`. Behind all three is one idea: a tensor is a row of
# memory cells and a rule for walking through it. This page draws that walk.
#
# **You will**
#
# - read shape, strides and offset, and work out by hand which memory cell an element lies in;
# - change shapes with `view`, `reshape`, `squeeze`, `expand`, `permute` and their relatives;
# - know which of them share memory with their source, and prove it rightly;
# - see the traps: a view that is forbidden, a bare `squeeze()`, a write through `expand`, `as_strided`;
# - see what `resize_` does to memory, and why hardly anybody calls it.
#
# **You need** to know what a tensor is. No GPU.
#
# **Time**: 22 min to read, 5 s to run (Intel(R) Xeon(R) Processor, 2 cores).

# %% [markdown]
# ## Find it · 速查
#
# | in the notes | today | on this page |
# |:--|:--|:--|
# | `view` | `view`, with one size left open: `-1` | [view](#View-·-改变形状) |
# | `view`, where strides forbid it | `reshape`, `contiguous` | [strides that forbid it](#Strides-that-forbid-a-view-·-不连续的张量) |
# | `x.view(x.size()[0], -1)` | `x.flatten(1)`, back with `unflatten` | [reshape, flatten](#Reshape,-contiguous,-flatten-·-重塑) |
# | "sequeeze", `unsqueeze` | `squeeze(dim)`, `unsqueeze(dim)`, `x[:, None]` | [squeeze](#Squeeze-and-unsqueeze-·-增减维度) |
# | `resize` (分配新的内存空间) | `resize_`; better slices, `pad`, `reshape` | [resize in place](#Resize-in-place-·-原地改变大小) |
# | shared memory (共享内存, 联动) | `x.untyped_storage().data_ptr()` | [proof](#Proof-of-shared-memory-·-共享内存的证明) |
# | not in the notes | `expand`, `repeat` | [expand](#Expand-and-repeat-·-扩展与重复) |
# | not in the notes | `permute`, `transpose`, `movedim` | [permute](#Permute,-transpose,-movedim-·-维度换序) |
# | not in the notes | `stack`, `cat`, `split`, `chunk` | [stack](#Stack,-cat,-split,-chunk-·-拼接与切分) |
# | not in the notes | `unfold`, `as_strided` | [windows](#Windows-and-as_strided-·-滑动窗口) |
# | all of them | view or copy? | [table](#View-or-copy-·-视图还是副本) |
#
# ## Storage and strides · 存储与步长
#
# A tensor's numbers lie in a *storage*: one row of cells in memory. The tensor itself holds only a *shape*, one
# *stride* for each dimension, and an *offset*. This one has six elements, 10 to 15.

# %%
import sys

sys.path.insert(0, "..")  # the folder that holds helpers/

import torch

t = torch.arange(10, 16).view(2, 3)
t

# %% [markdown]
# `show_storage`, a helper of this book, draws it: on the left the elements, on the right the storage, with the
# position of each cell above it. An element has the color of the cell that it is read from. Beside each row, dots mark
# the cells that it reads; arrows are the steps within the row, the dotted line leads to the next row.

# %%
from helpers import plotting
from helpers.drawings.storage import cells_read, show_storage, storage_cells

plotting.use_style()
show_storage(t, "t")

# %% [markdown]
# The strides say how many cells to step for the next element of each dimension: three for the next row, one for the
# next column. The offset is the cell of the first element. So element `(i, j)` lies in cell
# `offset + i * stride(0) + j * stride(1)`. A plain loop proves it. `storage_cells` gives the whole storage as a
# 1-D tensor.

# %%
cells = storage_cells(t)
for i in range(2):
    for j in range(3):
        k = t.storage_offset() + i * t.stride(0) + j * t.stride(1)
        print(f"t[{i}, {j}] is {t[i, j]}, cell {k} holds {cells[k]}")
        assert t[i, j] == cells[k]

# %% [markdown]
# `cells_read`, a second helper, works out these cells for any number of dimensions. Everything that follows is another
# shape, another list of strides or another offset, mostly over the same cells.
#
# ## View · 改变形状
#
# `view` gives another shape over the same storage. Compare the picture with the one above: the cells are the same,
# only the rows are cut elsewhere.

# %% claims=["C27"]
v = t.view(3, 2)
show_storage(v, "t.view(3, 2)")

# %% [markdown]
# The order of the elements stays: row by row, last index fastest. By a loop:

# %% claims=["C27"]
row_by_row = [t[i, j] for i in range(2) for j in range(3)]
assert row_by_row == [v[i, j] for i in range(3) for j in range(2)]

# %% [markdown]
# The number of elements must stay too, as the notes say. One size may be left open with `-1`, which stands for
# whatever is missing; two cannot. (`results` runs each call and sets its result or its error beside it.)

# %% claims=["C27"]
from helpers.tables import attempt, results, table

results(
    "t.view(-1).shape",
    "t.view(-1, 2).shape",
    "t.view(4, 2)",
    "t.view(4, -1)",
    "t.view(-1, -1)",
)

# %% [markdown]
# The notes go on: a view shares memory with its source, and a change in one shows in the other. Both ways:

# %% claims=["C28"]
t[0, 1] = 99
print(v)
v[0, 1] = 11
print(t)
assert t[0, 1] == v[0, 1] == 11

# %% [markdown]
# To ask without writing: compare where in memory the storages begin. `untyped_storage()` is the storage as plain
# bytes, `data_ptr()` the address of the first.


# %% claims=["C28"]
def shares_memory(a, b):
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


shares_memory(t, v), shares_memory(t, t.clone())

# %% [markdown]
# ## Strides that forbid a view · 不连续的张量
#
# The transpose `t.T` swaps shape and strides and leaves the cells alone. Reading it row by row now means going back
# and forth.

# %% claims=["C27"]
show_storage(t.T, "t.T")

# %% [markdown]
# A view in one dimension would need one stride from each element to the next. There is none:

# %% claims=["C27"]
read = torch.tensor(cells_read(t.T))
print("cells", read.tolist(), "steps", read.diff().tolist())
print(attempt("t.T.view(6)"))

# %% [markdown]
# A tensor whose cells are read one after the other is *contiguous*; it can be viewed in any shape. But that is
# more than a view needs. Two neighboring dimensions can be merged if one step in the first is as long as the whole
# second: `stride(0) == size(1) * stride(1)`. `spaced` uses every second cell, and yet it can be flattened.

# %% claims=["C27"]
spaced = torch.arange(12)[::2].view(2, 3)
for name, x in {"t": t, "t.T": t.T, "spaced": spaced}.items():
    fits = x.stride(0) == x.size(1) * x.stride(1)
    print(
        f"{name:7} strides {x.stride()}, contiguous: {x.is_contiguous()}, can be merged: {fits}"
    )
    assert fits != attempt("x.view(6)").startswith("error")

# %% [markdown]
# ## Reshape, contiguous, flatten · 重塑
#
# > **Then and now.** In 2017 the way out was `x.contiguous().view(...)`. Since 0.4 (2018) there is `reshape`: a view
# > where the strides allow one, otherwise a copy.
#
# It does not say which of the two you got. Here the same call is a view of `t` and a copy of `t.T`; only the view passes
# a change on.

# %% claims=["C27"]
for x in (t.clone(), t.clone().T):
    flat = x.reshape(6)
    flat[0] = 99
    print(
        "view:" if shares_memory(flat, x) else "copy:",
        "x[0, 0] is now",
        x[0, 0].item(),
    )

# %% [markdown]
# So: `view` if the result must share, `reshape` if it is only read, `clone` if it must not share.
#
# `contiguous` copies to a new storage in reading order. If the tensor is in order already, it returns that very
# tensor.

# %% claims=["C27"]
assert t.contiguous() is t
show_storage(t.T.contiguous(), "t.T.contiguous()")

# %% [markdown]
# `flatten(1)` merges all dimensions from 1 on. That is what the notes' LeNet does with
# `x.view(x.size()[0], -1)`. `unflatten` undoes it.

# %%
x = torch.arange(2 * 16 * 5 * 5).view(2, 16, 5, 5)
flat = x.flatten(1)
print(flat.shape, flat.unflatten(1, (16, 5, 5)).shape)
assert torch.equal(flat, x.view(x.size()[0], -1))
assert torch.equal(flat.unflatten(1, (16, 5, 5)), x)

# %% [markdown]
# ## Squeeze and unsqueeze · 增减维度
#
# `unsqueeze(dim)` puts in a dimension of size 1 at that place; `None` in an index does the same. A stride over one
# element is never walked, so both are views.

# %% claims=["C29"]
for dim, indexed in (
    (0, t[None]),
    (1, t[:, None]),
    (2, t[:, :, None]),
    (-1, t[..., None]),
):
    added = t.unsqueeze(dim)
    print(f"unsqueeze({dim}): {tuple(added.shape)}")
    assert torch.equal(added, indexed) and shares_memory(added, t)

# %% [markdown]
# `squeeze(dim)` takes it out again (the notes spell it "sequeeze"). If that dimension is not 1, nothing happens and
# nothing is said. Since 2.0, a tuple names several.

# %% claims=["C29"]
x = torch.zeros(1, 3, 1)
results(
    "x.squeeze(0).shape",
    "x.squeeze(1).shape",
    "x.squeeze((0, 2)).shape",
    "x.squeeze().shape",
)

# %% [markdown]
# The last one, bare `squeeze()`, drops *every* dimension of size 1, and so a bug waits in it: the batch may have size
# 1 too. Here 33 samples come in batches of 32, and the last batch is one sample.

# %% claims=["C29"]
net = torch.nn.Linear(4, 1)
scores = [net(batch) for batch in torch.zeros(33, 4).split(32)]
results("[x.shape for x in scores]", "[x.squeeze().shape for x in scores]")

# %% [markdown]
# A score without dimensions cannot be joined to the others. It works for months, until the size of the data set leaves a
# rest of one:

# %% claims=["C29"]
results(
    "torch.cat([x.squeeze() for x in scores]).shape",
    "torch.cat([x.squeeze(1) for x in scores]).shape",
)

# %% [markdown]
# ## Expand and repeat · 扩展与重复
#
# Both make a 3 x 4 tensor of a column of three. `repeat` copies the numbers. `expand` sets the stride to 0: four
# elements are read from one cell ("×4" beside its dot).

# %%
column = torch.tensor([[10], [11], [12]])
show_storage(column.expand(3, 4), "column.expand(3, 4)")
show_storage(column.repeat(1, 4), "column.repeat(1, 4)")
assert torch.equal(column.expand(3, 4), column.repeat(1, 4))

# %% [markdown]
# (`expand` takes the new shape, `repeat` the number of copies.) The saving, measured in bytes of storage:

# %%
row = torch.zeros(1000)
print(
    f"expanded {row.expand(1000, 1000).untyped_storage().nbytes():>9,} bytes"
)
print(f"repeated {row.repeat(1000, 1).untyped_storage().nbytes():>9,} bytes")

# %% [markdown]
# The price: elements that share a cell change together. An operation that would write to every element is refused;
# a single assignment is not.

# %%
wide = column.expand(3, 4)
print(attempt("wide.add_(1)"))
wide[0, 0] = 99
wide

# %% [markdown]
# ## Permute, transpose, movedim · 维度换序
#
# `transpose` swaps two dimensions, `permute` gives all of them a new order, `movedim` takes one elsewhere. Each only
# rearranges shape and strides. The example is 2 x 3 x 4: two matrices, drawn one below the other, over 24 cells. Below
# the picture, what the three calls make of it.

# %%
cube = torch.arange(24).view(2, 3, 4)
show_storage(cube, "cube")
for moved in (cube.transpose(0, 2), cube.permute(2, 0, 1), cube.movedim(2, 0)):
    print("shape", tuple(moved.shape), "strides", moved.stride())
    assert shares_memory(moved, cube)

# %% [markdown]
# `permute(2, 0, 1)` reads: the old dimension 2 first, then 0, then 1. As a loop: `p[k, i, j]` is `cube[i, j, k]`.

# %%
p = cube.permute(2, 0, 1)
assert all(
    p[k, i, j] == cube[i, j, k]
    for i in range(2)
    for j in range(3)
    for k in range(4)
)
show_storage(p, "cube.permute(2, 0, 1)")

# %% [markdown]
# A shape that fits is not yet the right one. A picture has its channels last (height x width x 3), a net wants them
# first. `permute` moves them; `view` accepts the same sizes and cuts the rows of pixels to pieces.

# %%
y, x = torch.meshgrid(
    torch.linspace(-1, 1, 48), torch.linspace(-1, 1, 48), indexing="ij"
)
picture = torch.stack(
    [(x**2 + y**2 < 0.6).float(), (x + 1) / 2, (y + 1) / 2], dim=2
)
channels = torch.cat([picture.permute(2, 0, 1), picture.view(3, 48, 48)])
titles = [
    f"{name}: {n}"
    for name in ("permute", "view")
    for n in ("first", "second", "third")
]
figure = plotting.picture_grid(
    channels.numpy(), titles, columns=6, size=1.3, cmap="gray"
)
plotting.show(
    figure,
    alt="By permute: a disc and two gradients. By view: three mixtures of stripes.",
)

# %% [markdown]
# ## Stack, cat, split, chunk · 拼接与切分
#
# `cat` joins along a dimension that is there, `stack` along a new one: it is `unsqueeze`, then `cat`. Both copy. Four
# tensors of shape (2, 3):

# %%
four = [t, t + 100, t + 200, t + 300]
for dim in (0, 1):
    stacked = torch.stack(four, dim)
    print(
        f"dim={dim}: cat {tuple(torch.cat(four, dim).shape)}, stack {tuple(stacked.shape)}"
    )
    assert torch.equal(
        stacked, torch.cat([x.unsqueeze(dim) for x in four], dim)
    )

# %% [markdown]
# `split` takes the size of a piece, or a list of sizes. `chunk` takes the number of pieces, but may give fewer: it
# rounds the size up.

# %%
ten = torch.arange(10, 20)
results("ten.split(4)", "ten.split([3, 7])", "ten.chunk(4)", "ten.chunk(6)")

# %% [markdown]
# The pieces are views. The second of `split(4)` starts at cell 4: that is what the offset is for. The pale cells are
# in its storage, but not in the tensor.

# %%
show_storage(ten.split(4)[1], "ten.split(4)[1]")
assert torch.equal(torch.cat(ten.split(4)), ten)

# %% [markdown]
# ## Windows and as_strided · 滑动窗口
#
# `unfold(dim, size, step)` gives all windows of a size. Here they overlap: an inner cell belongs to three of them,
# and yet nothing is copied. The mean of each window is a moving average, compared here with a loop.

# %%
series = torch.arange(10, 17)
windows = series.unfold(0, 3, 1)
show_storage(windows, "series.unfold(0, 3, 1)")
moving = windows.float().mean(1)
print(moving)
assert moving.tolist() == [
    sum(series[i : i + 3].tolist()) / 3 for i in range(5)
]

# %% [markdown]
# `as_strided(shape, strides, offset)` sets all three by hand. With the stride 4 + 1 it walks down the diagonal of a
# 4 x 4 matrix.

# %%
square = torch.arange(16).view(4, 4)
diagonal = square.as_strided((4,), (5,))
assert torch.equal(diagonal, square.diagonal())
diagonal

# %% [markdown]
# It asks only whether the cells are in the *storage*, not whether they belong to the tensor. Here `public` has the
# first three numbers of an account, and gives away the others:

# %%
account = torch.tensor([1, 2, 3, 41, 42, 43])
public = account[:3]
leak = public.as_strided((2, 3), (3, 1))
show_storage(leak, "public.as_strided((2, 3), (3, 1))")

# %% [markdown]
# Only the end of the storage stops it. Prefer the named calls: they cannot miscount.

# %%
print(attempt("public.as_strided((3, 3), (3, 1))"))

# %% [markdown]
# ## Resize in place · 原地改变大小
#
# > **Then and now.** The notes say that `resize` can change the number of elements. That is what `resize_` does, with the
# > underscore: it changes the tensor itself, today as then. Plain `resize` was a method of Variables, and could only change
# > the shape. Since 0.4 (2018) Tensors have it too, and it is [deprecated](https://github.com/pytorch/pytorch/pull/4886): it
# > warns, and still refuses another number of elements.

# %% claims=["C30"]
import warnings

with warnings.catch_warnings(record=True, action="always") as caught:
    print(attempt("t.resize(4, 2)"))
print("warning:", caught[0].message)

# %% [markdown]
# `resize_` to a smaller size keeps the storage as it is. The old numbers are still there, as the notes say,
# and come back when it grows again.

# %% claims=["C30"]
r = torch.arange(10, 16)
bytes_before = r.untyped_storage().nbytes()
r.resize_(3)
show_storage(r, "r.resize_(3)")
print(
    bytes_before,
    "bytes before,",
    r.untyped_storage().nbytes(),
    "after; back:",
    r.resize_(6),
)

# %% [markdown]
# To a larger size it allocates more memory. The old elements are kept; what lies in the new cells is not defined, so
# it is not shown here.

# %% claims=["C30"]
r.resize_(2, 5)
show_storage(r, "r.resize_(2, 5)", unknown=range(6, 10))
print(bytes_before, "bytes before,", r.untyped_storage().nbytes(), "after")
assert r.flatten()[:6].tolist() == [10, 11, 12, 13, 14, 15]

# %% [markdown]
# Why does hardly anybody use it? It ignores the strides: a transposed tensor comes out in the order of the storage, not
# in its own. And it refuses a tensor that requires gradients, and memory that is not PyTorch's own.

# %% claims=["C30"]
import numpy as np

w, shared = torch.ones(3, requires_grad=True), torch.from_numpy(np.ones(3))
results(
    "t.T.reshape(6)",
    "t.clone().T.resize_(6)",
    "w.resize_(6)",
    "shared.resize_(6)",
)

# %% [markdown]
# Today a *new* tensor is made: all of its elements are defined, and no other tensor changes with it.

# %% claims=["C30"]
import torch.nn.functional as F

F.pad(ten, (0, 2)), ten[:3].clone()

# %% [markdown]
# ## Proof of shared memory · 共享内存的证明
#
# Old texts compare `id(a.storage())` with `id(b.storage())`. That proves nothing. `storage()` makes a new Python
# object with each call; it is thrown away at once, and the next one may take its place and its `id`. So tensors that have
# nothing to do with each other get the same `id`. A hundred of them:

# %% claims=["C28"]
many = [torch.zeros(3) for _ in range(100)]
addresses = {x.untyped_storage().data_ptr() for x in many}
with warnings.catch_warnings(record=True, action="always") as caught:
    assert t.storage() is not t.storage()
    ids = {id(x.storage()) for x in many}
print(f"{len(addresses)} addresses, fewer than 100 ids: {len(ids) < 100}")
print("warning:", str(caught[0].message).split(".")[0])
assert len(addresses) == 100 > len(ids)

# %% [markdown]
# > **Then and now.** Since 2.0 `storage()` is deprecated and `untyped_storage()` takes its place. Its `id` is no proof
# > either: these two tensors have two storage objects over the same memory of a NumPy array.

# %% claims=["C28"]
array = np.array([1.0, 2.0, 3.0])
a, b = torch.from_numpy(array), torch.from_numpy(array)
one, other = a.untyped_storage(), b.untyped_storage()
a[0] = 99
print(
    f"same id: {id(one) == id(other)}, same memory: {one.data_ptr() == other.data_ptr()}, b: {b}"
)

# %% [markdown]
# Know the limits of the address too. Equal addresses mean one storage, not yet a common cell. And PyTorch does not see
# that the memory of NumPy's `array[1:]` lies inside that of `array`:

# %% claims=["C28"]
print("two ends of one storage:", shares_memory(ten[:3], ten[7:]))
print("array and array[1:]:", shares_memory(a, torch.from_numpy(array[1:])))

# %% [markdown]
# ## View or copy · 视图还是副本
#
# Every operation of this page, on a contiguous matrix and on its transpose. The table is made by running each of
# them: here as text, below by `eval`.

# %%
calls = """
x.view(-1); x.reshape(-1); x.flatten(); x.unflatten(0, (-1, 1)); x.contiguous(); x.clone();
x.unsqueeze(0); x[None]; x.squeeze(); x.expand(2, -1, -1); x.repeat(2, 1);
x.T; x.transpose(0, 1); x.permute(1, 0); x.movedim(0, 1);
torch.stack([x, x]); torch.cat([x, x]); x.split(1)[0]; x.chunk(2)[0]; x[:1];
x.unfold(0, 2, 1); x.diagonal(); x.as_strided((2,), (1,)); x.resize_(2, 2); F.pad(x, (0, 2))
"""

# %% [markdown]
# Each result is put to the rule of strides too: its elements must be what lies in the cells that its strides lead to.


# %% claims=["C27", "C28", "C29", "C30"]
def verdict(call, x):
    try:
        result = eval(call)
    except RuntimeError:
        return "error"
    assert result.flatten().equal(storage_cells(result)[cells_read(result)])
    if result is x:
        return "x itself"
    return "view" if shares_memory(result, x) else "**copy**"


head = ["call", "x contiguous", "x transposed"]
lines = [call.strip() for call in calls.split(";")]
table(
    head,
    [
        (f"`{x}`", verdict(x, t.clone()), verdict(x, t.clone().T))
        for x in lines
    ],
)

# %% [markdown]
# Where the two columns differ, the strides decide.
#
# ## Recap
#
# - Element `(i, j)` lies in cell `offset + i * stride(0) + j * stride(1)` of the storage.
# - `view`, `squeeze`, `expand` and `permute` change shape and strides, not the cells; `reshape` may copy.
# - Sharing is proved by `untyped_storage().data_ptr()`, not by an `id`.
# - Name the dimension in `squeeze`; do not write through `expand`; keep your hands off `as_strided`.
# - `resize_` shrinks without forgetting and grows with undefined content; make a new tensor instead.
#
# ## Exercises
#
# Put your code in the place of the three dots and run the check below it.
#
# **1.** Make a 4 x 3 tensor of `line` that has 0, 1, 2, 3 in its first *column*, 4 to 7 in its second, 8 to 11 in its
# third. Two calls are enough.

# %%
from helpers.exercises import Check

line = torch.arange(12)
answer_1 = ...
check_1 = Check(
    torch.tensor([[4 * j + i for j in range(3)] for i in range(4)]),
    hint="first rows, then turn them into columns",
)
check_1(answer_1)

# %% [markdown]
# **2.** Without running it: which strides has `torch.zeros(5, 6, 7).permute(1, 2, 0)`? Answer with a tuple.

# %%
answer_2 = ...
check_2 = Check(
    torch.zeros(5, 6, 7).permute(1, 2, 0).stride(),
    hint="write down the strides of the 5 x 6 x 7 tensor, then put them in the new order",
)
check_2(answer_2)

# %% [markdown]
# **3.** How many bytes of storage has `torch.zeros(64, 1, 100).expand(64, 50, 100)`?

# %%
answer_3 = ...
check_3 = Check(
    torch.zeros(64, 1, 100).expand(64, 50, 100).untyped_storage().nbytes(),
    hint="a float has 4 bytes, and expand makes no new ones",
)
check_3(answer_3)

# %% [markdown]
# **4.** Cut the 4 x 4 tensor `square` into its four 2 x 2 tiles: a tensor of shape (4, 2, 2), as drawn.

# %%
corners = [(0, 0), (0, 2), (2, 0), (2, 2)]
tiles = torch.stack([square[i : i + 2, j : j + 2] for i, j in corners])
show_storage(tiles, "tiles")
answer_4 = ...
check_4 = Check(
    tiles,
    hint="view as (2, 2, 2, 2), and ask what each of the four dimensions counts",
)
check_4(answer_4)

# %% [markdown]
# ## Solutions
#
# In JupyterLab, click to open. They run and are verified like every other cell. Below each answer, a mistake and what the
# check says of it.

# %% jupyter={"source_hidden": true}
check_1(line.view(3, 4).T)
check_1(line.view(4, 3))  # a mistake: the shape fits, the order does not

# %% jupyter={"source_hidden": true}
check_2((7, 1, 6 * 7))
check_2((42, 7, 1))  # a mistake: the strides before permute

# %% jupyter={"source_hidden": true}
check_3(64 * 100 * 4)
check_3(64 * 50 * 100 * 4)  # a mistake: what repeat would take

# %% jupyter={"source_hidden": true}
check_4(square.view(2, 2, 2, 2).transpose(1, 2).reshape(4, 2, 2))
check_4(square.view(4, 2, 2))  # a mistake: each row cut in two

# %% [markdown]
# ---
# Back: [train many times faster](07_cifar10_fast.ipynb) · On: [index a tensor](09_tensor_indexing.ipynb)
