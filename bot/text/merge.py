"""Puts a contact's values into a text: "Bonjour {{ contact.first_name | default: "vous" }}"."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from liquid.ast import Node
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Nil, Path
from liquid.builtin.expressions.logical import NeExpression
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.exceptions import LiquidError
from liquid.expression import Expression

from bot.text.clean import clean
from bot.text.sandbox import MissingTag
from bot.text.template import BadTemplate, bad, children, compiled, within

__all__ = ["BadTemplate", "MissingTag", "TagUse", "render", "tag_uses"]


@dataclass(frozen=True, slots=True)
class TagUse:
    """One use of a merge tag, as the names on its path; `has_default`: the text works without its value.

    That is so with a `default` as first filter, inside a condition, and inside `{% if it %}` itself.
    """

    path: tuple[str, ...]
    has_default: bool


def render(template: str, context: Mapping[str, object]) -> str:
    """Return the text with all values in place, cleaned for sending.

    `context` holds plain data only (mappings, lists, texts, numbers, dates, true and false); its `language` is the one in which
    days, fractions, yes and no are written. A value that is absent, None or
    blank raises MissingTag, unless a default or a condition takes care of it. Raises BadTemplate for bad
    Liquid, and for a template that asks for more than a text can be.
    """
    liquid = compiled(template)
    try:
        return clean(liquid.render(context))
    except (LiquidError, ArithmeticError, ValueError, TypeError) as error:
        raise bad(error, template) from None


def tag_uses(template: str) -> tuple[TagUse, ...]:
    """Return the values that a template wants from outside, each use once, in order.

    Raises BadTemplate (a ValueError) with line and reason on bad Liquid.
    """
    liquid = compiled(template)
    needed = {path.token.start_index for path in _needed(liquid.nodes, frozenset())}
    found = [
        (variable.span.index, TagUse(tuple(map(_name, variable.segments)), variable.span.index not in needed))
        for variables in liquid.analyze(include_partials=False).globals.values()
        for variable in variables
    ]
    return tuple(dict.fromkeys(use for _, use in sorted(found, key=lambda pair: pair[0])))


def _needed(nodes: list[Node], assured: frozenset[str]) -> Iterator[Path]:
    """Yield the paths that must have a value; `assured` are those that a condition around them has tested."""
    for node in nodes:
        if isinstance(node, (OutputNode, AssignNode)):
            yield from (path for path in _bare(node.expression) if str(path) not in assured)
        if isinstance(node, IfNode):
            yield from _needed([node.consequence], assured | _tested(node))
            yield from _needed([child for child in children(node) if child is not node.consequence], assured)
        else:
            yield from _needed(children(node), assured)


def _bare(expression: Expression) -> Iterator[Path]:
    """Yield the paths of an output that no `default` protects."""
    if not isinstance(expression, FilteredExpression):
        return
    filters = expression.filters or []
    values = [argument.value for filter in filters for argument in filter.args]
    if not (filters and filters[0].name == "default"):
        values.insert(0, expression.left)
    yield from (inner for value in values for inner in within(value) if isinstance(inner, Path))


def _tested(node: IfNode) -> frozenset[str]:
    """Name the value that `{% if it %}` or `{% if it != blank %}` asks for."""
    condition = node.condition
    tested = condition.expression if isinstance(condition, BooleanExpression) else condition
    if isinstance(tested, NeExpression) and isinstance(tested.right, Nil):
        tested = tested.left
    return frozenset({str(tested)}) if isinstance(tested, Path) else frozenset()


def _name(segment: object) -> str:
    """A segment that is itself a value (`prices[contact.country]`) has no name of its own."""
    return "*" if isinstance(segment, list) else str(segment)
