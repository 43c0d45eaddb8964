"""What every table of the memory shares: naming of constraints, ids, instants in time, and one INSERT for both databases."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    cast,
    column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, Insert
from sqlalchemy.dialects.postgresql import insert as insert  # its ON CONFLICT compiles on SQLite too
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

# Every constraint has a name, so that a migration can alter it on SQLite as well (alembic's batch mode needs names).
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


# SQLite gives the id of a last row that is gone to the next one, and what still names it would be about somebody else.
NEVER_AGAIN = {"sqlite_autoincrement": True}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out. A naive datetime is refused, because nobody can say when it is."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; SQLite keeps no zone, so it gets the naive UTC value."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone is no instant")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back aware UTC whatever the database's own zone is."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _Values(TypeDecorator[Sequence[Any]]):
    """A list of values as one parameter: an array, or JSON on SQLite."""

    impl = String
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """What the database takes it for."""
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        """The list, or its JSON."""
        return list(value or ()) if dialect.name == "postgresql" else json.dumps(list(value or ()))


class one_of(FunctionElement[bool]):
    """A column is one of the values of the parameter `name`, however many these are: the statement stays the same.

    `in_` writes each value into the statement, which is then read and planned anew for every number of values.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=_Values(column.type)))

    def self_group(self, against: Any = None) -> "one_of":
        """It is a condition as it stands. SQLAlchemy would compare it with 1, and SQLite then finds no index for it."""
        return self


@compiles(one_of, "postgresql")
def _any(element: one_of, compiler: Any, **more: Any) -> str:
    column, values = (compiler.process(clause, **more) for clause in element.clauses)
    return f"({column} = ANY ({values}))"


@compiles(one_of, "sqlite")
def _each(element: one_of, compiler: Any, **more: Any) -> str:
    column, values = (compiler.process(clause, **more) for clause in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({values})))"


Id = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB(), "postgresql")


class each_of(FunctionElement[Any]):
    """The objects of the list in the parameter `name`, a row for each, in a column `value`: see insert_each."""

    inherit_cache = True

    def __init__(self, name: str) -> None:
        super().__init__(bindparam(name, type_=Json))


@compiles(each_of, "postgresql")
def _elements(element: each_of, compiler: Any, **more: Any) -> str:
    return f"jsonb_array_elements({compiler.process(element.clauses, **more)})"


@compiles(each_of, "sqlite")
def _items(element: each_of, compiler: Any, **more: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **more)})"


def insert_each(table: Table, name: str, each: Sequence[str], same: Sequence[str]) -> Insert:
    """Many rows in one statement: columns `each` from the plain objects of the list in the parameter `name`, columns `same`
    from parameters called like them. Row by row, drivers and SQLAlchemy handle each value of each row.
    """
    theirs = given_each(table, name, each)
    ours = [bindparam(key, type_=table.c[key].type) for key in same]
    # SQLite needs the WHERE, to tell what belongs to the SELECT from ON CONFLICT.
    return insert(table).from_select([*each, *same], select(*theirs.values(), *ours).where(true()))


def given_each(table: Table, name: str, keys: Sequence[str]) -> dict[str, ColumnElement[Any]]:
    """What the plain objects of the list in the parameter `name` hold for these columns, a row for each object."""
    value = each_of(name).table_valued(column("value", Json), name="given").c.value
    types = {key: table.c[key].type for key in keys}
    return {key: value[key] if isinstance(types[key], JSON) else cast(value[key].as_string(), types[key]) for key in keys}


class Base(DeclarativeBase):
    """The ground of all tables."""

    __table__: ClassVar[Table]
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        int: Id,
        dict[str, Any]: Json,
        list[str]: Json,
        Mapping[str, str]: Json,
    }
