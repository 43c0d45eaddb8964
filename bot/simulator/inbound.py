"""A text typed on a handset, on its way to the shop.

1. it is on the handset and in the journal
2. the carrier itself hears STOP, START and HELP, and answers them as the sender's mode says
3. the shop's address is called, signed; several times at once where a fault asks for copies
4. if that fails the fallback address is called, with the error
5. the answer is executed: the texts it holds are sent
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.simulator import sending
from bot.simulator.carrier import Carrier
from bot.simulator.config import Sender
from bot.simulator.journal import instant
from bot.simulator.messages import API, Message, new_sid
from bot.simulator.visit import Heard, visit
from bot.simulator.webhooks import Attempt

COUNTRIES = {"+1": "US", "+33": "FR", "+34": "ES", "+44": "GB", "+49": "DE", "+32": "BE", "+41": "CH", "+39": "IT"}


@dataclass(slots=True)
class Typed:
    """A text as someone typed it. `params` replace or (None) take away webhook parameters.

    `copies`: how many times it is delivered at once. `lose_answer`: how many answers of each copy get lost.
    """

    from_: str
    body: str
    media: Sequence[str] = ()
    params: Mapping[str, str | None] = field(default_factory=dict)
    copies: int = 1
    lose_answer: int = 0


async def hear(carrier: Carrier, sender: Sender, typed: Typed) -> tuple[Message, list[Attempt]]:
    """Carry a typed text to the shop and execute what it answers: the message, and every try of a webhook."""
    heard = receive(carrier, sender, typed)
    return heard.message, await _tell_shop(carrier, heard)


def hear_later(carrier: Carrier, sender: Sender, typed: Typed) -> Message:
    """The same without waiting for the shop."""
    heard = receive(carrier, sender, typed)
    carrier.background(_tell_shop(carrier, heard))
    return heard.message


async def interject(carrier: Carrier, sender: Sender, typed: Typed, longest: float) -> None:
    """Let a text come in between, and go on when the shop has answered it, or after that many seconds."""
    heard = receive(carrier, sender, typed)
    await asyncio.wait({carrier.background(_tell_shop(carrier, heard))}, timeout=longest)


def receive(carrier: Carrier, sender: Sender, typed: Typed) -> Heard:
    """The carrier's own part, before the shop knows."""
    account, sid = carrier.config.account_sid, new_sid("MM" if typed.media else "SM")
    media = tuple(carrier.pictures.take(account, sid, given) for given in typed.media)
    message = Message(account, typed.from_, sender.number, typed.body, "handset", media, sender.service_sid, sid=sid)
    message.become("received")
    carrier.messages.add(message)
    shown_at = carrier.business_now()
    carrier.handsets.show(typed.from_, message, shown_at)
    facts = {"sid": message.sid, "from": typed.from_, "to": sender.number, "body": typed.body}
    carrier.journal.write("inbound", **facts, media=list(media), shown_at=instant(shown_at))
    reaction = carrier.blocks.hear(sender, typed.from_, typed.body)
    if reaction.says:
        sending.say_as_carrier(carrier, sender.number, typed.from_, reaction.says)
    form = webhook_form(sender, message, reaction.opt_out_type, typed.params)
    copies = max(typed.copies, int(carrier.faults.get("inbound_copies", typed.from_, sender.number)))
    return Heard(sender, message, form, copies, typed.lose_answer)


async def _tell_shop(carrier: Carrier, heard: Heard) -> list[Attempt]:
    """Deliver the text, in as many copies at once as wished. The fallback address is for a text none of whose deliveries
    was answered: there, too, come all copies."""
    loses = _loser(carrier, heard)
    told = [visit(carrier, heard, heard.sender.inbound_url, heard.form, "inbound", loses) for _ in range(heard.copies)]
    deliveries = await asyncio.gather(*told)
    attempts = [attempt for delivery in deliveries for attempt in delivery]
    error = deliveries[0][-1].error
    if heard.sender.fallback_url and all(delivery[-1].error for delivery in deliveries):
        url = carrier.webhooks.addresses.signed(heard.sender.inbound_url)
        form = [*heard.form, ("ErrorCode", str(error)), ("ErrorUrl", url)]
        told = [visit(carrier, heard, heard.sender.fallback_url, form, "fallback", loses) for _ in range(heard.copies)]
        attempts += [attempt for delivery in await asyncio.gather(*told) for attempt in delivery]
    return attempts


def _loser(carrier: Carrier, heard: Heard) -> Callable[[], bool]:
    left = heard.lose_answer

    def loses() -> bool:
        nonlocal left
        left -= 1
        return left >= 0 or carrier.faults.happens("answers_lost", heard.message.from_, heard.sender.number)

    return loses


def webhook_form(
    sender: Sender, message: Message, opt_out_type: str | None, params: Mapping[str, str | None]
) -> list[tuple[str, str]]:
    """The parameters of an inbound text. Source: Twilio docs, "Twilio's request to your incoming message webhook URL".

    Two are invented: the real carrier adds parameters without notice, and nobody may stumble over them.
    """
    from_ = message.from_ or ""
    country = next((name for prefix, name in COUNTRIES.items() if from_.startswith(prefix)), "")
    fields: dict[str, str | None] = {
        "ToCountry": sender.country,
        **dict.fromkeys(("ToState", "ToCity", "ToZip", "FromState", "FromCity", "FromZip"), ""),
        "FromCountry": country,
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "MessageSid": message.sid,
        "AccountSid": message.account_sid,
        "SmsStatus": "received",
        "From": from_,
        "To": message.to,
        "Body": message.body,
        "NumMedia": str(len(message.media)),
        "NumSegments": str(message.size.parts),
        "ApiVersion": API.removeprefix("/"),
        "MessagingServiceSid": sender.service_sid,
        "OptOutType": opt_out_type,
        "CarrierTrace": f"trace-{message.sid[-8:]}",
        "TrafficScore": "0.5",
    }
    for place, address in enumerate(message.media):
        fields |= {f"MediaUrl{place}": address, f"MediaContentType{place}": "image/jpeg"}
    return [(name, value) for name, value in (fields | dict(params)).items() if value is not None]
