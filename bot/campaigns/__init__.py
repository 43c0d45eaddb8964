"""Campaigns: one text to many people, each of them once.

  draft     what is said to whom, and what is wrong with it      words      the text for one contact
  wording   what is wrong with a text
  preview   what would happen now                                launch     scheduled, begun, the audience written down
  batches   judged, rendered, sent                               control    pause, resume, cancel; errors; the end
  answers   the dialog that an answer opens                      balance    what became of everybody
  show      a campaign as it is told
"""

from bot.campaigns.answers import answered
from bot.campaigns.balance import Balance, balance
from bot.campaigns.batches import Batches
from bot.campaigns.control import cancel, clear, finish, go_on, pause, resume, stop, wait, watch, wish
from bot.campaigns.draft import CampaignError, Draft, create, make, read, rewrite, throw_away
from bot.campaigns.launch import find, ring, schedule, take_slice
from bot.campaigns.preview import Preview, preview
from bot.campaigns.show import latest, page, recipients, shown, under_way
from bot.campaigns.wording import Problem

__all__ = [
    "Balance", "Batches", "CampaignError", "Draft", "Preview", "Problem", "answered", "balance", "cancel", "clear",
    "create", "find", "finish", "go_on", "latest", "make", "page", "pause", "preview", "read", "recipients", "resume",
    "rewrite", "ring", "schedule", "shown", "stop", "take_slice", "throw_away", "under_way", "wait", "watch", "wish",
]  # fmt: skip
