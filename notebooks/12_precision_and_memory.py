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
# # Precision and memory
#
# *精度与内存*
#
# A loss turns into `nan` in the middle of the night. A counter stops counting, without an error. A larger batch does
# not fit into memory. All three have to do with the few bytes in which a number is stored, which is what a tensor's
# `dtype` (数据类型) decides. The [notes of 2017](16_notes_audited.ipynb) say that half precision (半精度) takes half the
# memory and overflows easily. That is true, and it is the beginning of a longer story.
#
# **You will**
#
# - see which numbers a float can hold, and how large the gaps are in between;
# - recognize overflow (上溢), underflow (下溢) and lost additions, and choose between `float16` and `bfloat16`;
# - use mixed precision (混合精度) with `autocast`, and scale gradients;
# - work out, before you allocate anything, how much memory a tensor or a network in training takes.
#
# **You need** data types ([page 11](11_types_and_devices.ipynb)) and a first idea of training. No GPU.
#
# **Time**: 17 min to read, 6 s to run (AMD EPYC, 2 cores).
#
# ## A counter that stops
#
# *停住的计数器*
#
# Let us count in 32-bit floats, PyTorch's default. We have reached 16,777,216, and count one more:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch

n = torch.tensor(16_777_216.0)
n + 1 == n

# %% [markdown]
# One more is the same number. You can add one to this counter for the rest of your life, and it will not move. In half
# precision, with 16 bits, it happens much sooner:

# %%
torch.tensor(2048.0, dtype=torch.float16) + 1

# %% [markdown]
# Nothing is broken. 2049 is simply not among the numbers that this type can hold, so PyTorch rounds the sum to one that
# is. (2049 lies exactly halfway between 2048 and 2050. Such a tie goes to the neighbor whose last binary digit is 0,
# here to 2048.) This *rounding* (舍入) follows every single addition and multiplication. Most of the time it is too small
# to see, and most of this page is about when it is not. But why does it happen at 2048 of all numbers? To find out, we
# have to look at how a float is stored.
#
# ## What a float can hold
#
# *浮点数的表示*
#
# You know scientific notation: the speed of light is about 3.00 · 10⁸ meters per second, three digits and an exponent.
# A float (浮点数) is stored in the same way, with two in place of ten: 160 is 1.25 · 2⁷. Its bits are divided among three
# parts: a sign, an exponent, which sets the *range*, and a fraction, the digits after the "1.", which sets the
# *precision*.

# %%
from helpers.drawings.precision import show_float_bits

show_float_bits()

# %% [markdown]
# Here is the answer to our question. `float16` has 10 bits of fraction, which makes 11 binary digits with the
# leading 1. Up to 2¹¹ = 2048 these suffice for every whole number. Beyond it they suffice only for every second one,
# later only for every fourth. `float32` has 23 + 1 digits, and 2²⁴ is 16,777,216.
#
# Now compare `float16` and `bfloat16`, which both have 16 bits. `float16` spends more of them on precision and has a
# small range. `bfloat16` has the layout of `float32` with the last 16 bits cut off: about the same range, but only 7
# bits of fraction. On the right of the next picture are all the numbers that these two have between 1 and 1.05. On the
# left, where the numbers are few enough to show more of them, are an integer type and two float types of 8 bits each,
# from 0 to 8. (The name `e4m3` stands for 4 bits of exponent and 3 of fraction, which is also called the *mantissa*.)

# %%
from helpers.drawings.precision import show_number_lines

show_number_lines()

# %% [markdown]
# Integers lie evenly. Floats are dense near zero, and their gaps double from one power of two to the next. (Only the
# very smallest numbers, which are called *subnormal*, lie evenly again.) So the gap stays about the same *in
# proportion* to the number: less than one percent for `bfloat16`, around a hundred-thousandth of a percent for
# `float32`. The gap just above 1 is called `eps`:

# %%
torch.finfo(torch.bfloat16).eps, torch.finfo(torch.float32).eps

# %% [markdown]
# A fraction such as 0.1 has no end when it is written in powers of two, just as 1/3 has no end in decimals. So it is
# not among these numbers at all. What you get is the nearest one, and `item()`, which returns a Python float, shows it
# in full:

# %%
torch.tensor(0.1).item()

# %% [markdown]
# This is why two results that should be equal often are not, and why you compare floats with `torch.isclose` or
# `torch.allclose` rather than with `==`:

# %%
rest = torch.tensor(0.3) - 0.2
rest == 0.1, torch.isclose(rest, torch.tensor(0.1))

# %% [markdown]
# ## Half precision
#
# *半精度*
#
# Why would anyone use 16 bits, then? Because a network is mostly a heap of numbers, and in 16 bits twice as many of
# them fit into the same memory. Modern GPUs also multiply matrices several times faster in 16 bits than in 32.
#
# > **Then and now.** In the notes, a HalfTensor is for the GPU alone: in 2017 a CPU could store halves, but not compute
# > with them. Since PyTorch 1.6 it can add them, and products of matrices came later. Many CPUs do it slowly, by
# > converting each number to `float32` and back.

# %% claims=["C39"]
h = torch.HalfTensor([[1, 2], [3, 4]])
h + h, h @ h

# %% [markdown]
# The saving in memory is what the notes promise, exactly half:

# %% claims=["C42"]
x = torch.ones(1000)
x.nbytes, x.half().nbytes

# %% [markdown]
# It is easily lost again. You know *type promotion* (类型提升) from [page 11](11_types_and_devices.ipynb#Mixed-types): when
# halves meet a `float32` tensor that has dimensions, the result is `float32`. So a single forgotten tensor in the
# middle of a network brings what follows back to 32 bits, until the next linear layer stops with an error, because its
# weights are still halves. A plain Python number is harmless:

# %%
(x.half() * x).dtype, (x.half() * 0.5).dtype

# %% [markdown]
# ### Overflow
#
# *上溢*
#
# The notes are right about the price as well. The largest `float16` is 65504, and 300 · 300 is already beyond it. The
# result is infinity, and from there it takes one subtraction to arrive at `nan`, *not a number*. This is one of the
# ways in which a loss turns into `nan`:

# %% claims=["C42"]
h = torch.tensor([300.0, 400.0]).half()
h * h, h * h - h * h

# %% [markdown]
# `bfloat16` has room up to 3.4 · 10³⁸, like `float32`. The price is precision: it has no 90,000, and the nearest number
# that it does have is 90,112.

# %%
torch.tensor([300.0, 400.0]).bfloat16() ** 2

# %% [markdown]
# ### Underflow
#
# *下溢*
#
# At the other end, small numbers vanish. In `float16`, whatever is closer to zero than about 3 · 10⁻⁸ is rounded to
# zero. Gradients can be that small, and a gradient of zero teaches nothing:

# %% claims=["C42"]
gradient = torch.tensor(1e-8)
gradient.half(), gradient.bfloat16()

# %% [markdown]
# The remedy for `float16` is to *scale* (缩放). Multiply the loss by a large number before you call `backward`. By the
# chain rule, all gradients are multiplied by it too, and are now large enough for `float16`. Divide by it again once
# they are in `float32`:

# %%
(gradient * 65536).half().float() / 65536

# %% [markdown]
# ### Lost additions
#
# *精度损失*
#
# The third danger is the counter from the beginning, in a disguise that matters for training. Let us add 0.001 to a
# `float16` ten thousand times. The sum should be 10:

# %% claims=["C42"]
total = torch.tensor(0.0, dtype=torch.float16)
for _ in range(10_000):
    total += 0.001
total

# %% [markdown]
# It got stuck at 4. Once the gap between neighbors is more than twice the number that is added, each sum is rounded
# back to what it was before. `bfloat16`, with its wider gaps, gives up still earlier:

# %%
from helpers.drawings.precision import show_running_sums

show_running_sums()

# %% [markdown]
# (Between 2 and 4, `float16` even runs ahead, because there each addition is rounded *up* to the next number.)
# PyTorch's own `sum` does better. It keeps its running total in `float32`, and rounds once, at the end:

# %%
torch.full((10_000,), 0.001, dtype=torch.float16).sum()

# %% [markdown]
# Why not 10? The nearest `float16` to 0.001 is 0.0010004. Ten thousand of these make 10.004, and around 10 the numbers
# of `float16` are 1/128 apart, so that 10.0078 is the nearest.
#
# A weight that is trained in 16 bits is in the same position as our counter. Suppose that it is about 1, and that each
# update, the learning rate times the gradient, is about 0.001. Next to 1, the numbers of `float16` are just close
# enough together for such an update. Those of `bfloat16` are 1/128 apart, and every update is lost:

# %%
w = torch.tensor(1.0, dtype=torch.bfloat16)
for _ in range(100):
    w += 0.001
w

# %% [markdown]
# ## Mixed precision
#
# *自动混合精度*
#
# So we want both: 16 bits for the large products of matrices, which take most of the time, and 32 bits for the weights
# and for what is delicate, such as the loss. This is *mixed precision*. Within `torch.autocast`, PyTorch decides for
# each operation which of the two it gets:

# %%
a = torch.ones(4, 4)
with torch.autocast("cpu", dtype=torch.bfloat16):
    product = a @ a
    loss = torch.nn.functional.mse_loss(product, a)
product.dtype, loss.dtype

# %% [markdown]
# `a` has 32 bits, yet the product was computed in `bfloat16`, and then the loss in `float32`. (Which operation gets
# what is listed in the documentation of `torch.amp`, and it differs between CPU and GPU.) The weights of a layer stay
# in `float32`, and so do their gradients, so that small updates are not lost:

# %%
torch.manual_seed(0)
layer = torch.nn.Linear(4, 1)
with torch.autocast("cpu", dtype=torch.bfloat16):
    out = layer(a)
out.float().sum().backward()
out.dtype, layer.weight.dtype, layer.weight.grad.dtype

# %% [markdown]
# With `bfloat16` that is all there is to it. With `float16` there is one more step. The backward pass of an operation
# runs in the type of its forward pass, so a gradient is a `float16` on its way, and becomes a `float32` when it arrives
# at the weights. On the way it may underflow, and a `GradScaler` does the scaling for you. These are the lines as you
# would write them in a training loop. On a GPU, write `"cuda"` in both places, and move the network and the data there
# as well:

# %%
optimizer = torch.optim.SGD(layer.parameters(), lr=0.02)
scaler = torch.amp.GradScaler("cpu")
for step in range(3):
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.float16):
        loss = torch.nn.functional.mse_loss(layer(a), torch.zeros(4, 1))
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    print(f"{step}: loss {loss:.2f}, scale {scaler.get_scale():.0f}")
    scaler.update()

# %% [markdown]
# Why did the loss not change in the first step? The scale began at 65536, and that was too much: a scaled gradient went
# beyond the 65504 of `float16` and overflowed. In such a case `scaler.step` skips the optimizer's step, so that the
# weights are not ruined, and `update` halves the scale. From the second step on it worked: `scaler.step` divided the
# gradients by the scale again and let the optimizer take its step. After 2000 good steps in a row, `update` doubles the
# scale, and so it finds its own level. (If you clip gradients, call `scaler.unscale_(optimizer)` first, or you will clip
# the scaled ones.)
#
# > **Then and now.** From 2020 on, tutorials write `torch.cuda.amp.autocast()` and `torch.cuda.amp.GradScaler()`, which
# > are for NVIDIA's and AMD's GPUs only. Both still work. Since 2.4 they warn, and the warning names what we have used
# > here, `torch.amp` with the device as its first argument.
#
# ## How much memory
#
# *内存*
#
# Now to the batch that does not fit. How much memory (内存, on a GPU 显存) does a tensor take? The notes work out that a
# FloatTensor of 1000 × 1000 × 1000 elements takes 4 GB. You can check this without 4 GB to spare: on the device `meta`,
# tensors have a shape and a type, but no memory.

# %% claims=["C41"]
big = torch.empty(1000, 1000, 1000, device="meta")
big.numel(), big.element_size(), big.nbytes

# %% [markdown]
# 10⁹ elements of 4 bytes are 4 · 10⁹ bytes, or 4 GB. If a tool shows 3.73 for the same tensor, it counts in GiB, units of
# 2³⁰ bytes:

# %% claims=["C41"]
big.nbytes / 1e9, big.nbytes / 2**30

# %% [markdown]
# ### A network in training
#
# *训练时的内存*
#
# A network in training takes much more memory than its parameters alone. Let us count it all for a small one, and begin
# with the bytes of the parameters:

# %%
net = torch.nn.Sequential(
    torch.nn.Linear(784, 512), torch.nn.ReLU(), torch.nn.Linear(512, 10)
)
sum(p.nbytes for p in net.parameters())

# %% [markdown]
# Each parameter has a gradient of the same size:

# %%
adam = torch.optim.Adam(net.parameters())
net(torch.zeros(128, 784)).sum().backward()
adam.step()
sum(p.grad.nbytes for p in net.parameters())

# %% [markdown]
# The optimizer Adam keeps two running means for each parameter, which makes twice the size again (and a few bytes in
# which it counts its steps):

# %%
sum(t.nbytes for state in adam.state.values() for t in state.values())

# %% [markdown]
# That makes four times the parameters, whatever the size of the batch. What remains are the *activations* (激活值), the
# intermediate results that the backward pass will need, and the batch itself. They grow with the size of the batch, and
# if that is large, they make up most of the total:

# %%
from helpers.drawings.precision import show_training_memory

show_training_memory(net, input_shape=(784,), batch_sizes=(32, 128, 512, 2048))

# %% [markdown]
# At 32 samples the activations hardly show; at 2048 they take more than everything else together. That is the answer to
# the batch that does not fit: halve the batch, and the activations are halved.
#
# What if you need the large batch? Split it into two halves. Divide the mean loss of each half by two, call `backward` on
# each, and take one step after both, since [gradients accumulate](02_autograd.ipynb#Gradients-accumulate). Or keep only
# some of the activations and compute the others again, which is called [checkpointing](03_autograd_in_depth.ipynb).
#
# Whether a *large* model will fit can be worked out on `meta` as well. How many gigabytes would the weights of this
# layer take?

# %%
with torch.device("meta"):
    huge = torch.nn.Linear(100_000, 100_000)
sum(p.nbytes for p in huge.parameters()) / 1e9

# %% [markdown]
# ## Going further
#
# *更进一步*
#
# How wrong is a converted number at worst? Take a thousand numbers between one power of two and the next, convert them,
# plot the largest relative error, and do so for all sizes of numbers. The flat bottom of each curve shows the precision
# of a type, and its length shows the range. On the right it ends where the type overflows. On the left are the
# subnormal numbers, where the error climbs until everything is lost, which is a relative error of 1.

# %%
from helpers.drawings.precision import show_rounding_errors

show_rounding_errors()

# %% [markdown]
# Large language models are often stored in 8 bits today. The type `float8_e4m3fn` reaches 448 at most and has 3 bits of
# fraction, so each group of weights gets a scale that makes its largest one just fit. What comes back is wrong by a few
# percent here and there, for a quarter of the memory of `float32`:

# %%
weights = torch.tensor([3.0, -1.0, 0.3, -0.1, 0.03])
scale = weights.abs().max() / 448
stored = (weights / scale).to(torch.float8_e4m3fn)
stored.float() * scale

# %% [markdown]
# ## Recap
#
# - A float has a range, set by its exponent, and a precision, set by its fraction. The gaps grow with the numbers.
# - `float16` overflows beyond 65504 and loses numbers below about 3 · 10⁻⁸. `bfloat16` has about the range of
#   `float32`, and two to three decimal digits.
# - A number that is small compared with the total is lost when it is added. Keep weights and running totals in `float32`.
# - `autocast` chooses the type of each operation, and with `float16` a `GradScaler` scales the loss.
# - A tensor takes its number of elements times `element_size()` bytes. Training with Adam takes four times the
#   parameters, plus activations in proportion to the batch.

# %% [markdown]
# ## Exercises
#
# Put your code in place of the three dots and run the cell. The check tries your function on inputs that are not
# on this page.
#
# **1. How far can you count?** `counts_to(dtype)` returns, as an `int`, the first whole number at which adding 1
# changes nothing, for a float type of 16, 32 or 64 bits.

# %% tags=["exercise"]
from helpers.exercises.precision_and_memory import check_counts_to


def counts_to(dtype): ...


check_counts_to(counts_to)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# It is 2048 for `float16` and 16,777,216 for `float32`. How large is the gap between neighbors there? Compare with
# `eps`, the gap at 1.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# The gap is 2 there. At each power of two, the gap is in proportion to the number, and at 1 it is `eps`.
#
# </details>

# %% [markdown]
# **2. Memory of training.** `training_bytes(net)` returns how many bytes the parameters of a network, their gradients
# and Adam's two running means take together (without Adam's step counters). Parameters may have any type, and some may
# be frozen (`requires_grad=False`): those have no gradient, and Adam leaves them alone.

# %% tags=["exercise"]
from helpers.exercises.precision_and_memory import check_training_bytes


def training_bytes(net): ...


check_training_bytes(training_bytes)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# A parameter that is trained counts four times, a frozen one once.
#
# </details>

# %% [markdown]
# **3. Length without overflow.** `length(x)` returns the Euclidean length of a `float16` vector, the square root of the
# sum of squares, as a `float16`, without a ready-made norm and without making a tensor of a wider type (`sum` is
# allowed). It must be right (to about 1 %) for large and for tiny elements, and for a vector of zeros.

# %% tags=["exercise"]
from helpers.exercises.precision_and_memory import check_length


def length(x): ...


check_length(length)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# The squares overflow, not the length itself. What happens to the length if you divide all elements by the same number?
#
# </details>

# %% [markdown]
# **4. A careful sum (hard).** `careful_sum(x)` adds the elements of a `float16` tensor with nothing but `+` and `-`, in
# `float16` alone, and still gets a result close to the exact one. The method of Kahan (1965) goes through the elements
# one after the other and keeps a second number: what the last addition has lost.

# %% tags=["exercise"]
from helpers.exercises.precision_and_memory import check_careful_sum


def careful_sum(x): ...


check_careful_sum(careful_sum)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# After `new = total + term`, how much of `term` has really arrived? `(new - total)` is exact enough to tell.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Add what is missing, `term - (new - total)`, to the next element, and only then add that element to the total.
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# In JupyterLab, click on a solution to open it. Below each one is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
def counts_to(dtype):
    return int(2 / torch.finfo(dtype).eps)


check_counts_to(counts_to)
# A typical mistake: one power of two too low.
check_counts_to(lambda dtype: int(1 / torch.finfo(dtype).eps))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
def training_bytes(net):
    return sum(
        (4 if p.requires_grad else 1) * p.nbytes for p in net.parameters()
    )


check_training_bytes(training_bytes)
# A typical mistake: four bytes a number, whatever the type.
check_training_bytes(lambda net: 16 * sum(p.numel() for p in net.parameters()))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def length(x):
    largest = x.abs().max()
    if largest == 0:
        return largest
    return largest * (x / largest).square().sum().sqrt()


check_length(length)
# A typical mistake: the squares overflow before the root is taken.
check_length(lambda x: x.square().sum().sqrt())


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 4
def careful_sum(x):
    total = missing = torch.zeros((), dtype=x.dtype)
    for element in x:
        term = element + missing
        new = total + term
        missing = term - (new - total)
        total = new
    return total


check_careful_sum(careful_sum)


# A typical mistake: a plain loop. Beyond 2, each sum is rounded up.
def plain_sum(x):
    total = torch.zeros((), dtype=x.dtype)
    for term in x:
        total = total + term
    return total


check_careful_sum(plain_sum)

# %% [markdown]
# ---
# Previous: [types and devices](11_types_and_devices.ipynb) ·
# Next: [element-wise functions](13_elementwise_functions.ipynb)
