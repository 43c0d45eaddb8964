"""Canned answers: words that staff say again and again, by a name that is typed after a slash."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from bot.contacts import fields
from bot.inbox.work import InboxError
from bot.shop.check import NAMES
from bot.text.clean import MAX_UNITS, clean, units
from bot.text.merge import BadTemplate, tag_uses
from models import CannedAnswer, insert

MOST = 100  # of them: all are in the page of a thread
NAME = re.compile(r"[\w-]{1,30}")
CANNED = CannedAnswer.__table__


def all_canned(connection: Connection) -> Sequence[Row[Any]]:
    """All of them, by name."""
    return connection.execute(select(CANNED).order_by(CANNED.c.name).limit(MOST)).all()


def find_canned(connection: Connection, canned_id: int) -> Row[Any] | None:
    """One of them."""
    return connection.execute(select(CANNED).where(CANNED.c.id == canned_id)).one_or_none()


def make_canned(connection: Connection, name: str, texts: Mapping[str, str]) -> int:
    """One more; its id. Raises InboxError."""
    row = _checked(connection, name, texts)
    if (connection.scalar(select(func.count()).select_from(CANNED)) or 0) >= MOST:
        raise InboxError(("name", f"there are {MOST} already: delete one first"))
    made = connection.scalar(insert(CANNED).values(**row).on_conflict_do_nothing().returning(CANNED.c.id))
    if made is None:
        raise InboxError(("name", "there is one with this name already"))
    return int(made)


def change_canned(connection: Connection, canned_id: int, name: str, texts: Mapping[str, str]) -> None:
    """Say it anew. Raises InboxError."""
    row = _checked(connection, name, texts)
    if connection.scalar(select(CANNED.c.id).where(CANNED.c.name == row["name"], CANNED.c.id != canned_id)):
        raise InboxError(("name", "there is one with this name already"))
    connection.execute(update(CANNED).where(CANNED.c.id == canned_id).values(**row))


def drop_canned(connection: Connection, canned_id: int) -> None:
    """Let it go."""
    connection.execute(delete(CANNED).where(CANNED.c.id == canned_id))


def _checked(connection: Connection, name: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """What is kept. A merge tag that nothing can fill in is refused now, not while a customer waits."""
    name = clean(name).strip().removeprefix("/").casefold()
    kept = {language: clean(words).strip() for language, words in texts.items() if words.strip()}
    problems = [] if NAME.fullmatch(name) else [("name", "letters, figures and - only, at most 30")]
    problems += [] if kept else [("texts", "write what is answered")]
    known = {*NAMES, *(f"contact.{field}" for field in fields(connection))}
    for language, words in kept.items():
        problems += [(f"texts.{language}" if language else "texts", message) for message in _wrong(words, known)]
    if problems:
        raise InboxError(*problems)
    return {"name": name, "texts": kept}


def _wrong(words: str, known: Collection[str]) -> Iterator[str]:
    if units(words) > MAX_UNITS:
        yield f"at most {MAX_UNITS} characters, please"
        return
    try:
        tags = dict.fromkeys(".".join(use.path) for use in tag_uses(words))
    except BadTemplate as error:
        yield str(error)
        return
    for tag in tags:
        if tag not in known:
            yield f"{{{{ {tag} }}}} is not a merge tag that can be filled in: there is no such field"
