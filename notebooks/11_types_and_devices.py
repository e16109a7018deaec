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
# # Types and devices
#
# *数据类型与设备*
#
# You load an array with NumPy, feed it to a linear layer, and read: *mat1 and mat2 must have the same dtype, but got
# Double and Float*. Nobody asked for a Double. Every tensor has a data type, every tensor lies on a device, and
# PyTorch converts between them less often than you would expect, and sometimes more often. The notes list eight types.
# This page shows what the choice means, and which rules decide it when you do not.
#
# **You will**
#
# - read and set a tensor's data type (数据类型) and the default type;
# - convert between types, and know what is lost on the way;
# - predict the type of a mixed expression (type promotion, 类型提升);
# - share memory with NumPy, and move tensors between the CPU and a GPU.
#
# **You need** tensors in outline. No GPU: every cell runs without one.
#
# **Time**: 15 min to read, 5 s to run (AMD EPYC, 2 cores).
#
# ## An error about types
#
# *一个类型错误*
#
# Here is the accident from above. Two measurements arrive as a NumPy array and meet a layer:

# %% tags=["raises-exception"]
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch

import numpy as np

array = np.array([[1.5, 2.5], [0.5, 1.0]])
layer = torch.nn.Linear(2, 1)
layer(torch.from_numpy(array))

# %% [markdown]
# NumPy computes with 64-bit floats unless told otherwise, PyTorch with 32-bit floats. `from_numpy` keeps the type of the
# array, and a product of matrices does not mix the two:

# %%
torch.from_numpy(array).dtype, layer.weight.dtype

# %% [markdown]
# Convert one side, usually the data, and all is well:

# %%
layer(torch.from_numpy(array).float()).shape

# %% [markdown]
# ## The types of the notes
#
# *八种类型*
#
# In 2017 each type of tensor was a class of its own, and each class existed twice, for the CPU and for the GPU. These are
# the eight of the notes, with the name that each has today. Integers (整型) are signed, except for the byte.
#
# | then, on the CPU | then, on the GPU | dtype today | bits |
# |:--|:--|:--|--:|
# | `torch.FloatTensor` | `torch.cuda.FloatTensor` | `torch.float32` or `torch.float` | 32 |
# | `torch.DoubleTensor` | `torch.cuda.DoubleTensor` | `torch.float64` or `torch.double` | 64 |
# | `torch.HalfTensor` (N/A in the notes) | `torch.cuda.HalfTensor` | `torch.float16` or `torch.half` | 16 |
# | `torch.ByteTensor` | `torch.cuda.ByteTensor` | `torch.uint8` | 8 |
# | `torch.CharTensor` | `torch.cuda.CharTensor` | `torch.int8` | 8 |
# | `torch.ShortTensor` | `torch.cuda.ShortTensor` | `torch.int16` or `torch.short` | 16 |
# | `torch.IntTensor` | `torch.cuda.IntTensor` | `torch.int32` or `torch.int` | 32 |
# | `torch.LongTensor` | `torch.cuda.LongTensor` | `torch.int64` or `torch.long` | 64 |
#
# The old classes are still there, with or without a GPU, and each knows its dtype:

# %% claims=["C38"]
torch.HalfTensor.dtype, torch.cuda.LongTensor.dtype

# %% [markdown]
# > **Then and now.** Since PyTorch 0.4 there is a single class, `torch.Tensor`, and what used to be the class is now two
# > properties: `dtype` and `device`. The old name survives in `x.type()`.

# %% claims=["C38"]
x = torch.zeros(2)
type(x), x.dtype, x.device.type, x.type()

# %% [markdown]
# What can a type hold? `iinfo` answers for integers and `finfo` for floats:

# %%
torch.iinfo(torch.int8)

# %%
torch.finfo(torch.float32)

# %% [markdown]
# `eps` is the distance from 1 to the next larger number: 32-bit floats have about seven decimal digits.
# [Page 12](12_precision_and_memory.ipynb) is about what follows from that. Since the notes, PyTorch has gained `bool`, `bfloat16`
# (16 bits with the range of 32), complex numbers and more; the whole list is at the end of this page.
#
# ## Default types
#
# *默认类型*
#
# If you do not name a type, it follows from the data. Floats become `float32`, whole numbers `int64`, truth values `bool`:

# %% claims=["C40"]
torch.tensor(1.5).dtype, torch.tensor(1).dtype, torch.tensor(True).dtype

# %% [markdown]
# Watch out for two neighbors with almost the same name. `torch.Tensor([1, 2])`, with a capital T, is the old FloatTensor
# and makes floats out of whole numbers. And `arange` looks at its arguments:

# %%
torch.Tensor([1, 2]).dtype, torch.arange(2).dtype, torch.arange(2.0).dtype

# %% [markdown]
# `set_default_dtype` changes what floats become, for the whole process. In a notebook, change it back in the same cell, or
# everything below will be different:

# %% claims=["C40"]
torch.set_default_dtype(torch.float64)
double = torch.tensor(1.5)
torch.set_default_dtype(torch.float32)
double.dtype, torch.tensor(1.5).dtype

# %% [markdown]
# > **Then and now.** The notes' `set_deault_tensor_type` is a slip for `set_default_tensor_type`, which sets type and
# > device in one. It has been deprecated since 2.1, and the warning names its successors.

# %% claims=["C40"]
from helpers.messages import print_warnings

with print_warnings():
    torch.set_default_tensor_type(torch.FloatTensor)

# %% [markdown]
# The second successor, `set_default_device`, says where new tensors are made (in this thread; a thread that you start
# begins with the CPU again). For a few lines, `with torch.device(...)` is safer. Here with the device `meta`, which has
# shapes but no memory:

# %% claims=["C40"]
with torch.device("meta"):
    nowhere = torch.zeros(2)
nowhere.device, torch.zeros(2).device.type

# %% [markdown]
# ## Convert
#
# *类型转换*
#
# The notes convert with `type(new_type)` and its shortcuts `float()`, `long()` and `half()` (相互转换). All still work. Today's
# general way is `to`, for types and for devices alike:

# %% claims=["C43"]
x = torch.tensor([1.7, -1.7])
x.type(torch.LongTensor), x.long(), x.to(torch.int64)

# %% [markdown]
# If there is nothing to do, you get the very same tensor back, not a copy:

# %% claims=["C43"]
x.float() is x

# %% [markdown]
# One difference bites. `x.double()` returns a *new* tensor, but `layer.double()` changes the *module itself*:

# %% claims=["C43"]
x.double()
layer.double()
x.dtype, layer.weight.dtype

# %%
layer.float()  # back to float32

# %% [markdown]
# ### From float to integer
#
# *浮点数转整数*
#
# As you saw, the conversion cuts off towards zero: 1.7 becomes 1, and -1.7 becomes -1. If you want the nearest integer,
# round first. What if the number does not fit at all? For NaN, infinity, and numbers beyond the range, the result is
# *undefined*: it depends on the processor, and a GPU may give another one than your CPU. So bring the numbers into the
# range first. To turn a picture with values around 0 to 255 into bytes:

# %% claims=["C43"]
pixels = torch.tensor([-3.2, 7.6, 255.4, 1e10, torch.nan])
pixels.nan_to_num(nan=0).clamp(0, 255).round().to(torch.uint8)

# %% [markdown]
# ### Integers that wrap around
#
# *整数溢出*
#
# Integers that grow too large do not complain. They start again at the other end, like the mileage counter of an old car.
# Brightening a picture in `uint8` makes its white parts black:

# %%
torch.tensor([100, 200, 250], dtype=torch.uint8) + 10

# %% [markdown]
# Only when a tensor is *made* from a number that does not fit do you get an error:

# %% tags=["raises-exception"]
torch.tensor(300, dtype=torch.uint8)

# %% [markdown]
# ## Mixed types
#
# *类型提升*
#
# What is the type of an integer plus a float? PyTorch *promotes* (提升) the operands to a common type, and the rule has two
# steps. The **kind** decides first: bool gives way to integer, integer to float, float to complex. Only within one kind
# does the **size** decide. As a picture:

# %%
from helpers.drawings.promotion import show_promotion

show_promotion()

# %% [markdown]
# The first step has a consequence that surprises. A huge 64-bit integer beside a tiny 16-bit float becomes a 16-bit float,
# and may not survive it:

# %%
big = torch.tensor([100_000])
big + torch.ones(1, dtype=torch.float16)

# %% [markdown]
# Plain Python numbers, and tensors without dimensions, are treated with less respect. They count only if their kind is
# higher, and never enlarge a tensor of their own kind. That is why `h + 1.0` stays in half precision:

# %%
h = torch.ones(2, dtype=torch.float16)
h + 1.0, h + torch.tensor(1.0, dtype=torch.float64)

# %% [markdown]
# An operation in place cannot change the type of its tensor. If the result does not fit the kind, it is refused:

# %% tags=["raises-exception"]
counts = torch.tensor([1, 2])
counts += 0.5

# %% [markdown]
# > **Then and now.** This is so since PyTorch 1.3. In 2017 mixing types was an error, and in between, from 0.4 on, a number
# > was cut to the type of the tensor: `torch.tensor(10) * 1.9` gave 10. (For `/` between integers, see
# > [page 13](13_elementwise_functions.ipynb#Division-and-remainders).)

# %%
torch.tensor(10) * 1.9

# %% [markdown]
# Products of matrices, and so layers, do *not* promote, as the error at the top shows. Another frequent victim is the
# cross entropy, which wants class labels as whole numbers (`int64`), and refuses the floats that came out of a file:

# %% tags=["raises-exception"]
labels = torch.tensor([1.0])
torch.nn.functional.cross_entropy(torch.zeros(1, 3), labels)

# %% [markdown]
# ### Bool and complex
#
# *布尔与复数*
#
# In arithmetic, `True` counts as 1. Between bools, `+` means "or" and `*` means "and", while `sum` counts:

# %%
yes_no = torch.tensor([True, False, True])
yes_no + yes_no, yes_no * 2, yes_no.sum()

# %% [markdown]
# A complex number is two floats, and `real` and `imag` are views of them:

# %%
z = torch.tensor([3 + 4j])
z.abs(), z.real, z.imag

# %% [markdown]
# ## NumPy
#
# *与 NumPy 共享内存*
#
# `torch.from_numpy` and `x.numpy()` copy nothing. Both sides look at the same memory, so a change on one side shows on the
# other; `torch.tensor` copies.

# %%
array = np.zeros(3)
shared, copied = torch.from_numpy(array), torch.tensor(array)
array[0] = 1
shared, copied

# %% [markdown]
# Two things must be done first at times: NumPy knows no `bfloat16`, so convert such a tensor with `float()`. And a tensor
# that requires a gradient must be detached, as the message tells you:

# %% tags=["raises-exception"]
layer.weight.numpy()

# %% [markdown]
# ## CPU and GPU
#
# *设备之间移动*
#
# A tensor lives on a device, and operations happen where the tensors are. The notes move tensors with `cuda()` and `cpu()`
# (互相转换), which still works for NVIDIA's GPUs. Today one asks once which accelerator there is, writes `to(device)`
# everywhere, and the same code runs on any machine:

# %% claims=["C44"]
device = torch.accelerator.current_accelerator(
    check_available=True
) or torch.device("cpu")
x = torch.arange(3.0)
x.to(device).cpu()

# %% [markdown]
# Moving costs time, and it is never done for you. Two tensors on different devices refuse to be added; here `meta` plays the
# part of the second device, so that you can see the error on any machine:

# %% claims=["C44"] tags=["raises-exception"]
torch.ones(2, device="cpu") + torch.ones(2, device="meta")

# %% [markdown]
# With a GPU you would read `cuda:0` there. The usual cause is a tensor made in the middle of a function, as in
# `x + torch.zeros(3)`. Make it where `x` is: `torch.zeros(3, device=x.device)`, or simply `torch.zeros_like(x)`.
#
# ## Going further
#
# *全部数据类型*
#
# The full list, as the installed PyTorch has it, with what each type can do on a CPU. A dot marks the eight of the
# notes. The *step* is the distance from 1 to the next larger number. The float8 types are there to be stored rather than
# computed with: eight bits suffice for the weights of a network, if each group of them comes with a scale.

# %% claims=["C38"]
from helpers.dtypes import dtype_table

dtype_table()

# %% [markdown]
# ## Recap
#
# - A tensor has a dtype and a device. Floats are `float32` unless you say otherwise; NumPy's are `float64`.
# - `to` converts and moves; a module changes in place, a tensor does not. From float to integer: clamp, round, convert.
# - In mixed expressions the kind decides before the size, and plain numbers count only if their kind is higher.
# - Integers wrap around, and `from_numpy` shares memory.
# - Nothing moves between devices by itself.

# %% [markdown]
# ## Exercises
#
# Put your code in the place of the three dots and run the cell. The check tries your function on tensors that are not
# on this page.
#
# **1. To bytes.** `to_bytes(image)` turns a float image with values from 0 to 1 into `uint8` from 0 to 255, rounded to the
# nearest, whatever strays outside brought back to the ends, and NaN made black.

# %% tags=["exercise"]
from helpers.exercises.types_and_devices import check_to_bytes


def to_bytes(image): ...


check_to_bytes(to_bytes)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Four steps: deal with NaN, scale, round, bring into the range. Only then convert.
#
# </details>

# %% [markdown]
# **2. Brighter, safely.** `brighter(pixels, amount)` adds a whole number, which may be negative, to a `uint8` tensor. Results
# stay `uint8`, and stop at 0 and 255 instead of wrapping around.

# %% tags=["exercise"]
from helpers.exercises.types_and_devices import check_brighter


def brighter(pixels, amount): ...


check_brighter(brighter)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# The sum must be computed in a type that can hold it. Does `pixels + amount` have one?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# A plain number does not enlarge the tensor. Convert the tensor first.
#
# </details>

# %% [markdown]
# **3. Standard scores.** `standardize(x)` subtracts from each column of a matrix its mean and divides by its standard
# deviation. It takes integers of any type as well as floats; integers give `float32`, and floats keep their type. It works on the device
# of `x`.

# %% tags=["exercise"]
from helpers.exercises.types_and_devices import check_standardize


def standardize(x): ...


check_standardize(standardize)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# `mean` refuses integers. `x.is_floating_point()` or `x.dtype.is_floating_point` tells which case you have.
#
# </details>

# %% [markdown]
# **4. Predict the promotion (hard).** `common(a, b)` returns the dtype that the sum of two tensors has, both with dimensions, given their
# dtypes `a` and `b`, each one of `bool`, `uint8`, `int16`, `int64`, `float16`, `bfloat16`, `float32`, `complex64`. Write the rule
# yourself, without `promote_types`, `result_type` or adding anything.

# %% tags=["exercise"]
from helpers.exercises.types_and_devices import check_common


def common(a, b): ...


check_common(common)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# First the kind, then the size. A list of the types in the right order does most of the work: the later one wins.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# In one pair neither type can hold the numbers of the other, so the result is neither of the two. Look at the picture.
#
# </details>

# %% [markdown]
# ## Solutions
#
# Click to open. They run and are verified like every other cell. Below each solution is a typical mistake, with what the
# check says of it.


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 1
def to_bytes(image):
    scaled = image.nan_to_num(nan=0) * 255
    return scaled.round().clamp(0, 255).to(torch.uint8)


check_to_bytes(to_bytes)
# A typical mistake: cut off instead of rounded.
check_to_bytes(
    lambda image: (image.nan_to_num(nan=0).clamp(0, 1) * 255).byte()
)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 2
def brighter(pixels, amount):
    return (pixels.int() + amount).clamp(0, 255).to(torch.uint8)


check_brighter(brighter)
# A typical mistake: the sum has wrapped around before it is clamped.
check_brighter(lambda pixels, amount: (pixels + amount).clamp(0, 255))


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 3
def standardize(x):
    if not x.is_floating_point():
        x = x.float()
    return (x - x.mean(0)) / x.std(0)


check_standardize(standardize)
# A typical mistake: float() makes float32 of everything.
check_standardize(lambda x: (x.float() - x.float().mean(0)) / x.float().std(0))


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution 4
def common(a, b):
    order = [torch.bool, torch.uint8, torch.int16, torch.int64]
    order += [torch.float16, torch.bfloat16, torch.float32, torch.complex64]
    if {a, b} == {torch.float16, torch.bfloat16}:
        return torch.float32
    return max(a, b, key=order.index)


check_common(common)
# A typical mistake: the larger number of bytes wins.
check_common(lambda a, b: max(a, b, key=lambda dtype: dtype.itemsize))

# %% [markdown]
# ---
# Back: [gather and scatter](10_gather_and_scatter.ipynb) · On: [precision and memory](12_precision_and_memory.ipynb)
