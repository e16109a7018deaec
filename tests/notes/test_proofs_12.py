"""What page 12 says of precision and memory (C39, C41, C42), for each float type."""

import pytest
import torch
from torch import nn

from helpers.drawings.precision import activations, running_sums, values_of
from helpers.memory import bytes_of

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", FLOATS)
def test_counting_stops_at_two_over_eps(dtype):
    n = torch.tensor(2 / torch.finfo(dtype).eps, dtype=dtype)
    assert n + 1 == n and n - 1 != n and n + 2 + 1 == n + 4


@pytest.mark.parametrize(("dtype", "percent"), [(torch.bfloat16, 0.5), (torch.float32, 0.00001)])
def test_the_gap_in_proportion(dtype, percent):
    """Half a percent for bfloat16: from 0.39 to 0.78; for float32 from 0.000006 to 0.000012."""
    eps = 100 * torch.finfo(dtype).eps
    assert eps / 2 < percent < eps


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_gaps_double_at_each_power_of_two(name):
    values = values_of(name)
    values = values[(values >= 1) & (values <= 64)].sort().values
    for power in (1, 2, 4, 8, 16):
        low = values[(values >= power) & (values <= 2 * power)].diff()
        high = values[(values >= 2 * power) & (values <= 4 * power)].diff()
        assert len(low.unique()) == len(high.unique()) == 1 and high[0] == 2 * low[0]


def test_C39_halves_are_computed_with_on_the_cpu():
    h = torch.HalfTensor([[1, 2], [3, 4]])
    assert h.device.type == "cpu"
    assert (h + h).tolist() == [[2, 4], [6, 8]] and (h @ h).tolist() == [[7, 10], [15, 22]]


def test_C41_the_tensor_of_the_notes():
    big = torch.empty(1000, 1000, 1000, dtype=torch.float32, device="meta")
    assert big.nbytes == big.numel() * big.element_size() == 4e9
    assert big.half().nbytes * 2 == big.nbytes == big.double().nbytes / 2


def test_C42_the_ends_of_half_precision():
    largest = torch.finfo(torch.float16).max
    assert largest == 65504 and torch.tensor(65519.0).half() == largest
    assert torch.tensor(65520.0).half() == torch.inf
    assert torch.tensor(1e-8).half() == 0 < torch.tensor(1e-7).half()


def test_C42_what_float16_rounds_to_zero():
    """Half of the smallest subnormal, 2**-25 or 2.98e-8, and what is below it."""
    assert torch.tensor(2.0**-25).half() == 0 < torch.tensor(3e-8).half()
    assert torch.tensor(2e-8).half() == 0


def test_between_2_and_4_each_addition_is_rounded_up():
    sums = running_sums("float16")
    steps = sums.diff()[(sums[:-1] >= 2) & (sums[:-1] < 4)]
    assert (steps > 0.0019).all()


def test_C42_sums_that_stop():
    for name, stops in (("float16", 4.0), ("bfloat16", 0.5)):
        assert running_sums(name)[-1] == running_sums(name)[-100] == stops
    assert abs(running_sums("float32")[-1] - 10) < 0.01


def test_memory_of_training():
    net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
    numbers = (784 * 512 + 512) + (512 * 10 + 10)
    assert bytes_of(net.parameters()) == 4 * numbers
    for batch in (32, 128):  # the input and what comes out of the ReLU
        assert activations(net, (batch, 784)) == pytest.approx(4 * batch * (784 + 512), rel=0.01)


def test_autocast_keeps_weights_and_gradients_in_float32():
    layer, a = nn.Linear(4, 1), torch.ones(4, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = layer(a)
        low = [a @ a, nn.functional.conv2d(a[None, None], a[None, None])]
        high = [nn.functional.mse_loss(out, a[:, :1]), nn.functional.cross_entropy(a @ a, a)]
    assert {t.dtype for t in [out, *low]} == {torch.bfloat16}
    assert {t.dtype for t in high} == {torch.float32}
    out.float().sum().backward()
    assert layer.weight.dtype == layer.weight.grad.dtype == torch.float32


def test_a_step_with_an_infinite_gradient_is_skipped_and_the_scale_halved():
    layer = nn.Linear(1, 1)
    before = layer.weight.clone()
    optimizer, scaler = torch.optim.SGD(layer.parameters(), lr=1.0), torch.amp.GradScaler("cpu")
    scaler.scale(layer(torch.tensor([[torch.inf]])).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    assert layer.weight.equal(before) and scaler.get_scale() == 32768
    assert scaler.get_growth_interval() == 2000


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_a_float32_tensor_promotes_halves_and_a_plain_number_does_not(half):
    x = torch.ones(3, dtype=half)
    assert (x * torch.ones(3)).dtype == torch.float32
    assert (x * 0.5).dtype == half
