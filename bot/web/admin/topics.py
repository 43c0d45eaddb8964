"""Topics: what people can say yes or no to, in the words in which it is promised."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import contacts as people
from bot import shop
from bot.shop import NoSuch
from bot.shop.spec import TopicPart
from bot.web.admin.mistakes import stays
from bot.web.admin.pages import Visit, Wrong, by_language, go, page, shaped, show
from bot.web.admin.shop import Here, here
from dialogs.parts import Name
from models import Topic

PARTS = ("names", "frequencies", "fees", "contacts")
MOST = 200
_SLUG: TypeAdapter[str] = TypeAdapter(Name)


@page("/shop/topics", role="admin")
def topics(visit: Visit) -> object:
    """All of them, with how many people are in for each."""
    return _topics(visit)


def _topics(visit: Visit, status: int = 200, errors: Mapping[str, str] | None = None) -> object:
    now = here(visit)
    if now.is_first:
        return go("shop_who")
    with visit.read() as connection:
        rows = shop.page(connection, Topic, 0, MOST)
        people_in = people.by_topic(connection)
    return show("topics.html", status, now=now, rows=rows, people_in=people_in, errors=errors or {})


@page("/shop/topics/+new", role="admin", methods=("GET", "POST"))
def new_topic(visit: Visit) -> object:
    """One more."""
    now = here(visit)
    if now.settings is None:
        return go("shop_who")
    if not visit.form:
        empty: dict[str, Any] = {part: {} for part in PARTS}
        contact = dict.fromkeys(now.settings.languages, now.settings.contact_line)
        return _topic(visit, now, None, empty | {"contacts": contact, "proof": "double"})
    return _save(visit, now, None)


@page("/shop/topics/<name>", role="admin", methods=("GET", "POST"))
def topic(visit: Visit, name: str) -> object:
    """One of them."""
    now = here(visit)
    with visit.read() as connection:
        said = _said(connection, name)
    return _save(visit, now, name) if visit.form else _topic(visit, now, name, said)


def _save(visit: Visit, now: Here, slug: str | None) -> object:
    form = visit.form
    typed = {part: by_language(form, part) for part in PARTS}
    said: dict[str, Any] = {part: {language: one for language, one in words.items() if one} for part, words in typed.items()}
    said["proof"] = form.get("proof", "")
    name = slug or form.get("slug", "")

    def save(connection: Connection) -> None:
        before = _said(connection, name) if slug else None
        if slug is None:
            try:
                _SLUG.validate_python(name)
            except ValidationError:
                wrong = gettext("It begins with a letter and has letters, digits, _ and - (64 at most).")
                raise Wrong({"slug": wrong}) from None
            if _exists(connection, name):
                raise Wrong({"slug": gettext("There is a topic of this name already.")})
        else:
            visit.still(before)
        shop.change_topic(connection, name, shaped(TopicPart, said))
        if before != (after := _said(connection, name)):
            visit.audit(connection, "topic.changed" if slug else "topic.made", f"topic {name}", before, after)

    try:
        visit.change(save)
    except Wrong as wrong:
        return _topic(visit, now, slug, said, 422, _beside(wrong.errors))
    return go("topics", say=gettext("Saved."))


@page("/shop/topics/<name>/delete", role="admin", methods=("POST",))
def delete_topic(visit: Visit, name: str) -> object:
    """Let it go, unless people are in for it, or something is about it."""

    def drop(connection: Connection) -> None:
        before = _said(connection, name)
        shop.drop_topic(connection, name)
        visit.audit(connection, "topic.deleted", f"topic {name}", before)

    try:
        visit.change(drop)
    except Wrong as wrong:
        return _topics(visit, 422, {"": stays(name, wrong.errors)})
    return go("topics", say=gettext("The topic is deleted."))


def _topic(
    visit: Visit, now: Here, slug: str | None, said: Mapping[str, Any], status: int = 200, errors: Mapping[str, str] | None = None
) -> object:
    spoken = now.settings.languages if now.settings else []
    languages = {part: [*([""] if "" in said[part] else []), *([] if set(said[part]) == {""} else spoken)] for part in PARTS}
    was = visit.was(said) if slug else ""
    known = {"slug": slug, "topic": said, "languages": languages, "was": was, "form": visit.form}
    return show("topic.html", status, **known, errors=errors or {})


def _exists(connection: Connection, slug: str) -> bool:
    try:
        shop.one(connection, Topic.slug, slug)
    except NoSuch:
        return False
    return True


def _said(connection: Connection, slug: str) -> dict[str, Any]:
    try:
        return shop.said(TopicPart, shop.one(connection, Topic.slug, slug))
    except NoSuch:
        raise NotFound from None


def _beside(errors: Mapping[str, str]) -> dict[str, str]:
    """What is wrong beside its field; what is wrong elsewhere in the shop because of it, above the form."""
    found: dict[str, str] = {}
    for path, message in errors.items():
        part = path.partition(".")[0]
        name = path if part in PARTS or path in ("slug", "proof") else ""
        found[name] = f"{found[name]} {message}" if name in found else message
    return found
