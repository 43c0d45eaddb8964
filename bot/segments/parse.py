"""Reads a rule from plain data and says, piece by piece, what is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.segments.rules import KINDS, AllOf, AnyOf, Not, Rule

# Both limits count a rule together with the segments that it names: what a database is asked stays of a size it can plan.
MAX_RULES = 200
MAX_DEPTH = 20

_RULE: TypeAdapter[Rule] = TypeAdapter(Rule)
_WORDING = {
    "extra_forbidden": "this key is not known here",
    "missing": "this key is missing",
    "rule": f"a rule is an object with exactly one of the keys {', '.join(KINDS)}",
    "string_type": "this should be a text",
    "string_too_short": "this must not be empty",
    "string_too_long": "this is too long",
    "tuple_type": "this should be a list",
    "model_type": "this should be an object",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where in the rule: a path such as `all.1.not.field`; "" for the whole."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class BadRule(ValueError):
    """What was asked of a segment cannot be; `problems` says why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)))


class NotNow(BadRule):
    """It stands, but cannot be done as things are: somebody needs it, or the name is taken."""


def bad(message: str, path: str = "") -> BadRule:
    """The exception for one problem."""
    return BadRule([Problem(path, message)])


def parse(data: Any) -> Rule:
    """The rule that plain data says, as JSON or YAML give it (numbers may be written as text). Raises BadRule."""
    _refuse_too_deep(data)
    try:
        return _RULE.validate_python(data)
    except ValidationError as error:
        raise BadRule([_told(found) for found in error.errors(include_input=False, include_url=False)]) from None


def plain(rule: Rule) -> dict[str, Any]:
    """A rule as plain data, as it is stored: `parse(plain(rule)) == rule`."""
    data: dict[str, Any] = _RULE.dump_python(rule, mode="json", by_alias=True, exclude_none=True)
    return data


def children(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """The rules that a rule joins, each with its step of the path."""
    match rule:
        case AllOf(all=rules):
            yield from ((f"all.{place}", part) for place, part in enumerate(rules))
        case AnyOf(any=rules):
            yield from ((f"any.{place}", part) for place, part in enumerate(rules))
        case Not(not_=part):
            yield "not", part


def _refuse_too_deep(data: Any) -> None:
    """Before anything recursive looks at it: neither deeper nor larger than a rule may be."""
    left: list[tuple[Any, tuple[str, ...], int]] = [(data, (), 1)]
    rules = 0
    while left:
        part, path, depth = left.pop()
        rules += 1
        if depth > MAX_DEPTH:
            raise bad(f"rules may lie in each other {MAX_DEPTH} deep", ".".join(path))
        if rules > MAX_RULES:
            raise bad(f"a segment may have {MAX_RULES} rules", ".".join(path))
        if isinstance(part, dict):
            for key in ("all", "any"):
                rest = part.get(key)
                rest = rest if isinstance(rest, (list, tuple)) else ()
                left += [(each, (*path, key, str(place)), depth + 1) for place, each in enumerate(rest)]
            left += [(part["not"], (*path, "not"), depth + 1)] if "not" in part else []


def _told(found: Any) -> Problem:
    path = ".".join(str(step) for step in found["loc"] if not str(step).startswith(":"))
    message = _WORDING.get(found["type"]) or found["msg"].removeprefix("Value error, ")
    return Problem(path, message)
