"""The same question answered the plain way: a person at a time, in Python, sharing nothing with the code that it judges."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.segments.crowd import NOW, Person, at

PARIS = ZoneInfo("Europe/Paris")
# What each duration leads back to from NOW, worked out by hand: noon in Paris is 11:00 UTC until 29 March, then 10:00.
AGO = {
    "PT12H": at("2026-04-14T22:00"),
    "P17D": at("2026-03-29T10:00"),
    "P30D": at("2026-03-16T11:00"),
    "P2W": at("2026-04-01T10:00"),
    "P1M": at("2026-03-15T11:00"),
    "P1Y": at("2025-04-15T10:00"),
}
SPANISH = {"ES", "MX"}  # of the countries that the tests draw from
FRENCH = {"FR", "BE"}


def holds(rule: Mapping[str, Any], person: Person, segments: Mapping[str, Any]) -> bool:
    """Whether a rule, as plain data, holds for someone."""
    match rule:
        case {"all": parts}:
            return all(holds(part, person, segments) for part in parts)
        case {"any": parts}:
            return any(holds(part, person, segments) for part in parts)
        case {"not": part}:
            return not holds(part, person, segments)
        case {"field": name, **tests}:
            return _value(person.values.get(name), tests)
        case {"tag": tag}:
            return tag in person.tags
        case {"topic": topic}:
            return _is_in(person, topic)
        case {"subscribed": topic, **period}:
            return _is_in(person, topic) and _in_period(person.topics[topic][1], period)
        case {"zone": zone}:
            return person.zone == zone
        case {"country": countries}:
            return person.country in ([countries] if isinstance(countries, str) else countries)
        case {"language": language}:
            return _language(person) == language
        case {"source": source}:
            return person.source == source
        case {"replied": {**answer}}:
            return any(_answers(person, text, answer) for text in person.texts)
        case {"received": name}:
            return person.campaigns.get(name, ("", NOW))[0] == "sent"
        case {"in_list": name}:
            return name in person.lists
        case {"in_segment": name}:
            return holds(segments[name], person, segments)
    raise AssertionError(rule)


def _is_in(person: Person, topic: str) -> bool:
    return not person.stopped and person.topics.get(topic, ("", NOW))[0] == "in"


def _language(person: Person) -> str | None:
    if person.language or person.country is None:
        return person.language
    return "fr" if person.country in FRENCH else "es" if person.country in SPANISH else "en"


def _answers(person: Person, text: datetime, answer: Mapping[str, Any]) -> bool:
    if "to" in answer:
        state, sent_at = person.campaigns.get(answer["to"], ("", NOW))
        if state != "sent" or text <= sent_at:
            return False
    return _in_period(text, answer)


def _in_period(instant: datetime, period: Mapping[str, str]) -> bool:
    day = instant.astimezone(PARIS).date().isoformat()
    before = period.get("before", "9")
    return (
        day >= period.get("since", "")
        and day <= period.get("until", "9")
        and (instant < AGO[before] if before in AGO else day < before)
        and instant >= AGO.get(period.get("within", ""), datetime.min.replace(tzinfo=UTC))
    )


def _value(value: Any, tests: Mapping[str, Any]) -> bool:
    text = None if value in (None, "") else str(value)
    return all(_test(text, operator, wanted) for operator, wanted in tests.items())


def _test(text: str | None, operator: str, wanted: Any) -> bool:
    match operator:
        case "exists":
            return (text is not None) == wanted
        case "is":
            return text is not None and _same(text, str(wanted))
        case "is_not":
            return text is None or not _same(text, str(wanted))
        case "contains":
            return text is not None and wanted in text
        case "more_than" | "less_than":
            found, limit = _worth(text), Decimal(str(wanted))
            return found is not None and (found > limit if operator == "more_than" else found < limit)
    day = _day(text)
    return day is not None and _day_in_period(day, operator, wanted)


def _same(text: str, wanted: str) -> bool:
    worth = _worth(wanted)
    return text == wanted if worth is None else _worth(text) == worth


def _worth(text: str | None) -> Decimal | None:
    whole, _, part = (text or "").removeprefix("-").partition(".")
    is_number = whole.isascii() and whole.isdigit() and (whole == "0" or whole[0] != "0")
    has_part = "." not in (text or "") or (part.isascii() and part.isdigit())
    return Decimal(text) if text and is_number and has_part else None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text and len(text) == 10 else None
    except ValueError:
        return None


def _day_in_period(day: date, operator: str, wanted: str) -> bool:
    cut = AGO[wanted].astimezone(PARIS).date() if wanted in AGO else date.fromisoformat(wanted)
    today = NOW.astimezone(PARIS).date()
    return {
        "since": day >= cut,
        "until": day <= cut,
        "before": day < cut,
        "within": cut <= day <= today,
    }[operator]


EDGES = [  # instants just before and at what periods are cut by
    instant - early
    for instant in [*AGO.values(), at("2026-03-28T23:00"), at("2026-03-29T22:00"), at("2026-04-10T08:00")]
    for early in (timedelta(microseconds=1), timedelta(0))
]
