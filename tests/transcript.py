"""Golden transcripts: a conversation as a text file, played against the whole house and compared.

    # STOP cuts any dialog short.
    > JOIN                  what the person texts ("> [picture]" or "> [picture] words" for an MMS)
    < ACME: …               what arrives on their phone
    = consent offers in     what has become true of them
    = not consent * out     what is true no longer
    @ +48h                  business time jumps and alarms ring
    * Dee                   from here on it is Dee who texts, to the number of their country

`pytest --update-transcripts` rewrites the files with what really happened.
"""

import re
from datetime import timedelta
from typing import Any

from tests.house import BOSTON, PARIS, House

PICTURE = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def play(house: House, script: str) -> str:
    """Do what the script's comments, texts and jumps say; return the script with what really happened."""
    who, out = "Bo", []
    known = house.truths(who)
    for line in script.splitlines():
        mark, _, rest = line.partition(" ")
        if mark in ("#", "") or not line.strip():
            out.append(line)
        elif mark == "*":
            who, known = rest, house.truths(rest)
            out.append(line)
        elif mark in (">", "@"):
            out.append(line)
            happened, known = _happen(house, who, mark, rest, known)
            out.extend(happened)
    return "\n".join(out) + "\n"


def _happen(house: House, who: str, mark: str, rest: str, known: set[str]) -> tuple[list[str], set[str]]:
    before = len(house.received(who))
    if mark == ">":
        picture, body = (
            ("[picture]", rest.removeprefix("[picture]").strip()) if rest.startswith("[picture]") else ("", rest)
        )
        more: dict[str, Any] = {"media": [PICTURE]} if picture else {}
        house.text(
            who,
            body.encode().decode("unicode_escape") if "\\" in body else body,
            BOSTON if who == "Dee" else PARIS,
            **more,
        )
    else:
        amount, unit = re.fullmatch(r"\+(\d+)([mhd])", rest).groups()  # type: ignore[union-attr]
        house.jump(timedelta(**{UNITS[unit]: int(amount)}))
    said = [f"< {body}".replace("\n", "\n| ") for body in house.received(who)[before:]]
    now = house.truths(who)
    gone = [f"= not {line}" for line in sorted(known - now)]
    return [*said, *gone, *(f"= {line}" for line in sorted(now - known))], now
