"""One contact: their texts, what is known of them, what they agreed to, why they get a text; taken along, forgotten."""

from typing import Any

from flask import Response
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import campaigns, explain, outbox
from bot import contacts as people
from bot.catalogue import catalogue
from bot.consent import ledger
from bot.web.admin.contacts import TagIn, consent_of, told_by, write_down
from bot.web.admin.look import topic_names
from bot.web.admin.pages import Visit, Wrong, go, page, shaped, show, told
from bot.web.api.contacts import ContactIn
from bot.web.api.problems import REFUSALS

TEXTS, HAPPENINGS, EVENTS, CAMPAIGNS = 40, 40, 40, 200  # at once
OWN = ("language", "zone")


@page("/contacts/<int:contact_id>", role="viewer")
def contact(visit: Visit, contact_id: int) -> object:
    """Their texts and ours, and what is known of them."""
    return _contact(visit, contact_id)


def _contact(visit: Visit, contact_id: int, status: int = 200, **known: Any) -> object:
    before = visit.number("before")
    with visit.read() as connection:
        known |= _head(visit, connection, contact_id)
        texts = people.texts(connection, contact_id, before, TEXTS + 1)
        shop = catalogue(connection)
        known |= {"fields": people.fields(connection), "tags": people.tags(connection, [contact_id])[contact_id]}
        known |= {"topics": topic_names(shop), "subscribed": people.topics(connection, [contact_id])[contact_id]}
        known |= {"languages": shop.shop.languages, "zone": shop.shop.zone, "all_tags": people.all_tags(connection)}
    older = texts[TEXTS - 1].id if len(texts) > TEXTS else None
    return show("contact.html", status, texts=texts[:TEXTS][::-1], older=older, newer=before is not None, **known)


@page("/contacts/<int:contact_id>/details", role="agent", methods=("POST",))
def contact_details(visit: Visit, contact_id: int) -> object:
    """Their values, language and zone."""

    def change(connection: Connection) -> None:
        row = row_of(connection, contact_id, locked=True)
        fields = people.fields(connection)
        said = people.check(shaped(ContactIn, told_by(visit.form, fields)).model_dump(exclude_unset=True), fields)
        changed = [f"fields.{name}" for name, value in said["fields"].items() if value != row.values.get(name)]
        changed += [name for name in OWN if name in said and said[name] != getattr(row, name)]
        if changed:
            people.save(connection, row.phone, said, row.source, visit.now(connection))
            visit.audit(connection, "contact.changed", f"contact {contact_id}", after={"changed": changed})

    try:
        visit.change(change)
    except Wrong as wrong:
        return _contact(visit, contact_id, 422, errors=wrong.errors, form=visit.form)
    return go("contact", contact_id=contact_id, say=gettext("Saved."))


@page("/contacts/<int:contact_id>/tags", role="agent", methods=("POST",))
def contact_tags(visit: Visit, contact_id: int) -> object:
    """A tag more, or one less."""
    adds = "remove" not in visit.form

    def change(connection: Connection) -> None:
        row_of(connection, contact_id, locked=True)
        tag = shaped(TagIn, {"tag": visit.form.get("tag" if adds else "remove", "")}).tag
        people.tag(connection, [contact_id], tag, adds)
        visit.audit(connection, "contact.tagged" if adds else "contact.untagged", f"contact {contact_id}")

    try:
        visit.change(change)
    except Wrong as wrong:
        return _contact(visit, contact_id, 422, errors=wrong.errors, form=visit.form)
    return go("contact", contact_id=contact_id)


@page("/contacts/<int:contact_id>/timeline", role="viewer")
def contact_timeline(visit: Visit, contact_id: int) -> object:
    """What happened, the newest first."""
    after = place(visit, "after")
    with visit.read() as connection:
        known = _head(visit, connection, contact_id)
        found = people.timeline(connection, known["row"], after, HAPPENINGS + 1)
        topics = topic_names(catalogue(connection))
    some = found[:HAPPENINGS]
    older = str(some[-1].place) if len(found) > len(some) else None
    return show("contact_timeline.html", happenings=some, older=older, newer=after is not None, topics=topics, **known)


@page("/contacts/<int:contact_id>/consent", role="viewer")
def contact_consent(visit: Visit, contact_id: int) -> object:
    """What they agreed to and refused, with the words that they were shown."""
    return _consent(visit, contact_id, refused="refused" in visit.query)


def _consent(visit: Visit, contact_id: int, status: int = 200, **known: Any) -> object:
    before = visit.number("before")
    with visit.read() as connection:
        known |= _head(visit, connection, contact_id)
        shop, row = catalogue(connection), known["row"]
        mine = ledger.Ledger(connection, row, visit.runtime.suppression_key)
        events = ledger.latest(connection, row, before, EVENTS + 1)
        known |= {"broken": ledger.broken_link(connection, row.person), "newer": before is not None}
        known |= {"state": mine.subscriptions(), "topics": topic_names(shop), "zone": shop.shop.zone}
    older = events[EVENTS - 1].seq if len(events) > EVENTS else None
    return show("contact_consent.html", status, events=events[:EVENTS], older=older, **known)


@page("/contacts/<int:contact_id>/consent/new", role="agent", methods=("POST",))
def write_consent(visit: Visit, contact_id: int) -> object:
    """What they agreed to or refused elsewhere; a no holds at once, also for what is on its way."""
    opts_out = visit.form.get("change") == "opt_out"
    if not opts_out and visit.form.get("change") != "opt_in":
        return _consent(visit, contact_id, 422, errors={"change": gettext("Yes or no?")}, form=visit.form)

    def change(connection: Connection) -> bool:
        row = row_of(connection, contact_id, locked=True)
        said = consent_of(visit.form, catalogue(connection).shop.zone, "opt_out" if opts_out else "opt_in")
        return write_down(visit, connection, row, said, visit.now(connection))

    try:
        kept = visit.change(change)
    except Wrong as wrong:
        return _consent(visit, contact_id, 422, errors=wrong.errors, form=visit.form)
    if not kept:
        return go("contact_consent", contact_id=contact_id, refused="1")
    if opts_out:
        outbox.wait_for_calls(visit.runtime, contact_id)
    return go("contact_consent", contact_id=contact_id, say=gettext("Written down."))


@page("/contacts/<int:contact_id>/why", role="viewer")
def contact_why(visit: Visit, contact_id: int) -> object:
    """Why they would get a campaign or not: every judge of the gate, in words."""
    known: dict[str, Any] = {}
    with visit.read() as connection:
        known |= _head(visit, connection, contact_id)
        known["campaigns"] = campaigns.latest(connection, CAMPAIGNS)
        chosen = visit.number("campaign")
        try:
            campaign = campaigns.find(connection, chosen) if chosen is not None else None
            if campaign is not None:
                known["found"] = explain.of_campaign(visit.runtime, connection, known["row"], campaign, known["now"])
        except REFUSALS as error:
            known["errors"] = told(error)
    return show("contact_why.html", 422 if "errors" in known else 200, chosen=chosen, **known)


@page("/contacts/<int:contact_id>/export", role="admin", methods=("POST",))
def export_contact(visit: Visit, contact_id: int) -> object:
    """Everything that is held about them, for when they ask for it. That it was taken is written down."""

    def taken(connection: Connection) -> Any:
        visit.audit(connection, "contact.exported", f"contact {contact_id}")
        return row_of(connection, contact_id)

    row = visit.change(taken)
    named = {"Content-Disposition": f'attachment; filename="contact-{contact_id}.json"'}
    return Response(people.export(visit.runtime, row), mimetype="application/json", headers=named)


@page("/contacts/<int:contact_id>/erase", role="admin", methods=("POST",))
def erase_contact(visit: Visit, contact_id: int) -> object:
    """Forgotten, once the last four digits are typed. Nothing in the note of it tells who it was."""

    def erase(connection: Connection) -> None:
        row = row_of(connection, contact_id, locked=True)
        if visit.form.get("erase-word") != row.phone[-4:]:
            raise Wrong({"erase-word": gettext("These are not the last four digits.")})
        people.erase(connection, row.phone, visit.runtime.suppression_key)
        visit.audit(connection, "contact.erased", f"contact {contact_id}")

    try:
        visit.change(erase)
    except Wrong as wrong:
        return _contact(visit, contact_id, 422, errors=wrong.errors)
    return go("contacts", say=gettext("Everything about them is erased."))


def _head(visit: Visit, connection: Connection, contact_id: int) -> dict[str, Any]:
    """What stands above all that is shown of a contact."""
    row = row_of(connection, contact_id)
    opted_out = ledger.Ledger(connection, row, visit.runtime.suppression_key).suppressed()
    return {"row": row, "opted_out": opted_out, "now": visit.now(connection)}


def place(visit: Visit, name: str) -> people.Place | None:
    """The place in a timeline that the address names, if it does. Raises NotFound."""
    try:
        return people.Place.read(visit.query[name]) if name in visit.query else None
    except ValueError:
        raise NotFound from None


def row_of(connection: Connection, contact_id: int, *, locked: bool = False) -> Any:
    """The row of a contact. Raises NotFound."""
    row = people.find(connection, contact_id, locked=locked)
    if row is None:
        raise NotFound
    return row
