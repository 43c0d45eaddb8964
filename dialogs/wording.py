"""The sentences of a dialog by themselves: found in its YAML, and written anew there; all else stays as it was typed."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from dialogs.diagram import heard
from dialogs.load import plain, read_nodes
from dialogs.spec import Dialog, Path, State

OPTIONAL = ("picture",)  # what a state may do without; so may words do without a language
LINE_END = re.compile("[\n\x85\u2028\u2029]")
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

    def languages(self, shop: Sequence[str]) -> list[str]:
        """Those that it is said in; and, unless one text serves all, those that it should be said in."""
        return [*self.words] if "" in self.words else [*shop]


@dataclass(frozen=True, slots=True)
class Worded:
    """A state as whoever only changes words sees it. `settings`: its tries, wait and picture, "" if it has none, by path."""

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
        if state.say is not None:
            one.settings[*path, "picture"] = said.get("picture", "")
        if isinstance(said.get("otherwise"), dict):
            one.settings[*path, "otherwise", "tries"] = said["otherwise"].get("tries", str(state.otherwise.tries))
        if isinstance(said.get("after"), dict):
            one.settings[*path, "after", "wait"] = said["after"]["wait"]
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

    What one says in every language (`say: hello`) has the language "". A language or a picture that says nothing any more goes,
    unless it is the last. Raises DialogError for what cannot be read, KeyError for a place whose neighbours are not there either.
    """
    emptied = {path: value for path, value in changes.items() if not value}
    source = _edited(source, {path: value for path, value in changes.items() if value})
    for path, value in emptied.items():  # one by one: what goes is where its neighbours begin and end
        source = _edited(source, {path: value})
    return source


def _edited(source: str, changes: Mapping[Path, str]) -> str:
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
        goes = not value and (path[-1] in OPTIONAL or path[-2] == "say") and len(parent.value) > 1
        return _gone(source, parent, node) if goes else _span(source, node, value)
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
    """After the last of its neighbours; before the first one if that last one is no text, whose end is not its own."""
    written = f"{_quoted(key) if key == '' else key}: {_quoted(value)}"
    first, last = parent.value[0][0].start_mark, parent.value[-1][1]
    end = last.end_mark.index
    if parent.flow_style:
        return end, end, f", {written}"
    if not isinstance(last, yaml.ScalarNode):
        return first.index, first.index, f"{written}\n{' ' * first.column}"
    found = LINE_END.search(source, end if not LINE_END.match(source[end - 1 : end]) else end - 1)
    place = found.start() if found else len(source)
    return place, place, f"\n{' ' * first.column}{written}"


def _gone(source: str, parent: yaml.MappingNode, node: yaml.ScalarNode) -> tuple[int, int, str]:
    """From where its key begins to where the next one does; of the last one, from where the one before ends."""
    place = next(place for place, (_, value) in enumerate(parent.value) if value is node)
    if place + 1 < len(parent.value):
        return parent.value[place][0].start_mark.index, parent.value[place + 1][0].start_mark.index, ""
    before, end = parent.value[place - 1][1].end_mark.index, node.end_mark.index
    cut = LINE_END.match(source[end - 1 : end]) and not LINE_END.match(source[before - 1 : before])  # a block ends its line
    return before, end, "\n" if cut else ""


def _quoted(value: str) -> str:
    """As YAML reads a text back letter by letter."""
    return UNPRINTED.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(value, ensure_ascii=False))
