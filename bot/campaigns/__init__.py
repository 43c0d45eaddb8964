"""Campaigns: one text to many people, each of them once.

  draft     what is said to whom, and what is wrong with it      words      the text for one contact
  wording   what is wrong with a text
  preview   what would happen now                                launch     scheduled, begun, the audience written down
  batches   judged, rendered, sent                               control    pause, resume, cancel; errors; the end
  answers   the dialog that an answer opens                      balance    what became of everybody
  show      a campaign as it is told, and how far it is          trial      its words tried on some, and on one's own phone
"""

from bot.campaigns.answers import answered
from bot.campaigns.balance import Balance, balance
from bot.campaigns.batches import Batches
from bot.campaigns.control import cancel, clear, finish, go_on, pause, resume, stop, take_back, wait, watch, wish
from bot.campaigns.draft import CampaignError, Draft, create, make, read, rewrite, throw_away
from bot.campaigns.launch import find, ring, schedule, take_slice
from bot.campaigns.preview import Preview, preview
from bot.campaigns.show import BEGUN, OUTCOMES, Progress, latest, listed, page, rates, recipients, shown
from bot.campaigns.trial import Measured, measured, try_out
from bot.campaigns.wording import Problem

__all__ = [
    "BEGUN", "OUTCOMES", "Balance", "Batches", "CampaignError", "Draft", "Measured", "Preview", "Problem", "Progress",
    "answered", "balance", "cancel", "clear", "create", "find", "finish", "go_on", "latest", "listed", "make",
    "measured", "page", "pause", "preview", "rates", "read", "recipients", "resume", "rewrite", "ring", "schedule",
    "shown", "stop", "take_back", "take_slice", "throw_away", "try_out", "wait", "watch", "wish",
]  # fmt: skip
