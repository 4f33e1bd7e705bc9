"""The steps of the main job, each found in the store or made from the steps before it.

Every step is a function of the settings alone: it asks the steps that it needs for
their outputs, so calling any one of them makes what is missing and nothing else.

>>> from har.config import Settings
>>> windows(Settings()).path  # doctest: +SKIP
PosixPath('data/store/windows/0f8a…')
"""

from har.steps.assess import evaluate, perturb, predict_test, stream, transfer
from har.steps.data import clean, data_report, ingest, split, windows
from har.steps.models import chosen, pretrain, seeds, train, trained, training_record
from har.steps.protocol import evaluate_protocol, folds
from har.steps.release import candidate, checks, export, promote, register, report

__all__ = [
    "candidate",
    "checks",
    "chosen",
    "clean",
    "data_report",
    "evaluate",
    "evaluate_protocol",
    "export",
    "folds",
    "ingest",
    "perturb",
    "predict_test",
    "pretrain",
    "promote",
    "register",
    "report",
    "seeds",
    "split",
    "stream",
    "train",
    "trained",
    "training_record",
    "transfer",
    "windows",
]
