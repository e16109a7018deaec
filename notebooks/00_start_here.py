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
# their statements on a PyTorch of today, and explains what happens. It is for you if you have such notes and an error on
# your screen, if you are new to PyTorch and own a laptop without a GPU, or if you teach and must be able to trust what you show.
#
# **You will**
#
# - let PyTorch compute a gradient for you;
# - watch a line of 2017 fail, and write what replaces it;
# - find the page that answers your question.
#
# **You need** nothing to read on. The cells run on Python 3.11 or newer with the packages in `requirements.txt`.
#
# **Time**: 5 min to read, 13 s to run (AMD EPYC, 2 cores).
#
# ## Your PyTorch says hello
#
# *第一个例子*
#
# In JupyterLab, click into the first cell and press Shift+Enter, which runs it and moves on. Every page begins with such a
# cell: it keeps error messages short, finds the helpers of the book and imports PyTorch.

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch

# %% verify={"free": ["(?<=PyTorch )\\S+", "[CG]PU"], "reason": "the release and the device of the machine"}
device = "GPU" if torch.accelerator.is_available() else "CPU"
print(f"PyTorch {torch.__version__} says hello from your {device}.")

# %% [markdown]
# That line names your own machine once you have run it. The next cell needs some school mathematics: the derivative of $x^2$
# is $2x$, so at $x = 3$ the slope is 6. PyTorch finds this slope, the *gradient* (梯度), when we call `backward`:

# %%
x = torch.tensor(3.0, requires_grad=True)
loss = x**2
loss.backward()
x.grad

# %% [markdown]
# [Page 02](02_autograd.ipynb) explains how it does that, and why training a network rests on it. Suppose we also want the loss
# as a plain Python number, and find this line in the notes of 2017:

# %% tags=["raises-exception"]
loss.data[0]

# %% [markdown]
# Read such a message to its end, because that is where PyTorch often says what to write instead:

# %%
loss.item()

# %% [markdown]
# > **Then and now.** In PyTorch 0.2 a loss was a vector with one element, and `loss.data[0]` picked it out. Since 0.4 a loss has
# > no dimensions, so there is nothing to index. That release only warned of the old line, and later ones raise an error.
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
# - **To look one thing up**, go to [page 15](15_notes_audited.ipynb). It lists the statements of the notes and the calls that have
#   changed, each with what to write today and a link to the page that explains it.
# - **To read**, a browser will do, because the outputs are stored in the pages. If PyTorch is new to you, read pages 01, 02, 04
#   and 05, train a network on real pictures on page 06, and leave the rest until you need it.
# - **To run it and change it**, start `jupyter lab` in the folder of the book, change a number, guess what will come out, and run
#   the cell. When you want the original pages back, type `git restore notebooks/`.
#
# ## What a page looks like
#
# *页面结构*
#
# It opens with what **you will** be able to do, and a **Recap** sums that up at the end. **Then and now** boxes, such as the one
# above, mark what was right in 2017 and is not any more. **Exercises** ask you to write something and tell you whether it is right. If you are
# stuck, there are hints, and folded solutions that open with a click.
#
# ## Can you trust what you see?
#
# *输出的验证*
#
# `pytest --nbval notebooks/`, typed in a terminal, runs every cell on your machine and compares what comes out with what is
# stored. A green bar at the end means that it agrees, as [page 17](17_verification.ipynb) shows for words, numbers, running times and pictures.
#
# The pages on CIFAR-10 take its 60,000 pictures from your disk or from the network (170 MB). If neither has them, drawn
# shapes [take their place](17_verification.ipynb#Where-the-pictures-come-from).
#
# ---
# On: [check the installation and time your code](01_install_and_timing.ipynb)
