"""One visit to the shop's address with a customer's text: call it, understand the answer, do what it says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

from bot.simulator import sending
from bot.simulator.carrier import Carrier
from bot.simulator.config import Sender
from bot.simulator.messages import Message
from bot.simulator.twiml import Redirect, Reply, Unreadable, read
from bot.simulator.webhooks import BAD_CONTENT_TYPE, Attempt, Form

TWIML_TYPES = frozenset({"text/xml", "application/xml", "text/html"})
MOST_REDIRECTS = 10


@dataclass(slots=True)
class Heard:
    """A text that has reached the carrier and waits to be told to the shop."""

    sender: Sender
    message: Message
    form: Form
    copies: int
    lose_answer: int


async def visit(
    carrier: Carrier, heard: Heard, url: str, form: Form, kind: str, loses: Callable[[], bool]
) -> list[Attempt]:
    """Call an address, execute its answer and follow where it sends us. The last attempt tells how it ended."""
    cookies = carrier.cookies(heard.message.from_ or "", heard.message.to)
    method, seen = "POST", list[Attempt]()
    for _ in range(1 + MOST_REDIRECTS):
        tries = await carrier.webhooks.call(url, form, method=method, cookies=cookies, loses_answer=loses)
        steps = _steps(tries[-1])
        for attempt in tries:
            facts = {"sid": heard.message.sid, "kind": kind, "url": attempt.url, "http": attempt.status}
            carrier.journal.write("attempt", **facts, error=attempt.error)
        seen += tries
        redirect = _execute(carrier, heard, url, tries[-1], steps)
        if redirect is None:
            break
        url, method = urljoin(carrier.webhooks.addresses.signed(url), redirect.url), redirect.method
    return seen


def _steps(answer: Attempt) -> Sequence[Reply | Redirect]:
    """What an answer asks for; if it cannot be understood, that becomes the attempt's error."""
    if answer.error or answer.status == 204:
        return ()
    kind = _media_type(answer)
    if kind in TWIML_TYPES:
        try:
            return read(answer.body)
        except Unreadable as unreadable:
            answer.error = unreadable.code
    elif kind != "text/plain":
        answer.error = BAD_CONTENT_TYPE
    elif answer.body:
        # So it is at Twilio: a plain answer is itself the text that the customer gets.
        return [Reply(answer.body)]
    return ()


def _execute(
    carrier: Carrier, heard: Heard, url: str, answer: Attempt, steps: Sequence[Reply | Redirect]
) -> Redirect | None:
    origin = "twiml" if _media_type(answer) in TWIML_TYPES else "plain"
    for step in steps:
        if isinstance(step, Redirect):
            return step
        sending.attempt(carrier, _outgoing(carrier, heard, url, step, origin))
    return None


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
