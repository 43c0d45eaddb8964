"""A carrier that costs next to nothing: takes messages, answers after a while, counts, and keeps no record.

The simulated carrier of the product behaves like the real one in every detail; measured against it, a sender would mostly
measure the carrier. This one is a process of its own that reads only as much HTTP as it must.
"""

import json
import re
import select
import socket
import subprocess
import sys
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from secrets import token_hex
from time import monotonic

from tests.processes import ROOT

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
ACCEPTED = json.dumps({
    "account_sid": "AC" + "0" * 31 + "1", "api_version": "2010-04-01", "body": "as sent", "direction": "outbound-api",
    "date_created": "Thu, 06 Mar 2025 11:00:00 +0000", "date_updated": "Thu, 06 Mar 2025 11:00:00 +0000",
    "date_sent": None, "error_code": None, "error_message": None, "from": "+33937000001", "to": "+33612340001",
    "messaging_service_sid": None, "num_media": "0", "num_segments": "1", "price": None, "price_unit": None,
    "sid": "SM????????????????????????????????", "status": "queued", "subresource_uris": {}, "uri": "/as/asked.json",
}).encode()  # fmt: skip
BEFORE, AFTER = ACCEPTED.split(b"?" * 32)
HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
# No two carriers give the same sid.
CREATED = HEAD % (b"201 Created", len(ACCEPTED)) + BEFORE + token_hex(8).encode()


@dataclass(slots=True)
class Counts:
    """What the carrier has seen: calls, how many wait for their answer, and when the first and the last one came."""

    calls: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    first_at: float = 0.0  # of the monotonic clock, which all processes of a machine share
    last_at: float = 0.0


class Desk:
    """All lines of the carrier in one loop without a framework, which would cost more than the answers."""

    def __init__(self, latency: float) -> None:
        self.latency, self.counts, self.serial = latency, Counts(), 0
        self.door = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.epoll = select.epoll()
        self.epoll.register(self.door, select.EPOLLIN)
        self.lines: dict[int, socket.socket] = {}
        self.heard: dict[int, bytes] = {}  # the beginnings of requests whose end is still to come
        self.waiting: deque[tuple[float, socket.socket, int]] = deque()  # each waits as long, so the first is due first

    def serve(self) -> None:
        """Take and answer calls until the process ends."""
        while True:
            pause = max(0.0, self.waiting[0][0] - monotonic()) if self.waiting else -1
            for number, _ in self.epoll.poll(pause):
                if number in self.lines:
                    self.hear(number, self.lines[number])
                else:
                    self.open()
            now = monotonic()
            while self.waiting and self.waiting[0][0] <= now:
                self.answer(*self.waiting.popleft()[1:])

    def open(self) -> None:
        line, _ = self.door.accept()
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines[line.fileno()], self.heard[line.fileno()] = line, b""
        self.epoll.register(line, select.EPOLLIN)

    def hear(self, number: int, line: socket.socket) -> None:
        with suppress(ConnectionError):
            if data := line.recv(65_536):
                self.heard[number] = self.read(line, self.heard[number] + data)
                return
        del self.lines[number], self.heard[number]
        line.close()

    def read(self, line: socket.socket, heard: bytes) -> bytes:
        """Take every whole request; what is left."""
        while (head := heard.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(heard, 0, head)
            end = head + 4 + (int(length[1]) if length else 0)
            if len(heard) < end:
                break
            self.take(line, heard)
            heard = heard[end:]
        return heard

    def take(self, line: socket.socket, request: bytes) -> None:
        if request.startswith(b"POST ") and b"/Messages.json " in request:
            self.serial += 1
            self.count(now := monotonic())
            self.waiting.append((now + self.latency, line, self.serial))
        elif request.startswith((b"GET /stats ", b"POST /fresh ")):
            body = json.dumps(asdict(self.counts)).encode()
            line.send(HEAD % (b"200 OK", len(body)) + body)
            self.counts = Counts() if request.startswith(b"POST") else self.counts
        else:
            line.send(HEAD % (b"404 Not Found", 2) + b"{}")

    def count(self, now: float) -> None:
        counts = self.counts
        counts.first_at, counts.last_at = counts.first_at or now, now
        counts.calls += 1
        counts.in_flight += 1
        counts.most_in_flight = max(counts.most_in_flight, counts.in_flight)

    def answer(self, line: socket.socket, number: int) -> None:
        self.counts.in_flight -= 1
        with suppress(OSError):  # the caller may have hung up
            line.send(b"%s%016x%s" % (CREATED, number, AFTER))


def serve(latency: float) -> None:
    """Answer each call so many seconds later, on a free port of the loopback; the address is printed."""
    desk = Desk(latency)
    print(f"http://127.0.0.1:{desk.door.getsockname()[1]}", flush=True)
    desk.serve()


@dataclass(frozen=True, slots=True)
class Carrier:
    """The process as others know it: its address (TWILIO_API_BASE), and what it has counted."""

    url: str

    def counts(self) -> Counts:
        """What it has seen."""
        with urllib.request.urlopen(f"{self.url}/stats", timeout=10) as answer:
            return Counts(**json.load(answer))

    def fresh(self) -> None:
        """Count from nothing again."""
        urllib.request.urlopen(f"{self.url}/fresh", b"", timeout=10).close()


@contextmanager
def carrier(latency: float) -> Iterator[Carrier]:
    """A carrier that answers after so many seconds."""
    program = f"from tests.bench.carrier import serve; serve({latency})"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        try:
            yield Carrier(process.stdout.readline().strip())
        finally:
            process.kill()
