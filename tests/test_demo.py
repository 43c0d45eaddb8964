"""The demo, started as anybody starts it: everything in one command, and nothing left of it afterwards."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.consent.ledger import broken_link
from bot.demo import ACCOUNT
from bot.runtime import open_engine
from bot.sample.people import crowd, people, populate
from bot.simulator.config import read
from models import Contact, Subscription, Suppression
from models.phone import country_of, is_valid

LEA, SHOP_NUMBER = "+33612345678", "+33937000001"


def free_port() -> int:
    """A port that is free, and so is the one a thousand above it."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            try:
                other.bind(("127.0.0.1", port + 1000))
            except (OSError, OverflowError):
                continue
            return port


class Demo:
    """A demo that runs in a folder."""

    def __init__(self, folder: Path, port: int, *options: str) -> None:
        hidden = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO", "PARLEY_"))}
        misleading = {"DATABASE_URL": "postgresql://nowhere/at_all", "TWILIO_AUTH_TOKEN": "mine", "PORT": str(port)}
        self.port, self.carrier = port, f"http://127.0.0.1:{port + 1000}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", *options], cwd=folder, env={**hidden, **misleading},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def started(self) -> str:
        """What it says until it runs."""
        assert self.process.stdout
        said = ""
        while line := self.process.stdout.readline():
            said += line
            if line.startswith("Ctrl-C stops it"):
                return said
        raise AssertionError(said)

    def ask(self, address: str, given: dict[str, Any] | None = None) -> Any:
        data = json.dumps(given).encode() if given is not None else None
        request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)

    def text(self, body: str) -> list[str]:
        handset = f"{self.carrier}/control/handsets/{LEA}"
        before = len(self.ask(handset)["texts"])
        self.ask(f"{self.carrier}/control/text", {"from": LEA, "to": SHOP_NUMBER, "body": body})
        texts = self.ask(f"{handset}?after={before}")["texts"]
        return [text["body"] for text in texts if text["direction"] == "outbound"]

    def family(self) -> set[int]:
        """It and all processes that come from it."""
        parents = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    def stop(self, number: int = signal.SIGTERM) -> float:
        """End it; the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        assert self.process.stdout
        self.process.stdout.read()
        assert self.process.wait(30) == 0
        return time.monotonic() - began


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Starts demos that do not outlive the test."""
    demos: list[Demo] = []

    def begin(*options: str, port: int | None = None) -> Demo:
        demos.append(Demo(tmp_path, port or free_port(), *options))
        return demos[-1]

    yield begin
    for demo in demos:
        if demo.process.poll() is None:
            demo.stop()


def gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def test_the_demo_talks_stops_cleanly_and_keeps_its_data(start: Callable[..., Demo], tmp_path: Path) -> None:
    demo = start()
    said = demo.started()
    assert f"http://127.0.0.1:{demo.port}/phone" in said
    assert "répondez OUI" in demo.text("REJOINDRE")[0]
    assert "bienvenue" in demo.text("oui")[0]

    health = f"http://127.0.0.1:{demo.port}/readyz"
    until = time.monotonic() + 30
    while (ready := demo.ask(health))["status"] != "ok" and time.monotonic() < until:
        time.sleep(0.2)
    assert ready["clock"] == "up"
    assert ready["worker"] == ("up" if ready["redis"] == "up" else "down")

    other = start()  # in the same folder
    assert other.process.wait(60) == 1
    assert other.process.stdout
    assert "already running" in other.process.stdout.read()

    folder = tmp_path / ".parley"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all((folder / name).stat().st_mode & 0o777 == 0o600 for name in ("secret_key", "auth_token", "carrier.json"))
    family = demo.family()
    assert len(family) >= 5
    assert demo.stop(signal.SIGINT) < 15
    assert [pid for pid in family if not gone(pid)] == []

    again = start()
    again.started()
    assert "code postal" not in again.text("01230")[0], "the conversation goes on where it was"
    again.stop()
    engine = open_engine(f"sqlite:///{folder}/parley.db")
    with engine.connect() as connection:
        lea = connection.execute(select(Contact.__table__).where(Contact.phone == LEA)).one()
    engine.dispose()
    assert lea.values == {"postcode": "01230"}

    fresh = start("--fresh")
    fresh.started()
    assert "répondez OUI" in fresh.text("REJOINDRE")[0], "nobody knows them any more"


def test_a_port_that_is_taken_is_told_in_one_sentence(start: Callable[..., Demo]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = start(port=port)
        assert demo.process.wait(60) == 1
        assert demo.process.stdout
        assert demo.process.stdout.read().startswith(f"Port {port} is taken")


def test_the_sample_people_are_valid_marked_and_the_same_each_time(database: str) -> None:
    assert list(people()) == list(people())
    assert all(is_valid(person.phone) and country_of(person.phone) == person.country for person in people())
    engine = open_engine(database)
    with engine.begin() as connection:
        now = datetime(2026, 3, 1, tzinfo=UTC)
        assert populate(connection, b"key", now) == 300
        assert populate(connection, b"key", now) == 0
        contacts = connection.execute(select(Contact.__table__)).all()
        subscribed = Counter(connection.scalars(select(Subscription.topic)))
        stopped = len(connection.execute(select(Suppression.digest)).all())
        assert all(broken_link(connection, contact.person) is None for contact in contacts)
    engine.dispose()
    assert all(contact.sample and contact.source == "sample" for contact in contacts)
    assert subscribed["offers"] > 150 and subscribed["order_news"] > 50 and 3 < stopped < 40


def test_the_carrier_understands_the_crowd() -> None:
    ours = {"FR": "+33937000001", "US": "+12025550123"}
    config = read({"account_sid": ACCOUNT, "auth_token": "t", "crowd": crowd(ours)})
    assert {person.to for person in config.crowd} == set(ours.values())
    assert all(person.opens and person.answers for person in config.crowd)
