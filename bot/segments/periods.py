"""Periods of time as a rule names them: from a day, until a day, before a day, within the last days."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

_DAY = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_DURATION = re.compile(r"P(?:([1-9][0-9]{0,3})([DWM])|([1-9][0-9]?)(Y)|T([1-9][0-9]{0,3})(H))")


def _day(text: str) -> str:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise ValueError("write a day such as 2026-05-31 (from 1900 to 2199)")


def _duration(text: str) -> str:
    if not _DURATION.fullmatch(text):
        raise ValueError(
            "write a duration such as P30D (days), P2W (weeks), P3M (months), P1Y (a year) or PT12H (hours)"
        )
    return text


def _day_or_duration(text: str) -> str:
    try:
        return _duration(text) if text.startswith("P") else _day(text)
    except ValueError:
        raise ValueError("write a day such as 2026-05-31, or a duration back from now such as P30D") from None


def _plain(value: object) -> object:
    return value.isoformat() if type(value) is date else value  # as some readers of YAML make of it


Day = Annotated[str, AfterValidator(_day), BeforeValidator(_plain)]
Duration = Annotated[str, AfterValidator(_duration)]
DayOrDuration = Annotated[str, AfterValidator(_day_or_duration), BeforeValidator(_plain)]


class Period(BaseModel):
    """When something happened: all that is said of it must hold. Days are the shop's, from midnight to midnight."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: Day | None = None  # on that day or later
    until: Day | None = None  # on that day or earlier
    before: DayOrDuration | None = None  # earlier than that day; P30D: longer than 30 days ago
    within: Duration | None = None  # not longer ago

    @property
    def is_given(self) -> bool:
        """Whether it says anything."""
        return any((self.since, self.until, self.before, self.within))

    def instants(self, now: datetime, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """From when (included) to when (excluded), in UTC; None: open on that side."""
        starts = [midnight(date.fromisoformat(self.since), zone)] if self.since else []
        starts += [ago(self.within, now, zone)] if self.within else []
        ends = [midnight(date.fromisoformat(self.until) + timedelta(days=1), zone)] if self.until else []
        if self.before:
            is_duration = self.before.startswith("P")
            ends += [ago(self.before, now, zone) if is_duration else midnight(date.fromisoformat(self.before), zone)]
        return max(starts, default=None), min(ends, default=None)

    def days(self, now: datetime, zone: ZoneInfo) -> tuple[str | None, str | None]:
        """The first and the last day, as ISO text, for things of which only the day is known; None: open on that side."""
        firsts, lasts = [self.since] if self.since else [], [self.until] if self.until else []
        if self.within:  # a day to come is not within the last thirty
            firsts.append(_local(ago(self.within, now, zone), zone).date().isoformat())
            lasts.append(_local(now, zone).date().isoformat())
        if self.before:
            cut = _local(ago(self.before, now, zone), zone).date() if self.before.startswith("P") else None
            lasts.append(((cut or date.fromisoformat(self.before)) - timedelta(days=1)).isoformat())
        return max(firsts, default=None), min(lasts, default=None)


class SomePeriod(Period):
    """A period that must say something."""

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if not self.is_given:
            raise ValueError("say when: since, until, before or within")
        return self


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day in a zone, in UTC. Where clocks skip midnight, the day begins when they do."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def ago(duration: str, now: datetime, zone: ZoneInfo) -> datetime:
    """So long before now, in UTC. Hours are hours; days and more are the calendar's, at the same time on the wall."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(f"{duration!r} is no duration")
    count, unit = next((int(found[group]), found[group + 1]) for group in (1, 3, 5) if found[group])
    if unit == "H":
        return now.astimezone(UTC) - timedelta(hours=count)
    local = _local(now, zone).replace(tzinfo=None)
    if unit in "DW":
        then = local - timedelta(days=count * (7 if unit == "W" else 1))
    else:
        month = local.year * 12 + local.month - 1 - count * (12 if unit == "Y" else 1)
        year, month = month // 12, month % 12 + 1
        then = local.replace(year=year, month=month, day=min(local.day, monthrange(year, month)[1]))
    return then.replace(tzinfo=zone).astimezone(UTC)


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone)
