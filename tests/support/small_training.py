"""A tiny net and a few drawn images in the place of CIFAR-10, for tests; as a program, the training of them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from helpers import data
from helpers.data.stand_in import draw_shapes
from helpers.training import batches
from helpers.training.__main__ import main
from helpers.training.recipe import Recipe

SMALL = Recipe(widths=(4, 8), depths=(1, 2), pools=(True, True), stem_filters=4, batch_size=32)
NET = ["widths=8,16", "depths=1,2", "pools=True,True", "stem_filters=8", "batch_size=32"]
NET += ["muon_lr=0.2"]  # so that it moves in 16 steps


def load(validation=False):
    drawn, labels = map(torch.as_tensor, draw_shapes(320, seed=0))
    return batches.Images(drawn[:256], labels[:256], drawn[256:], labels[256:])


if __name__ == "__main__":
    batches.load = load
    data.origin = lambda: "small images"
    data.is_real = lambda: False
    sys.exit(main([*sys.argv[1:], "--device", "cpu", "--precision", "fp32", "--set", *NET]))
