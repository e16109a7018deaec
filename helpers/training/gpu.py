"""What a training does otherwise on a GPU: steps are recorded as CUDA graphs, and losses are read a step later.

A step of a small net is some hundred kernels of a few microseconds each, and Python takes longer to ask for them than
the GPU to compute them. A CUDA graph holds all of them: "Accelerating PyTorch with CUDA Graphs" (PyTorch blog, 2021),
and "CUDA Graphs" in PyTorch's notes on CUDA semantics.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import torch

Step = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class RecordedStep:
    """A training step that is recorded for each shape of images, and replayed from then on.

    The first steps of a shape are made as they are: they load kernels and make the optimizers' states. Whatever the
    step uses besides images and labels has to stay where it is in memory: weights, momenta, and learning rates, which
    are tensors on the GPU (`lr_tensors`).
    """

    def __init__(self, step: Step, plain_steps: int = 3) -> None:
        """Take a step from images and labels to the loss, which zeroes gradients, goes backward and updates."""
        self.step = step
        self.plain_steps = plain_steps
        self.stream = torch.cuda.Stream()  # a recording is not made on the default stream
        self.seen: Counter[torch.Size] = Counter()
        self.recordings: dict[
            torch.Size, tuple[torch.cuda.CUDAGraph, tuple[torch.Tensor, ...]]
        ] = {}

    def __call__(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Make one step with float images (N x 3 x H x W) and labels (N) on the GPU; return the loss, a scalar."""
        shape = images.shape
        self.seen[shape] += 1
        if self.seen[shape] <= self.plain_steps:
            return self.on_stream(images, labels)
        if shape not in self.recordings:
            self.recordings[shape] = self.record(images, labels)
        graph, (recorded_images, recorded_labels, loss) = self.recordings[shape]
        recorded_images.copy_(images)
        recorded_labels.copy_(labels)
        graph.replay()
        return loss

    def on_stream(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Make the step on the stream of the recordings, after what was asked for before, and before what follows."""
        default = torch.cuda.current_stream()
        self.stream.wait_stream(default)
        with torch.cuda.stream(self.stream):
            loss = self.step(images, labels)
        default.wait_stream(self.stream)
        return loss

    def record(
        self, images: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.cuda.CUDAGraph, tuple[torch.Tensor, ...]]:
        """Record a step, without making it: its graph, and where it reads images and labels and leaves the loss."""
        graph, images, labels = torch.cuda.CUDAGraph(), images.clone(), labels.clone()
        with torch.cuda.graph(graph, stream=self.stream):
            loss = self.step(images, labels)
        return graph, (images, labels, loss)


def lr_tensors(optimizers: Sequence[torch.optim.Optimizer], device: str) -> None:
    """Make every group's learning rate a tensor on the GPU: a recording reads it there each time it is replayed."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = torch.as_tensor(group["lr"], dtype=torch.float32, device=device)


def deferred_value(loss: torch.Tensor) -> Callable[[], float]:
    """How to get the value of a loss later: on a GPU without waiting for what it is given in the meantime."""
    if loss.device.type != "cuda":
        value = loss.item()
        return lambda: value
    copy = loss.to("cpu", non_blocking=True)
    arrived = torch.cuda.Event()
    arrived.record()

    def read() -> float:
        arrived.synchronize()
        return copy.item()

    return read


def steps_ahead(device: str) -> int:
    """How many steps are prepared while one is still computed: a GPU is not left waiting for Python."""
    return 1 if device == "cuda" else 0


def synchronize(device: str) -> None:
    """Wait until a GPU has done what it was given, so that the clock measures the work."""
    if device == "cuda":
        torch.cuda.synchronize()
