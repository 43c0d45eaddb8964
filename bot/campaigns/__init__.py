"""Campaigns: one text to many people, each of them once.

  draft     what is said to whom, and what is wrong with it      words      the text for one contact
  preview   what would happen now                                launch     scheduled, begun, the audience written down
  batches   judged, rendered, sent                               control    pause, resume, cancel; errors; the end
  answers   the dialog that an answer opens                      balance    what became of everybody
"""

from bot.campaigns.answers import answered
from bot.campaigns.balance import Balance, balance
from bot.campaigns.batches import Batches
from bot.campaigns.control import cancel, clear, finish, pause, resume, watch
from bot.campaigns.draft import CampaignError, Draft, Problem, create, read
from bot.campaigns.launch import find, ring, schedule, take_slice
from bot.campaigns.preview import Preview, preview

__all__ = [
    "Balance", "Batches", "CampaignError", "Draft", "Preview", "Problem", "answered", "balance", "cancel", "clear", "create",
    "find", "finish", "pause", "preview", "read", "resume", "ring", "schedule", "take_slice", "watch",
]  # fmt: skip
