"""What the shop says by itself, to STOP, START and HELP. In the set-up also what people join: the step that makes the shop."""

from collections.abc import Collection, Mapping
from typing import Any

from flask import request
from flask_babel import gettext
from pydantic import ValidationError
from sqlalchemy import Connection

from bot import segments, shop
from bot.catalogue import in_language
from bot.shop import setup, wanted
from bot.shop.spec import WhoPart
from bot.web.admin.mistakes import in_their_words
from bot.web.admin.numbers import read_number
from bot.web.admin.pages import Visit, Wrong, go, page, show, told
from bot.web.admin.shop import WHO, Here, here, is_new, settle, step, typed_in
from bot.web.api.problems import REFUSALS

TOPIC = ("names", "frequencies", "phrases")
EVERYBODY = {"fr": "Abonnés", "en": "Subscribers", "es": "Suscriptores"}  # the first segment: whom a first campaign reaches


@page("/shop/texts", role="admin", methods=("GET", "POST"))
def shop_texts(visit: Visit) -> object:
    """What STOP, START and HELP are answered with; while there is no shop, also what people join."""
    now = here(visit)
    if now.is_first and not {"who", "number"} <= now.done:
        return go("shop_number")
    if request.method == "GET":
        kept = {name: setup.filled(text, now.who) for name, text in now.typed.get("texts", {}).items()}
        return _texts(visit, now, {**_usual_texts(now), **kept})
    typed, who = typed_in(visit), now.who
    kept = {name: setup.bare(text, who) if name.startswith("texts.") else text for name, text in typed.items()}

    def again(_: Visit, __: Here, ___: Mapping[str, str], *wrong: Any) -> object:
        return _texts(visit, now, typed, *wrong)

    return step(visit, now, "texts", kept, lambda: _done_texts(visit, now, typed), again)


def _usual_texts(now: Here) -> dict[str, str]:
    """The form before anything was typed: what the shop says, or what every new shop does."""
    who = now.who
    templates = now.settings.all_texts if now.settings else setup.usual_texts(who.languages)
    found = {
        f"texts.{name}.{language}": setup.filled(in_language(templates[name], language, who.languages[0]), who)
        for name in setup.OWN for language in who.languages
    }  # fmt: skip
    if now.is_first:
        usual = setup.usual_topic(who.languages).items()
        found |= {f"{name}.{language}": words for name, said in usual for language, words in said.items()}
    return found


def _texts(
    visit: Visit, now: Here, typed: Mapping[str, str], status: int = 200, errors: Mapping[str, str] | None = None
) -> object:
    who = now.who
    looked = {
        f"texts.{name}.{language}": _look(name, typed.get(f"texts.{name}.{language}", ""), who)
        for name in setup.OWN for language in who.languages
    }  # fmt: skip
    fields = {*looked, *(f"{part}.{language}" for part in TOPIC for language in who.languages)}
    return show("shop_texts.html", status, now=now, who=who, typed=typed, errors=_above(errors or {}, fields), looked=looked,
                own=setup.OWN)  # fmt: skip


def _above(errors: Mapping[str, str], fields: Collection[str]) -> dict[str, str]:
    """What is wrong with no field of this page is told above them all: nobody is refused without a word."""
    found = {name: message for name, message in errors.items() if name in fields}
    if others := [in_their_words(message) for name, message in errors.items() if name not in fields]:
        found[""] = " ".join(dict.fromkeys(others))
    return found


def _look(name: str, text: str, who: WhoPart) -> wanted.Looked:
    return wanted.look(name, text, who.brand, who.contact_line, who.country)


@page("/shop/measure", role="admin", methods=("POST",))
def measure_text(visit: Visit) -> object:
    """What stands under a text while it is typed: its parts, and what it lacks."""
    _, name, _ = (visit.form.get("which", "") + "..").split(".", 2)
    try:
        who = here(visit).who
    except Wrong:  # the first step was left wrong meanwhile
        return "", 204
    return show("shop_measured.html", alone=_look(name, visit.form.get(visit.form.get("which", ""), ""), who))


def _read_texts(now: Here, typed: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Templates that are new, by text and language. Raises Wrong where a text lacks what law and carriers ask for."""
    who, wrong = now.who, {}
    found: dict[str, dict[str, str]] = {name: {} for name in setup.OWN}
    says = {
        "brand": gettext("Name the shop, as %(brand)s: people must see who writes.", brand=who.brand),
        "contact": gettext("Say how to reach a person: %(contact)s.", contact=who.contact_line),
    }
    for name in setup.OWN:
        for language in who.languages:
            text = typed.get(f"texts.{name}.{language}", "")
            if not is_new(typed, f"texts.{name}.{language}"):
                continue
            lacks = [says[one] for one in _look(name, text, who).lacks if one in wanted.NEEDED]
            if lacks:
                wrong[f"texts.{name}.{language}"] = " ".join(lacks) if text else gettext("Please fill this in.")
            found[name][language] = setup.bare(text, who)
    if wrong:
        raise Wrong(wrong)
    return found


def _done_texts(visit: Visit, now: Here, typed: Mapping[str, str]) -> None:
    texts = _read_texts(now, typed)
    if now.settings:

        def change(connection: Connection) -> None:
            shop.lock(connection)
            kept = shop.settings(connection)
            new = {name: {**kept.all_texts[name], **words} for name, words in texts.items() if words}
            settle(visit, connection, texts={**kept.texts, **new})

        visit.change(change)
        return
    who = now.who
    names, frequencies, phrases = (
        {language: typed.get(f"{part}.{language}", "") for language in who.languages}
        for part in TOPIC
    )
    listed = {language: _listed(words) for language, words in phrases.items()}
    try:
        checked = setup.tried(who, read_number(now, now.typed["number"]), texts, names, frequencies, listed)
    except (*REFUSALS, ValidationError) as error:
        raise Wrong(_of_topic(told(error))) from None

    def make(connection: Connection) -> None:
        setup.make(connection, *checked)
        segments.save(connection, EVERYBODY.get(who.languages[0], EVERYBODY["en"]), {"topic": setup.TOPIC}, visit.now(connection))
        visit.audit(connection, "shop.made", "shop", after=checked[0].model_dump(mode="json", include={*WHO, "senders"}))

    try:
        visit.change(make)
    except setup.Made:
        raise Wrong({"": gettext("Somebody else has set up the shop meanwhile: this is what it says now.")}) from None


def _listed(typed: str) -> list[str]:
    return [one.strip() for one in typed.replace("\n", ",").split(",") if one.strip()]


def _of_topic(errors: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the shop that would be made, beside the fields that said it."""
    places = (f"topics.{setup.TOPIC}.", "keywords.0.", "keywords.1.")
    told: dict[str, str] = {}
    for path, message in errors.items():
        name = next((path.removeprefix(one) for one in places if path.startswith(one)), path)
        if name.startswith("phrases.") and name.count(".") > 1:
            name = name.rpartition(".")[0]
        said = in_their_words(message)
        told[name] = f"{told[name]} {said}" if name in told else said
    return told
