"""What is fetched at Twilio: pictures of our account, by one host, within a time and a size; nothing else in the world."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from bot.carriers import Unavailable
from bot.carriers.twilio import media
from tests.carrier import ACCOUNT_SID, AUTH_TOKEN

IDS = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/MM{'1' * 32}/Media/ME{'2' * 32}"
ADDRESS = f"https://api.twilio.com{IDS}"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"


class Wire:
    """A server that says to whoever calls exactly the bytes that it is given, and writes down what they said."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.says = OK + b"Content-Length: 3\r\n\r\nabc"
        self.drips = b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            with line:
                self.heard.append(line.recv(65536).decode())
                try:
                    line.sendall(self.says)
                    while self.drips:
                        time.sleep(0.02)
                        line.sendall(self.drips)
                except OSError:
                    pass

    def fetch(self, address: str = ADDRESS, most: int = 100) -> bytes | None:
        return asyncio.run(media.fetch(address, ACCOUNT_SID, AUTH_TOKEN, self.url, most))

    def leads_to(self, address: str) -> None:
        self.says = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {address}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.fixture
def wire() -> Iterator[Wire]:
    one = Wire()
    yield one
    one.drips = b""
    one.socket.close()


def test_a_picture_is_asked_for_with_our_password_where_the_settings_say(wire: Wire) -> None:
    assert wire.fetch() == b"abc"
    assert wire.heard[0].startswith(f"GET {IDS} HTTP/1.1\r\n")
    assert "Authorization: Basic " in wire.heard[0]
    assert wire.fetch(wire.url + IDS) == b"abc"


def test_more_than_we_keep_is_not_read_to_its_end(wire: Wire) -> None:
    assert wire.fetch(most=2) is None
    wire.says, wire.drips = OK + b"\r\n", b"x" * 1000
    assert wire.fetch(most=5000) is None


def test_nothing_is_unpacked(wire: Wire) -> None:
    """A few bytes can be packed so that they fill a machine's memory."""
    wire.says = OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"
    assert wire.fetch() == b"abc"


def test_an_answer_that_drips_has_its_time(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "FETCH_FOR", 0.3)
    wire.says, wire.drips = OK + b"\r\n", b"x"
    began = time.monotonic()
    with pytest.raises(Unavailable):
        wire.fetch(most=10**6)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("status", [204, 206, 401, 404, 429, 500])
def test_no_picture_is_no_picture(wire: Wire, status: int) -> None:
    wire.says = f"HTTP/1.1 {status} So\r\nContent-Length: 3\r\n\r\nabc".encode()
    with pytest.raises(Unavailable):
        wire.fetch()


ELSEWHERE = [
    "http://127.0.0.1:1/x", "http://169.254.169.254/latest", "https://mms.twiliocdn.com.evil.example/x", "http://mms.twiliocdn.com/x",
    "https://mms.twiliocdn.com@evil.example/x", "https://me@mms.twiliocdn.com/x", "https://mms.twiliocdn.com:8443/x", "/metadata",
    "//evil.example/x", "https://s3-external-1.amazonaws.com/other/x", f"https://s3-external-1.amazonaws.com.evil.example/{ACCOUNT_SID}",
    f"https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC{'f' * 32}/x", "ftp://mms.twiliocdn.com/x", "",
    "https://[mms.twiliocdn.com/x", "https://mms.twiliocdn.com\t.evil.example/x",
]  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE)
def test_the_api_cannot_lead_us_elsewhere(wire: Wire, address: str) -> None:
    witness = socket.create_server(("127.0.0.1", 0))
    witness.settimeout(0.05)
    wire.leads_to(address.replace("127.0.0.1:1", f"127.0.0.1:{witness.getsockname()[1]}"))
    with pytest.raises(Unavailable):
        wire.fetch()
    assert len(wire.heard) == 1
    with pytest.raises(TimeoutError):
        witness.accept()
    witness.close()


@pytest.mark.parametrize("address", [
    "https://mms.twiliocdn.com/AC0/abc?Expires=1&Signature=2", f"https://s3-external-1.amazonaws.com/media.twiliocdn.com/{ACCOUNT_SID}/a",
])  # fmt: skip
def test_it_may_lead_us_to_its_own_stores(address: str) -> None:
    assert media.onward(address, ACCOUNT_SID) == address


def test_our_password_goes_to_the_api_alone_and_the_way_has_an_end(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "onward", lambda location, account: location)  # its stores speak https, which we cannot be here
    wire.leads_to(f"{wire.url}/store")
    with pytest.raises(Unavailable):
        wire.fetch()
    assert ["Authorization" in one for one in wire.heard] == [True, False, False]


@pytest.mark.parametrize("address", [
    ADDRESS.replace(ACCOUNT_SID, "AC" + "f" * 32), f"https://api.twilio.com.evil.example{IDS}", f"http://api.twilio.com{IDS}",
    f"https://api.twilio.com/..{IDS}", f"{ADDRESS}.json", f"{ADDRESS}?x=1", f"{ADDRESS}\n", IDS, "",
])  # fmt: skip
def test_what_is_not_a_picture_of_our_account_is_not_asked_for(wire: Wire, address: str) -> None:
    with pytest.raises(Unavailable):
        wire.fetch(address)
    assert wire.heard == []
