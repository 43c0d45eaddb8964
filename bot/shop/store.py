"""Writes a shop into the tables: what is new or different, and what is gone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bot.catalogue import touch
from bot.runtime import machine_now
from bot.shop.check import Script
from bot.shop.spec import ShopPart
from models import DialogVersion, Field, Keyword, Sender, Shop, Topic, insert


@dataclass(slots=True)
class Report:
    """What a load has done."""

    brand: str
    topics: int
    senders: int
    keywords: int
    published: list[str] = field(default_factory=list)  # dialogs of which this is a new version
    unchanged: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)  # dialogs that are no longer in the file

    def lines(self) -> list[str]:
        """The report for people."""
        said = [f"{self.brand}: {self.topics} topics, {self.senders} numbers, {self.keywords} keywords."]
        for word in ("published", "unchanged", "retired"):
            if names := getattr(self, word):
                said.append(f"Dialogs {word}: {', '.join(names)}.")
        return said


def store(connection: Connection, shop: ShopPart, scripts: Mapping[str, Script]) -> Report:
    """Make the tables say what the file says. Topics that the file no longer names stay: people have agreed to them."""
    _shop(connection, shop)
    for slug, topic in shop.topics.items():
        _put(connection, Topic, {"slug": slug}, topic.model_dump())
    for sender in shop.senders:
        _put(connection, Sender, {"number": sender.number}, sender.model_dump(exclude={"number"}))
    for one in shop.fields:
        _put(connection, Field, {"name": one.name}, {"purpose": one.purpose})
    connection.execute(delete(Sender).where(Sender.number.not_in([sender.number for sender in shop.senders])))
    connection.execute(delete(Field).where(Field.name.not_in([one.name for one in shop.fields])))
    connection.execute(delete(Keyword))
    if shop.keywords:
        connection.execute(insert(Keyword), [keyword.model_dump() for keyword in shop.keywords])
    report = Report(shop.brand, len(shop.topics), len(shop.senders), len(shop.keywords))
    _dialogs(connection, scripts, report)
    touch(connection)
    return report


def _shop(connection: Connection, shop: ShopPart) -> None:
    """The one row. Its lock makes two loads come one after the other."""
    values = shop.model_dump(include={"brand", "contact_line", "zone", "country", "languages"})
    _put(connection, Shop, {"id": 1}, {**values, "texts": shop.all_texts}, revision=1)


def _put(
    connection: Connection, table: Any, key: dict[str, Any], values: dict[str, Any], **only_new: Any
) -> None:
    row = insert(table).values(**key, **values, **only_new)
    connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=values))


def _dialogs(connection: Connection, scripts: Mapping[str, Script], report: Report) -> None:
    versions = select(DialogVersion.name, DialogVersion.source, DialogVersion.state, DialogVersion.number)
    rows = connection.execute(versions.order_by(DialogVersion.number)).all()
    before = {row.name: row.source for row in rows if row.state == "published"}
    last = {row.name: row.number for row in rows}
    report.unchanged = [name for name, script in scripts.items() if before.get(name) == script.source]
    report.published = [name for name in scripts if name not in report.unchanged]
    report.retired = [name for name in before if name not in scripts]
    ended = (DialogVersion.state == "published") & DialogVersion.name.in_([*report.published, *report.retired])
    connection.execute(update(DialogVersion).where(ended).values(state="retired"))
    for name in report.published:
        row = {"name": name, "number": last.get(name, 0) + 1, "state": "published", "made_at": machine_now()}
        connection.execute(insert(DialogVersion).values(**row, source=scripts[name].source))
