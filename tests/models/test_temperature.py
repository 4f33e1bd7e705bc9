"""The temperature is found again, and stays within its bounds."""

import numpy as np
import pytest
from scipy.special import softmax

from har.models.temperature import BOUNDS, fit_temperature


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_is_found_again(temperature: float) -> None:
    """Logits of labels drawn from their softmax, made sharper, are put right."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 4))
    y = np.minimum((softmax(logits, axis=1).cumsum(1) < rng.random((20_000, 1))).sum(1), 3)
    assert fit_temperature(temperature * logits, y) == pytest.approx(temperature, rel=0.05)


@pytest.mark.parametrize("wrong", [0, 5])
def test_few_people_do_not_ask_for_extremes(wrong: int) -> None:
    """Without an error the coldest would be best; with certain errors a warm one is."""
    y = np.arange(10) % 2
    logits = 30.0 * np.eye(2)[np.r_[1 - y[:wrong], y[wrong:]]]
    temperature = fit_temperature(logits, y)
    assert BOUNDS[0] <= temperature <= BOUNDS[1]
    assert (temperature > 1) == (wrong > 0)
