"""The exercises of the page on types and devices."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from helpers.exercises.calls import Recorder
from helpers.exercises.exercise import differences, exercise
from helpers.exercises.values import fault_in, kind

FEW = (
    torch.bool,
    torch.uint8,
    torch.int16,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.complex64,
)
# These tell a type's properties; any other call of torch knows the rule, or makes tensors that could be added.
ALLOWED = {"can_cast", "get_default_dtype"}
CONVERSIONS = {"to", "type", "byte", "char", "short", "int", "long"}


class AnotherProcessor(TorchFunctionMode):
    """Inside a ``with`` block, a conversion of NaN to whole numbers gives 99: it is undefined, and often 0."""

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") not in CONVERSIONS or not isinstance(result, torch.Tensor):
            return result
        is_whole = not result.dtype.is_floating_point and result.dtype != torch.bool
        return result.masked_fill(args[0].isnan(), 99) if is_whole else result


@exercise
def check_to_bytes(to_bytes: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[str]:
    """``to_bytes(image)``: float in 0..1, or beyond, or NaN, to uint8 in 0..255, rounded."""

    def byte(value: float) -> int:
        return 0 if math.isnan(value) else round(max(0.0, min(255.0, value * 255)))

    def right(image: torch.Tensor) -> torch.Tensor:
        flat = [byte(value) for value in image.flatten().tolist()]
        return torch.tensor(flat, dtype=torch.uint8).view(image.shape)

    image = torch.tensor([0.0, 0.25, 0.5, 1.0, 1.7, -0.2, 1e9, math.nan, math.inf, -math.inf])
    yield from differences(to_bytes, right, (image,), (torch.rand(3, 7),))
    with AnotherProcessor():
        elsewhere = to_bytes(image.clone())
    if fault_in(elsewhere, right(image)):
        yield "NaN reaches the conversion. The result is 0 here, but undefined: replace NaN before you convert."


@exercise
def check_brighter(brighter: Callable[[torch.Tensor, int], torch.Tensor]) -> Iterator[str]:
    """``brighter(pixels, amount)``: uint8 plus a number, stopped at 0 and 255."""

    def right(pixels: torch.Tensor, amount: int) -> torch.Tensor:
        flat = [max(0, min(255, value + amount)) for value in pixels.flatten().tolist()]
        return torch.tensor(flat, dtype=torch.uint8).view(pixels.shape)

    pixels = torch.tensor([0, 1, 100, 200, 254, 255], dtype=torch.uint8)
    image = torch.randint(256, (4, 5), dtype=torch.uint8)
    yield from differences(
        brighter, right, (pixels, 10), (pixels, -10), (pixels, 300), (pixels, 0), (image, -77)
    )


@exercise
def check_standardize(standardize: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[str]:
    """``standardize(x)``: columns with mean 0 and deviation 1; integers give float32."""

    def right(x: torch.Tensor) -> torch.Tensor:
        dtype = x.dtype if x.dtype.is_floating_point else torch.float32
        columns = x.to(torch.float64)
        rest = columns - columns.sum(0) / len(x)
        return (rest / (rest.square().sum(0) / (len(x) - 1)).sqrt()).to(dtype)

    whole = torch.tensor([[1, 10], [2, 20], [4, 90]])
    yield from differences(
        standardize,
        right,
        (whole,),
        (whole.to(torch.uint8),),
        (torch.randn(9, 3),),
        (torch.randn(9, 3, dtype=torch.float64),),
    )
    if (half := standardize(torch.randn(9, 3).half())).dtype != torch.float16:
        yield f"for a matrix of dtype torch.float16: the dtype is {half.dtype}, but floats keep their type."
    if standardize(torch.zeros(4, 2, device="meta")).device.type != "meta":
        yield "the result is on another device than x: do not name a device, and do not call cpu()."


@exercise
def check_common(common: Callable[[torch.dtype, torch.dtype], torch.dtype]) -> Iterator[str]:
    """``common(a, b)``: the dtype of the sum, for each pair of FEW."""
    for a in FEW:
        for b in FEW:
            with Recorder() as recorder:
                given = common(a, b)
            if used := [name for name in recorder.counts if name not in ALLOWED]:
                yield f"write the rule yourself, without {used[0]}."
            if not isinstance(given, torch.dtype):
                yield f"for {a} and {b}: a torch.dtype is expected, but this is {kind(given)}."
            elif given != torch.promote_types(a, b):
                yield f"for {a} and {b}: {given} is not right."
