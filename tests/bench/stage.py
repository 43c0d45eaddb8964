"""A stage for campaigns: a database with a shop, the carrier of the bench, workers, a clock, and business time at noon."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from redis import Redis
from rq import Queue, Worker
from sqlalchemy import delete, func, select, update

from bot.campaigns import Draft, create, schedule
from bot.runtime import Runtime, open_runtime
from bot.segments import save
from models import Campaign, Clock, Field, Message, Recipient, Sender, insert
from models import Process as ProcessRow
from tests.bench.carrier import Carrier
from tests.bench.inbound import BASE, environment
from tests.bench.usage import parent
from tests.house import settings
from tests.processes import Process

TEXT = "ACME: bonjour {{ contact.first_name }}, -20% ce week-end. STOP 36111"
PARLEY = [sys.executable, "-m", "bot"]
QUEUES = ("replies", "default", "bulk")
LOG = Path(os.environ.get("BENCH_LOG", os.devnull))
PATIENCE_FOR = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class Stage:
    """One database with its Redis and its carrier; processes come and go."""

    runtime: Runtime
    env: dict[str, str]
    redis: "Redis[bytes]"
    carrier: Carrier

    @contextmanager
    def processes(self) -> Iterator[dict[str, int]]:
        """A clock and one worker for each queue: name → pid."""
        with ExitStack() as running:
            started = {"clock": running.enter_context(Process([*PARLEY, "clock"], self.env, LOG))}
            for queue in QUEUES:
                command = [*PARLEY, "worker", "--queue", queue]
                started[queue] = running.enter_context(Process(command, self.env, LOG))
            pids = {name: process.process.pid for name, process in started.items()}
            wait(lambda: self.beating(pids.values()))
            yield pids

    def beating(self, pids: Iterable[int]) -> bool:
        """Whether all of them have said that they live."""
        with self.runtime.read() as connection:
            return set(pids) <= set(connection.scalars(select(ProcessRow.pid)))

    def launch(self, name: str) -> int:
        """A campaign to everyone, now. Its id."""
        self.carrier.fresh()
        with self.runtime.begin() as connection:
            now = self.runtime.now(connection)
            campaign_id = create(connection, Draft(name=name, topic="offers", texts={"": TEXT}, within=["everyone"]), now)
            schedule(connection, campaign_id, None, now)
        return campaign_id

    def sent(self, campaign_id: int) -> int:
        """How many of its messages are through; on a machine that is too busy the outcome of a few may stay unknown."""
        through = Message.state.in_(("sent", "unknown"))
        with self.runtime.read() as connection:
            return connection.scalar(select(func.count()).where(Message.campaign_id == campaign_id, through)) or 0

    def campaign(self, campaign_id: int) -> Any:
        """Its row."""
        with self.runtime.read() as connection:
            return connection.execute(select(Campaign.__table__).where(Campaign.id == campaign_id)).one()

    def recipients(self, campaign_id: int) -> int:
        with self.runtime.read() as connection:
            return connection.scalar(select(func.count()).where(Recipient.campaign_id == campaign_id)) or 0

    def memory(self) -> int:
        """Bytes that Redis uses."""
        return int(self.redis.info("memory")["used_memory"])

    def servers(self) -> list[int]:
        """The processes of Redis and PostgreSQL, which work for a message too."""
        found = [int(self.redis.info("server")["process_id"])]
        if self.runtime.engine.dialect.name == "postgresql":
            with self.runtime.read() as connection:
                found.append(parent(connection.scalar(select(func.pg_backend_pid())) or 0))
        return found

    def jobs(self) -> int:
        """How many wake-ups the workers of the queue `bulk` have ended."""
        workers = Worker.all(queue=Queue("bulk", connection=self.redis))
        return sum(worker.successful_job_count for worker in workers)


def wait(holds: Callable[[], bool], every: float = 0.1) -> None:
    """Until it holds; TimeoutError when it does not in PATIENCE_FOR."""
    until = time.monotonic() + PATIENCE_FOR
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError("the bench waits in vain; BENCH_LOG=file shows what the processes said")
        time.sleep(every)


@contextmanager
def stage(database: str, redis_url: str, carrier: Carrier) -> Iterator[Stage]:
    """The house on that database, its senders unlimited, at noon."""
    env = {**environment(database), "REDIS_URL": redis_url, "TWILIO_API_BASE": carrier.url, "PARLEY_CARRIER": "simulated",
           "LOG_LEVEL": "WARNING"}  # fmt: skip
    runtime = open_runtime(settings(database, BASE, carrier.url, redis_url=redis_url))
    with runtime.begin() as connection:
        connection.execute(update(Sender).values(parts_per_second=100_000))
        connection.execute(delete(Clock))
        connection.execute(insert(Clock).values(id=1, ahead_for=until_noon(runtime.machine_now()).total_seconds()))
        first_name = insert(Field).values(name="first_name", purpose="to greet you by it")
        connection.execute(first_name.on_conflict_do_nothing(index_elements=["name"]))
        save(connection, "everyone", {"all": []}, runtime.now(connection))
    yield Stage(runtime, env, Redis.from_url(redis_url), carrier)
    runtime.engine.dispose()


def until_noon(now: datetime) -> timedelta:
    """From now to today's noon in Paris; marketing leaves from 10 to 20 only."""
    return now.astimezone(ZoneInfo("Europe/Paris")).replace(hour=12, minute=0, second=0) - now


def head() -> None:
    """The first line of a table of figures."""
    print(f"{'':12}{'figure':50}{'seen':>10}{'target':>13}  kept")


def show(database: str, what: str, seen: str, target: str = "", kept: bool | None = None) -> None:
    """A line of it, as soon as it is known."""
    print(f"{database:12}{what:50}{seen:>10}{target:>13}  {({None: '', True: 'yes', False: 'NO'})[kept]}", flush=True)
