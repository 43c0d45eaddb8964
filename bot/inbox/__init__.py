"""The inbox: contacts who need a person, and what people do with them.

  threads   who waits, whose they are, one of them      work     taken, noted, put off, closed; the bot silenced and let go on
  answers   what a person says to a contact             canned   words that are said again and again
"""

from bot.inbox.answers import LOOK_BACK, Draft, Typed, answer, draft, look_back, stopped_by
from bot.inbox.canned import all_canned, change_canned, drop_canned, find_canned, make_canned
from bot.inbox.threads import MOST_COUNTED, TABS, Tab, find, page, pulse, seen, strangers, waiting
from bot.inbox.work import (
    LONGEST_NOTE,
    SNOOZES,
    InboxError,
    assign,
    close,
    end_dialog,
    give_back,
    note,
    reopen,
    snooze,
    snoozed_until,
    take_over,
)

__all__ = [
    "LONGEST_NOTE", "LOOK_BACK", "MOST_COUNTED", "SNOOZES", "TABS", "Draft", "InboxError", "Tab", "Typed", "all_canned", "answer",
    "assign", "change_canned", "close", "draft", "drop_canned", "end_dialog", "find", "find_canned", "give_back", "look_back",
    "make_canned", "note", "page", "pulse", "reopen", "seen", "snooze", "snoozed_until", "stopped_by", "strangers",
    "take_over", "waiting",
]  # fmt: skip
