"""What the carrier knows from before: its journal, read back when it starts again on the same file."""

from datetime import datetime
from typing import Any

from bot.simulator.carrier import Carrier
from bot.simulator.messages import Message


def recall(carrier: Carrier) -> None:
    """Put texts back on the phones and into the books, and block again who had left. Nothing is told or sent anew."""
    for event in carrier.journal.read():
        match event["event"]:
            case "inbound":
                _recall_inbound(carrier, event)
            case "accepted":
                carrier.messages.add(_message(carrier, event))
            case "delivered":
                message = carrier.messages.by_sid.get(event["sid"]) or _message(carrier, event)
                message.status = "delivered"
                carrier.handsets.show(event["to"], message, _shown_at(event))
            case "callback" if event["sid"] in carrier.messages.by_sid:
                carrier.messages.by_sid[event["sid"]].status = event["status"]


def _recall_inbound(carrier: Carrier, event: dict[str, Any]) -> None:
    message = _message(carrier, event | {"origin": "handset"})
    message.status = "received"
    carrier.messages.add(message)
    carrier.handsets.show(event["from"], message, _shown_at(event))
    sender = carrier.config.sender(event["to"])
    if sender:
        carrier.blocks.hear(sender, event["from"], event["body"])


def _shown_at(event: dict[str, Any]) -> datetime:
    """The shop's time, as the handset showed it."""
    return datetime.fromisoformat(event.get("shown_at", event["at"]))


def _message(carrier: Carrier, event: dict[str, Any]) -> Message:
    at = datetime.fromisoformat(event["at"])
    account, media = carrier.config.account_sid, tuple(event["media"])
    message = Message(account, event["from"], event["to"], event["body"], event["origin"], media, sid=event["sid"])
    message.created_at = message.updated_at = message.sent_at = at
    return message
