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
# # Autograd in depth
#
# *自动求导进阶*
#
# You stand at the free-throw line, and the ball should be in the hoop exactly one second from now. How hard do you
# throw, and how steeply? Without air, a formula from school would answer. With air there is none, but a few lines of
# Python can simulate the flight, and PyTorch can differentiate through every step of it. Each question that this one
# throw raises leads us to another part of autograd.
#
# **You will**
#
# - take gradients of more than one output, and know what the `v` in `y.backward(v)` means;
# - compute Jacobians and second derivatives, and find a minimum with Newton's method;
# - watch gradients on their way back with hooks, and track down the operation that made a `nan`;
# - give autograd a function with a derivative of your own, and check that it is right;
# - measure what recording costs, and trade time for memory with checkpointing.
#
# **You need** [page 02](02_autograd.ipynb): what `requires_grad`, `grad_fn` and `backward` do. No GPU.
#
# **Time**: 20 min to read, 8 s to run (AMD EPYC, 2 cores).

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch
from torch.func import grad, jacrev, vmap


# %% [markdown]
# ## A throw through the air
#
# *一次投篮*
#
# A throw is two numbers: the speed of the ball in meters per second, and the angle above the horizontal in radians. The
# ball leaves our hands two meters above the floor, with a velocity that has two components, forward and up:


# %%
def start(throw):
    speed, angle = throw
    direction = torch.stack([angle.cos(), angle.sin()])
    return torch.tensor([0.0, 2.0]), speed * direction


# %% [markdown]
# We cut its flight into fifty steps of 0.02 seconds. In each of them gravity pulls the ball down, the drag of the air
# slows it, and it moves on a little. (The 0.1 in `drag` stands for a light ball. A real basketball feels the air less.)


# %%
def length(v):
    return v.square().sum().sqrt()


def step(position, velocity):
    drag = 0.1 * length(velocity) * velocity
    velocity = velocity + 0.02 * (torch.tensor([0.0, -9.81]) - drag)
    return position + 0.02 * velocity, velocity


# %% [markdown]
# Let us throw at 6 m/s and 0.6 radians. How far and how high is the ball after one second?


# %%
def fly(throw):
    position, velocity = start(throw)
    for _ in range(50):
        position, velocity = step(position, velocity)
    return position


throw = torch.tensor([6.0, 0.6], requires_grad=True)
end = fly(throw)
end

# %% [markdown]
# The hoop is 4.2 meters away, at a height of 3.05 meters. We have missed it by this much:

# %%
from helpers.drawings.flights import show_flights

hoop = torch.tensor([4.2, 3.05])
show_flights(start, step, hoop, {"first throw": throw})
length(end - hoop)

# %% [markdown]
# A little too short, and far too low. The fifty steps are ordinary tensor operations, so the computational graph (计算图)
# behind `end` leads all the way back to `throw`. Which of its two numbers should we change, and by how much?
#
# ## Backward from more than one number
#
# *向量-雅可比积*
#
# On [page 02](02_autograd.ipynb) we called `backward` on a loss. Try the same on `end`:

# %% tags=["raises-exception"]
end.backward()

# %% [markdown]
# It insists on a scalar (标量), a single number, and with good reason. Two numbers went in and two came out, so there are
# four derivatives, a table with a row for each output and a column for each input: the **Jacobian** (雅可比矩阵) $J$. But
# `throw.grad` has room for two. So we pass `backward` a vector $v$ that says how much each output counts. With
# $v = (1, 0)$, only the distance does:

# %%
end.backward(torch.tensor([1.0, 0.0]))
throw.grad

# %% [markdown]
# One more meter per second would carry the ball about half a meter farther, while a steeper throw would leave it closer
# to us. What `backward` computes is $v^T J$, the **vector-Jacobian product** (向量-雅可比积): the rows of the table, weighted
# by $v$ and added up. For the second row we take $v = (0, 1)$ and `torch.autograd.grad`, which returns a tuple of
# gradients and leaves `throw.grad` alone. (We let the ball fly once more, because `backward` has freed the graph of
# `end`.)

# %%
torch.autograd.grad(fly(throw), throw, torch.tensor([0.0, 1.0]))


# %% [markdown]
# To hit the hoop, distance and height must both be right, so we measure the miss by the squared distance from the hoop:


# %%
def miss(throw):
    return (fly(throw) - hoop).square().sum()


torch.autograd.grad(miss(throw), throw)

# %% [markdown]
# No $v$ was needed, because `miss` returns a single number. Yet there was one on the way: by the chain rule (链式法则), the
# Jacobian of `fly` is multiplied by the derivative of the miss with respect to `end`, twice the difference from the
# hoop.

# %%
v = 2 * (end - hoop).detach()
torch.autograd.grad(fly(throw), throw, v)

# %% [markdown]
# The same gradient. This is how `backward` makes its way through a graph: each function receives a vector $v$ that says
# how much its outputs count, multiplies it by its own Jacobian, and hands the product on. It is also why we train on a
# loss that is one number: the first $v$ is simply 1, and one walk through the graph yields the gradient with respect to
# all parameters, two or two million.
#
# ## The whole Jacobian, and many throws at once
#
# *雅可比矩阵与 vmap*
#
# For the whole table, `torch.func.jacrev` turns a function into one that returns it, by one vector-Jacobian product for
# each row:

# %%
guess = throw.detach()
jacrev(fly)(guess)

# %% [markdown]
# It needs no `requires_grad`, since it differentiates with respect to what you pass in. `torch.func.grad` turns a
# function with a single output into one that returns its gradient. Their companion `vmap` turns a function of one
# example into a function of a batch, so `fly` can throw three balls without a loop over the throws:

# %%
throws = torch.tensor([[6.0, 0.6], [8.0, 0.9], [9.0, 1.2]])
vmap(fly)(throws)

# %% [markdown]
# The second comes closest to the hoop at (4.2, 3.05), and the third is too steep.
#
# ## Curvature and Newton's method
#
# *二阶导数、海森矩阵与牛顿法*
#
# Now let us hit the hoop. We go downhill as on page 02, a hundred steps of gradient descent (梯度下降):

# %%
walk = [guess]
for _ in range(100):
    walk.append(walk[-1] - 0.02 * grad(miss)(walk[-1]))
walk[-1], miss(walk[-1])

# %% [markdown]
# Closer, but still not there. Is the learning rate (学习率) too small? Try 0.04: the angle jumps from one side to the
# other, and the miss grows. How long a step may be depends on how quickly the gradient itself changes, on the second
# derivative.
#
# With `create_graph=True` the operations that compute the gradient are recorded as well, so we can differentiate it
# again, here its second element, the derivative with respect to the angle:

# %%
(gradient,) = torch.autograd.grad(miss(throw), throw, create_graph=True)
gradient, torch.autograd.grad(gradient[1], throw)

# %% [markdown]
# The new pair of numbers is one row of the **Hessian** (海森矩阵), the table of all second derivatives. It is the Jacobian
# of the gradient, and you can write it just like that:

# %%
hessian = jacrev(grad(miss))
hessian(guess)

# %% [markdown]
# Its eigenvalues (特征值) are the smallest and the largest curvature:

# %%
torch.linalg.eigvalsh(hessian(guess))

# %% [markdown]
# We are in a long valley, more than fifty times as curved across as along its floor, and a step right for the floor is
# far too long across. **Newton's method** (牛顿法) solves $H d = g$ for the step $d$, where $H$ is the Hessian and $g$ the
# gradient. In effect, it divides the gradient by the curvature in each direction.

# %%
newton = [guess]
for _ in range(4):
    x = newton[-1]
    newton.append(x - torch.linalg.solve(hessian(x), grad(miss)(x)))
    print(newton[-1], f"miss: {miss(newton[-1]):.6f}")

# %%
from helpers.drawings.valley import show_valley

show_valley(miss, {"gradient descent": walk, "Newton": newton})

# %% [markdown]
# (Drawn to scale, the valley would be a flat strip: the picture covers seven units of speed, but one of the angle.)
# Gradient descent soon finds the right angle and then creeps along the floor. Newton's method needs four steps. The
# first overshoots, because it takes the landscape for a perfect bowl, a quadratic function. But near the lowest point a
# valley looks more and more like one, and there each step about doubles the number of correct digits. That is our
# throw:

# %%
show_flights(start, step, hoop, {"first throw": throw, "Newton": newton[-1]})

# %% [markdown]
# Why are networks not trained like this? The Hessian of a million parameters has a million times a million elements.
# Besides, Newton's method looks for a place where the gradient is zero, and that may as well be a saddle point (鞍点) or
# a maximum.
#
# ## Hooks: watching gradients pass
#
# *钩子*
#
# When does a gust of wind do more harm, early in the flight or late? The gradient of the final height with respect to
# the velocity *in each step* would tell. Autograd computes it on the way back, but keeps it only for leaf tensors
# (叶子张量). So we register a **hook** (钩子) on each velocity, a function that autograd calls with the gradient as soon as
# it arrives:

# %%
arrived = []
position, velocity = start(throw)
for _ in range(50):
    position, velocity = step(position, velocity)
    velocity.register_hook(lambda gradient: arrived.append(gradient[1]))
position[1].backward()
arrived[0], arrived[25], arrived[49]


# %% [markdown]
# Gradients travel backwards, so the first to arrive belongs to the last step. A gust that adds 1 m/s there lifts the
# ball by two centimeters, since only 0.02 seconds are left. Early in the flight, it is almost forty times as much.
#
# A tensor that a hook returns takes the place of the gradient on the rest of the way. (`register_hook` returns a
# handle, whose `remove()` takes the hook off again.)
#
# ### Which layer's gradient vanishes?
#
# *梯度消失与梯度爆炸*
#
# A flight of fifty steps is much like a network of fifty layers: on the way back, the gradient is multiplied by one
# Jacobian after another. If each layer makes it smaller, it **vanishes** (梯度消失), and the first ones learn next to
# nothing. If each makes it larger, it **explodes** (梯度爆炸). Here are thirty layers, whose random weights we can scale.
# (`relu` turns negative numbers into 0.) Hooks note the *norm* (范数), that is, the length, of the gradient with respect
# to each layer's output:


# %%
def gradient_norms(scale):
    torch.manual_seed(0)
    norms, x = [], torch.randn(100, 64, requires_grad=True)
    for _ in range(30):
        x = torch.relu(x @ (scale * torch.randn(64, 64)))
        x.register_hook(lambda gradient: norms.append(gradient.norm()))
    x.sum().backward()
    return norms[::-1]  # the first layer first


# %%
from helpers.drawings.gradient_norms import show_gradient_norms

scales = [0.25, 0.177, 0.125]
show_gradient_norms({f"scale {s}": gradient_norms(s) for s in scales})

# %% [markdown]
# Read it from right to left, as the gradient travels. All three set out with the same norm, and at the first layer more
# than eight orders of magnitude lie between the extremes, although their weights differ only by a factor of two. That
# factor enters once for each of 29 layers, and $2^{29}$ is more than 500 million. The scale in the middle keeps the
# gradient level. It is $\sqrt{2/64}$ for 64 inputs, as Kaiming He and his colleagues derived for ReLU layers in 2015.

# %% [markdown]
# ## Where does the nan come from?
#
# *寻找 nan 的来源*
#
# What if we just let the ball drop? The simulation has no objection to a speed of zero, but look at the gradient:

# %%
at_rest = torch.tensor([0.0, 0.9], requires_grad=True)
miss(at_rest), torch.autograd.grad(miss(at_rest), at_rest)

# %% [markdown]
# Many a training has died like this: the loss looks fine, the gradient is `nan`, and after the next step so are the
# parameters. `detect_anomaly` stops at the first function of the backward pass that returns a `nan`, and says where in
# the *forward* pass it was called. (`print_warnings` shows only the part that lies in this page's cells.)

# %% tags=["raises-exception"]
from helpers.messages import print_warnings

with print_warnings(), torch.autograd.detect_anomaly():
    miss(at_rest).backward()


# %% [markdown]
# The error names a square root, and the traceback ends where it is: in `length`. At zero the derivative of a square
# root is infinite. The drag multiplies the length by a velocity of zero, so the gradient that arrives at the root is
# zero. And zero times infinity is `nan`. (All this checking takes time, so turn it off when you have found the place.)
#
# ## A Function of your own
#
# *自定义 Function*
#
# How do we mend it? The length of a vector has a kink at zero, like $|x|$, and no derivative there. But as the drag
# multiplies it by a velocity of zero, any finite number will do, and zero is the natural choice. We tell autograd so,
# with a class that has a forward and a backward pass:


# %%
class Length(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v):
        length = v.square().sum().sqrt()
        ctx.save_for_backward(v, length)
        return length

    @staticmethod
    def backward(ctx, gradient):
        v, length = ctx.saved_tensors
        return gradient * v / length.clamp(min=1e-12)


# %% [markdown]
# What `forward` does is not recorded. It saves what `backward` will need in the context `ctx`. Then `backward` receives
# the $v$ of the vector-Jacobian product, here called `gradient`, and returns the product. The derivative of the length
# is `v / length`, and `clamp` turns $0/0$ into 0.
#
# You call such a class by its `apply`, and the `grad_fn` of the result is our own function:

# %% claims=["C08"]
side = torch.tensor([3.0, 4.0], dtype=torch.float64, requires_grad=True)
type(Length.apply(side).grad_fn).__name__

# %% [markdown]
# `step` looks up `length` each time it runs, so we only have to give that name a new meaning:

# %%
length = Length.apply
torch.autograd.grad(miss(at_rest), at_rest)

# %% [markdown]
# The `nan` is gone. A little more speed brings the ball closer to the hoop, while the angle of a ball at rest makes no
# difference.
#
# ### Is it right? Ask gradcheck
#
# *梯度检查*
#
# A network may still train with a wrong derivative, just badly. `gradcheck` moves each input a little up and down, and
# compares your backward pass with these finite differences (有限差分). Such small differences lose digits, so give it
# double precision, as `side` has.

# %%
torch.autograd.gradcheck(Length.apply, side)


# %% [markdown]
# A check is worth something only if it can fail. Suppose we had forgotten to divide by the length:


# %% tags=["raises-exception"]
class Forgetful(Length):
    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0]


torch.autograd.gradcheck(Forgetful.apply, side)

# %% [markdown]
# The two Jacobians differ by a factor of 5, which is just the length that we forgot.
#
# Before you write a Function, check whether PyTorch already has it. Here it does, with the same choice at zero:

# %%
length = torch.linalg.vector_norm
torch.autograd.grad(miss(at_rest), at_rest)

# %% [markdown]
# We stay with it, because it also works under `jacrev` and `vmap`. For these, a Function of your own needs [a second
# form](https://docs.pytorch.org/docs/stable/notes/extending.func.html), in which `setup_context` does the saving, and
# for `vmap` the line `generate_vmap_rule = True`.
#
# > **Then and now.** In 2017 one could write `forward(self, x)` as an ordinary method and call an instance,
# > `Length()(v)`. Since release 1.5 that is an error. The cure is small: `@staticmethod` above both methods, `ctx`
# > instead of `self`, and `Length.apply(v)`.
#
# ## What recording costs
#
# *记录的代价*
#
# What the backward pass needs is kept until it has run. Let us throw ten thousand balls and measure the peak memory of
# all tensors, in megabytes, first without recording, and then with it:

# %%
from helpers.memory import peak_bytes

balls = guess.repeat(10_000, 1)
peak_bytes(lambda: vmap(fly)(balls)) / 1e6

# %%
balls.requires_grad_()
peak_bytes(lambda: vmap(fly)(balls).sum().backward()) / 1e6


# %% [markdown]
# Without recording, each step can drop what the one before it made. With recording, what all fifty steps keep is still
# there at the end, and twice as many steps would need about twice the memory.
#
# **Checkpointing** (检查点) saves memory and pays with time. It cuts the flight into segments and keeps only what goes
# into each. When the backward pass arrives at a segment, its steps are computed once more, and this time recorded. A
# segment is a few steps of all balls:


# %%
def segment(position, velocity, steps):
    for _ in range(steps):
        position, velocity = vmap(step)(position, velocity)
    return position, velocity


# %% [markdown]
# We call it by way of `checkpoint`. (`use_reentrant=False` is what PyTorch recommends.)

# %%
from torch.utils.checkpoint import checkpoint


def checkpointed(steps):
    state = vmap(start)(balls)
    for _ in range(50 // steps):
        state = checkpoint(segment, *state, steps, use_reentrant=False)
    return state[0]


# %% [markdown]
# Short segments have many inputs to keep, and a long one needs much memory when its turn comes. Here are segments of 1,
# 10 and 50 steps:


# %%
def megabytes(steps):
    return peak_bytes(lambda: checkpointed(steps).sum().backward()) / 1e6


megabytes(1), megabytes(10), megabytes(50)

# %% [markdown]
# The extremes gain almost nothing, but with ten steps a third of the memory is enough. Are the gradients the same?

# %%
(whole,) = torch.autograd.grad(vmap(fly)(balls).sum(), balls)
(in_segments,) = torch.autograd.grad(checkpointed(10).sum(), balls)
whole.allclose(in_segments)

# %% [markdown]
# They are. What checkpointing costs in time depends on your machine. Here are fifty steps without it, and with it:

# %% verify={"reason": "durations", "timing": true}
# %timeit -n 1 -r 3 segment(*vmap(start)(balls), 50)[0].sum().backward()
# %timeit -n 1 -r 3 checkpointed(10).sum().backward()

# %% [markdown]
# ## Recap
#
# - `y.backward(v)` computes $v^T J$, where $v$ says how much each output counts. For a loss, $v$ is 1.
# - `jacrev` gives a whole Jacobian. With `create_graph=True`, or `jacrev(grad(f))`, you get second derivatives, and
#   with these Newton's method takes account of curvature.
# - A hook sees a gradient on its way, and can replace it. `detect_anomaly` finds the operation behind a `nan`.
# - You write the backward pass of an `autograd.Function`, and `gradcheck` checks it.
# - Recording keeps tensors until the backward pass. Checkpointing keeps fewer, and computes the others twice.

# %% [markdown]
# ## Exercises
#
# Each asks for a function or a class. Write it in place of the three dots and run the cell: the check tries it on
# inputs of its own.
#
# **1. A vector-Jacobian product.** Write `vector_jacobian(f, x, v)`. The function `f` takes a vector and returns a
# vector, and you return the vector-Jacobian product $v^T J$ at `x`. `x` may come without `requires_grad`, and its
# `grad` should stay as it is.

# %% tags=["exercise"]
from helpers.exercises.autograd_in_depth import check_vector_jacobian


def vector_jacobian(f, x, v): ...


check_vector_jacobian(vector_jacobian)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# A detached copy of `x` may require a gradient without any harm to `x`.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `torch.autograd.grad` returns a tuple, even for a single input.
#
# </details>

# %% [markdown]
# **2. A Function for the drag.** The drag on a ball that moves along a line is $v\,|v|$. Write an autograd Function,
# `Drag`, that computes it element by element, with the backward pass worked out by hand. The derivative exists
# everywhere, at zero too.

# %% tags=["exercise"]
from helpers.exercises.autograd_in_depth import check_drag


class Drag(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v): ...

    @staticmethod
    def backward(ctx, gradient): ...


check_drag(Drag)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# For a positive $v$ the function is $v^2$, for a negative one $-v^2$. What do their derivatives have in common?
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# The Jacobian of an element-wise function is diagonal, so the vector-Jacobian product is an element-wise product.
#
# </details>

# %% [markdown]
# **3. Gradients, layer by layer.** Write `gradient_sizes(layers, x)`. It sends `x`, which does not require a gradient,
# through a list of layers with weights, one after the other, and calls `backward` on the sum of the last output. It
# returns a list with the norm (a Python float) of the gradient with respect to each layer's output, the first layer
# first.

# %% tags=["exercise"]
from helpers.exercises.autograd_in_depth import check_gradient_sizes


def gradient_sizes(layers, x): ...


check_gradient_sizes(gradient_sizes)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# A layer is called like a function, `layer(x)`. Register a hook on each output, as in `gradient_norms` above.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `.item()` makes a Python float. And in which order do gradients arrive?
#
# </details>

# %% [markdown]
# **4. Newton's method for equations.** To hit the hoop is to solve two equations with two unknowns, and for that Newton
# needs no second derivatives. Near `x`, a function `f` is about $f(x) + J d$, so choose the step $d$ that makes this
# zero. Write `solve(f, x, steps)`, which takes so many steps from `x`, for an `f` with as many outputs as inputs, and
# returns where it has arrived.

# %% tags=["exercise"]
from helpers.exercises.autograd_in_depth import check_solve


def solve(f, x, steps): ...


check_solve(solve)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# Which system of linear equations does the step $d$ solve? Mind the sign.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# `jacrev(f)(x)` is $J$, and `torch.linalg.solve(A, b)` solves $A d = b$.
#
# </details>

# %% [markdown]
# **5. A Hessian too large to store (hard).** With a million parameters there is no room for $H$. But its product with a
# vector, $H v$, is only as long as `x`, and you can get it without ever making $H$. Write `hessian_times(f, x, v)`, which
# returns $H v$ for a function `f` of a vector `x`. The check watches the memory.

# %% tags=["exercise"]
from helpers.exercises.autograd_in_depth import check_hessian_times


def hessian_times(f, x, v): ...


check_hessian_times(hessian_times)

# %% [markdown] tags=["hint"]
# <details><summary>Hint 1</summary>
#
# The Hessian is the Jacobian of the gradient, and it is symmetric. So $H v$ is the same as $v^T H$.
#
# </details>

# %% [markdown] tags=["hint"]
# <details><summary>Hint 2</summary>
#
# Exercise 1, with the gradient in the place of the outputs. The gradient must be recorded for that.
#
# </details>

# %% [markdown] tags=["solution"]
# ## Solutions
#
# In JupyterLab, click on a solution to open it. Below each one is a typical mistake, with what the check says about it.


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 1
def vector_jacobian(f, x, v):
    x = x.detach().requires_grad_()
    (product,) = torch.autograd.grad(f(x), x, v)
    return product


check_vector_jacobian(vector_jacobian)
# A typical mistake: the matrix first, and the vector after it
check_vector_jacobian(lambda f, x, v: jacrev(f)(x) @ v)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 2
class Drag(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return v * v.abs()

    @staticmethod
    def backward(ctx, gradient):
        (v,) = ctx.saved_tensors
        return gradient * 2 * v.abs()


check_drag(Drag)


# A typical mistake: the derivative alone, without the gradient that arrives
class Alone(Drag):
    @staticmethod
    def backward(ctx, gradient):
        return 2 * ctx.saved_tensors[0].abs()


check_drag(Alone)


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 3
def gradient_sizes(layers, x):
    sizes = []
    for layer in layers:
        x = layer(x)
        x.register_hook(lambda gradient: sizes.append(gradient.norm().item()))
    x.sum().backward()
    return sizes[::-1]


check_gradient_sizes(gradient_sizes)
# A typical mistake: the order in which the gradients arrive
check_gradient_sizes(lambda layers, x: gradient_sizes(layers, x)[::-1])


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 4
def solve(f, x, steps):
    for _ in range(steps):
        x = x - torch.linalg.solve(jacrev(f)(x), f(x))
    return x


check_solve(solve)
# A typical mistake: one division for each element, as with a single unknown
check_solve(lambda f, x, steps: x - f(x) / jacrev(f)(x).diagonal())


# %% jupyter={"source_hidden": true} tags=["solution"]
# Solution 5
def hessian_times(f, x, v):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    (product,) = torch.autograd.grad(gradient, x, v)
    return product


check_hessian_times(hessian_times)
# A typical mistake: the whole Hessian, and then the product
check_hessian_times(lambda f, x, v: jacrev(grad(f))(x) @ v)

# %% [markdown]
# ---
# Previous: [autograd](02_autograd.ipynb) · Next: [build a network from modules](04_modules.ipynb)
