"""The memory of tensors is counted as it is taken and let go."""

import pytest
import torch

from helpers.memory import bytes_of, kept_for_backward, peak_bytes

KB = torch.zeros(250).nbytes


BEFORE = torch.zeros(1000)
TAKEN = {
    "let go": (lambda: [torch.zeros(250).sum().item() for _ in range(5)], KB + 4),
    "kept": (lambda: [torch.zeros(250) for _ in range(5)], 5 * KB),
    "views and changes in place": (lambda: torch.zeros(250).add_(1).view(25, 10)[5:], KB),
    "from before": (lambda: BEFORE.view(10, 100).add_(1), 0),
}


@pytest.mark.parametrize("name", TAKEN)
def test_only_what_is_new_and_alive_counts(name):
    function, count = TAKEN[name]
    assert peak_bytes(function) == count


def test_the_highest_moment_not_the_last():
    def function():
        big = [torch.zeros(250) for _ in range(4)]
        del big
        return torch.zeros(250)

    assert peak_bytes(function) == 4 * KB


def test_what_autograd_keeps_counts():
    x = torch.zeros(250, requires_grad=True)

    def chain():
        return x.exp().exp().exp()

    assert peak_bytes(chain) == 3 * KB
    with torch.no_grad():
        assert peak_bytes(chain) == 2 * KB


def test_a_shared_storage_counts_once():
    one = torch.zeros(250)
    assert bytes_of([one, one.view(25, 10), one[:5]]) == KB
    assert bytes_of(torch.zeros(250) for _ in range(3)) == 3 * KB


def test_what_backward_needs_is_found():
    x, w = torch.ones(250), torch.ones(250, requires_grad=True)
    assert {tensor.data_ptr() for tensor in kept_for_backward(lambda: x * w)} == {x.data_ptr()}
    (result,) = kept_for_backward(w.exp)
    assert torch.equal(result, w.exp())
    assert kept_for_backward(lambda: w + x) == []
    with torch.no_grad():
        assert kept_for_backward(w.exp) == []
