"""Bodies as they come over the wire, through the web server that is used in earnest: taken whole, or not at all."""

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import func, select

from bot import tokens
from bot.runtime import Runtime, open_runtime
from bot.shop import load_shop
from bot.web import LARGEST_BODY
from bot.web.api.bodies import LONGEST_LINE
from models import Contact
from tests import processes
from tests.crowd import number
from tests.house import SHOP, settings

ANA = f"/contacts/{number(0)}"
JSON, LINES = "application/json", "application/x-ndjson"


class Server(NamedTuple):
    """gunicorn with the application, and a token that may do everything."""

    port: int
    secret: str
    runtime: Runtime

    def ask(self, start: str, body: bytes, kind: str = JSON, **headers: str) -> tuple[int, Any]:
        """The status and the JSON of the answer to a request that is sent just so, and after which nothing more is sent."""
        known = {"Host": "127.0.0.1", "Authorization": f"Bearer {self.secret}", "Content-Type": kind, "Connection": "close"}
        method, path = start.split()
        lines = [f"{method} /api/v1{path} HTTP/1.1", *(f"{name}: {said}" for name, said in {**known, **headers}.items())]
        with socket.create_connection(("127.0.0.1", self.port), 20) as wire:
            wire.sendall("\r\n".join((*lines, "", "")).encode() + body)
            wire.shutdown(socket.SHUT_WR)
            with wire.makefile("rb") as answer:
                head, _, told = answer.read().partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(told)

    def announced(self, start: str, body: bytes, length: int, kind: str = JSON, **headers: str) -> tuple[int, Any]:
        """A body of which a length was announced."""
        return self.ask(start, body, kind, **{"Content-Length": str(length)}, **headers)

    def chunked(self, start: str, *chunks: bytes, kind: str = JSON, end: bytes = b"0\r\n\r\n", **headers: str) -> tuple[int, Any]:
        """A body of which nobody knows the length before it ends."""
        sent = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in chunks)
        return self.ask(start, sent + end, kind, **{"Transfer-Encoding": "chunked"}, **headers)

    def contacts(self) -> int:
        with self.runtime.read() as connection:
            return connection.scalar(select(func.count()).select_from(Contact)) or 0


@pytest.fixture(scope="module")
def server(sqlite_templates: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("web"), processes.free_port()
    database, url = f"sqlite:///{shutil.copy(sqlite_templates['empty'], folder / 'parley.db')}", f"http://127.0.0.1:{port}"
    given = settings(database, url, url)
    runtime = open_runtime(given)
    with runtime.begin() as connection:
        load_shop(connection, SHOP)
        secret = tokens.create(connection, "program", [*tokens.SCOPES], runtime.machine_now())
    environment = {
        "DATABASE_URL": database, "BASE_URL": url, "TWILIO_API_BASE": url, "PARLEY_CARRIER": "simulated", "REDIS_URL": "",
        "SECRET_KEY": given.secret_key.get_secret_value(), "TWILIO_ACCOUNT_SID": given.twilio_account_sid or "",
        "TWILIO_AUTH_TOKEN": given.twilio_auth_token.get_secret_value(), "LOG_LEVEL": "WARNING",
    }  # fmt: skip
    with processes.web("bot:create_app()", port, environment, folder / "web.log"):
        yield Server(port, secret, runtime)
    runtime.engine.dispose()


def test_a_body_is_never_cut_at_its_largest_size(server: Server) -> None:
    too_much = b'{"tags": ["a"]}' + b" " * LARGEST_BODY + b"THIS IS NOT JSON"
    assert server.chunked(f"PUT {ANA}", too_much)[0] == 413
    assert server.announced(f"PUT {ANA}", too_much, len(too_much))[0] == 413
    most = b'{"tags": ["a"]}'.ljust(LARGEST_BODY)
    assert server.chunked(f"PUT {ANA}", most[:9], most[9:])[0] == 201
    assert server.announced(f"PUT {ANA}", most, len(most))[0] == 200


def test_a_body_that_is_shorter_than_announced_is_not_taken(server: Server) -> None:
    before = server.contacts()
    status, told = server.announced(f"PUT /contacts/{number(7)}", b"{}", 9_999)
    assert (status, told["detail"]) == (400, "9997 more bytes were announced")
    assert server.chunked(f"PUT /contacts/{number(7)}", b"{}", end=b"")[0] == 400
    line = json.dumps({"phone": number(7)}).encode() + b"\n"
    assert server.announced("POST /contacts", line, 9_999, LINES)[0] == 400
    assert server.chunked("POST /contacts", line, kind=LINES, end=b"")[0] == 400
    assert server.contacts() == before


@pytest.mark.parametrize("end", [b"zz\r\n{}\r\n0\r\n\r\n", b"-1\r\n", b"5\r\n{}"])
def test_chunks_that_cannot_be_read_are_the_senders_mistake(server: Server, end: bytes) -> None:
    assert server.chunked("POST /contacts", kind=LINES, end=end)[0] == 400
    assert server.chunked(f"PUT {ANA}", end=end)[0] == 400


def test_two_bodies_with_one_key_are_told_apart_however_they_come(server: Server) -> None:
    key = {"Idempotency-Key": "k"}
    assert server.chunked("POST /segments", b'{"name": "A"}', **key)[0] == 201
    assert server.announced("POST /segments", b'{"name": "A"}', 13, **key)[0] == 201
    assert server.chunked("POST /segments", b'{"name": "B"}', **key)[0] == 422
    assert server.chunked("POST /segments", b'{"name": "A"}'.ljust(LARGEST_BODY + 1), **key)[0] == 413


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        (JSON, {"Content-Encoding": "gzip"}),
        (f"{JSON}; charset=iso-8859-1", {}),
        (f"{LINES}; charset=utf-16", {}),
        (LINES, {"Content-Encoding": "br"}),
        ("text/plain", {}),
    ],
)
def test_what_would_have_to_be_turned_into_utf_8_first_is_refused(server: Server, kind: str, headers: dict[str, str]) -> None:
    start = "POST /contacts" if kind.startswith(LINES) else f"PUT {ANA}"
    assert server.announced(start, b"{}", 2, kind, **headers)[0] == 415


def test_what_is_plainly_utf_8_is_taken(server: Server) -> None:
    assert server.announced(f"PUT {ANA}", b"{}", 2, f"{JSON}; charset=UTF-8", **{"Content-Encoding": "identity"})[0] < 300


def test_a_line_without_end_is_told_and_the_others_are_kept(server: Server) -> None:
    lines = [json.dumps({"phone": number(n)}).encode() for n in range(20, 23)]
    told = server.chunked("POST /contacts", b"\n".join((*lines[:2], b"9" * (3 * LONGEST_LINE), lines[2])), kind=LINES)[1]
    assert (told["lines"], told["made"], told["refused"]) == (4, 3, 1)
    assert [(one["line"], one["title"]) for one in told["first_refused"]] == [(3, "Too large")]
