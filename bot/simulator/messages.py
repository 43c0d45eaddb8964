"""The texts that the carrier holds, either way, and how its REST API shows one."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from bot.simulator.parts import Measure, measure

API = "/2010-04-01"
DIRECTIONS = {"handset": "inbound", "api": "outbound-api"}


def new_sid(prefix: str) -> str:
    return prefix + uuid.uuid4().hex


@lru_cache(maxsize=64)
def _http_date(at: datetime) -> str:
    return format_datetime(at)


def http_date(at: datetime) -> str:
    """A time as the REST API writes it, to the second."""
    return _http_date(at.replace(microsecond=0))


def right_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, eq=False)
class Message:
    """One text. `origin`: handset (the customer wrote it), or api, twiml, plain, carrier (who had it sent)."""

    account_sid: str
    from_: str | None
    to: str
    body: str
    origin: str
    media: tuple[str, ...] = ()
    service_sid: str | None = None
    status_url: str | None = None
    status_method: str = "POST"
    send_at: datetime | None = None
    sid: str = ""
    status: str = "queued"
    error_code: int | None = None
    created_at: datetime = field(default_factory=right_now)
    updated_at: datetime = field(default_factory=right_now)
    sent_at: datetime | None = None
    order: int = 0
    redacted: bool = False
    size: Measure = field(init=False)

    def __post_init__(self) -> None:
        self.sid = self.sid or new_sid("MM" if self.media else "SM")
        self.size = measure(self.body)

    def become(self, status: str, error_code: int | None = None) -> None:
        self.status, self.error_code = status, error_code
        self.updated_at = right_now()
        if status == "sent" or (status == "received" and self.sent_at is None):
            self.sent_at = self.updated_at

    @property
    def uri(self) -> str:
        return f"{API}/Accounts/{self.account_sid}/Messages/{self.sid}"

    def as_twilio(self) -> dict[str, Any]:
        """The message as Twilio's REST API writes it. Source: Twilio docs, Message resource."""
        counted = not self.service_sid or self.status not in ("accepted", "scheduled")
        return {
            "account_sid": self.account_sid,
            "api_version": API.removeprefix("/"),
            "body": "" if self.redacted else self.body,
            "date_created": http_date(self.created_at),
            "date_sent": http_date(self.sent_at) if self.sent_at else None,
            "date_updated": http_date(self.updated_at),
            "direction": DIRECTIONS.get(self.origin, "outbound-reply"),
            "error_code": self.error_code,
            "error_message": None,
            "from": self.from_,
            "messaging_service_sid": self.service_sid,
            "num_media": str(len(self.media)),
            # Behind a messaging service the parts are only known once a number has been chosen.
            "num_segments": str(self.size.parts) if counted else "0",
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{self.uri}/Media.json"},
            "to": self.to,
            "uri": f"{self.uri}.json",
        }


class Messages:
    """All texts by sid, and their order by recipient, so that asking for one number's texts never walks through all."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.by_sid: dict[str, Message] = {}
        self._by_to: dict[str, list[Message]] = {}
        self._count = 0

    def add(self, message: Message) -> None:
        self._count += 1
        message.order = self._count
        self.by_sid[message.sid] = message
        self._by_to.setdefault(message.to, []).append(message)

    def remove(self, message: Message) -> None:
        del self.by_sid[message.sid]
        self._by_to[message.to].remove(message)

    def newest_first(self, to: str | None = None) -> Iterator[Message]:
        return reversed(self.by_sid.values()) if to is None else reversed(self._by_to.get(to, []))
