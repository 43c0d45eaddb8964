"""The carrier's own STOP, START and HELP: whom it blocks and what it answers by itself, before the shop is told.

Sources: Twilio docs, "Advanced Opt-Out" and help pages on default opt-out words, toll-free and short codes.
Only a text that is exactly one of the words counts, whatever its capitals.
"""

from dataclasses import dataclass

from bot.simulator.config import Sender

STOP = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
START = frozenset({"START", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})

WORDS: dict[str, dict[str, frozenset[str]]] = {
    "twilio-default": {"STOP": STOP, "START": START | {"YES"}, "HELP": HELP},
    "advanced": {"STOP": STOP, "START": START, "HELP": HELP},
    # On toll-free numbers the network itself listens, and it knows neither YES nor HELP.
    "tollfree": {"STOP": frozenset({"STOP"}), "START": START},
    "self": {},
}
TWILIO_SAYS = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
NETWORK_SAYS = {
    "STOP": 'NETWORK MSG: You replied with the word "stop" which blocks all texts sent from this number. '
    'Text back "unstop" to receive messages again.',
    "START": 'NETWORK MSG: You have replied "unstop" and will begin receiving messages again from this number.',
}


@dataclass(frozen=True, slots=True)
class Reaction:
    """`opt_out_type` is told to the webhook; `says` is what the carrier answers by itself."""

    opt_out_type: str | None = None
    says: str | None = None


class Blocks:
    """Who is blocked: per sender, or for all numbers of its messaging service together."""

    def __init__(self) -> None:
        self._blocked: set[tuple[str, str]] = set()

    def has(self, sender: Sender, handset: str) -> bool:
        return (sender.service_sid or sender.number, handset) in self._blocked

    def hear(self, sender: Sender, handset: str, body: str) -> Reaction:
        """Take note of a customer's text: block or unblock them, and say how the carrier reacts."""
        word = body.strip().upper()
        meaning = next((name for name, words in WORDS[sender.opt_out].items() if word in words), None)
        if meaning is None:
            return Reaction()
        was_blocked, place = self.has(sender, handset), (sender.service_sid or sender.number, handset)
        if meaning == "STOP":
            self._blocked.add(place)
        elif meaning == "START":
            self._blocked.discard(place)
        # No second goodbye, no help to those who left, no welcome back to those who never did.
        worth_saying = was_blocked if meaning == "START" else not was_blocked
        if sender.opt_out == "advanced":
            return Reaction(meaning, TWILIO_SAYS[meaning] if worth_saying or meaning == "START" else None)
        says = NETWORK_SAYS if sender.opt_out == "tollfree" else TWILIO_SAYS
        return Reaction(None, says[meaning] if worth_saying else None)

    def reset(self) -> None:
        self._blocked.clear()
