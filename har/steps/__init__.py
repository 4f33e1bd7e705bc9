"""The steps of a run: declared from its recipe, found in the store or made.

=========================  ======================================================
`har.steps.step`           a step: entry function, folders, settings
`har.steps.plan`           the steps of a recipe
`har.steps.starts`         those that networks start from
`har.steps.entries`        what each step does
`har.steps.pins`           the data sets of a run, pinned by content
`har.steps.checkpoints`    the files of a checkpoint
`har.steps.run`            finds or makes steps, each once
`har.steps.protocol`       all folds of a protocol as one plan
`har.steps.release`        finished steps to versions
=========================  ======================================================

>>> from har.config import load
>>> from har.steps.run import start
>>> start(*load())["windows"].path  # doctest: +SKIP
PosixPath('data/store/windows/0f8a…')

It imports nothing: a package is executed on the way to the entry functions below it.
"""
