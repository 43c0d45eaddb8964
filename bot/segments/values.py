"""Conditions on what we remember of a contact: JSON text, or JSON numbers, in fields that some contacts lack."""

from typing import Any

from sqlalchemy import ColumnElement, Numeric, and_, case, cast, false, func, literal, not_

from bot.segments.rules import Value
from bot.segments.words import is_number
from models import Contact
from models.field import NUMBER

Condition = ColumnElement[bool]

DAY = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z"


def holds(value: Value, first_day: str | None, last_day: str | None) -> Condition:
    """All that is said of a value; `first_day` and `last_day` are its period, ISO text."""
    text = Contact.__table__.c["values"][value.field].as_string()
    day = case((text.regexp_match(DAY), text))
    tests: list[Condition] = []
    if value.is_ is not None:
        tests.append(_same(text, value.is_))
    if value.is_not is not None:
        tests.append(not_(_same(text, value.is_not)))
    if value.contains is not None:  # not LIKE: it has wildcards, and case means something on one database only
        tests.append(_sure(func.replace(text, value.contains, "") != text))
    if value.more_than is not None:
        tests.append(_sure(_worth(text) > _cast(literal(value.more_than))))
    if value.less_than is not None:
        tests.append(_sure(_worth(text) < _cast(literal(value.less_than))))
    if value.exists is not None:
        there = _sure(text != "")
        tests.append(there if value.exists else not_(there))
    tests += [_sure(day >= first_day)] if first_day else []
    tests += [_sure(day <= last_day)] if last_day else []
    return and_(*tests)


def _same(text: ColumnElement[str], wanted: str) -> Condition:
    """The same text; or, of two numbers, the same worth: 3, 3.0 and "3"."""
    return _sure(_worth(text) == _cast(literal(wanted)) if is_number(wanted) else text == wanted)


def _worth(text: ColumnElement[str]) -> ColumnElement[Any]:
    """What a text is worth; NULL when it is no number. CASE, because the cast would fail on it."""
    return case((text.regexp_match(NUMBER), _cast(text)))


def _cast(text: ColumnElement[str]) -> ColumnElement[Any]:
    return cast(text, Numeric(asdecimal=False))


def _sure(condition: Condition) -> Condition:
    """False where the database cannot tell, because the value is missing."""
    return func.coalesce(condition, false())
