"""Brings the database to the tables that this code knows. Any number of processes may try at once: one does it."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from models.migrations import config

TURN = 7_275_396  # the advisory lock of whoever upgrades: any number that nobody else uses


def upgrade(engine: Engine) -> tuple[str | None, str | None]:
    """Apply what is missing, all of it or nothing. Returns the revision before and after.

    On PostgreSQL a second upgrade waits for the first; a table that stays busy for 5 seconds makes it give up, so that
    texts are not kept waiting. On SQLite the writing transaction itself is the turn.
    """
    with _connected(engine) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
            connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        before = current(connection)
        alembic = config()
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, "head")
        return before, current(connection)


def current(connection: Connection) -> str | None:
    """The revision of the database; None: there are no tables yet."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision that this code knows."""
    return ScriptDirectory.from_config(config()).get_current_head()


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:  # SQLite alters a table by dropping it, which would cascade to all that points to it
            _pragma(connection, "foreign_keys=OFF")
        try:
            yield connection
        finally:
            if sqlite:
                _pragma(connection, "foreign_keys=ON")


def _pragma(connection: Connection, setting: str) -> None:
    """Past SQLAlchemy, which would begin a transaction: within one, SQLite does not hear this."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(f"PRAGMA {setting}")
