"""Connections to the shop that stay open for the next status: four statuses a text must not cost more than the text.

No more of HTTP/1.1 than a status needs: a small request, and an answer of which only the first lines count.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

Place = tuple[str, str, int]


class NoLine(OSError):
    """The shop cannot be reached."""


@dataclass(frozen=True, slots=True)
class Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@dataclass(frozen=True, slots=True)
class Head:
    """The first lines of an answer: its status, its headers by small name, and whether the line stays open after it."""

    status: int
    headers: Mapping[str, str]
    stays: bool

    @property
    def length(self) -> int | None:
        """How many bytes follow; None where only the end of the connection tells."""
        length = "0" if self.status == 204 else self.headers.get("content-length")
        return int(length) if length is not None else None


class Lines:
    """As many as are in use at once; the one used last is taken first, so that the others may end."""

    def __init__(self) -> None:
        self._free: dict[Place, list[Line]] = defaultdict(list)

    async def ask(self, method: str, url: str, headers: Mapping[str, str], content: str, connect_for: float) -> Head:
        """Make a request and wait for its answer; NoLine, or OSError, EOFError, ValueError if none can be read."""
        split = urlsplit(url)
        place = split.scheme, split.hostname or "", split.port or (443 if split.scheme == "https" else 80)
        target = (split.path or "/") + (f"?{split.query}" if split.query else "")
        lines = {"Host": split.netloc, **headers, "Content-Length": str(len(content.encode()))}
        asked = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        request = f"{method} {target} HTTP/1.1\r\n{asked}\r\n{content}".encode()
        return await self._exchange(place, self._kept(place) or await _open(place, connect_for), request)

    def close(self) -> None:
        for lines in self._free.values():
            for line in lines:
                line.writer.close()
        self._free.clear()

    def _kept(self, place: Place) -> Line | None:
        """An open line, past those that the shop has closed meanwhile."""
        free = self._free[place]
        while free:
            line = free.pop()
            if not line.reader.at_eof() and not line.writer.is_closing():
                return line
            line.writer.close()
        return None

    async def _exchange(self, place: Place, line: Line, request: bytes) -> Head:
        stays = False
        try:
            line.writer.write(request)
            head = _head(await line.reader.readuntil(b"\r\n\r\n"))
            if head.length is not None:
                await line.reader.readexactly(head.length)
                stays = head.stays
            return head
        finally:
            if stays:
                self._free[place].append(line)
            else:
                line.writer.close()


async def _open(place: Place, connect_for: float) -> Line:
    scheme, host, port = place
    try:
        async with asyncio.timeout(connect_for):
            return Line(*await asyncio.open_connection(host, port, ssl=scheme == "https" or None))
    except OSError as error:
        raise NoLine from error


def _head(raw: bytes) -> Head:
    first, *rest = raw.decode("latin-1").rstrip().split("\r\n")
    version, status = first.split(None, 2)[:2]
    pairs = (line.partition(":") for line in rest)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Head(int(status), headers, version == "HTTP/1.1" and headers.get("connection", "").lower() != "close")
