"""Checkpoints: a damaged or foreign one is refused, none runs code, and the newest is found."""

import os
from pathlib import Path

import pytest
import torch

from helpers.training import checkpoints
from helpers.training.checkpoints import CheckpointError

DAMAGES = {
    "half": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "other": lambda content: b"something else",
    "changed": lambda content: content[:2000] + b"\x00" * 64 + content[2064:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_refused(tmp_path, damage):
    path = tmp_path / "kept.pt"
    state = dict.fromkeys(checkpoints.NEEDED, 1) | {"config": {"recipe": {}}}
    checkpoints.write(path, state | {"net": torch.ones(1000)})
    assert checkpoints.read(path)["steps"] == 1
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    sentence = r"kept.pt is damaged, or .*: start without --resume\."
    with pytest.raises(CheckpointError, match=sentence):
        checkpoints.read(path)


def test_a_checkpoint_runs_no_code_and_is_whole(tmp_path):
    path = tmp_path / "bad.pt"
    checkpoints.write(path, {"config": {"recipe": Path("x")}})
    with pytest.raises(CheckpointError, match="UnpicklingError"):
        checkpoints.read(path)
    checkpoints.write(path, {"config": {"recipe": {}}})
    with pytest.raises(CheckpointError, match="no checkpoint of this program"):
        checkpoints.read(path)


def test_the_newest_checkpoint_is_told_by_its_time(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", tmp_path)
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    first = checkpoints.new_path(seed=3)
    assert first.match(f"*_seed3_{os.getpid()}.pt")
    names = [first, tmp_path / "2026-01-01_00.00.00_seed0_1.pt", tmp_path / "other.pt"]
    for age, path in enumerate(names):
        path.touch()
        os.utime(path, (1e9 + age, 1e9 + age))
    assert checkpoints.existing() == [names[1], first]
    assert checkpoints.newest() == names[1]
