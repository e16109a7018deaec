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
# # Reductions and broadcasting
#
# *归并与广播*
#
# Does `marks.mean(dim=1)` average each row or each column? Many people who use PyTorch every day try it out before they
# answer. The [notes of 2017](16_notes_audited.ipynb) were about to say how to remember it, and break off in the middle
# of the thought. This page finishes it. With the rule in hand, we then look at what happens when two shapes do not
# match, and at a bug that lets a network train for hours on the wrong loss without a word of complaint.
#
# **You will**
#
# - predict the shape and the meaning of a reduction (归并) from its `dim`;
# - use `mean`, `median`, `std`, `max` and their relatives, and know what ties and `nan` do to them;
# - tell reductions from scans (`cumsum`);
# - predict which shapes broadcast (广播) together, and catch the broadcast that you did not want;
# - write products of matrices with `@` and `einsum`.
#
# **You need** to know what the [shape of a tensor](08_tensor_shapes.ipynb) is; in two places we also take a
# [gradient](02_autograd.ipynb). No GPU.
#
# **Time**: 20 min to read, 6 s to run (AMD EPYC, 2 cores).
#
# ## The rule of dim
#
# *维度的规则*
#
# Three students have each taken four exams. Their marks, with one row for each student and one column for each exam, will
# keep us company on this page:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch

marks = torch.tensor(
    [[7.0, 9.0, 8.0, 8.0], [5.0, 6.0, 7.0, 10.0], [9.0, 9.0, 6.0, 4.0]]
)
marks.mean()

# %% [markdown]
# The functions of the last page were element-wise (逐元素): twelve numbers went in, and twelve came out. A *reduction* makes
# fewer numbers out of many. Without a `dim`, it makes a single one out of all twelve. With a `dim`, remember this:
#
# > **The dimension that you name is the one that disappears.**
#
# `marks` has the shape (3, 4): dimension 0 counts the students, dimension 1 counts the exams. Name dimension 1, and the
# exams disappear. What remains is one number for each student:

# %% claims=["C54"]
marks.mean(dim=1)

# %% [markdown]
# Name dimension 0, and the students disappear. What remains is one number for each exam:

# %% claims=["C54"]
marks.mean(dim=0)

# %% [markdown]
# So do not ask "rows or columns?". Ask which index you want to get rid of. The same question works for any number of
# dimensions, where "row" and "column" no longer mean much. Take a tensor of shape (2, 3, 4): two weather stations,
# three days, four readings a day. You can sum over any of its three dimensions, and in each row of the picture another
# one disappears: at the top the station, in the middle the day, at the bottom the reading. In each row two of the sums
# are colored, and so are the cells that were added up for them:

# %% claims=["C54"]
from helpers.drawings.reductions import show_reductions

x = torch.arange(24).view(2, 3, 4)
show_reductions(x)

# %% [markdown]
# Two dimensions may go at once, and negative numbers count from the end. If you want one number for each station, the
# days and the readings have to disappear:

# %% claims=["C54"]
x.sum(dim=(1, 2)), x.sum(dim=(-2, -1))

# %% [markdown]
# > **Then and now.** "Most of the functions above take a `dim`," the notes say, "and its effect can be remembered as
# > follows." There they end. The rule above is one way to go on. It has held since PyTorch 0.2; before that, the
# > dimension that you named stayed with size 1, which today you have to ask for with `keepdim=True`, as we shall below.
#
# ## The reductions of the notes
#
# *笔记中的归并*
#
# ### Mean, sum, median, mode
#
# *均值、和、中位数、众数*
#
# The notes name four ways to describe many numbers by one. We have seen the mean; the sum is the same without the
# division. If a single outlier (离群值) should not spoil the result, the *median* (中位数), the number in the middle, is a
# better choice:

# %% claims=["C50"]
marks.median(dim=1).values

# %% [markdown]
# Look at the second student, whose marks are 5, 6, 7 and 10. Two of them are in the middle, and at school the median
# was halfway between the two, 6.5. PyTorch takes the *lower* one, so that the median is a mark that was really given.
# (This is also why it can tell you where that mark stands: the result has `indices` beside its `values`.) If you want
# the median of the textbooks, ask for the quantile at one half:

# %% claims=["C50"]
marks.quantile(0.5, dim=1)

# %% [markdown]
# The *mode* (众数) is the number that occurs most often:

# %% claims=["C50"]
marks.mode(dim=1).values

# %% [markdown]
# The first student has 8 twice, and the third has 9 twice. The second has four different marks, which is a tie. We got
# the smallest, but the documentation makes no promise about ties.
#
# A comparison can be reduced, too, and then it answers questions. Which students have failed an exam, with a mark below
# 5? And how many of all the marks were 9 or better?

# %%
(marks < 5).any(dim=1), (marks >= 9).sum()

# %% [markdown]
# Integers need a word of their own. PyTorch computes the sum of a small integer type in 64 bits, so that two bytes of 200
# and 100 make 300 and not 44. A mean, however, need not be a whole number, so convert the bytes first:

# %% claims=["C50"]
pixels = torch.tensor([200, 100], dtype=torch.uint8)
pixels.sum(), pixels.float().mean()

# %% [markdown]
# Otherwise PyTorch refuses, since it cannot know which type the mean should have:

# %% claims=["C50"] tags=["raises-exception"]
pixels.mean()

# %% [markdown]
# You can also name the type in the call, as in `pixels.mean(dtype=torch.float32)`.
#
# ### Standard deviation and variance
#
# *标准差与方差*
#
# The second and the third student have the same mean, 7. Whose marks are spread more widely? The *variance* (方差) tells
# us: it is the mean of the squared distances from the mean, and its square root is the *standard deviation* (标准差). Let
# us ask both PyTorch and NumPy:

# %% claims=["C52"]
marks.var(dim=1), marks.numpy().var(axis=1)

# %% [markdown]
# The third student varies most. But why do the two libraries disagree? Both add up the squared distances of $n = 4$
# marks; then NumPy divides by $n$, and PyTorch by $n - 1$. If the four marks are only a *sample* of what a student can
# do, they lie closer to their own mean than to the true one, on average, and dividing by $n - 1$ makes up for that.
# The number that is subtracted from $n$ is called the `correction`. It is 1 unless you say otherwise, and with 0 we get
# NumPy's result:

# %% claims=["C52"]
marks.var(dim=1, correction=0), marks.std(dim=1, correction=0) ** 2

# %% [markdown]
# (Mind a batch of one: with $n = 1$, PyTorch divides zero by zero, so the standard deviation of a single number is
# `nan`, and PyTorch warns you.)
#
# > **Then and now.** Before 2.0 the argument was called `unbiased`, and was true or false. It is still understood.
#
# ### Norm and distance
#
# *范数与距离*
#
# How different are the first two students? Think of their marks as points in a space of four dimensions. The *norm*
# (范数) of a vector is its length, and the *distance* (距离) of two points is the norm of their difference:

# %% claims=["C51"]
difference = marks[0] - marks[1]
torch.linalg.vector_norm(difference), torch.dist(marks[0], marks[1])

# %% [markdown]
# > **Then and now.** The notes' `torch.norm` still works, but it has been deprecated since 1.7, and for a good reason:
# > for a *matrix*, its name does not say which norm is meant. It treats the elements as one long vector, while to a
# > mathematician the 2-norm of a matrix is the largest factor by which it stretches a vector. Today there is a name for
# > each:

# %% claims=["C51"]
A = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
torch.norm(A, 2), torch.linalg.vector_norm(A), torch.linalg.matrix_norm(A, 2)

# %% [markdown]
# ## The largest, and where
#
# *最大值*
#
# What was each student's best mark, and in which exam was it? `max` with a `dim` answers both questions, in two
# tensors:

# %%
marks.max(dim=1)

# %% [markdown]
# `amax` returns the values alone and `argmax` the places alone; for the smallest there are `min`, `amin` and `argmin`.
# You will meet `argmax` in nearly every program that classifies. There, each row holds one score (logit) for each
# class, `argmax` turns the scores into predictions, and the accuracy is the mean of a comparison:

# %%
logits = torch.tensor([[2.0, 0.5, 0.1], [0.3, 1.5, 0.2], [0.1, 0.4, 3.0]])
labels = torch.tensor([0, 2, 2])
(logits.argmax(dim=1) == labels).float().mean()

# %% [markdown]
# > **Then and now.** Old programs get the predictions from `_, predicted = torch.max(outputs.data, 1)` or
# > `outputs.max(1)[1]`. Both still work and pick the same places. Code from before 0.2 goes on with `.squeeze(1)`,
# > since the dimension stayed then, and that is an error today.
#
# The third student's best mark, 9, came twice, and `max` reported the first of the two. Such a tie matters when there
# are gradients: which of the two elements gets the gradient of the maximum? `amax` shares it evenly, whereas `max` with
# a `dim` gives everything to the place that it returns:

# %%
third = marks[2].clone().requires_grad_()
torch.autograd.grad(third.amax(dim=0), third)

# %%
torch.autograd.grad(third.max(dim=0).values, third)

# %% [markdown]
# (`torch.autograd.grad` can differentiate with respect to several tensors at once, so it always returns a tuple.)
#
# ### One bad element
#
# *非数*
#
# Suppose that the first student missed an exam, and that somebody recorded that mark as `nan`, *not a number*. Then this
# student's mean becomes `nan` as well. That is usually what you want, since a mean that quietly ignored broken data would
# be worse. But here `nan` stands for "missing", and `nanmean` leaves the missing marks out:

# %%
gaps = marks.clone()
gaps[0, 1] = torch.nan
gaps.mean(dim=1), gaps.nanmean(dim=1)

# %% [markdown]
# `nansum`, `nanmedian` and `nanquantile` do the same, and `gaps.isnan().sum()` counts what is missing.
#
# ## Scans keep the shape
#
# *累加与累乘*
#
# The notes list `cumsum` and `cumprod` among the reductions. They are something else, namely *scans*: each element
# becomes the sum, or the product, of all elements up to and including itself. No dimension disappears. Here `dim` is
# the direction in which you walk, from exam to exam:

# %% claims=["C53"]
marks.cumsum(dim=1), torch.tensor([1, 2, 3, 4]).cumprod(dim=0)

# %% [markdown]
# The last column of the first result is what `marks.sum(dim=1)` would have given.
#
# ## Keep the dimension
#
# *保持维度*
#
# By how much does each mark differ from the mean of its student? Let us subtract:

# %% claims=["C54"] tags=["raises-exception"]
marks - marks.mean(dim=1)

# %% [markdown]
# The shapes (3, 4) and (3,) do not fit. With `keepdim=True` the dimension that you name does not disappear, but stays
# with size 1. The means are then a column, of shape (3, 1), and this can be subtracted from every column of the table:

# %% claims=["C54"]
marks - marks.mean(dim=1, keepdim=True)

# %% [markdown]
# Each row now adds up to 0, as differences from a mean should. And be glad of the error above, because you do not always
# get it. Let us forget `keepdim` once more, but look at the first three exams only, so that the table is *square*:

# %%
three = marks[:, :3]
three - three.mean(dim=1)

# %% [markdown]
# There is no error this time, and the result is wrong: the first row adds up to 2, the second to −4. The mean of
# student 0 has been subtracted from exam 0, that of student 1 from exam 1, and so on. So make `keepdim=True` a habit
# whenever a result is to be combined with the tensor it came from.
#
# ## Broadcasting
#
# *广播*
#
# Why could a column be subtracted from a table in the first place, and why did the three means without `keepdim` go
# wrong? When two shapes differ, PyTorch *broadcasts* them: it repeats what is too small until both are equal. There is
# one rule for it:
#
# > **Align the shapes at the right.** Two sizes fit if they are equal, or if one of them is 1 or missing. That one is
# > repeated.

# %%
column, row = torch.tensor([[0], [10], [20]]), torch.tensor([1, 2, 3, 4])
column + row

# %% [markdown]
# The column has the shape (3, 1) and the row (4,). Write them below each other, aligned at the right:
#
# ```
# column   3  1
# row         4
# sum      3  4
# ```
#
# The 1 stands above the 4, so the column is repeated four times. The 3 stands above nothing, so the row is repeated
# three times. In the picture, the pale cells are the repeated ones. They exist only in our minds, and take no memory:

# %%
from helpers.drawings.reductions import show_broadcast

show_broadcast(column, row)

# %% [markdown]
# A batch of images has the shape (N, C, H, W), such as (64, 3, 32, 32), and the first step in normalizing it is to
# subtract from each channel its mean. Which shape must the three means have? `torch.broadcast_shapes` lets you try out
# an idea without computing anything. The shape (3,) is aligned with the 32 columns of pixels, so it would not do:

# %% tags=["raises-exception"]
torch.broadcast_shapes((64, 3, 32, 32), (3,))

# %% [markdown]
# Two more dimensions of size 1 on the right bring the 3 below the channels. Indexing with `None` adds them:

# %%
images = torch.rand(64, 3, 32, 32)
mean = images.mean(dim=(0, 2, 3))
(images - mean[:, None, None]).shape

# %% [markdown]
# ### The silent mistake
#
# *隐蔽的错误*
#
# And now for the bug. A layer with one output gives predictions of shape (N, 1), but labels usually come with shape (N,).
# Suppose that five predictions are *perfect*. Their mean squared error should be 0:

# %%
label = torch.tensor([1.0, 3.0, 5.0, 7.0, 9.0])
prediction = label[:, None]
((prediction - label) ** 2).mean()

# %% [markdown]
# It is 16. The rule tells us why: a column minus a row is a square, so each prediction was compared with each label:

# %%
(prediction - label).shape

# %% [markdown]
# What does a network learn from such a loss? Let us train one. The labels lie on the line $2x + 1$, so a single linear
# layer could learn them perfectly:

# %%
inputs = torch.arange(5.0)[:, None]
torch.manual_seed(0)
layer = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.05)
layer(inputs).shape, label.shape

# %% [markdown]
# Here are the two shapes again. We train all the same, 500 steps on the mean of the squared differences:

# %%
losses = []
for _ in range(500):
    loss = ((layer(inputs) - label) ** 2).mean()  # the bug is here
    losses.append(loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
losses[0], losses[-1]

# %% [markdown]
# Nothing crashed, and the loss fell nicely. But look at the predictions:

# %%
layer(inputs).detach().squeeze(1)

# %% [markdown]
# Whatever the input, the layer predicts 5. Each prediction is compared with all five labels, and the one number with
# the smallest mean squared distance to all of them is their mean. Its loss, 8, is even lower than that of the truth, 16.
# `nn.MSELoss` computes the same wrong number, but at least it warns you. Take the warning seriously when you see it:

# %%
from helpers.messages import print_warnings

with print_warnings():
    torch.nn.MSELoss()(prediction, label)

# %% [markdown]
# The remedy is to give both the same shape:

# %%
((prediction.squeeze(1) - label) ** 2).mean()

# %% [markdown]
# In a training loop, the line `assert prediction.shape == label.shape` costs nothing and can save you a day.
#
# > **Then and now.** Broadcasting came with PyTorch 0.2, the release of the notes. Before that, two tensors with the
# > same *number* of elements were added even if their shapes differed, so a column plus a row of the same length made no
# > square. Code from before 0.2 may rely on that.
#
# ## Matrix products
#
# *矩阵乘法*
#
# The school has two ways to make one final mark out of four exams. The first takes the plain mean; the second drops the
# last exam and counts the first one twice. Put the weights in the columns of a matrix, and a matrix multiplication
# gives all final marks at once:

# %%
schemes = torch.tensor([[0.25, 0.5], [0.25, 0.25], [0.25, 0.25], [0.25, 0.0]])
marks @ schemes

# %% [markdown]
# There is nothing new in this: it is a broadcast product and a sum. The exams are the last dimension of `marks` and the
# first of `schemes`. Each mark is multiplied by the weight of its exam, and then the exams disappear in the sum:

# %%
(marks[:, :, None] * schemes).sum(dim=1)

# %% [markdown]
# Do not confuse the two signs. `marks * schemes` multiplies element by element, and since (3, 4) and (4, 2) do not
# broadcast, it is an error. With two *square* matrices it would be the next silent mistake.
#
# > **Then and now.** Old code writes `torch.mm` for the product of two matrices and `torch.bmm` for a batch of them. Both
# > still work, and `@` (or `torch.matmul`) serves for either. Decompositions and solvers have moved: `torch.symeig`,
# > `torch.qr`, `torch.solve` and `torch.lstsq` are errors today, and their successors are in `torch.linalg`.
#
# Which dimensions meet, and which disappear? `einsum` lets you say so, with one letter for each dimension. **A letter
# that is missing on the right is summed over**, which is the rule of `dim` once more. With `s` for students, `e` for
# exams and `f` for the final marks:

# %%
torch.einsum("se,ef->sf", marks, schemes)

# %% [markdown]
# This pays off where there are more dimensions. The attention (注意力) in a transformer, the network behind today's
# language models, compares *queries* with *keys*. Both are vectors of length `d`, compared by their dot product (点积),
# and this is done for each sample `b` of a batch. With `q` and `k` for the queries and the keys:

# %%
torch.manual_seed(0)
queries, keys = torch.rand(8, 5, 16), torch.rand(8, 6, 16)
scores = torch.einsum("bqd,bkd->bqk", queries, keys)
scores.shape, torch.allclose(scores, queries @ keys.mT)

# %% [markdown]
# The vectors have disappeared, and what remains is one score for each query and key. `@` gives the same scores: it
# multiplies matrices that lie in the last two dimensions, and takes the dimensions before them for a batch. For this,
# `keys.mT` exchanges the last two dimensions of the keys.
#
# A softmax then turns the scores into weights, which are positive and add up to 1. Along which `dim`? Each query shares
# out its weight among the keys, so it has to be the dimension of the keys, the last one:

# %%
weights = scores.softmax(dim=2)
weights.sum(dim=2)[0]

# %% [markdown]
# ## Going further
#
# *求和顺序*
#
# A `float32` has about seven decimal digits, and each addition is rounded. So the *order* of a sum can matter:

# %%
a, b, c = torch.tensor([1e8, 1.0, -1e8])
(a + b) + c, (a + c) + b

# %% [markdown]
# In the first order, the 1 was lost beside a hundred million. With ordinary numbers the effect is much smaller, but it
# is there. Here the same thousand random numbers are added one after another, in two thousand different orders:

# %%
from helpers.drawings.reductions import show_orders_of_a_sum

show_orders_of_a_sum()

# %% [markdown]
# All these results are correct up to rounding, and nearly all are off by less than one part in a million. PyTorch's own
# `sum` adds many numbers at the same time, in an order that may depend on the processor and on the number of threads.
# That is why two machines can disagree in the last digits of a sum without either of them being broken.
#
# ## Recap
#
# - The dimension that you name disappears; with `keepdim=True` it stays with size 1.
# - The median of an even count is the lower of the two in the middle, `var` and `std` divide by n − 1, and a `nan`
#   turns sums, means and maxima into `nan`. `nanmean` and its relatives leave it out.
# - `cumsum` and `cumprod` are scans: they keep the shape.
# - Shapes are aligned at the right; two sizes fit if they are equal, or if one is 1 or missing. (N, 1) with (N,) makes
#   a square without an error, so compare the shapes of predictions and labels.
# - `@` is a broadcast product and a sum. In `einsum`, a letter that is missing on the right is summed over.

# %% [markdown]
# ## Exercises
#
# Put your code in place of the three dots and run the cell. The check tries your function on tensors that are not
# on this page.
#
# **1. Channel statistics.** Before training on images, one normalizes their channels, and for this one needs two
# numbers for each of them. Write `channel_stats(images)`: for a batch of shape (N, C, H, W), return the mean and the
# standard deviation (with correction 0) of each channel, over all images and pixels, as a tuple of two tensors of shape
# (C,).

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

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# C is dimension 1 and has to stay, so the tuple is (0, 2, 3). `mean` and `std` both take it.
#
# </details>

# %% [markdown]
# **2. Softmax by hand.** Write `softmax(x)`, which turns each row of a matrix into numbers between 0 and 1 that add up
# to 1: it takes `exp` of each element, and divides by the sum of the `exp` of its row. Do it without `softmax`,
# `log_softmax` and `logsumexp`. It has to work for elements of a few thousand, too.

# %% tags=["exercise"]
from helpers.exercises.reductions_and_broadcasting import check_softmax


def softmax(x): ...


check_softmax(softmax)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# In `float32`, `exp(89)` is already infinite. But subtracting the same number from a whole row does not change its
# softmax. Which number would you take?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# The largest of each row: then no exponent is above 0. It has to be subtracted from its own row, so it must be a column.
#
# </details>

# %% [markdown]
# **3. All distances.** The rows of `a`, of shape (N, D), are points, and so are the rows of `b`, of shape (M, D). Write
# `distances(a, b)`, which returns the Euclidean distance of each point of `a` to each point of `b`, as a tensor of
# shape (N, M). Use no loop, and no `cdist`.

# %% tags=["exercise"]
from helpers.exercises.reductions_and_broadcasting import check_distances


def distances(a, b): ...


check_distances(distances)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# You need all differences at once: a tensor of shape (N, M, D). From which two shapes does it come by broadcasting?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# From (N, 1, D) and (M, D). The distance is the root of the sum of the squared differences: which dimension disappears?
#
# </details>

# %% [markdown]
# **4. Attention (hard).** Finish what the page began. Write `attention(q, k, v, mask)`, without
# `F.scaled_dot_product_attention`, for queries `q` of shape (B, Q, D), keys `k` (B, K, D), values `v` (B, K, E) and a
# bool `mask` (B, K):
#
# - the score of a query and a key is the dot product of their vectors, divided by the square root of D;
# - a softmax over the keys turns the scores into weights, but a key whose mask is `False` gets no weight at all (each
#   sample has at least one that is `True`);
# - the result of a query is the sum of the values with these weights. Return a tensor of shape (B, Q, E).

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
# The scores have the shape (B, Q, K), the mask (B, K). Where must it get a dimension of size 1, so that it is aligned
# with the keys?
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# In JupyterLab, click on a solution to open it. Below each one is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
def channel_stats(images):
    dims = (0, 2, 3)
    return images.mean(dim=dims), images.std(dim=dims, correction=0)


check_channel_stats(channel_stats)
# A typical mistake: the dimension to keep was named.
check_channel_stats(lambda x: (x.mean(dim=1), x.std(dim=1, correction=0)))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
def softmax(x):
    e = (x - x.amax(dim=1, keepdim=True)).exp()
    return e / e.sum(dim=1, keepdim=True)


check_softmax(softmax)
# A typical mistake: exp overflows or underflows; inf / inf and 0 / 0 are nan.
check_softmax(lambda x: x.exp() / x.exp().sum(dim=1, keepdim=True))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def distances(a, b):
    return (a[:, None] - b).square().sum(dim=2).sqrt()


check_distances(distances)
# A typical mistake: the two are exchanged.
check_distances(lambda a, b: (a - b[:, None]).square().sum(dim=2).sqrt())


# %% jupyter={"source_hidden": true} tags=["solution"]
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
    return scores.softmax(dim=1) @ v


check_attention(over_queries)

# %% [markdown]
# ---
# Previous: [element-wise functions](13_elementwise_functions.ipynb) · Next: [old calls](15_old_calls.ipynb)
