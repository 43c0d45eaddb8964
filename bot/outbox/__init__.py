"""Everything that leaves: the answer to the text just received goes back in the webhook's response, all else by `deliver`.

A row first, then the call, then the result. A mark (`sending`, with a lease) is committed before the carrier is called; an
outcome that nobody knows is asked from the carrier's own list and never guessed, so that no text is sent twice.
"""

from bot.outbox.deliver import deliver, release
from bot.outbox.say import answer, answers_stop, say, stored_answer
from bot.outbox.settle import settle, sweep, wait_for_calls

__all__ = ["answer", "answers_stop", "deliver", "release", "say", "settle", "stored_answer", "sweep", "wait_for_calls"]
