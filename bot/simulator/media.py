"""Pictures: one that is typed on a phone is kept, and told by an address of the carrier's own; one of the shop is fetched when a
phone shows it. Nobody else is ever asked for one. Source: Twilio docs, "Media resource".
"""

import asyncio
import base64
import binascii
import re
from dataclasses import dataclass

import aiohttp
from yarl import URL

from bot.simulator.addresses import Addresses
from bot.simulator.messages import API, Message, new_sid

HOST = "https://api.twilio.com"  # so the real one says, wherever it is reached
TYPES = ("image/jpeg", "image/png", "image/gif")
LARGEST = 5 * 1024 * 1024
FETCH_FOR = 5.0
MOST = 100  # pictures in memory
DATA = re.compile(r"data:([a-z0-9/+.-]{1,80});base64,", re.IGNORECASE)
OWN = re.compile(rf"{HOST}{API}/Accounts/AC\w{{32}}/Messages/MM\w{{32}}/Media/(ME\w{{32}})")


@dataclass(frozen=True, slots=True)
class Picture:
    """What lies at an address."""

    type: str
    content: bytes


class Pictures:
    """What was typed on phones, as long as the carrier runs; the oldest go first."""

    def __init__(self) -> None:
        self._kept: dict[str, Picture] = {}

    def reset(self) -> None:
        self._kept.clear()

    def take(self, account: str, message_sid: str, given: str) -> str:
        """The address that the shop is told: of a picture given as `data:image/png;base64,…` our own, of any other itself."""
        head = DATA.match(given)
        if not head:
            return given
        try:
            content = base64.b64decode(given[head.end() :], validate=True)
        except binascii.Error:
            raise ValueError("media: not base64") from None
        if len(content) > LARGEST:
            raise ValueError("media: too large")
        sid = new_sid("ME")
        self._kept[sid] = Picture(head[1].lower(), content)
        if len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
        return f"{HOST}{API}/Accounts/{account}/Messages/{message_sid}/Media/{sid}"

    def find(self, sid: str) -> Picture | None:
        """One that was typed on a phone."""
        return self._kept.get(sid)

    async def shown(self, addresses: Addresses, message: Message, place: int) -> Picture | None:
        """The picture that a phone shows at a place of a text, if it can be had."""
        address = message.media[place] if place < len(message.media) else ""
        own = OWN.fullmatch(address)
        found = self.find(own[1]) if own else await _fetch(addresses, address)
        return found if found and found.type in TYPES else None


async def _fetch(addresses: Addresses, address: str) -> Picture | None:
    """Ask the shop for its picture, as the carrier does: no password, no other host."""
    if not addresses.is_shop(address):
        return None
    try:
        async with asyncio.timeout(FETCH_FOR), aiohttp.ClientSession() as session:
            url = URL(addresses.reached(address), encoded=True)
            async with session.get(url, allow_redirects=False) as answer:
                if answer.status == 200 and (answer.content_length or 0) <= LARGEST:
                    return Picture(answer.content_type, await answer.read())
    except (aiohttp.ClientError, TimeoutError, ValueError):
        pass
    return None
