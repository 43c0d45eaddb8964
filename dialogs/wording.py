"""The sentences of a dialog by themselves: found in its YAML, and written anew there; all else stays as it was typed."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from dialogs.diagram import heard
from dialogs.load import plain, read_nodes
from dialogs.spec import Dialog, Path, State

UNPRINTED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # YAML takes them for something else, or for nothing


@dataclass(frozen=True, slots=True)
class Saying:
    """Words of a state by language, at their place: what it says first, to an answer, to none of them, or a line of its menu.

    `what`: say, branch, otherwise, option. `heard`: which answer, of a branch; which option.
    """

    path: Path
    what: str
    words: Mapping[str, str]
    heard: str = ""


@dataclass(frozen=True, slots=True)
class Worded:
    """A state as whoever only changes words sees it. `settings`: tries, wait and picture that are written there, by path."""

    name: str
    way: str  # listens, waits, chooses or ends
    sayings: list[Saying] = field(default_factory=list)
    settings: dict[Path, str] = field(default_factory=dict)


def worded(source: str, dialog: Dialog) -> list[Worded]:
    """All states of a dialog in the order in which they are written. `dialog`: the same, read."""
    raw, _ = plain(source, dialog.name)
    found = []
    for name, state in dialog.states.items():
        said, path = raw["states"][name], ("states", name)
        one = Worded(name, _way(state), [*_sayings(said, path, state)])
        for inner, key in ((said, "picture"), (said.get("otherwise"), "tries"), (said.get("after"), "wait")):
            if isinstance(inner, dict) and key in inner:
                step = {"tries": ("otherwise",), "wait": ("after",)}.get(key, ())
                one.settings[*path, *step, key] = inner[key]
        found.append(one)
    return found


def _way(state: State) -> str:
    if state.on is not None:
        return "listens"
    return "waits" if state.after is not None else "chooses" if state.choose is not None else "ends"


def _sayings(said: Any, path: Path, state: State) -> Iterator[Saying]:
    if "say" in said:
        yield Saying((*path, "say"), "say", _words(said["say"]))
    for place, branch in enumerate(state.on or ()):
        written, here = said["on"][place], (*path, "on", place)
        for option, choice in (branch.hear.choice or {}).items():
            if choice.say is not None:
                words = written["hear"]["choice"][option]["say"]
                yield Saying((*here, "hear", "choice", option, "say"), "option", _words(words), option)
        if "say" in written:
            yield Saying((*here, "say"), "branch", _words(written["say"]), heard(branch.hear))
    if isinstance(said.get("otherwise"), dict) and "say" in said["otherwise"]:
        yield Saying((*path, "otherwise", "say"), "otherwise", _words(said["otherwise"]["say"]))


def _words(said: Any) -> Mapping[str, str]:
    return said if isinstance(said, dict) else {"": said}


def rewrite(source: str, changes: Mapping[Path, str]) -> str:
    """The YAML with other words at these places; a language or a setting that is not there yet is added to its neighbours.

    What one says in every language (`say: hello`) has the language "". Raises DialogError for what cannot be read, and KeyError
    for a place whose neighbours are not there either.
    """
    root = read_nodes(source, "dialog")
    edits = [_edit(source, root, path, value) for path, value in changes.items()]
    for start, end, written in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        source = source[:start] + written + source[end:]
    return source


def _edit(source: str, root: Any, path: Path, value: str) -> tuple[int, int, str]:
    """From where to where something else is to stand, and what."""
    parent = root
    for step in path[:-1]:
        parent = _child(parent, step)
        if parent is None:
            raise KeyError(path)
    if isinstance(parent, yaml.ScalarNode) and path[-1] == "":  # said in every language at once
        return _span(source, parent, value)
    node = _child(parent, path[-1])
    if isinstance(node, yaml.ScalarNode):
        return _span(source, node, value)
    if node is not None or not isinstance(parent, yaml.MappingNode) or not parent.value:
        raise KeyError(path)
    return _added(source, parent, str(path[-1]), value)


def _child(node: Any, step: str | int) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None


def _span(source: str, node: yaml.ScalarNode, value: str) -> tuple[int, int, str]:
    end = node.end_mark.index
    block = node.style in ("|", ">")  # it takes the end of its last line, too
    return node.start_mark.index, end, _quoted(value) + ("\n" if block and source[end - 1 : end] == "\n" else "")


def _added(source: str, parent: yaml.MappingNode, key: str, value: str) -> tuple[int, int, str]:
    name = _quoted(key) if key == "" else key
    if parent.flow_style:
        place = parent.value[-1][1].end_mark.index
        return place, place, f", {name}: {_quoted(value)}"
    last = parent.value[-1][1].end_mark.index
    place = source.find("\n", last if source[last - 1 : last] != "\n" else last - 1)
    place = len(source) if place < 0 else place
    return place, place, f"\n{' ' * parent.start_mark.column}{name}: {_quoted(value)}"


def _quoted(value: str) -> str:
    """As YAML reads a text back letter by letter."""
    return UNPRINTED.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(value, ensure_ascii=False))
