"""What has happened in the sample shop before its demo begins: a campaign that is over, weeks of texts, dialogs that ended."""

import random
import struct
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from bot import pictures
from bot.text.parts import measure
from models import (
    Campaign,
    CannedAnswer,
    Contact,
    Conversation,
    DialogVersion,
    Keyword,
    Message,
    Recipient,
    Segment,
    Sender,
    Subscription,
    insert,
)

CAMPAIGN_AGO, CAMPAIGN_FOR = timedelta(days=6), timedelta(minutes=31)
DAYS = 13
DELIVERED, LOST = {"status": "delivered", "rank": 7}, {"status": "undelivered", "rank": 5, "error_code": "30005"}
TEXTS = {
    "fr": "Maison Lune : {name}, la collection d'automne est arrivée. STOP pour ne plus rien recevoir.",
    "en": "Maison Lune: {name}, the autumn collection is here. Reply STOP to leave.",
}
ASKED = {"fr": "horaires ?", "en": "hours"}
TOLD = {
    "fr": "Maison Lune : du mardi au samedi de 10 h à 19 h, à Paris. Une question ? bonjour@maison-lune.example",
    "en": "Maison Lune: Tuesday to Saturday, 10 am to 7 pm, in Paris and in Brooklyn. A question? bonjour@maison-lune.example",
}
ENDED: Mapping[str, Sequence[tuple[str, str, int]]] = {  # dialog -> state and outcome, and how often of a hundred
    "welcome": (("near_you", "joined", 46), ("thanks", "joined", 21), ("declined", "declined", 8), ("lapsed", "lapsed", 25)),
    "survey": (("thanks", "done", 61), ("sorry", "low", 13), ("gave_up", "gave_up", 26)),
    "help": (("hours", "hours", 70), ("feedback", "feedback", 30)),
}
CANNED = {
    "merci": {"fr": "Merci à vous, et à bientôt chez Maison Lune !", "en": "Thank you, and see you soon at Maison Lune!"},
    "retour": {"fr": "Vous avez 30 jours pour nous rapporter un article, avec son ticket.",
               "en": "You have 30 days to return an item, with its receipt."},
    "livraison": {"fr": "Votre commande part demain ; comptez deux jours ouvrés.",
                  "en": "Your order leaves tomorrow; allow two working days."},
}  # fmt: skip


def remember(connection: Connection, account: str, now: datetime) -> None:
    """Write it all down, as it would lie in the tables by now. `account`: at the carrier; `now`: business and machine time."""
    chance = random.Random("Maison Lune, before")  # the same story every time
    people = connection.execute(select(Contact.__table__).where(Contact.sample).order_by(Contact.id)).all()
    numbers = {row.country: row.number for row in connection.execute(select(Sender.__table__).order_by(Sender.id.desc()))}
    sent = _campaign(connection, people, numbers, account, (now - CAMPAIGN_AGO).replace(hour=10, minute=3), chance)
    texts = _texts(connection, people, numbers, account, now, chance)
    connection.execute(insert(Message), [*sent, *texts])
    heard = {row["contact_id"]: row["at"] for row in texts if row["direction"] == "in"}
    for contact_id, at in heard.items():
        connection.execute(update(Contact).where(Contact.id == contact_id).values(heard_at=at))
    connection.execute(insert(Conversation), [*_conversations(connection, people, numbers, now, chance)])
    connection.execute(insert(CannedAnswer), [{"name": name, "texts": words} for name, words in CANNED.items()])
    drawn = candle()
    pictures.keep(connection, drawn, pictures.look(drawn), "Bougie figuier", now)


def _campaign(
    connection: Connection, people: Sequence[Any], numbers: Mapping[str, str], account: str, at: datetime, chance: random.Random
) -> list[dict[str, Any]]:
    """The texts of a campaign that is over; its recipients are written down."""
    within = list(connection.scalars(select(Segment.id).where(Segment.name == "everyone")))
    texts = {language: words.replace("{name}", "{{ contact.first_name }}") for language, words in TEXTS.items()}
    row = {
        "name": "Collection d'automne", "state": "finished", "kind": "marketing", "topic": "offers", "texts": texts, "media": [],
        "within": within, "without": [], "error_limit": 15, "starts_at": at, "launched_at": at, "finished_at": at + CAMPAIGN_FOR,
        "made_at": at - timedelta(days=1), "last_id": people[-1].id, "taken_to": people[-1].id,
    }  # fmt: skip
    campaign_id = connection.execute(insert(Campaign).values(**row).returning(Campaign.id)).scalar_one()
    in_for = select(Subscription.contact_id).where(Subscription.topic == "offers", Subscription.state == "in")
    agreed = set(connection.scalars(in_for))
    reached = [one for one in people if one.id in agreed and one.stopped_at is None]
    connection.execute(insert(Recipient), [
        {"campaign_id": campaign_id, "contact_id": one.id, "state": "handed over", "why": None} if one in reached else
        {"campaign_id": campaign_id, "contact_id": one.id, "state": "refused",
         "why": "suppressed" if one.stopped_at else "no consent"}
        for one in people
    ])  # fmt: skip
    step = CAMPAIGN_FOR / max(len(reached), 1)
    return [
        _message(one, numbers, account, at + place * step, TEXTS[_language(one)].format(name=one.values["first_name"]),
                 kind="marketing", topic="offers", campaign_id=campaign_id, cause=f"c:{campaign_id}:{one.id}",
                 **(LOST if chance.random() < 0.03 else DELIVERED))
        for place, one in enumerate(reached)
    ]  # fmt: skip


def _texts(
    connection: Connection, people: Sequence[Any], numbers: Mapping[str, str], account: str, now: datetime, chance: random.Random
) -> list[dict[str, Any]]:
    """Questions for the opening hours, with their answers, over the days."""
    keyword = connection.scalar(select(Keyword.id).where(Keyword.reply.is_not(None)).order_by(Keyword.id))
    found = []
    for ago in range(1, DAYS + 1):
        day = (now - timedelta(days=ago)).replace(hour=9, minute=0)
        for place in range(chance.randint(9, 26)):
            one, at = chance.choice(people), day + timedelta(minutes=chance.randint(0, 600))
            if one.stopped_at is not None:
                continue
            asked = {"direction": "in", "kind": "text", "state": "received", "status": None, "rank": 0, "parts": None}
            found.append(_message(one, numbers, account, at, ASKED[_language(one)], keyword_id=keyword, **asked))
            cause = f"past:{ago}:{place}"
            told = _message(one, numbers, account, at + timedelta(seconds=1), TOLD[_language(one)], cause=cause, **DELIVERED)
            found.append(told)
    return found


def _conversations(
    connection: Connection, people: Sequence[Any], numbers: Mapping[str, str], now: datetime, chance: random.Random
) -> list[dict[str, Any]]:
    in_force = select(DialogVersion.name, DialogVersion.id).where(DialogVersion.state == "published")
    versions = {row.name: row.id for row in connection.execute(in_force)}
    found = []
    for dialog, ways in ENDED.items():
        for place in range(40):
            one = chance.choice(people)
            state, outcome, _ = chance.choices(ways, [share for *_, share in ways])[0]
            found.append({
                "contact_id": one.id, "dialog": dialog, "key": f"past {place}", "version_id": versions[dialog], "status": "ended",
                "step": 3, "memory": {"state": state, "step": 3, "tries": 0, "values": {}}, "ours": _ours(one, numbers),
                "outcome": outcome, "begun_at": now - timedelta(hours=chance.randint(30, 24 * 29)), "asked": "",
            })  # fmt: skip
    return found


def _message(one: Any, numbers: Mapping[str, str], account: str, at: datetime, body: str, **more: Any) -> dict[str, Any]:
    """A text of ours that left, unless `more` says otherwise; with every column, so that many can be written at once."""
    usual = {
        "contact_id": one.id, "direction": "out", "kind": "reply", "state": "sent", "cause": None, "ours": _ours(one, numbers),
        "theirs": one.phone, "body": body, "media": [], "topic": None, "account": account, "campaign_id": None,
        "keyword_id": None, "parts": measure(body).parts, "at": at, "made_at": at, "marked_at": at, "rank": 0, "status": None,
        "error_code": None, "verdicts": [],
    }  # fmt: skip
    return {**usual, **more}


def _ours(one: Any, numbers: Mapping[str, str]) -> str:
    return numbers.get(one.country) or next(iter(numbers.values()))


def _language(one: Any) -> str:
    return "fr" if one.country == "FR" else "en"


def candle(width: int = 480, height: int = 360) -> bytes:
    """A drawing of a candle at night, as a PNG."""

    def colour(x: int, y: int) -> tuple[int, int, int]:
        away = (x - width // 2, y - height * 2 // 5)
        glow = max(0, 150 - int((away[0] ** 2 + away[1] ** 2) ** 0.5)) // 2
        if abs(away[0]) < 9 and (away[0] / 9) ** 2 + ((away[1] - 4) / 26) ** 2 < 1:
            return 255, 214, 120  # the flame
        if abs(away[0]) < 46 and height // 2 < y < height * 9 // 10:
            return 236, 228, 210  # the wax
        return 24 + glow, 36 + glow * 2 // 3, 58 + glow // 4

    rows = b"".join(b"\0" + bytes(value for x in range(width) for value in colour(x, y)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
