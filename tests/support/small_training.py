"""The training program on a few drawn pictures with a tiny net: what tests start as a process, alone or by torchrun."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from helpers.data.stand_in import draw_shapes
from helpers.training import loop as training

NET = ["widths=8,16", "depths=1,2", "pools=True,True", "stem_filters=8", "batch=32"]
NET += ["muon_rate=0.2"]  # so that it moves in 16 steps


def load(validation=False):
    drawn, labels = map(torch.as_tensor, draw_shapes(320, seed=0))
    return training.Pictures(drawn[:256], labels[:256], drawn[256:], labels[256:])


if __name__ == "__main__":
    training.load = load
    training.cifar10_data.origin = lambda: "small pictures"
    training.cifar10_data.is_real = lambda: False
    sys.exit(
        training.main([*sys.argv[1:], "--device", "cpu", "--precision", "fp32", "--set", *NET])
    )
