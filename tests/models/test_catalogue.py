"""The catalogue says the same as the settings, and costs nothing to read."""

import subprocess
import sys

import pytest

from har.config import (
    ClassicalSettings,
    EncoderSettings,
    ModelSettings,
    NetworkSettings,
    WindowGrid,
    model_names,
)
from har.data.channels import NAMES
from har.models.catalogue import (
    BUNDLED,
    CLASSICAL,
    ENCODERS,
    MODELS,
    NETWORKS,
    bundled,
    seeds_of,
)
from har.models.network import WindowClassifier
from har.models.networks import make_network


def test_every_section_of_the_settings_is_a_model_and_the_other_way_round() -> None:
    """The list of settings and the catalogue have the same names, each under its own key."""
    assert set(MODELS) == set(model_names())
    assert all(spec.name == name for name, spec in MODELS.items())


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_of_one_kind_and_its_section_is_too(name: str) -> None:
    """Classical models have a grid, encoders have an encoder's sizes, networks are fine-tuned."""
    section = ModelSettings().of(name)
    assert isinstance(section, ClassicalSettings) == (name in CLASSICAL)
    assert isinstance(section, NetworkSettings) == (name in NETWORKS)
    assert isinstance(section, EncoderSettings) == (name in ENCODERS)
    assert (name in CLASSICAL) != (name in NETWORKS)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_made_from_its_own_section(name: str) -> None:
    """Defaults give a network with a head for the classes."""
    network = make_network(name, ModelSettings().network(name), WindowGrid(), ("lying", "walking"))
    assert isinstance(network, WindowClassifier)
    assert network.config.num_labels == 2


def test_no_two_models_look_alike() -> None:
    """Each has a colour and a marker of its own, also for who sees no colours."""
    for look in ("colour", "marker"):
        assert len({getattr(spec, look) for spec in MODELS.values()}) == len(MODELS)


def test_bundled_encoders_are_of_the_catalogue() -> None:
    """A folder of weights belongs to a model that can be pretrained, and a set of sensors."""
    known = {bundled(name, sensors) for name in ENCODERS for sensors in NAMES}
    assert {folder for folder in BUNDLED.iterdir() if folder.is_dir()} <= known


def test_one_seed_is_enough_without_chance() -> None:
    """The first seed stands for a model that draws nothing; others get all of them."""
    assert seeds_of("logistic", (3, 4)) == (3,)
    assert seeds_of("resnet", (3, 4)) == (3, 4)


def test_reading_it_imports_no_library_that_trains() -> None:
    """A command that needs a model's name must not wait for torch."""
    heavy = ("torch", "transformers", "sklearn", "skops", "scipy", "onnx")
    program = f"import sys; import har.models.catalogue; print(set({heavy}) & set(sys.modules))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"
