"""The training loop: from a recipe and images to a trained net.

`train` is the loop and `training_step` what happens in each round; around them are the things that a program needs: a
budget that is kept, counted work, a state that can be saved and resumed.
"""

import copy
import functools
import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.flop_counter import FlopCounterMode

from helpers.progress import progress_bar
from helpers.training.batches import (
    Batches,
    ChannelStats,
    Images,
    batches,
    channel_stats,
    dataloader_batches,
    normalize,
    resized_and_normalized,
)
from helpers.training.distributed import Processes, mean_over_processes
from helpers.training.gpu import (
    RecordedStep,
    Step,
    deferred_value,
    lr_tensors,
    steps_ahead,
    synchronize,
)
from helpers.training.net import FastNet
from helpers.training.recipe import Recipe, build_net, build_optimizers, lr_factor, resolution_at

BAR = "{l_bar}{bar}| {elapsed} gone, {remaining} left"
ALONE = Processes()
# Of a `Training`, what it has counted and measured: a checkpoint keeps it.
COUNTED = ("steps", "tflop", "seconds", "last_step", "losses", "seconds_at")


@dataclass(frozen=True)
class Budget:
    """How long to train: an amount of ``"s"`` (seconds), ``"TFLOP"`` or ``"epochs"``."""

    amount: float
    unit: str

    def __str__(self) -> str:
        return f"{self.amount:g} {self.unit}"

    def progress(self, seconds: float, tflop: float, epochs: float) -> float:
        """The share, 0..1, that is done when so much has been used."""
        return {"s": seconds, "TFLOP": tflop, "epochs": epochs}[self.unit] / self.amount


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that determines a training run except the images."""

    recipe: Recipe
    budget: Budget
    seed: int = 0  # of the first weights, the order of the images and what is done to them
    device: str = "cpu"  # or "cuda"
    precision: str = "fp32"  # or "bf16"
    compiled: bool = False  # by torch.compile?
    show_progress: bool = False  # a progress bar, with the time left?
    save_every: float = 60  # seconds from one saved state to the next
    cuda_graphs: bool = True  # on a GPU: record a step and replay it?


@dataclass
class Training:
    """A training under way, or over."""

    config: TrainingConfig
    net: nn.Module
    optimizers: list[torch.optim.Optimizer]
    images: torch.Tensor  # uint8, on the device
    labels: torch.Tensor
    stats: ChannelStats  # what the net's images have to be normalized by
    steps: int = 0
    resumed_at_step: int = 0  # 0: it was not interrupted
    warm_up_seconds: float = 0.0  # before the clock started, on a GPU
    tflop: float = 0.0  # of all processes, forward, backward and optimizer
    seconds: float = 0.0  # on the clock
    last_step: float = 0.0  # seconds that it took
    losses: list[float] = field(default_factory=list, repr=False)  # of each step
    in_flight: list[Callable[[], float]] = field(default_factory=list, repr=False)  # not yet read
    seconds_at: list[float] = field(default_factory=list, repr=False)  # after each step

    @property
    def epochs(self) -> float:
        """Passes over the images so far."""
        return self.steps * self.config.recipe.batch_size / len(self.labels)

    def count(self, tflop: float, seconds: float) -> None:
        """Count one more step; ``seconds`` is the clock's reading after it."""
        self.steps += 1
        self.tflop += tflop
        self.last_step = seconds - self.seconds
        self.seconds = seconds
        self.seconds_at.append(seconds)

    def read_losses(self, unread: int = 0) -> None:
        """Wait for the losses of all steps, but leave so many of the last unread."""
        while len(self.in_flight) > unread:
            self.losses.append(self.in_flight.pop(0)())

    def finish_steps(self, began: float, clock: Callable[[], float]) -> None:
        """Wait for the steps that a GPU is still at, and read the clock after them."""
        if self.in_flight:
            self.read_losses()
            self.seconds = self.seconds_at[-1] = clock() - began

    def progress(self, tflop_of_step: float) -> tuple[float, float]:
        """The share of the budget (0..1) that is used, and that would be after half a step more."""
        used = self.seconds, self.tflop, self.epochs
        step = self.last_step, tflop_of_step, self.config.recipe.batch_size / len(self.labels)
        later = (so_far + more / 2 for so_far, more in zip(used, step, strict=True))
        return self.config.budget.progress(*used), self.config.budget.progress(*later)

    def state(self) -> dict:
        """What a checkpoint keeps: tensors, numbers, text. The order of the images follows from seed and step."""
        return {
            "net": self.net.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "config": asdict(self.config),
            **{name: getattr(self, name) for name in COUNTED},
        }

    def load_state(self, state: dict) -> None:
        """Restore what `state` returned."""
        self.net.load_state_dict(state["net"])
        for optimizer, its_state in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(its_state)
        if self.config.device == "cuda":
            lr_tensors(self.optimizers, self.config.device)
        for name in COUNTED:
            setattr(self, name, copy.copy(state[name]))
        self.resumed_at_step = self.steps


class Interrupted(Exception):
    """The training was asked to stop, and did, between two steps; the text says how far it was."""


def train(
    config: TrainingConfig,
    images: Images,
    processes: Processes = ALONE,
    *,
    clock: Callable[[], float] = time.perf_counter,
    began: float | None = None,
    stop: Callable[[], bool] = lambda: False,
    save: Callable[[dict], None] | None = None,
    resume: dict | None = None,
) -> Training:
    """Train a net from nothing, or from a saved state, to the end of its schedule.

    Args:
        config: what and how.
        images: ``test`` is not used.
        processes: among whom each batch is shared, see `helpers.training.distributed.joined`.
        clock: returns seconds, counted from whenever.
        began: what the clock showed when the training's time began; None for now.
        stop: asked between steps; True ends the training with `Interrupted`.
        save: given `Training.state` now and then, when stopped, and at the end.
        resume: such a state, of a training with the same config.

    Raises:
        Interrupted: ``stop`` said so; the state was saved.
        ValueError: a loss was infinite or no number (the state was not saved), or see `batches`.
    """
    recipe = config.recipe
    began = (clock() if began is None else began) - (resume["seconds"] if resume else 0)
    training = prepare(config, images)
    if resume:
        training.load_state(resume)
    step = step_of(training, processes)
    loader = make_loader(training, processes)
    share = recipe.batch_size // processes.count
    work = {  # TFLOP of a step at each resolution
        size: flops_of_step(recipe, share, size) * processes.count / 1e12
        for size, _ in recipe.resolutions
    }
    training.seconds, last_saved = clock() - began, clock()
    with progress_bar(
        total=100, desc=f"{config.budget}", bar_format=BAR, disable=not config.show_progress
    ) as bar:
        while True:
            # a step of which more than half would be beyond the budget is not begun
            progress, after_half_a_step = training.progress(min(work.values()))
            progress, after_half_a_step, stopped, due, diverged = processes.largest(
                progress,
                after_half_a_step,
                stop(),
                clock() - last_saved > config.save_every,
                not all(map(math.isfinite, training.losses[-1:])),
            )
            bar.update(min(100, 100 * progress) - bar.n)
            finished = after_half_a_step >= 1 and training.steps > 0
            if diverged:
                raise ValueError(
                    f"The loss of step {training.steps} is not a finite number: the training has diverged. "
                    "Try a smaller learning rate (--set base_lr=..., muon_lr=...)."
                )
            if stopped or due or finished:
                training.finish_steps(began, clock)
                if save and processes.rank == 0:
                    save(training.state())
                last_saved = clock()
            if stopped:
                raise Interrupted(
                    f"Stopped after {training.seconds:.0f} s, at {100 * progress:.0f} % of {config.budget}."
                )
            if finished:
                break
            size = resolution_at(recipe, progress)
            set_lr(training.optimizers, lr_factor(recipe, progress))
            x, y = next(loader)
            loss = step(resized_and_normalized(x, size, training.stats), y)
            training.in_flight.append(deferred_value(loss))
            training.read_losses(unread=steps_ahead(config.device))
            training.count(work[size], clock() - began)
    loader.close()
    training.losses = mean_over_processes(training.losses, processes)
    return training


def training_step(
    net: Callable,
    optimizers: Sequence[torch.optim.Optimizer],
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    label_smoothing: float = 0.0,
    device: str = "cpu",
    precision: str = "fp32",
) -> torch.Tensor:
    """One training step on float images (N x 3 x H x W) and labels (N); returns the loss, a detached scalar."""
    with autocast(device, precision):
        logits = net(images)
    loss = F.cross_entropy(logits.float(), labels, label_smoothing=label_smoothing)
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
    return loss.detach()


def set_lr(optimizers: Sequence[torch.optim.Optimizer], factor: float) -> None:
    """Set every group's learning rate to its base times ``factor``."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            lr = group["base_lr"] * factor
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(lr)
            else:
                group["lr"] = lr


def autocast(device: str, precision: str) -> Any:
    """The autocast context of the forward pass: with ``"bf16"`` torch uses bfloat16 where that is safe."""
    return torch.autocast(device, torch.bfloat16) if precision == "bf16" else nullcontext()


def step_of(training: Training, processes: Processes = ALONE) -> Step:
    """A step of this training, as a function of images and labels; on a GPU it is recorded as a CUDA graph."""
    config, net = training.config, callable_net(training, processes)

    def step(images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return training_step(
            net,
            training.optimizers,
            images,
            labels,
            label_smoothing=config.recipe.label_smoothing,
            device=config.device,
            precision=config.precision,
        )

    record = config.device == "cuda" and config.cuda_graphs and processes.count == 1
    return RecordedStep(step) if record else step


def callable_net(training: Training, processes: Processes) -> Callable:
    """The net as it is called in training: compiled if the config says so, its gradients shared by the processes."""
    net: Any = training.net
    if processes.count > 1:
        if isinstance(net, FastNet):
            net.norms_over_processes()
        net = DistributedDataParallel(net)
    return torch.compile(net, dynamic=False) if training.config.compiled else net


def prepare(config: TrainingConfig, images: Images) -> Training:
    """Do what comes before the first step: channel stats, a net from its seed, whitening, optimizers."""
    recipe, device = config.recipe, config.device
    torch.manual_seed(config.seed)
    train_images, labels = images.train.to(device), images.train_labels.to(device)
    stats = channel_stats(train_images)
    if recipe.dataloader:  # its own transforms bring 0..255 to -1..1
        middle = torch.full_like(stats.mean, 127.5)
        stats = ChannelStats(mean=middle, std=middle)
    net = build_net(recipe).to(device, memory_format=torch.channels_last)
    if isinstance(net, FastNet) and recipe.whiten:
        net.whiten(normalize(train_images[:500], stats))
    optimizers = build_optimizers(net, recipe)
    if device == "cuda":
        lr_tensors(optimizers, device)
    return Training(config, net, optimizers, train_images, labels, stats)


def warm_up(config: TrainingConfig, images: Images, steps: int = 3) -> float:
    """Do on a GPU what happens only once, before a training's clock starts; the seconds that it took.

    A net of the same recipe makes a few steps with images of each size: kernels are loaded, the fastest convolutions
    found (``torch.backends.cudnn.benchmark``), the net compiled if it is to be. float32 products of matrices (Muon's)
    are allowed TF32.
    """
    began = time.perf_counter()
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    training = prepare(config, images)
    loader, step = make_loader(training), step_of(training)
    for size, _ in config.recipe.resolutions:
        for _ in range(steps):
            x, y = next(loader)
            step(resized_and_normalized(x, size, training.stats), y)
    loader.close()
    synchronize(config.device)
    return time.perf_counter() - began


def make_loader(training: Training, processes: Processes = ALONE) -> Batches:
    """The batches that a recipe asks for, without end, from where the training stands, this process' share of each."""
    recipe, seed = training.config.recipe, training.config.seed
    if recipe.dataloader:
        return dataloader_batches(
            training.images,
            training.labels,
            recipe.batch_size,
            seed,
            start=training.steps,
            rank=processes.rank,
            processes=processes.count,
        )
    return batches(
        training.images,
        training.labels,
        training.stats,
        recipe.batch_size,
        seed,
        translate=recipe.translate,
        flip=recipe.flip,
        cutout_size=recipe.cutout,
        start=training.steps,
        rank=processes.rank,
        processes=processes.count,
    )


@functools.cache
def flops_of_step(recipe: Recipe, batch_size: int, size: int) -> int:
    """FLOP of one training step of so many images, forward, backward and optimizer, by torch's own counter.

    Counted on the "meta" device: shapes without numbers, so it costs no time. The counter knows matrix products and
    convolutions, and counts a multiplication and an addition as two; what is done element by element is left out.
    """
    with torch.device("meta"):
        net = build_net(recipe)
        images = torch.empty(batch_size, 3, size, size)
        labels = torch.empty(batch_size, dtype=torch.long)
    optimizers = build_optimizers(net, recipe)
    with FlopCounterMode(display=False) as counter:
        training_step(net, optimizers, images, labels)
    return counter.get_total_flops()
