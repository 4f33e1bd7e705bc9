"""Honest numbers on the test subjects: metrics, intervals over subjects, plots, report.

`har.evaluation.metrics` scores predictions and compares two models on the same
windows, `har.evaluation.evaluate` writes everything about the test windows into one
folder, `har.evaluation.plots` draws, and `har.evaluation.report` puts a whole run on
one HTML page.

Three modules ask when a model can be trusted: `har.evaluation.calibration` whether its
confidence holds and what refusing doubtful windows buys, `har.evaluation.unlike` which
input is like nothing seen in training, `har.evaluation.robustness` what another sensor
or place would cost. `har.evaluation.score_plots` draws them.
"""
