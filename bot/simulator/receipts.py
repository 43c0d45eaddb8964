"""What became of a text, told to the shop's status address.

Source: Twilio docs, "Track outbound message status": the first status is in the answer to the create call and is not
told again; the order is not promised.
"""

import asyncio
from datetime import UTC, datetime

from bot.simulator.carrier import Carrier
from bot.simulator.messages import API, Message

AT_ONCE = asyncio.Semaphore(32)


def steps(message: Message, end: str) -> list[str]:
    """The statuses still to come, in their true order."""
    queued = ["queued"] if message.service_sid else []
    return [*queued, "failed"] if end == "failed" else [*queued, "sent", end]


async def tell(carrier: Carrier, message: Message, end: str, code: int | None) -> None:
    """Let a text go through its statuses and tell each, in the order and as often as the faults say."""
    faults, ends = carrier.faults, (message.to, message.from_)
    todo = steps(message, end) * (1 + int(faults.get("receipt_duplicates", *ends)))
    order = faults.get("receipt_order", *ends)
    # In the normal order a duplicate follows its first telling, as a repeated delivery would.
    todo.sort(key=steps(message, end).index)
    if order == "reversed":
        todo.reverse()
    elif order == "shuffled":
        faults.draw.shuffle(todo)
    for status in todo:
        await asyncio.sleep(faults.wait_for("receipt_delay_ms", *ends))
        _climb(carrier, message, status, code if status == end else None)
        if message.status_url and not faults.happens("receipt_lost", *ends):
            await post(carrier, message, status, code if status == end else None)


async def post(carrier: Carrier, message: Message, status: str, code: int | None = None) -> None:
    """Tell one status; not tried again unless the address asks for it."""
    if not message.status_url:
        return
    async with AT_ONCE:
        attempts = await carrier.webhooks.tell(message.status_url, form(message, status, code), message.status_method)
    for attempt in attempts:
        carrier.journal.write(
            "callback", sid=message.sid, status=status, url=attempt.url, http=attempt.status, error=attempt.error
        )


def form(message: Message, status: str, code: int | None) -> list[tuple[str, str]]:
    fields = {
        "AccountSid": message.account_sid,
        "ApiVersion": API.removeprefix("/"),
        "From": message.from_ or "",
        "MessageSid": message.sid,
        "MessageStatus": status,
        "SmsSid": message.sid,
        "SmsStatus": status,
        "To": message.to,
    }
    if message.service_sid:
        fields["MessagingServiceSid"] = message.service_sid
    if status in ("delivered", "undelivered"):
        fields["RawDlrDoneDate"] = datetime.now(UTC).strftime("%y%m%d%H%M")
    if code and status in ("failed", "undelivered"):
        fields["ErrorCode"] = str(code)
    return list(fields.items())


def _climb(carrier: Carrier, message: Message, status: str, code: int | None) -> None:
    """The carrier itself never goes back, in whatever order it tells."""
    ladder = ("scheduled", "accepted", "queued", "sent", "undelivered", "failed", "delivered")
    if ladder.index(status) > ladder.index(message.status):
        message.become(status, code)
        if message.sent_at is None and status in ("delivered", "undelivered"):
            message.sent_at = message.updated_at
        carrier.handsets.refresh(message)
