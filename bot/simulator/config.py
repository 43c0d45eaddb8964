"""What the simulated carrier is told at its start: our numbers, the phones, the people who text, the faults."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OPT_OUT_MODES = ("twilio-default", "advanced", "tollfree", "self")


@dataclass(frozen=True, slots=True)
class Sender:
    """One of the shop's numbers: where its texts are posted, and who answers a STOP sent to it.

    `sign_base` is the shop's public address, for which signatures are made when the connection itself goes elsewhere
    (as behind a proxy); senders of one shop share it.
    """

    number: str
    inbound_url: str
    name: str = ""
    country: str = ""
    service_sid: str | None = None
    fallback_url: str | None = None
    sign_base: str | None = None
    opt_out: str = "twilio-default"
    hint: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.opt_out not in OPT_OUT_MODES:
            raise ValueError(f"opt_out of {self.number} must be one of {', '.join(OPT_OUT_MODES)}")


@dataclass(frozen=True, slots=True)
class Handset:
    """A phone that the page offers to type on."""

    number: str
    name: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says to a text in which they find `hears` (a regular expression, case ignored)."""

    hears: str
    says: Sequence[str]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who texts a sender now and then and answers what they get; `every`, `thinks`: seconds, least and most."""

    number: str
    to: str
    name: str = ""
    every: Sequence[float] = (20, 90)
    thinks: Sequence[float] = (1.5, 6)
    opens: Sequence[str] = ()
    answers: Sequence[Answer] = ()
    otherwise: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Config:
    account_sid: str
    auth_token: str
    senders: Sequence[Sender] = ()
    handsets: Sequence[Handset] = ()
    crowd: Sequence[Person] = ()
    clock_url: str | None = None
    webhook_secret_previous: str | None = None
    faults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def webhook_secret(self) -> str:
        """The token webhooks are signed with: still the old one while the shop is changing its token."""
        return self.webhook_secret_previous or self.auth_token

    def sender(self, number: str | None) -> Sender | None:
        return next((sender for sender in self.senders if sender.number == number), None)

    def pool(self, service_sid: str) -> list[Sender]:
        """The numbers of a messaging service, in the order of the file."""
        return [sender for sender in self.senders if sender.service_sid == service_sid]


def load(path: Path) -> Config:
    """Read the file; ValueError or TypeError names what is wrong in it."""
    return read(json.loads(path.read_text(encoding="utf-8")))


def read(raw: Mapping[str, Any]) -> Config:
    """Make a Config of its JSON form; an unknown name is an error, never ignored."""
    return Config(
        **{
            **raw,
            "senders": [Sender(**row) for row in raw.get("senders", ())],
            "handsets": [Handset(**row) for row in raw.get("handsets", ())],
            "crowd": [_person(dict(row)) for row in raw.get("crowd", ())],
        }
    )


def _person(row: dict[str, Any]) -> Person:
    answers = [Answer(**answer) for answer in row.pop("answers", ())]
    return Person(answers=answers, otherwise=row.pop("else", ()), **row)
