"""What a shop is made of: who is talking, on which numbers, about what, with which keywords and dialogs.

  spec      what may be said       check    does it all hold together       store   into the tables, what changed
  current   what the tables say    change   one part, tried on the whole    uses    what still needs a part
  versions  dialogs: drafted, published, put back            scripts  as they are written     kept  what is slow, found once
  replies   what keywords say      hits     how often they are texted
  setup     the first run, step by step                      lawful   which number serves     wanted what a text must name
"""

from pathlib import Path

from sqlalchemy import Connection

from bot.shop.change import (
    change_keyword,
    change_sender,
    change_settings,
    change_some,
    change_topic,
    drop_keyword,
    drop_sender,
    drop_topic,
    make_keyword,
)
from bot.shop.check import ShopError, check
from bot.shop.current import TABLES, NoSuch, kept_topics, lock, one, page, said, senders, settings
from bot.shop.hits import Hits, hits
from bot.shop.kept import holding
from bot.shop.scripts import Script
from bot.shop.spec import read
from bot.shop.store import Report, store
from bot.shop.uses import InUse, of_types

__all__ = [
    "TABLES", "Hits", "InUse", "NoSuch", "Report", "Script", "ShopError", "change_keyword", "change_sender", "change_settings",
    "change_some", "change_topic", "check", "drop_keyword", "drop_sender", "drop_topic", "hits", "holding", "load_shop",
    "lock", "make_keyword", "one", "page", "read", "said", "senders", "settings", "store",
]  # fmt: skip


def load_shop(connection: Connection, file: Path | str) -> Report:
    """Load the shop that a YAML file (UTF-8) describes, in the caller's transaction. Loading it again updates.

    1. Read the file and the dialogs that it names; ShopError with every problem, as file:line, and nothing is written.
       So too where contacts have values that do not fit the type of their field.
    2. Write what differs. A changed dialog becomes a new version; conversations under way keep theirs.
    """
    source = read(Path(file))
    shop, dialogs = check(source, kept_topics(connection, source.shop.topics))
    if unfit := [source.problem(reason, "fields", place, "type") for place, reason in of_types(connection, shop.fields)]:
        raise ShopError(unfit)
    return store(connection, shop, dialogs)
