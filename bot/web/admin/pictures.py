"""The shop's pictures: put on the shelf, called something, their address copied, deleted."""

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import pictures as shelf
from bot.pictures import PictureError
from bot.web.admin.pages import Visit, Wrong, go, page, show
from bot.web.public import of_file

AT_ONCE = 24  # a page
ROOM = 64 * 1024  # bytes of a form beside its file


@page("/pictures", role="viewer")
def pictures(visit: Visit) -> object:
    """All of them, the newest first."""
    before = visit.number("before")
    with visit.read() as connection:
        rows = shelf.page(connection, before, AT_ONCE + 1)
        uses = shelf.uses(visit.runtime, connection, rows[:AT_ONCE])
    older = rows[AT_ONCE - 1].id if len(rows) > AT_ONCE else None
    return show("pictures.html", rows=rows[:AT_ONCE], uses=uses, older=older, before=before, **_addresses(visit))


def _new(status: int = 200, errors: Mapping[str, str] | None = None, name: str = "") -> tuple[str, int]:
    return show("new_picture.html", status, most=shelf.MOST_BYTES, name=name, errors=errors or {})


def _too_large() -> tuple[str, int]:
    return _new(422, {"picture": shelf.TOO_LARGE})


@page("/pictures/new", role="marketer", methods=("GET", "POST"), largest=shelf.MOST_BYTES + ROOM, too_large=_too_large)
def new_picture(visit: Visit) -> object:
    """One more."""
    if not visit.form:
        return _new()
    called, content = visit.file("picture")
    name = visit.form.get("name") or PurePath(called).stem.replace("_", " ")[: shelf.LONGEST_NAME]

    def make(connection: Connection) -> tuple[int, bool]:
        made, is_new = shelf.keep(connection, content, seen, name, visit.runtime.machine_now())
        if is_new:
            visit.audit(connection, "picture.added", f"picture {made}", after={"name": _row(connection, made).name})
        return made, is_new

    try:
        seen = shelf.look(content)
        made, is_new = visit.change(make)
    except PictureError as error:
        return _new(422, {error.field: str(error)}, visit.form.get("name", ""))
    except Wrong as wrong:
        return _new(422, wrong.errors, visit.form.get("name", ""))
    say = gettext("The picture is there.") if is_new else gettext("This picture was there already.")
    return go("picture", picture_id=made, say=say)


@page("/pictures/<int:picture_id>", role="viewer")
def picture(visit: Visit, picture_id: int) -> object:
    """One of them, with its address and all that says it."""
    return _picture(visit, picture_id)


@page("/pictures/<int:picture_id>/file", role="viewer")
def picture_file(visit: Visit, picture_id: int) -> object:
    """What a page of ours shows: the public address has few turns, and they are the carrier's."""
    with visit.read() as connection:
        row = _row(connection, picture_id)
    answer = of_file(visit.runtime, row)
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


@page("/pictures/<int:picture_id>/change", role="marketer", methods=("POST",))
def change_picture(visit: Visit, picture_id: int) -> object:
    """Call it something else."""

    def change(connection: Connection) -> None:
        before = _row(connection, picture_id).name
        shelf.change(connection, picture_id, visit.form.get("name", ""))
        name = _row(connection, picture_id).name
        if name != before:
            visit.audit(connection, "picture.changed", f"picture {picture_id}", {"name": before}, {"name": name})

    try:
        _change(visit, change)
    except Wrong as wrong:
        return _picture(visit, picture_id, 422, wrong.errors, visit.form.get("name", ""))
    return go("picture", picture_id=picture_id, say=gettext("Saved."))


@page("/pictures/<int:picture_id>/delete", role="marketer", methods=("POST",))
def delete_picture(visit: Visit, picture_id: int) -> object:
    """Let it go, once nothing says it any more."""

    def drop(connection: Connection) -> None:
        row = _row(connection, picture_id)
        shelf.drop(visit.runtime, connection, row)
        visit.audit(connection, "picture.deleted", f"picture {picture_id}", {"name": row.name})

    try:
        _change(visit, drop)
    except Wrong as wrong:
        return _picture(visit, picture_id, 422, wrong.errors)
    return go("pictures", say=gettext("The picture is deleted."))


def _picture(
    visit: Visit, picture_id: int, status: int = 200, errors: Mapping[str, str] | None = None, name: str | None = None
) -> object:
    with visit.read() as connection:
        row = _row(connection, picture_id)
        used = shelf.uses(visit.runtime, connection, [row])[row.id]
    return show("picture.html", status, row=row, name=row.name if name is None else name, used=used, errors=errors or {},
                **_addresses(visit))  # fmt: skip


def _change(visit: Visit, do: Callable[[Connection], Any]) -> Any:
    try:
        return visit.change(do)
    except PictureError as error:
        raise Wrong({error.field: str(error)}) from None


def _row(connection: Connection, picture_id: int) -> Any:
    row = shelf.find(connection, picture_id)
    if row is None:
        raise NotFound
    return row


def _addresses(visit: Visit) -> dict[str, Any]:
    """How a template finds where a picture is for the whole world."""
    return {"address": lambda row: shelf.address(visit.runtime, row)}
