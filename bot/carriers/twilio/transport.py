"""The wire to Twilio's API under the official SDK: one pool of connections, another host if set, and nothing logged.

The SDK's own asynchronous transport ignores its time limit, writes numbers to the log and takes the HTTP status from
the body of some errors; this one does none of that.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import aiohttp
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from yarl import URL

CALLS_AT_ONCE = 100  # the library stops at 100 of its own; who calls limits himself below that
CONNECT_FOR = 3.0  # seconds to wait for a free connection or a new one; less than a whole call may take
LONGEST_BACK_OFF = 60.0


class Declined(Exception):
    """The API answered, and not with success."""

    def __init__(self, http: int, code: str, retry_after: float | None) -> None:
        super().__init__(http, code)
        self.http, self.code, self.retry_after = http, code, retry_after


class Transport(AsyncHttpClient):  # type: ignore[misc]
    """One session for all calls. `base` replaces scheme and host of every address."""

    def __init__(self, base: str | None) -> None:
        super().__init__(logging.getLogger("twilio"), True)
        self._base = base
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CALLS_AT_ONCE),
            cookie_jar=aiohttp.DummyCookieJar(),  # the API needs none, and looking for them costs
        )

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Make one call, never a second one, that ends within `timeout` seconds; raise Declined on anything but a 2xx."""
        async with self._session.request(
            method,
            _address(url, self._base),
            params=params,
            data=URL.build(query=data).raw_query_string.encode() if data else None,
            headers={**(headers or {}), **({"Authorization": _authorization(*auth)} if auth else {})},
            timeout=_limits(timeout),
            allow_redirects=False,
        ) as answer:
            text = await answer.text(encoding="utf-8", errors="replace")
            if not 200 <= answer.status < 300:
                raise Declined(answer.status, _code(text, answer.status), _seconds(answer.headers.get("Retry-After")))
            return Response(answer.status, text, answer.headers)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


_authorization = lru_cache(maxsize=16)(aiohttp.encode_basic_auth)


@lru_cache(maxsize=16)
def _limits(seconds: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, connect=CONNECT_FOR)


@lru_cache(maxsize=16)
def _address(url: str, base: str | None) -> URL:
    if base is None:
        return URL(url, encoded=True)
    ours = URL(base)
    return URL(url, encoded=True).with_scheme(ours.scheme).with_host(ours.host or "").with_port(ours.port)


def _code(text: str, http: int) -> str:
    """The carrier's error number; where its answer holds none, the HTTP status."""
    try:
        code = json.loads(text)["code"]
    except (ValueError, KeyError, TypeError):
        return str(http)
    return str(code) if isinstance(code, int) else str(http)


def _seconds(retry_after: str | None) -> float | None:
    try:
        return min(max(float(retry_after or ""), 0.1), LONGEST_BACK_OFF)
    except ValueError:  # none, or a date
        return None
