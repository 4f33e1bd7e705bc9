"""Honest numbers on people whom no model has seen: metrics, intervals, plots, reports.

- `har.evaluation.metrics` scores predictions and compares two models on the same windows.
- `har.evaluation.evaluate` writes everything about the test windows into one folder.
- `har.evaluation.streaming` scores answers on continuous recordings, sample by sample
  (`har.evaluation.timeline`) and event by event (`har.evaluation.events`).
- `har.evaluation.calibration` tells whether confidence can be believed and what refusing
  doubtful windows buys, `har.evaluation.out_of_distribution` how many foreign inputs a
  score detects,
  `har.evaluation.robustness` what another sensor or place would cost.
- `har.evaluation.plots`, `har.evaluation.score_plots` and `har.evaluation.streaming_plots`
  draw, and `har.evaluation.report` puts a whole run on one HTML page.
"""
