"""What a picture is, by its bytes alone: what it is called, who sent it and what they say that it is count for nothing.

Only the headers are read, nothing is decoded: a few bytes can claim to be a picture that fills a machine's memory.
Sources: PNG specification (W3C) 5 and 11.2; GIF89a specification (CompuServe); JPEG, ITU-T T.81, annex B.
"""

from collections.abc import Iterator
from typing import NamedTuple

MOST_BYTES = 5_000_000  # Twilio docs, "Accepted content types for media": 5 MB for a message with all that is in it
MOST_BLOCKS = 50_000  # twice what a GIF of that size is made of; a hostile file of millions would keep a thread busy
MOST_PIXELS = 50_000_000  # more than any phone's camera sends, and 200 MB once decoded
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif"}
"""The kinds that carriers take and make fit for every phone."""
TOO_LARGE = f"a picture may have {MOST_BYTES // 1_000_000} MB at most: carriers take no more"

PNG = b"\x89PNG\r\n\x1a\n"
SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # JPEG: frames of all kinds tell the size
BARE = {0x01, *range(0xD0, 0xD8)}  # JPEG: markers without a length


class PictureError(ValueError):
    """It cannot be shown or sent; says why, in words for whoever chose it."""

    def __init__(self, message: str, field: str = "picture") -> None:
        super().__init__(message)
        self.field = field


class Look(NamedTuple):
    """A picture's type, and its size in pixels."""

    type: str
    width: int
    height: int


def look(content: bytes) -> Look:
    """What these bytes are. Raises PictureError."""
    if not content:
        raise PictureError("the file is empty")
    if len(content) > MOST_BYTES:
        raise PictureError(TOO_LARGE)
    kind = next((kind for begin, kind in BEGINNINGS.items() if content.startswith(begin)), None)
    if kind is None:
        raise PictureError("this is no JPEG, PNG or GIF: phones show no other pictures")
    type_, size_of = kind
    try:
        width, height = size_of(content)
    except (IndexError, ValueError):
        raise PictureError("the picture is damaged or not whole") from None
    if width * height > MOST_PIXELS:
        raise PictureError(f"a picture may have {MOST_PIXELS // 1_000_000} million pixels at most")
    return Look(type_, width, height)


def _png(content: bytes) -> tuple[int, int]:
    """Chunks one after the other: the first tells the size, some hold the picture, the last says that it is whole."""
    kinds = list(_chunks(content))
    if kinds[0] != (b"IHDR", 13) or (b"IEND", 0) not in kinds or b"IDAT" not in dict(kinds):
        raise ValueError("not whole")
    return _size(content[16:20], content[20:24])


def _chunks(content: bytes) -> Iterator[tuple[bytes, int]]:
    at, blocks = len(PNG), 0
    while at < len(content):
        blocks = _one_more(blocks)
        length, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        at += 12 + length
        if at > len(content):
            raise ValueError("cut off")
        yield kind, length
        if kind == b"IEND":
            return


def _gif(content: bytes) -> tuple[int, int]:
    """Blocks one after the other: extensions and images, each in small pieces, and a last byte that says that it is whole."""
    width, height = _size(content[7:5:-1], content[9:7:-1])
    at, images, blocks = 13 + _colours(content[10]), 0, 0
    while content[at] != 0x3B:
        blocks = _one_more(blocks)
        if content[at] == 0x2C:
            images += 1
            left, top, wide, high = (int.from_bytes(content[at + n : at + n + 2], "little") for n in (1, 3, 5, 7))
            width, height = max(width, left + wide), max(height, top + high)
            at += 10 + _colours(content[at + 9]) + 1
        elif content[at] == 0x21:
            at += 2
        else:
            raise ValueError("no block")
        while content[at]:
            blocks = _one_more(blocks)
            at += 1 + content[at]
        at += 1
    if not images:
        raise ValueError("nothing to see")
    return width, height


def _colours(flags: int) -> int:
    """How many bytes a table of colours takes."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _jpeg(content: bytes) -> tuple[int, int]:
    """Segments one after the other, of which one tells the size, up to the picture itself, which has a mark at its end."""
    at, size, blocks = 2, None, 0
    while True:
        blocks = _one_more(blocks)
        if content[at] != 0xFF:
            raise ValueError("no segment")
        marker = content[at + 1]
        if marker == 0xFF or marker in BARE:  # filling, or nothing more to it
            at += 1 if marker == 0xFF else 2
            continue
        if marker == 0xD9:
            raise ValueError("nothing to see")
        if marker in SIZES:
            size = _size(content[at + 7 : at + 9], content[at + 5 : at + 7])
        if marker == 0xDA:
            break
        at += 2 + max(int.from_bytes(content[at + 2 : at + 4]), 2)
    if size is None or content.find(b"\xff\xd9", at) < 0:
        raise ValueError("not whole")
    return size


def _one_more(blocks: int) -> int:
    if blocks == MOST_BLOCKS:
        raise ValueError("endless")
    return blocks + 1


def _size(wide: bytes, high: bytes) -> tuple[int, int]:
    width, height = int.from_bytes(wide), int.from_bytes(high)
    if not width or not height:
        raise ValueError("no size")
    return width, height


BEGINNINGS = {
    PNG: ("image/png", _png),
    b"\xff\xd8\xff": ("image/jpeg", _jpeg),
    b"GIF87a": ("image/gif", _gif),
    b"GIF89a": ("image/gif", _gif),
}
