"""Contacts: as one turn meets them, and as programs and staff keep them.

  turn      found or made, row locked, with all that one turn must know      records   kept, listed, erased
  dossier   all that is known of one person
"""

from bot.contacts.dossier import dossier
from bot.contacts.records import ContactError, erase, find, ids, page, save, tags
from bot.contacts.turn import NoShop, head_of, holds, language, lock, meet, standing

__all__ = [
    "ContactError", "NoShop", "dossier", "erase", "find", "head_of", "holds", "ids", "language", "lock", "meet", "page",
    "save", "standing", "tags",
]  # fmt: skip
