"""Pictures: what the shop sends along, and what people send with their texts.

  look     what bytes are      public    the address that the carrier fetches a picture from
  shelf    kept, listed, in use, deleted      theirs    pictures of texts, fetched at the carrier once
"""

from bot.pictures.look import EXTENSIONS, MOST_BYTES, TOO_LARGE, Look, PictureError, look
from bot.pictures.public import PATH, address, id_of, of_address, path
from bot.pictures.shelf import LONGEST_NAME, change, drop, find, gone, keep, page, pictures, there, uses
from bot.pictures.theirs import theirs

__all__ = [
    "EXTENSIONS", "LONGEST_NAME", "MOST_BYTES", "PATH", "TOO_LARGE", "Look", "PictureError", "address", "change", "drop", "find",
    "gone", "id_of", "keep", "look", "of_address", "page", "path", "pictures", "theirs", "there", "uses",
]  # fmt: skip
