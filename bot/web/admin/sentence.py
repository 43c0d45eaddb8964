"""A segment's rule as a sentence, for whoever reads no forms."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from babel import Locale
from babel.units import format_unit
from flask_babel import format_date, get_locale, gettext

from bot.web.admin.rules import UNITS, Bracket, Line, Part, codes

Said = Any  # a text of Flask-Babel, which has no types


def sentence(root: Bracket, topics: Mapping[str, str]) -> str:
    """Whom the rule holds for. `topics`: their names by slug."""
    found = _words(root, topics)
    return str(gettext("everybody except %(these)s", these=_closed(found)) if found[0] else found[1])


def _words(part: Part, topics: Mapping[str, str]) -> tuple[bool, Said, bool]:
    """Whether it is negated, what is (or is not) so, and whether it takes brackets where it stands among others."""
    if isinstance(part, Line):
        return part.negated, _line_words(part, topics), False
    found = [_words(one, topics) for one in part.parts]
    negated = part.join in ("none", "not all")
    if not found:
        return False, gettext("nobody") if part.join in ("any", "not all") else gettext("everybody"), False
    if part.join in ("any", "none"):
        words = [gettext("everybody except %(these)s", these=_closed(one)) if one[0] else _closed(one) for one in found]
        return negated, _or(words), len(words) > 1
    so, not_so = [_closed(one) for one in found if not one[0]], [_closed(one) for one in found if one[0]]
    if not so:
        return not negated, _or(not_so), len(not_so) > 1
    told = _joined(so, gettext("and"))
    if not_so:
        told = gettext("%(these)s, except %(those)s", these=told, those=_or(not_so))
    return negated, told, len(found) > 1


def _closed(found: tuple[bool, str, bool]) -> str:
    return f"({found[1]})" if found[2] else found[1]


def _or(words: Sequence[str]) -> str:
    return _joined(words, gettext("or"))


def _joined(words: Sequence[str], word: Said) -> str:
    return f" {word} ".join(words)


def _line_words(line: Line, topics: Mapping[str, str]) -> Said:
    value = line.value
    match line.kind:
        case "topic":
            return gettext("in for %(topic)s", topic=topics.get(value, value) or "…")
        case "subscribed":
            return gettext("in for %(topic)s, agreed %(when)s", topic=topics.get(value, value) or "…", when=_when(line))
        case "tag":
            return gettext("tag “%(tag)s”", tag=value)
        case "field":
            return _field_words(line)
        case "zone":
            return gettext("in the zone %(zone)s", zone=value)
        case "country":
            names = _locale().territories
            return gettext("number from %(countries)s", countries=_or([names.get(code, code) for code in codes(value)]))
        case "language":
            return gettext("speaks %(language)s", language=_locale().languages.get(value, value))
        case "source":
            return gettext("first met by “%(source)s”", source=value)
        case "replied" if value and line.test:
            return gettext("texted you after “%(campaign)s”, %(when)s", campaign=value, when=_when(line))
        case "replied" if value:
            return gettext("texted you after “%(campaign)s”", campaign=value)
        case "replied":
            return gettext("texted you %(when)s", when=_when(line)) if line.test else gettext("has texted you")
        case "received":
            return gettext("got “%(campaign)s”", campaign=value)
        case "in_list":
            return gettext("on the list “%(name)s”", name=value)
        case "in_segment":
            return gettext("in the segment “%(name)s”", name=value)
    return value


def _field_words(line: Line) -> Said:
    said = {"field": line.value, "value": line.arg}
    match line.test:
        case "is":
            return gettext("%(field)s is “%(value)s”", **said)
        case "is_not":
            return gettext("%(field)s is not “%(value)s”", **said)
        case "contains":
            return gettext("%(field)s contains “%(value)s”", **said)
        case "more_than":
            return gettext("%(field)s is more than %(value)s", **said)
        case "less_than":
            return gettext("%(field)s is less than %(value)s", **said)
        case "exists":
            return gettext("%(field)s is known", field=line.value)
        case "missing":
            return gettext("%(field)s is not known", field=line.value)
    return gettext("%(field)s lies %(when)s", field=line.value, when=_when(line))


def _when(line: Line) -> Said:
    match line.test:
        case "within":
            return gettext("less than %(span)s ago", span=_span(line))
        case "longer":
            return gettext("more than %(span)s ago", span=_span(line))
        case "since":
            return gettext("on %(day)s or later", day=_day(line.arg))
        case "until":
            return gettext("on %(day)s or earlier", day=_day(line.arg))
        case "before":
            return gettext("before %(day)s", day=_day(line.arg))
        case "between":
            return gettext("from %(day)s to %(last)s", day=_day(line.arg), last=_day(line.until))
    return "…"


def _span(line: Line) -> str:
    if not re.fullmatch("[0-9]{1,4}", line.arg.strip()) or line.unit not in UNITS:
        return "…"
    return str(format_unit(int(line.arg), f"duration-{UNITS[line.unit]}", "long", locale=_locale()))


def _day(written: str) -> str:
    try:
        return str(format_date(date.fromisoformat(written)))
    except ValueError:
        return written or "…"


def _locale() -> Locale:
    return get_locale() or Locale("en")
