"""Calls the shop's addresses as the carrier does: signed, with its time limits, and retried only as the address asks.

Sources: Twilio docs, "Webhooks security" and "Webhooks connection overrides"; error numbers from its error dictionary.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

import aiohttp
from yarl import URL

from bot.simulator.addresses import Addresses, Patience, patience
from bot.simulator.config import Config
from bot.simulator.lines import Lines, NoLine
from bot.simulator.signature import sign

READ_TIMEOUT, NO_CONNECTION, BAD_STATUS, TOO_LARGE, BAD_CONTENT_TYPE = 11200, 11205, 11217, 11750, 12300
LARGEST_ANSWER = 64 * 1024
FORM_TYPE = "application/x-www-form-urlencoded; charset=UTF-8"
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


@dataclass(frozen=True, slots=True)
class Request:
    """One webhook request, signed: the same for each try."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: str | None


class Webhooks:
    """The clients for all webhooks; make them inside the running loop."""

    def __init__(self, config: Config) -> None:
        self.addresses = Addresses(config.senders)
        self._secret = config.webhook_secret
        # A fresh connection each time: one that the server closed in the meantime must not look like a lost text.
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True), cookie_jar=aiohttp.DummyCookieJar()
        )
        self._lines = Lines()

    async def close(self) -> None:
        self._lines.close()
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

        `cookies` are sent and then updated. `loses_answer` is asked at each try: it arrived, but is its answer lost?
        """
        manner, request = patience(url, retries), self._signed(method, url, form)
        kept = {} if cookies is None else cookies
        return await self._until_well(manner, lambda by: self._try(request, manner, by, kept), loses_answer)

    async def tell(self, url: str, form: Form, method: str = "POST") -> list[Attempt]:
        """Tell a status, of whose answer only the number counts; tried again only if the address asks for it."""
        manner, request = patience(url, retries=0), self._signed(method, url, form)
        return await self._until_well(manner, lambda by: self._try_line(request, manner, by), lambda: False)

    async def _until_well(
        self, manner: Patience, try_: Callable[[float], Awaitable[Attempt]], loses_answer: Callable[[], bool]
    ) -> list[Attempt]:
        deadline = asyncio.get_running_loop().time() + manner.total_for
        attempts: list[Attempt] = []
        for _ in range(1 + manner.retries):
            attempt = await try_(deadline)
            if attempt.status is not None and loses_answer():
                attempt = Attempt(attempt.url, error=READ_TIMEOUT, failure="rt")
            attempts.append(attempt)
            if not attempt.failure or not manner.retries_after(attempt.failure):
                break
        return attempts

    def _signed(self, method: str, url: str, form: Form) -> Request:
        target, signed, content = self.addresses.reached(url), self.addresses.signed(url), _encoded(form)
        if method == "GET":
            query = ("&" if "?" in signed else "?") + content
            target, signed, form = target + query, signed + query, ()
        headers = {
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "X-Twilio-Signature": sign(self._secret, signed, form),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        }
        if method == "GET":
            return Request("GET", target, headers, None)
        return Request("POST", target, headers | {"Content-Type": FORM_TYPE}, content)

    async def _try(self, request: Request, manner: Patience, deadline: float, cookies: dict[str, str]) -> Attempt:
        try:
            async with (
                asyncio.timeout_at(deadline),
                self._client.request(
                    request.method,
                    URL(request.url, encoded=True),
                    data=request.content,
                    headers=request.headers,
                    cookies=cookies,
                    timeout=aiohttp.ClientTimeout(sock_connect=manner.connect_for, sock_read=manner.read_for),
                    allow_redirects=False,
                ) as response,
            ):
                content = await _read(response.content)
                cookies.update({name: morsel.value for name, morsel in response.cookies.items()})
                return _answer(request.url, response.status, response.headers.get("Content-Type"), content)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Attempt(request.url, error=NO_CONNECTION, failure="ct")
        except (TimeoutError, aiohttp.ClientError, ValueError):
            return Attempt(request.url, error=READ_TIMEOUT, failure="rt")

    async def _try_line(self, request: Request, manner: Patience, deadline: float) -> Attempt:
        try:
            async with asyncio.timeout_at(min(deadline, asyncio.get_running_loop().time() + manner.read_for)):
                head = await self._lines.ask(
                    request.method, request.url, request.headers, request.content or "", manner.connect_for
                )
            return _answer(request.url, head.status, head.headers.get("content-type"), b"")
        except NoLine:
            return Attempt(request.url, error=NO_CONNECTION, failure="ct")
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            return Attempt(request.url, error=READ_TIMEOUT, failure="rt")


# The same names, numbers and statuses come again and again.
_quoted = lru_cache(maxsize=4096)(quote_plus)


def _encoded(form: Form) -> str:
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in form)


async def _read(stream: aiohttp.StreamReader) -> bytes:
    """An answer's content; of one that is too large, just enough to know it."""
    content = b""
    async for piece in stream.iter_any():
        content += piece
        if len(content) > LARGEST_ANSWER:
            break
    return content


def _answer(url: str, status: int, content_type: str | None, content: bytes) -> Attempt:
    attempt = Attempt(url, status, content_type, content.decode("utf-8", "replace"))
    if not 200 <= status < 300:
        attempt.error, attempt.failure = BAD_STATUS, "4xx" if status < 500 else "5xx"
    elif len(content) > LARGEST_ANSWER:
        attempt.error, attempt.failure = TOO_LARGE, "too large"
    return attempt
