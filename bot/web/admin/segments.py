"""Parts of the audience: segments by a rule that is put together line by line, and lists that are filled by hand."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import render_template
from flask_babel import gettext, ngettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import campaigns, segments
from bot import contacts as people
from bot.catalogue import catalogue
from bot.web.admin import rules
from bot.web.admin.look import topic_names
from bot.web.admin.pages import Visit, Wrong, go, page, show, told
from bot.web.admin.sentence import sentence
from bot.web.api.problems import REFUSALS
from models.phone import parse

AT_ONCE = 25  # a page
SAMPLE = 5  # contacts that are shown
MOST_NUMBERS = 1_000  # at once
CAMPAIGNS = 100  # that can be chosen


@page("/segments", role="viewer")
def all_segments(visit: Visit) -> object:
    """All of them; how many are in each is asked for when the page is there."""
    after = visit.number("after") or 0
    with visit.read() as connection:
        topics = topic_names(catalogue(connection))
        rows = segments.page(connection, after, AT_ONCE + 1)
    more = rows[AT_ONCE - 1].id if len(rows) > AT_ONCE else None
    sentences = {row.id: sentence(rules.drawn(segments.parse(row.rule)), topics) for row in rows if row.rule is not None}
    return show("segments.html", rows=rows[:AT_ONCE], more=more, after=after, sentences=sentences)


@page("/segments/counts", role="viewer")
def segment_counts(visit: Visit) -> object:
    """How many match each segment of a page of the list, and how many of them can be reached."""
    with visit.read() as connection:
        rows = segments.page(connection, visit.number("after") or 0, AT_ONCE)
        counts = segments.counts(connection, [row.id for row in rows], visit.now(connection))
    return render_template("admin/segment_counts.html", counts=counts)


@page("/segments/new", role="marketer", methods=("GET", "POST"))
def new_segment(visit: Visit) -> object:
    """One more, by a rule or by hand."""
    by_hand = (visit.form or visit.query).get("by") == "hand"
    if not visit.form:
        return _list(visit, None, None) if by_hand else _segment(visit, None, rules.drawn(None))
    root = None if by_hand else rules.read(visit)
    if root is not None and (do := visit.form.get("do")):
        return _segment(visit, None, root, new=rules.edit(root, do))

    def make(connection: Connection) -> int:
        rule = None if root is None else rules.as_rule(root)
        made = segments.save(connection, visit.form.get("name", ""), rule, visit.now(connection), new=True)
        visit.audit(connection, "segment.made", f"segment {made}", after={"name": visit.form.get("name", ""), "rule": rule})
        return made

    try:
        made = visit.change(make, "rule")
    except Wrong as wrong:
        return _list(visit, None, None, 422, wrong.errors) if root is None else _segment(visit, None, root, 422, wrong.errors)
    if by_hand:
        return go("segment", segment_id=made, say=gettext("The list is there. Put somebody on it."))
    return go("all_segments", say=gettext("The segment is there."))


@page("/segments/<int:segment_id>", role="viewer")
def segment(visit: Visit, segment_id: int) -> object:
    """One of them."""
    with visit.read() as connection:
        row = _found(connection, segment_id)
    return _list(visit, row, None) if row.rule is None else _segment(visit, row, rules.drawn(segments.parse(row.rule)))


@page("/segments/<int:segment_id>/change", role="marketer", methods=("POST",))
def change_segment(visit: Visit, segment_id: int) -> object:
    """Another rule."""
    with visit.read() as connection:
        row = _found(connection, segment_id)
    root = rules.read(visit)
    if do := visit.form.get("do"):
        return _segment(visit, row, root, new=rules.edit(root, do))

    def change(connection: Connection) -> None:
        before, rule = _found(connection, segment_id), rules.as_rule(root)
        _may_change(visit, connection, segment_id)
        visit.still(before.rule)
        segments.save(connection, before.name, rule, visit.now(connection))
        if before.rule != (after := _found(connection, segment_id).rule):
            visit.audit(connection, "segment.changed", f"segment {segment_id}", before.rule, after)

    try:
        if row.rule is None:
            raise NotFound
        visit.change(change, "rule")
    except Wrong as wrong:
        return _segment(visit, row, root, 422, wrong.errors)
    return go("all_segments", say=gettext("Saved."))


@page("/segments/<int:segment_id>/people", role="marketer", methods=("POST",))
def fill_list(visit: Visit, segment_id: int) -> object:
    """People put on a list, or taken off, by their numbers: all of them or, if one is wrong, none."""
    puts = visit.form.get("do") != "remove"

    def fill(connection: Connection) -> int:
        row = _found(connection, segment_id)
        _may_change(visit, connection, segment_id)
        ids = _named(connection, visit.form.get("numbers", ""))
        now = visit.now(connection)
        done = segments.add(connection, row.name, ids, now) if puts else segments.remove(connection, row.name, ids)
        if done:
            did = "segment.filled" if puts else "segment.emptied"
            visit.audit(connection, did, f"segment {segment_id}", after={"contacts": done})
        return done

    try:
        done = visit.change(fill)
    except Wrong as wrong:
        with visit.read() as connection:
            row = _found(connection, segment_id)
        return _list(visit, row, visit.form.get("numbers"), 422, wrong.errors)
    put = ngettext("%(num)s person was put on the list.", "%(num)s people were put on the list.", done)
    taken = ngettext("%(num)s person was taken off the list.", "%(num)s people were taken off the list.", done)
    return go("segment", segment_id=segment_id, say=put if puts else taken)


def _may_change(visit: Visit, connection: Connection, segment_id: int) -> None:
    """Who may not send campaigns does not change either whom one that is sent off goes to. Raises Wrong."""
    if not visit.staff.may("launcher") and (names := segments.awaited(connection, segment_id)):
        said = gettext("The campaign “%(name)s” goes to it and is on its way: only launchers change it now.", name=names[0])
        raise Wrong({"": said})


def _named(connection: Connection, written: str) -> list[int]:
    """The contacts whose numbers stand there, one on each line. Raises Wrong."""
    country = catalogue(connection).shop.country
    lines = [line for line in (one.strip() for one in written.replace(",", "\n").replace(";", "\n").split("\n")) if line]
    if not lines:
        raise Wrong({"numbers": gettext("Write at least one number.")})
    if len(lines) > MOST_NUMBERS:
        raise Wrong({"numbers": gettext("At most %(count)s at once.", count=MOST_NUMBERS)})
    numbers = {line: parse(line, country) for line in lines}
    known = people.ids(connection, [number for number in numbers.values() if number])
    if strangers := [line for line, number in numbers.items() if number not in known]:
        raise Wrong({"numbers": gettext("None of your contacts: %(numbers)s", numbers=", ".join(strangers[:10]))})
    return list(known.values())


@page("/segments/<int:segment_id>/delete", role="marketer", methods=("POST",))
def delete_segment(visit: Visit, segment_id: int) -> object:
    """Let it go, unless something needs it. The contacts stay."""
    with visit.read() as connection:
        row = _found(connection, segment_id)

    def drop(connection: Connection) -> None:
        before = _found(connection, segment_id)
        segments.delete(connection, before.name)
        visit.audit(connection, "segment.deleted", f"segment {segment_id}", {"name": before.name, "rule": before.rule})

    try:
        visit.change(drop)
    except Wrong as wrong:
        if row.rule is None:
            return _list(visit, row, None, 422, wrong.errors)
        return _segment(visit, row, rules.drawn(segments.parse(row.rule)), 422, wrong.errors)
    return go("all_segments", say=gettext("It is deleted. The contacts stay."))


@page("/segments/draw", role="marketer", methods=("POST",))
def draw_segment(visit: Visit) -> object:
    """The form after a line more, a line less, or another kind of line. Nothing is kept."""
    root = rules.read(visit, drawing=True)
    new = rules.edit(root, visit.form.get("do", ""))
    with visit.read() as connection:
        known = _choices(connection)
    known |= {"sentence": sentence(root, known["topics"]), "errors": {}}
    return render_template("admin/segment_rule.html", root=root, new=new, **known)


@page("/segments/count", role="marketer", methods=("POST",))
def count_segment(visit: Visit) -> object:
    """How many the form as it stands would find, and some of them. Nothing is kept."""
    root = rules.read(visit)
    return _counted(visit, rules.as_rule(root), root)


@page("/segments/<int:segment_id>/count", role="viewer")
def count_saved(visit: Visit, segment_id: int) -> object:
    """The same for a segment or a list as it is kept."""
    with visit.read() as connection:
        row = _found(connection, segment_id)
    rule = {"in_list": row.name} if row.rule is None else row.rule
    return _counted(visit, rule, rules.drawn(segments.parse(rule)), kept=True)


def _counted(visit: Visit, rule: Mapping[str, Any], root: rules.Bracket, kept: bool = False) -> str:
    known: dict[str, Any] = {"kept": kept}
    with visit.read() as connection:
        now = visit.now(connection)
        try:
            where = segments.holding(connection, segments.parse(rule), now)
            known["count"] = segments.count(connection, where, now)
            known["rows"] = people.search(connection, where, None, SAMPLE)
        except REFUSALS as error:
            known["errors"] = told(error, "rule")
        topics = topic_names(catalogue(connection))
    return render_template("admin/segment_count.html", sentence=sentence(root, topics), **known)


def _segment(
    visit: Visit, row: Any, root: rules.Bracket, status: int = 200, errors: Mapping[str, str] | None = None, new: str = ""
) -> object:
    with visit.read() as connection:
        known = _choices(connection)
        users = segments.users(connection, row.id, row.name) if row else []
        if row and errors is None:
            errors = _broken(connection, row.rule, visit.now(connection))
    was = visit.was(row.rule) if row else ""
    name = row.name if row else visit.form.get("name", "")
    return show("segment.html", status, row=row, root=root, name=name, users=users, was=was, new=new,
                sentence=sentence(root, known["topics"]), errors=rules.beside(root, errors or {}), **known)  # fmt: skip


def _broken(connection: Connection, rule: Any, now: datetime) -> dict[str, str]:
    """What is wrong with a rule that stood once: something that it names may be gone."""
    try:
        segments.holding(connection, segments.parse(rule), now)
    except REFUSALS as error:
        return told(error, "rule")
    return {}


def _list(
    visit: Visit, row: Any, numbers: str | None, status: int = 200, errors: Mapping[str, str] | None = None
) -> object:
    with visit.read() as connection:
        users = segments.users(connection, row.id, row.name) if row else []
    return show("list.html", status, row=row, name=visit.form.get("name", ""), numbers=numbers, users=users, errors=errors or {})


def _choices(connection: Connection) -> dict[str, Any]:
    """What lines can be about."""
    shop, kept = catalogue(connection), segments.by_name(connection)
    return {
        "topics": topic_names(shop), "types": shop.fields, "tests": rules.tests, "tags": people.all_tags(connection),
        "languages": shop.shop.languages, "sent": [one.name for one in campaigns.latest(connection, CAMPAIGNS)],
        "lists": [name for name, one in kept.items() if one.rule is None],
        "by_rule": [name for name, one in kept.items() if one.rule is not None],
    }  # fmt: skip


def _found(connection: Connection, segment_id: int) -> Any:
    row = segments.find(connection, segment_id)
    if row is None:
        raise NotFound
    return row
