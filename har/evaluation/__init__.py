"""Honest numbers on people whom no model has seen: metrics, intervals, plots.

- `har.evaluation.metrics` scores predictions and compares two models on the same windows.
- `har.evaluation.evaluate` writes everything about the test windows into one folder.
- `har.evaluation.streaming` scores answers on continuous recordings, sample by sample
  (`har.evaluation.timeline`) and event by event (`har.evaluation.events`).
- `har.evaluation.calibration` tells whether confidence can be believed and what refusing
  doubtful windows buys, `har.evaluation.out_of_distribution` how many foreign inputs a
  score detects,
  `har.evaluation.robustness` what another sensor or place would cost.
- `har.evaluation.protocols` says who is tested in which fold, `har.evaluation.seeds` scores
  several seeds and folds together, and `har.evaluation.runs` puts them on one page.
- `har.evaluation.transfer` scores trained models on a data set that they have not seen.
- `har.evaluation.plots`, `har.evaluation.score_plots`, `har.evaluation.streaming_plots` and
  `har.evaluation.comparison_plots` draw in the look that `har.evaluation.looks` gives each
  model.
"""
