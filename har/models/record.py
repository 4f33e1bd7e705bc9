"""The record beside a trained model, ``training.json``: what it has seen, how it was made.

What a training took is not part of it but of ``measured.json`` (`har.measured`), so that
the same training gives the same bytes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, TypeVar

from pydantic import StrictInt, StrictStr

from har.lineage.typed import Number, Typed, TypedFile

Seed = TypeVar("Seed", int, str)


class Epoch(Typed):
    """One epoch of fine-tuning.

    Attributes
    ----------
    epoch : int
        From 1.
    train_loss : float
        Mean over the batches.
    validation_loss, validation_macro_f1 : float
        On the validation subjects.
    learning_rate : float
        At its end.
    trainable_parameters : int
        How many learned.
    """

    epoch: StrictInt
    train_loss: Number
    validation_loss: Number
    validation_macro_f1: Number
    learning_rate: Number
    trainable_parameters: StrictInt


class PretrainingEpoch(Typed):
    """One epoch of pretraining: its number, from 1, and the mean loss of its batches."""

    epoch: StrictInt
    loss: Number


class TrainingRecord(TypedFile):
    """What every training that knows activities records; each kind adds its own.

    Attributes
    ----------
    seed : int
        Of all that was drawn at random.
    validation_macro_f1 : float
        Of what was kept, on the validation subjects.
    subjects, validation_subjects : tuple of str
        Those whom it learned from, and those who judged it.
    history : tuple of Epoch
        Empty of a model that has no epochs.
    parameters : int or None
        Of a network.
    """

    FILE: ClassVar[str] = "training.json"

    seed: StrictInt
    validation_macro_f1: Number
    subjects: tuple[StrictStr, ...]
    validation_subjects: tuple[StrictStr, ...]
    history: tuple[Epoch, ...] = ()
    parameters: StrictInt | None = None


class ClassicalRecord(TrainingRecord):
    """What the training of a classical model records.

    What it chose from its grid stands beside these by its own name, as ``c``.

    Attributes
    ----------
    model : str
        Its name in the catalogue.
    grid : tuple of mapping of str to float
        Every choice with its ``validation_macro_f1``.
    n_features : int
        Numbers of a window that it decides on.
    calibration : mapping of str to float
        What makes probabilities of its decisions.
    """

    model: StrictStr
    grid: tuple[Mapping[StrictStr, Number], ...]
    n_features: StrictInt
    calibration: Mapping[StrictStr, Number]


class NetworkRecord(TrainingRecord):
    """What fine-tuning records.

    Attributes
    ----------
    best_epoch : int
        The one that was kept.
    temperature : float
        What its logits are divided by.
    freeze : str
        Which layers learned when (`har.config.FinetuneSettings`).
    device, precision : str
        Where and how precisely it was computed.
    processes : int
        That shared the work.
    parameters, trainable_parameters : int
        Of the network, and those that learned in the last epoch.
    """

    history: tuple[Epoch, ...]
    best_epoch: StrictInt
    temperature: Number
    freeze: StrictStr
    device: StrictStr
    precision: StrictStr
    processes: StrictInt
    parameters: StrictInt
    trainable_parameters: StrictInt


class PretrainingRecord(TypedFile):
    """What pretraining without labels records.

    Attributes
    ----------
    history : tuple of PretrainingEpoch
        The course of the loss.
    subjects, datasets : tuple of str
        Whose windows it has seen, and of which data sets.
    windows : int
        How many.
    device, precision : str
        Where and how precisely it was computed.
    parameters : int
        Of the network, with its projection.
    """

    FILE: ClassVar[str] = "training.json"

    history: tuple[PretrainingEpoch, ...]
    subjects: tuple[StrictStr, ...]
    datasets: tuple[StrictStr, ...]
    windows: StrictInt
    device: StrictStr
    precision: StrictStr
    parameters: StrictInt


def pretraining_of(checkpoint: Path) -> PretrainingRecord | None:
    """Return the record of a checkpoint that a pretraining of ours made, or None."""
    if not (checkpoint / PretrainingRecord.FILE).exists():
        return None
    return PretrainingRecord.read(checkpoint)


def rank(macro_f1: float, loss: float) -> tuple[float, float]:
    """Return what is higher for a better epoch, by its scores on the validation subjects.

    Macro-F1 counts to two decimals, the rest being noise; of equals, the smaller loss.

    >>> rank(0.898, 0.3) > rank(0.9, 0.4)
    True
    """
    return round(macro_f1, 2), -loss


def best_seed(records: Mapping[Seed, TrainingRecord]) -> Seed:
    """Return the seed whose training did best on the validation subjects, of equals the first."""
    return max(records, key=lambda seed: records[seed].validation_macro_f1)
