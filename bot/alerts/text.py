"""An alert by text: a message like all others, from the outbox and through the gate. They have chosen it; a STOP ends it.

Only a phone that has texted us the code of their account is texted: a slip of the finger wakes no stranger.
"""

from typing import Any

from sqlalchemy import Connection

from bot import contacts
from bot.alerts.words import notice, spoken
from bot.catalogue import NoShop, catalogue
from bot.consent import facts, gate
from bot.runtime import Runtime
from bot.text.clean import cut
from bot.text.parts import measure
from bot.text.plainer import plainer
from models import Message, insert

KIND = "staff"


def say(runtime: Runtime, connection: Connection, alert: Any, person: Any) -> tuple[str, str | None]:
    """Write down the text for somebody of the staff: what became of it, and why if nothing did. Their contact gets locked."""
    try:
        shop = catalogue(connection)
    except NoShop:
        return "failed", "no shop"
    now, machine_now = runtime.now(connection), runtime.machine_now()
    contact = contacts.find(connection, person.phone, locked=True)
    if contact is None or person.phone_proved_at is None:
        return "refused", "not confirmed"
    ours = shop.sender_for(contact.country)
    if ours is None:
        return "failed", "no number"
    known, _ = facts.of_one(runtime, connection, contact, KIND, None, now, shop.shop.zone)
    verdict = gate.judge(known)
    words = notice(connection, alert.kind, spoken(person.language, shop.shop.languages))
    body = cut(f"{shop.shop.brand}: {words}. {runtime.settings.base_url}/admin/alerts STOP")
    body = plainer(body) or body
    row = {
        "contact_id": contact.id, "direction": "out", "kind": KIND, "state": "ready", "cause": f"alert:{alert.id}:{person.id}",
        "ours": ours, "theirs": contact.phone, "body": body, "parts": measure(body).parts, "media": [],
        "account": runtime.settings.twilio_account_sid, "at": now, "made_at": machine_now, "not_before": machine_now,
        "verdicts": [{"at": now.isoformat(), **gate.record(verdict, known)}],
    }  # fmt: skip
    why = verdict.why if isinstance(verdict, gate.Refuse) else None
    connection.execute(insert(Message).values(**row | ({"state": "refused", "why": why} if why else {})))
    return ("refused", why) if why else ("handed over", None)
