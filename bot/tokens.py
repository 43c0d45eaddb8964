"""The tokens of programs: made for a purpose, shown once, kept as a hash, taken back by name."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, String, cast, delete, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from bot.runtime import Runtime
from models import ApiToken, IdempotencyKey, insert

PREFIX = "parley_"  # so that scanners of code and logs know what they have found
ANSWERS_KEPT_FOR = timedelta(days=2)
FORGOTTEN_AT_ONCE = 1_000
NOTED_EVERY = timedelta(minutes=1)

SCOPES = {
    "contacts:read": "Look at contacts and what they consented to, with the words in which they did.",
    "contacts:write": "Make, change and erase contacts; whoever changes one is shown what is kept of them.",
    "contacts:export": "Read all that is held about a contact: texts, conversations, consent.",
    "consent:write": "Record what contacts agreed to or refused elsewhere.",
    "segments:read": "Look at segments and lists, count and explain them, with the numbers of some who are in.",
    "segments:write": "Make, change and delete segments, fill lists.",
    "campaigns:read": "Look at campaigns, their recipients by number and their balance, and why somebody gets one.",
    "campaigns:write": "Make and change drafts of campaigns.",
    "campaigns:send": "Schedule, pause, resume and cancel campaigns.",
    "messages:read": "Look at messages, theirs and ours.",
    "messages:write": "Send texts to one contact at a time.",
    "sending:read": "See whether all sending is halted, and how much waits.",
    "sending:write": "Halt all sending, whoever wants it, and let it go on.",
    "shop:read": "Look at the shop: settings, topics, numbers, keywords.",
    "shop:write": "Change the shop's settings, topics, numbers and keywords.",
    "dialogs:read": "Look at dialogs and their versions, check them and try them out.",
    "dialogs:write": "Draft dialogs, which nobody gets to see.",
    "dialogs:publish": "Publish and retire dialogs.",
    "texts:read": "Measure texts, and ask what they would be taken for.",
}
"""What a token may be for, each with its sentence."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was let in."""

    id: int
    name: str
    scopes: frozenset[str]


class TokenError(ValueError):
    """No such token can be made or taken back."""


def create(connection: Connection, name: str, scopes: Sequence[str], now: datetime) -> str:
    """Make a token and return its secret, which nobody can look up again. Raises TokenError. `now`: machine time."""
    if not name.strip():
        raise TokenError("a token needs a name: say what it is for")
    for unknown in set(scopes) - SCOPES.keys():
        raise TokenError(f"there is no scope {unknown}: {', '.join(SCOPES)}")
    secret = PREFIX + secrets.token_urlsafe(32)
    row = {"name": name.strip(), "digest": _digest(secret), "scopes": sorted(set(scopes)), "made_at": now}
    # The name of one that was taken back is free again; that one is told apart by its number.
    earlier = update(ApiToken).where(ApiToken.name == row["name"], ApiToken.revoked_at.is_not(None))
    try:
        with connection.begin_nested():
            connection.execute(earlier.values(name=ApiToken.name + " #" + cast(ApiToken.id, String)))
            connection.execute(insert(ApiToken).values(**row))
    except IntegrityError:
        raise TokenError(f"there is a token {name.strip()!r} already") from None
    return secret


def find(runtime: Runtime, secret: str) -> Token | None:
    """The token with this secret, unless it was taken back. Its last use is noted, once a minute at most."""
    now = runtime.machine_now()
    with runtime.read() as connection:
        mine = select(ApiToken.__table__).where(ApiToken.digest == _digest(secret), ApiToken.revoked_at.is_(None))
        row = connection.execute(mine).one_or_none()
    if row is None:
        return None
    if row.used_at is None or row.used_at < now - NOTED_EVERY:
        with runtime.begin() as connection:
            connection.execute(update(ApiToken).where(ApiToken.id == row.id).values(used_at=now))
    return Token(row.id, row.name, frozenset(row.scopes))


def all_tokens(connection: Connection) -> Sequence[Row[Any]]:
    """Every token, also those that were taken back, the oldest first. Their secrets are not kept."""
    return connection.execute(select(ApiToken.__table__).order_by(ApiToken.id)).all()


def revoke(connection: Connection, name: str, now: datetime) -> None:
    """Take a token back, for good. Raises TokenError."""
    mine = update(ApiToken).where(ApiToken.name == name, ApiToken.revoked_at.is_(None))
    if not connection.execute(mine.values(revoked_at=now)).rowcount:
        raise TokenError(f"there is no token {name!r} that could be taken back")


def forget_answers(runtime: Runtime) -> int:
    """What requests with an Idempotency-Key were answered is kept for two days, and no longer. Returns how many went."""
    old = select(IdempotencyKey.token_id, IdempotencyKey.key).where(
        IdempotencyKey.at < runtime.machine_now() - ANSWERS_KEPT_FOR
    )
    with runtime.read() as connection:
        if connection.execute(old.limit(1)).first() is None:
            return 0
    with runtime.begin() as connection:
        some = tuple_(IdempotencyKey.token_id, IdempotencyKey.key).in_(old.limit(FORGOTTEN_AT_ONCE))
        return connection.execute(delete(IdempotencyKey).where(some)).rowcount


def _digest(secret: str) -> str:
    """The secret is 256 random bits: a plain hash tells nobody anything."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
