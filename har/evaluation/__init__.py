"""Honest numbers on the test subjects: metrics, intervals over subjects, plots, report.

`har.evaluation.metrics` scores predictions and compares two models on the same
windows, `har.evaluation.evaluate` writes everything about the test windows into one
folder, `har.evaluation.streaming` scores answers on continuous recordings,
`har.evaluation.plots` draws, and `har.evaluation.report` puts a whole run on one HTML
page.
"""
