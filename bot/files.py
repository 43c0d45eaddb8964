"""Files: kept in pieces, found, read piece by piece. Any process on any host can, for they lie in the database."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from bot.runtime import Runtime
from models import File, FilePiece, insert

PIECE = 256 * 1024  # bytes
FILE = File.__table__


class Gone(Exception):
    """The file was deleted while it was read."""


def keep(connection: Connection, content: bytes, purpose: str, name: str, now: datetime, **more: Any) -> int | None:
    """A new file; its id. None: there is one already, where there may only be one."""
    known = {"purpose": purpose, "name": name, "size": len(content), "digest": digest(content), "made_at": now, **more}
    made = connection.scalar(insert(File).values(**known).on_conflict_do_nothing().returning(File.id))
    if made is None:
        return None
    pieces = [content[begin : begin + PIECE] for begin in range(0, len(content), PIECE)]
    if pieces:
        rows = [{"file_id": made, "number": number, "content": piece} for number, piece in enumerate(pieces)]
        connection.execute(insert(FilePiece), rows)
    return int(made)


def digest(content: bytes) -> str:
    """By which the same content is known again."""
    return hashlib.sha256(content).hexdigest()


def find(connection: Connection, file_id: int, purpose: str) -> Row[Any] | None:
    """A file of that purpose, without its content."""
    return connection.execute(select(FILE).where(FILE.c.id == file_id, FILE.c.purpose == purpose)).one_or_none()


def drop(connection: Connection, file_id: int) -> None:
    """Forget a file and its content."""
    connection.execute(delete(File).where(File.id == file_id))


def read(runtime: Runtime, row: Any) -> Iterator[bytes]:
    """A file's content, a piece and a short transaction at a time. Raises Gone: nobody must take a part for the whole."""
    for number in range(-(-row.size // PIECE)):
        with runtime.read() as connection:
            piece = select(FilePiece.content).where(FilePiece.file_id == row.id, FilePiece.number == number)
            content = connection.scalar(piece)
        if content is None:
            raise Gone(row.id)
        yield content
