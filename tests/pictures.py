"""Pictures for tests, made by hand: small, whole, and of any size that they claim."""

import base64
import struct
import zlib

from bot import pictures
from bot.runtime import Runtime


def png(width: int = 3, height: int = 2, claims: tuple[int, int] | None = None, shade: int = 120) -> bytes:
    """A grey PNG; `claims`: the size that its header tells instead."""
    told = claims or (width, height)
    rows = b"".join(b"\0" + bytes([shade]) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", *told, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==")
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////"
    "wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z"
)


def data(content: bytes, kind: str = "image/png") -> str:
    """As the phone's page hands a picture to the simulated carrier."""
    return f"data:{kind};base64," + base64.b64encode(content).decode()


def shelved(runtime: Runtime, content: bytes | None = None) -> str:
    """The path of a new picture of the shop."""
    content = content or png()
    with runtime.begin() as connection:
        made, _ = pictures.keep(connection, content, pictures.look(content), "Candles", runtime.machine_now())
        return pictures.path(runtime, pictures.find(connection, made))
