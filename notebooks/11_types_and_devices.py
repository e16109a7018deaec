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
# # Types and devices
#
# *数据类型与设备*
#
# You load an array with NumPy, feed it to a linear layer, and read: *mat1 and mat2 must have the same dtype, but got
# Double and Float*. Nobody asked for a Double, so where did it come from, and why does PyTorch not simply convert it?
# Every tensor has a data type and lies on a device. Some operations convert types on their own, others refuse, and
# between devices almost nothing moves unless you say so. To the eight types of the [notes of
# 2017](16_notes_audited.ipynb) this page adds those that have come since, and the rules by which PyTorch chooses a type
# when you do not.
#
# **You will**
#
# - read and set a tensor's data type (数据类型) and the default type;
# - convert between types, and know what is lost on the way;
# - predict the type of a mixed expression (type promotion, 类型提升);
# - share memory with NumPy, and move tensors between the CPU and a GPU.
#
# **You need** to know what a tensor is ([page 8](08_tensor_shapes.ipynb)). No GPU: every cell runs without one.
#
# **Time**: 18 min to read, 6 s to run (AMD EPYC, 2 cores).
#
# ## An error about types
#
# *一个类型错误*
#
# Here is the accident from above. Two samples of two measurements each arrive as a NumPy array and meet a layer:

# %% tags=["raises-exception"]
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch

import numpy as np

array = np.array([[1.5, 2.5], [0.5, 1.0]])
layer = torch.nn.Linear(2, 1)
layer(torch.from_numpy(array))

# %% [markdown]
# NumPy makes 64-bit floats unless told otherwise, PyTorch makes 32-bit floats, and the message calls the first Double
# and the second Float. `from_numpy` keeps the type of the array, and a product of matrices does not mix the two:

# %%
torch.from_numpy(array).dtype, layer.weight.dtype

# %% [markdown]
# So one side has to be converted, and you would choose the data, because networks are usually trained in 32 bits, which
# take half the memory of 64 and make the computation faster. `float()` converts to `float32`, and now the layer accepts
# the batch:

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
# There are so many types because each is a different bargain between memory and the numbers that it can hold. For
# integers, `iinfo` tells you the range:

# %%
torch.iinfo(torch.int8)

# %% [markdown]
# For floats, `finfo` also says how finely they are spaced: `eps` is the distance from 1 to the next larger number.

# %%
torch.finfo(torch.float32).max, torch.finfo(torch.float32).eps

# %% [markdown]
# So `float32` covers an enormous range, with about seven significant digits in nearly all of it (fewer only close to
# zero). [Page 12](12_precision_and_memory.ipynb) is about what follows from that. Since the notes, PyTorch has gained
# `bool`, `bfloat16` (16 bits with nearly the range of 32), complex numbers and more. The whole list is at the [end of
# this page](#Going-further).
#
# ## Default types
#
# *默认类型*
#
# If you do not name a type, it follows from the data. Floats become `float32`, whole numbers `int64`, truth values
# `bool`:

# %% claims=["C40"]
torch.tensor(1.5).dtype, torch.tensor(1).dtype, torch.tensor(True).dtype

# %% [markdown]
# `arange` does the same with its arguments, which is why you will often see a dot in `torch.arange(3.0)`. (Up to
# PyTorch 0.4 it made floats of whole numbers too. If old code stops because a `Long` met a `Float`, look for an
# `arange`.) And beware of the capital T: `torch.Tensor`, the old way to make a tensor, gives floats whatever the
# numbers:

# %%
torch.arange(3).dtype, torch.arange(3.0).dtype, torch.Tensor([1, 2]).dtype

# %% [markdown]
# `set_default_dtype` changes what Python's floats become, for the whole process. In a notebook, change it back in the
# same cell, or everything below will be different:

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
# The second successor, `set_default_device`, says where new tensors are made. If you want it for a few lines only,
# `with torch.device(...)` undoes itself at the end. Let us try it with the device `meta`, which every machine has: its
# tensors have shapes and types, but no memory behind them.

# %% claims=["C40"]
with torch.device("meta"):
    nowhere = torch.zeros(2)
nowhere.device, torch.zeros(2).device.type

# %% [markdown]
# ## Convert
#
# *类型转换*
#
# The notes convert with `type(new_type)` and its shortcuts `float()`, `long()` and `half()` (相互转换). All of these still
# work. The general way today is `to`, for types and for devices alike:

# %% claims=["C43"]
x = torch.tensor([1.7, -1.7])
x.type(torch.LongTensor), x.long(), x.to(torch.int64)

# %% [markdown]
# If there is nothing to do, you get the very same tensor back, not a copy. A change in place to one would then show in
# the other, so ask for `x.clone()` when you need a copy:

# %% claims=["C43"]
x.float() is x

# %% [markdown]
# Tensors and modules differ in one point that costs beginners an hour. `x.double()` returns a *new* tensor and leaves
# `x` as it is, so without `x = x.double()` nothing has happened. `layer.double()` changes the *module itself*:

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
# As you saw above, the conversion cuts off towards zero: 1.7 becomes 1, and -1.7 becomes -1. If you want *rounding*
# (舍入) to the nearest integer, call `round()` first. And what if the number does not fit at all? For NaN (not a number),
# infinity, and numbers beyond the range, the result is *undefined*: it depends on the processor, and a GPU may give you
# another one than your CPU. So bring the numbers into the range before you convert. Suppose a network has produced the
# pixels of a picture, which should lie between 0 and 255, and you want to save them as bytes:

# %% claims=["C43"]
pixels = torch.tensor([-3.2, 7.6, 255.4, 1e10, torch.nan])
pixels.nan_to_num(nan=0).clamp(0, 255).round().to(torch.uint8)

# %% [markdown]
# ### From a wide float to a narrow one
#
# *上溢、下溢与舍入*
#
# Between floats the conversion is gentler, but it can lose something too. `float32` has fewer numbers than `float64`, so
# each one is *rounded* (舍入) to the nearest that there is. Usually you would not notice, except at both ends. What lies
# beyond the range becomes infinity, which is called *overflow* (上溢), and what is too close to zero becomes zero, which
# is called *underflow* (下溢). `tolist()` shows all the digits:

# %%
wide = torch.tensor([0.1, 1e40, 1e-50], dtype=torch.float64)
wide.float().tolist()

# %% [markdown]
# There is no error for any of the three. In `float16` the ends are much nearer, and training meets them every day;
# [page 12](12_precision_and_memory.ipynb#Half-precision) shows how, and what helps.
#
# ### Integers that wrap around
#
# *整数溢出*
#
# What happens when an integer grows too large *during* a computation? An integer has no infinity, so on overflow it
# simply starts again at the other end, like the mileage counter of an old car. Again you get no error. Make a picture in
# `uint8` a little brighter, and its white parts turn black:

# %%
pixels = torch.tensor([100, 200, 250], dtype=torch.uint8)
pixels + 10

# %% [markdown]
# PyTorch checks a plain number that you want to *store*, in a new tensor, by an assignment or with `fill_`. It does not
# check what a computation arrives at:

# %% tags=["raises-exception"]
pixels[0] = 300

# %% [markdown]
# This check has a gap. Into a `uint8` tensor, negative numbers down to -255 slip through: `pixels[0] = -1` is accepted
# without an error and stores 255.
#
# ## Mixed types
#
# *类型提升*
#
# What is the type of an integer plus a float? PyTorch *promotes* (提升) the operands to a common type, and the rule has
# two steps. The **kind** decides first: bool gives way to integer, integer to float, float to complex. If both are of
# one kind, the **size** decides. As a picture:

# %%
from helpers.drawings.promotion import show_promotion

show_promotion()

# %% [markdown]
# (There is one exception to the picture: `float64` with `complex64` gives `complex128`, so that no digits are lost. And
# the large unsigned types `uint16`, `uint32` and `uint64` are not in the picture, because PyTorch mixes them with
# floats only.)
#
# The first step has a surprising consequence. Next to a 16-bit float, a 64-bit integer becomes a 16-bit float as well,
# however large it is. The largest number of that type is 65504, and so the sum overflows:

# %%
big = torch.tensor([100_000])
big + torch.ones(1, dtype=torch.float16)

# %% [markdown]
# Beside a tensor that has dimensions, plain Python numbers count for less, and so do tensors without dimensions (of
# shape `()`). They never enlarge a tensor of their own kind, and that is why `h + 1.0` stays in half precision:

# %%
h = torch.ones(2, dtype=torch.float16)
h + 1.0, h + torch.tensor(1.0, dtype=torch.float64)

# %% [markdown]
# Only a number of a higher kind changes the type. Integers plus 0.5 are floats, and since a Python number has no size
# of its own, it is the default one, `float32`:

# %%
counts = torch.tensor([1, 2])
counts + 0.5

# %% [markdown]
# An operation in place writes into the memory that is there, which holds `int64`, so there is no room for a float.
# PyTorch refuses:

# %% tags=["raises-exception"]
counts += 0.5

# %% [markdown]
# Here an error protects you, but when you assign to an element, nothing does: PyTorch converts the number to the type
# of the tensor without a word, and the fraction is gone:

# %%
counts[0] = 0.9
counts

# %% [markdown]
# > **Then and now.** It has been so since PyTorch 1.3. In 2017 mixing types was an error, and in between, from 0.4 on, a
# > number was cut to the type of the tensor: `torch.tensor(10) * 1.9` gave 10. (For `/` between integers, see
# > [page 13](13_elementwise_functions.ipynb#Division-and-remainders).)

# %%
torch.tensor(10) * 1.9

# %% [markdown]
# Products of matrices do *not* promote, and neither do linear layers, as the error at the top showed. (There is a way to
# have 32-bit and 16-bit floats brought together for you, `torch.autocast`. It is made for training in *mixed precision*,
# 混合精度, the subject of [page 12](12_precision_and_memory.ipynb#Mixed-precision).)
#
# The other error of this sort that you are sure to meet comes from the cross-entropy loss. It wants class labels as
# whole numbers, normally of type `int64`, and those that come out of a file are often floats:

# %% tags=["raises-exception"] verify={"free": ["(?<=expected )(scalar type|target dtype to be)(?= Long)", "(?<= Long)( but found| or Byte, but got)(?= Float)"], "reason": "releases say it differently"}
labels = torch.tensor([1.0])
torch.nn.functional.cross_entropy(torch.zeros(1, 3), labels)

# %% [markdown]
# "Long" is `int64`, so `labels.long()` is the remedy, in whatever words your release says it. (Floats are accepted only
# as probabilities, one for each class.)
#
# ### Bool and complex
#
# *布尔与复数*
#
# In arithmetic with numbers, `True` counts as 1, and so `sum` counts how many elements are true. Between two bools, `+`
# means "or":

# %%
yes_no = torch.tensor([True, False, True])
yes_no * 2, yes_no.sum(), yes_no + yes_no

# %% [markdown]
# To say what you mean, write `a | b` for "or", `a & b` for "and", and `~a` for "not".
#
# A complex number is two floats, and `real` and `imag` are views of them:

# %%
z = torch.tensor([3 + 4j])
z.abs(), z.real, z.imag

# %% [markdown]
# ## NumPy
#
# *与 NumPy 共享内存*
#
# Back to the array from the beginning. `torch.from_numpy` copied nothing. Array and tensor look at the same memory, so
# a change on one side shows on the other, and the same holds for `x.numpy()`. If you want a copy, use `torch.tensor`:

# %%
shared, copied = torch.from_numpy(array), torch.tensor(array)
array[0, 0] = 9
shared, copied

# %% [markdown]
# > **Then and now.** Old code asks NumPy for types such as `np.float` and `np.int`, and gets an `AttributeError`. They
# > were Python's own `float` and `int`, so write these, or say the size, as in `np.float32`.
#
# On the way to NumPy, some tensors need a step in between. One on a GPU must come to the CPU first, with `x.cpu()`. A
# `bfloat16` must become a `float()`, because NumPy has no such type. And one that requires a gradient must be detached
# from autograd, as the message tells you:

# %% tags=["raises-exception"]
layer.weight.numpy()

# %% [markdown]
# ## CPU and GPU
#
# *设备之间移动*
#
# A tensor lives on a device, and an operation happens where its tensors are. The notes move tensors with `cuda()` and
# `cpu()` (互相转换), and both still work, the first for NVIDIA's GPUs and AMD's. Today you ask once which *accelerator*
# (加速器) there is, a GPU or another processor that PyTorch can compute on, and write `to(device)` from then on, so that
# the same code runs on any machine:

# %% claims=["C44"]
if torch.accelerator.is_available():
    device = torch.accelerator.current_accelerator()
else:
    device = torch.device("cpu")

# %% claims=["C44"]
x = torch.arange(3.0)
x = x.to(device)
x.cpu()

# %% [markdown]
# (On a laptop without an accelerator, `device` is the CPU and nothing has moved. The GPU of a Mac, `mps`, knows no
# `float64`, so such a tensor has to become a `float32` first.) The rule from the types holds for devices, too: a tensor
# has to be assigned, `x = x.to(device)`, while `layer.to(device)` moves the layer itself.
#
# Moving takes time, and PyTorch hardly ever does it behind your back. If you add two tensors on different devices, you
# get an error. Here `meta` plays the part of the second device, so that you can see it on any machine:

# %% claims=["C44"] tags=["raises-exception"]
torch.ones(2, device="cpu") + torch.ones(2, device="meta")

# %% [markdown]
# With a GPU the words are *Expected all tensors to be on the same device*, and then the two names, such as `cuda:0` and
# `cpu`. The usual cause is a tensor made in the middle of a function, as in `x + torch.zeros(3)`. Make it where `x` is:
# `torch.zeros(3, device=x.device)`, or simply `torch.zeros_like(x)`.
#
# The exception is a tensor without dimensions on the CPU. In arithmetic it is as good as a plain number, wherever the
# other tensor is, though `torch.stack` and `torch.cat` refuse it:

# %% claims=["C44"]
(torch.ones(2, device="meta") + torch.tensor(1.0)).device

# %% [markdown]
# ## Going further
#
# *全部数据类型*
#
# For looking things up, here is the full list of the types in the PyTorch that is installed, with what each can do on a
# CPU. A dot marks the eight of the notes. The *step* is the distance from 1 to the next larger number. You will rarely
# compute with the float8 types. They are there for storing the weights of a network in eight bits each, with a common
# scale for each group of them ([page 12](12_precision_and_memory.ipynb#Going-further) has an example).

# %% claims=["C38"]
from helpers.dtypes import dtype_table

dtype_table()

# %% [markdown]
# ## Recap
#
# - A tensor has a dtype and a device. Python's floats become `float32`, while NumPy's arrays keep their type, usually
#   `float64`.
# - `to` converts and moves. It changes a module itself, but leaves a tensor as it is and returns a new one, so write
#   `x = x.to(...)`.
# - From float to integer: bring into the range, round, convert. On overflow a float becomes infinite and an integer wraps
#   around, both without an error.
# - In mixed expressions the kind decides before the size, and a plain number counts only if its kind is higher.
#   Products of matrices do not promote.
# - `from_numpy` shares memory, `torch.tensor` copies. Tensors on two devices cannot be added, unless one is on the CPU
#   and has no dimensions.

# %% [markdown]
# ## Exercises
#
# Put your code in place of the three dots and run the cell. The check tries your function on tensors that are not
# on this page.
#
# **1. To bytes.** `to_bytes(image)` turns a float image with values from 0 to 1 into a `uint8` image with values from 0
# to 255, rounded to the nearest. Values outside the range go to its nearer end, and NaN becomes black.

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
# **2. Brighter, safely.** `brighter(pixels, amount)` adds a whole number, which may be negative, to each element of a
# `uint8` tensor. The result is `uint8` again, and stops at 0 and 255 instead of wrapping around.

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
# deviation, as `std` computes it. It takes integers of any type as well as floats; integers give `float32`, and floats
# keep their type. It works on the device of `x`.

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
# **4. Predict the promotion (hard).** `common(a, b)` returns the dtype that the sum of two tensors has, both with
# dimensions, given their dtypes `a` and `b`, each one of `bool`, `uint8`, `int16`, `int64`, `float16`, `bfloat16`,
# `float32`, `complex64`. Write the rule yourself, without `promote_types`, `result_type` or adding anything.

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
# For one pair of these types, neither can hold all the numbers of the other, so the sum has a third type. Look at the
# picture.
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# In JupyterLab, click on a solution to open it. Below each one is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
def to_bytes(image):
    scaled = image.nan_to_num(nan=0) * 255
    return scaled.round().clamp(0, 255).to(torch.uint8)


check_to_bytes(to_bytes)
# A typical mistake: cut off instead of rounded.
check_to_bytes(
    lambda image: (image.nan_to_num(nan=0).clamp(0, 1) * 255).byte()
)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
def brighter(pixels, amount):
    return (pixels.int() + amount).clamp(0, 255).to(torch.uint8)


check_brighter(brighter)
# A typical mistake: the sum has wrapped around before it is clamped.
check_brighter(lambda pixels, amount: (pixels + amount).clamp(0, 255))


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def standardize(x):
    if not x.is_floating_point():
        x = x.float()
    return (x - x.mean(0)) / x.std(0)


check_standardize(standardize)
# A typical mistake: float() makes float32 of everything.
check_standardize(lambda x: (x.float() - x.float().mean(0)) / x.float().std(0))


# %% jupyter={"source_hidden": true} tags=["solution"]
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
# Previous: [gather and scatter](10_gather_and_scatter.ipynb) ·
# Next: [precision and memory](12_precision_and_memory.ipynb)
