"""Contacts: as one turn meets them, and as programs and staff keep them.

  turn      found or made, row locked, with all that one turn must know      records   kept, listed, erased
  dossier   all that is known of one person
"""

from bot.contacts.dossier import dossier
from bot.contacts.records import ContactError, check, erase, fields, find, ids, page, save, save_many, tags
from bot.contacts.turn import head_of, holds, language, lock, meet, standing

__all__ = [
    "ContactError", "check", "dossier", "erase", "fields", "find", "head_of", "holds", "ids", "language", "lock",
    "meet", "page", "save", "save_many", "standing", "tags",
]  # fmt: skip
