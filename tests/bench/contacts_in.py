"""Many contacts through the API in one request: what the web process needs does not grow with how many there are."""

import http.client
import json
import sys
import time
from collections.abc import Iterator

from bot.runtime import machine_now, open_engine
from bot.tokens import create
from tests.bench.inbound import databases, environment
from tests.bench.load import Server
from tests.bench.stage import head, show
from tests.bench.usage import peak
from tests.crowd import number

FEW, MANY = 10_000, 100_000
FLAT = 1.1  # resident memory differs by a few MB from one start to the next


def lines(count: int) -> Iterator[bytes]:
    """Contacts as a shop would hand them over, a hundred at a time."""
    for first in range(0, count, 100):
        yield b"".join(line(n) for n in range(first, first + 100))


def line(n: int) -> bytes:
    return json.dumps({"phone": number(n), "language": "fr", "tags": [f"city {n % 50}", "autumn"]}).encode() + b"\n"


def upsert(database: str, token: str, count: int) -> tuple[float, float]:
    """So many contacts to a fresh web process, in one request: the MB that it needed at most, and the seconds it took."""
    with Server("bot:create_app()", environment(database)) as server:
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        connection.request("POST", "/api/v1/contacts", lines(count), headers)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert (answer["made"] + answer["changed"], answer["refused"]) == (count, 0), answer
        return peak(server.server.process.pid), time.monotonic() - began


def measure(name: str, database: str) -> None:
    engine = open_engine(database)
    with engine.begin() as connection:
        token = create(connection, "bench", ["contacts:write"], machine_now())
    engine.dispose()
    (few, _), (many, seconds) = upsert(database, token, FEW), upsert(database, token, MANY)
    show(name, f"MB of the web process after {FEW:,} contacts", f"{few:.1f}")
    show(name, f"MB of the web process after {MANY:,} contacts", f"{many:.1f}", f"≤ × {FLAT}", many <= FLAT * few)
    show(name, f"seconds for {MANY:,} contacts", f"{seconds:.1f}")


def main() -> None:
    head()
    with databases() as found:
        for name, database in found.items():
            if len(sys.argv) < 2 or name in sys.argv[1:]:
                measure(name, database)


if __name__ == "__main__":
    main()
