"""Device, precision and seeds."""

from types import SimpleNamespace
from typing import cast

import pytest
import torch
from accelerate import Accelerator

from har.errors import UsageError
from har.training import device


def test_a_cpu_computes_in_fp32_unless_told() -> None:
    """On a machine without GPU, auto is the precision whose repeats are bit-equal."""
    compute = device.choose("auto", "cpu")
    assert (compute.device, compute.precision) == ("cpu", "fp32")
    assert device.choose("bf16", "cpu").precision == "bf16"


def test_fp16_on_a_cpu_is_refused() -> None:
    """fp16 needs a GPU, and the error says what to do."""
    with pytest.raises(UsageError, match="precision=fp32"):
        device.choose("fp16", "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_an_error_of_ours() -> None:
    """Asking for a GPU that is not there says so."""
    with pytest.raises(UsageError, match="no usable GPU"):
        device.choose("auto", "cuda")


def test_bf16_autocast_computes_in_bf16() -> None:
    """Mixed precision is really on, and fp32 is really off."""
    layer = torch.nn.Linear(4, 4)
    for precision, dtype in (("bf16", torch.bfloat16), ("fp32", torch.float32)):
        with device.choose(precision, "cpu").accelerator().autocast():
            assert layer(torch.ones(1, 4)).dtype == dtype


def test_each_process_gets_its_own_random_numbers_back() -> None:
    """Of the rows that two processes left, the second one takes the second."""
    states = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        states.append(device.random_state(device.choose("fp32", "cpu").accelerator())["cpu"])
    expected = torch.rand(3)
    second = cast(Accelerator, SimpleNamespace(process_index=1))
    device.set_random_state({"cpu": torch.cat(states)}, second)
    assert torch.equal(torch.rand(3), expected)


def test_seeds_stay_in_their_block() -> None:
    """A block repeats its numbers and leaves those outside alone."""
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    with device.reproducible(0) as first:
        inside = torch.rand(1), torch.rand(1, generator=first)
        assert torch.get_num_threads() == 1
    assert torch.equal(torch.rand(1), expected)
    with device.reproducible(0) as again:
        assert torch.equal(inside[0], torch.rand(1))
        assert torch.equal(inside[1], torch.rand(1, generator=again))
