"""Windows to trained models."""

from prefect import flow, task

from flows.progress import told
from har import steps
from har.config import Settings
from har.models.catalogue import ENCODERS
from har.store import Artifact

pretrain = task(name="pretrain", task_run_name="pretrain-{name}")(told(steps.pretrain))
train_model = task(name="train", task_run_name="train-{name}-{seed}")(told(steps.train))


@flow(name="train")
def train(settings: Settings) -> dict[str, Artifact]:
    """Pretrain what is pretrained, then train every candidate with each of its seeds."""
    encoders = [name for name in settings.candidates if name in ENCODERS]
    pretrained = {f"pretrain-{name}": pretrain(settings, name) for name in encoders}
    trained = {
        f"train-{name}-{seed}": train_model(settings, name, seed, wait_for=[*pretrained.values()])
        for name in settings.candidates
        for seed in steps.seeds(settings, name)
    }
    return {**{step: made for step, made in pretrained.items() if made}, **trained}
