"""Human activity recognition from inertial sensors, from raw bytes to a served model.

The rooms, in the order that data walks through them:

======================  ==========================================================
`har.data`              sources, validation, cleaning, subject splits, windows
`har.features`          named statistics and spectra of windows
`har.models`            models on features, the encoder, other networks
`har.training`          self-supervised pretraining, fine-tuning, fitting
`har.evaluation`        protocols, metrics over subjects, continuous recordings, plots
`har.export`            ONNX builds, quantization, parity, latency
`har.registry`          MLflow versions, stages, the promotion gate
`har.lineage`           digests and the lineage record
`har.serving`           predictions with ONNX Runtime alone
`har.monitoring`        how served models are watched, in the champion's shadow
======================  ==========================================================

Every room imports only what is below it in ``[tool.importlinter]`` of pyproject.toml.
`har.config` has the settings, `har.store` the outputs of steps, `har.page` the house's
look; `har.arrays`, `har.errors`, `har.measured`, `har.processes`, `har.progress` and
`har.telemetry` serve them all.

`har.steps` joins the rooms into content-addressed steps, `flows` runs the steps
under Prefect, and `har.cli` is the command line over both.
"""

from har.telemetry import switch_off

__version__ = "0.1.0"

switch_off()
