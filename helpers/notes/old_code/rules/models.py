"""Rules about models: whole ones in files, wrapped ones, their layers and their outputs."""

import ast
import re

from helpers.notes.old_code.canonical import dotted
from helpers.notes.old_code.code import Code
from helpers.notes.old_code.rules.search import (
    Found,
    assigned,
    calls,
    calls_of,
    keyword,
    last_name,
    rule,
)

METHODS = (
    "eval",
    "train",
    "cuda",
    "forward",
    "parameters",
    "init_hidden",
    "initHidden",
    "state_dict",
)
OF_WRAPPER = re.compile(
    r"module|device_ids|forward|eval|train|cuda|cpu|to|apply|float|double|half|training|share_memory|zero_grad|buffers"
    r"|(named_)?(parameters|modules|children|buffers)|(load_)?state_dict|register_forward_hook|requires_grad_"
)


@rule("loaded-model")
def loaded_model(code: Code) -> Found:
    """Find ``torch.load`` of a whole model: certain if it is used as one, not at all if it is used as a state."""
    names = {call: name for name, call, _ in assigned(code)}
    for call in _loads(code):
        parent = code.names.parents.get(call)
        if isinstance(parent, ast.Call) and last_name(parent.func) == "load_state_dict":
            continue
        name = names.get(call, "")
        if name and _is_used_as_model(name, code):
            yield call, True
        elif not (name and _is_used_as_state(name, code)):
            yield call, False


def _is_used_as_state(name: str, code: Code) -> bool:
    for node in code.nodes:
        if (
            isinstance(node, ast.Subscript)
            and dotted(node.value) == name
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            return True
        if (
            isinstance(node, ast.Call)
            and last_name(node.func) == "load_state_dict"
            and any(dotted(argument) == name for argument in node.args)
        ):
            return True
    return False


@rule("load-checkpoint-with-objects")
def load_checkpoint_with_objects(code: Code) -> Found:
    """Find ``torch.load`` of a dictionary with more in it than a state."""
    for name, call, _ in _loaded(code):
        for node in code.nodes:
            if (
                isinstance(node, ast.Subscript)
                and dotted(node.value) == name
                and isinstance(node.slice, ast.Constant)
                and isinstance(node.slice.value, str)
            ):
                yield call, False
                break
    for node in code.nodes:
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Call)
            and node.value in set(_loads(code))
            and isinstance(node.slice, ast.Constant)
        ):
            yield node.value, False


def _loads(code: Code) -> list[ast.Call]:
    """Return the calls of ``torch.load`` that do not say what may be loaded."""
    return [n for n in calls_of(code, "torch.load") if keyword(n, "weights_only") is None]


def _loaded(code: Code) -> list[tuple[str, ast.Call, ast.Assign]]:
    loads = set(_loads(code))
    return [found for found in assigned(code) if found[1] in loads]


def _is_used_as_model(name: str, code: Code) -> bool:
    for node in code.nodes:
        if not isinstance(node, ast.Call):
            continue
        if dotted(node.func) == name:
            return True
        if (
            isinstance(node.func, ast.Attribute)
            and f"{dotted(node.func.value)}.".startswith(f"{name}.")
        ) and node.func.attr in METHODS:
            return True
    return False


@rule("data-parallel-state-dict")
def data_parallel_state_dict(code: Code) -> Found:
    """Find ``load_state_dict`` in a file that wraps a net: its names begin with ``module.`` then."""
    if any(True for _ in calls_of(code, "torch.nn.DataParallel")):
        wrapped = _wrapped(code)
        for node in calls(code, "load_state_dict"):
            name = dotted(node.func.value)
            if name not in wrapped and "optim" not in name.lower():
                yield node, False


def _wrapped(code: Code) -> dict[str, tuple[int, int]]:
    """Return the names of wrapped nets, each with the place where it is wrapped."""
    wrapped = {"torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel"}
    found: dict[str, tuple[int, int]] = {}
    for name, call, _ in assigned(code):
        if code.names.resolve(call.func) in wrapped:
            found[name] = min(code.position(call), found.get(name, code.position(call)))
    return found


@rule("data-parallel-attribute")
def data_parallel_attribute(code: Code) -> Found:
    """Find an attribute that a wrapped net has, and its wrapper has not."""
    wrapped = _wrapped(code)
    for node in code.nodes:
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Load)
            and dotted(node.value) in wrapped
            and not OF_WRAPPER.fullmatch(node.attr)
            and code.position(node) > wrapped[dotted(node.value)]
        ):
            yield node, False


@rule("inception-outputs")
def inception_outputs(code: Code) -> Found:
    """Find ``outputs, aux = net(x)`` of an Inception."""
    nets = {n for n, call, _ in assigned(code) if last_name(call.func) == "inception_v3"}
    for node in code.nodes:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Tuple)
            and isinstance(node.value, ast.Call)
            and dotted(node.value.func) in nets
        ):
            yield node.value, False


@rule("upsample-without-align-corners")
def upsample_without_align_corners(code: Code) -> Found:
    """Find ``nn.Upsample(mode='bilinear')`` that does not say where the corners are."""
    for node in calls_of(code, "torch.nn.Upsample"):
        mode = keyword(node, "mode")
        if (
            isinstance(mode, ast.Constant)
            and mode.value
            in (
                "linear",
                "bilinear",
                "trilinear",
                "bicubic",
            )
        ) and keyword(node, "align_corners") is None:
            yield node, False


@rule("dot-in-module-name")
def dot_in_module_name(code: Code) -> Found:
    """Find ``add_module('conv.1', ...)``."""
    for node in calls(code, "add_module"):
        name = node.args[0] if node.args else None
        if isinstance(name, ast.Constant) and isinstance(name.value, str) and "." in name.value:
            yield node, True


@rule("cuda-by-flag")
def cuda_by_flag(code: Code) -> Found:
    """Find ``if use_gpu: net = net.cuda()``."""
    for node in code.nodes:
        if isinstance(node, ast.If) and len(node.body) == 1:
            value = getattr(node.body[0], "value", None)
            if isinstance(value, ast.Call) and last_name(value.func) == "cuda":
                yield node, True


@rule("map-location-lambda")
def map_location_lambda(code: Code) -> Found:
    """Find ``torch.load(file, map_location=lambda storage, loc: storage)``."""
    for node in calls_of(code, "torch.load"):
        where = keyword(node, "map_location") or (node.args[1] if len(node.args) > 1 else None)
        if isinstance(where, ast.Lambda) and isinstance(where.body, ast.Name):
            yield node, True


@rule("not-in-the-text")
def not_in_the_text(code: Code) -> Found:
    """Find nothing: no text shows that a row applies."""
    yield from ()
