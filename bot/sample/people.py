"""The people of the sample shop: the same few hundred every time, none of whom exists.

A valid mobile number may belong to somebody, so each is marked `sample`: only the simulated carrier ever texts them.
"""

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import yaml
from sqlalchemy import Connection

from bot.consent.ledger import Ledger, Proof
from bot.sample import CROWD
from models import Contact, insert

FRENCH, AMERICANS = 180, 120
CROWD_SIZE = 100  # of each country, at most: the people who text by themselves
EVERY = (10, 3600)  # seconds between two conversations of one person: more often, and the shop takes them for a machine

FIRST_NAMES = {
    "fr": "Zoé Léa Chloé Inès Anaïs Maëlle Noémie Hélène Jeanne Agnès Aïcha Margaux Solène Françoise Eugénie "
    "Loïc Théo Jérôme Gaël André Rémi Noël Cédric Benoît Amélie Gaëtan Hugo Nadia Mathéo Élodie",
    "en": "Emma Olivia Ava Mia Harper Grace Chloe Nora Zoe Ruby Ella Maya Naomi June Hazel "
    "Liam Noah Ethan Mason Logan Owen Caleb Miles Isaac José Renée Beyoncé Jack Wyatt Theo",
}
PLACES = {
    "fr": [("Europe/Paris", code) for code in ("75011", "75018", "69002", "13001", "33000", "59000", "44000", "01230")],
    "en": [
        ("America/New_York", "10013"), ("America/New_York", "11211"), ("America/New_York", "02139"),
        ("America/Chicago", "60614"), ("America/Chicago", "78704"), ("America/Los_Angeles", "94110"),
    ],
}  # fmt: skip
AREA_CODES = (212, 718, 617, 312, 512, 415)  # of those places; 555-01xx is set aside for stories
JOINED = {
    "fr": ("Maison Lune : répondez OUI pour nos offres (2 SMS par mois au plus). STOP pour vous désabonner.", "OUI"),
    "en": ("Maison Lune: reply YES for our offers (at most 2 texts a month). STOP to leave.", "YES"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who does not exist."""

    phone: str
    language: str
    first_name: str
    zone: str
    postcode: str

    @property
    def country(self) -> str:
        return "FR" if self.language == "fr" else "US"


def people() -> Iterator[Person]:
    """All of them, the same each time."""
    for language, count in (("fr", FRENCH), ("en", AMERICANS)):
        names, places = FIRST_NAMES[language].split(), PLACES[language]
        for i in range(count):
            # 7919 is prime: the numbers look picked at random and are all different
            french, american = f"+33612{i * 7919 % 1_000_000:06d}", f"+1{AREA_CODES[i % 6]}55501{i // 6:02d}"
            yield Person(french if language == "fr" else american, language, names[i % len(names)], *places[i % len(places)])


def populate(connection: Connection, key: bytes, now: datetime) -> int:
    """Add who is missing, with what they agreed to before `now`. `key`: of the suppressions. Returns how many."""
    chance = random.Random("Maison Lune")  # the same story every time
    rows = [_row(person, now - timedelta(days=chance.uniform(2, 300))) for person in people()]
    added = insert(Contact).on_conflict_do_nothing(index_elements=["phone"]).returning(Contact.__table__)
    contacts = connection.execute(added, rows).all()
    for contact in contacts:
        _tell(connection, contact, key, chance.random())
    return len(contacts)


def crowd(numbers: dict[str, str]) -> list[dict[str, Any]]:
    """Who texts by themselves, as the simulated carrier takes them; `numbers`: country → the one that they text."""
    manners = yaml.safe_load(CROWD.read_text(encoding="utf-8"))
    chosen = [[person for person in people() if person.country == country][:CROWD_SIZE] for country in numbers]
    return [
        {"number": person.phone, "name": person.first_name, "to": numbers[person.country], "every": EVERY,
         **manners[person.language]}
        for group in chosen for person in group
    ]  # fmt: skip


def _row(person: Person, made_at: datetime) -> dict[str, Any]:
    return {
        "phone": person.phone, "person": secrets.token_hex(16), "country": person.country, "zone": person.zone,
        "values": {"first_name": person.first_name, "postcode": person.postcode},
        "source": "sample", "sample": True, "made_at": made_at,
    }  # fmt: skip


def _tell(connection: Connection, contact: Any, key: bytes, luck: float) -> None:
    """Most have joined, some want order news only, some never agreed to anything, a few have left."""
    at = contact.made_at + timedelta(minutes=2)
    ledger = Ledger(connection, contact, key)
    wording, answer = JOINED["fr" if contact.country == "FR" else "en"]
    joined = Proof(wording, answer, None, "sample")
    if luck < 0.65:
        ledger.opt_in("offers", joined, at, "double")
    if luck < 0.06:
        stopped = Proof("", "STOP", None, "sample")
        ledger.stop(stopped, at + timedelta(days=1))
    if 0.5 < luck < 0.8:
        bought = Proof("", "", None, "sample")
        ledger.opt_in("order_news", bought, at, "single")
