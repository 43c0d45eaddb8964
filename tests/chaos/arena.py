"""A whole house in real processes on one database, with a carrier, to kill things in."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import select

from bot.runtime import open_engine
from bot.shop import load_shop
from models import Message
from tests import processes
from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SimulatedCarrier
from tests.house import PARIS, SHOP


class Arena:
    """Web, clock and carrier on a database. `careful`: with the fallback address and `#rc=2&rp=all`, else with neither."""

    def __init__(self, database: str, *, careful: bool, app: str = "bot:create_app()", **environment: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="parley-arena-"))
        self.engine = open_engine(database)
        with self.engine.begin() as connection:
            load_shop(connection, SHOP)
        port = processes.free_port()
        webhooks = f"http://127.0.0.1:{port}/webhooks/twilio"
        sender: dict[str, Any] = {"number": PARIS, "name": "ACME", "country": "FR", "opt_out": "self"}
        sender["inbound_url"] = f"{webhooks}/inbound#rc=2&rp=all" if careful else f"{webhooks}/inbound"
        if careful:
            sender["fallback_url"] = f"{webhooks}/fallback#rc=2&rp=all"
        self.journal_file = self.folder / "carrier.jsonl"
        self.carrier = SimulatedCarrier(senders=[sender], journal=self.journal_file)
        self.environment = {
            "DATABASE_URL": database.replace("+psycopg", ""), "SECRET_KEY": "s" * 40, "BASE_URL": f"http://127.0.0.1:{port}",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "TWILIO_API_BASE": self.carrier.url,
            "PARLEY_CARRIER": "simulated", "REDIS_URL": "", "LOG_LEVEL": "WARNING", **environment,
        }  # fmt: skip
        workers = 1 if database.startswith("sqlite") else 2
        self.web = processes.web(app, port, self.environment, self.folder / "web.log", workers)
        self.clock = processes.clock(self.environment, self.folder / "clock.log")

    def journal(self, event: str) -> list[dict[str, Any]]:
        """The carrier's own account, from its file."""
        lines = (json.loads(line) for line in self.journal_file.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line["event"] == event]

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
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.clock.stop()
        self.web.stop()
        self.carrier.stop()
        self.engine.dispose()
