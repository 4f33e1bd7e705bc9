"""Any model of the catalogue, trained on windows into a folder."""

import functools
from pathlib import Path

from har.config import ClassicalSettings, Settings
from har.data.windows import Windows
from har.models import catalogue


def train(
    name: str,
    windows: Windows,
    folder: Path,
    *,
    settings: Settings,
    seed: int,
    pretrained: Path | None = None,
    checkpoints: Path | None = None,
) -> None:
    """Train a model on the training subjects, judged by the validation subjects.

    Parameters
    ----------
    name : str
        A model of `har.models.catalogue`.
    windows : Windows
        With training and validation windows.
    folder : Path
        Gets the model and ``training.json``.
    settings : Settings
        Of the model, of fine-tuning and of the windows.
    seed : int
        Of all that is random in the training.
    pretrained : Path, optional
        Folder of a pretrained encoder.
    checkpoints : Path, optional
        Folder from which the training of a killed run goes on.
    """
    if name in catalogue.CLASSICAL:
        from har.training.classical import train_classical

        section = settings.models.of(name)
        assert isinstance(section, ClassicalSettings)
        train_classical(name, windows, folder, settings=section, window=settings.window, seed=seed)
        return
    from har.models.networks import make_network
    from har.training.finetune import finetune

    finetune(
        windows,
        functools.partial(make_network, name, settings, windows.classes, pretrained=pretrained),
        folder,
        settings=settings.finetune_of(name),
        seed=seed,
        pretrained=pretrained,
        checkpoints=checkpoints,
    )
