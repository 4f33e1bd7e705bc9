"""Lines of a log: what they name is text, and one record stays one record."""

import logging

from har.addresses import without_credentials
from har.visible import visible


class LineFormatter(logging.Formatter):
    """A formatter that names no credentials, and shows characters of control by their codes.

    Also in tracebacks. Further lines of a record stand back: none looks like another record.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return a record's text."""
        text = without_credentials(super().format(record))
        text = visible(text, lines=True, longest=None)
        return text.replace("\n", "\n    ")
