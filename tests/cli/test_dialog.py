"""Dialogs at the command line: proved, drawn, played."""


import json
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.catalogue import touch
from models import DialogVersion
from tests.cli.conftest import Parley
from tests.house import SHOP, House


def test_dialog_check_finds_nothing_wrong_with_the_library(parley: Parley) -> None:
    assert parley("dialog", "check", "welcome", "help", "survey", "--shop", str(SHOP)).exit_code == 0
    parley("shop", "load", str(SHOP))
    assert parley("dialog", "check", "welcome", "help", "survey").exit_code == 0


def test_dialog_check_refuses_two_files_of_one_name(parley: Parley, tmp_path: Path) -> None:
    for name, goto in (("a", "gone"), ("b", "bye")):
        (tmp_path / f"{name}.yaml").write_text(ENDLESS.replace("say: Hi, on: [{hear: anything, goto: bye}]",
                                                               f"after: {{wait: P1D, goto: {goto}}}"))
    said = parley("dialog", "check", "a.yaml", "b.yaml", "--shop", str(SHOP))
    assert said.exit_code == 1
    assert said.output.splitlines() == [
        "b.yaml:2: name: another of these files has this name, too",
        "a.yaml:5: states.hello.after.goto: there is no state `gone`",
        "a.yaml:6: states.bye: nothing leads to `bye`",
        "3 problems.",
    ]


def test_dialog_check_tells_file_and_line(parley: Parley, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        "name: bad\nstart: hello\nstates:\n  hello:\n    say: Hi\n    after: {wait: PT1H, goto: gone}\n"
    )
    said = parley("dialog", "check", "bad.yaml", "--shop", str(SHOP))
    assert said.exit_code == 1
    assert "bad.yaml:6: " in said.output
    assert json.loads(parley("dialog", "check", "bad.yaml", "--shop", str(SHOP), "--json").output)[0]["line"] == 6


ENDLESS = """
name: endless
start: hello
states:
  hello: {say: Hi, on: [{hear: anything, goto: bye}]}
  bye: {say: Bye}
"""


@pytest.mark.parametrize("checked_against", [["--shop", str(SHOP)], []], ids=["file", "database"])
def test_dialog_check_shows_how_a_fault_comes_about(
    parley: Parley, tmp_path: Path, checked_against: list[str]
) -> None:
    (tmp_path / "endless.yaml").write_text(ENDLESS)
    parley("shop", "load", str(SHOP))
    said = parley("dialog", "check", "endless.yaml", "help", *checked_against)
    assert said.exit_code == 1
    assert said.output.splitlines() == [
        "endless.yaml:5: states.hello.on: whoever never answers stays here for ever: say after which silence it ends (`expires`)",
        "    # endless", "    < Hi", "    = listening endless hello", "1 problems.",
    ]  # fmt: skip
    [told] = json.loads(parley("dialog", "check", "endless.yaml", *checked_against, "--json").output)
    assert (told["line"], told["path"]) == (5, "states.hello.on")
    assert told["transcript"] == ["# endless", "< Hi", "= listening endless hello"]


def test_dialog_check_knows_the_keywords_that_interrupt(parley: Parley, tmp_path: Path) -> None:
    (tmp_path / "menu.yaml").write_text(ENDLESS.replace("start:", "expires: P1D\nstart:").replace("anything", "{words: [Menu]}"))
    parley("shop", "load", str(SHOP))
    for checked_against in (["--shop", str(SHOP)], []):
        said = parley("dialog", "check", "menu.yaml", *checked_against)
        assert "`menu` is a keyword that interrupts and opens `help`" in said.output
        assert said.output.splitlines()[-3:-1] == ["    > Menu", "    # the house opens help"]


def test_a_shop_with_a_dialog_that_cannot_be_proved_is_not_loaded(parley: Parley, tmp_path: Path) -> None:
    """The message, below it the conversation; and the shop stays what it was."""
    parley("shop", "load", str(SHOP))
    (tmp_path / "endless.yaml").write_text(ENDLESS)
    (tmp_path / "shop.yaml").write_text(SHOP.read_text().replace("brand: ACME", "brand: Other").replace(
        "dialogs: [", "dialogs: [endless.yaml, "))
    said = parley("shop", "load", "shop.yaml")
    assert said.exit_code == 1
    assert said.output.splitlines()[1:] == ["    # endless", "    < Hi", "    = listening endless hello"]
    assert "endless.yaml:5: states.hello.on: whoever never answers" in said.output.splitlines()[0]
    assert "Dialogs unchanged: welcome, help, survey, prefs, contest, details." in parley("shop", "load", str(SHOP)).output


def test_dialog_show_draws_it(parley: Parley) -> None:
    assert parley("dialog", "show", "survey").output.startswith("stateDiagram-v2")
    assert parley("dialog", "show", "survey", "--source").output.startswith("#")
    assert json.loads(parley("dialog", "show", "survey", "--json").output)["name"] == "survey"
    missing = parley("dialog", "show", "nothing")
    assert (missing.exit_code, "the library has" in missing.output) == (1, True)


def test_dialog_talk_plays_in_the_notation_of_transcripts(parley: Parley, tmp_path: Path) -> None:
    said = parley("dialog", "talk", "welcome", "--save", "said.txt", input="JOIN\noui\n75011\n")
    assert said.exit_code == 0
    written = (tmp_path / "said.txt").read_text().splitlines()
    assert [line for line in written if line.startswith(">")] == ["> JOIN", "> oui", "> 75011"]
    assert "= language fr" in written
    assert "= consent offers in (double)" in written
    assert "= field postcode 75011" in written


def test_dialog_talk_opens_another_dialog_and_returns(parley: Parley) -> None:
    said = parley("dialog", "talk", "help", input="MENU\n3\n5\nyesterday\n1\nyes\nno\n")
    assert "How was" in said.output or "how was" in said.output
    assert "= tag recommends" in said.output
    assert "Anything else?" in said.output


def test_dialog_talk_leaves_the_words_of_the_law_to_the_house(parley: Parley, tmp_path: Path) -> None:
    said = parley("dialog", "talk", "details", "--save", "said.txt", input="aide\nmes infos\nAIDE\noui\nSTOP\noui\n")
    assert said.exit_code == 0
    told = [line for line in (tmp_path / "said.txt").read_text().splitlines() if line[:1] in ">#"]
    assert told == ["# details", "> aide", "# the house takes it for HELP", "> mes infos", "> AIDE",
                    "# the house takes it for HELP", "> oui", "> STOP", "# the house takes it for STOP"]  # fmt: skip
    assert "field first_name" not in said.output


def test_dialog_talk_ends_with_its_input_and_is_saved(parley: Parley, tmp_path: Path) -> None:
    (tmp_path / "said.txt").write_text("something longer than what is said now\n" * 20)
    said = parley("dialog", "talk", "welcome", "--save", "said.txt", input="JOIN")
    assert (said.exit_code, "Aborted" in said.output) == (0, False)
    assert (tmp_path / "said.txt").read_text().splitlines()[:2] == ["# welcome", "> JOIN"]
    assert "longer" not in (tmp_path / "said.txt").read_text()
    parley("dialog", "talk", "welcome", "--save", "said.txt", input="")
    assert "> JOIN" in (tmp_path / "said.txt").read_text()


OPENS = "name: hello\nstart: a\nstates:\n  a: {{then: [{{do: open, dialog: {}}}], choose: [{{goto: b}}]}}\n  b: {{say: Bye}}\n"
OPENED = "name: opening\nstart: a\nstates:\n  a: {say: Come in}\n"


@pytest.mark.parametrize(("opened", "told"), [
    ("opening", ["< Come in", "< Bye"]), ("survey", ["how was your last visit?"]), ("nowhere", ["= for a person", "< Bye"]),
])  # fmt: skip
def test_dialog_talk_opens_what_is_beside_the_file_or_in_the_library(
    parley: Parley, tmp_path: Path, opened: str, told: list[str]
) -> None:
    (tmp_path / "opening.yaml").write_text(OPENED)
    (tmp_path / "hello.yaml").write_text(OPENS.format(opened))
    said = parley("dialog", "talk", "hello.yaml", input="hello\n")
    assert said.exit_code == 0, said.output
    assert all(line in said.output for line in told)


def test_dialog_talk_opens_what_the_shop_in_the_database_has(parley: Parley, tmp_path: Path) -> None:
    (tmp_path / "opening.yaml").write_text(OPENED)
    (tmp_path / "shop.yaml").write_text(SHOP.read_text().replace("dialogs: [", "dialogs: [opening.yaml, "))
    assert parley("shop", "load", "shop.yaml").exit_code == 0
    (tmp_path / "opening.yaml").unlink()
    (tmp_path / "hello.yaml").write_text(OPENS.format("opening"))
    assert "< Come in\n< Bye" in parley("dialog", "talk", "hello.yaml", input="hello\n").output


def test_dialog_talk_says_what_is_wrong_before_it_begins(parley: Parley, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("name: bad\nstart: a\nstates:\n  a: {say: Hi, after: {wait: PT1H, goto: gone}}\n")
    said = parley("dialog", "talk", "bad.yaml", input="JOIN\n")
    assert (said.exit_code, said.output) == (1, "bad.yaml:4: states.a.after.goto: there is no state `gone`\n")


def test_dialog_talk_says_at_once_that_it_cannot_save(parley: Parley) -> None:
    said = parley("dialog", "talk", "welcome", "--save", "nowhere/said.txt", input="JOIN\n")
    assert (said.exit_code, said.stdout) == (2, "")


@pytest.mark.parametrize(
    ("there", "told"), [(None, "names a dialog that is not there"), ("name: 7", "hello.yaml:1: name")]
)
def test_dialog_check_says_that_a_dialog_of_the_shop_is_missing_or_broken(
    parley: Parley, tmp_path: Path, there: str | None, told: str
) -> None:
    shop = SHOP.read_text().replace("dialogs: [", "dialogs: [hello.yaml, ")
    (tmp_path / "shop.yaml").write_text(shop)
    if there:
        (tmp_path / "hello.yaml").write_text(there)
    said = parley("dialog", "check", "welcome", "--shop", "shop.yaml")
    assert said.exit_code == 1
    assert isinstance(said.exception, SystemExit)
    assert told in said.output


@pytest.mark.parametrize("words", [("check", "help"), ("replay", "help")])
def test_a_published_dialog_that_can_be_read_no_longer_is_told_in_words_where_it_is_led_to(
    parley: Parley, house: House, words: tuple[str, ...]
) -> None:
    house.text("Bo", "menu")
    house.text("Bo", "3")
    with house.runtime.begin() as connection:
        connection.execute(update(DialogVersion).values(source="name: 7").where(DialogVersion.name == "survey"))
        touch(connection)
    said = parley("dialog", *words)
    assert isinstance(said.exception, SystemExit)
    assert "survey:1: name: " in said.output
    assert parley("dialog", words[0], "contest").exit_code == 0


def test_dialog_talk_lets_time_pass(parley: Parley) -> None:
    said = parley("dialog", "talk", "welcome", input="JOIN\n@ +47h\n@ soon\n@ +2h\n")
    assert "write it like @ +48h" in said.output
    assert said.exit_code == 0
    assert said.output.count("listening welcome") == 1
