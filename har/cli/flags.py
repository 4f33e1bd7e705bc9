"""Flags that a command would ignore are refused: their answer would be to another question.

A command says once which of its flags choose between different things to do, and which
flags mean something only beside another one.
"""

from collections.abc import Iterable, Mapping

import typer

from har.errors import UsageError


def refuse_ignored(
    context: typer.Context,
    *,
    exclusive: Iterable[str] = (),
    needs: Mapping[str, tuple[str, ...]] | None = None,
) -> None:
    """Refuse a command line with a flag that the command would not read.

    Parameters
    ----------
    context : typer.Context
        Of the command; it knows what was typed and what is a default.
    exclusive : iterable of str
        Flags of which at most one may be given, as ``--continuous``.
    needs : mapping of str to tuple of str, optional
        Flags that are read only together with one of others.

    Raises
    ------
    UsageError
        Naming both flags and what to do.
    """
    typed = _typed(context)
    chosen = [flag for flag in exclusive if flag in typed]
    if len(chosen) > 1:
        raise UsageError(
            " and ".join(chosen),
            expected="one of the two" if len(chosen) == 2 else "one of them",
            found="both" if len(chosen) == 2 else "all",
            hint=f"they answer different questions: run `{context.command_path}` once for each",
        )
    for flag, others in (needs or {}).items():
        if flag in typed and not typed.intersection(others):
            either = " or ".join(others)
            raise UsageError(
                f"{flag} without {either}",
                hint=f"{flag} only has a meaning with {either}: add {either}, or leave out {flag}",
            )


def as_reason(text: str) -> str:
    """Return a reason as the history keeps it: before anything is done.

    Raises
    ------
    UsageError
        If it is too long, or is no text.
    """
    from har.config.section import LONGEST_REASON

    if len(text) > LONGEST_REASON:
        raise UsageError(
            "--reason: too long to be kept",
            expected=f"{LONGEST_REASON:,} characters at most",
            found=f"{len(text):,} characters",
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError("--reason: not UTF-8", found=text) from None
    return text


def is_typed(context: typer.Context, parameter: str) -> bool:
    """Tell whether a flag or an argument stands on the command line, rather than its default."""
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "COMMANDLINE"


def refuse_twice(overrides: Iterable[str], owners: Mapping[str, str]) -> None:
    """Refuse ``--set`` of a setting that another flag or argument of the command says.

    Parameters
    ----------
    overrides : iterable of str
        What was given with ``--set``.
    owners : mapping of str to str
        The flag or argument that says a setting, by the setting's name.

    Raises
    ------
    UsageError
        Naming both and what to do.
    """
    for override in overrides:
        path = override.partition("=")[0]
        for setting, flag in owners.items():
            # A whole section, as `--set "data={…}"`, has the setting in it.
            if f"{setting}.".startswith(f"{path}."):
                raise UsageError(
                    f"--set {path} and {flag}",
                    expected=f"{setting} given once",
                    hint=f"leave out --set {path}: {flag} sets it",
                )


def _typed(context: typer.Context) -> set[str]:
    """Return the flags that stand on the command line, each by its first name."""
    return {p.opts[0] for p in context.command.params if is_typed(context, p.name or "")}
