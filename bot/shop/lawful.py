"""Which of our numbers serves, in the country of the shop: what law and carriers say of each kind (numbers.yaml)."""

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml

from bot.carriers import OptOutMode, Unavailable
from bot.runtime import Runtime
from models.phone import country_of, sender_kind

log = logging.getLogger(__name__)

TABLE = Path(__file__).with_name("numbers.yaml")
Fit = Literal["good", "registered", "abroad", "unknown", "doubtful", "forbidden", "one_way"]
ORDER: tuple[Fit, ...] = ("good", "registered", "unknown", "abroad", "doubtful", "forbidden", "one_way")  # the best first
REFUSED: tuple[Fit, ...] = ("abroad", "doubtful", "forbidden", "one_way")
"""Whoever takes such a number is asked once more."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A number, and what is known of its kind. `why` by language; empty where nothing is known."""

    number: str
    country: str
    fit: Fit
    opt_out: OptOutMode = "carrier"
    why: Mapping[str, str] = ()  # type: ignore[assignment]
    source: str = ""
    read_on: date | None = None

    @property
    def is_refused(self) -> bool:
        """Whether whoever takes it is asked once more."""
        return self.fit in REFUSED


def judge(number: str, country: str) -> Judged:
    """What is known of a number of ours, for a shop of this country."""
    own = country_of(number) or country
    for kind in (*_table().get(own, {}).get("kinds", ()), *_table()["everywhere"]["kinds"]):
        if re.fullmatch(kind["pattern"], number):
            fit: Fit = kind["fit"] if own == country or kind["fit"] in REFUSED else "abroad"
            said = {"why": kind["why"], "source": kind["source"], "read_on": kind.get("read_on")}
            return Judged(number, own, fit, kind.get("opt_out", "carrier"), **said)
    mode: OptOutMode = "self" if sender_kind(number) == "short_code" else "carrier"
    return Judged(number, own, "unknown" if own == country else "abroad", mode, {})


def best_first(numbers: Iterable[str], country: str) -> list[Judged]:
    """Numbers of ours, each once, the one to propose first: lawful before doubtful, as the carrier lists them otherwise."""
    return sorted((judge(number, country) for number in dict.fromkeys(numbers)), key=lambda one: ORDER.index(one.fit))


def ours(runtime: Runtime) -> tuple[list[str], bool]:
    """The numbers that we have at the carrier, and whether it could be asked. It takes seconds: never in a transaction."""
    known = [runtime.settings.twilio_phone_number] if runtime.settings.twilio_phone_number else []
    try:
        with ThreadPoolExecutor(1) as apart:  # this thread may have an event loop already
            return [*known, *apart.submit(lambda: asyncio.run(runtime.carrier.numbers())).result()], True
    except Unavailable as fault:
        log.warning("the carrier did not list our numbers: %s", fault)
        return known, False


@lru_cache
def countries() -> Mapping[str, tuple[str, ...]]:
    """All countries by their two letters, with their time zones, the one to propose first. Source: the tz database."""
    found: dict[str, list[str]] = {}
    for line in (files("tzdata") / "zoneinfo/zone.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            found.setdefault(country, []).append(zone)
    first = {country: one["zone"] for country, one in _table().items() if "zone" in one}
    return {country: tuple(sorted(zones, key=lambda zone: zone != first.get(country))) for country, zones in found.items()}


@lru_cache
def _table() -> dict[str, Any]:
    return dict(yaml.safe_load(TABLE.read_text(encoding="utf-8")))
