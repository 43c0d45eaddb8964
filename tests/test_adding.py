"""The pages on what people add name what is there, and their examples work."""

import re
from pathlib import Path

import pytest

from bot.carriers import Carrier
from dialogs.check import check
from dialogs.load import load
from tests.dialogs.shop import KNOWN

ROOT = Path(__file__).parent.parent
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs/adding").glob("*.md")}
FILE = re.compile(r"(bot|dialogs|keywords|models|tests|docs)/[\w/.]+")
TICKED = re.compile(r"`([^`\n]+)`")


def test_there_is_a_page_for_each_thing_that_people_add() -> None:
    assert PAGES.keys() == {"carrier", "dialog", "effect", "rule"}


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = [name for name in TICKED.findall(PAGES[page]) if FILE.fullmatch(name)]
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
    linked = re.findall(r"\]\(([^)#]+)", PAGES[page])
    assert [link for link in linked if not (ROOT / "docs/adding" / link).exists()] == []


@pytest.mark.parametrize(
    ("page", "name", "file"),
    [
        ("effect", "ACTIONS", "dialogs/act.py"),
        ("effect", "fact", "dialogs/act.py"),
        ("effect", "bring_about", "bot/effects.py"),
        ("effect", "ACTS", "tests/dialogs/test_engine.py"),
        ("rule", "_some", "bot/segments/compile.py"),
        ("rule", "Rule", "bot/segments/rules.py"),
        ("carrier", "open_carrier", "bot/carriers/__init__.py"),
    ],
)
def test_a_name_that_a_page_gives_is_the_name_in_the_code(page: str, name: str, file: str) -> None:
    assert re.search(rf"`[^`]*\b{name}\b[^`]*`", PAGES[page])
    assert re.search(rf"^(def {name}\b|{name}\b)|^@{name}\b", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_the_page_on_carriers_lists_all_that_one_must_do() -> None:
    rows = [TICKED.findall(row) for row in re.findall(r"^\| (`[^|]+) \|", PAGES["carrier"], re.MULTILINE)]
    asked = {name for name in vars(Carrier) if not name.startswith("_")} - {"name", "is_simulated", "open", "close"}
    assert {name for row in rows for name in row} == asked


def test_the_example_of_a_dialog_holds_together() -> None:
    found = re.search(r"```yaml\n(.*?)```", PAGES["dialog"], re.DOTALL)
    assert found
    dialog = load(re.sub(r"^   ", "", found[1], flags=re.MULTILINE), "opening.yaml")
    assert check(dialog, known=KNOWN) == []
