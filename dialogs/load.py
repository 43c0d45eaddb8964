"""Reads a dialog, or another file of ours, from YAML in which every scalar is text; says by file and line what is wrong."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any, NoReturn

import yaml
from pydantic import ValidationError

from dialogs.spec import Dialog, Path

MAX_CHARACTERS = 100_000
MAX_DEPTH = 30
UNQUOTED = re.compile("expected ',' or '.', but got '[?:]'|mapping values are not allowed")
MAX_NODES = 4_000  # keys, values and lists: several times as many as a long dialog has
UNSAYABLE = re.compile("[\0\ud800-\udfff]")  # YAML can write them as "\\0"; no database keeps them

WORDING = {
    "extra_forbidden": "this key is not known here",
    "missing": "this key is missing",
    "union_tag_not_found": "an action needs `do`, such as {do: tag, tag: vip}",
    "string_too_short": "this must not be empty",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a file, and where: file, line (from 1) and path such as `states.hello.on.0`.

    `transcript`: the shortest conversation that shows it, where there is one.
    """

    file: str
    line: int
    path: str
    message: str
    transcript: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = f"{self.file}:{self.line}: {self.path + ': ' if self.path else ''}{self.message}"
        return "\n    ".join((told, *self.transcript))


class DialogError(Exception):
    """The dialog could not be read; `problems` says why."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class _Loader(yaml.BaseLoader):
    """Refuses aliases, because a few lines of them can unfold to gigabytes, and more or deeper than anybody needs.

    Brackets are refused where they are scanned: that looks far ahead of what is composed, once for each that is open.
    """

    depth = nodes = 0

    def fetch_flow_collection_start(self, token: Any) -> None:
        if self.flow_level >= MAX_DEPTH:
            self._refuse("this is nested too deeply", self.get_mark())
        super().fetch_flow_collection_start(token)

    def compose_node(self, parent: Any, index: Any) -> Any:
        here = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            self._refuse("write it out: `*` references are not allowed", here)
        self.depth, self.nodes = self.depth + 1, self.nodes + 1
        if self.depth > MAX_DEPTH:
            self._refuse("this is nested too deeply", here)
        if self.nodes > MAX_NODES:
            self._refuse(f"this is too much: more than {MAX_NODES} keys and values", here)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    @staticmethod
    def _refuse(why: str, where: Any) -> NoReturn:
        raise yaml.MarkedYAMLError(None, None, why, where)


def load(source: str, name: str = "<dialog>") -> Dialog:
    """The dialog written in `source`; `name` is the file that problems are reported in. Raises DialogError."""
    data, lines = plain(source, name)
    try:
        return Dialog.model_validate(data).placed(name, lines)
    except ValidationError as error:
        raise DialogError(told(error, name, lines)) from None


def plain(source: str, name: str) -> tuple[Any, dict[Path, int]]:
    """What YAML says, as dicts, lists and text, and the line of each path in it. Raises DialogError.

    Refused are references (a few lines of them unfold to gigabytes), keys written twice, and more than a person writes.
    """
    node = read_nodes(source, name)
    lines: dict[Path, int] = {}
    problems: list[Problem] = []
    data = _plain(node, (), name, lines, problems)
    if problems:
        raise DialogError(problems)
    return data, lines


def read_nodes(source: str, name: str) -> yaml.Node | None:
    """What YAML says, each piece with its place in the source; nobody changes it. Raises DialogError."""
    if len(source) > MAX_CHARACTERS:
        raise DialogError([Problem(name, 1, "", f"a file may have {MAX_CHARACTERS} characters")])
    try:
        return _composed(source)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        text = getattr(error, "problem", None) or str(error).splitlines()[0]
        if UNQUOTED.match(text):
            text += ": a text with `?` or `:` after a blank must stand in quotes"
        raise DialogError([Problem(name, mark.line + 1 if mark else 1, "", text)]) from None


@lru_cache(maxsize=8)  # whoever types a sentence has the same YAML read several times
def _composed(source: str) -> yaml.Node | None:
    return yaml.compose(source, Loader=_Loader)


def load_file(path: FilePath | str) -> Dialog:
    """The dialog in a YAML file (UTF-8). Raises DialogError."""
    path = FilePath(path)
    try:
        return load(path.read_text(encoding="utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise DialogError([Problem(str(path), 1, "", "this file is not UTF-8 text")]) from None


def problem(
    file: str, lines: Mapping[Path, int], path: Path, message: str, transcript: tuple[str, ...] = ()
) -> Problem:
    """A problem at `path`, or at the nearest place around it that is written in the file."""
    while path and path not in lines:
        path = path[:-1]
    return Problem(file, lines.get(path, 1), ".".join(map(str, path)), message, transcript)


def _plain(node: yaml.Node | None, path: Path, file: str, lines: dict[Path, int], problems: list[Problem]) -> Any:
    """Nodes as dicts, lists and text; notes the line of each path and refuses a key that is written twice."""
    if node is None:
        return {}
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, i), file, lines, problems) for i, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        if UNSAYABLE.search(node.value):
            problems.append(Problem(file, node.start_mark.line + 1, ".".join(map(str, path)), "no text can have this character"))
        return node.value
    data: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            problems.append(problem(file, lines, path, "a key must be a single word"))
        elif key.value in data:
            problems.append(Problem(file, key.start_mark.line + 1, ".".join(map(str, path)),
                                    f"`{key.value}` is written twice"))
        else:
            lines[(*path, key.value)] = key.start_mark.line + 1
            data[key.value] = _plain(value, (*path, key.value), file, lines, problems)
    return data


def told(error: ValidationError, file: str, lines: Mapping[Path, int]) -> list[Problem]:
    """What pydantic found, in words for people who write such files."""
    problems = []
    for found in error.errors(include_url=False, include_context=False):
        message = WORDING.get(found["type"], found["msg"].removeprefix("Value error, "))
        if found["type"] in ("extra_forbidden", "missing"):
            message = f"`{found['loc'][-1]}`: {message}"
        problems.append(problem(file, lines, tuple(found["loc"]), message))
    return problems
