"""The exercises of the page of verification: right answers pass, plausible mistakes are refused."""

import re

import torch
import torch.nn.functional as F

from helpers.exercises import verification as checks
from helpers.verification.text import difference
from tests.support.answers import make_tests

WHY = {"reason": "durations, and a loss after training"}


def agrees(stored, now, rtol):
    decimal = r"-?\d+\.\d+"
    if re.split(decimal, stored) != re.split(decimal, now):
        return False
    numbers = [[float(n) for n in re.findall(decimal, text)] for text in (stored, now)]
    return all(abs(a - b) <= rtol * abs(a) for a, b in zip(*numbers, strict=True))


def numbers_only(stored, now, rtol):
    decimal = r"-?\d+\.\d+"
    pairs = zip(re.findall(decimal, stored), re.findall(decimal, now), strict=False)
    return all(abs(float(a) - float(b)) <= rtol * abs(float(a)) for a, b in pairs)


def one_sided(stored, now, rtol):
    decimal = r"-?\d+\.\d+"
    if re.split(decimal, stored) != re.split(decimal, now):
        return False
    pairs = zip(re.findall(decimal, stored), re.findall(decimal, now), strict=True)
    return all(float(b) - float(a) <= rtol * abs(float(a)) for a, b in pairs)


def of_the_negative_size(stored, now, rtol):
    decimal = r"-?\d+\.\d+"
    if re.split(decimal, stored) != re.split(decimal, now):
        return False
    pairs = zip(re.findall(decimal, stored), re.findall(decimal, now), strict=True)
    return all(abs(float(b) - float(a)) <= rtol * float(a) for a, b in pairs)


def whole_numbers_too(stored, now, rtol):
    number = r"-?\d+(?:\.\d+)?"
    if re.split(number, stored) != re.split(number, now):
        return False
    pairs = zip(re.findall(number, stored), re.findall(number, now), strict=True)
    return all(abs(float(a) - float(b)) <= rtol * abs(float(a)) for a, b in pairs)


def within(one, other, levels):
    brightest = F.max_pool2d(other[None], 3, stride=1, padding=1)[0]
    darkest = -F.max_pool2d(-other[None], 3, stride=1, padding=1)[0]
    return ((one >= darkest - levels) & (one <= brightest + levels)).all().item()


def same_picture(a, b, levels):
    return within(a, b, levels) and within(b, a, levels)


def in_place(a, b, levels):
    return ((a - b).abs() <= levels).all().item()


def on_average(a, b, levels):
    return ((a - b) ** 2).mean().sqrt().item() <= levels


RIGHT = [
    (checks.check_verify, {"timing": True, "rtol": 0.02, **WHY}),
    (checks.check_verify, {"timing": True, "atol": 0.02, **WHY}),
    (checks.check_agrees, agrees),
    (checks.check_same_picture, same_picture),
]
WRONG = [
    (checks.check_verify, {"timing": True, "rtol": 0.02}, "gives no reason"),
    (checks.check_verify, {"timing": True, "rtol": 0.2, **WHY}, "loss 0.7325"),
    (checks.check_verify, {"timing": True, **WHY}, "loss 0.7007"),
    (checks.check_verify, {"rtol": 0.02, **WHY}, "87 us"),
    (checks.check_verify, {"free": [r"[\d.]+"], **WHY}, "87 us"),
    (checks.check_verify, {"free": [r"\d.*s,"], "rtol": 0.02, **WHY}, "batch 9: 3.1 ms"),
    (checks.check_verify, {"timing": True, "rtoll": 0.02, **WHY}, "did you mean rtol"),
    (checks.check_agrees, numbers_only, "now = 'error 0.50'"),
    (checks.check_agrees, one_sided, "now = 'loss 0.40'"),
    (checks.check_agrees, of_the_negative_size, "now = 'tensor([-0.52, 2.05])'"),
    (checks.check_agrees, whole_numbers_too, "now = 'epoch 11: 0.25'"),
    (checks.check_same_picture, in_place, "a line that lies a pixel lower"),
    (checks.check_same_picture, within, "for a dot that appeared"),
    (checks.check_same_picture, lambda a, b, levels: within(b, a, levels), "a dot that vanished"),
    (checks.check_same_picture, on_average, "a line that lies a pixel lower"),
    (checks.check_same_picture, lambda a, b, levels: same_picture(a, b, 0), "10 levels darker"),
    (checks.check_same_picture, lambda a, b, levels: same_picture(a, b, 99), "30 levels darker"),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)


def test_the_cases_hold_some_of_both():
    passing = [checks.OUTPUTS[output] for output in checks.OUTPUTS]
    assert True in passing and False in passing
    assert difference(checks.STORED, checks.STORED, checks.Policy()) == ""


def test_pictures_that_look_the_same():
    noise = torch.rand(8, 9) * 255
    assert checks.looks_the_same(noise, noise, 0)
    assert checks.looks_the_same(noise, noise.roll(1, 1), 255)
    assert not checks.looks_the_same(noise, 255 - noise, 1)
