"""The fixtures of evaluations, which a report reads."""

from scored import evaluation, windows

__all__ = ["evaluation", "windows"]
