"""What acceleration tells and what angular velocity adds, by cross-validation over people.

An RBF-SVM on parts of the features answers people of whom it has seen nothing. Only the
training and validation subjects take part: what is concluded here may be used for choices.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import confusion_matrix, f1_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from har.arrays import Float32, Float64
from har.benchmarks.page import made_by, table
from har.config import WindowSettings
from har.data.recording import CHANNELS
from har.data.windows import Windows
from har.errors import UsageError
from har.features.scaler import ClippedScaler
from har.features.signals import GRAVITY
from har.features.transformer import FeatureTransformer
from har.models.svm import couple, decide

FOLDS = 7
# Of the SVM, as the catalogue's search has them.
C, GAMMA_SCALE = 3.0, 0.25
# Windows that are answered together, and shares of a fold's training people.
TOGETHER = (1, 2, 4, 8)
SHARES = (1 / 3, 2 / 3, 1.0)
POSTURE, MOVEMENT = "acceleration: posture", "acceleration: movement"
ACCELERATION, BOTH = "acceleration", "acceleration and angular velocity"


@dataclass(frozen=True)
class Score:
    """How well people who were left out are answered.

    Attributes
    ----------
    what : str
        Which features, people or windows.
    features, people : int
        How many features there are; how many people a model is trained on, at most.
    macro_f1 : float
    confused : float
        Share of the windows of the two hardest classes to which the other one is the answer.
    without : float
        Macro-F1 if these were right.
    """

    what: str
    features: int
    people: int
    macro_f1: float
    confused: float
    without: float


@dataclass(frozen=True)
class Findings:
    """What was measured.

    Attributes
    ----------
    people, windows : int
        Who took part.
    hardest : tuple of str
        The two classes that acceleration confuses most.
    sensors, upright, amount, together : tuple of Score
        By features; with recordings turned upright; by training people; by windows that are
        answered together.
    """

    people: int
    windows: int
    hardest: tuple[str, str]
    sensors: tuple[Score, ...]
    upright: tuple[Score, ...]
    amount: tuple[Score, ...]
    together: tuple[Score, ...]


def run(windows: Windows, turned: Windows, window: WindowSettings) -> Findings:
    """Answer training and validation people by models of the others.

    Parameters
    ----------
    windows : Windows
        Of both sensors, as they are worn; test windows are not looked at.
    turned : Windows
        The same ones of recordings turned upright.
    window : WindowSettings
        Their shape.

    Raises
    ------
    UsageError
        If the windows have not both sensors, or several placements.
    """
    if windows.channels != CHANNELS:
        raise UsageError(
            "these windows do not show what each sensor tells",
            expected=", ".join(CHANNELS),
            found=", ".join(windows.channels),
            hint="data with both sensors; leave window.channels and data.fuse out",
        )
    trial = Trial(_of_the_grid(windows), window)
    alone = trial.answers(trial.sets[ACCELERATION])
    hardest = trial.hardest(alone)
    sensors = [trial.score(name, trial.answers(x), hardest, x) for name, x in trial.sets.items()]
    right = Trial(_of_the_grid(turned), window)
    upright = [
        each.score(f"{what}, {name}", each.answers(each.sets[what]), hardest, each.sets[what])
        for what in (ACCELERATION, BOTH)
        for name, each in (("as worn", trial), ("upright", right))
    ]
    x = trial.sets[ACCELERATION]
    amount = [trial.score("", trial.answers(x, s), hardest, x, share=s) for s in SHARES]
    together = [trial.score(f"{n} in a row", trial.pooled(alone, n), hardest, x) for n in TOGETHER]
    classes = windows.classes
    return Findings(
        people=len(set(trial.windows.subjects)),
        windows=len(trial.windows.y),
        hardest=(classes[hardest[0]], classes[hardest[1]]),
        sensors=tuple(sensors),
        upright=tuple(upright),
        amount=tuple(amount),
        together=tuple(together),
    )


@dataclass(frozen=True)
class Trial:
    """Windows, the parts of their features, and who is left out with whom."""

    windows: Windows
    window: WindowSettings

    @cached_property
    def sets(self) -> dict[str, Float32]:
        """The features, and the parts of them that one sensor gives."""
        transformer = FeatureTransformer(
            self.window.n_samples,
            self.window.rate_hz,
            channels=self.windows.channels,
            coherence=True,
        ).fit()
        features = transformer.transform(self.windows.X)
        names = transformer.get_feature_names_out()
        turning = np.array(["gyro" in name or "yaw" in name for name in names])
        posture = np.array([name.split(".")[0] in (*GRAVITY, "gravity") for name in names])
        return {
            POSTURE: features[:, posture],
            MOVEMENT: features[:, ~posture & ~turning],
            ACCELERATION: features[:, ~turning],
            "angular velocity": features[:, turning],
            BOTH: features,
        }

    @cached_property
    def folds(self) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
        """Training and left-out rows."""
        people = self.windows.subjects
        n = min(FOLDS, len(set(people)))
        return list(GroupKFold(n, shuffle=True, random_state=0).split(people, groups=people))

    def answers(self, features: Float32, share: float = 1.0) -> Float64:
        """Return log-probabilities of every window by a model of a share of the other people."""
        y, people = self.windows.y, self.windows.subjects
        found = np.empty((len(y), len(self.windows.classes)))
        for fold, (rest, left) in enumerate(self.folds):
            others = np.random.default_rng(fold).permutation(np.unique(people[rest]))
            known = others[: round(share * len(others))]
            rows = rest[np.isin(people[rest], known)]
            svc = SVC(C=C, gamma=GAMMA_SCALE / features.shape[1], decision_function_shape="ovo")
            pipeline = Pipeline([("scale", ClippedScaler()), ("decide", svc)])
            pipeline.fit(features[rows], y[rows])
            found[left] = couple(decide(pipeline, features[left]), 1.0, 1.0)
        return found

    def hardest(self, answers: Float64) -> tuple[int, int]:
        """Return the two classes of which most windows get the other one for an answer."""
        confusion = confusion_matrix(self.windows.y, answers.argmax(1))
        both = np.triu(confusion + confusion.T, 1)
        first, second = np.unravel_index(both.argmax(), both.shape)
        return int(first), int(second)

    def pooled(self, answers: Float64, n: int) -> Float64:
        """Return the mean answer of up to n windows in a row of one recording and activity."""
        index = self.windows.index
        starts = index.groupby("recording_id")["start_s"].diff()
        follows = (starts < 1.5 * self.window.hop_s) & (np.diff(self.windows.y, prepend=-1) == 0)
        stretch = (~follows).cumsum()
        block = stretch.groupby(stretch).cumcount() // n
        pooled: Float64 = (
            pd.DataFrame(answers).groupby([stretch, block]).transform("mean").to_numpy()
        )
        return pooled

    def score(
        self,
        what: str,
        answers: Float64,
        hardest: tuple[int, int],
        features: Float32,
        *,
        share: float = 1.0,
    ) -> Score:
        """Return the score of answers."""
        y, answer = self.windows.y, answers.argmax(1)
        wrong = np.isin(y, hardest) & np.isin(answer, hardest) & (y != answer)
        people = max(len(set(self.windows.subjects[rest])) for rest, _ in self.folds)
        return Score(
            what=what,
            features=features.shape[1],
            people=round(share * people),
            macro_f1=float(f1_score(y, answer, average="macro")),
            confused=float(wrong.sum() / np.isin(y, hardest).sum()),
            without=float(f1_score(y, np.where(wrong, y, answer), average="macro")),
        )


def lines(found: Findings) -> Iterator[str]:
    """Yield the page, line by line."""
    pair = " and ".join(found.hardest)
    yield "# What each sensor tells"
    yield ""
    yield from made_by((0,))
    yield (
        f"{found.people} people, those for training and validation, {found.windows:,} windows of "
        f"one activity each. An RBF-SVM on parts of the features answers people whom it has not "
        f"seen, in {FOLDS} folds; test subjects take no part. Confused: the share of the windows "
        f"of {pair} to which the other of the two is the answer. Without: macro-F1 if these were "
        f"right."
    )
    yield ""
    for title, column, rows in (
        ("Sensors", "features of", [(s.what, s) for s in found.sensors]),
        ("Turned upright", "features of", [(s.what, s) for s in found.upright]),
        ("More people", "trained on", [(f"{s.people} people", s) for s in found.amount]),
        ("Longer looks", "answered together", [(s.what, s) for s in found.together]),
    ):
        yield from (f"## {title}", "", _EXPLAINED[title], "")
        columns = [column, "features", "macro-F1", "confused", "without"]
        yield from table(columns, ([what, *cells(score)] for what, score in rows))


def cells(score: Score) -> list[str]:
    """Return a score's cells of a table."""
    scores = f"{score.macro_f1:.4f}", f"{score.confused:.1%}", f"{score.without:.4f}"
    return [str(score.features), *scores]


_EXPLAINED = {
    "Sensors": "Posture is the direction of gravity and how it changes in the window; movement is "
    "all the rest.",
    "Turned upright": "With `window.upright`, each recording is turned by how it is worn while the "
    "person moves, which takes no label but the whole recording.",
    "More people": "Acceleration alone, by how many people a model has learnt from.",
    "Longer looks": "Acceleration alone, with one answer for several windows in a row of one "
    "activity.",
}


def _of_the_grid(windows: Windows) -> Windows:
    """Return labelled training and validation windows, without those between the grid's."""
    chosen = windows.index["split"].isin(["train", "validation"]) & ~windows.index["extra"]
    return windows.take(np.flatnonzero(chosen.to_numpy() & (windows.y >= 0)))
