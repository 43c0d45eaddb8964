"""What every way needs: settings, database, queue, carrier, and the two clocks. Built once by a door, passed in from then on."""

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy import Connection, Engine, create_engine, event, inspect, select

from bot.settings import Settings
from bot.throttle import LocalThrottle, Throttle
from models import Clock, Suppression

if TYPE_CHECKING:
    from bot.carriers import Carrier

AHEAD = select(Clock.__table__.c.ahead_for)


def machine_now() -> datetime:
    """Machine time: for leases, call limits and heartbeats. It never jumps. The only place that reads a clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Runtime:
    """The hands that a way works with. `machine_now` is a parameter so that tests and benches can fix the time."""

    settings: Settings
    engine: Engine
    carrier: "Carrier"
    redis: "Redis | None" = None
    throttle: Throttle = field(default_factory=LocalThrottle)
    machine_now: Callable[[], datetime] = machine_now
    _writing: Any = field(default_factory=threading.Lock)

    @cached_property
    def suppression_key(self) -> bytes:
        """The key of the suppression list: kept outside the database, so that the list alone tells nobody's number."""
        secret = self.settings.secret_key.get_secret_value()
        return hmac.new(secret.encode(), b"parley suppression list", hashlib.sha256).digest()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One writing transaction: committed when the block ends, rolled back when it raises.

        SQLite has one writer at a time: threads of this process queue at a lock, which is fair, instead of polling the file.
        """
        queue = self._writing if self.engine.dialect.name == "sqlite" else nullcontext()
        with queue, self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, and on SQLite waits for no writer."""
        with self.engine.connect().execution_options(parley_reads=True) as connection:
            yield connection

    def begin_in_child(self) -> None:
        """In a forked process: no connection of the parent's is used, and no lock that one of its threads may hold."""
        self.engine.dispose(close=False)
        object.__setattr__(self, "_writing", threading.Lock())

    def redis_answers(self) -> bool:
        """Whether the queue's Redis is there."""
        try:
            return bool(self.redis and self.redis.ping())
        except RedisError:
            return False

    def check_suppression_key(self) -> None:
        """Refuse to work with a SECRET_KEY that does not fit the suppression list: opted-out people would not be found."""
        with self.read() as connection:
            if not inspect(connection).has_table(Suppression.__tablename__):
                return
            strange = select(Suppression.key_id).where(Suppression.key_id != key_id(self.suppression_key)).limit(1)
            if connection.execute(strange).first() is not None:
                raise SystemExit(
                    "SECRET_KEY is not the one that the list of opted-out numbers was made with: put it back"
                )

    def now(self, connection: Connection) -> datetime:
        """Business time: for alarms, expiry and rules. Machine time, plus what the simulated carrier's page has jumped."""
        now = self.machine_now()
        if not self.carrier.is_simulated:
            return now
        return now + timedelta(seconds=connection.scalar(AHEAD) or 0)


def key_id(key: bytes) -> str:
    """A name for a key that does not give it away."""
    return hashlib.sha256(b"id" + key).hexdigest()[:12]


def open_engine(url: str) -> Engine:
    """A pool of connections to PostgreSQL or SQLite, each set up so that a commit is durable and no lock waits for ever."""
    if url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 10, "check_same_thread": False})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    limits = "-c timezone=UTC -c statement_timeout=8000 -c lock_timeout=8000 -c idle_in_transaction_session_timeout=30000"
    return create_engine(
        url, hide_parameters=True, pool_size=16, max_overflow=8,
        pool_use_lifo=True,  # few connections do most of the work, and know their statements by then
        connect_args={"connect_timeout": 3, "options": limits},
    )  # fmt: skip


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # an acknowledged text survives a power cut
        "foreign_keys=ON",
        "recursive_triggers=ON",  # else INSERT OR REPLACE walks around the ledger's triggers
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred BEGIN that turns into a writer ignores the time-out and fails at once with "database is locked".
    reads = connection.get_execution_options().get("parley_reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def open_redis(url: str | None) -> "Redis | None":
    """The queue's wake-up line. No retries: a repeated command could wake twice, and a webhook must not wait for Redis."""
    if not url:
        return None
    return Redis.from_url(url, socket_connect_timeout=0.2, socket_timeout=2, retry=Retry(NoBackoff(), 0))


def open_runtime(settings: Settings) -> Runtime:
    """Everything from the settings. Connections are made when they are first used."""
    from bot.carriers import open_carrier

    return Runtime(
        settings=settings,
        engine=open_engine(settings.database_url),
        carrier=open_carrier(settings),
        redis=open_redis(settings.redis_url),
    )
