"""Where the states of a dialog stand on a drawing: in columns, by how many answers lead there, each with its ways on.

Lengths are those of the drawing, with y growing downwards.
"""

from dataclasses import dataclass, field
from statistics import mean
from textwrap import wrap
from typing import ClassVar

from dialogs.diagram import Way, ways
from dialogs.spec import Dialog, State
from dialogs.transcript import pick

WIDTH, HEAD, LINE, ROW = 228, 34, 17, 20  # of a box, of its name, of a line of its words, of a way on
BESIDE, BELOW, EDGE = 76, 26, 12
LETTERS, LINES = 30, 3  # of the words that are shown


@dataclass(slots=True)
class Box:
    """A state. `x` and `y`: its upper left corner."""

    name: str
    says: list[str]
    ways: list[Way]
    ends: str | None  # the outcome, of a state that is an end
    x: int = 0
    y: int = 0
    width: ClassVar[int] = WIDTH

    @property
    def height(self) -> int:
        return HEAD + LINE * len(self.says) + ROW * len(self.ways) + EDGE

    def say_y(self, place: int) -> int:
        """The foot of one of its lines."""
        return self.y + HEAD + LINE * place + LINE - 5

    def way_y(self, place: int) -> int:
        """The middle of one of its ways on."""
        return self.y + HEAD + LINE * len(self.says) + ROW * place + ROW // 2


@dataclass(slots=True)
class Drawing:
    """Boxes, and from each way on to where it leads: x and y of both ends."""

    boxes: list[Box] = field(default_factory=list)
    arrows: list[tuple[int, int, int, int]] = field(default_factory=list)
    width: int = 0
    height: int = 0


def layout(dialog: Dialog, language: str) -> Drawing:
    """The drawing of a dialog, its words in a language. A way to a state that is not there leads nowhere."""
    boxes = {name: _box(dialog, name, state, language) for name, state in dialog.states.items()}
    columns = _columns(dialog, boxes)
    for place, names in enumerate(columns):
        before = [boxes[name] for some in columns[:place] for name in some]
        names.sort(key=lambda name: _leading(before, name))
        y = EDGE
        for name in names:
            boxes[name].x, boxes[name].y = EDGE + place * (WIDTH + BESIDE), y
            y += boxes[name].height + BELOW
    found = Drawing([boxes[name] for names in columns for name in names])
    for box in found.boxes:
        for place, way in enumerate(box.ways):
            if way.goto in boxes:
                found.arrows.append((box.x + WIDTH, box.way_y(place), boxes[way.goto].x, boxes[way.goto].y + HEAD // 2))
    found.width = max(box.x for box in found.boxes) + WIDTH + BESIDE // 2
    found.height = max(box.y + box.height for box in found.boxes) + EDGE
    return found


def _box(dialog: Dialog, name: str, state: State, language: str) -> Box:
    says = wrap(pick(state.say, language), LETTERS) if state.say else []
    if len(says) > LINES:
        says = [*says[: LINES - 1], says[LINES - 1][: LETTERS - 1] + "…"]
    return Box(name, says, [*ways(dialog, state)], (state.end or name) if state.ends else None)


def _columns(dialog: Dialog, boxes: dict[str, Box]) -> list[list[str]]:
    """By the least number of ways that lead there from the start; what nothing leads to stands last."""
    columns, seen = [[dialog.start] if dialog.start in boxes else []], {dialog.start}
    while columns[-1]:
        ways = (way for name in columns[-1] for way in boxes[name].ways if way.kind != "silence")
        fresh = dict.fromkeys(way.goto for way in ways if way.goto in boxes and way.goto not in seen)
        seen.update(fresh)
        columns.append([*fresh])
    columns[-1] = [name for name in boxes if name not in seen]
    return [names for names in columns if names]


def _leading(before: list[Box], name: str) -> float:
    """How far down, on average, the ways begin that lead there."""
    begins = [box.way_y(place) for box in before for place, way in enumerate(box.ways) if way.goto == name]
    return mean(begins) if begins else 1e9
