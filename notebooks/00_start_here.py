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
# has PyTorch changed? This book takes somebody's reading notes of 2017, written in Chinese for PyTorch 0.2, and tries
# every statement on today's PyTorch. It is for you if you have such notes, if you are new to PyTorch, or if you teach and
# must trust what you show. A laptop without a GPU will do.
#
# **You will**
#
# - let PyTorch compute a gradient for you;
# - watch a line of 2017 fail, and write what replaces it;
# - find the page that answers your question.
#
# **You need** a browser to read. To run the cells, install what the README says.
#
# **Time**: 3 min to read, 11 s to run (AMD EPYC, 2 cores).
#
# ## Your PyTorch says hello
#
# *第一个例子*
#
# In JupyterLab, click into a cell and press Shift+Enter, which runs it and moves on. Every page begins with a cell like the
# first: it keeps error messages short, finds the book's helpers and imports PyTorch.

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ lies

import torch

# %% verify={"free": ["(?<=PyTorch )\\S+", "[CG]PU"], "reason": "the release and the device of the machine"}
device = "GPU" if torch.accelerator.is_available() else "CPU"
print(f"PyTorch {torch.__version__} says hello from your {device}.")

# %% [markdown]
# The derivative of $x^2$ is $2x$, so at $x = 3$ the slope is 6. PyTorch finds this slope, the *gradient* (梯度), when we call
# `backward`, and [training a network](02_autograd.ipynb) rests on it:

# %%
x = torch.tensor(3.0, requires_grad=True)
loss = x**2
loss.backward()
x.grad

# %% [markdown]
# Now we want the loss as a Python number, and find this line in the notes:

# %% tags=["raises-exception"]
loss.data[0]

# %% [markdown]
# Read such a message to its end, because that is where PyTorch often says what to write instead:

# %%
loss.item()

# %% [markdown]
# > **Then and now.** In PyTorch 0.2 a loss was a vector with one element, and `loss.data[0]` picked it out. Since 0.4 a loss
# > has no dimensions, so there is nothing to index.
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
# - **You have an old line or statement**: look it up on [page 15](15_notes_audited.ipynb).
# - **PyTorch is new to you**: read pages 01, 02, 04 and 05, train on real pictures on page 06, and leave the rest until you
#   need it. Exercises tell you whether your answer is right; hints and solutions open with a click.
# - **You want to try things out**: start `jupyter lab`, change a number, guess what will come out, and run the cell.
#   `git restore notebooks/` brings the original pages back.
#
# ## Can you trust what you see?
#
# *输出的验证*
#
# `pytest --nbval notebooks/`, typed in a terminal, runs every cell on your machine and compares what comes out with what is
# stored. [Page 17](17_verification.ipynb) explains how, and what happens without the CIFAR-10 pictures.
#
# ---
# On: [check the installation and time your code](01_install_and_timing.ipynb)
