"""Device, precision and seeds."""

import pytest
import torch

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


def test_one_process_computes_in_one_precision_after_another() -> None:
    """Mixed precision is really on, and fp32 is really off, in any order."""
    layer = torch.nn.Linear(4, 4)
    for precision, dtype in (("bf16", torch.bfloat16), ("fp32", torch.float32)):
        accelerator = device.choose(precision, "cpu").accelerator()
        assert accelerator.num_processes == 1
        with accelerator.autocast():
            assert layer(torch.ones(1, 4)).dtype == dtype


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
