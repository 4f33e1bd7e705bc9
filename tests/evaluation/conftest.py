"""The fixtures of evaluations."""

from scored import evaluation, windows

__all__ = ["evaluation", "windows"]
