"""Setting up a shop from one file: who is talking, on which numbers, about what, with which keywords and dialogs.

  spec   what the file may say        check   does it all hold together        store   into the tables, what changed
"""

from pathlib import Path

from sqlalchemy import Connection

from bot.shop.check import ShopError, check
from bot.shop.spec import read
from bot.shop.store import Report, store

__all__ = ["Report", "ShopError", "load_shop"]


def load_shop(connection: Connection, file: Path | str) -> Report:
    """Load the shop that a YAML file (UTF-8) describes, in the caller's transaction. Loading it again updates.

    1. Read the file and the dialogs that it names; ShopError with every problem, as file:line, and nothing is written.
    2. Write what differs. A changed dialog becomes a new version; conversations under way keep theirs.
    """
    shop, dialogs = check(read(Path(file)))
    return store(connection, shop, dialogs)
