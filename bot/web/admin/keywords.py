"""Words that open a dialog or are answered by a reply, how often they are texted, and what a text would bring about."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from flask_babel import get_locale, gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import pictures, shop
from bot.catalogue import catalogue, entry
from bot.intent import filled, intent
from bot.shop import NoSuch, versions
from bot.shop.spec import KeywordPart
from bot.web.admin.look import topic_names
from bot.web.admin.pages import Visit, Wrong, by_language, go, page, show
from keywords.reserved import HELP, START, STOP
from keywords.table import Mode
from models import Keyword

AT_ONCE = 50  # a page
RESERVED = {"STOP": STOP, "START": START, "HELP": HELP}
NEW: dict[str, Any] = {
    "phrases": {}, "mode": "whole", "dialog": None, "interrupts": False, "reply": None, "picture": None, "topic": None,
}  # fmt: skip


@page("/keywords", role="viewer")
def keywords(visit: Visit) -> object:
    """All of them, the words that belong to the law, and what a text would do."""
    after, tried = visit.number("after") or 0, visit.query.get("try", "")
    with visit.read() as connection:
        known = catalogue(connection)
        rows = shop.page(connection, Keyword, after, AT_ONCE + 1)
        now = visit.now(connection)
        hits = shop.hits(connection, [row.id for row in rows[:AT_ONCE]], now)
        abouts = versions.abouts(connection)
    more = rows[AT_ONCE - 1].id if len(rows) > AT_ONCE else None
    would = intent(known, tried) if tried else None
    says = {one.id: filled(known, one.reply, str(get_locale())[:2]) for one in map(entry, rows[:AT_ONCE]) if one.reply}
    return show("keywords.html", rows=rows[:AT_ONCE], more=more, after=after, published=known.published, reserved=RESERVED,
                tried=tried, would=would, spoken=known.shop.languages, hits=hits, now=now, abouts=abouts,
                topics=topic_names(known), says=says)  # fmt: skip


@page("/keywords/new", role="marketer", methods=("GET", "POST"))
def new_keyword(visit: Visit) -> object:
    """One more; with `?does=reply` one that tells something."""
    if not visit.form:
        return _keyword(visit, None, NEW | {"phrases": {"": [visit.query.get("phrase", "")]}})

    def make(connection: Connection) -> None:
        made = shop.make_keyword(connection, KeywordPart(**_typed(visit)))
        visit.audit(connection, "keyword.made", f"keyword {made}", after=_said(connection, made))

    return _done(visit, None, make, gettext("The keyword is there. Texts are answered by it from now on."))


@page("/keywords/<int:keyword_id>", role="viewer")
def keyword(visit: Visit, keyword_id: int) -> object:
    """One of them."""
    with visit.read() as connection:
        said = _said(connection, keyword_id)
    return _keyword(visit, keyword_id, said)


@page("/keywords/<int:keyword_id>/change", role="marketer", methods=("POST",))
def change_keyword(visit: Visit, keyword_id: int) -> object:
    """Say it anew."""

    def change(connection: Connection) -> None:
        before = _said(connection, keyword_id)
        visit.still(before)
        shop.change_keyword(connection, keyword_id, KeywordPart(**_typed(visit)))
        if before != (after := _said(connection, keyword_id)):
            visit.audit(connection, "keyword.changed", f"keyword {keyword_id}", before, after)

    return _done(visit, keyword_id, change, gettext("Saved."))


@page("/keywords/<int:keyword_id>/delete", role="marketer", methods=("POST",))
def delete_keyword(visit: Visit, keyword_id: int) -> object:
    """Let it go. Its dialog stays, and so does whoever is inside."""

    def drop(connection: Connection) -> None:
        before = _said(connection, keyword_id)
        shop.drop_keyword(connection, keyword_id)
        visit.audit(connection, "keyword.deleted", f"keyword {keyword_id}", before)

    visit.change(drop)
    return go("keywords", say=gettext("The keyword is deleted."))


def _done(visit: Visit, keyword_id: int | None, do: Callable[[Connection], None], say: str) -> object:
    try:
        visit.change(do)
    except Wrong as wrong:
        return _keyword(visit, keyword_id, _form(visit), 422, wrong.errors)
    return go("keywords", say=say)


def _keyword(
    visit: Visit, keyword_id: int | None, said: Mapping[str, Any], status: int = 200, errors: Mapping[str, str] | None = None
) -> object:
    """The form, as it is kept or as it was typed."""
    with visit.read() as connection:
        known = catalogue(connection)
        now = visit.now(connection)
        hits = shop.hits(connection, [keyword_id], now).get(keyword_id) if keyword_id else None
        abouts = versions.abouts(connection)
        offered = pictures.pictures(visit.runtime, connection)
    languages = list(dict.fromkeys([*known.shop.languages, *filter(None, [*said["phrases"], *(said["reply"] or ())])]))
    dialogs = sorted({*known.published, said["dialog"] or ""} - {""})
    was = visit.was(said) if keyword_id else ""
    does = "reply" if (visit.form or visit.query).get("does") == "reply" or (not visit.form and said["reply"]) else "dialog"
    if errors and not said[does]:
        missing = {"dialog": gettext("Choose one"), "reply": gettext("Write what it says")}
        others = {*missing, "picture", "topic"}
        errors = {name: message for name, message in errors.items() if name not in others} | {does: missing[does]}
    return show("keyword.html", status, id=keyword_id, keyword=said, does=does, languages=languages, dialogs=dialogs,
                modes=get_args(Mode), published=known.published, was=was, errors=_beside(errors or {}, languages),
                hits=hits, now=now, topics=topic_names(known), abouts=abouts, pictures=offered)  # fmt: skip


def _typed(visit: Visit) -> dict[str, Any]:
    """What the form says: of a dialog and a reply, the one that was chosen."""
    form = _form(visit)
    others = ("dialog",) if visit.form.get("does") == "reply" else ("reply", "picture", "topic")
    return form | dict.fromkeys(others)


def _form(visit: Visit) -> dict[str, Any]:
    """All that was typed: a phrase on each line, those for every language in the field `phrases`, and so the reply."""
    form = visit.form
    lines = {language: [line.strip() for line in typed.splitlines() if line.strip()]
             for language, typed in by_language(form, "phrases").items()}  # fmt: skip
    picture = form.get("picture", "").removeprefix(visit.runtime.settings.base_url)
    return {
        "phrases": {language: phrases for language, phrases in lines.items() if phrases},
        "mode": form.get("mode", ""), "dialog": form.get("dialog") or None, "interrupts": "interrupts" in form,
        "reply": {language: words for language, words in by_language(form, "reply").items() if words} or None,
        "picture": picture or None, "topic": form.get("topic") or None,
    }  # fmt: skip


def _beside(errors: Mapping[str, str], languages: list[str]) -> dict[str, str]:
    """What is wrong with a phrase stands beside its language; what is wrong elsewhere in the shop above the form."""
    fields = {*KeywordPart.model_fields, *(f"{name}.{language}" for name in ("phrases", "reply") for language in languages)}
    told: dict[str, list[str]] = {}
    for path, message in errors.items():
        whole, _, last = path.rpartition(".")
        field = path if path in fields else whole if whole in fields and last.isdigit() else ""
        told.setdefault(field, []).append(message)
    return {field: " ".join(messages) for field, messages in told.items()}


def _said(connection: Connection, keyword_id: int) -> dict[str, Any]:
    try:
        return shop.said(KeywordPart, shop.one(connection, Keyword.id, keyword_id))
    except NoSuch:
        raise NotFound from None
