"""The simulated carrier for tests: started as its own process on a free port, asked over HTTP."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

ACCOUNT_SID = "AC" + "0" * 31 + "1"
AUTH_TOKEN = "a token of the simulated carrier"
SENDER = "+33937000001"
ROOT = Path(__file__).parent.parent


def sender(inbound_url: str, **more: Any) -> dict[str, Any]:
    """A row of `senders`: our usual number, with the shop's address and whatever else the test wants."""
    return {"number": SENDER, "name": "ACME", "country": "FR", "inbound_url": inbound_url, **more}


class SimulatedCarrier:
    """A carrier process. Give it senders (see bot/simulator/config.py) and any other part of its configuration.

        with SimulatedCarrier(senders=[sender("http://127.0.0.1:8000/webhooks/twilio/inbound")]) as carrier:
            carrier.text("+33612345678", SENDER, "JOIN")
            assert carrier.received("+33612345678") == ["…"]

    `url` is its address (TWILIO_API_BASE). With `journal` given, every event is also in that file.
    """

    def __init__(self, *, port: int = 0, journal: Path | None = None, **config: Any) -> None:
        self.config = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "senders": [], **config}
        self._folder = tempfile.TemporaryDirectory(prefix="carrier-")
        path = Path(self._folder.name) / "carrier.json"
        path.write_text(json.dumps(self.config), encoding="utf-8")
        command = [sys.executable, "-m", "bot.simulator", "--port", str(port), "--config", str(path)]
        if journal:
            command += ["--journal", str(journal)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ))
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line.startswith("simulated carrier on "):
            self.stop()
            raise RuntimeError("the simulated carrier did not start")
        self.url = line.split()[-1]

    def text(self, from_: str, to: str, body: str, **more: Any) -> dict[str, Any]:
        """Type a text on a handset: {"sid", "attempts"}. More: media, params, copies, lose_answer, wait."""
        return self.post("/control/text", {"from": from_, "to": to, "body": body, **more})

    def handset(self, number: str, after: int = 0) -> list[dict[str, Any]]:
        """All texts on a phone in order; direction "inbound" = typed on it, "outbound" = arrived on it."""
        texts: list[dict[str, Any]] = self.get(f"/control/handsets/{quote(number)}?after={after}")["texts"]
        return texts

    def received(self, number: str) -> list[str]:
        """The bodies that arrived on a phone, in order."""
        return [text["body"] for text in self.handset(number) if text["direction"] == "outbound"]

    def journal(self, event: str | None = None, after: int = 0) -> list[dict[str, Any]]:
        """Everything that happened, in order, or only one kind of event."""
        only = f"&event={event}" if event else ""
        events: list[dict[str, Any]] = self.get(f"/control/journal?after={after}{only}")["events"]
        return events

    def calls(self, number: str | None = None) -> list[dict[str, Any]]:
        """The create calls that began, of one sender or of all, whatever became of them: what `tests.law` judges."""
        lines = self.get("/control/journal?event=accepted&event=refused&event=call")["events"]
        return [line for line in lines if "began_at" in line and number in (None, line["from"])]

    def counts(self) -> dict[str, int]:
        """How many lines of each event the journal has: to wait by, where the journal is long. {"accepted": 20000, …}"""
        return self.get("/control/counts")

    def faults(self, **change: Any) -> dict[str, Any]:
        """Make things fail, or well again: the names are in bot/simulator/faults.py."""
        return self.post("/control/faults", change)

    def reset(self) -> None:
        """Forget all texts, blocks, events and faults."""
        self.post("/control/reset", {})

    def clock(self, seconds: int) -> dict[str, Any]:
        """Let the shop's time jump: {"now"} or {"error"}."""
        return self.post("/control/clock", {"seconds": seconds})

    def wait_for(self, holds: Callable[[], Any], what: str = "it", seconds: float = 5.0) -> Any:
        """Ask again until it holds, and return what it was; AssertionError after that many seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = holds()
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{what} did not happen within {seconds} s")

    def get(self, path: str) -> dict[str, Any]:
        return self._ask(urllib.request.Request(self.url + path))

    def post(self, path: str, given: dict[str, Any]) -> dict[str, Any]:
        data = json.dumps(given).encode()
        return self._ask(urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}))

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        finally:
            if self.process.stdout:
                self.process.stdout.close()
            self._folder.cleanup()

    def _ask(self, request: urllib.request.Request) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            answer = json.load(error)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()
