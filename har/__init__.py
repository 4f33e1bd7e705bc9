"""Human activity recognition from inertial sensors, from raw bytes to a served model.

The rooms, in the order that data walks through them:

======================  ==========================================================
`har.data`              sources, validation, cleaning, subject splits, windows
`har.features`          named statistics and spectra of windows
`har.models`            the pretrained encoder and the classical baseline
`har.training`          self-supervised pretraining and fine-tuning
`har.evaluation`        metrics with intervals over subjects, plots, the report
`har.export`            ONNX builds, quantization, parity, latency
`har.registry`          MLflow versions, stages, the promotion gate
`har.lineage`           digests and the lineage record
`har.serving`           predictions with ONNX Runtime alone
======================  ==========================================================

`har.steps` joins the rooms into content-addressed steps, `flows` runs the steps
under Prefect, and `har.cli` is the command line over both.
"""

__version__ = "0.1.0"
