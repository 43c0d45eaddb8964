"""Dialogs as they are written, by their files or from the tables; each is read when it is first asked for, and once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import dialogs
from bot.shop.kept import kept
from dialogs.load import DialogError, Problem, load
from dialogs.parts import OpenDialog
from dialogs.spec import Dialog

LIBRARY = Path(dialogs.__file__).parent / "library"


@dataclass(frozen=True, slots=True)
class Script:
    """The YAML of a dialog, and the file that its problems are reported in: in the tables, its name."""

    file: str
    source: str

    @property
    def dialog(self) -> Dialog:
        """What it says. Raises DialogError."""
        read = _read(self)
        if isinstance(read, Dialog):
            return read
        raise DialogError(read)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why it cannot be read; empty: it can."""
        read = _read(self)
        return () if isinstance(read, Dialog) else read


@kept(200)
def _read(script: Script) -> Dialog | tuple[Problem, ...]:
    try:
        return load(script.source, script.file)
    except DialogError as error:
        return error.problems


def find(name: str, beside: Path) -> Script:
    """A dialog of the library by its name, else of a YAML file. Raises DialogError, or OSError where there is none."""
    path = beside / name if name.endswith((".yaml", ".yml")) else LIBRARY / f"{name}.yaml"
    try:
        script = Script(str(path), path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise DialogError([Problem(str(path), 1, "", "this file is not UTF-8 text")]) from None
    if script.problems:
        raise DialogError(script.problems)
    return script


def opened(script: Script, scripts: Mapping[str, Script]) -> dict[str, Script]:
    """Those of these dialogs that a conversation in it can come to: which it opens, and which they open."""
    found: dict[str, Script] = {}
    new = [script]
    while new:
        names = _opens(new.pop())
        fresh = {name: scripts[name] for name in names if name in scripts and name not in found}
        found.update(fresh)
        new += fresh.values()
    return found


@kept(1000)
def _opens(script: Script) -> tuple[str, ...]:
    if script.problems:
        return ()
    states = script.dialog.states.values()
    actions = [*(state.then for state in states), *(branch.then for state in states for branch in state.on or ())]
    return tuple(dict.fromkeys(one.dialog for some in actions for one in some if isinstance(one, OpenDialog)))
