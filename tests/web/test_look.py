"""All pages together: they speak two languages, are read by everybody, weigh little and ask little of the database."""

import ast
import gzip
import re
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from playwright.sync_api import Page
from pydantic_core._pydantic_core import list_all_errors

from bot.web.admin import PAGES, PREFIX
from bot.web.admin.look import LANGUAGES
from bot.web.admin.mistakes import MISTAKES, ON_A_FORM, _patterns, in_their_words
from bot.web.admin.pages import ANYBODY
from tests.house import House
from tests.web.conftest import Readers, account, readable, sign_in

ROOT = Path(__file__).parents[2]
WEB = ROOT / "bot/web"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
LARGEST = 100_000  # bytes of a page
FIRST_LOAD = 60_000  # bytes of all that the first page needs, as browsers ask for it
MOST_STATEMENTS = 15
NO_PAGES = (
    "/alerts/bell", "/campaigns/<int:campaign_id>/preview", "/segments/counts", "/segments/<int:segment_id>/count",
    "/inbox/<int:contact_id>/canned", "/inbox/live/<int:contact_id>", "/media/<int:message_id>/<int:place>",
    "/pictures/<int:picture_id>/file",
)  # fmt: skip
"""What pages ask for: parts of them, news, files."""


def shown() -> list[str]:
    """The paths of all pages that a signed-in admin can look at; of what there are many, the first one."""
    looked_at = (page for page in PAGES.values() if "GET" in page.methods and page.role != ANYBODY)
    paths = [page.path for page in looked_at if page.path not in NO_PAGES]
    paths = [path.replace("topics/<name>", "topics/offers").replace("<name>", "welcome") for path in paths]
    return [PREFIX + re.sub("<[^>]+>", "1", path) for path in paths]


def words() -> list[str | tuple[str, str]]:
    """All that the pages say, in English."""
    calls = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
    found = extract_from_dir(str(WEB), METHODS, {"templates/**.html": {"trimmed": "true"}}, keywords=calls)
    return list(dict.fromkeys(message for _, _, message, _, _ in found if message))


def catalog(language: str) -> Catalog:
    return read_po(BytesIO((WEB / f"translations/{language}/LC_MESSAGES/messages.po").read_bytes()), locale=language)


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_every_word_is_translated_and_none_too_many(language: str) -> None:
    there = {message.id: message.string for message in catalog(language) if message.id}
    said = set(words())
    assert [one for one in said if one not in there] == []
    assert [one for one in there if one not in said] == []
    empty = [id_ for id_, string in there.items() if not (all(string) if isinstance(string, tuple) else string)]
    assert empty == []


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_a_translation_names_the_same_values(language: str) -> None:
    for message in catalog(language):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        values = {name for one in ids for name in re.findall(r"%\(\w+\)s", one)}
        for string in strings:
            assert set(re.findall(r"%\(\w+\)s", string)) <= values, message.id
        assert values <= {name for string in strings for name in re.findall(r"%\(\w+\)s", string)}, message.id


def test_every_deed_in_the_log_of_changes_has_its_words(house: House) -> None:
    """Whatever is audited: "keyword.made" is no way to tell somebody."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py"))
    known = (WEB / "templates/admin/words.html").read_text(encoding="utf-8")
    did = set(re.findall(r'"([a-z]+(?: [a-z]+)?\.[a-z_]+)"', " ".join(re.findall(r"audit\((.*?)\n", code))))
    assert len(did) > 30
    assert [one for one in sorted(did) if f'"{one}": _(' not in known] == []


def test_no_french_line_begins_with_a_sign() -> None:
    """What French sets apart with a blank stays beside its word: `:`, `;`, `?`, `!`, and what stands between `«` and `»`."""
    said = [message.string for message in catalog("fr") if message.id]
    strings = [string for one in said for string in (one if isinstance(one, tuple) else (one,))]
    assert [string for string in strings if re.search(" [:;?!»]|« ", string)] == []


def test_no_template_says_anything_that_is_not_translated() -> None:
    """Between tags stands only what goes through `_`."""
    for path in (WEB / "templates").glob("**/*.html"):
        if path.name == "api.html":  # the API speaks English
            continue
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"<script.*?</script>|<code.*?</code>", " ", text, flags=re.DOTALL)
        text = re.sub(r"<[^>]*>", " ", text)
        left = re.findall(r"[^\W\d_]{2,}", re.sub(r'[\w-]+="[^"]*"', " ", text))  # attributes that a macro gives
        assert set(left) <= {"Parley"}, path.name


@pytest.mark.parametrize("page", [1280], indirect=True)
@pytest.mark.parametrize("path", shown())
def test_everybody_can_read_every_page(page: Page, lived_in: House, path: str) -> None:
    """On a desk by day, and on a phone by night."""
    sign_in(page, account(lived_in, "admin"))
    for width, theme in ((1280, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.goto(path)
        readable(page)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", shown())
def test_a_page_weighs_little_and_asks_little(lived_in: House, readers: Readers, path: str, language: str) -> None:
    reader = readers("admin")
    reader.send("/admin/account/details", name="Camille", language=language)
    reader.get("/admin/account")
    with lived_in.statements() as seen:
        answer = reader.get(path)
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert len(answer.data) < LARGEST
    assert len(seen) <= MOST_STATEMENTS, seen


def test_the_first_page_loads_little(house: House, readers: Readers) -> None:
    reader = readers("admin")
    html = reader.get("/admin").text
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', html)
    loaded = [html.encode(), *(reader.client.get(file).data for file in dict.fromkeys(files))]
    assert len(files) >= 4
    assert sum(len(gzip.compress(one)) for one in loaded) < FIRST_LOAD


VALUE = "\0"  # where a value stands in what the house says
TELLS = {"Problem", "bad", "_not_now", "ValueError", "InUse", "BadName"}
NEVER_ON_A_PAGE = (
    f"the campaign is {VALUE}", f"it cannot be said: {VALUE}",  # each of the few that there are is told by itself
    f"{VALUE}: {VALUE} ({VALUE})", f"{VALUE} is no duration",
)  # fmt: skip


def literal(node: ast.AST) -> str:
    """A text of the code, with VALUE for each value in it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) if isinstance(part, ast.Constant) else VALUE for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return "".join(literal(part) or VALUE for part in (node.left, node.right))
    return ""


@cache
def trees(*folders: str) -> list[ast.Module]:
    files = [path for folder in folders for path in sorted((ROOT / folder).glob("**/*.py")) if path.name != "mistakes.py"]
    return [ast.parse(path.read_text(encoding="utf-8")) for path in files]


@cache
def house_says() -> list[re.Pattern[str]]:
    """All texts of the code, and of pydantic, that are long enough to be told by, as patterns."""
    nodes = (node for tree in trees("bot", "keywords", "models") for node in ast.walk(tree))
    texts = {literal(node) for node in nodes}
    texts |= {re.sub(r"{\w+}", VALUE, one["message_template_python"]) for one in list_all_errors()}
    long = [text for text in sorted(texts) if len(text.replace(VALUE, "")) > 8]
    return [re.compile(".*?".join(map(re.escape, text.split(VALUE))), re.DOTALL) for text in long]


@pytest.mark.parametrize("mistake", [*MISTAKES, *ON_A_FORM])
def test_a_mistake_is_told_as_the_house_says_it(mistake: str) -> None:
    """What is translated here is really said somewhere: all of it, or the words between its values."""
    if any(one.fullmatch(re.sub(r"%\(\w+\)s", "x", mistake)) for one in house_says()):
        return
    said = "".join(map(ast.unparse, trees("bot", "keywords", "models")))
    for part in re.split(r"%\(\w+\)s", mistake):
        assert part.strip(" .`,:()“”") in said, part


@pytest.mark.parametrize("folder", ["bot/campaigns", "bot/segments"])
def test_whatever_the_house_refuses_on_these_pages_is_told_in_french(folder: str) -> None:
    for node in (node for tree in trees(folder) for node in ast.walk(tree)):
        name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        for text in map(literal, node.args) if isinstance(node, ast.Call) and name in TELLS else ():
            if " " in text and text not in NEVER_ON_A_PAGE:
                told = text.replace(VALUE, "x")
                assert any(pattern.fullmatch(told) for pattern, _ in _patterns()), told


def test_a_mistake_is_told_in_french_with_its_values(house: House) -> None:
    with house.app.test_request_context("/admin", headers={"Accept-Language": "fr"}):
        told = in_their_words("“avis” already belongs to keyword 3 (survey).")
        assert told == "«\u00a0avis\u00a0» appartient déjà au mot-clé 3 (survey)."
        assert in_their_words("never heard of 100 % of this") == "never heard of 100 % of this"
