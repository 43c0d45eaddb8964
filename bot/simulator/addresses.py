"""Where a webhook address is really reached, for which address it is signed, and how patiently it is called.

Source: Twilio docs, "Webhooks connection overrides": the fragment `#rc=2&rp=all` is neither sent nor signed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from bot.simulator.config import Sender


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to connect, to wait for an answer and in all, how many more tries, and after which failures."""

    connect_for: float = 5.0
    read_for: float = 15.0
    total_for: float = 15.0
    retries: int = 1
    after: frozenset[str] = frozenset({"ct"})

    def retries_after(self, failure: str) -> bool:
        return "all" in self.after or failure in self.after


def patience(url: str, retries: int = 1) -> Patience:
    """What the fragment of a webhook address asks for; a number out of bounds is brought within them."""
    if "#" not in url:
        return Patience(retries=retries)
    wish = dict(parse_qsl(urlsplit(url).fragment))

    def seconds(name: str, least: int) -> float:
        asked = wish.get(name, "")
        return min(max(int(asked), least), 15_000 if name != "ct" else 10_000) / 1000 if asked.isdigit() else 0.0

    asked = wish.get("rc", "")
    return Patience(
        connect_for=seconds("ct", 100) or 5.0,
        read_for=seconds("rt", 100) or 15.0,
        total_for=seconds("tt", 100) or 15.0,
        retries=min(int(asked), 5) if asked.isdigit() else retries,
        after=frozenset(wish.get("rp", "ct").split(",")),
    )


class Addresses:
    """Knows which public addresses are, on this machine, reached elsewhere (as behind a proxy)."""

    def __init__(self, senders: Iterable[Sender]) -> None:
        self._origins = {_origin(sender.inbound_url) for sender in senders}
        self._public = {
            _origin(sender.inbound_url): sender.sign_base.rstrip("/") for sender in senders if sender.sign_base
        }

    def signed(self, url: str) -> str:
        """The address a signature is made for: public, and without fragment."""
        for here, public in self._public.items():
            if url.startswith(here + "/"):
                url = public + url.removeprefix(here)
        return url.partition("#")[0]

    def is_shop(self, url: str) -> bool:
        """Whether an address is one of the shop's own."""
        return url.startswith(tuple(f"{origin}/" for origin in (*self._origins, *self._public.values())))

    def reached(self, url: str) -> str:
        """The address to connect to."""
        for here, public in self._public.items():
            if url.startswith(public + "/"):
                url = here + url.removeprefix(public)
        return url.partition("#")[0]


def _origin(url: str) -> str:
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc}"
