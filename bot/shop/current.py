"""The shop as its tables hold it, in the shape of its file: so that a change can be tried on the whole before it is made."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, Row, select

from bot.catalogue import NoShop
from bot.shop.check import Ground, ground, wrong
from bot.shop.kept import together
from bot.shop.scripts import Script
from bot.shop.spec import FieldPart, KeywordPart, SenderPart, SettingsPart, ShopPart, Source, TopicPart, Where, shaped
from dialogs.load import Problem
from models import DialogVersion, Field, Keyword, Sender, Shop, Topic

TABLES = Path("the shop")  # what stands in place of a file; no dialog can be called so


class NoSuch(LookupError):
    """There is no such topic, number, keyword, dialog or version."""


@dataclass(frozen=True, slots=True)
class Current:
    """A whole shop, with its published dialogs by name. The numbers of its source are the ids of its keywords."""

    source: Source
    scripts: Mapping[str, Script]

    @property
    def shop(self) -> ShopPart:
        return self.source.shop

    @property
    def ground(self) -> Ground:
        """What its dialogs stand on."""
        return ground(self.shop, self.scripts)

    @property
    def keywords(self) -> dict[int, KeywordPart]:
        """By id."""
        return dict(zip(self.source.numbers, self.shop.keywords, strict=True))

    def saying(self, numbers: Sequence[int] | None = None, **parts: Any) -> "Current":
        """The same shop with other parts, as the file would have them. Raises ShopError."""
        kept = self.source.numbers if numbers is None else tuple(numbers)
        return replace(self, source=of_data(_plain(dict(self.shop) | parts), kept))

    def playing(self, new: Script) -> "Current":
        """The same shop with a dialog, new or another one in its place."""
        return replace(self, scripts={**self.scripts, new.dialog.name: new})

    def without(self, name: str) -> "Current":
        """The same shop without a dialog."""
        return replace(self, scripts={other: one for other, one in self.scripts.items() if other != name})

    def problems(self) -> list[Problem]:
        """All that is wrong with it."""
        return together(lambda: wrong(self.source, self.scripts))


def locked(connection: Connection) -> Current:
    """The shop as it is, and as it stays until this transaction ends: whoever changes it comes one after the other.

    Raises NoShop.
    """
    lock(connection)
    return current(connection)


def lock(connection: Connection) -> None:
    """Wait until nobody else changes the shop. Raises NoShop."""
    if connection.execute(select(Shop.id).with_for_update()).first() is None:
        raise NoShop


def current(connection: Connection) -> Current:
    """The shop as it is. Raises NoShop."""
    topics, senders = connection.execute(select(Topic.__table__).order_by(Topic.id)), connection.execute(select(Sender.__table__))
    keywords = connection.execute(select(Keyword.__table__).order_by(Keyword.id)).all()
    published = select(DialogVersion.name, DialogVersion.source).where(DialogVersion.state == "published")
    data = {
        **_plain(settings(connection)),
        "topics": {row.slug: said(TopicPart, row) for row in topics},
        "senders": [said(SenderPart, row) for row in senders],
        "keywords": [said(KeywordPart, row) for row in keywords],
    }
    scripts = {row.name: Script(row.name, row.source) for row in connection.execute(published)}
    return Current(of_data(data, tuple(row.id for row in keywords)), scripts)


def settings(connection: Connection) -> SettingsPart:
    """The shop without its topics, numbers, keywords and dialogs. Raises NoShop."""
    row = connection.execute(select(Shop.__table__)).one_or_none()
    if row is None:
        raise NoShop
    fields = connection.execute(select(Field.__table__).order_by(Field.id))
    own = {name: getattr(row, name) for name in SettingsPart.model_fields if name != "fields"}
    return SettingsPart.model_validate({**own, "fields": [said(FieldPart, one) for one in fields]})


def senders(connection: Connection) -> list[SenderPart]:
    """Our numbers, in the order in which they were made."""
    rows = connection.execute(select(Sender.__table__).order_by(Sender.id))
    return [SenderPart.model_validate(said(SenderPart, row)) for row in rows]


def kept_topics(connection: Connection, named: Collection[str]) -> dict[str, TopicPart]:
    """The topics that a file no longer names: they stay, since people have agreed to them, and are offered as before."""
    rows = connection.execute(select(Topic.__table__).where(Topic.slug.not_in(named)).order_by(Topic.id))
    return {row.slug: TopicPart.model_validate(said(TopicPart, row)) for row in rows}


def page(connection: Connection, table: Any, after: int, limit: int) -> Sequence[Row[Any]]:
    """Rows of topics, senders or keywords in the order in which they were made, from the one after this id."""
    return connection.execute(select(table.__table__).where(table.id > after).order_by(table.id).limit(limit)).all()


def one(connection: Connection, column: Any, value: Any) -> Row[Any]:
    """The row of a topic, sender or keyword that has this value. Raises NoSuch."""
    table = column.class_
    row = connection.execute(select(table.__table__).where(column == value)).one_or_none()
    if row is None:
        raise NoSuch(table.__tablename__)
    return row


def said(part: Any, row: Any) -> dict[str, Any]:
    """What a row says, as that part of the file has it."""
    return {name: getattr(row, name) for name in part.model_fields}


def news(before: Current, after: Current, is_own: Callable[[Problem], bool]) -> list[Problem]:
    """What is wrong with the parts that were changed, and what is newly wrong elsewhere because of them.

    What was wrong elsewhere before (checks grow stricter, topics outlive the file) does not stand in the way.
    """
    found = after.problems()
    earlier = set() if all(map(is_own, found)) else set(before.problems())
    return [problem for problem in found if problem not in earlier or is_own(problem)]


def of_data(data: Any, numbers: tuple[int, ...] = ()) -> Source:
    """Plain data as a shop, each part of it in its place. Raises ShopError."""
    return shaped(data, TABLES, dict.fromkeys(_places(data), 1), numbers)


def _plain(value: Any) -> Any:
    match value:
        case BaseModel():
            return _plain(value.model_dump())
        case dict():
            return {key: _plain(part) for key, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
    return value


def _places(value: Any, path: Where = ()) -> Iterator[Where]:
    """The path of each part of plain data, so that a problem can name it."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _places(part, (*path, key))
