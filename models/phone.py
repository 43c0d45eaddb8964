"""Phone numbers: is this one, whose country and hours does it tell, and how may we show it.

The only module that knows the phonenumbers library. Its names of places and carriers (`geocoder`, `carrier`)
are never imported: they cost seconds and a tenth of a gigabyte. Its numbering plans are a snapshot of
their day: store what is possible, and judge validity only where it matters.
"""

import re
from functools import lru_cache
from typing import Literal

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

SenderKind = Literal["e164", "short_code", "alphanumeric", "channel", "unknown"]

_STRICT = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_CHANNEL = re.compile(r"(?!tel:)[a-z][a-z0-9_.-]*:.+", re.IGNORECASE | re.DOTALL)
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &_+-]{1,11}")
_BEGINNING = re.compile(r"\+?[0-9(][0-9 ().\u00a0/-]*")
_WITHHELD = frozenset({"anonymous", "private", "restricted", "unavailable", "unknown", "withheld"})
_LONGEST = 60

_LANGUAGES = {
    "fr": "FR BE LU MC CH GP MQ GF RE YT PM BL MF NC PF WF SN CI CM ML BF BJ TG NE GA CG CD MG",
    "es": "ES MX AR BO CL CO CR CU DO EC SV GT HN NI PA PY PE PR UY VE GQ",
}
_LANGUAGE_OF = {country: language for language, countries in _LANGUAGES.items() for country in countries.split()}


def sender_kind(raw: str) -> SenderKind:
    """Tell what a carrier wrote in From: only "e164" may become a contact, the rest is stored and not answered.

    Source: Twilio docs, TwiML for messaging ("if possible" E.164, otherwise the raw caller ID; other
    channels have a prefix such as "whatsapp:").
    """
    if e164(raw):
        return "e164"
    if _CHANNEL.fullmatch(raw):
        return "channel"
    if _SHORT_CODE.fullmatch(raw):
        return "short_code"
    if _ALPHANUMERIC.fullmatch(raw) and raw.lower() not in _WITHHELD:
        return "alphanumeric"
    return "unknown"


@lru_cache(maxsize=4096)
def e164(raw: str) -> str | None:
    """Return a number that is written as "+" and digits in its one canonical form, or None if it cannot exist.

    Possible is enough, valid is not asked for: numbering plans change faster than libraries.
    """
    number = _parse(raw, None) if _STRICT.fullmatch(raw) else None
    return _format(number) if number else None


def parse(text: str, country: str | None) -> str | None:
    """Read a number as people of that country write it ("06 12 34 56 78", "0033 6…", "1-800-FLOWERS"); or None.

    `country`: two letters, used when the number itself names no country. Extensions are dropped; short
    codes and other channels ("whatsapp:+33…") are not phone numbers.
    """
    text = text.strip()
    if len(text) > _LONGEST or _CHANNEL.fullmatch(text):
        return None
    number = _parse(text, country.upper() if country else None)
    return _format(number) if number else None


def beginning(text: str, country: str | None) -> str | None:
    """The first digits of a number, as people of that country write it ("06 12", "+33 6"), in E.164; None if these are none."""
    text, country = text.strip().replace("(0)", ""), country.upper() if country else None
    digits = re.sub(r"[^0-9]", "", text)
    if len(text) > _LONGEST or not _BEGINNING.fullmatch(text) or len(digits) < 2:
        return None
    abroad = "011" if country in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1] else "00"
    if text.startswith("+") or digits.startswith(abroad):
        return "+" + digits.removeprefix("" if text.startswith("+") else abroad)
    code = phonenumbers.country_code_for_region(country) if country else 0
    trunk = phonenumbers.ndd_prefix_for_region(country, True) if country else None
    return f"+{code}{digits.removeprefix(trunk or '')}" if code else None


@lru_cache(maxsize=4096)
def country_of(number: str) -> str | None:
    """Return the two letters of the country of an E.164 number ("+1 787…" is PR, not US); None if it has none."""
    parsed = _parse(number, None)
    region = phonenumbers.region_code_for_number(parsed) if parsed else None
    return region if region and region.isalpha() else None


def language_of(country: str | None) -> str:
    """Return the language to begin with in a country: "fr", "es", and "en" wherever we know no better."""
    return _LANGUAGE_OF.get(country or "", "en")


def zones_of(number: str) -> tuple[str, ...]:
    """Return all time zones in which the owner of an E.164 number may be; () when nobody knows.

    Often more than one (Réunion and Mayotte share +262; a US toll-free number has dozens): an hour is
    allowed only if it is allowed in every one of them.
    """
    # The last digits tell persons apart, not places: neighbours are looked up once.
    return _zones(number[:-3] + "000" if len(number) > 9 else number)


@lru_cache(maxsize=65_536)
def _zones(number: str) -> tuple[str, ...]:
    from phonenumbers import timezone  # 7 MB that most processes never need

    parsed = _parse(number, None)
    zones = timezone.time_zones_for_number(parsed) if parsed else ()
    return tuple(zone for zone in zones if zone != "Etc/Unknown")


@lru_cache(maxsize=4096)
def is_valid(number: str) -> bool:
    """Tell whether the numbering plan of its country knows an E.164 number (stricter than possible)."""
    parsed = _parse(number, None)
    return parsed is not None and phonenumbers.is_valid_number(parsed)


def display(number: str, mask: bool = True) -> str:
    """Write an E.164 number for people, "+33 6 •• •• 56 78": masked unless told otherwise, since pages get shared.

    Shown are the country, the first digit and the last four (the last two of short numbers).
    """
    parsed = _parse(number, None)
    if parsed is None:
        return "•" * len(number) if mask else number
    shown = phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
    return _mask(shown) if mask else shown


def _mask(shown: str) -> str:
    calling_code, _, national = shown.partition(" ")
    places = [place for place, character in enumerate(national) if character.isdigit()]
    kept_at_end = 4 if len(places) >= 9 else 2
    hidden = set(places[1:-kept_at_end])
    return f"{calling_code} " + "".join("•" if place in hidden else digit for place, digit in enumerate(national))


def _parse(text: str, country: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    # "possible" must mean dialable from anywhere: a US number without its area code is only possible locally
    reason = phonenumbers.is_possible_number_with_reason(number)
    return number if reason == ValidationResult.IS_POSSIBLE else None


def _format(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
