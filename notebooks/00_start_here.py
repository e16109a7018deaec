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
# # Old PyTorch notes, today's PyTorch
#
# *从这里开始*
#
# You type in a line from an old tutorial, and PyTorch answers with an error. Did you mistype it, was the author wrong, or
# has PyTorch changed? This book takes somebody's reading notes of 2017, written in Chinese for PyTorch 0.2, runs each of
# their statements on a PyTorch of today, and explains what happens. It is meant for you
#
# - if you have such notes or old code beside you, and the error on your screen;
# - if you are new to PyTorch and own a laptop without a GPU, which is enough for every page here;
# - if you teach, and have to be able to trust each output that you show.
#
# **You will**
#
# - let PyTorch compute its first gradient for you;
# - watch a line of 2017 fail, and write what replaces it;
# - find the page that answers your question, and see how long it takes;
# - know what the parts of a page are for.
#
# **You need** nothing to read on. To run the cells yourself, you need Python 3.11 or newer and the packages in `requirements.txt`.
#
# **Time**: 6 min to read, 11 s to run (AMD EPYC, 2 cores).
#
# ## Your PyTorch says hello
#
# *第一个例子*
#
# If you have opened this page in JupyterLab, click into the first cell below and press Shift+Enter, which runs it and moves
# on to the next. Every page begins with a cell like this one:

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch

# %% [markdown]
# It keeps error messages short and lets the page find its helpers. Now ask PyTorch which release it is, and what it can compute on:

# %% verify={"free": ["(?<=PyTorch )\\S+", "[CG]PU"], "reason": "the release and the device of the machine"}
device = "GPU" if torch.accelerator.is_available() else "CPU"
print(f"PyTorch {torch.__version__} says hello from your {device}.")

# %% [markdown]
# That line names your own machine when you run it. The next one should look the same everywhere. At school we learn that the
# derivative of $x^2$ is $2x$, so at $x = 3$ the curve has a slope of 6. PyTorch finds this slope, the *gradient* (梯度), when we call
# `backward`:

# %%
x = torch.tensor(3.0, requires_grad=True)
loss = x**2
loss.backward()
x.grad

# %% [markdown]
# Training a network rests on this one step: compute a loss, then ask how it changes with respect to each number that we can
# adjust. [Page 02](02_autograd.ipynb) explains how `backward` finds out.
#
# Suppose we also want the loss itself as a plain Python number. The notes of 2017 write it like this:

# %% tags=["raises-exception"]
loss.data[0]

# %% [markdown]
# PyTorch refuses, but read the message to its end, because that is where PyTorch often says what to do instead:

# %%
loss.item()

# %% [markdown]
# > **Then and now.** In PyTorch 0.2 a loss was a vector with one element, so `loss.data[0]` picked out its only number. Since
# > 0.4 a loss has no dimensions, and there is nothing to index. That release still let the old line pass with a warning, later
# > ones raise an error.
#
# This is the whole book in small: an old line, what becomes of it today, why, and what to write now.
#
# ## What is in the book
#
# *目录*

# %% verify={"free": ["\\d+ s(?= \\|)"], "reason": "run times of the pages"}
from helpers.contents import table_of_contents

table_of_contents()

# %% [markdown]
# ## Three ways to read it
#
# *阅读方法*
#
# **Look one thing up.** If you have an error in front of you, go to [page 12](12_notes_audited.ipynb). It lists the statements of the
# notes and the calls that have changed, each with today's way to write it and a link to the page that explains why.
#
# **Read it in order.** The outputs are stored in the pages, so a browser will do. If PyTorch is new to you, take the fundamentals
# up to page 06, leaving out page 03, and you will have trained a network on real pictures. The pages on tensors can wait until you need one.
#
# **Run it and change it.** You remember best what you have tried. Change a number, guess what will come out, and run the cell again.
# Your changes are saved in the page. If you got the book with git, `git restore notebooks/` brings the original pages back, so nothing can be lost by trying.
#
# ## What a page looks like
#
# *页面结构*
#
# - **You will** at the top of a page says what you will be able to do at its end, and the **Recap** at the bottom sums it up.
# - **Then and now** boxes, like the one above, mark the places where the notes were right in 2017 and are not any more.
# - **Exercises** ask you to write something. The last line of their cell checks your answer and tells you what is wrong with it.
#   There are hints to fall back on, and a folded solution that opens with a click, next to a mistake that is easily made.
# - A technical term is followed by its Chinese name where it first appears, as *gradient* was above.
#
# ## Can you trust what you see?
#
# *输出的验证*
#
# Type `pytest --nbval notebooks/` in a terminal, in the folder of the book. It runs every cell on your machine and compares what
# comes out with what is stored in the pages, and a green bar at the end means that all of it agrees. [Page 14](14_verification.ipynb) shows
# what *agrees* means for words, numbers, running times and pictures, and how a comparison fails.
#
# The pages on CIFAR-10 look for its 60,000 pictures on your machine and otherwise download them (170 MB). Should that fail,
# drawn shapes take their place, so that the pages still run, and [page 14](14_verification.ipynb#Where-the-pictures-come-from) says more about that.

# %% [markdown]
# ---
# On: [check the installation and time your code](01_install_and_timing.ipynb)
