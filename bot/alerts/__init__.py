"""People who must know: what needs somebody of the shop, and how each of them is told.

  kinds   what an alert may be about, whether it is so now, and whom it concerns
  watch   begun, told and ended: what the clock looks at
  choice  how each of the staff wants to be told     text, mail   the two ways
  words   what is said     bell   what the pages show
"""

from bot.alerts.bell import Bell, bell, latest, see, seen_at
from bot.alerts.choice import Choice, choice, choose
from bot.alerts.kinds import KINDS, concerns
from bot.alerts.mail import DUE, send_mail
from bot.alerts.watch import watch
from bot.alerts.words import LANGUAGES, advice, sentence

__all__ = [
    "DUE", "KINDS", "LANGUAGES", "Bell", "Choice", "advice", "bell", "choice", "choose", "concerns", "latest", "see", "seen_at",
    "send_mail", "sentence", "watch",
]  # fmt: skip
