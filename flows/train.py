"""Windows to trained models."""

from prefect import flow, task

from flows.progress import told
from har import steps
from har.config import Settings
from har.store import Artifact

baseline = task(name="baseline")(told(steps.baseline))
pretrain = task(name="pretrain")(told(steps.pretrain))
finetune = task(name="finetune", task_run_name="finetune-{seed}")(told(steps.finetune))


@flow(name="train")
def train(settings: Settings) -> dict[str, Artifact]:
    """Train the baseline; pretrain the encoder and fine-tune it once per seed."""
    classical, pretrained = baseline(settings), pretrain(settings)
    tuned = {
        f"finetune-{seed}": finetune(settings, seed, wait_for=[pretrained])
        for seed in settings.finetune.seeds
    }
    return {"baseline": classical, "pretrain": pretrained, **tuned}
