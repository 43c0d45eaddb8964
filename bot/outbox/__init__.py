"""Everything that leaves: the answer to the text just received goes back in the webhook's response, all else by `deliver`.

A row first, then the call, then the result. A mark (`sending`, with a lease) is committed before the carrier is called; an
outcome that nobody knows is asked from the carrier's own list and never guessed, so that no text is sent twice. One switch
halts it all.
"""

from bot.outbox.claim import MACHINE_NOW, OF_BATCHES, READY, WAITING, late, look
from bot.outbox.delivery import deliver
from bot.outbox.result import release
from bot.outbox.rows import answer, judge, say, stored_answer
from bot.outbox.settling import settle, sweep, wait_for_calls, wait_for_campaign
from bot.outbox.switch import MOST_COUNTED, Sending, frame, halt, resume, sending, wait_until_halted

__all__ = [
    "MACHINE_NOW",
    "MOST_COUNTED",
    "OF_BATCHES",
    "READY",
    "WAITING",
    "Sending",
    "answer",
    "deliver",
    "frame",
    "halt",
    "judge",
    "late",
    "look",
    "release",
    "resume",
    "say",
    "sending",
    "settle",
    "stored_answer",
    "sweep",
    "wait_for_calls",
    "wait_for_campaign",
    "wait_until_halted",
]  # fmt: skip
