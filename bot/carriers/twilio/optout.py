"""The words that Twilio, or a toll-free network, takes for STOP, START and HELP and answers before we can.

Sources: Twilio docs, "Advanced Opt-Out" and the help articles on STOP filtering for long codes, toll-free numbers and
short codes. Only a text that is exactly one of the words counts, whatever its capitals.
"""

from bot.carriers import OptOut, OptOutMode

_STOP = ("stop", "unsubscribe", "end", "quit", "stopall", "revoke", "optout", "cancel")

WORDS: dict[OptOutMode, dict[str, OptOut]] = {
    "carrier": {
        **dict.fromkeys(_STOP, "stop"),
        **dict.fromkeys(("start", "yes", "unstop"), "start"),
        **dict.fromkeys(("help", "info"), "help"),
    },
    "advanced": {},  # each account has its own words; the webhook says which it was
    "tollfree": {"stop": "stop", "start": "start", "unstop": "start"},
    "self": {},
}
