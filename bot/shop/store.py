"""Writes a shop into the tables: what is new or different, and what is gone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bot.catalogue import touch
from bot.runtime import machine_now
from bot.shop.scripts import Script
from bot.shop.spec import KeywordPart, SenderPart, SettingsPart, ShopPart, TopicPart
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
    put_settings(connection, shop)
    for slug, topic in shop.topics.items():
        put_topic(connection, slug, topic)
    for sender in shop.senders:
        put_sender(connection, sender)
    connection.execute(delete(Sender).where(Sender.number.not_in([sender.number for sender in shop.senders])))
    _keywords(connection, shop)
    report = Report(shop.brand, len(shop.topics), len(shop.senders), len(shop.keywords))
    _dialogs(connection, scripts, report)
    touch(connection)
    return report


def put_settings(connection: Connection, settings: SettingsPart) -> None:
    """The one row of the shop, and its fields. The row's lock makes two loads come one after the other."""
    values = settings.model_dump(include={"brand", "contact_line", "zone", "country", "languages"})
    _put(connection, Shop, {"id": 1}, {**values, "texts": settings.all_texts}, revision=1)
    for one in settings.fields:
        _put(connection, Field, {"name": one.name}, one.model_dump(exclude={"name"}))
    connection.execute(delete(Field).where(Field.name.not_in([one.name for one in settings.fields])))


def put_topic(connection: Connection, slug: str, topic: TopicPart) -> None:
    """A topic, new or changed."""
    _put(connection, Topic, {"slug": slug}, topic.model_dump())


def put_sender(connection: Connection, sender: SenderPart) -> None:
    """A number of ours, new or changed."""
    _put(connection, Sender, {"number": sender.number}, sender.model_dump(exclude={"number"}))


def publish(connection: Connection, name: str, source: str, number: int) -> None:
    """A dialog's new version, which takes the place of the one in force. Whoever is inside that one stays there."""
    retire(connection, [name])
    row = {"name": name, "number": number, "state": "published", "source": source, "made_at": machine_now()}
    connection.execute(insert(DialogVersion).values(**row))


def put_draft(connection: Connection, name: str, source: str, number: int) -> None:
    """What a dialog's next version may be. It takes the place of an earlier draft, and is in nobody's way."""
    forget_draft(connection, name)
    row = {"name": name, "number": number, "state": "draft", "source": source, "made_at": machine_now()}
    connection.execute(insert(DialogVersion).values(**row))


def forget_draft(connection: Connection, name: str) -> bool:
    """Whether there was one."""
    mine = (DialogVersion.name == name) & (DialogVersion.state == "draft")
    return bool(connection.execute(delete(DialogVersion).where(mine)).rowcount)


def retire(connection: Connection, names: Iterable[str]) -> None:
    """Nobody is led into these dialogs any more."""
    ended = (DialogVersion.state == "published") & DialogVersion.name.in_(list(names))
    connection.execute(update(DialogVersion).where(ended).values(state="retired"))


def _keywords(connection: Connection, shop: ShopPart) -> None:
    """Those that the tables say already stay, with their ids; so do those that have a phrase of theirs, said anew."""
    new = [keyword.model_dump() for keyword in shop.keywords]
    others = []
    for row in connection.execute(select(Keyword.__table__).order_by(Keyword.id)).all():
        said = {key: getattr(row, key) for key in KeywordPart.model_fields}
        if said in new:
            new.remove(said)
        else:
            others.append(row)
    for row in others:
        mine = Keyword.id == row.id
        same = next((one for one in new if _phrases(one["phrases"]) & _phrases(row.phrases)), None)
        if same is None:
            connection.execute(delete(Keyword).where(mine))
        else:
            new.remove(same)
            connection.execute(update(Keyword).where(mine).values(**same))
    if new:
        connection.execute(insert(Keyword), new)


def _phrases(by_language: Mapping[str, Iterable[str]]) -> set[str]:
    return {phrase for phrases in by_language.values() for phrase in phrases}


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
    retire(connection, report.retired)
    for name in report.published:
        publish(connection, name, scripts[name].source, last.get(name, 0) + 1)
