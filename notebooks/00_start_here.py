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
# # Read old PyTorch notes with today's PyTorch · 从这里开始
#
# In 2017 somebody took notes, in Chinese, on chapters 2 and 3 of a PyTorch book. PyTorch was at 0.2. This book goes
# through the statements of those notes, runs each one on a PyTorch of today, and says what has changed.
#
# **You will**
#
# - see which pages there are, and how long each takes to read and to run;
# - know how to read them: in the browser, in JupyterLab, with your own changes;
# - see how every output in the book is verified, and what a failure looks like;
# - learn where the pictures of the CIFAR-10 pages come from.
#
# **You need** nothing to read. To run: Python 3.11 or newer and the packages in `requirements.txt`. No GPU.
#
# **Time**: 14 min to read, 10 s to run (Intel(R) Xeon(R) Processor, 2 cores).
#
# ## The pages · 目录
#
# This table is made from the pages themselves, each time this page runs. The reading time is worked out from their
# words and lines of code. The run time is that of the last run that made the outputs.

# %% verify={"free": ["\\d+ s(?= \\|)"], "reason": "run times of the pages"}
import sys

sys.path.insert(0, "..")  # the folder that holds helpers/

from IPython.display import Markdown

from helpers import pages

rows = ["| page | read | run |", "|:--|--:|--:|"]
for page in pages.all_pages():
    run = f"{page.seconds:.0f} s" if page.seconds else "0 s"
    rows.append(
        f"| [{page.title}]({page.path.name}) | {page.reading_minutes} min | {run} |"
    )
Markdown("\n".join(rows))

# %% [markdown]
# Run times were measured here (the top of each page says where):

# %%
print(pages.machine())

# %% [markdown]
# The notes make 54 statements, C01 to C54. A cell that proves one carries its number in its metadata, so the count of
# those covered is a fact too:

# %%
from helpers.notes.statements import STATEMENTS

claims = sorted({claim for page in pages.all_pages() for claim in page.claims})
print(len(claims), "of", len(STATEMENTS), "statements:", ", ".join(claims))
assert claims == [statement.number for statement in STATEMENTS]

# %% [markdown]
# ## How to read · 阅读方法
#
# Every page has the same form. It opens with what you will be able to do. Then each short text states something, and
# the cell below it shows it. *Then and now* boxes mark where the notes have been overtaken. At the end: a recap,
# exercises that check themselves, and solutions.
#
# - **With old notes or old code beside you**: [page 12](12_notes_audited.ipynb) has every statement and every old call, each
#   with today's and a link to its proof.
# - **On GitHub**: just read. Outputs are stored in the pages.
# - **In JupyterLab**: `jupyter lab notebooks/00_start_here.ipynb`. Run a cell with Shift+Enter; change it and run it again.
#   The headings of a page are listed behind the third icon at the left edge; links to headings go to the page's top here.
# - **In an editor**: each page is a pair of files, the notebook and a plain `.py` file, its source. JupyterLab opens the
#   `.py` file as a notebook too (right click, *Open With*, *Notebook*), and saves both.
#
# Commands such as `python -m helpers.data` are typed in a terminal, in the book's folder (where `README.md` lies). `python`
# stands for the one that has the packages: `.venv/bin/python`, on Windows `.venv\Scripts\python`. What you changed is saved in
# the page; `git restore notebooks/` brings the stored pages back (without git, copy the folder first).
#
# Exercises look like this. Put your answer in the place of the three dots:

# %%
from helpers.exercises import Check

answer = ...
check = Check(2 + 2, hint="a number, without quotes")
check(answer)

# %% [markdown]
# A wrong answer is told what is wrong with it:

# %%
check("four")

# %% [markdown]
# ## How outputs are verified · 输出的验证
#
# `pytest --nbval notebooks/` runs every cell of the book on your machine and compares each output with the stored one.
# Words and whole numbers must be the same. Floats may differ in the fifth digit: processors add in different orders.
#
# Here is the comparison at work, on two outputs that differ in the seventh digit: no difference is found.

# %%
from helpers.verification import Policy, compare_outputs


def printed(text):
    return [{"output_type": "stream", "name": "stdout", "text": text}]


compare_outputs(printed("loss 0.4321567"), printed("loss 0.4321569"))

# %% [markdown]
# Now one that must fail, on purpose: a digit is wrong.

# %%
for fault in compare_outputs(printed("loss 0.4321"), printed("loss 0.4421")):
    print(fault.text)

# %% [markdown]
# After training, numbers differ more: small roundings grow, step by step. Such a cell states a band in its metadata (what is
# kept with a cell and not shown; `rtol` is the relative tolerance), and why. With a band of 5 % the same pair passes, but not
# more than that:

# %%
band = Policy(rtol=0.05, reason="training")
print(compare_outputs(printed("loss 0.4321"), printed("loss 0.4421"), band))
print(
    compare_outputs(printed("loss 0.4321"), printed("loss 0.4721"), band)[
        0
    ].text
)

# %% [markdown]
# Times can never be the same. They are compared in form: the words and the kind of number, not the number.

# %%
timing = Policy(timing=True, reason="durations")
compare_outputs(printed("took 1.2 ms"), printed("took 87 us"), timing)

# %% [markdown]
# ### Figures are compared as pictures · 图像比较
#
# Two figures, the second with one of its curves moved. The comparison says how many pixels look different and draws
# them.

# %%
import matplotlib.pyplot as plt

from helpers import plotting

plotting.use_style()


def curves(lift):
    figure, axis = plt.subplots(figsize=(4, 2.2))
    axis.plot([0, 1, 2, 3], [0, 1, 4, 9], label="squares")
    axis.plot([0, 1, 2, 3], [lift, lift + 1, lift + 2, lift + 3], label="line")
    axis.set_ylim(0, 9.5)
    axis.legend()
    return figure


plotting.show(curves(lift=0), alt="Two curves: squares and a straight line.")

# %%
import io

from helpers.verification.pictures import compare_pictures


def png(figure):
    out = io.BytesIO()
    figure.savefig(out, format="png")
    plt.close(figure)
    return out.getvalue()


fault = compare_pictures(png(curves(lift=0)), png(curves(lift=1)))
assert compare_pictures(png(curves(lift=0)), png(curves(lift=0))) is None
print(fault.text)

# %%
from IPython.display import Image

alt = "The stored figure, pale; the pixels that differ, both places of the line, are red."
Image(fault.drawn, metadata={"alt": alt})

# %% [markdown]
# ### How wide the tolerances are · 容差有多宽
#
# They are measured, and the end of this section says how far that has come. `python -m tests.studies spread` runs the
# pages with one thread and with two, with the instructions of older processors, on two older releases, with convolutions
# rounded as on a GPU, and, where a net is trained, with ten other seeds (starts of the random numbers). For each cell it
# finds the smallest tolerance that would have done. Once all have run, no tolerance may be wider than five times the
# largest of these, and no band of training wider than other seeds need. No GPU was at hand: its rounding and the branches
# for it are simulated, nothing was run on one.
#
# Each line below is one tolerance of a cell, and 1 is that tolerance. No mark: no difference, or not measured yet. Gray: from
# a fifth of the tolerance to all of it. Only other seeds may lie beyond 1.

# %%
import json
import math
from pathlib import Path

spread = json.loads(
    Path("records/verification/spread.json").read_text(encoding="utf-8")
)
kinds = {name: run["kind"] for name, run in spread["runs"].items()}
lines = [
    (cell, *band)
    for cell in spread["cells"]
    for band in cell["tolerance"].items()
]


def widest(cell, field, *wanted):
    """The most that a cell needed in settings of these kinds."""
    found = [
        need for name, need in cell["needed"].items() if kinds[name] in wanted
    ]
    return max((need.get(field, 0) for need in found), default=0)


figure, axis = plt.subplots(figsize=(8, 0.3 * len(lines) + 1.4))
axis.axvspan(1 / 5, 1, color="#EEEEEE")
machine = ("threads", "instructions", "simulated GPU", "release")
for kind, marker in zip((*machine, "seed"), "osD^x", strict=True):
    shares = [
        widest(cell, field, kind) / limit or math.nan
        for cell, field, limit in lines
    ]
    axis.plot(shares, range(len(lines)), marker, label=kind, alpha=0.8)
words = [
    f"{c['page'][:2]}, {c['heading'].split(' · ')[0]}: {f} {limit:g}"
    for c, f, limit in lines
]
axis.set_yticks(range(len(lines)), words)
axis.set(xscale="log", xlabel="widest spread, as a part of the tolerance")
axis.set_ylim(len(lines) - 0.5, -0.5)
figure.legend(loc="outside upper right", ncols=5)
plotting.show(
    figure,
    alt="A line for each tolerance. No setting of the machine goes beyond 1, some other seeds do.",
)

# %% [markdown]
# The other cells state none and keep the strict defaults. This is the most that any of them needed, in the settings that
# its page has run in:

# %%
assert all(
    widest(cell, field, *machine) <= limit for cell, field, limit in lines
)
strict = [cell for cell in spread["cells"] if not cell["tolerance"]]
for field in ("rtol", "shift", "color"):
    most = max((widest(cell, field, *machine) for cell in strict), default=0)
    print(f"{field:7}allowed {getattr(Policy(), field):g}, needed {most:g}")
    assert most <= getattr(Policy(), field)

# %% [markdown]
# How far it has come: each setting takes minutes, and not every page has run in each. A changed cell is measured anew.

# %%
runs = [run for run in spread["runs"].values() if run["kind"] != "seed"]
for page in pages.all_pages():
    ran = sum(page.name in run["pages"] for run in runs)
    stated = [
        c for c in spread["cells"] if c["page"] == page.name and c["tolerance"]
    ]
    made = sum(len(cell["needed"]) for cell in stated)
    wanted = sum(
        17 if cell["training"] else 7 for cell in stated
    )  # with ten seeds, or without
    words = (
        f"; of its tolerances, {made} of {wanted} measurements"
        if stated
        else ""
    )
    print(f"{page.name[:2]}: run in {ran} of 7 settings{words}")

# %% [markdown]
# At the end of a run, `pytest` prints what was compared exactly, within a band, in form, or only run, with the reasons
# that the cells give.
#
# ## Where the pictures come from · 数据来源
#
# Pages on CIFAR-10 use the real pictures. They are looked for in the folder named by the environment variable
# `CIFAR10_ROOT`, in the book's `data/` folder, and where torchvision and Keras keep them. If they are nowhere, they are
# downloaded into `data/` (170 MB), from the fastest of seven mirrors.
#
# Connections fail, and mirrors crawl. A download that has not promised to end within five minutes is given up after
# one. Then drawn shapes stand in for the pictures, so that every page runs; a page that uses them says so and why, and
# outputs that depend on the pictures are not compared. `python -m helpers.data --download` goes on in the background.
# This is what the shapes look like:

# %%
from helpers.data.stand_in import StandIn

stand_in = StandIn(train=True, count=20)
names = [stand_in.classes[label] for label in stand_in.targets]
figure = plotting.picture_grid(stand_in.data, names, columns=10, size=0.8)
plotting.show(
    figure, alt="Twenty drawn shapes in random colors on striped grounds."
)

# %% [markdown]
# `CIFAR10_ROOT=stand-in` asks for them at once, for a classroom without internet. Set it before JupyterLab is started
# (`export CIFAR10_ROOT=stand-in`; in Windows' PowerShell `$env:CIFAR10_ROOT = "stand-in"`), or in a new first cell of a page:
# `%env CIFAR10_ROOT=stand-in`. After a change, restart the kernel.
#
# ## Recap
#
# - The table at the top is the book; pages can be read in any order, and run by themselves.
# - Read on GitHub, or run in JupyterLab and change things.
# - Every output is compared when the book is run: exactly, within a stated band, or in form.
# - CIFAR-10 is found, downloaded, or replaced by drawn shapes, and the page says which.
#
# ## Exercises
#
# **1.** A stored output is `1.0`, the relative tolerance of its cell 0.05. What is the upper end of the band, as a float?

# %%
answer_1 = ...
check_1 = Check(1.05, hint="1.0 and 5 % of it")
check_1(answer_1)

# %% [markdown]
# **2.** Is a changed *whole* number let through by a band? Answer `True` or `False`; try it with `compare_outputs`.

# %%
answer_2 = ...
let_through = not compare_outputs(
    printed("100 steps"), printed("101 steps"), band
)
check_2 = Check(let_through, hint="whole numbers are exact")
check_2(answer_2)

# %% [markdown]
# **3.** Page 06 proves the statements C18 to C26. How many are these?

# %%
answer_3 = ...
page_04 = next(
    page for page in pages.all_pages() if page.name.startswith("04")
)
check_3 = Check(len(page_04.claims), hint="the first and the last count too")
check_3(answer_3)

# %% [markdown]
# ## Solutions
#
# In JupyterLab, click to open. They run and are verified like every other cell.

# %% jupyter={"source_hidden": true}
check_1(1.0 + 0.05 * 1.0)
check_1(1.0 + 0.05 / 2)  # a mistake: the tolerance is to each side

# %% jupyter={"source_hidden": true}
check_2(False)
check_2(True)  # a mistake: bands are for measured numbers

# %% jupyter={"source_hidden": true}
check_3(26 - 18 + 1)
check_3(26 - 18)  # a mistake: one end left out

# %% [markdown]
# ---
# On: [check the installation and time your code](01_install_and_timing.ipynb)
