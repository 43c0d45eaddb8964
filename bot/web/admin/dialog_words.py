"""What a dialog says: its sentences in a form, or its YAML; checked as they are typed, and tried on a phone beside them."""

import re
from collections.abc import Mapping
from typing import Any

from flask import render_template
from flask_babel import gettext
from sqlalchemy import Connection

from bot import pictures, tryout
from bot.catalogue import Catalogue, catalogue
from bot.shop import versions
from bot.shop.costs import measured
from bot.shop.current import lock
from bot.shop.scripts import Script
from bot.web.admin.dialogs import head
from bot.web.admin.look import topic_names
from bot.web.admin.pages import Visit, Wrong, go, page, show
from dialogs.load import MAX_CHARACTERS, DialogError, Problem
from dialogs.spec import Path
from dialogs.wording import rewrite, worded

WORDS, UNIT = "w.", "u."
LARGEST = 1_000_000  # bytes: each letter of the longest source may take nine on its way
MOST_LINES, LONGEST_LINE = 100, 1_600  # of a try
JUMPS = ("+1h", "+24h", "+48h", "+7d")
_WAIT = re.compile(r"PT([0-9]+)([MH])|P([0-9]+)([DW])")


@page("/dialogs/<name>", role="viewer")
def dialog(visit: Visit, name: str) -> object:
    """Its sentences, state by state."""
    return _words_page(visit, name, {})


@page("/dialogs/<name>/words", role="marketer", methods=("POST",), largest=LARGEST)
def change_words(visit: Visit, name: str) -> object:
    """Other sentences, into the draft. The YAML around them stays as it is."""

    def change(connection: Connection) -> bool:
        lock(connection)
        source = _latest(connection, name)
        visit.still(source)
        changes = _changes(visit.form, source, Script(name, source), catalogue(connection))
        if changes:
            new = rewrite(source, changes)
            _refuse_unreadable(Script(name, new), changes)
            versions.draft(connection, name, new)
            told = {".".join(map(str, path)): words for path, words in changes.items()}
            visit.audit(connection, "dialog.drafted", f"dialog {name}", after=told)
        return bool(changes)

    try:
        changed = visit.change(change)
    except Wrong as wrong:
        return _words_page(visit, name, visit.form, 422, wrong.errors)
    return go("dialog", name=name, say=gettext("Saved as a draft.") if changed else gettext("Nothing was changed."))


def _refuse_unreadable(new: Script, changes: Mapping[Path, str]) -> None:
    """What is typed into the form never takes the form away: a dialog that could be read still can. Raises Wrong."""
    fields = {".".join(map(str, place)): field_of(place) for place in changes}
    errors = {fields.get(one.path, ""): one.message for one in reversed(new.problems)}
    empty = {field_of(place): gettext("Please fill this in.") for place, words in changes.items() if not words}
    if errors:
        raise Wrong(errors | {field: told for field, told in empty.items() if field in errors})


@page("/dialogs/<name>/source", role="viewer")
def dialog_source(visit: Visit, name: str) -> object:
    """Its YAML."""
    return _source_page(visit, name)


def _source_page(visit: Visit, name: str, typed: str | None = None, status: int = 200, **known: Any) -> object:
    with visit.read() as connection:
        known |= head(connection, name) | {"languages": catalogue(connection).shop.languages}
        source = _latest(connection, name)
    known |= {"source": source if typed is None else typed, "was": visit.was(source)}
    return show("dialog_source.html", status, **known, jumps=JUMPS, longest=MAX_CHARACTERS)


@page("/dialogs/<name>/source/change", role="marketer", methods=("POST",), largest=LARGEST)
def change_source(visit: Visit, name: str) -> object:
    """The YAML of the draft, right or wrong: nobody gets to see it."""
    source = _as_typed(visit)

    def change(connection: Connection) -> bool:
        lock(connection)
        before = _latest(connection, name)
        visit.still(before)
        if source == _ended(before.replace("\r\n", "\n")):
            return False
        versions.draft(connection, name, source)
        visit.audit(connection, "dialog.drafted", f"dialog {name}")
        return True

    try:
        changed = visit.change(change)
    except Wrong as wrong:
        return _source_page(visit, name, source, 422, errors=wrong.errors)
    return go("dialog_source", name=name, say=gettext("Saved as a draft.") if changed else gettext("Nothing was changed."))


def _as_typed(visit: Visit) -> str:
    return _ended(visit.verbatim("source"))


def _ended(source: str) -> str:
    return source if source.endswith("\n") else source + "\n"


@page("/dialogs/<name>/check", role="marketer", methods=("POST",), largest=LARGEST)
def check_dialog(visit: Visit, name: str) -> object:
    """All that would keep what is typed from being published, line by line, and what its sentences cost. Nothing is kept."""
    with visit.read() as connection:
        shop = catalogue(connection)
        by_words = "source" not in visit.form
        source = _typed(visit, connection, name, shop)
        problems = versions.check(connection, name, source)
        script = Script(name, source)
        places = {} if script.problems or not by_words else _places(source, script, shop)
    costs = _costs(places, script, shop) if places else {}
    fields = {".".join(map(str, place)): field_of(place) for place in places}
    return render_template("admin/dialog_check.html", problems=problems, name=name, costs=costs, by_words=by_words, fields=fields)


@page("/dialogs/<name>/try", role="viewer", methods=("POST",), largest=LARGEST)
def try_dialog(visit: Visit, name: str) -> object:
    """What is typed, played with a customer who is not there. Nothing is sent or kept."""
    lines = _lines(visit.form)
    full = len(lines) > MOST_LINES
    lines = lines[:MOST_LINES]
    found, trouble = _played(visit, name, lines)
    known = {"bubbles": _bubbles(found), "written": "\n".join(found), "trouble": trouble, "full": full}
    return render_template("admin/dialog_phone.html", name=name, lines=lines, jumps=JUMPS, **known)


def _played(visit: Visit, name: str, lines: list[str]) -> tuple[list[str], list[Problem]]:
    spoken = visit.form.get("spoken", "")
    with visit.read() as connection:
        shop = catalogue(connection)
        head(connection, name)
        source, others = _typed(visit, connection, name, shop), versions.published(connection)
    language = spoken if spoken in shop.shop.languages else shop.shop.languages[0]
    try:
        return tryout.transcript(Script(name, source).dialog, others, language, lines, shop.topic_names, shop.fields), []
    except DialogError as error:
        return [], list(error.problems)


def _lines(form: Mapping[str, str]) -> list[str]:
    """What the customer has texted so far, and now."""
    before = [] if form.get("again") else [one for one in form.get("lines", "").split("\n") if one.strip()]
    jump = form.get("jump", "")
    more = f"@ {jump}" if jump in JUMPS else " ".join(form.get("line", "").split())
    return [one[:LONGEST_LINE] for one in [*before, *([more] if more else [])]]


def _bubbles(written: list[str]) -> list[tuple[str, str]]:
    """Who says what: "ours", "theirs", or what became true."""
    found: list[tuple[str, str]] = []
    for line in written[1:]:
        kind = {"<": "ours", ">": "theirs"}.get(line[:1], "fact")
        if line.startswith("|") and found:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{line[2:]}")
        else:
            found.append((kind, line[2:] if kind != "fact" else line))
    return found


def _latest(connection: Connection, name: str) -> str:
    return versions.source(connection, head(connection, name)["story"].latest)


def _typed(visit: Visit, connection: Connection, name: str, shop: Catalogue) -> str:
    """The YAML as it would be with what the form says by now."""
    if "source" in visit.form:
        return _as_typed(visit)
    source = _latest(connection, name)
    script = Script(name, source)
    return source if script.problems else rewrite(source, _changes(visit.form, source, script, shop))


def _changes(form: Mapping[str, str], source: str, script: Script, shop: Catalogue) -> dict[Path, str]:
    """What the form says otherwise than the YAML, by its place. Places that are not there are nobody's."""
    found: dict[Path, str] = {}
    for place, words in _places(source, script, shop).items():
        typed = form.get(field_of(place), words)
        if place[-1] == "wait" and (unit := form.get(UNIT + field_of(place)[len(WORDS) :])):
            typed = f"P{'T' if unit in 'MH' else ''}{typed}{unit}"
        if typed != words.replace("\r\n", "\n").strip() and (typed or words):
            found[place] = typed
    return found


def _places(source: str, script: Script, shop: Catalogue) -> dict[Path, str]:
    found: dict[Path, str] = {}
    for state in worded(source, script.dialog):
        for saying in state.sayings:
            languages = saying.languages(shop.shop.languages)
            found |= {(*saying.path, language): saying.words.get(language, "") for language in languages}
        found |= state.settings
    return found


def _costs(places: Mapping[Path, str], script: Script, shop: Catalogue) -> dict[str, Any]:
    """What each sentence is billed as, by its field."""
    said = {place: words for place, words in places.items() if words and place[-1] not in ("tries", "wait", "picture")}
    first = shop.shop.languages[0]
    return {field_of(place): measured(shop, script.dialog.topic, str(place[-1]) or first, words) for place, words in said.items()}


def field_of(place: Path) -> str:
    """The field of the form that holds what stands there."""
    return WORDS + ".".join(map(str, place))


def _words_page(
    visit: Visit, name: str, typed: Mapping[str, str], status: int = 200, errors: Mapping[str, str] | None = None
) -> object:
    with visit.read() as connection:
        shop = catalogue(connection)
        known = head(connection, name) | {"pictures": pictures.pictures(visit.runtime, connection)}
        source = _latest(connection, name)
    script = Script(name, source)
    states = [] if script.problems else worded(source, script.dialog)
    settings = {place: value for state in states for place, value in state.settings.items()}
    spans = {place: _WAIT.fullmatch(value) for place, value in settings.items()}
    known["waits"] = {place: [*filter(None, span.groups())] for place, span in spans.items() if span}
    about = None if script.problems else script.dialog.topic
    known |= {"about": topic_names(shop).get(about or "", about), "was": visit.was(source)}
    return show("dialog_words.html", status, **known, states=states, typed=typed, field_of=field_of, jumps=JUMPS,
                languages=shop.shop.languages, unreadable=script.problems, errors=errors or {})  # fmt: skip
