"""What the processes write to their log: one line per event, from which no customer can be recognised.

Never log a text, a name or a secret; numbers that slip in are masked here, and line breaks cannot forge a second line.
"""

import logging
import re
import sys
import time
import traceback
from typing import Any, TextIO

NUMBER = re.compile(r"(\+|%2B|\b00)(\d{2,3})\d{3,}(\d{2})", re.IGNORECASE)
CREDENTIALS = re.compile(r"(://[^\s:/@]*:)[^\s/@]+@|\b(Basic|Bearer)\s+[\w.~+/=-]+", re.IGNORECASE)
TALKATIVE = ("twilio", "urllib3", "aiohttp", "asyncio", "werkzeug", "alembic")  # they log addresses, which hold numbers


class Line(logging.Formatter):
    """One line: time in UTC, level, who says it, what; with an error its trace, folded into the same line."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")

    def formatException(self, ei: Any) -> str:
        """Where it happened and which kind of error it is, not what it says: errors quote what customers wrote."""
        kind, _, trace = ei
        return f"{''.join(traceback.format_tb(trace))}{kind.__name__ if kind else ''}"

    def format(self, record: logging.LogRecord) -> str:
        """The masked line."""
        line = masked(super().format(record))
        return line if line.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def masked(text: str) -> str:
    """The text with numbers as +336…45, and without passwords or tokens in addresses and headers."""
    text = NUMBER.sub(r"\1\2…\3", text)
    return CREDENTIALS.sub(lambda found: f"{found[1]}…@" if found[1] else f"{found[2]} …", text)


def setup(level: str, stream: TextIO | None = None) -> None:
    """Write events of that level and above to `stream` (standard error), replacing what was set up before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
