"""The drawing of a dialog: every state once, every way on an arrow, nothing on top of anything else."""

from itertools import combinations
from pathlib import Path

import pytest

from dialogs.diagram import diagram
from dialogs.layout import WIDTH, layout
from dialogs.load import load, load_file

LIBRARY = sorted((Path(__file__).parents[2] / "dialogs/library").glob("*.yaml"))


@pytest.mark.parametrize("path", LIBRARY, ids=[path.stem for path in LIBRARY])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_states_stand_beside_each_other_and_arrows_lead_from_one_to_another(path: Path, language: str) -> None:
    dialog = load_file(path)
    found = layout(dialog, language)
    assert sorted(box.name for box in found.boxes) == sorted(dialog.states)
    for one, other in combinations(found.boxes, 2):
        beside = one.x + WIDTH <= other.x or other.x + WIDTH <= one.x
        assert beside or one.y + one.height <= other.y or other.y + other.height <= one.y, (one.name, other.name)
    assert all(0 <= box.x <= found.width - WIDTH and box.y + box.height <= found.height for box in found.boxes)
    assert found.boxes[0].name == dialog.start
    corners = {(box.x, box.y + 17): box.name for box in found.boxes}
    for x, y, to_x, to_y in found.arrows:
        box = next(box for box in found.boxes if box.x + WIDTH == x and box.y < y < box.y + box.height)
        assert corners[to_x, to_y] in [way.goto for way in box.ways]
    assert len(found.arrows) == sum(way.goto is not None for box in found.boxes for way in box.ways)


def test_what_happens_elsewhere_is_a_way_on() -> None:
    dialog = load("name: x\nstart: a\nexpires: P1D\nevents: {order.paid: b}\nstates:\n"
                  "  a: {say: Hi, on: [{hear: yes, goto: b}], otherwise: {goto: b}}\n  b: {say: Bye, end: done}\n")  # fmt: skip
    boxes = {box.name: box for box in layout(dialog, "en").boxes}
    assert ("event", "order.paid", "b") in [(way.kind, way.detail, way.goto) for way in boxes["a"].ways]
    assert "s_a --> s_b: order.paid\n" in diagram(dialog)


def test_an_end_says_how_it_ends_and_long_words_are_cut() -> None:
    boxes = {box.name: box for box in layout(load_file(LIBRARY[-1]), "en").boxes}
    assert boxes["declined"].ends == "declined" and boxes["confirm"].ends is None
    assert all(len(box.says) <= 3 for box in boxes.values()) and boxes["confirm"].says[-1].endswith("…")
