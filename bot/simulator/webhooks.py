"""Calls the shop's addresses as the carrier does: signed, with its time limits, and retried only as the address asks.

Sources: Twilio docs, "Webhooks security" and "Webhooks connection overrides"; error numbers from its error dictionary.
"""

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from bot.simulator.addresses import Addresses, Patience, patience
from bot.simulator.config import Config
from bot.simulator.signature import sign

READ_TIMEOUT, NO_CONNECTION, BAD_STATUS, TOO_LARGE, BAD_CONTENT_TYPE = 11200, 11205, 11217, 11750, 12300
LARGEST_ANSWER = 64 * 1024
Form = Sequence[tuple[str, str]]


@dataclass(slots=True)
class Attempt:
    """One try of a webhook: what came back, and the carrier's error number if that is no good."""

    url: str
    status: int | None = None
    content_type: str | None = None
    body: str = ""
    error: int | None = None
    failure: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Webhooks:
    """One HTTP client for all webhooks; open it inside the running loop."""

    def __init__(self, config: Config) -> None:
        self.addresses = Addresses(config.senders)
        self._secret = config.webhook_secret
        # A fresh connection each time: one that the server closed in the meantime must not look like a lost text.
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=True,
        )

    async def close(self) -> None:
        await self._client.close()

    async def call(
        self,
        url: str,
        form: Form,
        *,
        method: str = "POST",
        retries: int = 1,
        cookies: dict[str, str] | None = None,
        loses_answer: Callable[[], bool] = lambda: False,
    ) -> list[Attempt]:
        """Call an address until it answers well or its patience is over; all tries, the last one decides.

        `cookies` are sent and then updated. `loses_answer` is asked once a try: the request arrives, its answer does not.
        """
        manner = patience(url, retries)
        target = self.addresses.reached(url)
        signed = self.addresses.signed(url)
        if method == "GET":
            query = ("&" if "?" in signed else "?") + urlencode(form)
            target, signed, form = target + query, signed + query, ()
        headers = {
            "X-Twilio-Signature": sign(self._secret, signed, form),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        }
        attempts: list[Attempt] = []
        deadline = asyncio.get_running_loop().time() + manner.total_for
        for _ in range(1 + manner.retries):
            attempt = await self._try(method, target, form, headers, manner, deadline, cookies)
            if attempt.status is not None and loses_answer():
                attempt = Attempt(target, error=READ_TIMEOUT, failure="rt")
            attempts.append(attempt)
            if not attempt.failure or not manner.retries_after(attempt.failure):
                break
        return attempts

    async def _try(
        self,
        method: str,
        url: str,
        form: Form,
        headers: Mapping[str, str],
        manner: Patience,
        deadline: float,
        cookies: dict[str, str] | None,
    ) -> Attempt:
        limits = aiohttp.ClientTimeout(sock_connect=manner.connect_for, sock_read=manner.read_for)
        try:
            async with (
                asyncio.timeout_at(deadline),
                self._client.request(
                    method,
                    URL(url, encoded=True),
                    data=urlencode(form) if method == "POST" else None,
                    headers={**headers, "User-Agent": "TwilioProxy/1.1", "Accept": "*/*"}
                    | ({"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"} if method == "POST" else {})
                    | ({"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())} if cookies else {}),
                    timeout=limits,
                    allow_redirects=False,
                ) as response,
            ):
                content = await response.content.read(LARGEST_ANSWER + 1)
                while not response.content.at_eof() and len(content) <= LARGEST_ANSWER:
                    content += await response.content.read(LARGEST_ANSWER + 1 - len(content))
                if cookies is not None:
                    cookies.update({name: morsel.value for name, morsel in response.cookies.items()})
                return _answer(url, response.status, response.headers.get("Content-Type"), content)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Attempt(url, error=NO_CONNECTION, failure="ct")
        except (TimeoutError, aiohttp.ClientError, ValueError):
            return Attempt(url, error=READ_TIMEOUT, failure="rt")


def _answer(url: str, status: int, content_type: str | None, content: bytes) -> Attempt:
    attempt = Attempt(url, status, content_type, content.decode("utf-8", "replace"))
    if not 200 <= status < 300:
        attempt.error, attempt.failure = BAD_STATUS, "4xx" if status < 500 else "5xx"
    elif len(content) > LARGEST_ANSWER:
        attempt.error, attempt.failure = TOO_LARGE, "too large"
    return attempt
