"""A dialog from its draft to its end, by programs: checked, tried out, published, put back, retired."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from sqlalchemy import update

from bot.shop.store import put_draft
from models import DialogVersion
from tests.api.conftest import Program
from tests.house import House

LIBRARY = Path(__file__).parents[2] / "dialogs" / "library"

HELLO = """\
name: hello
title: {fr: Bonjour, en: Hello}
start: ask
expires: PT48H
on_expiry: late
states:
  ask:
    say: {fr: "Bonjour, OUI ou NON ?", en: "Hello, YES or NO?"}
    on:
      - {hear: {words: {fr: [oui], en: ["yes"]}}, then: [{do: tag, tag: happy}], goto: good}
    otherwise: {tries: 1, goto: late}
  good: {say: {fr: "Très bien.", en: "Very well."}, end: good}
  late: {say: {fr: "Une autre fois.", en: "Another time."}, end: late}
"""
KEYWORD = {"phrases": ["coucou"], "dialog": "hello"}


@pytest.fixture
def hello(house: House, program: Program) -> Program:
    """A program in whose shop COUCOU opens the published dialog `hello`."""
    program.put("/dialogs/hello/draft", {"source": HELLO})
    program.post("/dialogs/hello/publish")
    program.post("/keywords", KEYWORD)
    return program


def told(program: Program, name: str = "hello") -> tuple[Any, ...]:
    found = program.get(f"/dialogs/{name}")
    return tuple(found[key] for key in ("state", "version", "draft", "people"))


def test_a_dialog_is_drafted_checked_tried_out_and_published_and_talks_to_customers(house: House, program: Program) -> None:
    assert program.ask("PUT", "/dialogs/hello/draft", {"source": HELLO}).status_code == 201
    assert told(program) == ("draft", None, True, 0)
    assert program.post("/dialogs/hello/check") == {"holds": True, "problems": []}
    assert program.post("/dialogs/hello/simulate", {"language": "fr", "lines": ["COUCOU", "oui", "encore"]})["lines"] == [
        "# hello", "> COUCOU", "< Bonjour, OUI ou NON ?", "= listening hello ask", "> oui", "= tag happy", "< Très bien.",
    ]  # fmt: skip
    refused = program.ask("POST", "/keywords", KEYWORD)
    assert refused.get_json()["errors"][0]["field"] == "dialog"  # nobody is led into a draft
    published = program.post("/dialogs/hello/publish")
    assert (published["state"], published["version"], published["draft"]) == ("published", 1, False)
    program.post("/keywords", KEYWORD)
    assert house.text("Bo", "coucou") == ["Bonjour, OUI ou NON ?"]
    assert told(program) == ("published", 1, False, 1)
    assert [one["people"] for one in program.get("/dialogs")["items"]] == [0, 0, 0, 0, 0, 0, 1]
    assert house.text("Bo", "oui") == ["Très bien."]
    assert "tag happy" in house.truths("Bo")


def test_time_passes_where_a_dialog_is_tried_out(house: House, program: Program) -> None:
    lines = ["JOIN", "@ +47h", "@ soon", "@ +2h"]
    said = program.post("/dialogs/hello/simulate", {"source": HELLO, "lines": lines})["lines"]
    assert said[3:] == ["= listening hello ask", "@ +47h", "@ soon", "? write it like @ +48h, @ +30m or @ +7d", "@ +2h",
                        "< Another time."]  # fmt: skip
    assert program.ask("GET", "/dialogs/hello").status_code == 404


def test_a_picture_is_sent_where_a_dialog_is_tried_out(house: House, program: Program) -> None:
    source = HELLO.replace("words: {fr: [oui], en: [\"yes\"]}", "picture")
    said = program.post("/dialogs/hello/simulate", {"source": source, "lines": ["JOIN", "[picture] look"]})["lines"]
    assert said[3:] == ["= listening hello ask", "> [picture] look", "= tag happy", "< Very well."]


def test_the_words_of_the_law_are_the_houses_where_a_dialog_is_tried_out(house: House, program: Program) -> None:
    said = program.post("/dialogs/details/simulate", {"lines": ["my details", "yes", "help", "stop", "yes"]})["lines"]
    assert said[-5:] == ["= listening details first_name", "> help", "# the house takes it for HELP", "> stop",
                         "# the house takes it for STOP"]  # fmt: skip


def test_a_dialog_that_is_tried_out_opens_those_of_the_shop(house: House, program: Program) -> None:
    said = program.post("/dialogs/help/simulate", {"lines": ["MENU", "3", "5", "yesterday", "1", "yes", "no"]})["lines"]
    assert "= tag recommends" in said


@pytest.mark.parametrize(
    ("before", "after", "line", "path", "message"),
    [
        ("goto: good}\n", "goto: gone}\n", 10, "states.ask.on.0.goto", "there is no state `gone`"),
        ('fr: "Très bien.", ', "", 12, "states.good.say", "this is not said in: fr"),
        ("Hello, YES", "{{ contact.size }} YES", 8, "states.ask.say.en", "not a merge tag"),
        ("do: tag, tag: happy", "do: opt_in, proof: double, topic: news", 10, "states.ask.on.0.then.0", "no topic `news`"),
        ("name: hello", "name: hullo", 1, "name", "called `hello` here"),
        ("start: ask", "start: [", 5, "", "expected"),
        ("start: ask", "begin: ask", 3, "begin", "not known here"),
        ("[oui]", "[stop]", 10, "states.ask.on.0.hear", "always means STOP"),
        ("tag: happy", 'tag: "a\\0"', 10, "states.ask.on.0.then.0.tag", "no text can have this character"),
        ("tag: happy", 'tag: "a\\uD83D"', 10, "states.ask.on.0.then.0.tag", "no text can have this character"),
    ],
)  # fmt: skip
def test_a_broken_draft_is_kept_told_by_its_line_and_not_published(
    house: House, hello: Program, before: str, after: str, line: int, path: str, message: str
) -> None:
    assert before in HELLO
    hello.put("/dialogs/hello/draft", {"source": HELLO.replace(before, after, 1)})
    found = hello.post("/dialogs/hello/check")
    here = [one for one in found["problems"] if one["line"] == line and message in one["message"]]
    assert not found["holds"]
    assert here, found
    assert path in [one["path"] for one in here]
    answer = hello.ask("POST", "/dialogs/hello/publish")
    assert answer.status_code == 422
    assert f"hello, line {line}: " in str(answer.get_json()["errors"])
    assert told(hello) == ("published", 1, True, 0)
    assert house.text("Bo", "coucou") == ["Bonjour, OUI ou NON ?"]


def test_a_dialog_that_would_lose_an_answer_to_a_keyword_is_refused(house: House, hello: Program) -> None:
    source = HELLO.replace("[oui]", "[oui, menu]")
    [found] = hello.post("/dialogs/hello/check", {"source": source})["problems"]
    assert (found["line"], found["path"]) == (10, "states.ask.on.0.hear")
    assert "`menu` is a keyword that interrupts" in found["message"]
    assert found["transcript"][-2:] == ["> menu", "# the house opens help"]


def test_whoever_is_inside_stays_in_the_version_that_they_began(house: House, hello: Program) -> None:
    house.text("Bo", "coucou")
    hello.put("/dialogs/hello/draft", {"source": HELLO.replace("Très bien.", "Parfait.")})
    assert hello.post("/dialogs/hello/publish")["version"] == 2
    assert [(one["version"], one["state"], one["people"]) for one in hello.get("/dialogs/hello/versions")["items"]] == [
        (1, "retired", 1), (2, "published", 0),
    ]  # fmt: skip
    assert house.text("Bo", "oui") == ["Très bien."]
    house.text("Bo", "coucou")
    assert house.text("Bo", "oui") == ["Parfait."]


def test_an_earlier_version_is_put_back_as_a_draft(house: House, hello: Program) -> None:
    hello.put("/dialogs/hello/draft", {"source": HELLO.replace("Très bien.", "Parfait.")})
    hello.post("/dialogs/hello/publish")
    put_back = hello.post("/dialogs/hello/restore", {"version": 1})
    assert (put_back["version"], put_back["draft"], put_back["source"]) == (2, True, HELLO)
    assert hello.post("/dialogs/hello/publish")["version"] == 3
    assert hello.get("/dialogs/hello/versions/3")["source"] == HELLO
    assert hello.ask("POST", "/dialogs/hello/restore", {"version": 9}).status_code == 404
    assert hello.ask("GET", "/dialogs/hello/versions/9").status_code == 404


def test_a_draft_is_saved_over_and_thrown_away(house: House, hello: Program) -> None:
    for source in ("nonsense: [", HELLO + "# again\n"):
        hello.put("/dialogs/hello/draft", {"source": source})
    assert [one["version"] for one in hello.get("/dialogs/hello/versions")["items"]] == [1, 2]
    assert hello.get("/dialogs/hello")["source"] == HELLO + "# again\n"
    assert [hello.ask("DELETE", "/dialogs/hello/draft").status_code for _ in range(2)] == [204, 404]
    assert told(hello) == ("published", 1, False, 0)
    answer = hello.ask("POST", "/dialogs/hello/publish")
    assert (answer.status_code, answer.get_json()["detail"]) == (409, "there is no draft")


def test_a_dialog_that_something_opens_stays_and_says_what(house: House, hello: Program) -> None:
    answer = hello.ask("DELETE", "/dialogs/hello")
    assert (answer.status_code, answer.get_json()["detail"]) == (409, "keywords that open it: 1")
    answer = hello.ask("DELETE", "/dialogs/survey")
    assert answer.get_json()["detail"] == "keywords that open it: 1; dialogs that open it: 1 (help)"


def test_a_dialog_that_nothing_opens_is_retired_and_whoever_is_inside_ends_it(house: House, hello: Program) -> None:
    house.text("Bo", "coucou")
    hello.ask("DELETE", f"/keywords/{hello.get('/keywords')['items'][-1]['id']}")
    assert hello.ask("DELETE", "/dialogs/hello").status_code == 204
    assert told(hello) == ("retired", None, False, 1)
    assert house.text("Bo", "oui") == ["Très bien."]
    assert hello.post("/dialogs/hello/restore", {"version": 1})["draft"]
    assert hello.post("/dialogs/hello/publish")["version"] == 2


def test_what_a_dialog_that_somebody_is_inside_of_opens_cannot_go(house: House, program: Program) -> None:
    source = (LIBRARY / "help.yaml").read_text()
    house.text("Bo", "menu")
    program.put("/dialogs/help/draft", {"source": HELLO.replace("name: hello", "name: help")})
    program.post("/dialogs/help/publish")
    program.ask("DELETE", "/keywords/3")
    answer = program.ask("DELETE", "/dialogs/survey")
    assert answer.get_json()["detail"] == "dialogs that open it: 1 (help)"
    assert program.get("/dialogs/help/versions/1")["source"] == source


def test_a_dialog_that_never_was_published_is_gone(house: House, program: Program) -> None:
    program.put("/dialogs/hello/draft", {"source": HELLO})
    assert program.ask("DELETE", "/dialogs/hello").status_code == 204
    for method, path in [("GET", ""), ("DELETE", ""), ("POST", "/publish"), ("GET", "/versions"), ("GET", "/versions/1")]:
        assert program.ask(method, f"/dialogs/hello{path}").status_code == 404


def test_dialogs_are_listed_page_by_page(house: House, hello: Program) -> None:
    hello.put("/dialogs/draft-only/draft", {"source": "{"})
    first = hello.get("/dialogs?limit=6")
    rest = hello.get(f"/dialogs?limit=6&cursor={first['next']}")
    assert [one["name"] for one in first["items"]] == ["welcome", "help", "survey", "prefs", "contest", "details"]
    assert [(one["name"], one["title"], one["state"]) for one in rest["items"]] == [
        ("hello", {"fr": "Bonjour", "en": "Hello"}, "published"), ("draft-only", None, "draft"),
    ]  # fmt: skip
    assert rest["next"] is None


def test_a_list_reads_no_more_than_its_page_and_each_draft_once(
    house: House, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    compose = yaml.compose
    monkeypatch.setattr(yaml, "compose", lambda source, **how: read.append(source) or compose(source, **how))
    with house.runtime.begin() as connection:
        for n in range(5):
            put_draft(connection, f"wrong{n}", f"nonsense: [ # {n} {uuid4()}", 1)
    last = program.get("/dialogs?limit=6")["next"]
    read.clear()
    assert [one["name"] for one in program.get(f"/dialogs?limit=2&cursor={last}")["items"]] == ["wrong0", "wrong1"]
    with house.statements() as asked:
        program.get("/dialogs")
    assert len(read) == 5
    program.get("/dialogs")
    assert len(read) == 5
    told = [statement for statement in asked if "dialog_version" in statement]
    assert len(told) == 3
    assert [statement for statement in told if "dialog_version.source" in statement] == [told[-1]]


def test_a_published_dialog_that_can_be_read_no_longer_is_in_nobodys_way_and_can_be_mended(
    house: House, program: Program
) -> None:
    source = program.get("/dialogs/survey")["source"]
    with house.runtime.begin() as connection:
        mine = (DialogVersion.name == "survey") & (DialogVersion.state == "published")
        connection.execute(update(DialogVersion).where(mine).values(source=source + "colour: blue\n"))
    assert {one["name"]: one["title"] for one in program.get("/dialogs")["items"]}["survey"] is None
    assert program.post("/keywords", KEYWORD | {"dialog": "help"})["dialog"] == "help"
    program.put("/dialogs/survey/draft", {"source": source})
    assert program.post("/dialogs/survey/publish")["version"] == 2
    assert program.post("/dialogs/survey/check")["holds"]


def test_a_dialog_cannot_be_called_just_anything(house: House, program: Program) -> None:
    answer = program.ask("PUT", "/dialogs/9lives/draft", {"source": HELLO})
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "name")


# Dialogs that mean no good

CIRCLE = "name: {one}\nstart: a\nstates:\n  a: {{then: [{{do: open, dialog: {other}}}], end: done}}\n"
TICKING = """\
name: hello
start: tick
states:
  tick: {after: {wait: PT1S, goto: tock}}
  tock: {after: {wait: PT1S, goto: tick}}
"""


def test_dialogs_that_open_each_other_for_ever_are_refused(house: House, program: Program) -> None:
    for one in ("ping", "pong"):
        program.put(f"/dialogs/{one}/draft", {"source": CIRCLE.format(one=one, other="help")})
        program.post(f"/dialogs/{one}/publish")
    program.put("/dialogs/ping/draft", {"source": CIRCLE.format(one="ping", other="pong")})
    program.post("/dialogs/ping/publish")
    program.put("/dialogs/pong/draft", {"source": CIRCLE.format(one="pong", other="ping")})
    refused = program.ask("POST", "/dialogs/pong/publish")
    assert refused.status_code == 422
    assert "dialogs open each other here in a circle" in refused.get_json()["errors"][0]["message"]


def test_a_dialog_that_ticks_for_ever_is_given_up(house: House, program: Program) -> None:
    said = program.post("/dialogs/hello/simulate", {"source": TICKING, "lines": ["JOIN", "@ +9999d"]})["lines"]
    assert said[-1].startswith("? more than 100 waits end in this time")
    lines = ["JOIN", *["@ +1d"] * 99]
    assert len(program.post("/dialogs/hello/simulate", {"source": TICKING, "lines": lines})["lines"]) <= 1000


@pytest.mark.parametrize(
    "source",
    ["", "[]", "a: &a [x]\nb: *a", "name: " + "[" * 2000, "? [a]\n: b", "\x07", "name: hello\nname: hello", "%YAML 9",
     "--- a\n--- b", "states: {" + "a: " * 900 + "}",
     HELLO.replace("Hello, YES", "{% for i in (1..9999999) %}x{% endfor %} YES")],
)  # fmt: skip
def test_hostile_yaml_is_refused_with_a_line_and_never_published(house: House, program: Program, source: str) -> None:
    program.put("/dialogs/hello/draft", {"source": source})
    found = program.post("/dialogs/hello/check")
    assert found["problems"]
    assert all(one["line"] >= 1 for one in found["problems"])
    assert program.ask("POST", "/dialogs/hello/publish").status_code == 422
    assert program.ask("POST", "/dialogs/hello/simulate", {"lines": ["JOIN"]}).status_code in (200, 422)
    assert program.get("/dialogs/hello")["state"] == "draft"


def test_recorded_conversations_are_played_again_through_a_draft_page_by_page(house: House, hello: Program) -> None:
    for who, answer in {"Ana": "oui", "Bo": "ouais", "Cleo": "oui"}.items():
        house.text(who, "coucou")
        house.text(who, answer)
    hello.put("/dialogs/hello/draft", {"source": HELLO.replace("[oui]", "[oui, ouais]")})
    first = hello.post("/dialogs/hello/replay?limit=2")
    [one] = first["items"]
    assert (first["conversations"], one["differs"], one["consents_lost"]) == (2, ["answers", "tags"], 0)
    assert ("= tag happy" in one["before"], "= tag happy" in one["after"]) == (False, True)
    last = hello.post(f"/dialogs/hello/replay?limit=2&cursor={first['next']}")
    assert (last["conversations"], last["items"], last["next"]) == (1, [], None)
    gone = hello.post("/dialogs/hello/replay", {"source": HELLO.replace("[oui]", "[si]")})
    assert [item["differs"] for item in gone["items"]] == [["answers", "tags"], ["answers", "tags"]]


def test_who_fell_silent_is_played_again_to_this_day(house: House, hello: Program) -> None:
    house.text("Bo", "coucou")
    changed = {"source": HELLO.replace("Une autre fois.", "A une autre fois.")}
    assert hello.post("/dialogs/hello/replay", changed)["items"] == []
    house.jump(timedelta(days=3))
    [one] = hello.post("/dialogs/hello/replay", changed)["items"]
    assert one["after"][-2:] == ["@ +2d", "< A une autre fois."]


def test_what_a_dialog_does_to_what_they_receive_is_told(house: House, hello: Program) -> None:
    house.text("Bo", "coucou")
    house.text("Bo", "oui")
    paused = HELLO.replace("{do: tag, tag: happy}", "{do: tag, tag: happy}, {do: pause, for: P7D}")
    assert [one["differs"] for one in hello.post("/dialogs/hello/replay", {"source": paused})["items"]] == [["preferences"]]


def test_nothing_can_be_recorded_of_a_dialog_that_is_not_there(house: House, program: Program) -> None:
    assert program.ask("POST", "/dialogs/hullo/replay", {"source": HELLO}).status_code == 404


def test_what_cannot_be_played_is_told_by_its_line(house: House, hello: Program) -> None:
    answer = hello.ask("POST", "/dialogs/hello/replay", {"source": HELLO.replace("goto: good}\n", "goto: gone}\n")})
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "states.ask.on.0.goto")
