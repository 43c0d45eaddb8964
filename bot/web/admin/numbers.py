"""The numbers of the shop: in its set-up a lawful one is proposed; later each can be changed, and more be added."""

from collections.abc import Mapping

from flask import request
from flask_babel import get_locale, gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import shop
from bot.catalogue import in_language
from bot.shop import NoSuch, lawful
from bot.shop.spec import SenderPart
from bot.web.admin.mistakes import stays
from bot.web.admin.pages import Visit, Wrong, go, mark, page, shaped, show
from bot.web.admin.shop import Here, beside, countries, here, step, typed_in
from models import Sender
from models.phone import parse, sender_kind

NUMBER = tuple(SenderPart.model_fields)


@page("/shop/number", role="admin", methods=("GET", "POST"))
def shop_number(visit: Visit) -> object:
    """What people text to: one that is lawful is proposed. Later: each number, or one more."""
    now = here(visit)
    if now.is_first and "who" not in now.done:
        return go("shop_who")
    if request.method == "GET":
        return _number(visit, now, _known_number(visit, now))
    typed = typed_in(visit)
    return step(visit, now, "number", typed, lambda: _done_number(visit, now, typed), _number)


def _known_number(visit: Visit, now: Here) -> Mapping[str, str]:
    if now.is_first:
        return now.typed.get("number", {})
    if not visit.query.get("number"):
        return {}
    with visit.read() as connection:
        try:
            said = SenderPart(**shop.said(SenderPart, shop.one(connection, Sender.number, visit.query["number"]))).model_dump()
        except NoSuch:
            raise NotFound from None
    kept = {name: f"{value:g}" if isinstance(value, float) else str(value or "") for name, value in said.items()}
    return {**kept, "is_kept": "yes", "was": mark(said)}


def _number(
    visit: Visit, now: Here, typed: Mapping[str, str], status: int = 200, errors: Mapping[str, str] | None = None
) -> object:
    country, kept, found, was_asked = now.who.country, [], [], True
    if not now.is_first:
        with visit.read() as connection:
            kept = [lawful.judge(row.number, country) for row in shop.page(connection, Sender, 0, 200)]
    if "is_kept" not in typed:
        numbers, was_asked = lawful.ours(visit.runtime)
        taken = {one.number for one in kept}
        found = lawful.best_first((number for number in numbers if number not in taken), country)
    chosen = lawful.judge(_chosen(typed, country), country) if typed.get("number") else None
    return show("shop_number.html", status, now=now, typed=typed, errors=errors or {}, found=found, was_asked=was_asked,
                kept=kept, chosen=chosen, why=_why, service=visit.runtime.settings.twilio_messaging_service_sid,
                countries=countries())  # fmt: skip


def _why(one: lawful.Judged) -> str:
    return in_language(one.why, str(get_locale() or "en")[:2], "en") if one.why else ""


def _chosen(typed: Mapping[str, str], country: str) -> str:
    """The number of the form, however they write it."""
    given = typed.get("number", "")
    given = typed.get("other", "") if given in ("", "other") else given
    return given if sender_kind(given) in ("e164", "short_code", "alphanumeric") else parse(given, country) or given


def read_number(now: Here, typed: Mapping[str, str]) -> SenderPart:
    """The number that a form means. Raises Wrong: also where its kind does not fit, until they take it all the same."""
    country = now.who.country
    number = _chosen(typed, country)
    if not number:
        raise Wrong({"number": gettext("Choose one of your numbers, or type one.")})
    judged = lawful.judge(number, country)
    said = {
        "number": number, "country": typed.get("country") or judged.country, "opt_out": typed.get("opt_out") or judged.opt_out,
        "service_sid": typed.get("service_sid") or None,
    }  # fmt: skip
    if speed := typed.get("parts_per_second", "").replace(",", "."):
        said["parts_per_second"] = speed
    sender = shaped(SenderPart, said)
    if now.is_first and judged.fit == "one_way":
        raise Wrong({"number": gettext("This cannot be the first one: nobody can answer it.")})
    if judged.is_refused and typed.get("anyway") != number and "is_kept" not in typed:
        raise Wrong({"number": _warning(judged, country)})
    return sender


def _warning(judged: lawful.Judged, country: str) -> str:
    abroad = gettext("It is not a number of the country of your shop: texts from it may cost more, or not arrive.")
    return " ".join(filter(None, (_why(judged), abroad if judged.country != country else "")))


def _done_number(visit: Visit, now: Here, typed: Mapping[str, str]) -> None:
    sender = read_number(now, typed)
    if now.is_first:
        return

    def change(connection: Connection) -> None:
        before = next((one for one in shop.senders(connection) if one.number == sender.number), None)
        visit.still(before and before.model_dump())
        shop.change_sender(connection, sender)
        if before != sender:
            visit.audit(connection, "sender.changed" if before else "sender.made", f"number {sender.number}",
                        before and before.model_dump(), sender.model_dump())  # fmt: skip

    try:
        visit.change(change)
    except Wrong as wrong:
        raise Wrong(beside(wrong.errors, NUMBER, "")) from None


@page("/shop/number/delete", role="admin", methods=("POST",))
def delete_number(visit: Visit) -> object:
    """Let a number go, unless something still leaves from it."""
    now, number = here(visit), visit.form.get("number", "")
    if now.is_first:
        return go("shop_who")

    def drop(connection: Connection) -> None:
        shop.drop_sender(connection, number)
        visit.audit(connection, "sender.deleted", f"number {number}")

    try:
        visit.change(drop)
    except Wrong as wrong:
        return _number(visit, now, {}, 422, {"": stays(number, wrong.errors)})
    return go("shop_number", say=gettext("The number is deleted."))
