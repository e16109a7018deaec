"""A check of what a reader wrote: a function or a class is tried on inputs that are not on the page.

A page's module makes its checks with ``exercise``::

    @exercise
    def check_slope(slope):
        yield from differences(slope, lambda x: 3 * x**2, (torch.tensor(2.0),), (torch.randn(5),))

and the page calls ``check_slope(slope)`` below the reader's definition.
"""

import copy
import dis
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_origin

import torch

from helpers.exercises.raised import TooLongError, described, in_words, time_limit
from helpers.exercises.values import fault_in, kind
from helpers.messages import WIDTH

SEED = 2017  # of the random inputs: a check says the same each time
# What a function is compiled to whose body is `...`, on Python 3.11 to 3.14.
EMPTY = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "COPY_FREE_VARS", "CACHE"}
LIMIT = 60.0  # seconds for a check: far more than a right answer takes


@dataclass(frozen=True)
class Exercise:
    """The check of one exercise; called with an answer, it prints whether it is right and, if not, what is wrong.

    Attributes:
        faults: given an answer, yields sentences that say what is wrong with it; only the first is printed.
    """

    faults: Callable[[Any], Iterable[str]]

    def __call__(self, answer: Any) -> None:
        """Print what there is to say of an answer; the random numbers of the page stay as they were."""
        if is_open(answer):
            print("Not answered yet: put your code in place of the three dots.")
            return
        if fault := self._kind_fault(answer):
            print(textwrap.fill(f"Not yet: {fault}", WIDTH))
            return
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(SEED)
            place = ""
            try:
                with time_limit(LIMIT):
                    fault = next(iter(self.faults(answer)), "")
            except (Exception, TooLongError) as error:
                fault, place = in_words(error)
        print(textwrap.fill(f"Not yet: {fault}" if fault else "Right.", WIDTH))
        if place:
            print(place)

    def _kind_fault(self, answer: Any) -> str:
        """What is wrong with an answer that is not even what the check asks for: a function, a class, a dict."""
        (parameter,) = inspect.signature(self.faults).parameters.values()
        if get_origin(parameter.annotation) is Mapping:
            return "" if isinstance(answer, dict) else f"a dict is expected, not {kind(answer)}."
        wanted = "class" if parameter.annotation is type else "function"
        is_made = wanted == "class" and isinstance(answer, torch.nn.Module)
        if callable(answer) and not is_made:
            return ""
        return (
            f"a {wanted} is expected, but this is {kind(answer)}. Hand over the {wanted} itself: its name, "
            "without parentheses."
        )


def exercise(faults: Callable[[Any], Iterable[str]]) -> Exercise:
    """Make a check of a generator of faults; used as a decorator."""
    return Exercise(faults)


def differences(
    answer: Callable, reference: Callable, *arguments: tuple[Any, ...]
) -> Iterable[str]:
    """Yield a sentence for each tuple of arguments for which a function does not return what a reference does.

    Args:
        answer: the reader's function.
        reference: what is right; it has the parameters that the page asks for.
        arguments: the positional arguments of one call each. Both functions get copies.
    """
    names = list(inspect.signature(reference).parameters)
    for given in arguments:
        expected = reference(*copy.deepcopy(given))
        copies = copy.deepcopy(given)
        try:
            returned = answer(*copies)
        except Exception as error:
            error.add_note(described(names, given))
            raise
        if fault := fault_in(returned, expected):
            advice = " Is a `return` missing?" if returned is None else ""
            yield f"for {described(names, given)}: {fault}{advice}"
        for name, before, after in zip(names, given, copies, strict=False):
            if isinstance(before, torch.Tensor) and fault_in(after, before):
                yield (
                    f"for {described(names, given)}: the result is right, but the argument {name} has changed too: "
                    "work on a copy."
                )


def is_open(answer: Any) -> bool:
    """Tell whether an answer is still ``...``, or a function or a class with a body that is nothing but ``...``."""
    if answer is ...:
        return True
    if inspect.isfunction(answer):
        operations = {instruction.opname for instruction in dis.get_instructions(answer)}
        return operations <= EMPTY and answer.__code__.co_consts[-1] is None
    if inspect.isclass(answer):
        functions = [
            value.__func__ if isinstance(value, staticmethod | classmethod) else value
            for value in vars(answer).values()
        ]
        written = [value for value in functions if inspect.isfunction(value)]
        return not written or any(is_open(function) for function in written)
    return False
