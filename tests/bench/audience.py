"""An audience for benches: very many contacts who are in for the topic "offers", made by the database itself.

The hashes of their consent events are placeholders: no chain is checked here, and real ones would take longer than the bench.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    String,
    case,
    cast,
    func,
    insert,
    literal,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from models import ConsentEvent, Contact, Subscription
from models.base import Base, Json

FIRST_PHONE = 33_600_000_000
NAMES = ("Zoé", "Ana", "Maximilien", "Bo", "Léa", "Jean-Baptiste", "Inès", "Noël")
SLICE = 50_000  # so many in one transaction: no statement may take longer than PostgreSQL is told to allow
AT = datetime(2025, 3, 1, 9, tzinfo=UTC)


def grow(engine: Engine, size: int) -> None:
    """Make contacts until there are so many of them. Nothing else may have made any."""
    with engine.connect() as connection:
        there = connection.scalar(select(func.count()).select_from(Contact)) or 0
    for first in range(there + 1, size + 1, SLICE):
        with engine.begin() as connection:
            _add(connection, first, min(first + SLICE - 1, size))
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")  # what autovacuum would do within a minute


def _add(connection: Connection, first: int, last: int) -> None:
    """Contacts first … last, each with one consent event and the subscription that follows from it."""
    before = connection.scalar(select(func.max(Contact.id))) or 0
    numbers = select(literal(first).label("i")).cte("numbers", recursive=True)
    i = numbers.union_all(select(numbers.c.i + 1).where(numbers.c.i < last)).c.i
    phone, person = literal("+") + cast(literal(FIRST_PHONE, BigInteger) + i, String), "bench " + cast(i, String)
    values = case({n: literal({"first_name": name}, Json) for n, name in enumerate(NAMES)}, value=i % len(NAMES))
    _fill(connection, Contact, phone=phone, person=person, country="FR", values=values, source="bench", sample=False,
          made_at=AT)  # fmt: skip
    _fill(connection, ConsentEvent, person=person, seq=1, topic="offers", change="in", source="bench", at=AT,
          proof_hash="placeholder", prev_hash="placeholder", hash="placeholder")  # fmt: skip
    new = (Contact.id > before) & (ConsentEvent.person == Contact.person)
    _fill(connection, Subscription, new, contact_id=Contact.id, topic="offers", state="in", proof="double",
          event_id=ConsentEvent.id, at=AT)  # fmt: skip


def _fill(connection: Connection, table: type[Base], where: ColumnElement[bool] = true(), **row: Any) -> None:
    """INSERT … SELECT of columns and plain values."""
    columns = table.__table__.c
    given = [value if isinstance(value, ColumnElement | InstrumentedAttribute) else literal(value, columns[name].type)
             for name, value in row.items()]  # fmt: skip
    connection.execute(insert(table).from_select(list(row), select(*given).where(where)))
