"""What evaluations write and others read: a type for each file, light to import.

- `har.evaluation.results.scores`: ``metrics.json``, a model on the test windows.
- `har.evaluation.results.comparisons`: ``comparisons.json``, models minus a reference.
- `har.evaluation.results.protocol`: ``protocol.json``, models in all folds with all seeds.
- `har.evaluation.results.continuous`: ``continuous.json``, a model on whole recordings.
- `har.evaluation.results.robustness`: ``robustness.json``, a model on changed windows.
"""
