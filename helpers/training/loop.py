"""The training loop: from a recipe and images to a trained net, and how good it is.

`train` is the loop and `training_step` what happens in each round; around them are the things that a program needs: a
budget that is kept, counted work, a state that can be saved and gone on with.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.flop_counter import FlopCounterMode

from helpers.progress import progress_bar
from helpers.training.batches import (
    ChannelStats,
    Images,
    batches,
    channel_stats,
    dataloader_batches,
    normalize,
    resize,
)
from helpers.training.distributed import Processes, mean_over_processes
from helpers.training.net import FastNet
from helpers.training.recipe import Recipe, build_net, build_optimizers, lr_factor, resolution_at

BAR = "{l_bar}{bar}| {elapsed} gone, {remaining} left"
ALONE = Processes()


@dataclass(frozen=True)
class Budget:
    """How long to train: so many ``"s"`` (seconds), ``"TFLOP"`` or ``"epochs"``."""

    amount: float
    unit: str

    def __str__(self) -> str:
        return f"{self.amount:g} {self.unit}"

    def progress(self, seconds: float, tflop: float, epochs: float) -> float:
        """The share that is done, 0..1, of what has been used."""
        used = {"s": seconds, "TFLOP": tflop, "epochs": epochs}[self.unit]
        return used / self.amount


@dataclass(frozen=True)
class TrainingConfig:
    """All that decides a training but the images.

    Attributes:
        recipe: the net and how it is trained.
        budget: how long.
        seed: of the first weights, the order of the images and what is done to them.
        device: "cpu" or "cuda".
        precision: "fp32" or "bf16".
        show_progress: a progress bar, with the time left?
        save_every: so many seconds after a state was saved, the next one is.
    """

    recipe: Recipe
    budget: Budget
    seed: int = 0
    device: str = "cpu"
    precision: str = "fp32"
    show_progress: bool = False
    save_every: float = 60


@dataclass
class Trained:
    """A trained net and what its training used."""

    net: nn.Module
    stats: ChannelStats  # what its images have to be normalized by
    config: TrainingConfig
    seconds: float  # on the clock
    tflop: float  # of all processes, forward, backward and optimizer
    steps: int
    epochs: float
    losses: list[float] = field(repr=False)  # of each step, mean over all processes
    seconds_at: list[float] = field(repr=False)  # on the clock, after each step
    resumed_at_step: int = 0  # 0: it was not interrupted


class Interrupted(Exception):
    """The training was asked to stop, and did, between two steps; the text says how far it was."""


class Diverged(Exception):
    """The loss is no finite number any more; the text says since when and what to do."""


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
) -> Trained:
    """Train a net from nothing, or from a saved state, to the end of its schedule.

    Args:
        config: what and how.
        images: ``test`` is not used.
        processes: among whom each batch is shared, see `helpers.training.distributed.joined`.
        clock: seconds, as of any moment.
        began: what the clock showed when the training's time began; None for now.
        stop: asked between steps; True ends the training with `Interrupted`.
        save: given the state of the training (tensors, numbers, text) now and then, when stopped, and at the end.
        resume: such a state, of a training with the same config.

    Raises:
        Interrupted: ``stop`` said so; the state was saved.
        Diverged: a loss was infinite or no number; the state was not saved.
        ValueError: see `helpers.training.batches.batches`.
    """
    recipe, budget = config.recipe, config.budget
    began = (clock() if began is None else began) - (resume["seconds"] if resume else 0)
    run = prepare(config, images, resume)
    model = run.net
    if processes.count > 1:
        if isinstance(run.net, FastNet):
            run.net.norms_over_processes()
        model = DistributedDataParallel(run.net)
    loader = make_loader(run, config, processes)
    share = recipe.batch_size // processes.count
    work = {  # TFLOP of a step at each resolution
        size: flops_of_step(recipe, share, size) * processes.count / 1e12
        for size, _ in recipe.resolutions
    }
    run.seconds, last_saved = clock() - began, clock()
    with progress_bar(
        total=100, disable=not config.show_progress, bar_format=BAR, desc=f"{budget}"
    ) as bar:
        while True:
            progress, end, stopped, due, diverged = processes.largest(
                budget.progress(run.seconds, run.tflop, run.epochs()),
                # a step of which more than half would be beyond the budget is not begun
                budget.progress(
                    run.seconds + run.last_step / 2,
                    run.tflop + min(work.values()) / 2,
                    run.epochs(run.steps + 0.5),
                ),
                stop(),
                clock() - last_saved > config.save_every,
                not math.isfinite(run.losses[-1]) if run.losses else False,
            )
            bar.update(min(100, 100 * progress) - bar.n)
            if diverged:
                raise Diverged(
                    f"The loss of step {run.steps} is not a finite number: the training has diverged. "
                    "Try a smaller learning rate (--set base_lr=..., muon_lr=...)."
                )
            finished = end >= 1 and run.steps > 0
            if save and processes.rank == 0 and (stopped or due or finished):
                save(run.state(config))
            if stopped:
                done = f"{run.seconds:.0f} s, at {100 * progress:.0f} % of {budget}"
                raise Interrupted(f"Stopped after {done}.")
            if finished:
                break
            if due:
                last_saved = clock()
            size = resolution_at(recipe, progress)
            set_lr(run.optimizers, lr_factor(recipe, progress))
            x, y = next(loader)
            loss = training_step(
                model,
                run.optimizers,
                resize(x, size),
                y,
                label_smoothing=recipe.label_smoothing,
                device=config.device,
                precision=config.precision,
            )
            synchronize(config.device)
            run.count(loss.item(), work[size], clock() - began)
    loader.close()
    return Trained(
        net=run.net,
        stats=run.stats,
        config=config,
        seconds=run.seconds,
        tflop=run.tflop,
        steps=run.steps,
        epochs=run.epochs(),
        losses=mean_over_processes(run.losses, processes),
        seconds_at=run.seconds_at,
        resumed_at_step=resume["steps"] if resume else 0,
    )


def training_step(
    net: nn.Module,
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
            group["lr"] = group["base_lr"] * factor


def autocast(device: str, precision: str) -> Any:
    """The context that a net computes in: with ``"bf16"`` torch uses bfloat16 where that is safe."""
    return torch.autocast(device, torch.bfloat16) if precision == "bf16" else nullcontext()


def synchronize(device: str) -> None:
    """Wait until a GPU has done what it was given, so that the clock tells the truth."""
    if device == "cuda":
        torch.cuda.synchronize()


# --- what is before the first step, and between two


@dataclass
class Run:
    """A training under way."""

    net: nn.Module
    optimizers: list[torch.optim.Optimizer]
    images: torch.Tensor  # uint8, on the device
    labels: torch.Tensor
    stats: ChannelStats
    steps_per_epoch: float
    steps: int = 0
    tflop: float = 0.0
    seconds: float = 0.0
    last_step: float = 0.0  # seconds
    losses: list[float] = field(default_factory=list)
    seconds_at: list[float] = field(default_factory=list)

    def epochs(self, steps: float | None = None) -> float:
        """Passes over the images in so many steps, by default those made."""
        return (self.steps if steps is None else steps) / self.steps_per_epoch

    def count(self, loss: float, tflop: float, seconds: float) -> None:
        """One more step, after which the clock shows so many seconds."""
        self.steps += 1
        self.tflop += tflop
        self.last_step = seconds - self.seconds
        self.seconds = seconds
        self.losses.append(loss)
        self.seconds_at.append(seconds)

    def state(self, config: TrainingConfig) -> dict:
        """What a checkpoint keeps: tensors, numbers, text. The order of the images follows from seed and step."""
        return {
            "net": self.net.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "recipe": asdict(config.recipe),
            "precision": config.precision,
            "seed": config.seed,
            "budget": config.budget.amount,
            "budget_unit": config.budget.unit,
            "seconds": self.seconds,
            "last_step": self.last_step,
            "steps": self.steps,
            "tflop": self.tflop,
            "losses": self.losses,
            "seconds_at": self.seconds_at,
        }


def prepare(config: TrainingConfig, images: Images, resume: dict | None = None) -> Run:
    """All that comes before the first step: stats, a net from its seed, whitening; or as a saved state has it."""
    recipe, device = config.recipe, config.device
    torch.manual_seed(config.seed)
    train_images, labels = images.train.to(device), images.train_labels.to(device)
    stats = channel_stats(train_images)
    if recipe.dataloader:  # its own transforms bring 0..255 to -1..1
        stats = ChannelStats(torch.full_like(stats.mean, 127.5), torch.full_like(stats.std, 127.5))
    net = build_net(recipe).to(device, memory_format=torch.channels_last)
    if isinstance(net, FastNet) and recipe.whiten:
        net.whiten(normalize(train_images[:1000], stats))
    optimizers = build_optimizers(net, recipe)
    run = Run(net, optimizers, train_images, labels, stats, len(labels) / recipe.batch_size)
    if resume:
        net.load_state_dict(resume["net"])
        for optimizer, state in zip(optimizers, resume["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        run.steps = resume["steps"]
        run.tflop = resume["tflop"]
        run.last_step = resume["last_step"]
        run.losses = list(resume["losses"])
        run.seconds_at = list(resume["seconds_at"])
    return run


def make_loader(
    run: Run, config: TrainingConfig, processes: Processes = ALONE
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The batches that a recipe asks for, without end, from where the run stands, this process' share of each."""
    recipe = config.recipe
    about = {"start": run.steps, "rank": processes.rank, "processes": processes.count}
    if recipe.dataloader:
        return dataloader_batches(run.images, run.labels, recipe.batch_size, config.seed, **about)
    return batches(
        run.images,
        run.labels,
        run.stats,
        recipe.batch_size,
        config.seed,
        translate=recipe.translate,
        flip=recipe.flip,
        cutout_size=recipe.cutout,
        **about,
    )


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


# --- how good


class Accuracy(NamedTuple):
    """Percent right: of the images as they are, and with test-time augmentation (each averaged with its flip)."""

    plain: float
    tta: float
    seconds: float  # that it took


def evaluate(
    net: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    stats: ChannelStats,
    precision: str = "fp32",
) -> Accuracy:
    """Judge a net by uint8 images (N x H x W x 3) and labels (N), normalized by the training images' stats."""
    device, began = next(net.parameters()).device, time.perf_counter()
    right = 0
    right_tta = 0
    was_training = net.training
    net.eval()
    with torch.inference_mode(), autocast(device.type, precision):
        for part, truth in zip(images.split(500), labels.split(500), strict=True):
            x, y = normalize(part.to(device), stats), truth.to(device)
            logits = net(x).float()
            right += (logits.argmax(1) == y).sum().item()
            right_tta += ((logits + net(x.flip(3)).float()).argmax(1) == y).sum().item()
    net.train(was_training)
    share = 100 / len(labels)
    return Accuracy(right * share, right_tta * share, time.perf_counter() - began)
