"""A segment's rule as a form shows it, line by line and bracket by bracket: from the rule, and back to it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.exceptions import BadRequest

from bot.segments import KINDS, MAX_RULES, Rule, plain
from bot.web.admin.pages import Visit

JOINS = ("all", "any", "none", "not all")
TESTS = ("is", "is_not", "contains", "more_than", "less_than", "exists", "missing")
PERIODS = ("within", "longer", "since", "until", "before", "between")
UNITS = {"H": "hour", "D": "day", "W": "week", "M": "month", "Y": "year"}
LINES = tuple(kind for kind in KINDS if kind not in ("all", "any", "not"))
_DURATION = re.compile(r"PT?([0-9]+)([HDWMY])")
_NODE = re.compile(r"n([0-9]{1,6}) (n[0-9]{1,6}|-) (line|bracket)")


@dataclass(slots=True)
class Line:
    """One condition: its kind, what it is about, and, where it takes them, the test, what it compares with, and a second day."""

    id: str
    kind: str = "topic"
    negated: bool = False
    value: str = ""
    test: str = ""
    arg: str = ""
    until: str = ""
    unit: str = "D"


@dataclass(slots=True)
class Bracket:
    """Lines and brackets that are joined: all of them, any, none, or not all."""

    id: str
    join: str = "all"
    parts: list["Line | Bracket"] = field(default_factory=list)


Part = Line | Bracket


def drawn(rule: Rule | None) -> Bracket:
    """A rule as the form shows it; of none, a first line to fill in."""
    ids = (f"n{number}" for number in range(10**6))
    root = Bracket(next(ids))
    if rule is None:
        root.parts.append(Line(next(ids)))
        return root
    said = plain(rule)
    found = _drawn(said, ids)
    if isinstance(found[0], Bracket) and len(found) == 1:
        return found[0]
    root.parts += found
    return root


def _drawn(said: Mapping[str, Any], ids: Iterator[str], negated: bool = False) -> list[Part]:
    """One piece; several lines that all must hold where one cannot say it, but never where it is negated."""
    if "not" in said:
        inner = said["not"]
        if "not" in inner:
            return _drawn(inner["not"], ids, negated)
        return _drawn(inner, ids, not negated)
    join = next((join for join in ("all", "any") if join in said), None)
    if join is not None:
        bracket = Bracket(next(ids), {("any", True): "none", ("all", True): "not all"}.get((join, negated), join))
        for piece in said[join]:
            parts = _drawn(piece, ids)
            together = join == "any" and len(parts) > 1  # all of these must hold: they are not one each of several
            bracket.parts += [Bracket(next(ids), "all", parts)] if together else parts
        return [bracket]
    lines = list(_lines(said, ids))
    if negated and len(lines) > 1:
        return [Bracket(next(ids), "not all", [*lines])]
    for line in lines:
        line.negated = negated
    return [*lines]


def _lines(said: Mapping[str, Any], ids: Iterator[str]) -> Iterator[Line]:
    kind = next(kind for kind in LINES if kind in said)
    match kind:
        case "country":
            yield Line(next(ids), kind, value=", ".join(said[kind]))
        case "replied":
            answer = said[kind]
            found = _period(answer)
            if found is None:
                yield Line(next(ids), "other", value=json.dumps(said, ensure_ascii=False))
            else:
                yield Line(next(ids), kind, False, answer.get("to", ""), *found)
        case "subscribed" | "field":
            tests = [(name, said[name]) for name in TESTS if name in said]
            for test, arg in tests:
                yield _test(next(ids), said[kind], test, arg)
            keys = {name: said[name] for name in ("since", "until", "before", "within") if name in said}
            for some in [keys] if _period(keys) else [{name: day} for name, day in keys.items()]:
                if (found := _period(some)) and found[0]:
                    yield Line(next(ids), kind, False, said[kind], *found)
        case _:
            yield Line(next(ids), kind, value=said[kind])


def _test(id_: str, name: str, test: str, arg: Any) -> Line:
    if test == "exists":
        return Line(id_, "field", value=name, test="exists" if arg else "missing")
    return Line(id_, "field", value=name, test=test, arg=str(arg))


def _period(said: Mapping[str, str]) -> tuple[str, str, str, str] | None:
    """Test, what it compares with, second day and unit of a period that one line can say; None: it takes more than one."""
    keys = {name for name in ("since", "until", "before", "within") if name in said}
    if not keys:
        return "", "", "", "D"
    if keys == {"since", "until"}:
        return "between", said["since"], said["until"], "D"
    if len(keys) > 1:
        return None
    name = keys.pop()
    if span := _DURATION.fullmatch(said[name]):
        return {"before": "longer"}.get(name, name), span[1], "", span[2]
    return name, said[name], "", "D"


def read(visit: Visit, *, drawing: bool = False) -> Bracket:
    """What a form says, in the order in which it stands there; what belongs to no bracket is left out.

    `drawing`: a line that is about something else than it was drawn for begins anew. Raises BadRequest if no rule came.
    """
    form, brackets = visit.form, dict[str, Bracket]()
    for node in visit.many("node")[: MAX_RULES + 1]:
        if not (found := _NODE.fullmatch(node)):
            continue
        id_, parent, shape = f"n{found[1]}", brackets.get(found[2]), found[3]
        part: Part
        if shape == "bracket":
            join = form.get(f"{id_}.join", "all")
            part = brackets[id_] = Bracket(id_, join if join in JOINS else "all")
        else:
            said = {name: form.get(f"{id_}.{name}", "") for name in ("kind", "value", "test", "arg", "until", "unit")}
            said["kind"] = said["kind"] if said["kind"] in (*LINES, "other") else "topic"
            if drawing and said["kind"] != form.get(f"{id_}.was"):
                said = {"kind": said["kind"]}
            part = Line(id_, negated=form.get(f"{id_}.negated") == "not", **said)
        if parent is not None and part is not parent:
            parent.parts.append(part)
    if not brackets:
        raise BadRequest
    return next(iter(brackets.values()))


def tests(line: Line, types: Mapping[str, str]) -> list[str]:
    """The tests that a line of its kind can make. `types`: of the fields, by name."""
    if line.kind != "field":
        return ["", *PERIODS] if line.kind == "replied" else [*PERIODS]
    return [*TESTS, *(PERIODS if types.get(line.value, "text") in ("date", "text") else ())]


def edit(root: Bracket, do: str) -> str:
    """One change: "line n3" and "bracket n3" add to a bracket, "remove n4" takes one out. Returns the new line's id, or ""."""
    what, _, which = do.partition(" ")
    last = max(int(part.id[1:]) for part in every(root))
    line = Line(f"n{last + 1}")
    for bracket in [part for part in every(root) if isinstance(part, Bracket)]:
        if what == "remove":
            bracket.parts = [part for part in bracket.parts if part.id != which]
        elif bracket.id == which and what in ("line", "bracket"):
            inner = Bracket(f"n{last + 2}", "any" if bracket.join == "all" else "all", [line])
            bracket.parts.append(line if what == "line" else inner)
            return line.id
    return ""


def every(part: Part) -> Iterator[Part]:
    """A piece and all in it."""
    yield part
    if isinstance(part, Bracket):
        for inner in part.parts:
            yield from every(inner)


def as_rule(part: Part) -> dict[str, Any]:
    """The rule as plain data, as it is kept; a line that nobody has filled in is wrong as the house says it."""
    if isinstance(part, Bracket):
        parts = [as_rule(one) for one in part.parts]
        joined = {"any" if part.join in ("any", "none") else "all": parts}
        return {"not": joined} if part.join in ("none", "not all") else joined
    said = _said(part)
    return {"not": said} if part.negated else said


def _said(line: Line) -> dict[str, Any]:
    match line.kind:
        case "field":
            return {"field": line.value, **_tested(line)}
        case "subscribed":
            return {"subscribed": line.value, **_within(line)}
        case "replied":
            return {"replied": {**({"to": line.value} if line.value else {}), **_within(line)}}
        case "country":
            return {"country": codes(line.value)}
        case "other":
            try:
                said: Any = json.loads(line.value)
            except (ValueError, RecursionError):
                said = {}
            return said if isinstance(said, dict) else {}
    return {line.kind: line.value}


def codes(written: str) -> list[str]:
    """Countries as people list them: "fr, be"."""
    return [code.upper() for code in re.split(r"[\s,;]+", written) if code]


def _tested(line: Line) -> dict[str, Any]:
    if line.test in ("exists", "missing"):
        return {"exists": line.test == "exists"}
    return {line.test: line.arg} if line.test in TESTS else _within(line)


def _within(line: Line) -> dict[str, Any]:
    span = f"P{'T' if line.unit == 'H' else ''}{line.arg.strip()}{line.unit}"
    match line.test:
        case "":
            return {}
        case "within":
            return {"within": span}
        case "longer":
            return {"before": span}
        case "between":
            return {"since": line.arg, "until": line.until}
    return {line.test: line.arg}


def places(root: Bracket) -> dict[str, str]:
    """Where each piece of the form stands in the rule, as the house names it (`all.1.not`) → its id."""
    found: dict[str, str] = {}

    def walk(part: Part, path: tuple[str, ...]) -> None:
        if isinstance(part, Line):
            found[".".join((*path, "not") if part.negated else path)] = part.id
            return
        inner = (*path, *(("not",) if part.join in ("none", "not all") else ()), "any" if part.join in ("any", "none") else "all")
        found[".".join(path)] = part.id
        for place, one in enumerate(part.parts):
            walk(one, (*inner, str(place)))

    walk(root, ())
    return found


def beside(root: Bracket, errors: Mapping[str, str], within: str = "rule") -> dict[str, str]:
    """What is wrong with which piece, by its id; with the whole: ""."""
    known, told = places(root), dict[str, list[str]]()
    for path, message in errors.items():
        steps = path.split(".")[1:] if path.split(".")[0] == within else None
        if steps is None:
            told.setdefault(path, []).append(message)
            continue
        some = (".".join(steps[:length]) for length in range(len(steps), -1, -1))
        told.setdefault(next((known[one] for one in some if one in known), ""), []).append(message)
    return {id_: " ".join(dict.fromkeys(messages)) for id_, messages in told.items()}
