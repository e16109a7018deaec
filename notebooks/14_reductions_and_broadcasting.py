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
# # Reductions and broadcasting
#
# *归并与广播*
#
# Does `marks.mean(dim=1)` average each row or each column? Ask ten people who use PyTorch every day, and most of them will try it
# out before they answer. The notes were about to say how to remember it, and break off in the middle of the sentence. This
# page finishes the sentence. With the same rule in hand, we then look at what happens when two shapes do not match, and at the
# bug that lets a network train for hours on the wrong loss without a word of complaint.
#
# **You will**
#
# - predict the shape and meaning of any reduction (归并) from its `dim`;
# - use `mean`, `median`, `std`, `norm`, `max` and their relatives, and know what ties and `nan` do to them;
# - tell reductions from scans (`cumsum`);
# - predict which shapes broadcast (广播) together, and catch the broadcast that you did not want;
# - write products of matrices with `@` and `einsum`.
#
# **You need** to know what the shape of a tensor is. No GPU.
#
# **Time**: 16 min to read, 17 s to run (AMD EPYC, 2 cores).
#
# ## The rule of dim
#
# *维度的规则*
#
# Three students, one a row, have written four exams, one a column:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch

marks = torch.tensor(
    [[7.0, 9.0, 8.0, 8.0], [5.0, 6.0, 7.0, 10.0], [9.0, 9.0, 4.0, 6.0]]
)
marks.mean()

# %% [markdown]
# Without a `dim`, a reduction makes one number out of all of them. With a `dim`, remember this:
#
# > **The dimension that you name is the one that disappears.**
#
# `marks` has the shape (3, 4): dimension 0 counts students, dimension 1 counts exams. Name dimension 1, and the exams disappear. What
# remains is one number for each student:

# %% claims=["C54"]
marks.mean(dim=1)

# %% [markdown]
# Name dimension 0, and the students disappear. What remains is one number for each exam:

# %% claims=["C54"]
marks.mean(dim=0)

# %% [markdown]
# So do not ask "rows or columns?". Ask which index you want to get rid of. The rule carries you through any number of
# dimensions. Here is a tensor of two stations, three days and four readings a day, and its three sums. Cells of one color are added up and
# end in the cell of that color on the right:

# %% claims=["C54"]
from helpers.drawings.reductions import show_reductions

readings = torch.arange(24).view(2, 3, 4)
show_reductions(readings)

# %% [markdown]
# Two dimensions may go at once, and negative numbers count from the end. To get one number for each station, days and readings
# must go:

# %% claims=["C54"]
readings.sum(dim=(1, 2)), readings.sum(dim=(-2, -1))

# %% [markdown]
# > **Then and now.** "Most of these functions take a `dim`", the notes say, "whose effect can be remembered like this", and there they end.
# > The rule above is how it goes on; what they describe as the named dimension becoming 1 is `keepdim=True`, which we come to below.
#
# ## The reductions of the notes
#
# *均值、和、中位数、众数*
#
# ### Mean, sum, median, mode

# %% claims=["C50"]
s = torch.tensor([3.0, 1.0, 4.0, 1.0, 5.0, 9.0])
s.mean(), s.sum(), s.median(), s.mode().values

# %% [markdown]
# One of these is not what you learned at school. In order, the six numbers are 1, 1, 3, 4, 5, 9, and two of them stand in the middle. The
# median (中位数) of school is halfway between them, 3.5. PyTorch takes the *lower* one, so that a median is always one of the given numbers.
# If you want 3.5, ask for the quantile:

# %% claims=["C50"]
s.quantile(0.5)

# %% [markdown]
# The mode (众数) is the most frequent number. Integers have a rule of their own: their sum is computed in 64 bits, so it does not wrap around,
# but their mean need not be whole, and PyTorch wants to know which type you would like:

# %% claims=["C50"] tags=["raises-exception"]
pixels = torch.tensor([200, 100], dtype=torch.uint8)
print(pixels.sum(), pixels.float().mean())
pixels.mean()

# %% [markdown]
# ### Standard deviation and variance
#
# *标准差与方差*
#
# Compare PyTorch and NumPy on the same three numbers:

# %% claims=["C52"]
three = torch.tensor([1.0, 2.0, 6.0])
three.var(), three.numpy().var()

# %% [markdown]
# Both are right. The variance (方差) is the mean of the squared distances from the mean, but PyTorch divides their sum by n − 1 and NumPy by
# n. Dividing by n − 1 makes up for the fact that a sample always lies a little closer to its own mean than to the true one.
# `correction` is the number that is subtracted, and with 0 the two agree:

# %% claims=["C52"]
three.var(correction=0), three.std(correction=0) ** 2

# %% [markdown]
# > **Then and now.** Until 1.13 the argument was called `unbiased`, and was true or false. It is still understood.
#
# ### Norm and distance
#
# *范数与距离*
#
# The norm (范数) of a vector is its length, and the distance (距离) of two points is the norm of their difference:

# %% claims=["C51"]
u = torch.tensor([3.0, -4.0])
torch.linalg.vector_norm(u), torch.dist(u, torch.zeros(2))

# %% [markdown]
# > **Then and now.** The notes' `torch.norm` still works and has been deprecated since 1.7, for a good reason: of a *matrix*, its name
# > does not say which norm is meant. It strings the elements out into one vector, while the 2-norm of a matrix in a book of mathematics is the
# > largest factor by which it stretches a vector. Today's names leave no doubt:

# %% claims=["C51"]
A = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
torch.norm(A, 2), torch.linalg.vector_norm(A), torch.linalg.matrix_norm(A, 2)

# %% [markdown]
# ## The largest, and where
#
# *最大值*
#
# `max` without a `dim` returns a number. With a `dim` it returns two tensors, the values and their places:

# %%
marks.max(dim=1)

# %% [markdown]
# `amax` returns the values alone and `argmax` the places alone. In a classifier, `argmax` turns scores into predictions, and the accuracy is then
# the mean of a comparison:

# %%
logits = torch.tensor([[2.0, 0.5, 0.1], [0.3, 1.5, 0.2], [0.1, 0.4, 3.0]])
labels = torch.tensor([0, 2, 2])
(logits.argmax(dim=1) == labels).float().mean()

# %% [markdown]
# If two elements tie for the maximum, somebody has to decide where the gradient goes. `amax` shares it evenly; `max` with a `dim` gives
# it all to the place that it returns:

# %%
v = torch.tensor([1.0, 3.0, 3.0, 2.0], requires_grad=True)
torch.autograd.grad(v.amax(dim=0), v)

# %%
torch.autograd.grad(v.max(dim=0).values, v)

# %% [markdown]
# ### One bad element
#
# *非数*
#
# What does a single `nan` do to a mean over many numbers? It makes the mean `nan`. That is a warning rather than a nuisance. If `nan` stands for "missing" in your data,
# the functions whose names begin with `nan` leave it out:

# %%
gaps = torch.tensor([2.0, torch.nan, 4.0])
gaps.mean(), gaps.nanmean(), gaps.amax()

# %% [markdown]
# ## Scans keep the shape
#
# *累加与累乘*
#
# The notes list `cumsum` and `cumprod` among the reductions. They are something else: each element becomes the sum, or the product, of all
# elements up to it. Nothing disappears, and `dim` is the direction in which one walks:

# %% claims=["C53"]
marks.cumsum(dim=1), torch.tensor([1, 2, 3, 4]).cumprod(dim=0)

# %% [markdown]
# The last column holds what `sum(dim=1)` would have given.
#
# ## Keep the dimension
#
# *保持维度*
#
# By how much does each mark differ from the mean of its student? Let us subtract:

# %% claims=["C54"] tags=["raises-exception"]
marks - marks.mean(dim=1)

# %% [markdown]
# The shapes (3, 4) and (3,) do not fit. With `keepdim=True` the named dimension does not disappear but stays with size 1. The means are a column
# now, and a column can be subtracted from every column:

# %% claims=["C54"]
marks - marks.mean(dim=1, keepdim=True)

# %% [markdown]
# Be glad of that error. With a *square* table there would have been none. Four students and four exams, and the means of the students
# are subtracted from the exams:

# %%
square = torch.tensor([[0.0, 0.0], [10.0, 10.0]])
square - square.mean(dim=1)

# %% [markdown]
# Each row is constant, so all differences should be zero. Make `keepdim=True` a habit whenever the result is to meet its source again.
#
# ## Broadcasting
#
# *广播*
#
# Why could a column be subtracted from a table in the first place? Because shapes that differ are *broadcast*: made equal by repeating.
#
# > **Align the shapes at the right.** Two sizes fit if they are equal, or if one of them is 1 or missing. That one is repeated.

# %%
column, row = torch.tensor([[0], [10], [20]]), torch.tensor([1, 2, 3, 4])
column + row

# %% [markdown]
# The column has the shape (3, 1), the row (4,), and their sum (3, 4). In the picture the pale cells are repeated in thought only; no memory
# is used for them.

# %%
from helpers.drawings.reductions import show_broadcast

show_broadcast(column, row)

# %% [markdown]
# `torch.broadcast_shapes` tells you what comes out without computing anything. Here a batch of pictures with one value for each channel:

# %%
torch.broadcast_shapes((64, 3, 32, 32), (3, 1, 1))

# %% [markdown]
# This is how a batch of pictures is normalized: the mean of each channel needs the shape (3, 1, 1). With the shape (3,) it would be aligned with
# the 32 columns, and refused:

# %%
pictures = torch.rand(64, 3, 32, 32)
mean = pictures.mean(dim=(0, 2, 3))
(pictures - mean[:, None, None]).shape

# %% [markdown]
# ### The silent mistake
#
# *隐蔽的错误*
#
# And now the bug. A layer with one output gives predictions of the shape (N, 1). Labels come as (N,). Suppose the predictions are *perfect*,
# so the loss should be 0:

# %%
label = torch.arange(5.0)
prediction = label[:, None]
((prediction - label) ** 2).mean()

# %% [markdown]
# It is 4. A column minus a row is a square: every prediction was compared with every label.

# %%
(prediction - label).shape

# %% [markdown]
# Nothing crashes, the loss even falls during training, and what the network learns is to predict the mean of all labels, for which this wrong loss is
# lower than for the truth:

# %%
always_the_mean = label.mean().expand(5, 1)
((always_the_mean - label) ** 2).mean()

# %% [markdown]
# `nn.MSELoss` computes the same wrong number, but it warns you. Take this warning seriously:

# %%
from helpers.messages import print_warnings

with print_warnings():
    torch.nn.MSELoss()(prediction, label)

# %% [markdown]
# The remedy is to say what you mean: `prediction.squeeze(1) - label`. In a training loop, `assert prediction.shape == label.shape` costs nothing and would
# have saved many people a day.
#
# > **Then and now.** Broadcasting is as old as the notes: it came with their release, 0.2, together with `keepdim`. Before that, tensors with the same *number* of
# > elements were added whatever their shapes, and the named dimension of a reduction stayed with size 1. Code from before 0.2 relies on both.
#
# ## Matrix products
#
# *矩阵乘法*
#
# A matrix multiplication (`a @ b`, short for `torch.matmul`) is a broadcast product and a sum: the last dimension of `a` meets the last but one of `b`, and disappears.
# Whatever comes before these two is a batch, and is broadcast.

# %%
(torch.ones(2, 3) @ torch.ones(3, 4)).shape

# %%
(torch.ones(64, 2, 3) @ torch.ones(3, 4)).shape

# %% [markdown]
# `einsum` says the same with letters, one for each dimension. **A letter that is missing on the right is summed over**, which is the rule of
# `dim` once more. At the heart of every transformer stand the *attention scores*: for each pair of positions `q` and `k`, the product of two
# vectors of length `d`, summed over `d`:

# %%
torch.manual_seed(0)
queries, keys = torch.rand(8, 5, 16), torch.rand(8, 6, 16)
scores = torch.einsum("bqd,bkd->bqk", queries, keys)
scores.shape, torch.allclose(scores, queries @ keys.mT)

# %% [markdown]
# Which `dim` must the softmax have, so that for each query the weights of all keys add up to 1? The keys are what is shared out, so it is their dimension, the last:

# %%
weights = scores.softmax(dim=2)
weights.sum(dim=2)[0]

# %% [markdown]
# ## Going further
#
# *求和顺序*
#
# A `float32` has about seven digits, and each addition is rounded. So the *order* of a sum matters:

# %%
a, b, c = torch.tensor([1e8, 1.0, -1e8])
(a + b) + c, (a + c) + b

# %% [markdown]
# In the first order, the 1 was lost beside a hundred million. With harmless numbers the effect is small, but it is there. Here a thousand random
# numbers are added one after the other in two thousand different orders:

# %%
from helpers.drawings.reductions import show_orders_of_a_sum

show_orders_of_a_sum()

# %% [markdown]
# PyTorch's `sum` adds in parallel, in an order that depends on the processor and the number of threads. This is why two machines may disagree in
# the last digits, and both be right.
#
# ## Recap
#
# - The dimension that you name disappears; with `keepdim=True` it stays with size 1.
# - The median of an even count is the lower one, `std` divides by n − 1, and `nan` goes through unless a function's name begins with `nan`.
# - `cumsum` and `cumprod` keep the shape.
# - Shapes are aligned at the right; sizes fit if they are equal, or one is 1 or missing. (N, 1) with (N,) is a square: check shapes.
# - In `einsum`, a letter that is missing on the right is summed over.

# %% [markdown]
# ## Exercises
#
# Put your code in the place of the three dots and run the cell. The check tries your function on tensors that are not
# on this page.
#
# **1. Channel statistics.** `channel_stats(images)` returns the mean and the standard deviation (with correction 0) of each channel of a batch (N × C × H × W), over all
# pictures and pixels: two tensors of shape (C,).

# %% tags=["exercise"]
from helpers.exercises.reductions_and_broadcasting import check_channel_stats


def channel_stats(images): ...


check_channel_stats(channel_stats)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Which dimensions must disappear? Name those, all at once.
#
# </details>

# %% [markdown]
# **2. Softmax by hand.** `softmax(x)` turns each row of a matrix into positive numbers that add up to 1: `exp`, divided by the sum of the `exp` of its row. It must
# work for elements of a few hundred too, and without `softmax`, `log_softmax` or `logsumexp`.

# %% tags=["exercise"]
from helpers.exercises.reductions_and_broadcasting import check_softmax


def softmax(x): ...


check_softmax(softmax)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `exp` overflows at 89. Subtracting the same number from a whole row does not change the result. Which number?
#
# </details>

# %% [markdown]
# **3. All distances.** `distances(a, b)` returns the Euclidean distance of each point of `a` (N × D) to each point of `b` (M × D), an N × M tensor. No loop, and no
# `cdist`.

# %% tags=["exercise"]
from helpers.exercises.reductions_and_broadcasting import check_distances


def distances(a, b): ...


check_distances(distances)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# You need all differences at once: a tensor of the shape (N, M, D). From which two shapes does it come by broadcasting?
#
# </details>

# %% [markdown]
# **4. Attention (hard).** `attention(q, k, v, mask)` with `q` (B × Q × D), `k` (B × K × D), `v` (B × K × E) and a bool `mask` (B × K). The scores are the products of queries and keys, divided by
# the root of D; keys whose mask is false get no weight; the softmax over the keys weights the values. Return B × Q × E, without
# `F.scaled_dot_product_attention`. Each sample has at least one true key.

# %% tags=["exercise"]
from helpers.exercises.reductions_and_broadcasting import check_attention


def attention(q, k, v, mask): ...


check_attention(attention)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# A score of minus infinity gets the weight 0. `masked_fill` or `torch.where` puts it there.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# The scores have the shape (B, Q, K), the mask (B, K). Where must it get a dimension of size 1, so that it is aligned with the keys?
#
# </details>

# %% [markdown]
# ## Solutions
#
# Click to open. They run and are verified like every other cell. Below each solution is a typical mistake, with what the
# check says of it.


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 1
def channel_stats(images):
    dims = (0, 2, 3)
    return images.mean(dim=dims), images.std(dim=dims, correction=0)


check_channel_stats(channel_stats)
# A typical mistake: the dimension to keep was named.
check_channel_stats(lambda x: (x.mean(dim=1), x.std(dim=1, correction=0)))


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 2
def softmax(x):
    e = (x - x.amax(dim=1, keepdim=True)).exp()
    return e / e.sum(dim=1, keepdim=True)


check_softmax(softmax)
# A typical mistake: exp overflows, and infinity divided by itself is nan.
check_softmax(lambda x: x.exp() / x.exp().sum(dim=1, keepdim=True))


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 3
def distances(a, b):
    return (a[:, None] - b).square().sum(dim=2).sqrt()


check_distances(distances)
# A typical mistake: the two are exchanged.
check_distances(lambda a, b: (a - b[:, None]).square().sum(dim=2).sqrt())


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 4
def attention(q, k, v, mask):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    scores = scores.masked_fill(~mask[:, None, :], -torch.inf)
    return scores.softmax(dim=2) @ v


check_attention(attention)


# A typical mistake: the softmax over the queries.
def over_queries(q, k, v, mask):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    scores = scores.masked_fill(~mask[:, None, :], -torch.inf)
    return scores.softmax(dim=1).nan_to_num() @ v


check_attention(over_queries)

# %% [markdown]
# ---
# Back: [element-wise functions](13_elementwise_functions.ipynb) · On: [what has become of the notes](15_notes_audited.ipynb)
