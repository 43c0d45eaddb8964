"""Pictures that came with a text: fetched at the carrier when somebody first looks, and kept.

1. what is kept already is given at once
2. the carrier is asked, with no transaction open: only it knows which addresses are its own, and it calls no others
3. what came is kept with its message, if that is still there: who was erased meanwhile stays so
"""

import asyncio
import threading
from typing import Any

from sqlalchemy import Connection, Row, select

from bot import files
from bot.carriers import Unavailable
from bot.pictures.look import MOST_BYTES, PictureError, look
from bot.runtime import Runtime
from models import File, Message

FILE, MESSAGE = File.__table__, Message.__table__
PURPOSE = "inbound"
AT_ONCE = threading.BoundedSemaphore(4)  # calls of a process; its other threads hear what people text
TURN_WITHIN = 2.0  # seconds to wait for one of them


def theirs(runtime: Runtime, message_id: int, place: int) -> Row[Any] | None:
    """What came at that place of a text; None: nothing did. Without a type it is nothing that we show. Raises Unavailable."""
    with runtime.read() as connection:
        kept = _kept(connection, message_id, place)
        media = connection.scalar(select(MESSAGE.c.media).where(MESSAGE.c.id == message_id, MESSAGE.c.direction == "in"))
    if kept is None and media and place < len(media):
        content, about = _seen(_fetch(runtime, media[place]) or b"")
        with runtime.begin() as connection:
            kept = _keep(runtime, connection, content, about | {"message_id": message_id, "place": place})
    return kept


def _fetch(runtime: Runtime, address: str) -> bytes | None:
    if not AT_ONCE.acquire(timeout=TURN_WITHIN):
        raise Unavailable("too many at once")
    try:
        return asyncio.run(runtime.carrier.fetch(address, MOST_BYTES))
    finally:
        AT_ONCE.release()


def _seen(content: bytes) -> tuple[bytes, dict[str, Any]]:
    """What is no picture is remembered without its content, so that nobody fetches a film each time its text is read."""
    try:
        return content, look(content)._asdict()
    except PictureError:
        return b"", {"type": ""}


def _keep(runtime: Runtime, connection: Connection, content: bytes, about: dict[str, Any]) -> Row[Any] | None:
    still = select(MESSAGE.c.id).where(MESSAGE.c.id == about["message_id"]).with_for_update(read=True, key_share=True)
    if connection.scalar(still) is None:
        return None
    files.keep(connection, content, PURPOSE, "", runtime.machine_now(), **about)
    return _kept(connection, about["message_id"], about["place"])


def _kept(connection: Connection, message_id: int, place: int) -> Row[Any] | None:
    return connection.execute(select(FILE).where(FILE.c.message_id == message_id, FILE.c.place == place)).one_or_none()
