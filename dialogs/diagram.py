"""Draws a dialog as a mermaid state diagram: states, and on each arrow what takes one along it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dialogs.parts import Hear, When
from dialogs.spec import Dialog, State


@dataclass(frozen=True, slots=True)
class Way:
    """A way on from a state. `kind`: heard, otherwise, silence, after, asked, else or event; `detail`: what, in a few words."""

    kind: str
    detail: str
    goto: str | None  # None: the end


def ways(dialog: Dialog, state: State) -> Iterator[Way]:
    """All ways on from a state, in the order in which they are looked at."""
    for branch in state.on or ():
        yield Way("heard", heard(branch.hear), branch.goto)
    if state.on:
        yield Way("otherwise", "", state.otherwise.goto)
        yield Way("silence", "", dialog.on_expiry)
    if state.after:
        yield Way("after", str(state.after.wait), state.after.goto)
    for choice in state.choose or ():
        yield Way("asked", asked(choice.when), choice.goto) if choice.when else Way("else", "", choice.goto)
    for event, goto in dialog.events.items() if not state.ends else ():
        yield Way("event", event, goto)


def diagram(dialog: Dialog) -> str:
    """The mermaid text of a dialog, one arrow for each way on."""
    lines = ["stateDiagram-v2", f"  [*] --> {_id(dialog.start)}"]
    for name, state in dialog.states.items():
        lines.append(f'  state "{name}" as {_id(name)}')
        arrows = [(_why(way), way.goto or "[*]") for way in ways(dialog, state)] + ([("", "[*]")] if state.ends else [])
        lines += [f"  {_id(name)} --> {_id(goto)}" + (f": {_plain(why)}" if why else "") for why, goto in arrows]
    return "\n".join(lines) + "\n"


def _why(way: Way) -> str:
    return way.detail if way.kind in ("heard", "asked", "event") else f"{way.kind} {way.detail}".rstrip()


def heard(hear: Hear) -> str:
    """A listener in a few words: its first words, its options, or its kind."""
    words = [word for listed in (hear.words or {}).values() for word in listed] or list(hear.choice or ())
    return ", ".join(words[:4]) + (" …" if len(words) > 4 else "") if words else hear.kind


def asked(when: When) -> str:
    """A condition in a few words."""
    return _flat(when.model_dump(mode="json", by_alias=True, exclude_unset=True))


def _flat(said: Any) -> str:
    """`{value: {name: rating, below: 3}}` as "rating below 3"."""
    if isinstance(said, dict):
        return " ".join(_flat(value) if key in ("value", "name") else f"{key} {_flat(value)}" for key, value in said.items())
    return ", ".join(map(_flat, said)) if isinstance(said, list) else str(said).removesuffix(".0")


def _id(name: str) -> str:
    return name if name == "[*]" else "s_" + name.replace("-", "_")


def _plain(text: str) -> str:
    """Mermaid reads colons, semicolons, quotes and braces as its own."""
    return " ".join("".join(" " if c in ":;\"'{}#" else c for c in text).split())
