"""How pages speak and look: the language of who reads, dates and numbers in it, icons, our own addresses."""

import json
from datetime import date, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
from babel.dates import format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from babel.units import format_unit
from flask import Flask, current_app, g, request, session, url_for
from flask_babel import (
    Babel,
    Domain,
    format_date,
    format_datetime,
    format_decimal,
    get_locale,
    gettext,
)
from markupsafe import Markup

from bot import outbox, pictures
from bot.carriers.codes import lookup
from bot.catalogue import Catalogue, NoShop, catalogue, in_language
from bot.runtime import Runtime
from bot.text.parts import measure
from bot.web.admin.mistakes import in_their_words
from bot.web.pages import PACKAGES
from models.field import fits, meant
from models.phone import display

# As a browser describes itself → what people call it; the first that fits.
BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
MACHINES = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"), ("Linux", "Linux"),
)  # fmt: skip
CONTROLS = {"number": "number", "date": "date"}  # type of a field -> type of its input
LANGUAGES = {"en": "English", "fr": "Français"}
HERE = Path(__file__).parents[1]
ICONS = PACKAGES / "heroicons/24/outline"


class _Written(Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """Translations are read from where they are written: nothing has to be compiled before the pages speak."""

    def get_translations(self) -> Any:
        return _translations(str(get_locale() or "en")[:2])


@lru_cache
def _translations(language: str) -> Any:
    file = HERE / f"translations/{language}/LC_MESSAGES/messages.po"
    if not file.exists():
        return NullTranslations()
    made = BytesIO()
    with file.open("rb") as written:
        write_mo(made, read_po(written, locale=language))
    made.seek(0)
    return Translations(made)


def open_look(app: Flask) -> None:
    """Teach the templates what they need."""
    speech = Babel(app, locale_selector=_language, timezone_selector=_zone)
    speech.domain_instance = _Written()
    app.jinja_env.globals.update(
        get_locale=get_locale, icon=icon, said=said, phone=display, mine=mine, browser=browser, tick=tick,
        in_their_words=in_their_words, halted=halted, own_picture=own_picture, control=control, LANGUAGES=LANGUAGES,
        MOST_COUNTED=outbox.MOST_COUNTED,
    )
    app.jinja_env.filters.update(
        instant=instant, ago=ago, written=written, encoding=encoding, weight=weight, shown=shown, error_said=error_said,
        span=span, seconds=seconds,
    )


def _language() -> str:
    """What they chose; else what their browser asks for."""
    who = getattr(g, "staff", None)
    chosen = who.language if who else None
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"


def _zone() -> str:
    """Of the shop: all who look at it mean the same hour."""
    if "zone" not in g:
        _frame()
    return str(g.zone)


def topic_names(shop: Catalogue) -> dict[str, str]:
    """The shop's topics as who reads calls them, by slug."""
    language = str(get_locale() or "en")[:2]
    return {slug: in_language(row.names, language, shop.shop.languages[0]) for slug, row in shop.topics.items()}


def halted() -> Any:
    """Who has halted all sending, since when, and how much waits; None while all may leave."""
    if "halted" not in g:
        _frame()
    return g.halted


def _frame() -> None:
    """What every page shows or goes by, asked once for each request."""
    runtime: Runtime = current_app.config["PARLEY"]
    with runtime.read() as connection:
        found = outbox.frame(connection)
        g.halted = found if found.halted_at is not None else None
        try:
            g.zone = catalogue(connection, found.revision or 0).shop.zone
        except NoShop:
            g.zone = "UTC"


@lru_cache
def icon(name: str) -> Markup:
    """A drawing that says nothing of its own: what it means stands beside it."""
    drawn = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    return Markup(drawn.replace("<svg ", '<svg class="icon" ', 1).replace('stroke-width="1.5"', 'stroke-width="1.7"'))


def encoding(body: str) -> str:
    """The alphabet in which a text travels."""
    return measure(body).encoding


def tick(message: Any) -> str:
    """The icon of what became of a text of ours."""
    if message.status in ("undelivered", "failed") or message.state in ("refused", "failed"):
        return "x-circle"
    if message.status in ("delivered", "read"):
        return "check-circle"
    return "check" if message.state == "sent" else "clock"


def span(seconds: float) -> str:
    """How long that is, in round words: "3 minutes"."""
    return str(format_timedelta(timedelta(seconds=max(seconds, 60)), granularity="minute", locale=get_locale()))


def seconds(count: float) -> str:
    """How long that is, to the second: "4 s"."""
    return str(format_timedelta(timedelta(seconds=max(count, 0)), granularity="second", format="short", locale=get_locale()))


def error_said(number: str) -> str:
    """A carrier's error number in words."""
    says = lookup(number).says
    return says.get(str(get_locale() or "en")[:2]) or says["en"]


def qr(address: str) -> Markup:
    """An address as a square that phones read."""
    drawn = BytesIO()
    segno.make(address).save(drawn, kind="svg", scale=4, xmldecl=False, svgclass="qr", lineclass=None, light="#fff", dark="#000")
    return Markup(drawn.getvalue().decode())


def browser(described: str) -> str:
    """A browser and its machine in two words, as far as it says: "Firefox, Windows"."""
    found = (next((name for mark, name in marks if mark in described), "") for marks in (BROWSERS, MACHINES))
    return ", ".join(filter(None, found)) or described


def said() -> str | None:
    """What has just been done, once. Only a whole page says it, and writes the cookie: parts of pages, which ask for news of
    themselves at any time, would write an older one over it.
    """
    if "HX-Request" in request.headers:
        return None
    session.modified = "key" in session or session.modified  # it lasts from now
    done: str | None = session.pop("said", None)
    return done


def mine(name: str) -> bool:
    """Whether the page that is shown belongs to that part of the menu."""
    here = url_for(f"admin.{name}")
    return request.path == here or (name != "home" and request.path.startswith(here + "/"))


def instant(at: datetime | str | None) -> str:
    """A time as they read it, in the shop's zone: "25 nov. 2026 12:00"."""
    at = datetime.fromisoformat(at) if isinstance(at, str) and at else at
    return str(format_datetime(at, "d MMM y HH:mm")) if at else ""


def weight(size: int) -> str:
    """How large a file is: "230 kB"."""
    unit, of = ("megabyte", 1_000_000) if size >= 1_000_000 else ("kilobyte", 1_000)
    shown = max(round(size / of, 1 if of > 1_000 else None), 1)
    return str(format_unit(shown, unit, "short", locale=get_locale()))


def own_picture(address: str) -> str | None:
    """Where a page of ours shows a picture of ours, by the address that we have said."""
    runtime: Runtime = current_app.config["PARLEY"]
    id_ = pictures.id_of(runtime, address)
    return None if id_ is None else url_for("admin.picture_file", picture_id=id_)


def written(value: Any) -> str:
    """Plain data, as people can read it: each value that has a name on a line of its own."""
    if isinstance(value, dict):
        lines = {name: one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for name, one in value.items()}
        return "\n".join(f"{name}: {one}" for name, one in lines.items())
    return json.dumps(value, ensure_ascii=False)


def shown(value: Any, type_: str) -> str:
    """A value of a field as they read it: "25 nov. 2026", "12,5", "oui". One that does not fit its type, as it is."""
    found = meant(type_, value) if type_ != "text" else None
    if isinstance(found, bool):
        return str(gettext("yes") if found else gettext("no"))
    if isinstance(found, date):
        return str(format_date(found))
    return "" if value is None else str(format_decimal(found) if found is not None else value)


def control(type_: str, value: Any) -> str:
    """The type of the input for a value of a field. One that does not fit can be seen only as a text."""
    return CONTROLS.get(type_, "text") if value in (None, "") or fits(type_, value) else "text"


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago that is: "il y a 3 h"."""
    return str(format_timedelta(at - now, add_direction=True, format="short", locale=get_locale())) if at else ""
