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
from urllib.parse import urljoin

from bot.simulator import sending
from bot.simulator.carrier import Carrier
from bot.simulator.config import Sender
from bot.simulator.messages import API, Message
from bot.simulator.twiml import Redirect, Reply, Unreadable, read
from bot.simulator.webhooks import BAD_CONTENT_TYPE, Attempt, Form

TWIML_TYPES = frozenset({"text/xml", "application/xml", "text/html"})
MOST_REDIRECTS = 10
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


@dataclass(slots=True)
class Heard:
    """A text that has reached the carrier and waits to be told to the shop."""

    sender: Sender
    message: Message
    form: Form
    lose_answer: int


async def hear(carrier: Carrier, sender: Sender, typed: Typed) -> tuple[Message, list[Attempt]]:
    """Carry a typed text to the shop and execute what it answers: the message, and every try of a webhook."""
    message = receive(carrier, sender, typed)
    return message, await tell_shop(carrier, *_heard(carrier, sender, message, typed))


def hear_later(carrier: Carrier, sender: Sender, typed: Typed) -> Message:
    """The same without waiting for the shop."""
    message = receive(carrier, sender, typed)
    heard, copies = _heard(carrier, sender, message, typed)

    async def tell() -> None:
        await tell_shop(carrier, heard, copies)

    carrier.background(tell())
    return message


def receive(carrier: Carrier, sender: Sender, typed: Typed) -> Message:
    message = Message(
        carrier.config.account_sid,
        typed.from_,
        sender.number,
        typed.body,
        "handset",
        tuple(typed.media),
        sender.service_sid,
    )
    message.become("received")
    carrier.messages.add(message)
    carrier.handsets.show(typed.from_, message, carrier.business_now())
    facts = {"sid": message.sid, "from": typed.from_, "to": sender.number, "body": typed.body}
    carrier.journal.write("inbound", **facts, media=list(message.media))
    return message


def _heard(carrier: Carrier, sender: Sender, message: Message, typed: Typed) -> tuple[Heard, int]:
    reaction = carrier.blocks.hear(sender, typed.from_, typed.body)
    if reaction.says:
        sending.say_as_carrier(carrier, sender.number, typed.from_, reaction.says)
    form = webhook_form(sender, message, reaction.opt_out_type, typed.params)
    copies = max(typed.copies, int(carrier.faults.get("inbound_copies", typed.from_, sender.number)))
    return Heard(sender, message, form, typed.lose_answer), copies


async def tell_shop(carrier: Carrier, heard: Heard, copies: int = 1) -> list[Attempt]:
    tries = await asyncio.gather(*(_tell_one(carrier, heard) for _ in range(copies)))
    return [attempt for tried in tries for attempt in tried]


async def _tell_one(carrier: Carrier, heard: Heard) -> list[Attempt]:
    loses = _loser(carrier, heard)
    attempts = await _visit(carrier, heard, heard.sender.inbound_url, heard.form, "inbound", loses)
    error = attempts[-1].error
    if error and heard.sender.fallback_url:
        url = carrier.webhooks.addresses.signed(heard.sender.inbound_url)
        form = [*heard.form, ("ErrorCode", str(error)), ("ErrorUrl", url)]
        attempts += await _visit(carrier, heard, heard.sender.fallback_url, form, "fallback", loses)
    return attempts


def _loser(carrier: Carrier, heard: Heard) -> Callable[[], bool]:
    left = heard.lose_answer

    def loses() -> bool:
        nonlocal left
        left -= 1
        return left >= 0 or carrier.faults.happens("answers_lost", heard.message.from_, heard.sender.number)

    return loses


async def _visit(
    carrier: Carrier, heard: Heard, url: str, form: Form, kind: str, loses: Callable[[], bool]
) -> list[Attempt]:
    """Call an address, execute its answer and follow where it sends us. The last attempt tells how it ended."""
    cookies = carrier.cookies(heard.message.from_ or "", heard.message.to)
    method, seen = "POST", list[Attempt]()
    for _ in range(1 + MOST_REDIRECTS):
        tries = await carrier.webhooks.call(url, form, method=method, cookies=cookies, loses_answer=loses)
        seen += tries
        redirect = _execute(carrier, heard, url, tries[-1]) if not tries[-1].error else None
        for attempt in tries:
            facts = {"sid": heard.message.sid, "kind": kind, "url": attempt.url, "http": attempt.status}
            carrier.journal.write("attempt", **facts, error=attempt.error)
        if redirect is None:
            return seen
        url, method = urljoin(carrier.webhooks.addresses.signed(url), redirect.url), redirect.method
    return seen


def _execute(carrier: Carrier, heard: Heard, url: str, answer: Attempt) -> Redirect | None:
    """Do what the answer says; what cannot be executed becomes the attempt's error."""
    try:
        steps = _steps(answer)
    except Unreadable as unreadable:
        answer.error = unreadable.code
        return None
    origin = "twiml" if _media_type(answer) in TWIML_TYPES else "plain"
    for step in steps:
        if isinstance(step, Redirect):
            return step
        sending.attempt(carrier, _outgoing(carrier, heard, url, step, origin))
    return None


def _steps(answer: Attempt) -> Sequence[Reply | Redirect]:
    if answer.status == 204:
        return ()
    kind = _media_type(answer)
    if kind in TWIML_TYPES:
        return read(answer.body)
    if kind == "text/plain":
        # So it is at Twilio: a plain answer is itself the text that the customer gets.
        return [Reply(answer.body)] if answer.body else ()
    raise Unreadable(BAD_CONTENT_TYPE, f"content type {answer.content_type!r}")


def _media_type(answer: Attempt) -> str:
    return (answer.content_type or "").partition(";")[0].strip().lower()


def _outgoing(carrier: Carrier, heard: Heard, url: str, reply: Reply, origin: str) -> Message:
    base = carrier.webhooks.addresses.signed(url)
    # A status path in the answer is the shop's own: seen from its public address, like everything that is signed.
    status_url = urljoin(base, reply.status_url) if reply.status_url else None
    sender = heard.sender if reply.from_ is None else carrier.config.sender(reply.from_)
    return Message(
        carrier.config.account_sid,
        from_=reply.from_ or heard.sender.number,
        to=reply.to or heard.message.from_ or "",
        body=reply.body,
        origin=origin,
        media=reply.media,
        service_sid=sender.service_sid if sender else None,
        status_url=status_url,
        status_method=reply.status_method,
    )


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
