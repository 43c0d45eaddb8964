"""All that is known about a run when it is over: the carrier's diary, and what our tables say."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

UNKNOWN = "unknown outcome"  # held for a person after three attempts

Line = Mapping[str, Any]
Said = tuple[str, str]  # to whom, what


def words(body: str) -> str:
    """A body as it may be compared: blanks may change on their way."""
    return " ".join(body.split())


@dataclass(frozen=True)
class Case:
    """`diary`: the carrier's lines, in order; the rest is our own account.

    `audience`: campaign → what was meant for whom, known from outside. `texts` and `says`: rows of messages, in and out.
    `left`: the phones that our list says must not be texted; `announced`: those told that a person will read their text.
    """

    diary: Sequence[Line]
    audience: Mapping[int, Sequence[Said]] = field(default_factory=dict)
    texts: Sequence[Any] = ()
    says: Sequence[Any] = ()
    balances: Mapping[int, Any] = field(default_factory=dict)
    left: frozenset[str] = frozenset()
    announced: frozenset[str] = frozenset()
    settled_after: float = 0.0

    def lines(self, event: str) -> list[Line]:
        return [line for line in self.diary if line["event"] == event]

    @cached_property
    def accepted(self) -> Counter[Said]:
        """How many times the carrier took each text."""
        return Counter((line["to"], words(line["body"])) for line in self.lines("accepted"))

    @cached_property
    def acknowledged(self) -> dict[str, int]:
        """Texts that were answered with a 2xx, and at which line of the diary for the first time."""
        first: dict[str, int] = {}
        for line in self.lines("attempt"):
            if line["http"] is not None and 200 <= line["http"] < 300:
                first.setdefault(line["sid"], line["n"])
        return first

    @cached_property
    def typed(self) -> list[tuple[Line, str]]:
        """Reserved words that people typed, and which."""
        kinds = {"STOP": "stop", "Arrêt": "stop", "START": "start"}
        return [(line, kinds[line["body"]]) for line in self.lines("inbound") if line["body"] in kinds]

    @cached_property
    def leavers(self) -> frozenset[str]:
        """Who ever texted STOP."""
        return frozenset(line["from"] for line, kind in self.typed if kind == "stop")

    @cached_property
    def compliance(self) -> frozenset[Said]:
        """What may be said to someone who has left: the confirmation itself."""
        return frozenset((say.theirs, words(say.body)) for say in self.says if say.kind == "compliance")

    @cached_property
    def held(self) -> frozenset[Said]:
        """Whose outcome nobody could find out in three attempts: shown to a person, never sent blindly."""
        return frozenset((say.theirs, words(say.body)) for say in self.says if say.state == "held" and say.why == UNKNOWN)
