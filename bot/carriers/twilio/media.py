"""What lies at Twilio: pictures that people sent, each fetched by its address, and nothing else in the world.

An address comes in a webhook, so it could be anybody's idea. Of it count only the two ids in its path; scheme and host are ours.
Source: Twilio docs, "Media resource"; its support article 223183748: the answer leads on to `mms.twiliocdn.com`, or to a public
bucket where the account asks for no password.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from bot.carriers import Unavailable

API = "https://api.twilio.com"
FETCH_FOR = 5.0  # seconds for all of it, however slowly it drips
MOST_STEPS = 3  # an address, and where it leads
_IDS = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-f]{32})/Messages/(?:SM|MM)[0-9a-f]{32}/Media/ME[0-9a-f]{32}", re.IGNORECASE)
_CDN = ("mms.twiliocdn.com", "media.twiliocdn.com")
_BUCKET = "s3-external-1.amazonaws.com"


async def fetch(address: str, account: str, token: str, base: str | None, most: int) -> bytes | None:
    """What lies at this address, or None if it is more than `most` bytes. Raises Unavailable, before any call if it is not ours.

    The password goes to the API alone. Nothing is unpacked: a small answer must not become a large one.
    """
    url: str | None = _ours(address, account, base)
    headers = {"Authorization": aiohttp.encode_basic_auth(account, token), "Accept-Encoding": "identity"}
    try:
        async with asyncio.timeout(FETCH_FOR), _session() as session:
            for _ in range(MOST_STEPS):
                if url is None:
                    raise Unavailable("not at the carrier")
                async with session.get(URL(url, encoded=True), headers=headers, allow_redirects=False) as answer:
                    if answer.status == 200:
                        return await _read(answer.content, most)
                    if answer.status not in (301, 302, 303, 307, 308):
                        raise Unavailable(str(answer.status))
                    url = onward(answer.headers.get("Location", ""), account)
                    headers.pop("Authorization", None)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
        raise Unavailable(type(fault).__name__) from None
    raise Unavailable("leads nowhere")


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False)


def _ours(address: str, account: str, base: str | None) -> str | None:
    """Where this is asked for, if it is a picture of our own account."""
    for host in filter(None, (API, base)):
        path = address.removeprefix(host)
        found = _IDS.fullmatch(path) if address.startswith(f"{host}/") else None
        if found and found[1].lower() == account.lower():
            return (base or API) + path
    return None


def onward(location: str, account: str) -> str | None:
    """Where the API may lead on to: its own stores, whole host names without user or port, over https."""
    parts = urlsplit(location)
    ours = parts.netloc in _CDN or (parts.netloc == _BUCKET and parts.path.startswith(f"/media.twiliocdn.com/{account}/"))
    return location if parts.scheme == "https" and ours and location.isascii() and location.isprintable() else None


async def _read(stream: aiohttp.StreamReader, most: int) -> bytes | None:
    content = bytearray()
    async for piece in stream.iter_any():
        content += piece
        if len(content) > most:
            return None
    return bytes(content)
