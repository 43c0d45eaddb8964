"""Carriers' error numbers, and what we do about each: a table that can be corrected without touching code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Action = Literal[
    "stop_contact",  # the person has opted out at the carrier: so have they here
    "invalid_number",  # nobody can ever be texted there
    "unreachable",  # not now; several of them over days make the number doubtful
    "our_fault",  # our account or set-up: tell us, leave the contact alone
    "content",  # these words will not go through
    "slow_down",  # too fast; it may be sent later
    "expired",  # it waited too long at the carrier
    "failed",  # anything else: counted, nothing concluded
]


@dataclass(frozen=True, slots=True)
class Code:
    """One error number: what to do, and how to say it to a marketer in each language."""

    number: str
    action: Action
    says: dict[str, str]


def lookup(number: str | None) -> Code:
    """The entry of an error number as the carrier writes it; one that we do not know is simply `failed`."""
    table = _table()
    known = table.get(number or "")
    return known or Code(number or "", "failed", table["other"].says)


@cache
def _table() -> dict[str, Code]:
    rows = json.loads(Path(__file__).with_name("twilio_codes.json").read_text(encoding="utf-8"))["codes"]
    return {number: Code(number, row["action"], row["says"]) for number, row in rows.items()}
