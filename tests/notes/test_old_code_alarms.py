"""Nothing is named in code of today: not on the book's pages, not in its helpers, not in what people write now."""

import json
from pathlib import Path

import pytest

from helpers.notes.old_code import reader, sources

BOOK = Path(__file__).resolve().parents[2]
PAGES = sorted(BOOK.glob("notebooks/[0-9][0-9]_*.ipynb"))
# The example; and what undoes the old calls that are run.
OLD_ON_PURPOSE = ("example_2017.py", "trial.py")
HELPERS = [path for path in BOOK.glob("helpers/**/*.py") if path.name not in OLD_ON_PURPOSE]
# What pages show on purpose, outside of cells that are meant to fail: page (its number may change), row.
SHOWN = {
    ("old_calls", "arange-of-integers"),
    ("old_calls", "integer-division"),
    ("old_calls", "uint8-one-minus-mask"),
    ("autograd", "variable-volatile"),
    ("autograd", "optimizer-zero-grad"),
    ("indexing", "index-by-byte-mask"),
    ("indexing", "invert-byte-mask"),
    ("types_and_devices", "set-default-tensor-type"),
}


def alarms(source):
    return [f for f in reader.find(source) if f.call.today != "runs"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_nothing_is_named_on_a_page_that_it_does_not_show_on_purpose(path):
    source = sources.read(path)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tags = [cell["metadata"].get("tags", []) for cell in cells if cell["cell_type"] == "code"]
    wrong = []
    for finding in alarms(source):
        cell, line = source.line(finding.match.node.lineno)
        shown = (path.stem[3:], finding.call.name) in SHOWN
        if not shown and "raises-exception" not in tags[cell - 1]:
            wrong.append((finding.call.name, cell, line))
    assert wrong == []


def test_what_pages_show_on_purpose_is_found():
    found = {(p.stem[3:], f.call.name) for p in PAGES for f in alarms(sources.read(p))}
    assert found >= SHOWN


@pytest.mark.parametrize("path", HELPERS, ids=lambda path: path.relative_to(BOOK).as_posix())
def test_nothing_is_named_in_the_book_s_own_code(path):
    assert [(f.call.name, f.match.node.lineno) for f in alarms(sources.read(path))] == []


HEAD = "import numpy as np\nimport torch\nimport torch.nn.functional as F\nimport torchvision\nfrom torch import nn\n"
TODAY = [
    "x = torch.arange(6).view(2, 3)\ny = x / 2\nz = x // 2",
    "loss = F.cross_entropy(net(x), y)\nloss.backward()\ntotal += loss.item()",
    "keep = torch.zeros(3, dtype=torch.uint8).to(torch.bool)\nx.masked_fill(keep, 0)[keep] = 1\ny = ~keep",
    "mask = torch.zeros(3).byte()\nmask = mask.bool()\nx.masked_fill(mask, 0)\nx[mask == 1]\ntorch.where(mask, x, y)",
    "losses = []\nlosses.append(loss.item())\nprint(losses[0], losses[-1])",
    "loss_data = json.load(file)\nloss_data['data'][0]",
    "batch.data[0]\nself.dataset.data[0]\nframe.values[0]",
    "mask = (x > 0) & (x < 5)\ny = x[~mask]\nn = 1 - mask.float()",
    "a = np.zeros(3)\nm = 1 - (a > 0)\nk = (a > 0) + (a < 2)\na.dot(a)\na.T",
    "probabilities = F.softmax(scores, dim=-1)\nlogs = scores.log_softmax(1)\nnn.Softmax(dim=1)",
    "state = torch.load('net.pt', weights_only=True)\nnet.load_state_dict(state)",
    "net.load_state_dict(torch.load('net.pt', map_location='cpu'))",
    "for epoch in range(9):\n    train(epoch)\n    scheduler.step()\n    validate(epoch)",
    "for x in loader:\n    optimizer.zero_grad()\n    f(x).backward()\n    optimizer.step()\n    scheduler.step()",
    "class C(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n        return x**3\nC.apply(x)",
    "with torch.autocast('cuda', dtype=torch.float16):\n    y = net(x)\nscaler = torch.amp.GradScaler('cuda')",
    "net = torchvision.models.resnet18(weights='DEFAULT')\nnet.fc = nn.Linear(512, 10)",
    "x = x.cuda(non_blocking=True)\nx = x.to('cuda', non_blocking=True)",
    "value, index = x.max(dim=1)\nn = (index == y).sum().item()",
    "nn.utils.clip_grad_norm_(net.parameters(), 1.0)\nnn.init.kaiming_normal_(w)",
    "q, r = torch.linalg.qr(a)\nlu = scipy.linalg.lu(a)\nsympy_matrix = np.linalg.qr(a)",
    "words = [vocabulary[i] for i in ids]\nword = index2word[int(i)]",
    "n = len(a) // 2\nfor i in range(n // 2): pass\nfor i in range(int(n / 2)): pass",
    "from torchtext.legacy import data\nimport torchtext.legacy.data as td\ndata.Field()",
    "self.size_average = False\nmodel.size_average = False",
    "it = iter(loader)\nx, y = next(it)\ntoken = lexer.next()\nnode = node.next()",
    "import random\nrandom.seed(0)\ntorch.manual_seed(0)",
    "out = torch.cat([a, b], dim=1)\nout = torch.cat(parts)",
    "optimizer.zero_grad(set_to_none=True)\nw.grad is None",
    "torch.utils.data.DataLoader(data, batch_size=8, num_workers=4)",
    "torchvision.transforms.Compose([torchvision.transforms.Resize(8), torchvision.transforms.ToTensor()])",
    "F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False)\nnn.Upsample(scale_factor=2)",
    "d = {}\nd.keys()\nlist(d.items())[0]",
    "x.new_zeros(3)\nx.add_(y, alpha=2)\nx.addcmul_(a, b, value=0.1)\nseen.add(1)",
    "image.resize((3, 4))\nframe.T\nx.mT\nstorage = client.storage()",
    "print(f'{loss.item():.3f}', total / len(loader))",
    "torch.multinomial(p, 1)\np.multinomial(num_samples=2)\nagent.act()",
]


@pytest.mark.parametrize("code", TODAY)
def test_nothing_is_named_in_what_people_write_now(code):
    source = sources.read_text(HEAD + code + "\n")
    assert [(f.call.name, f.certain) for f in alarms(source)] == []
