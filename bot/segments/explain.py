"""Why a contact is in a segment, or is not: each piece of its rule asked by itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.segments.audience import contains
from bot.segments.compile import compile
from bot.segments.ground import Ground, ground
from bot.segments.parse import children, plain
from bot.segments.rules import Rule


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a rule, whether it holds, and the pieces inside it. `path`: where it stands, such as `all.1.not`."""

    path: str
    rule: Any
    holds: bool
    pieces: tuple["Piece", ...]


def explain(connection: Connection, rule: Rule, contact_id: int, now: datetime) -> Piece:
    """A rule asked of one contact, piece by piece: a query for each. Raises BadRule when something that it names is gone."""
    return _piece(connection, rule, contact_id, ground(connection, now), "")


def _piece(connection: Connection, rule: Rule, contact_id: int, here: Ground, path: str) -> Piece:
    inner = tuple(
        _piece(connection, part, contact_id, here, f"{path}.{at}" if path else at) for at, part in children(rule)
    )
    return Piece(path, plain(rule), contains(connection, compile(rule, here), contact_id), inner)
