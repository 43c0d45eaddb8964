"""The shop: who is talking. While there is none, the first step of its set-up, and what all steps have in common.

Each step is kept as it was typed, so that one can go back and forth; the last one makes the shop. Later the same forms change it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request
from flask_babel import get_locale, gettext
from sqlalchemy import Connection

from bot import shop
from bot.catalogue import NoShop
from bot.shop import lawful, setup
from bot.shop.spec import SettingsPart, WhoPart
from bot.web.admin.pages import Visit, Wrong, go, page, shaped, show
from keywords.text import fold
from models.phone import country_of

ENDPOINTS = {"who": "shop_who", "number": "shop_number", "texts": "shop_texts", "later": "home"}
WHO = tuple(WhoPart.model_fields)
TOGETHER = (  # fields, and the settings that they are
    (("brand",), ("brand",)), (("contact_line",), ("contact_line",)), (("country", "zone"), ("country", "zone")),
    (("language", "also"), ("languages",)),
)  # fmt: skip
HOW = ("csrf_token", "first", "to", "which")  # fields that say nothing of the shop
LONGEST, MOST_FIELDS = 2000, 100  # of what is kept as it was typed


@dataclass(frozen=True, slots=True)
class Here:
    """How far the shop is: its settings once there is one, else what was answered so far."""

    settings: SettingsPart | None = None
    typed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # step -> its form
    done: frozenset[str] = frozenset()

    @property
    def is_first(self) -> bool:
        """Whether there is no shop yet."""
        return self.settings is None

    @property
    def who(self) -> WhoPart:
        """Who is talking: of a step that was found right. Raises Wrong."""
        return self.settings or read_who(self.typed.get("who", {}))


def here(visit: Visit) -> Here:
    """Look how far it is."""
    with visit.read() as connection:
        try:
            return Here(shop.settings(connection))
        except NoShop:
            rows = setup.answered(connection)
    typed = {step: row.said for step, row in rows.items()}
    return Here(None, typed, frozenset(step for step, row in rows.items() if row.done))


@page("/shop", role="admin", methods=("GET", "POST"))
def shop_who(visit: Visit) -> object:
    """Brand, how to reach a person, place, languages."""
    now = here(visit)
    if request.method == "GET":
        known = {**_known_who(visit, now), **{name: value for name, value in visit.query.items() if name == "country"}}
        return _who(visit, now, known)
    typed = {**typed_in(visit), "also": " ".join(visit.many("also"))}
    return step(visit, now, "who", typed, lambda: _done_who(visit, now, typed), _who)


def _known_who(visit: Visit, now: Here) -> Mapping[str, str]:
    if now.settings:
        own, *also = now.settings.languages
        return {**{name: str(getattr(now.settings, name)) for name in WHO}, "language": own, "also": " ".join(also)}
    number = visit.runtime.settings.twilio_phone_number or ""
    language = str(get_locale() or "en")[:2]
    return now.typed.get("who") or {"country": country_of(number) or "", "language": language}


def _who(
    visit: Visit, now: Here, typed: Mapping[str, str], status: int = 200, errors: Mapping[str, str] | None = None
) -> object:
    zones = lawful.countries().get(typed.get("country", ""), ())
    kept = (now.settings.zone,) if now.settings and now.settings.country == typed.get("country") else ()
    spoken = now.settings.languages if now.settings else ()
    return show("shop_who.html", status, now=now, typed=typed, errors=errors or {}, countries=countries(),
                zones=dict.fromkeys((*zones, *kept)), languages=tuple(dict.fromkeys((*setup.LANGUAGES, *spoken))))  # fmt: skip


def read_who(typed: Mapping[str, str], zone: str | None = None) -> WhoPart:
    """Raises Wrong. `zone`: one that is taken although it is not of that country."""
    said = {name: typed.get(name, "") for name in WHO}
    own, also = typed.get("language", ""), typed.get("also", "").split()
    zones = lawful.countries().get(said["country"], ())
    wrong = {name: gettext("Please fill this in.") for name in ("brand", "contact_line") if not said[name]}
    if not zones:
        wrong["country"] = gettext("Choose one")
    elif (said["zone"] or zones[0]) not in (*zones, zone):
        wrong["zone"] = gettext("This country has other time zones: choose one of them.")
    if wrong:
        raise Wrong(wrong)
    try:
        return shaped(WhoPart, {**said, "zone": said["zone"] or zones[0], "languages": list(dict.fromkeys((own, *also)))})
    except Wrong as refused:
        raise Wrong(beside(refused.errors, WHO, "")) from None


def _done_who(visit: Visit, now: Here, typed: Mapping[str, str]) -> None:
    who = read_who(typed, now.settings.zone if now.settings else None)
    if now.settings:
        changed = [parts for names, parts in TOGETHER if any(is_new(typed, name) for name in names)]
        new = {part: getattr(who, part) for parts in changed for part in parts}
        try:
            visit.change(lambda connection: settle(visit, connection, **new))
        except Wrong as wrong:  # what topics and dialogs do not say in a language is wrong with the language
            raise Wrong(beside(wrong.errors, WHO, "languages" if who.languages != now.settings.languages else "")) from None


def is_new(typed: Mapping[str, str], name: str) -> bool:
    """Whether a field says something else than the form showed; what it left as it was stays as it is by now."""
    return typed.get(name, "") != typed.get(f"was.{name}")


def settle(visit: Visit, connection: Connection, **parts: Any) -> None:
    """Change some of the settings, in the transaction of the caller."""
    before, after = shop.change_some(connection, **parts)
    if before != after:
        was, is_now = (one.model_dump(include=set(parts)) for one in (before, after))
        visit.audit(connection, "shop.changed", "shop", was, is_now)


def countries() -> list[tuple[str, str]]:
    """By name, as who reads calls them."""
    names = get_locale().territories
    return sorted(((code, names[code]) for code in lawful.countries() if code in names), key=lambda one: fold(one[1]))


def typed_in(visit: Visit) -> dict[str, str]:
    """The form of a step, as it can be kept."""
    kept = ((name, value[:LONGEST]) for name, value in visit.form.items() if name not in HOW)
    return dict(list(kept)[:MOST_FIELDS])


def step(
    visit: Visit, now: Here, step: str, typed: Mapping[str, str], do: Callable[[], None], again: Callable[..., object]
) -> object:
    """A step was sent: done, it leads on; else it is shown again. Whoever goes elsewhere takes what they typed along."""
    elsewhere = ENDPOINTS.get(visit.form.get("to", "")) if now.is_first else None
    if now.settings and "first" in visit.form:
        return go("shop_who", say=gettext("Somebody else has set up the shop meanwhile: this is what it says now."))
    try:
        if elsewhere is None or step != "texts":  # the last step makes the shop: not in passing
            do()
        done = step != "texts"
    except Wrong as wrong:
        if elsewhere is None:
            return again(visit, now, typed, 422, wrong.errors)
        done = False
    if now.settings:
        return go(ENDPOINTS[step], say=gettext("Saved."))
    if elsewhere is None and step == "texts":
        return go("shop_try", say=gettext("The shop is set up."))

    def keep(connection: Connection) -> None:
        setup.keep(connection, step, typed, done=done)
        moved = step == "who" and typed.get("country") != now.typed.get("who", {}).get("country")
        if moved and "number" in now.typed:  # whether it serves is another question there
            setup.keep(connection, "number", now.typed["number"], done=False)

    visit.change(keep)
    return go(elsewhere or ENDPOINTS[setup.STEPS[setup.STEPS.index(step) + 1]])


def beside(errors: Mapping[str, str], fields: tuple[str, ...], else_: str) -> dict[str, str]:
    """What is wrong elsewhere in the shop stands beside `else_`."""
    told: dict[str, list[str]] = {}
    for path, message in errors.items():
        name = path.split(".")[0]
        told.setdefault(name if name in fields else else_, []).append(message)
    return {name: " ".join(messages) for name, messages in told.items()}
