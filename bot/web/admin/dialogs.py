"""Dialogs: all of them, one drawn with who is where, its versions; published, put back, retired."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask_babel import get_locale, gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot.catalogue import catalogue
from bot.shop import NoSuch, ShopError, versions
from bot.shop.current import lock
from bot.shop.scripts import LIBRARY, Script, find
from bot.shop.traffic import traffic
from bot.web.admin.look import topic_names
from bot.web.admin.pages import Visit, Wrong, go, mark, page, show, whole
from dialogs.layout import layout
from dialogs.load import Problem

AT_ONCE = 25  # a page
LATELY = timedelta(days=30)
BLANK = """\
name: {name}
topic: {topic}
start: hello
expires: P2D
states:
  hello:
    say:{says}
    on:
      - hear: yes
        goto: good
      - hear: no
        goto: good
    otherwise: {{tries: 1, goto: good}}
  good:
    say:{thanks}
    end: done
"""
HELLO = {"fr": "{{ brand }} : tout va bien ? OUI ou NON", "en": "{{ brand }}: all well? YES or NO"}
THANKS = {"fr": "Merci, et bonne journée !", "en": "Thank you, and have a good day!"}


@page("/dialogs", role="viewer")
def all_dialogs(visit: Visit) -> object:
    """All of them, each with who is inside and how those came out who began lately."""
    after = visit.number("after") or 0
    with visit.read() as connection:
        topics = topic_names(catalogue(connection))
        found = versions.stories(connection, after, AT_ONCE + 1)
        titles = versions.titles(connection, found[:AT_ONCE])
        went = traffic(connection, [story.name for story in found[:AT_ONCE]], visit.now(connection) - LATELY)
        abouts = versions.abouts(connection)
    more = found[AT_ONCE - 1].id if len(found) > AT_ONCE else None
    known: dict[str, Any] = {"titles": titles, "went": went, "abouts": abouts, "topics": topics}
    return show("dialogs.html", found=found[:AT_ONCE], more=more, after=after, **known)


@page("/dialogs/+new", role="marketer", methods=("GET", "POST"))
def new_dialog(visit: Visit) -> object:
    """One more: from the library, like one of the shop's, or a first question to go on from. It begins as a draft."""
    form = visit.form
    with visit.read() as connection:
        shop = catalogue(connection)
    library = [path.stem for path in sorted(LIBRARY.glob("*.yaml"))]
    known: dict[str, Any] = {"library": library, "form": form}
    if not form:
        return show("dialog_new.html", **known)
    name, like = form.get("name", ""), form.get("like", "")

    def make(connection: Connection) -> None:
        if like in known["library"]:
            source = _called(find(like, LIBRARY).source, name)
        else:
            said = [_words(words, shop.shop.languages) for words in (HELLO, THANKS)]
            source = BLANK.format(name=name, topic=next(iter(shop.topics)), says=said[0], thanks=said[1])
        try:
            is_new = versions.draft(connection, name, source)
        except ShopError:
            raise Wrong({"name": gettext("It begins with a letter and has letters, digits, _ and - (64 at most).")}) from None
        if not is_new:
            raise Wrong({"name": gettext("There is a dialog of this name already.")})
        visit.audit(connection, "dialog.drafted", f"dialog {name}")

    try:
        visit.change(make)
    except Wrong as wrong:
        return show("dialog_new.html", 422, **known, errors=wrong.errors)
    return go("dialog", name=name, say=gettext("A draft: nobody gets to see it before it is published."))


def _words(words: Mapping[str, str], languages: list[str]) -> str:
    return "".join(f'\n      {language}: "{words.get(language, words["en"])}"' for language in languages)


def _called(source: str, name: str) -> str:
    return "\n".join(f"name: {name}" if line.startswith("name: ") else line for line in source.split("\n"))


@page("/dialogs/<name>/diagram", role="viewer")
def dialog_diagram(visit: Visit, name: str) -> object:
    """What is in force, else what is drafted, drawn: who is in each state now, and how many ended there lately."""
    with visit.read() as connection:
        known = head(connection, name)
        script = Script(name, versions.source(connection, known["story"].shown))
        went = traffic(connection, [name], visit.now(connection) - LATELY)[name]
    drawing = None if script.problems else layout(script.dialog, str(get_locale() or "en")[:2])
    drawn = {box.name for box in drawing.boxes} if drawing else set()
    elsewhere = {state: count for state, count in went.inside.items() if state not in drawn}
    return show("dialog_diagram.html", **known, drawing=drawing, went=went, elsewhere=elsewhere)


@page("/dialogs/<name>/versions", role="viewer")
def dialog_versions(visit: Visit, name: str) -> object:
    """What it was, the newest first, with how many people are still inside each."""
    with visit.read() as connection:
        known = head(connection, name)
    return show("dialog_versions.html", **known)


@page("/dialogs/<name>/versions/<int:number>", role="viewer")
def dialog_version(visit: Visit, name: str, number: int) -> object:
    """One of them, as it was written."""
    with visit.read() as connection:
        known = head(connection, name)
        try:
            row = known["story"].version(number)
        except NoSuch:
            raise NotFound from None
        source = versions.source(connection, row)
    return show("dialog_version.html", **known, row=row, source=source)


@page("/dialogs/<name>/publish", role="marketer", methods=("POST",))
def publish_dialog(visit: Visit, name: str) -> object:
    """The draft is what people are led into from now on. Whoever is inside stays in the version that they began."""

    problems: list[Problem] = []

    def publish(connection: Connection) -> int:
        _still(visit, connection, name)
        try:
            number = versions.publish(connection, name)
        except ShopError as error:
            problems.extend(error.problems)
            raise Wrong({"": gettext("It is not published: what is wrong stands below.")}) from None
        visit.audit(connection, "dialog.published", f"dialog {name}", after={"version": number})
        return number

    try:
        number = visit.change(publish)
    except Wrong as wrong:
        return refused(visit, name, wrong, problems)
    return go("dialog", name=name, say=gettext("Version %(number)s is published.", number=number))


def _still(visit: Visit, connection: Connection, name: str) -> None:
    """What is published, thrown away or replaced is the draft that was looked at, and stays so. Raises Wrong."""
    lock(connection)
    drafted = head(connection, name)["drafted"]
    if visit.form.get("drafted", drafted) != drafted:
        raise Wrong({"": gettext("Somebody has changed the draft meanwhile: look at it first.")})


@page("/dialogs/<name>/restore", role="marketer", methods=("POST",))
def restore_dialog(visit: Visit, name: str) -> object:
    """An earlier version becomes the draft, in place of the one that there is."""
    number = whole(visit.form.get("version", "")) or 0

    def restore(connection: Connection) -> None:
        _still(visit, connection, name)
        try:
            versions.restore(connection, name, number)
        except NoSuch:
            raise NotFound from None
        visit.audit(connection, "dialog.restored", f"dialog {name}", after={"version": number})

    try:
        visit.change(restore)
    except Wrong as wrong:
        return refused(visit, name, wrong)
    say = gettext("Version %(number)s is the draft now: publish it to bring it back.", number=number)
    return go("dialog", name=name, say=say)


@page("/dialogs/<name>/draft/delete", role="marketer", methods=("POST",))
def delete_draft(visit: Visit, name: str) -> object:
    """The draft is thrown away."""

    def drop(connection: Connection) -> bool:
        _still(visit, connection, name)
        before = head(connection, name)["story"]
        if before.draft is not None:
            versions.drop_draft(connection, name)
            visit.audit(connection, "dialog.draft_deleted", f"dialog {name}")
        return len(before.versions) > 1

    try:
        stays = visit.change(drop)
    except Wrong as wrong:
        return refused(visit, name, wrong)
    say = gettext("The draft is thrown away.")
    return go("dialog", name=name, say=say) if stays else go("all_dialogs", say=say)


@page("/dialogs/<name>/delete", role="marketer", methods=("POST",))
def delete_dialog(visit: Visit, name: str) -> object:
    """Retired, unless something opens it. Whoever is inside can end it; its versions are kept."""

    def drop(connection: Connection) -> None:
        head(connection, name)
        versions.drop(connection, name, visit.now(connection))
        visit.audit(connection, "dialog.retired", f"dialog {name}")

    try:
        visit.change(drop)
    except Wrong as wrong:
        return refused(visit, name, wrong)
    return go("all_dialogs", say=gettext("It is retired: nobody gets into it any more."))


def refused(visit: Visit, name: str, wrong: Wrong, problems: Sequence[Problem] = ()) -> object:
    """The versions of a dialog with what was refused."""
    with visit.read() as connection:
        known = head(connection, name)
    errors = {"": " ".join(dict.fromkeys(wrong.errors.values()))}
    return show("dialog_versions.html", 422, **known, problems=problems, errors=errors)


def head(connection: Connection, name: str) -> dict[str, Any]:
    """What stands above all that is shown of a dialog. Raises NotFound."""
    try:
        story = versions.story(connection, name)
    except NoSuch:
        raise NotFound from None
    drafted = mark(versions.source(connection, story.draft)) if story.draft else ""
    return {"name": name, "story": story, "title": versions.titles(connection, [story])[name], "drafted": drafted}
