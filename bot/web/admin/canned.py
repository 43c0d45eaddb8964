"""Canned answers: what staff say again and again, kept once."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import inbox as room
from bot.catalogue import catalogue
from bot.web.admin.pages import Visit, Wrong, go, page, show


@page("/answers", role="viewer")
def canned(visit: Visit) -> object:
    """All of them."""
    with visit.read() as connection:
        catalogue(connection)
        return show("canned.html", rows=room.all_canned(connection))


@page("/answers/new", role="agent", methods=("GET", "POST"))
def new_canned(visit: Visit) -> object:
    """One more."""
    if not visit.form:
        return _form(visit, None, {"name": "", "texts": {}})

    def make(connection: Connection) -> None:
        made = room.make_canned(connection, *_typed(visit.form))
        visit.audit(connection, "answer.made", f"answer {made}", after=_said(connection, made))

    return _done(visit, None, make)


@page("/answers/<int:canned_id>", role="viewer")
def canned_one(visit: Visit, canned_id: int) -> object:
    """One of them."""
    with visit.read() as connection:
        said = _said(connection, canned_id)
    return _form(visit, canned_id, said)


@page("/answers/<int:canned_id>/change", role="agent", methods=("POST",))
def change_canned(visit: Visit, canned_id: int) -> object:
    """Say it anew."""

    def change(connection: Connection) -> None:
        before = _said(connection, canned_id)
        visit.still(before)
        room.change_canned(connection, canned_id, *_typed(visit.form))
        if before != (after := _said(connection, canned_id)):
            visit.audit(connection, "answer.changed", f"answer {canned_id}", before, after)

    return _done(visit, canned_id, change)


@page("/answers/<int:canned_id>/delete", role="agent", methods=("POST",))
def delete_canned(visit: Visit, canned_id: int) -> object:
    """Let it go; what was said with it stays said."""

    def drop(connection: Connection) -> None:
        before = _said(connection, canned_id)
        room.drop_canned(connection, canned_id)
        visit.audit(connection, "answer.deleted", f"answer {canned_id}", before)

    visit.change(drop)
    return go("canned", say=gettext("Deleted."))


def _done(visit: Visit, canned_id: int | None, do: Callable[[Connection], None]) -> object:
    try:
        visit.change(do)
    except Wrong as wrong:
        name, texts = _typed(visit.form)
        return _form(visit, canned_id, {"name": name, "texts": texts}, 422, errors=wrong.errors)
    return go("canned", say=gettext("Saved."))


def _form(visit: Visit, canned_id: int | None, said: Mapping[str, Any], status: int = 200, **known: Any) -> object:
    with visit.read() as connection:
        shop = catalogue(connection).shop
    languages = list(dict.fromkeys([*shop.languages, *filter(None, said["texts"])]))
    was = visit.was(said) if canned_id else ""
    return show("canned_one.html", status, id=canned_id, canned=said, languages=languages, was=was, **known)


def _typed(form: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    texts = {name.partition(".")[2]: words for name, words in form.items() if name.startswith("texts.")}
    return form.get("name", ""), texts


def _said(connection: Connection, canned_id: int) -> dict[str, Any]:
    row = room.find_canned(connection, canned_id)
    if row is None:
        raise NotFound
    return {"name": row.name, "texts": row.texts}
