"""Whatever people text, and whatever is typed into a form: it is shown as text, and no page comes apart."""

from collections import Counter
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import select, update

from bot import contacts, pictures, segments, webhook_log
from bot.shop import versions
from dialogs.wording import rewrite
from models import Alert, Campaign, Contact, Topic, insert
from tests.crowd import number
from tests.house import House
from tests.pictures import png
from tests.web.conftest import Reader, Readers, account, fits, sign_in
from tests.web.hostile import EMOJI, HOSTILE

HARMLESS = "harmless"
SLICE = 40  # strings at a time
SENTENCE = "w.states.near_you.say.fr"  # of the dialog `welcome`


class Seen(HTMLParser):
    """What a browser would make of a page: its elements, with the names of their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src", "action")}
        self.text += "".join(value or "" for name, value in attrs if name in ("value", "title"))

    def handle_data(self, data: str) -> None:
        self.text += data


def tame(seen: Seen, calm: Seen) -> None:
    """A page with hostile strings is made of nothing that the same page with harmless ones is not."""
    assert set(seen.elements) <= set(calm.elements)
    assert seen.elements["script"] == calm.elements["script"]
    assert seen.attributes <= calm.attributes
    assert not [name for name in seen.attributes if name.startswith("on") or name == "style"]
    assert all(link.startswith(("/", "#", "?")) and not link.startswith("//") for link in seen.links), seen.links


def squeezed(words: str) -> str:
    """As it can be compared: blanks of any kind are one, and what no database holds is gone."""
    return " ".join(words.replace("\0", "").split())


def shown(reader: Reader, path: str) -> Seen:
    answer = reader.get(path)
    assert answer.status_code in (200, 422), (path, answer.status_code)
    return Seen(answer.text)


def named(house: House, names: list[str]) -> list[int]:
    """Contacts with these first names, and tags like them; their ids."""
    with house.runtime.begin() as connection:
        for place, name in enumerate(names):
            said = {"fields": {"first_name": name}, "tags": [name[:60]]}
            contacts.save(connection, number(place), said, "api", house.runtime.now(connection))
        return list(connection.scalars(select(Contact.id).order_by(Contact.id)))


@pytest.mark.parametrize("first", range(0, len(HOSTILE), SLICE))
def test_names_and_tags_are_text_on_the_pages_of_contacts(house: House, readers: Readers, first: int) -> None:
    reader, names = readers("admin"), HOSTILE[first : first + SLICE]
    ids = named(house, [HARMLESS])
    calm = {path: shown(reader, path) for path in ("/admin/contacts", f"/admin/contacts/{ids[0]}")}
    ids = named(house, names)
    many = shown(reader, "/admin/contacts")
    tame(many, calm["/admin/contacts"])
    for name in names:
        assert squeezed(name) in squeezed(many.text), name
    for id_, name in list(zip(ids, names, strict=True))[::5]:
        one = shown(reader, f"/admin/contacts/{id_}")
        tame(one, calm[f"/admin/contacts/{ids[0]}"])
        assert squeezed(name) in squeezed(one.text), name


@pytest.mark.parametrize("first", range(0, len(HOSTILE), SLICE))
def test_texts_are_text_in_the_thread_and_in_the_timeline(house: House, readers: Readers, first: int) -> None:
    reader, texts = readers("admin"), HOSTILE[first : first + SLICE]
    house.text("Bo", HARMLESS)
    theirs = house.contact("Bo").id
    places = {f"/admin/{path}": 2 for path in (f"contacts/{theirs}", f"contacts/{theirs}/timeline", f"inbox/{theirs}")}
    places["/admin/inbox"] = SLICE
    calm = {path: shown(reader, path) for path in places}
    for place, body in enumerate(texts):
        house.post("/webhooks/twilio/inbound", house.inbound("Bo", body, f"SM{place:032x}"))
    for path, share in places.items():  # the last page of them, or the last one alone
        seen = shown(reader, path)
        tame(seen, calm[path])
        assert sum(squeezed(body[:99]) in squeezed(seen.text) for body in texts) >= len(texts) // share, path


def test_what_pictures_and_their_files_are_called_is_text(house: House, readers: Readers) -> None:
    reader, path = readers("admin"), "/admin/pictures/new"

    def add(shade: int, called: str) -> Any:
        reader.get(path)
        return reader.send(path, picture=(BytesIO(png(shade=shade)), f"{called}.png"), name="")

    add(0, HARMLESS)
    calm = {where: shown(reader, where) for where in ("/admin/pictures", "/admin/pictures/1")}
    for shade, name in enumerate(HOSTILE[::3], 1):
        answer = add(shade, name)
        assert answer.status_code in (303, 422), name
        if answer.status_code == 303:
            tame(shown(reader, answer.location), calm["/admin/pictures/1"])
    assert "script" not in shown(reader, "/admin/pictures").elements - calm["/admin/pictures"].elements


@pytest.mark.parametrize("first", range(0, len(HOSTILE), SLICE))
def test_what_campaigns_segments_dialogs_and_topics_are_made_of_comes_back_as_text(
    house: House, readers: Readers, first: int
) -> None:
    reader = readers("admin")
    names = ("segments/new", "campaigns/new", "dialogs/+new", "shop/topics/+new", "dialogs/welcome")
    pages = {name: f"/admin/{name}" for name in names}
    calm = {name: set(shown(reader, path).elements) for name, path in pages.items()}
    told = {"p", "title", "h1", "small", "li", "svg", "path"}  # what is wrong, and what was done
    for words in HOSTILE[first : first + SLICE]:
        line = {"node": ["n0 - bracket", "n1 n0 line"], "n1.kind": "tag", "n1.value": words, "n0.join": words}
        value = {**line, "n1.kind": "field", "n1.test": "is", "n1.arg": words}
        texts = {"texts.fr": words, "texts.en": words, "media": words, "topic": words}
        forms: list[tuple[str, str, dict[str, Any]]] = [
            ("segments/new", "", {"name": words, **line}), ("segments/new", "", {"name": words, **value}),
            ("campaigns/new", "", {"name": words, **texts}), ("dialogs/+new", "", {"name": words, "like": words}),
            ("dialogs/welcome", "/words", {SENTENCE: words}),
            ("shop/topics/+new", "", {"slug": words, "names.fr": words, "fees.en": words}),
        ]  # fmt: skip
        for name, deed, typed in forms:
            answer = reader.send(pages[name] + deed, **typed)
            assert answer.status_code in (303, 422), (name, words)
            assert set(Seen(answer.text).elements) <= calm[name] | told, (name, words)
        parts: list[tuple[str, dict[str, Any]]] = [
            ("segments/count", line), ("segments/draw", line), ("campaigns/measure", texts),
            ("dialogs/welcome/check", {"source": words}), ("dialogs/welcome/try", {"line": words}),
        ]  # fmt: skip
        for name, typed in parts:
            answer = reader.send(f"/admin/{name}", **typed)
            assert answer.status_code == 200, (name, words)
            assert not {"script", "img", "iframe", "style"} & set(Seen(answer.text).elements), (name, words)


@pytest.mark.parametrize("first", range(0, len(HOSTILE), SLICE))
def test_what_is_typed_into_forms_comes_back_as_text(house: House, readers: Readers, first: int) -> None:
    """Refused or not: keywords, the tester, searches, people's names."""
    reader = readers("admin")
    house.text("Bo", HARMLESS)
    thread = f"/admin/inbox/{house.contact('Bo').id}"
    pages = [f"/admin/{path}" for path in ("keywords", "keywords/new", "contacts", "team", "answers/new", "inbox")]
    calm = {path: shown(reader, path) for path in (*pages, thread)}
    for words in HOSTILE[first : first + SLICE]:
        form: dict[str, Any] = {"phrases": words, "phrases.fr": words, "mode": "whole", "dialog": words}
        answer = reader.send("/admin/keywords/new", **form)
        assert answer.status_code in (303, 422), words
        if answer.status_code == 422:
            seen = Seen(answer.text)
            assert set(seen.elements) <= set(calm["/admin/keywords/new"].elements) | {"p"}, words
        for path, typed in ((f"{thread}/note", {"note": words}), (f"{thread}/answer", {"text": words, "key": words}),
                            ("/admin/answers/new", {"name": words, "texts.fr": words, "texts.en": words})):  # fmt: skip
            answer = reader.send(path, **typed)
            assert answer.status_code in (303, 422), (path, words)
            usual = calm[path if path in calm else thread].elements
            assert set(Seen(answer.text).elements) <= set(usual) | {"p", "title", "h1", "small", "li"}, (path, words)
        reply = {"mode": "whole", "does": "reply", "reply.fr": words, "reply": words, "picture": words, "topic": words}
        answer = reader.send("/admin/keywords/new", phrases=words, **reply)
        assert answer.status_code == 422, words
        assert set(Seen(answer.text).elements) <= set(calm["/admin/keywords/new"].elements) | {"p"}, words
        reader.send("/admin/keywords/new", **reply | {"phrases": f"said {HOSTILE.index(words)}", "picture": "", "topic": ""})
        team = reader.send("/admin/team/invite", name=words, email=words, role=words)
        assert team.status_code == 422, words
        assert set(Seen(team.text).elements) <= set(calm["/admin/team"].elements) | {"p"}, words
    for path, name in (("/admin/keywords", "try"), ("/admin/contacts", "q"), ("/admin/inbox", "q")):
        for words in HOSTILE[first : first + SLICE : 4]:
            answer = reader.client.get(path, query_string={name: words})
            assert answer.status_code == 200, words
            assert "script" not in Seen(answer.text).elements - calm[path].elements
    tame(shown(reader, "/admin/keywords"), calm["/admin/keywords"])


@pytest.mark.parametrize("first", range(0, len(HOSTILE), SLICE))
def test_names_of_campaigns_are_text_among_the_alerts(house: House, readers: Readers, first: int) -> None:
    reader, names = readers("admin"), HOSTILE[first : first + SLICE]

    def paused(name: str) -> None:
        now, facts = house.runtime.machine_now(), {"name": name.replace("\0", ""), "why": "too many errors"}
        with house.runtime.begin() as connection:
            connection.execute(insert(Alert).values(kind="campaign", subject=name[:9].replace("\0", "") + str(now), facts=facts,
                                                    began_at=now, told_at=now))  # fmt: skip

    paused(HARMLESS)
    calm = shown(reader, "/admin/alerts")
    for name in names:
        paused(name)
    seen = shown(reader, "/admin/alerts")
    tame(seen, calm)
    for name in names:
        assert squeezed(name) in squeezed(seen.text), name
@pytest.mark.parametrize("first", range(0, len(HOSTILE), SLICE))
def test_a_shop_can_be_called_anything(house: House, readers: Readers, first: int) -> None:
    """Brand, contact line and texts: refused or not, they come back as text, and the shop's pages stay what they are."""
    reader, paths = readers("admin"), ("/admin/shop", "/admin/shop/number", "/admin/shop/texts", "/admin/shop/try", "/admin")
    calm = {path: shown(reader, path) for path in paths}
    who = {"country": "FR", "zone": "Europe/Paris", "language": "fr", "also": "en"}
    for words in HOSTILE[first : first + SLICE : 2]:
        answer = reader.send("/admin/shop", **who, brand=words[:60], contact_line=words[:200])
        assert answer.status_code in (303, 422), words
        number = reader.send("/admin/shop/number", number="other", other=words, service_sid=words, parts_per_second=words)
        assert number.status_code == 422, words
        said = {f"texts.{name}.{language}": words for name in ("stop", "start", "help") for language in ("fr", "en")}
        texts = reader.send("/admin/shop/texts", **said)
        assert texts.status_code in (303, 422), words
        for path, seen in (*((path, shown(reader, path)) for path in paths), ("/admin/shop/texts", Seen(texts.text or "<html>"))):
            if seen.text:
                assert seen.elements["script"] <= calm[path].elements["script"], (path, words)
                assert not [name for name in seen.attributes if name.startswith("on") or name == "style"], (path, words)


def test_no_page_comes_apart_on_a_phone_or_a_desk(page: Page, house: House) -> None:
    """In a real browser, which would also say if anything of it ran."""
    ids = named(house, [*HOSTILE[::4], EMOJI])
    for place, body in enumerate([*HOSTILE[::5], EMOJI[:400]]):
        house.post("/webhooks/twilio/inbound", house.inbound(number(0), body, f"SM{place:032x}"))
    with house.runtime.begin() as connection:
        for shade, name in enumerate([EMOJI, *HOSTILE[::6]]):
            content = png(shade=shade)
            pictures.keep(connection, content, pictures.look(content), name.strip()[:60] or "x", house.runtime.machine_now())
    sign_in(page, account(house, "admin"))
    theirs = [f"/contacts/{id_}{tab}" for id_ in (ids[0], ids[-1]) for tab in ("", "/timeline")]
    theirs += [f"/inbox/{id_}" for id_ in (ids[0], ids[-1])]
    for path in ("", "/inbox", "/contacts", *theirs, "/keywords", "/pictures", "/pictures/1"):
        page.goto(f"/admin{path}")
        fits(page)


def test_no_page_of_segments_campaigns_and_dialogs_comes_apart(page: Page, house: House) -> None:
    words = [EMOJI[:180], "W" * 180, *(squeezed(one)[:180] for one in HOSTILE[::6] if squeezed(one))]
    named(house, words)
    now = house.runtime.machine_now()
    with house.runtime.begin() as connection:
        for one in dict.fromkeys(words):
            segments.save(connection, one, {"any": [{"tag": one}, {"field": "first_name", "contains": one}]}, now)
        ids = list(segments.names_by_id(connection))
        long = {"topic": "offers", "error_limit": 10, "made_at": now, "kind": "marketing", "within": ids, "without": []}
        for place, one in enumerate(dict.fromkeys(words)):
            texts = {"fr": f"{one} STOP", "en": "W" * 900}
            connection.execute(insert(Campaign).values(state="draft", name=f"{place} {one}"[:100], texts=texts, **long))
        one_state = versions.source(connection, versions.story(connection, "welcome").latest)
        places: dict[Any, str] = {("states", "near_you", "say", "fr"): "W" * 900, ("states", "thanks", "say", "fr"): EMOJI[:900]}
        versions.draft(connection, "welcome", rewrite(one_state, places))
        versions.draft(connection, "w" * 64, "name: " + "w" * 64 + "\nstart: " + "s" * 60 + "\nstates:\n  " + "s" * 60
                       + ": {say: " + "W" * 300 + ", end: " + "e" * 60 + "}\n")  # fmt: skip
        connection.execute(update(Topic).values(names={"fr": "W" * 60, "en": EMOJI[:60]}))
    webhook_log.refuse(house.runtime, "/" + "w" * 90, "W" * 190, "192.0.2.1")
    paths = ["/segments", "/segments/1", "/segments/2", "/campaigns", "/campaigns/1", "/campaigns/2/edit", "/campaigns/2",
             "/dialogs", "/engine/webhooks", "/shop/topics", "/shop/topics/offers"]  # fmt: skip
    paths += [f"/dialogs/{name}{tab}" for name in ("welcome", "w" * 64) for tab in ("", "/source", "/diagram", "/versions")]
    sign_in(page, account(house, "admin"))
    for path in paths:
        page.goto(f"/admin{path}")
        fits(page)
