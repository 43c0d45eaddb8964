"""The pages hold together: links lead somewhere, what they name exists, and the README is short."""

import re
from pathlib import Path

import pytest

from tests.test_docs import BLOCK, KNOWN, ROOT, commands, read, ticked

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def anchors(page: str) -> set[str]:
    """The places of a page that one can link to, as GitHub names them."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        file, _, anchor = link.partition("#")
        if not file.startswith(("https:", "mailto:")):
            target = (path.parent / file) if file else path
            assert target.exists(), f"{path.name}: {link}"
            assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), f"{path.name}: {link}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_targets_and_files_that_a_page_names_exist(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    code = "\n".join([*ticked(page), *BLOCK.findall(page)])
    known = {name for name, _ in commands()}
    for typed_here, first in re.findall(r"\b((parley [a-z]+)(?: [a-z]+)?)", code):
        assert {typed_here, first} & known, typed_here
    for target in re.findall(r"\bmake ([a-z]+)", code):
        assert f"make {target}" in KNOWN["target"](), target
    for name in ticked(page):
        assert not re.fullmatch(r"(bot|dialogs|keywords|models|tests|docs)/[\w/.]*", name) or (ROOT / name).exists(), (
            name
        )


def test_the_readme_is_short_and_shows_a_picture() -> None:
    readme = read("README.md")
    assert readme.count("\n") <= 150
    assert "(docs/phone.png)" in readme
    assert {"make demo", "make test"} <= {line.partition("  ")[0] for line in readme.splitlines()}
    assert (ROOT / "docs/phone.png").stat().st_size <= 400_000
