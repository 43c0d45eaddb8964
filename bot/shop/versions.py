"""Dialogs and their versions: drafted, checked, published, put back, retired. At most one draft and one published each.

Whoever is inside a version stays there until its end, whatever is published or retired meanwhile.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Connection, Row, func, select

from bot.catalogue import touch
from bot.shop.current import Current, NoSuch, current, lock, locked, news
from bot.shop.kept import together
from bot.shop.scripts import Script
from bot.shop.spec import ShopError
from bot.shop.store import forget_draft, put_draft, retire
from bot.shop.store import publish as put_version
from bot.shop.uses import InUse, of_dialog
from dialogs.load import Problem, problem
from dialogs.parts import Name
from models import Conversation, DialogVersion
from models.conversation import LIVE

LONGEST_NAMED = 50  # characters of a name that cannot be one, as it is told
_NAME: TypeAdapter[str] = TypeAdapter(Name)
_MINE = DialogVersion.__table__.c
_TOLD = [column for column in _MINE if column is not _MINE.source]  # long, and seldom asked for


@dataclass(frozen=True, slots=True)
class Story:
    """A dialog through all its versions, the oldest first; `inside`: how many people are in each, by its id."""

    name: str
    versions: Sequence[Row[Any]]
    inside: Mapping[int, int]

    @property
    def id(self) -> int:
        """Of its first version: dialogs are told in the order in which they were made."""
        return int(self.versions[0].id)

    @property
    def draft(self) -> Row[Any] | None:
        return self._in("draft")

    @property
    def published(self) -> Row[Any] | None:
        return self._in("published")

    @property
    def latest(self) -> Row[Any]:
        """What is worked on: the draft, else what is published, else the last version."""
        return self.draft or self.published or self.versions[-1]

    @property
    def state(self) -> str:
        """published, or draft when it never was, or retired."""
        if self.published is not None:
            return "published"
        return "retired" if self._in("retired") is not None else "draft"

    @property
    def shown(self) -> Row[Any]:
        """What people know it by: what is published, else what is worked on."""
        return self.published or self.latest

    @property
    def people(self) -> int:
        """Inside any of its versions."""
        return sum(self.inside[row.id] for row in self.versions)

    def version(self, number: int) -> Row[Any]:
        """One version. Raises NoSuch."""
        for row in self.versions:
            if row.number == number:
                return row
        raise NoSuch("version")

    def _in(self, state: str) -> Row[Any] | None:
        return next((row for row in self.versions if row.state == state), None)


def stories(connection: Connection, after: int, limit: int) -> list[Story]:
    """Dialogs that there are or have been, in the order in which they were made, from the one after this id."""
    begun = func.min(_MINE.id)
    names = select(_MINE.name).group_by(_MINE.name).having(begun > after).order_by(begun).limit(limit)
    return _stories(connection, _MINE.name.in_(connection.scalars(names).all()))


def _stories(connection: Connection, which: ColumnElement[bool]) -> list[Story]:
    rows: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(select(*_TOLD).where(which).order_by(_MINE.number)):
        rows.setdefault(row.name, []).append(row)
    ids = [row.id for all_ in rows.values() for row in all_]
    count = select(Conversation.version_id, func.count()).where(LIVE, Conversation.version_id.in_(ids))
    inside: dict[int, int] = defaultdict(int, connection.execute(count.group_by(Conversation.version_id)).all())
    return sorted((Story(name, all_, inside) for name, all_ in rows.items()), key=lambda story: story.id)


def sources(connection: Connection, rows: Sequence[Row[Any]]) -> dict[int, str]:
    """The YAML of versions, by their ids."""
    which = _MINE.id.in_([row.id for row in rows])
    return dict(connection.execute(select(_MINE.id, _MINE.source).where(which)).all())


def source(connection: Connection, row: Row[Any]) -> str:
    """The YAML of a version."""
    return sources(connection, [row])[row.id]


def titles(connection: Connection, stories: Sequence[Story]) -> dict[str, dict[str, str] | None]:
    """Words for people, by dialog and language; of what cannot be read, none."""
    written = sources(connection, [story.shown for story in stories])
    scripts = {story.name: Script(story.name, written[story.shown.id]) for story in stories}
    return together(lambda: {name: None if one.problems else one.dialog.title for name, one in scripts.items()})


def abouts(connection: Connection) -> dict[str, str | None]:
    """What each published dialog is about, its topic; of what cannot be read, none."""
    rows = connection.execute(select(_MINE.name, _MINE.source).where(_MINE.state == "published"))
    scripts = [Script(row.name, row.source) for row in rows]
    return together(lambda: {one.file: None if one.problems else one.dialog.topic for one in scripts})


def story(connection: Connection, name: str) -> Story:
    """A dialog through all its versions. Raises NoSuch."""
    for found in _stories(connection, _MINE.name == name):
        return found
    raise NoSuch("dialog")


def draft(connection: Connection, name: str, source: str) -> bool:
    """Keep YAML as the draft of a dialog, whatever is wrong with it; whether the dialog is new. Raises NoShop, ShopError."""
    try:
        _NAME.validate_python(name)
    except ValidationError:
        named = f"`{name[:LONGEST_NAMED]}` is no name: it begins with a letter and has letters, digits, _ and - (64 at most)"
        raise ShopError([Problem(name, 1, "name", named)]) from None
    lock(connection)
    earlier = _stories(connection, _MINE.name == name)
    put_draft(connection, name, source, _next(earlier))
    return not earlier


def restore(connection: Connection, name: str, number: int) -> None:
    """An earlier version becomes the draft. Raises NoShop, NoSuch, ShopError."""
    draft(connection, name, source(connection, story(connection, name).version(number)))


def check(connection: Connection, name: str, source: str) -> list[Problem]:
    """All that keeps YAML from being published as this dialog. Raises NoShop."""
    return _wrong(current(connection), name, source)


def publish(connection: Connection, name: str) -> int:
    """The draft takes the place of the published version; its number. Raises NoShop, NoSuch, InUse, ShopError."""
    before = locked(connection)
    found = story(connection, name)
    if found.draft is None:
        raise InUse("there is no draft")
    new = source(connection, found.draft)
    problems = _wrong(before, name, new)
    if problems:
        raise ShopError(problems)
    number = _next([found])
    forget_draft(connection, name)
    put_version(connection, name, new, number)
    touch(connection)
    return number


def drop(connection: Connection, name: str, now: datetime) -> None:
    """Retire a dialog that nothing opens, and throw its draft away. `now`: business time. Raises NoShop, NoSuch, InUse."""
    before = locked(connection)
    story(connection, name)
    if needed := list(of_dialog(connection, name, before.ground, before.without(name).ground, now)):
        raise InUse("; ".join(needed))
    forget_draft(connection, name)
    retire(connection, [name])
    touch(connection)


def drop_draft(connection: Connection, name: str) -> None:
    """Throw the draft of a dialog away. Raises NoShop, NoSuch."""
    lock(connection)
    if not forget_draft(connection, name):
        raise NoSuch("draft")


def published(connection: Connection) -> Mapping[str, Script]:
    """The dialogs that are in force, by name. Raises NoShop."""
    return current(connection).scripts


def _next(stories: Sequence[Story]) -> int:
    return max((row.number for found in stories for row in found.versions if row.state != "draft"), default=0) + 1


def _wrong(before: Current, name: str, source: str) -> list[Problem]:
    new = Script(name, source)
    if new.problems:
        return list(new.problems)
    if new.dialog.name != name:
        return [problem(name, new.dialog.lines, ("name",), f"this dialog is called `{name}` here")]
    return news(before, before.playing(new), lambda one: one.file == name)
