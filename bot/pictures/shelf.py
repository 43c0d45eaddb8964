"""The shop's pictures: kept, listed, renamed, deleted once nothing says them any more."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Executable, Row, Select, String, cast, or_, select, union_all, update

from bot import files
from bot.pictures.look import EXTENSIONS, Look, PictureError
from bot.pictures.public import PATH, PREFIX, path
from bot.runtime import Runtime
from models import Campaign, Conversation, DialogVersion, File, Keyword, Message, Shop
from models.conversation import LIVE
from models.message import in_state

PURPOSE = "picture"
LONGEST_NAME = 60  # characters
OVER = ("finished", "cancelled")  # of campaigns
FILE = File.__table__


class Uses(NamedTuple):
    """Who still says a picture."""

    dialogs: list[str]  # their names
    keywords: list[int]  # their ids
    campaigns: list[str]
    texts: list[int]  # that have not left: their ids


def keep(connection: Connection, content: bytes, seen: Look, name: str, now: datetime) -> tuple[int, bool]:
    """A picture for the shelf: its id, and whether it is new; the same bytes are kept once. Raises PictureError.

    `seen`: what `look` says of it, which takes its time and so comes before any transaction.
    """
    there = select(FILE.c.id).where(FILE.c.purpose == PURPOSE, FILE.c.digest == files.digest(content))
    while True:  # again, where it was deleted between the two statements
        made = files.keep(connection, content, PURPOSE, _name(name), now, **seen._asdict())
        if made is not None:
            return made, True
        known = connection.scalar(there)
        if known is not None:
            return int(known), False


def find(connection: Connection, file_id: int) -> Row[Any] | None:
    """One of the shop's pictures."""
    return files.find(connection, file_id, PURPOSE)


def there(connection: Connection, path: str) -> bool:
    """Whether a path is that of one of the shop's pictures. The signature is not compared: whoever chooses one copies it."""
    match = PATH.fullmatch(path)
    row = find(connection, int(match[1])) if match else None
    return match is not None and row is not None and EXTENSIONS[row.type] == match[3]


def gone(runtime: Runtime, connection: Connection, addresses: Iterable[str]) -> list[str]:
    """Those of these addresses that are ours and lead to no picture."""
    base = runtime.settings.base_url + "/"
    return [one for one in addresses if one.startswith(base) and not there(connection, one.removeprefix(base[:-1]))]


def page(connection: Connection, before: int | None, limit: int) -> Sequence[Row[Any]]:
    """The shop's pictures, the newest first, or those made before this id."""
    rows = select(FILE).where(FILE.c.purpose == PURPOSE).order_by(FILE.c.id.desc()).limit(limit)
    return connection.execute(rows if before is None else rows.where(FILE.c.id < before)).all()


def pictures(runtime: Runtime, connection: Connection, limit: int = 200) -> list[tuple[str, str]]:
    """The latest pictures, each with its public address and its name: for who chooses one."""
    base = runtime.settings.base_url
    return [(base + path(runtime, row), row.name) for row in page(connection, None, limit)]


def change(connection: Connection, file_id: int, name: str) -> None:
    """Call it something else. Its address stays. Raises PictureError."""
    connection.execute(update(File).where(File.id == file_id, File.purpose == PURPOSE).values(name=_name(name)))


def drop(runtime: Runtime, connection: Connection, row: Any) -> None:
    """Delete a picture: its address is dead at once. Raises PictureError while something says it.

    Whoever changes keywords or dialogs comes before it or after it, as they do among themselves (`bot.shop.current.lock`).
    """
    connection.execute(select(Shop.id).with_for_update())
    if any(uses(runtime, connection, [row])[row.id]):
        raise PictureError("it is still in use", "")
    files.drop(connection, row.id)


def uses(runtime: Runtime, connection: Connection, rows: Sequence[Any]) -> dict[int, Uses]:
    """What says each of these pictures: dialogs that hold or that somebody is inside of, keywords, campaigns that are not over,
    texts that have not left. Four statements, however many pictures.
    """
    inside = select(Conversation.version_id).where(LIVE)
    in_force = or_(DialogVersion.state.in_(("draft", "published")), DialogVersion.id.in_(inside))
    dialogs = _found(connection, _saying(DialogVersion.source, DialogVersion.name, in_force))
    keywords = _found(connection, _saying(Keyword.picture, Keyword.id, Keyword.picture.is_not(None)))
    campaigns = _found(connection, _saying(Campaign.media, Campaign.name, Campaign.state.not_in(OVER)))
    texts = _found(connection, TEXTS)

    def of(row: Any) -> Uses:
        said = path(runtime, row)
        return Uses(*(sorted({one for one, where in found if said in where}) for found in (dialogs, keywords, campaigns, texts)))

    return {row.id: of(row) for row in rows}


def _saying(where: Any, what: Any, which: ColumnElement[bool]) -> Select[Any]:
    """What says any picture of ours, and the text in which it does."""
    said = cast(where, String)
    return select(what, said).where(said.contains(PREFIX), which)


def _found(connection: Connection, saying: Executable) -> list[tuple[Any, str]]:
    return [(one, text) for one, text in connection.execute(saying)]


NOT_LEFT = (  # each finds its own partial index, which all of them together would not
    in_state("ready") & Message.batch_id.is_(None),
    in_state("held"),
    in_state("sending", "answered", "unknown"),
)
TEXTS = union_all(*(_saying(Message.media, Message.id, which & Message.campaign_id.is_(None)) for which in NOT_LEFT))


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise PictureError("say what one sees on it", "name")
    if len(name) > LONGEST_NAME:
        raise PictureError(f"at most {LONGEST_NAME} characters, please", "name")
    return name
