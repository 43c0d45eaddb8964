"""The people who are texted: looked for, tagged many at once, added by hand."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import contacts as people
from bot import jobs, segments
from bot.catalogue import NoShop, catalogue
from bot.consent import outside
from bot.web.admin.look import topic_names
from bot.web.admin.pages import Visit, Wrong, go, instant_of, page, shaped, show, told, whole
from bot.web.api.bodies import Body, Word
from bot.web.api.consent import ConsentIn
from bot.web.api.contacts import ContactIn
from bot.web.api.problems import REFUSALS
from models.phone import parse

ROWS = 50  # a page
COUNTED = 1_000  # nobody counts further, but for who tags them all
BY_HAND = "staff"  # how we first met who is added on these pages
ASKED = ("q", "tagged", "topic", "out", "segment")  # what a search consists of, in an address or a form


class TagIn(Body):
    """A tag."""

    tag: Word


@page("/contacts", role="viewer")
def contacts(visit: Visit) -> object:
    """Everybody, or who is looked for; the newest first."""
    return _contacts(visit, visit.query)


def _contacts(visit: Visit, given: Mapping[str, str], status: int = 200, **known: Any) -> object:
    asked, before = {name: given[name] for name in ASKED if given.get(name)}, visit.number("before")
    found: list[Any] = []
    with visit.read() as connection:
        now = visit.now(connection)
        try:
            choices = {"topics": topic_names(catalogue(connection)), "segments": segments.names_by_id(connection)}
            whole = not visit.staff.may("agent")  # who sees masked numbers cannot guess them figure by figure
            where = people.condition(connection, _wanted(asked), now, whole_numbers=whole)
            found = list(people.search(connection, where, before, ROWS + 1))
            all_here = before is None and len(found) <= ROWS
            known["count"] = len(found) if all_here else people.count(connection, where, COUNTED)
        except NoShop:
            choices = {}
        except Wrong as wrong:
            status, known["errors"] = 422, {**known.get("errors", {}), **wrong.errors}
        except REFUSALS as error:
            status, known["errors"] = 422, {**known.get("errors", {}), "": "; ".join(told(error).values())}
        rows = found[:ROWS]
        ids = [row.id for row in rows]
        known |= {"tags": people.tags(connection, ids), "subscribed": people.topics(connection, ids)}
        tags = people.all_tags(connection)
        known["all_tags"] = [*tags, *({asked.get("tagged", "")} - {"", *tags})]
        known["taggings"] = people.taggings(connection)
    older = rows[-1].id if len(found) > ROWS else None
    known |= {**choices, "asked": asked, "rows": rows, "older": older, "newer": before is not None, "now": now}
    return show("contacts.html", status, counted=COUNTED, most_attempts=people.MOST_ATTEMPTS, **known)


@page("/contacts/tag", role="marketer", methods=("POST",))
def tag_contacts(visit: Visit) -> object:
    """A tag for many, or off them: it is asked first, with the number; all who match are seen to by a worker."""
    form, everybody, adds = visit.form, visit.form.get("which") == "all", visit.form.get("do") != "remove"
    ids = sorted({id_ for one in visit.many("id")[:ROWS] if (id_ := whole(one)) is not None})
    asked = {name: form[name] for name in ASKED if form.get(name)}
    try:
        tag = shaped(TagIn, {"tag": form.get("tag", "")}).tag
        if not ids and not everybody:
            raise Wrong({"which": gettext("Nobody is ticked.")})
        with visit.read() as connection:
            affected = _affected(visit, connection, asked) if everybody else len(ids)
            known: dict[str, Any] = {"topics": topic_names(catalogue(connection)), "segments": segments.names_by_id(connection)}
    except Wrong as wrong:
        return _contacts(visit, form, 422, errors=wrong.errors, form=form, ticked=ids)
    about: dict[str, Any] = {"tag": tag, "adds": adds, "affected": affected}
    if form.get("sure") != str(affected):  # asked, and asked again where it would be others than were shown
        again = "sure" in form
        ids_shown = () if everybody else ids
        return show("tag_contacts.html", **about, **known, asked=asked, ids=ids_shown, everybody=everybody, again=again)

    def change(connection: Connection) -> None:
        if everybody:
            people.tag_all(connection, _wanted(asked), tag, adds, visit.now(connection))
        else:
            people.tag(connection, ids, tag, adds)
        visit.audit(connection, "contacts.tagged" if adds else "contacts.untagged", f"tag {tag}", after={"contacts": affected})

    try:
        visit.change(change)
    except Wrong as wrong:
        return _contacts(visit, form, 422, errors=wrong.errors)
    if everybody:
        jobs.wake(visit.runtime, "default")
    say = gettext("It has begun, and goes on by itself.") if everybody else gettext("Done.")
    return go("contacts", say=say, **asked)


@page("/contacts/tag/<int:tagging_id>", role="marketer", methods=("POST",))
def stopped_tagging(visit: Visit, tagging_id: int) -> object:
    """A tag for many that has stopped: tried again from where it is, or let be."""
    again = visit.form.get("do") == "again"

    def change(connection: Connection) -> None:
        found = (people.try_again if again else people.drop)(connection, tagging_id)
        if found is None:
            raise NotFound
        did = "contacts.tag_tried_again" if again else "contacts.tag_dropped"
        visit.audit(connection, did, f"tag {found.tag}", after={"adds": found.adds, "looked_at": found.taken_to})

    visit.change(change)
    if again:
        jobs.wake(visit.runtime, "default")
    return go("contacts", say=gettext("It goes on.") if again else gettext("Dropped. Who has got it already keeps it."))


@page("/contacts/new", role="agent", methods=("GET", "POST"))
def new_contact(visit: Visit) -> object:
    """Somebody added by hand, with what they agreed to elsewhere."""
    if not visit.form:
        return _new(visit)

    def make(connection: Connection) -> tuple[int, bool]:
        now, shop, form = visit.now(connection), catalogue(connection), visit.form
        number = parse(form.get("phone", ""), shop.shop.country)
        if number is None:
            raise Wrong({"phone": gettext("This is no telephone number. With + and the country it can be from anywhere.")})
        tags = [tag.strip() for tag in form.get("tags", "").split(",") if tag.strip()]
        said = shaped(ContactIn, {"tags": tags, **told_by(form, people.fields(connection))})
        row = people.add(connection, number, said.model_dump(), BY_HAND, now)
        visit.audit(connection, "contact.added", f"contact {row.id}")
        kept = True
        if not form.get("topic") and (form.get("wording") or form.get("answer")):
            raise Wrong({"topic": gettext("Say what they agreed to.")})
        if form.get("topic"):
            kept = write_down(visit, connection, row, consent_of(form, shop.shop.zone, "opt_in"), now)
        return row.id, kept

    try:
        contact_id, kept = visit.change(make)
    except Wrong as wrong:
        errors = {"tags" if name.startswith("tags.") else name: said for name, said in wrong.errors.items()}
        return _new(visit, 422, errors=errors)
    if not kept:
        return go("contact_consent", contact_id=contact_id, refused="1")
    return go("contact", contact_id=contact_id, say=gettext("Added."))


def _new(visit: Visit, status: int = 200, **known: Any) -> object:
    with visit.read() as connection:
        try:
            shop = catalogue(connection)
        except NoShop:
            return go("home")
        known |= {"fields": people.fields(connection), "topics": topic_names(shop), "languages": shop.shop.languages}
        known |= {"zone": shop.shop.zone, "country": shop.shop.country, "all_tags": people.all_tags(connection)}
    return show("new_contact.html", status, form=visit.form, row={"values": {}}, **known)


def told_by(form: Mapping[str, str], fields: Collection[str]) -> dict[str, Any]:
    """What a form says of a contact that differs from what it showed: what is left empty is forgotten.

    All else stays, also what has been told meanwhile, by text or by a colleague.
    """
    def is_new(name: str) -> bool:
        return name in form and form[name] != form.get(f"was.{name}", "")

    own = {name: form[name] or None for name in ("language", "zone") if is_new(name)}
    return {**own, "fields": {name: form[f"fields.{name}"] or None for name in fields if is_new(f"fields.{name}")}}


def consent_of(form: Mapping[str, str], zone: str, change: str) -> ConsentIn:
    """What a form says that somebody agreed to or refused elsewhere. Raises Wrong."""
    given = {name: form[name] for name in ("topic", "source", "wording", "answer", "proof") if form.get(name)}
    at = instant_of(form["at"], zone, "at") if form.get("at") else None
    if at is None and change == "opt_in":
        raise Wrong({"at": gettext("When did they say so? A later no counts for more.")})
    return shaped(ConsentIn, {"topic": "", "source": "", **given, "change": change, "at": at})


def write_down(visit: Visit, connection: Connection, row: Any, said: ConsentIn, now: datetime) -> bool:
    """Into the ledger of a contact, whose row is locked. False: it was recorded as refused, for they have said STOP."""
    written = outside.write_down(visit.runtime, connection, row, said.statement(now), now)
    visit.audit(connection, "consent.written", f"contact {row.id}", after={"topic": said.topic, "change": said.change})
    return written is not None


def _wanted(asked: Mapping[str, str]) -> people.Wanted:
    segment = asked.get("segment", "")
    chosen = whole(segment)
    if segment and chosen is None:
        raise Wrong({"": gettext("There is no such segment.")})
    return people.Wanted(asked.get("q", ""), asked.get("tagged", ""), asked.get("topic", ""), asked.get("out") == "1", chosen)


def _affected(visit: Visit, connection: Connection, asked: Mapping[str, str]) -> int:
    now = visit.now(connection)
    try:
        return segments.count(connection, people.condition(connection, _wanted(asked), now), now).matching
    except REFUSALS as error:
        raise Wrong(told(error)) from None
