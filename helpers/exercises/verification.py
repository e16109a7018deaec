"""The exercises of the page of verification: a policy, a comparison of texts, a comparison of pictures."""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from helpers.exercises.exercise import differences, exercise
from helpers.exercises.values import fault_in
from helpers.verification import Policy
from helpers.verification.text import difference

STORED = "batch 8: 3.1 ms, loss 0.6931"
# outputs of the same cell: must they pass?
OUTPUTS = {
    "batch 8: 87 us, loss 0.6931": True,
    "batch 8: 2.05 s, loss 0.7007": True,
    "batch 8: 3.3 ms, loss 0.6821": True,
    "batch 8: 3.1 ms, loss 0.7325": False,
    "batch 8: 3.1 ms, loss 0.6601": False,
    "batch 8: 3.1 ms, loss nan": False,
    "batch 9: 3.1 ms, loss 0.6931": False,
    "batch 8: failed, loss 0.6931": False,
    "batch 8: 3.1 ms, error 0.6931": False,
}


@exercise
def check_verify(verify: Mapping[str, Any]) -> Iterator[str]:
    """``verify``: what a cell has to state so that its outputs pass, and no others."""
    try:
        policy = Policy.from_metadata({"verify": verify})
    except ValueError as error:
        yield f"{error}."
        return
    for output, passes in OUTPUTS.items():
        found = difference(STORED, output, policy)
        if passes and found:
            yield f'"{output}" should pass, but the comparison says: {found}.'
        elif not passes and not found:
            yield f'"{output}" passes, and should not.'


@exercise
def check_agrees(agrees: Callable[[str, str, float], bool]) -> Iterator[str]:
    """``agrees(stored, now, rtol)``: decimal numbers within a tolerance, everything else the same."""

    def right(stored: str, now: str, rtol: float) -> bool:
        decimal = r"-?\d+\.\d+"
        if re.sub(decimal, "#", stored) != re.sub(decimal, "#", now):
            return False
        pairs = zip(re.findall(decimal, stored), re.findall(decimal, now), strict=True)
        return all(abs(float(b) - float(a)) <= rtol * abs(float(a)) for a, b in pairs)

    draw = random.Random(2017)
    cases = [
        ("loss 0.50", "loss 0.51", 0.1),
        ("loss 0.50", "loss 0.60", 0.1),
        ("loss 0.50", "loss 0.40", 0.1),
        ("loss 0.50", "error 0.50", 0.1),
        ("loss 0.50", "loss 0.50 0.50", 0.1),
        ("tensor([-0.50, 2.00])", "tensor([-0.52, 2.05])", 0.1),
        ("tensor([-0.50, 2.00])", "tensor([0.50, 2.00])", 0.1),
        ("epoch 10: 0.25", "epoch 11: 0.25", 0.2),
        ("at 1.00 and 5.00", "at 1.02 and 9.00", 0.1),
        ("nothing to count", "nothing to count", 0.1),
    ]
    for _ in range(20):
        value, rtol = draw.uniform(-9, 9), draw.choice((0.01, 0.05, 0.2))
        other = value * (1 + rtol * draw.choice((-3, -0.5, 0.4, 2)))
        cases.append((f"step 7: {value:.6f}", f"step 7: {other:.6f}", rtol))
    yield from differences(agrees, right, *cases)


def _neighborhood(picture: Tensor) -> tuple[Tensor, Tensor]:
    """The darkest and the brightest within one pixel of each."""
    wide = picture.new_full((picture.shape[0] + 2, picture.shape[1] + 2), float("nan"))
    wide[1:-1, 1:-1] = picture
    around = wide.unfold(0, 3, 1).unfold(1, 3, 1).flatten(2)
    darkest = around.nan_to_num(float("inf")).amin(2)
    return darkest, around.nan_to_num(float("-inf")).amax(2)


def looks_the_same(a: Tensor, b: Tensor, levels: float) -> bool:
    """Each pixel of either picture lies between the darkest and the brightest around its place in the other."""
    for one, other in ((a, b), (b, a)):
        darkest, brightest = _neighborhood(other)
        if ((one < darkest - levels) | (one > brightest + levels)).any():
            return False
    return True


@exercise
def check_same_picture(same_picture: Callable[[Tensor, Tensor, float], bool]) -> Iterator[str]:
    """``same_picture(a, b, levels)``: whether lines moved by a pixel at most, and nothing came or went."""
    line = torch.full((12, 16), 255.0)
    line[5] = 0.0
    dot = line.clone()
    dot[9, 12] = 0.0
    moved = line.clone()
    moved[10, 13] = 0.0
    hole = line.clone()
    hole[5, 6:10] = 255.0
    noise = torch.randint(256, (12, 16)).float()
    cases = {
        "a picture and itself": (noise, noise),
        "a line that lies a pixel lower": (line, line.roll(1, 0)),
        "a line that lies two pixels lower": (line, line.roll(2, 0)),
        "a dot that vanished": (dot, line),
        "a dot that appeared": (line, dot),
        "a dot that moved along a diagonal": (dot, moved),
        "a line with a gap": (line, hole),
        "a picture that is 10 levels darker": (noise, noise - 10),
        "a picture that is 30 levels darker": (line, line - 30),
        "a picture that is 30 levels brighter": (line, line + 30),
        "two pictures of noise": (noise, torch.randint(256, (12, 16)).float()),
    }
    for words, (a, b) in cases.items():
        given = same_picture(a.clone(), b.clone(), 16.0)
        if fault := fault_in(given, looks_the_same(a, b, 16.0)):
            yield f"for {words}: {fault}"
