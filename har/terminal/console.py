"""Consoles of Rich that show text of others as text."""

from collections.abc import Iterable
from typing import IO, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from har.terminal.stream import Guard
from har.visible import visible


class Screen(Console):
    """A console without markup, whose every text is inert whatever renders it.

    Names of files, extras and people have words in brackets and between colons: they are words.
    What is printed as a string is one line.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    @property
    def file(self) -> IO[str]:
        """The stream that is written to, below its guard: what is written is inert already."""
        stream = super().file
        return stream.beneath if isinstance(stream, Guard) else stream

    @file.setter
    def file(self, new_file: IO[str]) -> None:
        self._file = new_file

    def print(self, *objects: Any, **options: Any) -> None:
        """Print objects; each that is no renderable of Rich is one line."""
        super().print(*map(_one_line, objects), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render an object; text becomes inert before it is wrapped."""
        if isinstance(renderable, str):
            renderable = _inert(renderable)
        elif (
            isinstance(renderable, Text) and (inert := _inert(renderable.plain)) != renderable.plain
        ):
            renderable = Text(
                inert,
                renderable.style,
                justify=renderable.justify,
                overflow=renderable.overflow,
                no_wrap=renderable.no_wrap,
                end=renderable.end,
            )
        for segment in super().render(renderable, options):
            # What else renders text, as a tree or a bar, has it here.
            yield segment if segment.control else segment._replace(text=_inert(segment.text))


def _one_line(given: Any) -> Any:
    is_own = hasattr(given, "__rich_console__") or hasattr(given, "__rich__")
    return given if is_own else visible(given, longest=None)


def _inert(text: str) -> str:
    return visible(text, lines=True, longest=None)
