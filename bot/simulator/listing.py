"""The list of texts, newest first, filtered and cut into pages as Twilio's API does it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from bot.simulator.carrier import Carrier
from bot.simulator.messages import Message

PAGE_SIZE, LARGEST_PAGE = 50, 1000


def page(carrier: Carrier, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """One page of the list. A page token names the text after which it begins, so new texts shift nothing."""
    size = min(max(_number(query.get("PageSize"), PAGE_SIZE), 1), LARGEST_PAGE)
    number = _number(query.get("Page"), 0)
    begin = _number(query.get("PageToken", "").removeprefix("PA"), 0)
    found = (message for message in _matching(carrier, query) if not begin or message.order < begin)
    # One more than is shown tells whether there is a next page; what is older is not looked at.
    skipped = 0 if begin else number * size
    fetched = list(islice(found, skipped, skipped + size + 1))
    shown, more = fetched[:size], len(fetched) > size
    filters = {name: value for name, value in query.items() if name not in ("Page", "PageSize", "PageToken")}

    def uri(page: int, **token: str) -> str:
        return path + "?" + urlencode({**filters, "PageSize": size, "Page": page, **token})

    return {
        "messages": [message.as_twilio() for message in shown],
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + max(len(shown) - 1, 0),
        "uri": uri(number),
        "first_page_uri": uri(0),
        "previous_page_uri": uri(number - 1) if number else None,
        "next_page_uri": uri(number + 1, PageToken=f"PA{shown[-1].order}") if more else None,
    }


def _matching(carrier: Carrier, query: Mapping[str, str]) -> Iterator[Message]:
    lag = timedelta(seconds=float(carrier.faults.get("list_lag", query.get("To"))))
    visible_until = datetime.now(UTC) - lag
    tests: list[Callable[[Message], bool]] = [
        lambda message: not lag or message.created_at <= visible_until,
        lambda message: query.get("From") in (None, "", message.from_),
    ]
    for name, holds in (("DateSent", _same), ("DateSent>", _since), ("DateSent<", _until)):
        if query.get(name):
            tests.append(_dated(query[name], holds))
    found = carrier.messages.newest_first(query.get("To") or None)
    return (message for message in found if all(test(message) for test in tests))


def _dated(asked: str, holds: Callable[[datetime, datetime, timedelta], bool]) -> Callable[[Message], bool]:
    """A test on the time of sending; a bare date means the whole day, a time its whole second."""
    width = timedelta(days=1) if len(asked) <= len("2026-01-31") else timedelta(seconds=1)
    begin = datetime.fromisoformat(asked)
    begin = begin.replace(tzinfo=begin.tzinfo or UTC).astimezone(UTC)
    return lambda message: holds(message.sent_at or message.created_at, begin, width)


def _same(at: datetime, begin: datetime, width: timedelta) -> bool:
    return begin <= at < begin + width


def _since(at: datetime, begin: datetime, width: timedelta) -> bool:
    return at >= begin


def _until(at: datetime, begin: datetime, width: timedelta) -> bool:
    return at < begin + width


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default
