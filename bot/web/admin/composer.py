"""Campaigns as they are written: to whom, what is said in each language, counted on real contacts as it is typed."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import campaigns, pictures, segments
from bot.campaigns import CampaignError
from bot.catalogue import Catalogue, catalogue
from bot.web.admin.look import topic_names
from bot.web.admin.pages import Visit, Wrong, go, instant_of, page, shaped, show, told
from bot.web.api.problems import REFUSALS

BEGIN = {
    "fr": "{{ brand }} : \nSTOP pour ne plus recevoir nos SMS.", "en": "{{ brand }}: \nReply STOP to opt out.",
    "es": "{{ brand }}: \nResponda STOP para no recibir más.",
}  # fmt: skip
"""How a text that sells begins and ends: who writes, and the way out."""
TAGS = ("brand", "topic.name", "topic.frequency", "contact_line")
NUMBERS = ("answers_for", "error_limit")
PARTS = ("within", "without")  # of the audience


@page("/campaigns/new", role="marketer", methods=("GET", "POST"))
def new_campaign(visit: Visit) -> object:
    """One more; perhaps one that says what an earlier one said."""
    if visit.form:
        return _save(visit, None)
    with visit.read() as connection:
        shop = catalogue(connection)
        said, known = _new(shop), segments.by_name(connection)
        if len(known) == 1:  # whom else
            said["within"] = [*known]
        if (copied := visit.number("like")) is not None:
            row = campaign_row(connection, copied)
            said = as_form(connection, row, shop) | {"name": "", "ends_at": ""}
    return _form(visit, None, said)


@page("/campaigns/<int:campaign_id>/edit", role="marketer", methods=("GET", "POST"))
def edit_campaign(visit: Visit, campaign_id: int) -> object:
    """A draft, said anew."""
    if visit.form:
        return _save(visit, campaign_id)
    with visit.read() as connection:
        row = campaign_row(connection, campaign_id)
        said = as_form(connection, row, catalogue(connection))
    if row.state != "draft":
        return go("campaign", campaign_id=campaign_id)
    return _form(visit, campaign_id, said)


def _save(visit: Visit, campaign_id: int | None) -> object:
    with visit.read() as connection:
        shop = catalogue(connection)
    typed = _typed(visit, shop)

    def save(connection: Connection) -> int:
        draft, now = _draft(typed, shop), visit.now(connection)
        if pictures.gone(visit.runtime, connection, draft.media):
            raise Wrong({"media": "there is no such picture"})
        if campaign_id is None:
            made = campaigns.make(connection, draft, now)
            visit.audit(connection, "campaign.made", f"campaign {made}", after=draft.model_dump(mode="json"))
            return made
        before = as_form(connection, campaign_row(connection, campaign_id), shop)
        visit.still(before)
        campaigns.rewrite(connection, campaign_id, draft, now)
        after = as_form(connection, campaign_row(connection, campaign_id), shop)
        if before != after:
            visit.audit(connection, "campaign.changed", f"campaign {campaign_id}", before, after)
        return campaign_id

    try:
        saved = visit.change(save)
    except Wrong as wrong:
        return _form(visit, campaign_id, typed, 422, _beside(wrong.errors, typed))
    return go("campaign", campaign_id=saved)


@page("/campaigns/<int:campaign_id>/delete", role="marketer", methods=("POST",))
def delete_campaign(visit: Visit, campaign_id: int) -> object:
    """A draft is thrown away."""

    def drop(connection: Connection) -> None:
        before = as_form(connection, campaign_row(connection, campaign_id), catalogue(connection))
        campaigns.throw_away(connection, campaign_id)
        visit.audit(connection, "campaign.deleted", f"campaign {campaign_id}", before)

    try:
        visit.change(drop)
    except Wrong as wrong:
        return go("campaign", campaign_id=campaign_id, say=" ".join(wrong.errors.values()))
    return go("all_campaigns", say=gettext("The draft is thrown away."))


@page("/campaigns/measure", role="marketer", methods=("POST",))
def measure_campaign(visit: Visit) -> object:
    """What the form would be to whom, as it is typed. Nothing is kept."""
    known: dict[str, Any] = {}
    with visit.read() as connection:
        shop, now = catalogue(connection), visit.now(connection)
        typed, ids = _typed(visit, shop), {name: one.id for name, one in segments.by_name(connection).items()}
        within, without = ([ids[name] for name in typed[part] if name in ids] for part in PARTS)
        said = SimpleNamespace(**typed)
        said.topic = said.topic if said.topic in shop.topics else next(iter(shop.topics), "")
        try:
            whom = segments.audience(connection, within, without, now)
            known["count"] = segments.count(connection, whom, now, said.topic)
            known["measured"] = campaigns.measured(connection, shop, said, within, without, now)
        except REFUSALS as error:
            known["errors"] = told(error)
    return render_template("admin/campaign_measured.html", chosen=bool(within), **known)


def _new(shop: Catalogue) -> dict[str, Any]:
    texts = {language: BEGIN.get(language, BEGIN["en"]) for language in shop.shop.languages}
    return {
        "name": "", "topic": next(iter(shop.topics), ""), "kind": "marketing", "texts": texts, "media": [], "within": [],
        "without": [], "ours": None, "dialog": None, "answers_for": "7", "error_limit": "15", "ends_at": "",
    }  # fmt: skip


def as_form(connection: Connection, row: Any, shop: Catalogue) -> dict[str, Any]:
    """A campaign as the form shows it."""
    names = segments.names_by_id(connection)
    kept = campaigns.shown(connection, row, names)
    kept |= {part: [names[id_] for id_ in getattr(row, part) if id_ in names] for part in PARTS}
    ends_at = row.ends_at.astimezone(ZoneInfo(shop.shop.zone)).strftime("%Y-%m-%dT%H:%M") if row.ends_at else ""
    numbers = {name: str(kept[name]) for name in NUMBERS}
    return {name: kept[name] for name in _new(shop)} | numbers | {"ends_at": ends_at}


def _typed(visit: Visit, shop: Catalogue) -> dict[str, Any]:
    """All that was typed. A language that the shop does not speak is kept if it was there."""
    form, prefix = visit.form, "texts."
    texts = {name.removeprefix(prefix): words for name, words in form.items() if name.startswith(prefix)}
    needed = () if texts.get("") else shop.shop.languages  # one text may serve all
    texts = {language: words for language, words in texts.items() if words or language in needed}
    base = visit.runtime.settings.base_url
    return {
        **{name: form.get(name, "") for name in ("name", "topic", "ends_at", *NUMBERS)},
        "kind": form.get("kind", "marketing"), "texts": texts,
        "media": [base + one if one.startswith("/") else one for one in visit.many("media") if one],
        "within": visit.many("within"), "without": visit.many("without"),
        "ours": form.get("ours") or None, "dialog": form.get("dialog") or None,
    }  # fmt: skip


def _draft(typed: Mapping[str, Any], shop: Catalogue) -> campaigns.Draft:
    """What was typed, in its shape. Raises Wrong."""
    said = {name: value for name, value in typed.items() if value != "" or name in ("name", "topic")}
    if "ends_at" in said:
        said["ends_at"] = instant_of(said["ends_at"], shop.shop.zone, "ends_at")
    return shaped(campaigns.Draft, said)


def _beside(errors: Mapping[str, str], typed: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong beside its field; of an empty one, that it is."""
    found = dict(errors)
    for language, words in typed["texts"].items():
        if f"texts.{language}" in found and not words:
            found[f"texts.{language}"] = gettext("Please fill this in.")
    if not typed["within"] and "within" in found:
        found["within"] = gettext("Choose at least one.")
    if not typed["name"] and "name" in found:
        found["name"] = gettext("Please fill this in.")
    known = {"name", "topic", "kind", "within", "without", "media", "ours", "dialog", "ends_at", *NUMBERS}
    known |= {f"texts.{language}" for language in typed["texts"]}
    above = [message for name, message in found.items() if name not in known and name.partition(".")[0] not in known]
    beside: dict[str, str] = {}
    for name, message in found.items():
        field = name if name in known else name.partition(".")[0]
        if field in known:
            beside[field] = f"{beside[field]} {message}" if field in beside else message
    return beside | ({"": " ".join(above)} if above else {})


def _form(
    visit: Visit, campaign_id: int | None, said: Mapping[str, Any], status: int = 200, errors: Mapping[str, str] | None = None
) -> object:
    with visit.read() as connection:
        shop = catalogue(connection)
        offered = pictures.pictures(visit.runtime, connection)
        known = segments.by_name(connection)
    was = visit.was(dict(said)) if campaign_id else ""
    tags = [*TAGS, *(f"contact.{name}" for name in shop.fields)]
    languages = list(dict.fromkeys([*shop.shop.languages, *said["texts"]]))
    return show("campaign_form.html", status, id=campaign_id, campaign=said, was=was, errors=errors or {}, segments=known,
                topics=topic_names(shop), senders=shop.senders, dialogs=sorted(shop.published), pictures=offered, tags=tags,
                languages=languages)  # fmt: skip


def campaign_row(connection: Connection, campaign_id: int) -> Any:
    """The row of a campaign. Raises NotFound."""
    try:
        return campaigns.find(connection, campaign_id)
    except CampaignError:
        raise NotFound from None
