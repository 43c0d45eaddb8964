"""Twilio's API: hand over a message, and ask what became of one whose answer was lost.

Source: Twilio docs, "Message resource" and "Error 20429". Creating a message twice texts someone twice, so no call is
ever repeated here and every answer is put into one of four classes: sent, refused, busy or unknown.
"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Any

import aiohttp
from twilio.rest import Client  # type: ignore[import-untyped]

from bot.carriers import Busy, Listed, Outgoing, Refused, SendResult, Sent, Unavailable, Unknown
from bot.carriers.codes import lookup
from bot.carriers.twilio.ranks import rank
from bot.carriers.twilio.transport import Declined, Transport

CALL_FOR = 5.0  # seconds for a whole call, however slowly the answer drips
LIST_FOR = 10.0
NUMBERS_FOR = 3.0  # somebody looks at a page meanwhile
PAGE = 200
BACK_OFF = 1.0  # where the carrier names no time


class Api:
    """Calls to one account."""

    def __init__(self, account: str, token: str, base: str | None) -> None:
        self._account, self._token, self._base = account, token, base
        self._create_at = f"https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json"
        self._transport: Transport | None = None
        self._client: Any = None

    def open(self) -> None:
        """Open the connections, in the running event loop."""
        self._transport = Transport(self._base)
        self._client = Client(self._account, self._token, http_client=self._transport)

    async def close(self) -> None:
        """Close the connections."""
        if self._transport:
            await self._transport.close()
        self._transport = self._client = None

    async def send(self, outgoing: Outgoing, status_url: str) -> SendResult:
        """Create the message and class the answer; `status_url` receives its statuses."""
        client = self._open_client()
        fields = {
            "To": outgoing.to, "From": outgoing.from_, "MessagingServiceSid": outgoing.service_sid,
            "Body": outgoing.body or None, "MediaUrl": list(outgoing.media) or None, "StatusCallback": status_url,
        }  # fmt: skip
        try:
            # Not `messages.create_async`, which reads every date of an answer of which we need two words.
            answer = await client.request_async("POST", self._create_at, data=fields, timeout=CALL_FOR)
            return _sent(answer.text)
        except Declined as no:
            return _declined(no)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Busy(BACK_OFF)  # no connection, so nothing was said
        except Exception as fault:  # noqa: BLE001  # once we began to speak, no fault proves that we were not heard
            return Unknown(type(fault).__name__)

    async def list(self, to: str, since: datetime) -> list[Listed]:
        """Every message to that number from `since` on, newest first; raises Unavailable.

        Asks by number alone: the API's own date filter looks at the time of sending, which a message that still waits
        in its queue does not have, and such a message must not be taken for absent.
        """
        if since.tzinfo is None:
            raise ValueError("since needs a time zone")
        since = since.replace(microsecond=0)  # the carrier's times are whole seconds
        messages = self._open_client().messages
        found: list[Listed] = []
        try:
            async with asyncio.timeout(LIST_FOR):
                page = await messages.page_async(to=to, page_size=PAGE)
                while page is not None:
                    shown = [_listed(message) for message in page]
                    found += (message for message in shown if message.created_at >= since)
                    if shown and max(message.created_at for message in shown) < since:
                        break
                    page = await page.next_page_async()
        except Exception as fault:  # noqa: BLE001  # whatever it is, a part of the list is worse than none
            raise Unavailable(type(fault).__name__) from None
        return found

    async def numbers(self) -> tuple[str, ...]:
        """The numbers of the account that can text: a first page of them, in E.164; raises Unavailable.

        Source: Twilio docs, "IncomingPhoneNumbers resource".
        """
        try:
            async with asyncio.timeout(NUMBERS_FOR):
                page = await self._open_client().incoming_phone_numbers.page_async(page_size=PAGE)
            return tuple(str(one.phone_number) for one in page if (one.capabilities or {}).get("sms"))
        except Exception as fault:  # noqa: BLE001  # whatever it is, the number can still be typed
            raise Unavailable(type(fault).__name__) from None

    def _open_client(self) -> Any:
        if self._client is None:
            raise RuntimeError("open the carrier first")
        return self._client


def _sent(answer: str) -> SendResult:
    message = json.loads(answer or "{}")
    sid, status = message.get("sid"), str(message.get("status") or "")
    if not isinstance(sid, str) or not sid or not (sid + status).isprintable():  # nor what no database takes
        return Unknown("accepted without a sid")
    return Sent(sid, status, rank(status))


def _declined(answer: Declined) -> SendResult:
    if answer.http == 429:
        return Busy(answer.retry_after or BACK_OFF)
    if 400 <= answer.http < 500 and answer.http != 408:
        return Refused(answer.code, answer.http, lookup(answer.code).action)
    return Unknown(f"HTTP {answer.http}")


def _listed(message: Any) -> Listed:
    if not isinstance(message.date_created, datetime):
        raise TypeError("a message without its time")
    return Listed(
        sid=message.sid,
        to=message.to,
        from_=message.from_,
        body=message.body or "",
        created_at=message.date_created,
        status=message.status,
        rank=rank(message.status),
        error_code=str(message.error_code) if message.error_code else None,
    )
