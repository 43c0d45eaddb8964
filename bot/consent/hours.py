"""Quiet hours: when a text that sells may leave, in the contact's own time.

Until the hours of each country are known as data, one window serves all: 10:00 to 20:00, the narrowest that we know of.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.phone import zones_of

OPENS, CLOSES = time(10), time(19, 59, 50)  # a call may begin some seconds after it was judged
NEVER = datetime.max.replace(tzinfo=UTC)
LOOK_FOR = 3  # days; zones so far apart that no hour suits them all find none


def zones(phone: str, zone: str | None, shop: str) -> tuple[str, ...]:
    """Where a contact may be: their own zone, else all zones of their number, else the shop's."""
    return (zone,) if zone else zones_of(phone) or (shop,)


def quiet_until(now: datetime, zones: Sequence[str]) -> datetime | None:
    """None when a text may leave at `now`; else the first instant (UTC) at which it may, in all of these zones at once.

    NEVER when they are so far apart that no hour suits them all. An instant is asked for its local time, never the other
    way round: no change of clocks can move it out of the window.
    """
    if _allowed(now, zones):
        return None
    for instant in sorted(_openings(now, zones)):
        if instant > now and _allowed(instant, zones):
            return instant
    return NEVER


def _allowed(instant: datetime, zones: Sequence[str]) -> bool:
    return all(OPENS <= instant.astimezone(ZoneInfo(zone)).time() < CLOSES for zone in zones)


def _openings(now: datetime, zones: Sequence[str]) -> Iterator[datetime]:
    for zone in zones:
        today = now.astimezone(ZoneInfo(zone)).date()
        for days in range(LOOK_FOR + 1):
            yield datetime.combine(today + timedelta(days=days), OPENS, ZoneInfo(zone)).astimezone(UTC)
