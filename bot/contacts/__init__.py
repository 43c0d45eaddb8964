"""Contacts: as one turn meets them, and as programs and staff keep them.

  turn      found or made, row locked, with all that one turn must know      records   kept, listed, erased
  dossier   what is known of one person      timeline   what happened with them, page by page      export   everything, for them
"""

from bot.contacts.dossier import dossier, talk
from bot.contacts.export import export
from bot.contacts.records import ContactError, check, erase, fields, find, ids, page, save, save_many, tags
from bot.contacts.timeline import Happening, Place, timeline
from bot.contacts.turn import head_of, holds, language, lock, meet, standing

__all__ = [
    "ContactError", "Happening", "Place", "check", "dossier", "erase", "export", "fields", "find", "head_of", "holds", "ids",
    "language", "lock", "meet", "page", "save", "save_many", "standing", "tags", "talk", "timeline",
]  # fmt: skip
