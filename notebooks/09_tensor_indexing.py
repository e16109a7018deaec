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
# # Index, gather and scatter · 索引、收集与放回
#
# Section 3 of the notes lists the functions that pick elements out of a tensor and put them back. Here each of them
# runs, is proved against a plain loop and, where the eye is quicker, drawn.
#
# **You will**
#
# - tell for any index whether it gives a view or a copy;
# - pick with `index_select`, masks, `nonzero`, `where` and `take`, and write through an index;
# - read `gather` in any dimension, from its formula and from a picture, and use it;
# - put elements back with `scatter_`, and know when that undoes `gather` and when not;
# - predict the shape that an index gives.
#
# **You need** tensors and their shapes, as on page [06](08_tensor_shapes.ipynb). No GPU.
#
# **Time**: 27 min to read, 7 s to run (AMD EPYC, 2 cores).

# %% [markdown]
# ## Find it · 速查
#
# | In the notes | Today | Where |
# |---|---|---|
# | advanced indexing mostly does not share memory | an advanced index copies, a basic one is a view | [View or copy](#View-or-copy-·-视图还是副本) |
# | `index_select(input, dim, index)` | the same, or `x[:, index]` | [Along one dimension](#Along-one-dimension-·-按维度选取) |
# | `masked_select(input, mask)`, `a[a>0]`, a ByteTensor | the same, with a bool mask | [Masks](#Masks-·-掩码) |
# | `non_zero(input)` | `nonzero()`, `nonzero(as_tuple=True)`, `argwhere` | [Where they are](#Where-they-are-·-非零元素的下标) |
# | not in the notes | `x[index] = 0`, `index_put_`, `index_add_` | [Write through an index](#Write-through-an-index-·-索引赋值) |
# | `gather(input, dim, index)` | the same; `take_along_dim` also broadcasts | [Gather](#Gather-·-收集), [its uses](#Gather-at-work-·-收集的用途) |
# | `scatter_`, the approximate inverse | the same; `scatter` where nothing may change in place | [Scatter](#Scatter-·-放回), [its limits](#Not-quite-an-inverse-·-近似逆操作) |
# | `out = Tensor()`, `out.scatter_(dim, index)` | `torch.zeros(shape).scatter_(dim, index, src)` | [The notes' line](#The-notes'-line-·-笔记中的一行) |
# | not in the notes | `scatter_add_`, `scatter_reduce`, `F.one_hot` | [Scatter at work](#Scatter-at-work-·-放回的用途) |
# | not in the notes | what an index out of range does | [Out of range](#Out-of-range-·-越界) |
# | not in the notes | which shape comes out | [Shapes](#Shapes-of-advanced-indexing-·-高级索引的形状) |
#
# ## View or copy · 视图还是副本
#
# The tensor of this page. Each value names its place: 12 stands in row 1, column 2.

# %%
import sys

sys.path.insert(0, "..")  # the folder that holds helpers/

import torch

x = 10 * torch.arange(3).unsqueeze(1) + torch.arange(4)
x

# %% [markdown]
# An index of numbers, slices, `...` and `None` is *basic*. One that holds a list or a tensor is *advanced*. The first
# gives a view, a second tensor over the same memory; the second a copy. The proof is the address at which the memory
# begins. Four basic indices, then four advanced ones, as text that `eval` runs:


# %% claims=["C37"]
def shares_memory(a, b):
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


i = torch.tensor([1])
calls = "x[1]; x[:, 2]; x[::2, 1:]; x[..., None]; x[[1]]; x[i]; x[1:, [2, 0]]; x[x > 5]".split(
    "; "
)
picks = {call: eval(call) for call in calls}
assert [shares_memory(picked, x) for picked in picks.values()] == 4 * [
    True
] + 4 * [False]

# %% [markdown]
# In the picture the elements that an index picks are in color: blue for a view, orange for a copy. Below each stands the
# shape of what was picked.

# %% claims=["C37"]
from helpers import plotting
from helpers.drawings.gather import show_gather
from helpers.drawings.picks import show_picks
from helpers.drawings.scatter import show_scatter

plotting.use_style()
show_picks(x, picks)

# %% [markdown]
# > **Then and now.** Advanced indexing came with the notes' own release,
# > [0.2](https://github.com/pytorch/pytorch/releases/tag/v0.2.0). A list beside a slice, as in `x[1:, [2, 0]]`, was still an
# > error ([issue 2352](https://github.com/pytorch/pytorch/issues/2352)). The results, say the notes, *mostly* do not share
# > memory. Today the rule has no "mostly", only one surprise: a tensor without dimensions, such as `i[0]`, counts as a
# > number.
#
# So a change to a view reaches `y`, and a change to a copy is lost, without a word:

# %% claims=["C37"]
assert shares_memory(x[i[0]], x)  # the surprise
y = x.clone()
y[1][0] = -1  # y[1] is a view
y[[2]][0] = -2  # y[[2]] is a copy, and gone after this line
assert y[1, 0] == -1 and y[2].equal(x[2])
y

# %% [markdown]
# ## Along one dimension · 按维度选取
#
# `index_select(dim, index)` picks whole rows or columns: in the order of the index, and as often as it names them. It
# is the same as an index in that place, and as a loop; and it is a copy.

# %% claims=["C31"]
columns = torch.tensor([3, 0, 0])
picked = x.index_select(1, columns)
assert picked.equal(x[:, columns])
assert picked.equal(torch.stack([x[:, k] for k in columns], dim=1))
assert not shares_memory(picked, x)
picked

# %% [markdown]
# ## Masks · 掩码
#
# A comparison gives a tensor of true and false, a *mask*. As an index it picks the elements where it is true, row by row.
# What is left need not be a rectangle, so the result has one dimension. `masked_select` does the same.

# %% claims=["C32"]
mask = x > 11
by_loop = [value for row in x.tolist() for value in row if value > 11]
assert x[mask].tolist() == x.masked_select(mask).tolist() == by_loop
print(mask)
x[mask]

# %% [markdown]
# A mask of fewer dimensions picks whole rows. Masks are joined by `&` (and), `|` (or), `~` (not), each comparison in
# parentheses.

# %%
x[(x[:, 0] > 5) & ~(x[:, 0] == 10)]

# %% [markdown]
# > **Then and now.** In 0.2 a comparison gave a ByteTensor: zeros and ones of type uint8. Since
# > [1.2](https://github.com/pytorch/pytorch/releases/tag/v1.2.0) it gives bool, and uint8 masks are deprecated. Today
# > one still works as an index, with a warning; `masked_select` refuses it.

# %% claims=["C32"]
import warnings

from helpers.tables import attempt, results, table

byte_mask = mask.byte()
with warnings.catch_warnings(record=True, action="always") as caught:
    assert x[byte_mask].equal(x[mask])
print("warning:", str(caught[0].message).split(" (")[0])
print(attempt("x.masked_select(byte_mask)"))

# %% [markdown]
# Old code also wrote `1 - mask` for "not". With bool that is an error, which names the cure. The cure applied to an old
# mask is a trap: `~` on uint8 flips all eight bits, and every result counts as true.

# %% claims=["C32"]
print(attempt("1 - mask"))
print(
    "~ of 0 and 1 as uint8:",
    (~torch.tensor([0, 1], dtype=torch.uint8)).tolist(),
)
assert (~byte_mask).all()

# %% [markdown]
# ## Where they are · 非零元素的下标
#
# `nonzero` says where a tensor is not zero (or not false): one line for each such element, with its row and column.
# (The notes write `non_zero`. That is a slip: there is no such function.)

# %% claims=["C33"]
grid = torch.tensor([[0, 7, 0], [5, 0, 9]])
assert not hasattr(torch, "non_zero") and not hasattr(grid, "non_zero")
grid.nonzero()

# %% [markdown]
# The other form gives one tensor for each dimension. That is how an index wants it, so the elements themselves are one
# step away. It is also what a mask does: it stands for its `nonzero`.

# %% claims=["C33"]
rows, columns = grid.nonzero(as_tuple=True)
print("rows:", rows.tolist(), "columns:", columns.tolist())
print("elements:", grid[rows, columns].tolist())
assert x[mask].equal(x[mask.nonzero(as_tuple=True)])

# %% [markdown]
# `argwhere` and `where(mask)` are the two forms under NumPy's names. `where` with three arguments does something else:
# it keeps the shape, and takes each element from the second or the third.

# %% claims=["C33"]
assert torch.argwhere(grid).equal(grid.nonzero())
assert all(
    a.equal(b)
    for a, b in zip(torch.where(grid != 0), (rows, columns), strict=True)
)
torch.where(x > 11, x, -1)

# %% [markdown]
# `take` counts through all elements as if they stood in one line.

# %%
places = torch.tensor([[0, 5], [11, 5]])
assert x.take(places).equal(x.flatten()[places])
x.take(places)

# %% [markdown]
# ## Write through an index · 索引赋值
#
# To the left of `=`, an advanced index writes into the tensor itself. No copy is made.

# %%
y = x.clone()
y[y > 20] = 0
y[:, [0, 3]] = -1
y

# %% [markdown]
# A place that is named several times is a trap. Votes for four candidates, of which number 2 gets three:

# %%
votes = torch.tensor([2, 0, 2, 2])
counts = torch.zeros(4, dtype=torch.int64)
counts[votes] += 1
counts

# %% [markdown]
# `counts[votes] += 1` reads a count for each of the four votes, adds, then writes: three times the same 1 to place 2. Two
# calls add as often as a place is named. `index_put_` takes a tuple, one index for each dimension; `index_add_` takes a dimension, and adds
# whole rows if there are any.

# %%
ones = torch.ones_like(votes)
by_put = torch.zeros_like(counts).index_put_((votes,), ones, accumulate=True)
by_add = torch.zeros_like(counts).index_add_(0, votes, ones)
assert counts.tolist() == [1, 0, 1, 0]
assert by_put.equal(by_add) and by_put.equal(votes.bincount(minlength=4))
by_put

# %% [markdown]
# ## Gather · 收集
#
# `index_select` uses one index for all rows. `gather` has one for *each element* of its output. For dim 0, each says
# from which row; the column stays:
#
# `out[i][j] = x[index[i][j]][j]`
#
# As a loop, and as the call that does the same:

# %% claims=["C34"]
index = torch.tensor([[2, 0, 1, 1], [0, 0, 2, 1]])
out = torch.empty_like(index)
for i in range(2):
    for j in range(4):
        out[i][j] = x[index[i][j]][j]
assert x.gather(0, index).equal(out)
out

# %% [markdown]
# In the picture a color stands for a row of the input. Elements move up or down, never sideways. The arrows follow one
# of them: the index says 1, so it is fetched from row 1.

# %% claims=["C34"]
show_gather(x, 0, index, follow=1)

# %% [markdown]
# For dim 1 the index says from which column; the row stays: `out[i][j] = x[i][index[i][j]]`. Either way, the output has
# the shape of the index.

# %% claims=["C34"]
index = torch.tensor([[3, 0], [1, 1], [0, 2]])
out = torch.empty_like(index)
for i in range(3):
    for j in range(2):
        out[i][j] = x[i][index[i][j]]
assert x.gather(1, index).equal(out) and out.shape == index.shape
show_gather(x, 1, index, follow=0)

# %% [markdown]
# ### Three dimensions · 三维
#
# The rule in one sentence, for any number of dimensions: an output element comes from its own place, with the coordinate
# `dim` replaced by the index. In three dimensions:
#
# | `dim` | `out[i][j][k]` |
# |---|---|
# | 0 | `x[index[i][j][k]][j][k]` |
# | 1 | `x[i][index[i][j][k]][k]` |
# | 2 | `x[i][j][index[i][j][k]]` |

# %% claims=["C34"]
from itertools import product


def gather_by_loop(x, dim, index):
    out = x.new_empty(index.shape)
    for place in product(*map(range, index.shape)):
        origin = list(place)
        origin[dim] = index[place]
        out[place] = x[tuple(origin)]
    return out


torch.manual_seed(0)
cube = torch.rand(2, 3, 4)
for dim in range(3):
    index = torch.randint(cube.shape[dim], (2, 3, 4))
    same = cube.gather(dim, index) == gather_by_loop(cube, dim, index)
    assert same.all()
    print(f"dim {dim}: {same.sum()} of {same.numel()} elements agree")

# %% [markdown]
# Along dim 2 (or 1), each slice of a three-dimensional tensor is a gather of its own, so the same picture serves.

# %% claims=["C34"]
cube = 100 * torch.arange(2).view(2, 1, 1) + x[:2, :3]
index = torch.tensor([[[2, 0], [1, 1]], [[0, 2], [0, 0]]])
for n in range(2):
    assert cube.gather(2, index)[n].equal(cube[n].gather(1, index[n]))
    assert cube.gather(1, index % 2)[n].equal(
        cube[n].gather(0, index[n] % 2)
    )  # 0 or 1
show_gather(cube, 2, index)

# %% [markdown]
# ### What the index must be · 对 index 的要求
#
# Whole numbers (int64, and [since 2.8](https://github.com/pytorch/pytorch/pull/173886) int32), and as many dimensions as
# the input. Along `dim` it may be of any length; elsewhere it must not be longer. If it is *shorter*, the rest of the
# input is left out, and nobody says so.

# %% claims=["C34"]
shapes = [(3, 6), (1, 2), (4, 2), (3,)]
assert x.gather(1, torch.zeros(3, 1, dtype=torch.int32)).equal(x[:, :1])
results(*(f"x.gather(1, torch.zeros{shape}.long()).shape" for shape in shapes))

# %% [markdown]
# `gather` does not broadcast: an index of one row serves one row. `take_along_dim` is the gather that does.

# %%
index = torch.tensor([[3, 0]])
print("gather:        ", x.gather(1, index).tolist())
print("take_along_dim:", x.take_along_dim(index, dim=1).tolist())
assert x.take_along_dim(index, dim=1).equal(x.gather(1, index.expand(3, 2)))

# %% [markdown]
# ## Gather at work · 收集的用途
#
# **The score of the right class.** Four samples, three classes, a score for each; `labels` holds the right class of each
# sample. Cross entropy is the mean of exactly these, after `log_softmax` and with the sign changed.

# %%
import torch.nn.functional as F

scores = torch.tensor(
    [[2.0, 0.5, 0.1], [0.3, 1.5, 0.2], [0.1, 0.4, 3.0], [1.0, 0.9, 0.8]]
)
labels = torch.tensor([0, 2, 2, 1])
right = scores.gather(1, labels.unsqueeze(1)).squeeze(1)
assert right.equal(scores[torch.arange(4), labels])
logs = scores.log_softmax(1).gather(1, labels.unsqueeze(1))
assert torch.isclose(-logs.mean(), F.cross_entropy(scores, labels))
right

# %% [markdown]
# **The best few.** `topk` returns values and their places. `gather` takes the same places from any other tensor of that
# shape, here the probabilities.

# %%
values, places = scores.topk(2, dim=1)
assert scores.gather(1, places).equal(values)
print("classes:", places.tolist())
scores.softmax(1).gather(1, places)

# %% [markdown]
# **The last element of sequences of different lengths.** Three sequences, padded to four steps, two numbers a step. Each
# number names its place again: 231 is sequence 2, step 3, number 1. The index needs three dimensions, so it is given a
# dimension for the steps and repeated for both numbers.

# %%
steps = torch.arange(4).view(1, 4, 1)
sequences = 100 * torch.arange(3).view(3, 1, 1) + 10 * steps + torch.arange(2)
lengths = torch.tensor([3, 1, 4])
index = (lengths - 1).view(3, 1, 1).expand(3, 1, 2)
last = sequences.gather(1, index).squeeze(1)
assert last.equal(sequences[torch.arange(3), lengths - 1])
last

# %% [markdown]
# ## Scatter · 放回
#
# `scatter_` is `gather` with the two sides of the formula swapped. In dim 1: `target[i][index[i][j]] = src[i][j]`. In any
# dimension: an element goes to its own place, with the coordinate `dim` replaced by the index.
#
# What gather took, it puts back. It is the exact inverse if each line of the index along `dim` is a *permutation*, which
# names every place once. `argsort` of random numbers makes such lines.


# %% claims=["C35"]
def scatter_by_loop(target, dim, index, src):
    for place in product(*map(range, index.shape)):
        goal = list(place)
        goal[dim] = index[place]
        target[tuple(goal)] = src[place]
    return target


cube = torch.rand(2, 3, 4)
for dim in range(3):
    index = torch.rand(2, 3, 4).argsort(dim)
    taken = cube.gather(dim, index)
    back = torch.zeros_like(cube).scatter_(dim, index, taken)
    assert back.equal(
        scatter_by_loop(torch.zeros_like(cube), dim, index, taken)
    )
    print(f"dim {dim}: gather undone: {back.equal(cube)}")

# %% [markdown]
# The picture is that of `gather`, read backwards: a color is now a column of the target.

# %% claims=["C35"]
index = torch.tensor([[3, 0, 2, 1], [0, 1, 2, 3], [1, 3, 0, 2]])
taken = x.gather(1, index)
show_scatter(torch.zeros_like(x), 1, index, taken, follow=0)

# %% [markdown]
# ### The notes' line · 笔记中的一行
#
# The notes make an empty tensor and give `scatter_` an index only. Two things are missing: what to write, and room to
# write it. Both are asked for:

# %% claims=["C36"]
out = torch.Tensor()
print(attempt("out.scatter_(1, index)").removesuffix(", but expected one of:"))
print(attempt("out.scatter_(1, index, taken.float())"))

# %% [markdown]
# The line as it should be: a target of the full size and the same dtype, and a source (or one number for all places).
# Without the underscore, `scatter` returns a new tensor and leaves the target alone.

# %% claims=["C35", "C36"]
out = torch.zeros(x.shape, dtype=x.dtype)
new = out.scatter(1, index, taken)
assert new.equal(x) and not out.any()  # out is untouched
assert out.scatter_(1, index, taken) is out and out.equal(x)  # in place
torch.zeros(2, 3).scatter_(1, torch.tensor([[2], [0]]), 5.0)

# %% [markdown]
# > **Then and now.** What may be changed in place is checked more strictly today. As late as 1.1, `scatter_` into an
# > expanded tensor, whose elements share places in memory, ran and gave wrong values
# > ([issue 22513](https://github.com/pytorch/pytorch/issues/22513)). Now it is refused, as is a
# > leaf (page [02](02_autograd.ipynb)) that wants gradients.

# %% claims=["C35"]
expanded = torch.zeros(1, 3).expand(2, 3)
leaf = torch.zeros(2, 3, requires_grad=True)
place = torch.tensor([[2], [0]])
results(
    "expanded.scatter_(1, place, 5)",
    "leaf.scatter_(1, place, 5)",
    "leaf.scatter(1, place, 5)",
)

# %% [markdown]
# ### Not quite an inverse · 近似逆操作
#
# *Missing* indices: what `gather` did not take, `scatter_` cannot put back. Those places keep what the target held
# before, here -1.

# %% claims=["C35"]
index = torch.tensor([[3, 0], [1, 1], [0, 2]])
back = torch.full_like(x, -1).scatter_(1, index, x.gather(1, index))
assert ((back == x) | (back == -1)).all() and (back == -1).sum() == 7
back

# %% [markdown]
# *Repeated* indices do no harm on that way: the row with `[1, 1]` took 11 twice, and puts 11 back twice. The other way
# round they do. Two different values meet in one place, and one is lost.

# %% claims=["C35"]
src = torch.tensor([[50, 51], [60, 61], [70, 71]])
show_scatter(torch.zeros_like(x), 1, index, src)

# %% [markdown]
# Which one stays is not defined: the documentation says "picked arbitrarily". So a program may rely on this much, and no
# more:

# %% claims=["C35"]
target = torch.zeros_like(x).scatter_(1, index, src)
again = target.gather(1, index)
assert "picked arbitrarily" in " ".join(torch.Tensor.scatter_.__doc__.split())
assert target[1, 1] in (60, 61) and again[1, 0] == again[1, 1]
print(
    "came back:", [row.equal(old) for row, old in zip(again, src, strict=True)]
)

# %% [markdown]
# ## Scatter at work · 放回的用途
#
# **One-hot.** One number written in each row, at the place of the label. `F.one_hot` does the same, in whole numbers.

# %%
one_hot = torch.zeros(4, 3).scatter_(1, labels.unsqueeze(1), 1.0)
assert one_hot.equal(F.one_hot(labels, num_classes=3).float())
one_hot

# %% [markdown]
# **Sums.** Where values meet, `scatter_add_` adds them, and the result is defined again.

# %% claims=["C35"]
src = torch.tensor([[1, 2, 3, 5], [4, 6, 9, 8]])
index = torch.tensor([[0, 2, 0, 0], [1, 1, 2, 1]])
sums = torch.zeros(2, 3, dtype=torch.int64).scatter_add_(1, index, src)
assert sums.tolist() == [[1 + 3 + 5, 0, 2], [0, 4 + 6 + 8, 9]]
show_scatter(torch.zeros(2, 3, dtype=torch.int64), 1, index, src, add=True)

# %% [markdown]
# `scatter_reduce` can also multiply, average, and keep the largest or smallest. With `include_self=False` the old value
# of a place, here -1, does not count; it stays where nothing arrives.

# %% claims=["C35"]
target, source = torch.full((2, 3), -1.0), src.float()
ways = ["sum", "prod", "mean", "amax", "amin"]
results(
    *(
        f"target.scatter_reduce(1, index, source, '{way}', include_self=False)"
        for way in ways
    )
)

# %% [markdown]
# The true partner of `gather` is the sum. Its gradient says so: for each input element, how often it was picked. That is
# a `scatter_add` of ones.

# %%
w = x.float().requires_grad_()
index = torch.tensor([[3, 0], [1, 1], [0, 2]])
w.gather(1, index).sum().backward()
assert w.grad.equal(torch.zeros(3, 4).scatter_add(1, index, torch.ones(3, 2)))
w.grad

# %% [markdown]
# ## Out of range · 越界
#
# `x` has rows 0, 1 and 2. On the CPU, row 3 is an error everywhere, though not of one type or wording. (Only slices
# forgive: `x[3:]` is an empty tensor.) Row -1 is the last one in brackets, and an error in these functions.


# %%
def outcome(call, k):
    names = {"x": x, "k": k, "index": torch.tensor([k])}
    try:
        return eval(call, names).flatten().tolist()
    except (IndexError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"


assert x[3:].shape == (0, 4)
calls = "x[k]; x[index]; x.index_select(0, index); x.gather(0, index[:, None])".split(
    "; "
)
calls.append("x.scatter(0, index[:, None], 5)")
table(
    ["call", "k = 3", "k = -1"],
    [(f"`{c}`", outcome(c, 3), outcome(c, -1)) for c in calls],
)

# %% [markdown]
# ## Shapes of advanced indexing · 高级索引的形状
#
# **Index tensors are broadcast together.** Two of length 2 are read in pairs and name two elements. A column and a row
# name a block: every row with every column. NumPy has the same rule.

# %%
r, c = torch.tensor([0, 2]), torch.tensor([3, 1])
pairs, block, n = x[r, c], x[r[:, None], c], x.numpy()
assert pairs.tolist() == n[r, c].tolist() == [x[0, 3], x[2, 1]]
assert block.tolist() == n[r[:, None], c].tolist() == x[r][:, c].tolist()
show_picks(x, {"x[r, c]": pairs, "x[r[:, None], c]": block})

# %% [markdown]
# **Their common shape stands where they stood**, if they stand side by side. If a slice parts them, there is no such
# place, and the shape moves to the front. The index here has length 2; watch the 2:

# %%
big = torch.arange(4 * 5 * 6 * 7).view(4, 5, 6, 7)
i, n = torch.tensor([1, 0]), big.numpy()
print(
    "big[:, i, i]    ", tuple(big[:, i, i].shape), "NumPy:", n[:, i, i].shape
)
print(
    "big[:, i, :, i] ",
    tuple(big[:, i, :, i].shape),
    "NumPy:",
    n[:, i, :, i].shape,
)
print(
    "big[0, :, i]    ", tuple(big[0, :, i].shape), "NumPy:", n[0, :, i].shape
)

# %% [markdown]
# The last line is a difference worth knowing. For NumPy a plain number beside an index tensor is an index too, so the
# slice parts the two. For PyTorch it is not: it only drops its dimension. Is that the only one? All indices of up to
# four parts, values and all:

# %%
parts = {":": slice(None), "None": None, "i": i, "column": i[:, None], "0": 0}


def agree(names):
    key = tuple(parts[name] for name in names)
    ours, theirs = big[key].numpy(), n[key]
    assert ours.shape != theirs.shape or (ours == theirs).all()
    return ours.shape == theirs.shape


verdicts = {
    names: agree(names)
    for k in range(1, 5)
    for names in product(parts, repeat=k)
}
without = [same for names, same in verdicts.items() if "0" not in names]
print(f"without a number: {sum(without)} of {len(without)} agree")
print(f"with all parts:   {sum(verdicts.values())} of {len(verdicts)} agree")
assert all(without) and (big[0][:, i].numpy() == n[0][:, i]).all()

# %% [markdown]
# Among these it is: every index that agrees in shape agrees in values, and none without a number disagrees. So keep numbers
# apart from index tensors: `big[0][:, i]` means the same to both.
#
# ## Recap
#
# - Numbers, slices, `...` and `None` give a view; a list or a tensor in the index gives a copy.
# - `index_select` picks lines, a bool mask elements; `nonzero` turns a mask into indices. `x[index] = …` writes in place,
#   but a repeated index counts once: use `index_add_` or `index_put_` with `accumulate`.
# - `gather`: the element's own place, with the coordinate `dim` replaced by the index. Output and index have one shape.
# - `scatter_` undoes it if the index is a permutation. Missing places stay; of repeated ones any value may win, unless you
#   add (`scatter_add_`) or reduce.
# - Index tensors are broadcast; their shape stands in their place, or in front if a slice parts them.
#
# ## Exercises
#
# Put your code in the place of the three dots and run the check below it.
#
# **1.** Which index makes the output of the picture from `x`, with `x.gather(1, index)`? Give the index.

# %%
from helpers.exercises import Check
from helpers.drawings.gather import find_index

answer_1 = ...
wanted = torch.tensor([[3, 0, 0], [11, 12, 13], [20, 23, 21]])
hidden = find_index(x, 1, wanted)
show_gather(x, 1, hidden, hide=["index"])
check_1 = Check(hidden, hint="the last digit of a value is its column")
check_1(answer_1)

# %% [markdown]
# **2.** Column `j` of `square` is to move down by `j` places; what leaves at the bottom returns at the top. Write it as one
# gather, with an index computed from `torch.arange`, not typed.

# %%
square = 10 * torch.arange(4).unsqueeze(1) + torch.arange(4)
answer_2 = ...
wanted = torch.stack([square[:, j].roll(j) for j in range(4)], dim=1)
show_gather(square, 0, find_index(square, 0, wanted), hide=["index"])
check_2 = Check(
    wanted,
    hint="row i of column j comes from row i - j; % 4 keeps that in the square",
)
check_2(answer_2)

# %% [markdown]
# **3.** `sort` returns the sorted values and where each came from. Undo it: from `values` and `order` alone, make `mixed`
# again.

# %%
mixed = torch.tensor([[40, 10, 30, 20], [20, 40, 10, 30]])
values, order = mixed.sort(dim=1)
answer_3 = ...
show_scatter(torch.zeros_like(mixed), 1, order, values, hide=["index"])
check_3 = Check(
    mixed, hint="sorting gathered them; order says where each value belongs"
)
check_3(answer_3)

# %% [markdown]
# **4.** Six points, each in one of three groups. Find the mean of each group, as a 3 x 2 tensor, without a loop.

# %%
points = torch.tensor([[0.0, 1], [2, 3], [4, 4], [6, 2], [1, 1], [5, 9]])
group = torch.tensor([0, 0, 1, 2, 1, 1])
answer_4 = ...
check_4 = Check(
    torch.stack([points[group == g].mean(0) for g in range(3)]),
    hint="add the points of a group with index_add_, then divide by how many there are",
)
check_4(answer_4)

# %% [markdown]
# ## Solutions
#
# In JupyterLab, click to open. They run and are verified like every other cell. Below each answer, a mistake and what the
# check says of it.

# %% jupyter={"source_hidden": true}
check_1(torch.tensor([[3, 0, 0], [1, 2, 3], [0, 3, 1]]))
check_1(
    torch.tensor([[3, 0, 0], [1, 2, 3], [0, 3, 2]])
)  # a mistake: one index is wrong

# %% jupyter={"source_hidden": true}
i, j = torch.arange(4).unsqueeze(1), torch.arange(4)
check_2(square.gather(0, (i - j) % 4))
check_2(square.gather(0, (i + j) % 4))  # a mistake: moved up

# %% jupyter={"source_hidden": true}
check_3(torch.zeros_like(values).scatter_(1, order, values))
check_3(values.gather(1, order))  # a mistake: gathered once more

# %% jupyter={"source_hidden": true}
sums = torch.zeros(3, 2).index_add_(0, group, points)
check_4(sums / group.bincount().unsqueeze(1))
check_4(sums)  # a mistake: not divided

# %% [markdown]
# ---
# Back: [tensor shapes](08_tensor_shapes.ipynb) · On: [tensor types](10_tensor_types.ipynb)
