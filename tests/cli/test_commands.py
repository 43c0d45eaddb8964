"""Commands that say what they do, and what they cannot."""


import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bot import schema
from bot.cli import main
from bot.cli.processes import gunicorn
from bot.demo import alone
from bot.runtime import open_engine
from tests.cli.conftest import Parley
from tests.house import PARIS, PEOPLE, SHOP, House, settings


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


# The shop


def test_shop_load_says_what_it_has_done(parley: Parley) -> None:
    said = parley("shop", "load", str(SHOP))
    assert said.exit_code == 0
    assert "Dialogs published: welcome, help, survey, prefs, contest, details." in said.output


def test_shop_load_refuses_a_mistake_with_its_line(parley: Parley, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("brand: ACME\ncolour: blue\n")
    said = parley("shop", "load", "shop.yaml")
    assert said.exit_code == 1
    assert "shop.yaml:2: colour" in said.output


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


# People


def test_an_account_is_made_with_a_link_and_a_way_back_in(parley: Parley) -> None:
    made = parley("user", "create", "Ana@shop.example", "--name", "Ana", "--role", "marketer")
    assert re.search(r"http://127.0.0.1:8000/admin/link/[\w-]{20,}\n", made.output)
    assert "ana@shop.example" in parley("user", "list").output
    again = parley("user", "reset", "ana@shop.example")
    assert again.exit_code == 0 and again.output.split()[0] != made.output.split()[0]
    assert json.loads(parley("user", "list", "--json").output)[0]["role"] == "marketer"


def test_an_account_that_cannot_be_is_refused_in_words(parley: Parley) -> None:
    assert "Nobody yet" in parley("user", "list").output
    assert parley("user", "create", "no address", "--name", "Ana").output == "write it like name@shop.example\n"
    assert parley("user", "reset", "nobody@shop.example").exit_code == 1
