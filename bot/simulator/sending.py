"""A text on its way to a handset, whoever asked for it: a program, a webhook's answer, or the carrier itself.

1. it is refused at once, or taken and given a sid
2. behind a messaging service, the number that sends it is chosen: the one this handset knows, else the first
3. it arrives on the handset at once (or at its hour, or never: see faults)
4. its statuses follow, a little later
"""

import asyncio
from datetime import UTC, datetime
from typing import Any

from bot.simulator.carrier import Carrier
from bot.simulator.journal import instant
from bot.simulator.messages import Message
from bot.simulator.receipts import tell
from bot.simulator.refusals import refusal

OPTED_OUT = 21610
FAILED_BEFORE_SENDING = frozenset({OPTED_OUT, 30001, 30002, 30036})


def attempt(carrier: Carrier, message: Message) -> int | None:
    """Take a text, unless it is refused: the error number, or None when it is on its way."""
    code = refusal(carrier, message)
    if code:
        refuse(carrier, message, code)
    else:
        accept(carrier, message)
    return code


def refuse(carrier: Carrier, message: Message, code: int, **call: Any) -> None:
    facts = {"from": number_for(carrier, message), "to": message.to, "body": message.body, "parts": message.size.parts}
    carrier.journal.write("refused", origin=message.origin, code=code, **facts, **call)


def keep_out(carrier: Carrier, message: Message, mode: str, **call: Any) -> None:
    """A fault of that mode answers in the text's place: it is never taken."""
    facts = {"from": number_for(carrier, message), "to": message.to, "parts": message.size.parts}
    carrier.journal.write("call", mode=mode, **facts, **call)


def accept(carrier: Carrier, message: Message, **call: Any) -> asyncio.Task[None] | None:
    """Take a text that nothing speaks against; the task that tells its statuses, None while it waits for its hour.

    `call` is what the journal is to know of the call that brought it.
    """
    if message.service_sid:
        message.from_ = number_for(carrier, message)
        message.become("accepted")
    carrier.messages.add(message)
    carrier.journal.write("accepted", **_facts(message), **call)
    if message.send_at:
        message.become("scheduled")
        carrier.background(_at_its_hour(carrier, message, message.send_at))
        return None
    return carrier.background(tell(carrier, message, *deliver(carrier, message)))


def deliver(carrier: Carrier, message: Message) -> tuple[str, int | None]:
    """Put it on the handset, unless it fails; the final status and its error number."""
    sender = carrier.config.sender(message.from_)
    if sender and message.service_sid and carrier.blocks.has(sender, message.to):
        return "failed", OPTED_OUT
    fault = carrier.faults.pick("delivery_error", message.to, message.from_)
    if fault != "ok":
        return "failed" if int(fault) in FAILED_BEFORE_SENDING else "undelivered", int(fault)
    _arrive(carrier, message)
    return "delivered", None


def say_as_carrier(carrier: Carrier, from_: str, to: str, body: str) -> None:
    """The carrier's own words to a handset: no program sees them, no block holds them up."""
    message = Message(carrier.config.account_sid, from_, to, body, "carrier", status="delivered")
    _arrive(carrier, message)


def _arrive(carrier: Carrier, message: Message) -> None:
    """Put it on the handset, and into the journal with the shop's time: so it has the same date after a restart."""
    shown_at = carrier.business_now()
    carrier.handsets.show(message.to, message, shown_at)
    carrier.journal.write("delivered", **_facts(message), shown_at=instant(shown_at))


async def _at_its_hour(carrier: Carrier, message: Message, at: datetime) -> None:
    await asyncio.sleep((at - datetime.now(UTC)).total_seconds())
    if message.status == "scheduled":
        await tell(carrier, message, *deliver(carrier, message))


def number_for(carrier: Carrier, message: Message) -> str | None:
    """The number that sends a text: its own, or that of its messaging service which the handset knows, or the first."""
    if message.from_ or not message.service_sid:
        return message.from_
    pool = [sender.number for sender in carrier.config.pool(message.service_sid)]
    known = (number for number in carrier.handsets.correspondents(message.to) if number in pool)
    return next(known, pool[0] if pool else None)


def _facts(message: Message) -> dict[str, Any]:
    return {
        "origin": message.origin,
        "sid": message.sid,
        "from": message.from_,
        "to": message.to,
        "body": message.body,
        "media": list(message.media),
        "parts": message.size.parts,
        "encoding": message.size.encoding,
    }
