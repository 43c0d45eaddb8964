"""Contacts looked for: by what somebody types, by tag, consent and segment. The newest come first."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, false, func, or_, select, true

from bot import segments
from bot.catalogue import catalogue
from bot.contacts.records import CONTACT, fields
from bot.text.clean import clean
from models import ContactTag, Subscription
from models.phone import beginning, parse

MOST_TAGS = 200  # names of tags that are told
LONGEST = 200  # letters: nobody looks for more

TAG, SUBSCRIPTION = ContactTag.__table__, Subscription.__table__
_names = select(func.min(TAG.c.tag).label("tag")).cte("names", recursive=True)
_next = select(func.min(TAG.c.tag)).where(TAG.c.tag > _names.c.tag).scalar_subquery()
_names = _names.union_all(select(_next).select_from(_names).where(_names.c.tag.is_not(None)))
# From one name to the next by the index: however many contacts have a tag, it is read once.
TAGS = select(_names.c.tag).where(_names.c.tag.is_not(None)).limit(MOST_TAGS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is looked for; what is empty is not asked.

    `text`: a number in any local writing, the beginning of it, of a value, or of a tag. `topic`: they are in for it.
    """

    text: str = ""
    tag: str = ""
    topic: str = ""
    opted_out: bool = False
    segment: int | None = None  # or list


def condition(connection: Connection, wanted: Wanted, now: datetime, *, whole_numbers: bool = False) -> ColumnElement[bool]:
    """All of it, as a condition on `Contact.__table__`. Raises BadRule for what is not there, and NoShop.

    `whole_numbers`: the beginning of a number finds nobody.
    """
    tests: list[ColumnElement[bool]] = [true()]
    if wanted.text:
        tests.append(_says(connection, clean(wanted.text), whole_numbers))
    rules = [{name: said} for name, said in (("tag", wanted.tag), ("topic", wanted.topic)) if said]
    if rules:
        tests.append(segments.holding(connection, segments.parse({"all": rules}), now))
    if wanted.opted_out:
        tests.append(CONTACT.c.stopped_at.is_not(None))
    if wanted.segment is not None:
        tests.append(segments.condition(connection, wanted.segment, now))
    return and_(*tests)


def search(connection: Connection, where: ColumnElement[bool], before: int | None, limit: int) -> Sequence[Row[Any]]:
    """Those for whom a condition holds, the newest first, from the one before this id."""
    rows = select(CONTACT).where(where).order_by(CONTACT.c.id.desc()).limit(limit)
    return connection.execute(rows if before is None else rows.where(CONTACT.c.id < before)).all()


def count(connection: Connection, where: ColumnElement[bool], most: int) -> int:
    """For how many a condition holds; one more than `most` when there are more: nobody counts further."""
    some = select(CONTACT.c.id).where(where).limit(most + 1).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def topics(connection: Connection, contact_ids: Sequence[int]) -> Mapping[int, list[str]]:
    """The topics that each of these contacts is in for, but for a STOP."""
    found: dict[int, list[str]] = {id_: [] for id_ in contact_ids}
    mine = select(SUBSCRIPTION.c.contact_id, SUBSCRIPTION.c.topic).where(SUBSCRIPTION.c.contact_id.in_(contact_ids))
    for contact_id, topic in connection.execute(mine.where(SUBSCRIPTION.c.state == "in").order_by(SUBSCRIPTION.c.topic)):
        found[contact_id].append(topic)
    return found


def by_topic(connection: Connection) -> Mapping[str, int]:
    """How many are in for each topic and have not said STOP."""
    mine = select(SUBSCRIPTION.c.topic, func.count()).join(CONTACT, CONTACT.c.id == SUBSCRIPTION.c.contact_id)
    in_force = mine.where(SUBSCRIPTION.c.state == "in", CONTACT.c.stopped_at.is_(None)).group_by(SUBSCRIPTION.c.topic)
    return {row[0]: row[1] for row in connection.execute(in_force)}


def all_tags(connection: Connection) -> Sequence[str]:
    """The names of all tags, in order; the first MOST_TAGS of them."""
    return connection.scalars(TAGS).all()


def _says(connection: Connection, text: str, whole_numbers: bool) -> ColumnElement[bool]:
    country = catalogue(connection).shop.country
    if number := parse(text, country):
        return CONTACT.c.phone == number
    begins = None if whole_numbers else beginning(text, country)
    if begins and text.startswith("+"):
        return _numbered(begins)
    theirs = select(1).where(TAG.c.contact_id == CONTACT.c.id, _begins(TAG.c.tag, text)).correlate(CONTACT).exists()
    values = (_begins(CONTACT.c["values"][name].as_string(), text) for name in fields(connection))
    return or_(*([_numbered(begins)] if begins else []), theirs, *values)


def _numbered(begins: str) -> ColumnElement[bool]:
    """Numbers that begin so, by their index: those from it to the next one of that length."""
    after = begins.rstrip("9")
    here = CONTACT.c.phone >= begins
    return and_(here, CONTACT.c.phone < after[:-1] + str(int(after[-1]) + 1)) if after != "+" else here


def _begins(words: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """In any case of letters, with their accents or without: `elodie` begins Élodie, and the other way round."""
    return words.regexp_match(r"\A" + "".join(_alike(letter) for letter in text)) if len(text) <= LONGEST else false()


def _alike(letter: str) -> str:
    """A letter as a pattern for both databases: all that are this one but for case and, of Latin ones, accents."""
    if not letter.isalpha():
        return re.escape(letter)
    cases = (one for one in (letter, letter.lower(), letter.upper()) if len(one) == 1)
    return f"[{_latin().get(_plain(letter)) or ''.join(cases)}]"


@lru_cache(maxsize=1)
def _latin() -> dict[str, str]:
    """By the plain small letter."""
    found: dict[str, str] = {}
    for letter in filter(str.isalpha, map(chr, (*range(0x41, 0x250), *range(0x1E00, 0x1F00)))):
        found[_plain(letter)] = found.get(_plain(letter), "") + letter
    return found


def _plain(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)[0].lower()
