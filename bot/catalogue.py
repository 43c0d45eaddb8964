"""What the shop has set up (texts, topics, senders, keywords, dialogs), read once per revision and then held in memory."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, select, update

from dialogs.compile import Compiled
from dialogs.compile import compile as compile_dialog
from dialogs.load import load
from dialogs.topics import Topics
from keywords.table import Entry, KeywordReply, Phrase, Table, build
from keywords.text import fold
from models import DialogVersion, Field, Keyword, Sender, Shop, Topic
from models.field import meant

REVISION = select(Shop.__table__.c.revision)
_compiled: dict[tuple[str, int], Compiled] = {}  # (database, version id): a published version never changes
_latest: dict[str, "Catalogue"] = {}  # database -> what it held at its newest known revision


@dataclass(frozen=True)
class Catalogue:
    """One revision of what the shop has set up."""

    revision: int
    shop: Row[Any]
    topics: Mapping[str, Row[Any]]
    senders: Mapping[str, Row[Any]]
    fields: Mapping[str, str]  # each with its type
    keywords: Table
    published: Mapping[str, int]  # dialog -> id of its published version
    database: str

    @property
    def topic_names(self) -> Topics:
        """The topics as dialogs offer and hear them."""
        return {slug: row.names for slug, row in self.topics.items()}

    def text(self, name: str, language: str) -> str:
        """One of the shop's own texts in this language, else in the shop's first language."""
        return in_language(self.shop.texts[name], language, self.shop.languages[0])

    def context(self, language: str, topic: str | None, ours: str, contact: Mapping[str, Any]) -> dict[str, Any]:
        """What merge tags can say of the shop, a topic and a contact's values: plain data only."""
        known, first = self.topics.get(topic or ""), self.shop.languages[0]
        words = {
            "name": known.names, "frequency": known.frequencies, "fees": known.fees, "contact": known.contacts,
        } if known else {}  # fmt: skip
        return {
            "brand": self.shop.brand,
            "contact_line": self.shop.contact_line,
            "sender": ours,
            "contact": self.meant(contact),
            "language": language,  # in which days and numbers are written; no tag of its own
            "topic": {name: in_language(said, language, first) for name, said in words.items()},
        }

    def meant(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is kept of a contact as merge tags take it: numbers, days, true and false, each by the type of its field."""
        typed = {name: meant(self.fields[name], value) for name, value in values.items() if name in self.typed}
        return {**values, **typed} if typed else values

    @cached_property
    def typed(self) -> Collection[str]:
        """The fields that keep something else than a text."""
        return {name for name, type_ in self.fields.items() if type_ != "text"}

    def answers_stop(self, ours: str) -> bool:
        """Whether on this number of ours STOP is answered by us, not by the carrier."""
        sender = self.senders.get(ours)
        return sender is not None and sender.opt_out == "self"

    def sender_for(self, country: str | None) -> str | None:
        """The number of ours from which people of a country are texted: the first one there, else the first of all."""
        return self._senders.get(country or "") or next(iter(self.senders), None)

    @cached_property
    def _senders(self) -> dict[str, str]:
        return {row.country: number for number, row in reversed(list(self.senders.items()))}

    def version(self, connection: Connection, version_id: int) -> Compiled:
        """A dialog as it was in this version, compiled once per process."""
        key = (self.database, version_id)
        if key not in _compiled:
            source = connection.scalar(select(DialogVersion.source).where(DialogVersion.id == version_id))
            if source is None:
                raise LookupError(f"dialog version {version_id} is gone")
            _compiled[key] = compile_dialog(load(source), fold)
        return _compiled[key]


class NoShop(LookupError):
    """The tables are there, but nobody has said yet whose shop this is."""

    def __init__(self) -> None:
        super().__init__("no shop is set up yet: do it at /admin/shop, or with parley shop load FILE")


def in_language(words: Mapping[str, str], language: str, fallback: str) -> str:
    """The words in a language; where they were not written in it, in the fallback, else in any ("" serves every language)."""
    return words.get(language) or words.get("") or words.get(fallback) or next(iter(words.values()), "")


def catalogue(connection: Connection, revision: int | None = None) -> Catalogue:
    """The current catalogue. One query when it is unchanged, none when the caller has just read the revision."""
    database = str(connection.engine.url)
    if revision is None:
        revision = connection.scalar(REVISION) or 0
    held = _latest.get(database)
    if held is None or held.revision != revision:
        held = _latest[database] = _read(connection, revision, database)
    return held


def touch(connection: Connection) -> None:
    """Say that something of the catalogue has changed, in the transaction that changes it."""
    connection.execute(update(Shop).values(revision=Shop.revision + 1))


def _read(connection: Connection, revision: int, database: str) -> Catalogue:
    shop = connection.execute(select(Shop.__table__)).one_or_none()
    if shop is None:
        raise NoShop
    topics = connection.execute(select(Topic.__table__).order_by(Topic.id)).all()
    senders = connection.execute(select(Sender.__table__)).all()
    fields = connection.execute(select(Field.name, Field.type)).all()
    versions = connection.execute(
        select(DialogVersion.name, DialogVersion.id).where(DialogVersion.state == "published")
    ).all()
    entries = [entry(row) for row in connection.execute(select(Keyword.__table__).order_by(Keyword.id))]
    table, _ = build(entries)
    return Catalogue(
        revision=revision,
        shop=shop,
        topics=MappingProxyType({row.slug: row for row in topics}),
        senders=MappingProxyType({row.number: row for row in senders}),
        fields=MappingProxyType({row.name: row.type for row in fields}),
        keywords=table,
        published=MappingProxyType({row.name: row.id for row in versions}),
        database=database,
    )


def entry(row: Any) -> Entry:
    """A keyword's row as the entry that the keyword table is built from."""
    phrases = tuple(Phrase(text, language or None) for language, texts in row.phrases.items() for text in texts)
    reply = KeywordReply(row.reply, row.picture, row.topic) if row.reply else None
    return Entry(row.id, phrases, row.mode, row.dialog, row.interrupts, reply)
