"""What is called inside a kernel, to see whether it is like another one."""

import asyncio
import atexit
import builtins
import decimal
import gc
import hashlib
import io
import locale
import logging
import multiprocessing
import os
import random
import resource
import signal
import sys
import threading
import time
import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch._dynamo
import torchvision
from torch import nn
from torchvision.transforms.v2 import functional as images

OF_THE_PROCESS = "JPY_PARENT_PID", "JPY_SESSION_NAME", "PYTEST_CURRENT_TEST"


def state():
    """Settings of Python, of the process and of the libraries, whichever page could see or change."""
    return {
        "path": list(sys.path),
        "arguments": [*sys.argv[:-1], len(sys.argv)],  # the last: the connection file
        "interpreter": [sys.executable, sys.prefix, str(sys.flags), str(sys._xoptions)],
        "limits of Python": [sys.getrecursionlimit(), sys.getswitchinterval()],
        "streams": [str(type(f)) for f in (sys.displayhook, sys.stdout, sys.stderr, sys.stdin)],
        "folder": os.getcwd(),  # noqa: PTH109
        "leader": [os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
        "parent": os.getppid() == int(os.environ["JPY_PARENT_PID"]),
        "variables": {k: v for k, v in os.environ.items() if k not in OF_THE_PROCESS},
        "signals": [str(signal.getsignal(n)).partition(" at ")[0] for n in signal.valid_signals()],
        "mask": [int(n) for n in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
        "limits": [resource.getrlimit(n) for n in range(10)],
        "umask": _umask(),
        "nice": os.nice(0),
        "cores": sorted(os.sched_getaffinity(0)),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "collector": [gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()],
        "warnings": [str(f[:1] + f[2:3]) for f in warnings.filters],
        "locale": [locale.setlocale(locale.LC_ALL), *time.tzname],
        "decimal": decimal.getcontext().prec,
        "logging": [logging.root.level, *(str(type(h)) for h in logging.root.handlers)],
        "processes": multiprocessing.get_start_method(allow_none=True),
        "loop": asyncio.get_event_loop().is_running(),
        "numpy": [str(np.geterr()), str(np.get_printoptions())],
        "matplotlib": [plt.get_backend(), plt.get_fignums(), str(plt.rcParams)],
        "torch": [
            torch.get_num_threads(),
            torch.get_num_interop_threads(),
            str(torch.get_default_dtype()),
            str(torch.get_default_device()),
            str(torch._tensor_str.PRINT_OPTS),
            torch.get_float32_matmul_precision(),
            torch.is_grad_enabled(),
            torch.is_anomaly_enabled(),
            torch.are_deterministic_algorithms_enabled(),
            torch.cuda.is_initialized(),
            torch.sin(torch.zeros(1, device="cpu")).item(),
        ],
        "left": [hasattr(place, "left") for place in (torch, builtins)] + ["left" in sys.modules],
    }


def _umask():
    """The permissions that new files do not get; they can only be read by setting others."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def change():
    """Change all that ``state`` sees and a page can change; leave objects, threads and handlers of all kinds."""
    torch.left, builtins.left, sys.modules["left"] = torch.ones(10**6), 1, os
    torch.sin = torch.cos
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_num_threads(3)
    torch.set_num_interop_threads(3)
    torch.set_grad_enabled(False)
    torch.set_anomaly_enabled(True)
    torch.set_printoptions(precision=1)
    torch.use_deterministic_algorithms(True)
    torch.set_float32_matmul_precision("medium")
    torch.mm(torch.rand(300, 300, device="cpu"), torch.rand(300, 300, device="cpu"))
    np.ones((300, 300)) @ np.ones((300, 300))
    np.seterr(all="raise")
    np.set_printoptions(precision=1)
    plt.rcParams["lines.linewidth"] = 9
    plt.figure()
    decimal.getcontext().prec = 3
    warnings.simplefilter("ignore")
    gc.disable()
    gc.freeze()
    logging.root.setLevel(1)
    logging.root.addHandler(logging.NullHandler())
    multiprocessing.set_start_method("spawn", force=True)
    sys.path.insert(0, "/left")
    sys.argv.append("left")
    sys.setswitchinterval(1)
    sys.setrecursionlimit(500)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    resource.setrlimit(resource.RLIMIT_NOFILE, (99, 99))
    os.environ["LEFT"] = "7"
    os.umask(0o77)
    os.nice(1)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.chdir("/")
    atexit.register(print, "left")
    threading.Thread(target=time.sleep, args=(60,), daemon=True, name="left").start()


def random_numbers():
    """One from each generator, without a seed."""
    return [random.random(), np.random.rand(), torch.rand(1).item(), torch.initial_seed()]  # noqa: NPY002


def digests():
    """Digests of results, of every kind that pages show."""
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    a, b = torch.rand(257, 131), np.random.rand(257, 131)  # noqa: NPY002
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(7200, 10))
    adam = torch.optim.Adam(net.parameters())
    for _ in range(5):
        adam.zero_grad()
        net(torch.rand(8, 3, 32, 32)).logsumexp(1).sum().backward()
        adam.step()
    figure, axes = plt.subplots()
    axes.plot(a[0].numpy())
    axes.set_title("$x^2$")
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    small = images.resize(torch.rand(3, 32, 32), [16, 16], antialias=True)
    tensors = [a @ a.T, torch.linalg.svdvals(a), torch.fft.fft(a), a.sum(), a.exp(), small]
    arrays = [tensor.detach().numpy() for tensor in [*tensors, *net.parameters()]]
    data = [array.tobytes() for array in [*arrays, b @ b.T]]
    return [hashlib.sha256(piece).hexdigest() for piece in [*data, picture.getvalue()]]


def work_in_threads_and_processes():
    """The sum of ones from a loader with two processes, and of a gradient made by two threads."""
    torch.set_num_threads(2)
    pictures = torch.utils.data.TensorDataset(torch.ones(64, 9))
    loader = torch.utils.data.DataLoader(pictures, 8, num_workers=2)
    total = sum(batch[0].sum().item() for batch in loader)
    x = torch.ones(500, 500, requires_grad=True)
    (x @ x).sum().backward()
    return [total, x.grad.sum().item(), torchvision.__name__]
