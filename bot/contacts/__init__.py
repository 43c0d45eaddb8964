"""Contacts: as one turn meets them, and as programs and staff keep them.

  turn      found or made, row locked, with all that one turn must know      records   kept, listed, erased
  search    looked for      tagging   a tag for many of them
  dossier   what is known of one person      timeline   what happened with them, page by page      export   everything, for them
"""

from bot.contacts.dossier import dossier, talk, texts
from bot.contacts.export import export
from bot.contacts.records import ContactError, add, check, erase, fields, find, ids, page, save, save_many, tags
from bot.contacts.search import Wanted, all_tags, by_topic, condition, count, search, topics
from bot.contacts.tagging import MOST_ATTEMPTS, drop, tag, tag_all, tag_slice, taggings, try_again
from bot.contacts.timeline import Happening, Place, timeline
from bot.contacts.turn import await_person, head_of, holds, language, lock, meet, standing

__all__ = [
    "MOST_ATTEMPTS", "ContactError", "Happening", "Place", "Wanted", "add", "all_tags", "await_person", "by_topic", "check",
    "condition", "count", "dossier", "drop", "erase", "export", "fields", "find", "head_of", "holds", "ids", "language",
    "lock", "meet", "page", "save", "save_many", "search", "standing", "tag", "tag_all", "tag_slice", "taggings", "tags",
    "talk", "texts", "timeline", "topics", "try_again",
]  # fmt: skip
