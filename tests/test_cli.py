"""The command line, as an operator types it."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from bot import schema
from bot.catalogue import touch
from bot.cli import main
from bot.cli.processes import gunicorn
from bot.demo import alone
from bot.runtime import open_engine
from models import DialogVersion
from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SimulatedCarrier
from tests.house import PARIS, PEOPLE, SHOP, House, settings

Parley = Callable[..., Result]


@pytest.fixture
def parley(database: str, carrier: SimulatedCarrier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parley:
    """Runs `parley` with these words, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    environment = {
        "DATABASE_URL": database, "SECRET_KEY": "s" * 40, "BASE_URL": "http://127.0.0.1:8000", "REDIS_URL": None,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "PARLEY_CARRIER": "simulated",
        "TWILIO_API_BASE": carrier.url,
    }  # fmt: skip
    return lambda *words, **more: CliRunner().invoke(main, words, env={**environment, **more.pop("env", {})}, **more)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize(("path", "command"), [pytest.param(*one, id=" ".join(one[0])) for one in commands(main)])
def test_every_command_says_what_it_is_for(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help
    assert command.help.split(".")[0].count(" ") >= 2
    assert CliRunner().invoke(main, [*path, "--help"]).exit_code == 0
    assert all(option.help for option in command.params if isinstance(option, click.Option))


# Settings


def test_config_check_shows_what_is_in_force_and_no_secret(parley: Parley) -> None:
    said = parley("config", "check")
    assert said.exit_code == 0
    assert "TWILIO_ACCOUNT_SID" in said.output
    assert "s" * 40 not in said.output
    assert json.loads(parley("config", "check", "--json").output)["SECRET_KEY"] == "********"


def test_a_missing_setting_is_named_and_the_status_is_two(parley: Parley) -> None:
    said = parley("db", "check", env={"SECRET_KEY": None})
    assert said.exit_code == 2
    assert "SECRET_KEY: missing" in said.output
    assert "Traceback" not in said.output


def test_web_listens_to_the_outside_only_with_a_real_carrier_and_sqlite_gets_one_process() -> None:
    here = settings("sqlite:///x.db", "http://127.0.0.1:1", "http://127.0.0.1:1")
    there = settings("postgresql://h/d", "https://a.example", "https://b.example", PARLEY_CARRIER="twilio", port=81)
    told = [dict(zip(words[1::2], words[2::2], strict=False)) for words in (gunicorn(here), gunicorn(there))]
    assert [one["--bind"] for one in told] == ["127.0.0.1:8000", "0.0.0.0:81"]
    assert [one["--workers"] for one in told] == ["1", "2"]


# The database


def test_an_empty_database_is_told_then_upgraded_once(parley: Parley, tmp_path: Path) -> None:
    empty = {"DATABASE_URL": f"sqlite:///{tmp_path}/empty.db"}
    assert parley("db", "check", env=empty).exit_code == 1
    assert "now at" in parley("db", "upgrade", env=empty).output
    assert "is current" in parley("db", "upgrade", env=empty).output
    checked = parley("db", "check", "--json", env=empty)
    assert (checked.exit_code, json.loads(checked.stdout)["current"]) == (0, True)


def test_a_database_that_is_not_there_is_told_in_words(parley: Parley) -> None:
    said = parley("db", "check", env={"DATABASE_URL": "sqlite:////nowhere/parley.db"})
    assert said.exit_code == 1
    assert "The database: unable to open" in said.output


def test_many_upgrades_at_once_are_one(database: str, tmp_path: Path) -> None:
    engine = open_engine(database if database.startswith("postgresql") else f"sqlite:///{tmp_path}/empty.db")
    if database.startswith("postgresql"):
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _: schema.upgrade(engine), range(4)))
    engine.dispose()
    assert sorted(before is None for before, _ in results) == [False, False, False, True]
    assert {after for _, after in results} == {schema.newest()}


# The shop and its dialogs


def test_shop_load_says_what_it_has_done(parley: Parley) -> None:
    said = parley("shop", "load", str(SHOP))
    assert said.exit_code == 0
    assert "Dialogs published: welcome, help, survey, prefs, contest, details." in said.output


def test_shop_load_refuses_a_mistake_with_its_line(parley: Parley, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("brand: ACME\ncolour: blue\n")
    said = parley("shop", "load", "shop.yaml")
    assert said.exit_code == 1
    assert "shop.yaml:2: colour" in said.output


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


# Texts and contacts


def test_text_plays_a_customer_and_prints_the_answer(parley: Parley, house: House) -> None:
    said = parley("text", PEOPLE["Bo"], "JOIN")
    assert "> JOIN\n< ACME" in said.output
    answer = json.loads(parley("text", PEOPLE["Bo"], "OUI", "--to", PARIS, "--json").stdout)
    assert len(answer["received"]) == 1
    assert parley("text", PEOPLE["Bo"], "JOIN", "--to", "+33999").exit_code == 1


def test_text_takes_a_number_written_the_local_way_and_refuses_what_is_none(parley: Parley, house: House) -> None:
    assert "< ACME" in parley("text", "06 12 34 00 02", "JOIN").output
    assert house.received("Bo")
    for words in (("Bo", "JOIN"), (PEOPLE["Bo"], " ")):
        said = parley("text", *words)
        assert said.exit_code == 2
        assert "write it like +33612345678" in said.stderr or "A text needs words" in said.stderr


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_the_demo_refuses_a_port_that_is_none(parley: Parley, port: str) -> None:
    said = parley("demo", env={"PORT": port})
    assert said.exit_code == 2
    assert "Invalid value for '--port'" in said.stderr


def test_the_demo_says_that_a_file_is_in_its_way(parley: Parley, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".parley").write_text("")
    with pytest.raises(SystemExit, match="is a file"), alone(fresh=False):
        pass


def test_text_is_for_the_simulated_carrier_only(parley: Parley) -> None:
    said = parley("text", PEOPLE["Bo"], "JOIN", env={"PARLEY_CARRIER": "twilio", "TWILIO_API_BASE": None})
    assert said.exit_code == 1
    assert "simulated carrier" in said.output


def test_contact_show_tells_the_consent_story_in_order(parley: Parley, house: House) -> None:
    for body in ("JOIN", "OUI", "75011", "STOP"):
        house.text("Bo", body)
    said = parley("contact", "show", "06 12 34 00 02").output
    assert PEOPLE["Bo"] not in said.replace(" ", "")
    story = [line.strip() for line in said.splitlines() if line.strip()[:2] in ("1.", "2.")]
    assert [line.split()[3:5] for line in story] == [["offers", "in,"], ["*", "out,"]]
    assert "they: OUI" in said
    assert "we: ACME" in said
    assert "the chain holds" in said
    assert "welcome (version 1): joined" in said
    known = json.loads(parley("contact", "show", PEOPLE["Bo"], "--json", "--full").output)
    assert known["phone"].replace(" ", "") == PEOPLE["Bo"]
    assert known["values"] == {"postcode": "75011"}
    assert known["opted_out"] is True
    assert [text["direction"] for text in known["texts"]][:2] == ["in", "out"]


def test_contact_show_says_when_the_chain_is_broken(parley: Parley, house: House) -> None:
    house.text("Bo", "JOIN")
    house.text("Bo", "OUI")
    with house.runtime.begin() as connection:
        connection.exec_driver_sql("UPDATE consent_proof SET text = 'NON'")
    assert "THE CHAIN IS BROKEN at 1" in parley("contact", "show", PEOPLE["Bo"]).output


def test_contact_export_prints_everything_for_the_person_who_asks(parley: Parley, house: House) -> None:
    house.text("Bo", "JOIN")
    known = json.loads(parley("contact", "export", "06 12 34 00 02").stdout)
    assert known["contact"]["phone"] == PEOPLE["Bo"]
    assert [one["body"] for one in known["messages"]] == [row.body for row in house.messages("Bo")]
    assert parley("contact", "export", PEOPLE["Dee"]).exit_code == 1


def test_contact_show_of_a_stranger_says_so(parley: Parley, house: House) -> None:
    said = parley("contact", "show", PEOPLE["Dee"])
    assert (said.exit_code, "no contact" in said.output) == (1, True)


# Tokens of programs


def test_a_token_is_shown_once_and_taken_back_by_name(parley: Parley) -> None:
    parley("db", "upgrade")
    made = parley("token", "create", "shop", "--scope", "contacts:read", "--scope", "texts:read")
    assert (made.exit_code, made.stdout.startswith("parley_")) == (0, True)
    again = parley("token", "create", "shop", "--scope", "all")
    assert (again.exit_code, again.output) == (1, "there is a token 'shop' already\n")
    listed = json.loads(parley("token", "list", "--json").stdout)
    assert [(one["name"], one["scopes"]) for one in listed] == [("shop", ["contacts:read", "texts:read"])]
    assert made.stdout.strip() not in parley("token", "list").output
    assert parley("token", "revoke", "shop").exit_code == 0
    assert "taken back" in parley("token", "list").output
    assert parley("token", "revoke", "shop").exit_code == 1


def test_a_token_for_what_there_is_not_is_refused(parley: Parley) -> None:
    assert parley("token", "create", "shop", "--scope", "everything").exit_code == 2
    assert parley("token", "create", "shop").exit_code == 2
