"""A whole house in real processes on one database, with a carrier, to kill things in."""

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import urlopen
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.runtime import Runtime, open_engine, open_runtime
from bot.shop import load_shop
from models import Clock, Message, insert
from tests import processes
from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SimulatedCarrier
from tests.house import PARIS, SHOP, settings

UP_FOR = 60.0  # seconds that the web process may take to start on a busy machine
LOOK_EVERY = 0.2  # seconds between two looks of the host whether everything still runs


class Arena:
    """Web, clock and carrier on a database. `careful`: with the fallback address and `#rc=2&rp=all`, else with neither.

    With `redis_url` (which may be empty) there are workers too, and whatever ends is started again.
    """

    def __init__(
        self, database: str, *, careful: bool, app: str = "bot:create_app()", redis_url: str | None = None,
        **environment: str,
    ) -> None:  # fmt: skip
        self.folder = Path(tempfile.mkdtemp(prefix="parley-arena-"))
        self.database, self.engine = database, open_engine(database)
        with self.engine.begin() as connection:
            load_shop(connection, SHOP)
        port = processes.free_port()
        self.journal_file = self.folder / "carrier.jsonl"
        self.carrier = SimulatedCarrier(senders=[_sender(port, careful)], journal=self.journal_file)
        self.environment = {
            "DATABASE_URL": database.replace("+psycopg", ""), "SECRET_KEY": "s" * 40, "BASE_URL": f"http://127.0.0.1:{port}",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "TWILIO_API_BASE": self.carrier.url,
            "PARLEY_CARRIER": "simulated", "REDIS_URL": redis_url or "", "LOG_LEVEL": "WARNING", **environment,
        }  # fmt: skip
        workers = 1 if database.startswith("sqlite") else 2
        self.web = processes.web(app, port, self.environment, self.folder / "web.log", workers)
        self.clock = processes.clock(self.environment, self.folder / "clock.log")
        self.running = [self.web, self.clock]
        self.closed, self.host = threading.Event(), threading.Thread(target=self._keep_running)
        if redis_url is not None:
            self.worker = processes.worker(self.environment, self.folder / "worker.log")
            self.running.append(self.worker)
            self.host.start()

    def _keep_running(self) -> None:
        """What the host of a Procfile does."""
        while not self.closed.wait(LOOK_EVERY):
            for process in self.running:
                process.look()

    def runtime(self) -> Runtime:
        """The hands of one more process of this house."""
        return open_runtime(settings(self.database, self.environment["BASE_URL"], self.carrier.url))

    def answers(self) -> bool:
        """Whether the web process takes requests."""
        try:
            with urlopen(self.environment["BASE_URL"] + "/healthz", timeout=1) as response:
                return response.status == 200
        except OSError:
            return False

    def begin_at_noon(self) -> datetime:
        """Business time jumps to the next noon in Paris: marketing may leave for hours. Returns that time."""
        now = datetime.now(ZoneInfo("Europe/Paris"))
        noon = (now + timedelta(hours=12)).replace(hour=12, minute=0, second=0, microsecond=0)
        ahead = {"ahead_for": noon.timestamp() - now.timestamp()}
        with self.engine.begin() as connection:
            row = insert(Clock).values(id=1, **ahead)
            connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=ahead))
        return noon.astimezone(UTC)

    def fates(self, numbers: Collection[str]) -> list[str]:
        """What became of our messages to these phones, for whoever asks why they are silent."""
        mine = select(Message.theirs, Message.state, Message.why, Message.status, Message.attempts, Message.sid)
        with self.engine.connect() as connection:
            return [str(row) for row in connection.execute(mine.where(Message.theirs.in_(numbers), Message.direction == "out"))]

    def journal(self, event: str) -> list[dict[str, Any]]:
        """The carrier's own account of one kind of event, from its file."""
        return [line for line in self.diary() if line["event"] == event]

    def diary(self) -> list[dict[str, Any]]:
        """The carrier's own account, from its file, all of which it has written before it answers us."""
        self.carrier.counts()
        lines = self.journal_file.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]  # the last one may be half written

    def recorded(self) -> dict[str, str]:
        """Texts in our memory: sid → the handset that wrote it."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(Message.sid, Message.theirs).where(Message.direction == "in"))
            return {row.sid: row.theirs for row in rows}

    def unsettled(self) -> int:
        """Messages of ours whose outcome is still open."""
        with self.engine.connect() as connection:
            waiting = Message.state.in_(("ready", "sending", "answered", "unknown"))
            return len(connection.execute(select(Message.id).where(waiting)).all())

    def wait_until(self, holds: Callable[[], Any], what: str, seconds: float) -> None:
        self.carrier.wait_for(holds, what, seconds)

    def logs(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in sorted(self.folder.glob("*.log")))

    def __enter__(self) -> Self:
        try:  # its port is open long before it answers
            self.wait_until(self.answers, f"the web process taking requests\n{self.logs()}", UP_FOR)
        except AssertionError:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.closed.set()
        if self.host.ident is not None:
            self.host.join()
        for process in reversed(self.running):
            process.stop()
        self.carrier.stop()
        self.engine.dispose()
        shutil.rmtree(self.folder, ignore_errors=True)


def _sender(port: int, careful: bool) -> dict[str, Any]:
    """Our number as the carrier knows it: how patiently it calls us is in the addresses."""
    webhooks, patience = f"http://127.0.0.1:{port}/webhooks/twilio", "#rc=2&rp=all" if careful else ""
    sender = {"number": PARIS, "name": "ACME", "country": "FR", "opt_out": "self"}
    sender["inbound_url"] = f"{webhooks}/inbound{patience}"
    return {**sender, "fallback_url": f"{webhooks}/fallback{patience}"} if careful else sender
