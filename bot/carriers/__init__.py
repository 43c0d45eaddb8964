"""Carriers: the companies that take our messages to phones and bring us what people text.

The house knows a carrier only by the `Carrier` protocol and the plain values of this page. What a carrier calls
its fields, how it signs and what its error numbers mean stay inside its own module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.carriers.codes import Action
from bot.settings import Settings

__all__ = [
    "CONTENT_TYPE", "Action", "Busy", "Carrier", "Forbidden", "Inbound", "Listed", "Malformed", "OptOut", "OptOutMode",
    "Outgoing", "Refused", "Reply", "SendResult", "Sent", "Status", "Unavailable", "Unknown", "WebhookRequest",
    "open_carrier",
]  # fmt: skip

CONTENT_TYPE = "text/xml; charset=utf-8"
"""Of every answer to a webhook: Twilio would text a `text/plain` answer to the customer."""

OptOut = Literal["stop", "start", "help"]
OptOutMode = Literal["carrier", "advanced", "tollfree", "self"]
"""Who answers STOP on a sender: the carrier by its default, by its configurable opt-out, the toll-free network, us."""


class Forbidden(Exception):
    """The request does not come from our account at the carrier: answer 403, do nothing else."""


class Malformed(Exception):
    """The request is signed but is not what the carrier promises to send: answer 400, do nothing else."""


class Unavailable(Exception):
    """The carrier could not be asked, so nothing may be concluded from its silence."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A call from the carrier as it came over the wire: nothing decoded, nothing trimmed."""

    path: str  # still percent-encoded
    query: str  # without "?", still percent-encoded
    form: Sequence[tuple[str, str]]  # decoded, in order, repeated and blank ones kept
    signature: str | None
    content_type: str
    settings_header: str | None = None  # names the key of a signature that is not made with the account's token


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text that someone sent us. `body` is as they wrote it: clean it before it is stored or shown."""

    account: str
    sid: str
    sender: str  # as the carrier gives it: often +33612345678, but a short code, a name or nothing is possible
    to: str
    body: str
    media: tuple[str, ...]  # addresses at the carrier; kept as text; see Carrier.fetch
    opt_out: OptOut | None  # the carrier took it for this and has already answered it
    country: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """What the carrier says has become of a message of ours. A higher rank is later news."""

    sid: str
    status: str  # the carrier's own word
    rank: int  # 0: a word we do not know
    error_code: str | None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to hand to the carrier: from a number, from a service that picks one, or both."""

    message_id: int  # ours; comes back in the address of each status
    to: str
    from_: str | None
    service_sid: str | None
    body: str  # cleaned
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What we say in the very answer to the text just received. At least one of body and media is there."""

    message_id: int
    body: str  # cleaned
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """The carrier has it, under its own number `sid`."""

    sid: str
    status: str
    rank: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The carrier said no and will not send it."""

    code: str
    http: int
    action: Action


@dataclass(frozen=True, slots=True)
class Busy:
    """The carrier did not look at it; trying again is safe after `retry_after` seconds."""

    retry_after: float


@dataclass(frozen=True, slots=True)
class Unknown:
    """The carrier may or may not have it. Sending again could text someone twice: ask `list` first."""

    reason: str


SendResult = Sent | Refused | Busy | Unknown


@dataclass(frozen=True, slots=True)
class Listed:
    """A message as the carrier's own records show it."""

    sid: str
    to: str
    from_: str | None
    body: str
    created_at: datetime  # UTC
    status: str
    rank: int
    error_code: str | None


class Carrier(Protocol):
    """A company that carries messages. Its webhooks are read and answered anywhere; sending needs `open` first."""

    @property
    def name(self) -> str:
        """One lower-case word, as in its webhook addresses."""

    @property
    def is_simulated(self) -> bool:
        """Whether no real phone can be reached."""

    @property
    def settling_for(self) -> float:
        """Seconds after which a message that `list` does not show was certainly never accepted."""

    def verify(self, request: WebhookRequest) -> None:
        """Raise Forbidden unless our own account at the carrier signed this request."""

    def read_inbound(self, request: WebhookRequest) -> Inbound:
        """Read a text from a verified request; raise Malformed."""

    def read_status(self, request: WebhookRequest) -> Status:
        """Read a delivery status from a verified request; raise Malformed."""

    def answer(self, reply: Reply | None) -> str:
        """The body, of CONTENT_TYPE, that answers a webhook: with words for the person who wrote, or with none."""

    def answers_itself(self, text: str, mode: OptOutMode) -> OptOut | None:
        """What the carrier takes this text for and answers without us, on a sender of that opt-out mode."""

    async def open(self) -> None:
        """Get ready to call the carrier, in the running event loop."""

    async def close(self) -> None:
        """Let go of the connections. Harmless when not open."""

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Hand over one message, once, within 5 seconds in total. Never raises for what the carrier does."""

    async def fetch(self, address: str, most: int) -> bytes | None:
        """A picture that came with a text, by the address that it came with. Needs no `open`; 5 seconds in total.

        None: it is more than `most` bytes. Raises Unavailable; what is not the carrier's own is never called.
        """

    async def numbers(self) -> Sequence[str]:
        """Our numbers there that can text, in E.164, some dozens at most; needs no `open`. Raise Unavailable."""

    async def list(self, to: str, since: datetime) -> list[Listed]:
        """All messages to that number created at or after `since` (aware); raise Unavailable, never a part of them."""


def open_carrier(settings: Settings) -> Carrier:
    """The carrier that the settings name. Costs no network."""
    from bot.carriers.twilio import Twilio  # here, so that who only needs the values above does not load the SDK

    return Twilio(settings)
