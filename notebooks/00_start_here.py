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
# # Old PyTorch notes, today's PyTorch
#
# *从这里开始*
#
# You type in a line from an old tutorial, and PyTorch answers with an error. Did you mistype it, was the author wrong,
# or has PyTorch changed? This book takes somebody's reading notes from 2017, written in Chinese for PyTorch 0.2, and
# tries each of the 54 statements in them on today's PyTorch. It is for you if you have such notes, if you are new to
# PyTorch, or if you teach and have to trust what you show. A laptop without a GPU will do.
#
# **You will**
#
# - let PyTorch compute a gradient for you;
# - watch a line from 2017 fail, and see what replaces it;
# - find the page that answers your question.
#
# **You need** a browser to read. To run the cells, install PyTorch as the README in the book's folder describes.
#
# **Time**: 4 min to read, 5 s to run (AMD EPYC, 2 cores).
#
# ## Your PyTorch says hello
#
# *第一个例子*
#
# In JupyterLab, click into a cell and press Shift+Enter; this runs it and moves on to the next. Every page begins with
# a cell like the one below, which keeps error messages short, finds the book's helpers and imports PyTorch.

# %%
# %xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch

# %% verify={"free": ["(?<=^PyTorch )\\d+\\.\\d+[\\w.+]*", "(?<=your )[CG]PU(?=\\.)"], "reason": "the release and the device of the machine"}
device = "GPU" if torch.accelerator.is_available() else "CPU"
print(f"PyTorch {torch.__version__} says hello from your {device}.")

# %% [markdown]
# The derivative of $x^2$ is $2x$, so at $x = 3$ the slope is 6. PyTorch finds this slope, the *gradient* (梯度), when
# we call `backward`. A network [learns](02_autograd.ipynb) by making one number small, the *loss*, and the slope
# tells it which way to go:

# %%
x = torch.tensor(3.0, requires_grad=True)
loss = x**2
loss.backward()
x.grad

# %% [markdown]
# Now we want the loss as a Python number. The notes say:

# %% tags=["raises-exception"]
loss.data[0]

# %% [markdown]
# Read such messages whole, because they often say what to write instead. Here it is `item()`:

# %%
loss.item()

# %% [markdown]
# > **Then and now.** In PyTorch 0.2 a loss was a vector with one element, and `loss.data[0]` picked it out. Since 0.4
# > such a loss is a single number, without dimensions (*0-dim* in the message), so there is nothing to index. Release
# > 0.4 only warned; today it is an error.
#
# This is the whole book in miniature: an old line, what becomes of it today, why, and what to write now.
#
# ## What is in the book
#
# *目录*
#
# Each of these pages ends with exercises, which the reading times do not include:

# %% verify={"free": ["\\d+ s(?= \\|)"], "reason": "run times of the pages"}
from helpers.contents import table_of_contents

table_of_contents()

# %% [markdown]
# ## Three ways to read it
#
# *阅读方法*
#
# - **You have old code or an error from it**: look the call or the message up on [page 15](15_old_calls.ipynb).
#   [Page 16](16_notes_audited.ipynb) goes through the statements of the 2017 notes, and tells you which still hold.
# - **PyTorch is new to you**: read pages 01, 02, 04 and 05, train on real pictures on page 06, and leave the rest until
#   you need it. Exercises tell you whether your answer is right; hints and solutions open with a click.
# - **You want to try things out**: start `.venv/bin/jupyter lab` in the book's folder (on Windows,
#   `.venv\Scripts\jupyter lab`), change a number, guess what will come out, and run the cell. If you cloned the book
#   with Git, `git restore notebooks/00_start_here.ipynb` brings this page back as it was, and `git restore notebooks/`
#   all of them. Your own changes, answers to exercises included, are lost then.
#
# ## Can you trust what you see?
#
# *输出的验证*
#
# `.venv/bin/pytest --nbval notebooks/`, typed in a terminal in the book's folder, runs every cell on your machine and
# compares what comes out with what you see here. [Page 19](19_verification.ipynb) explains how, and what happens
# without the CIFAR-10 pictures.
#
# ---
# Next: [check the installation and time your code](01_install_and_timing.ipynb)
