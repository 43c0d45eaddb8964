"""Reads until when something should last, as a customer texts it: "pas avant septembre", "rien en août", "for 3 weeks"."""

import re
from calendar import monthrange
from datetime import date, timedelta

from bot.text.dates import FILLERS, MONTH, parse_date
from dialogs.answers import NUMBER_WORDS
from keywords.polite import without_politeness
from keywords.text import fold

FARTHEST = timedelta(days=3 * 366)
"""Nothing that people ask for lasts longer."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words around a time: those that tell whether it begins or ends what is wanted, and others that people put there.
_UP_TO = _set("jusque jusqu jusqua hasta")
_FROM = _UP_TO | _set("avant before until till antes")
_NOT = _set("pas plus rien aucun aucune sans pause no not nothing without break dont don")
_DURING = _NOT | _set("en pendant durant pour in during for durante por")
_NEXT = _set("prochain prochaine prochains prochaines next proximo proxima")
_THIS = _set("ce cette ci this este esta")
_END = _set("fin end")
_TEXTS = _set("sms offre offres pub pubs message messages texto textos envoyez ecrivez text texts offer offers send")
_SMALL = FILLERS | _NEXT | _THIS | _END
_AROUND = _SMALL | _FROM | _DURING | _TEXTS | _set(
    "a au dans ici des debut je veux voudrais faire ne me m moi i want need take t do more beginning"
)

_DAYS_IN = dict.fromkeys(_set("jour jours day days dia dias"), 1) | dict.fromkeys(
    _set("semaine semaines week weeks semana semanas"), 7
)
_MONTHS_IN = dict.fromkeys(_set("mois month months mes meses"), 1) | dict.fromkeys(
    _set("an ans annee annees year years ano anos"), 12
)
_WEEKDAYS = (
    *("lundi monday lunes", "mardi tuesday martes", "mercredi wednesday miercoles", "jeudi thursday jueves"),
    *("vendredi friday viernes", "samedi saturday sabado", "dimanche sunday domingo"),
)
_WEEKDAY = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split()}
_KNOWN_BY_NAME = {"rentree": "septembre", "noel": "25 decembre", "xmas": "25 decembre", "christmas": "25 decembre",
                  "navidad": "25 decembre"}  # fmt: skip
_A_LENGTH = re.compile(r"\ba (?=(?:day|week|month|year)\b)")  # the article of "for a month", not the à of "jusqu'à"
_YEAR = re.compile("20[0-9]{2}")
_FIGURES = re.compile(r"[0-9]{1,2}[/.][0-9]{1,2}|[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,4}")


def parse_until(text: str, language: str, today: date, month_first: bool = False) -> date | None:
    """Return the day on which something that lasts until then is over; None if the text is none, or it is not ahead.

    Understood are so many days, weeks, months or years ("3 semaines", "for a month"), what `parse_date` does, and weekdays,
    months, years, "next month", "fin août", "la rentrée", "Noël", with the words that people put around them. These decide: "pas
    avant septembre" is over when September begins, "rien en septembre" when it ends, "jusqu'au 15 août" after that day.
    """
    words = _A_LENGTH.sub("1 ", without_politeness(fold(text)).replace("une pause", "pause")).split()
    said, time = {*words}, _time(words)
    if not time or (said & _TEXTS and not said & _NOT):
        return None  # "offres en août" wants them
    if len(time) > 1 and all(map(str.isdecimal, time)) and not _FIGURES.search(text):
        return None  # "1 2" are two answers, "3-4" is from three to four
    ends = said & _END or (said & _DURING and not said & _FROM)
    for first, after in _spans(time, said, language, today, month_first):
        keeps_last_day = said & _UP_TO and after - first == timedelta(days=1)
        over = after if ends or keeps_last_day else first
        if today < over <= today + FARTHEST:
            return over
    return None


def _time(words: list[str]) -> list[str]:
    """The words that tell the time, without those around them: "one a month" keeps its "a", and so is no time."""
    mine = [i for i, word in enumerate(words) if word not in _AROUND]
    inner = words[mine[0] : mine[-1] + 1] if mine else []
    return " ".join(_KNOWN_BY_NAME.get(word, word) for word in inner if word not in _SMALL).split()


def _spans(
    words: list[str], said: set[str], language: str, today: date, month_first: bool
) -> list[tuple[date, date]]:
    """The times that words can mean, the soonest first: their first day, and the day after their last."""
    day: date | None
    match words:
        case [*count, unit] if unit in _MONTHS_IN.keys() | _DAYS_IN.keys():
            return _unit(unit, said, today) if not count else _length(" ".join(count), unit, today)
        case [month] | ["mois" | "month" | "mes", month] if month in MONTH:
            return [_month(today.year + years, int(MONTH[month])) for years in (0, 1)]
        case [month, year] if month in MONTH and _YEAR.fullmatch(year):
            return [_month(int(year), int(MONTH[month]))]
        case [year] if _YEAR.fullmatch(year):
            return [(date(int(year), 1, 1), date(int(year) + 1, 1, 1))]
        case [weekday] if weekday in _WEEKDAY:
            day = today + timedelta(days=(_WEEKDAY[weekday] - today.weekday() - 1) % 7 + 1)
        case [weekday, *rest] if weekday in _WEEKDAY:
            day = parse_date(" ".join(rest), language, today, month_first)
        case _:
            day = parse_date(" ".join(words), language, today, month_first)
    return [(day, day + timedelta(days=1))] if day else []


def _length(count: str, unit: str, today: date) -> list[tuple[date, date]]:
    """So many days, weeks, months or years from today: something that is over in an instant."""
    number = int(count[:4]) if count.isdecimal() else NUMBER_WORDS.get(count)
    if number is None:
        return []
    if unit in _MONTHS_IN:
        over = _months_later(today, min(number * _MONTHS_IN[unit], FARTHEST.days))
    else:
        over = today + timedelta(days=min(number * _DAYS_IN[unit], FARTHEST.days + 1))
    return [(over, over)]


def _unit(unit: str, said: set[str], today: date) -> list[tuple[date, date]]:
    """This day, week, month or year, or the next; "mois" alone is none."""
    if not said & (_NEXT | _THIS | _END):
        return []
    ahead = 1 if said & _NEXT else 0
    if days := _DAYS_IN.get(unit):
        first = today + timedelta(days=days * ahead - (today.weekday() if days == 7 else 0))
        return [(first, first + timedelta(days=days))]
    months = _MONTHS_IN[unit]
    begin = today.replace(day=1, month=today.month if months == 1 else 1)
    return [(_months_later(begin, months * ahead), _months_later(begin, months * (ahead + 1)))]


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), _months_later(date(year, month, 1), 1)


def _months_later(day: date, count: int) -> date:
    """So many months later; of a month that is too short, its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
