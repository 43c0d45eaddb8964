"""A marketer's text, read and checked as Liquid once, and kept ready for every contact it goes to."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from liquid import BoundTemplate
from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.expressions.logical import EqExpression, NeExpression
from liquid.builtin.expressions.primitive import Blank, Empty, Nil, RangeLiteral, StringLiteral
from liquid.exceptions import LiquidError, LiquidTypeError
from liquid.expression import Expression

from bot.text.clean import clean
from bot.text.sandbox import LIQUID, NOWHERE

MAX_TEMPLATE = 5_000
"""Longest template, in characters."""
MAX_TAGS = 100
"""Most tags in a template, {{ }} and {% %} together."""


class BadTemplate(ValueError):
    """The template is no valid Liquid, or wants more than it may; the message says why and in which line."""


@lru_cache(maxsize=1024)
def compiled(source: str) -> BoundTemplate:
    """Return the template ready to render, from a bounded cache; raise BadTemplate if it cannot be."""
    _refuse(source)
    try:
        template = LIQUID.from_string(_TAG.sub(_tidy, clean(source)))
        for expression in expressions(template.nodes):
            _check(expression)
    except LiquidError as error:
        raise bad(error, source) from None
    return template


def bad(error: Exception, source: str) -> BadTemplate:
    """Say in one line what is wrong with a template and where: "line 2: unknown filter 'shout'".

    An error that names no place was met at the end.
    """
    where = error.context() if isinstance(error, LiquidError) else None
    line = where[0] if where else len(source.splitlines()) or 1
    return BadTemplate(f"line {line}: {error.message if isinstance(error, LiquidError) else error}")


def expressions(nodes: Iterable[Node]) -> Iterator[Expression]:
    """Yield every expression of these nodes, those within others included."""
    for node in nodes:
        for expression in node.expressions():
            yield from within(expression)
        yield from expressions(children(node))


def children(node: Node) -> list[Node]:
    """Return the nodes inside a node (its blocks)."""
    return list(node.children(NOWHERE, include_partials=False))


def within(expression: Expression) -> Iterator[Expression]:
    """Yield an expression and all those inside it."""
    yield expression
    for child in expression.children():
        yield from within(child)


_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TYPED = re.compile(r"\"[^\"]*\"|'[^']*'|[“”„‟‘’]|\s+")


def _refuse(source: str) -> None:
    """Refuse what the Liquid parser would chew on for seconds: very long texts, many tags, tags without end."""
    opened = source.count("{{") + source.count("{%")
    if len(source) > MAX_TEMPLATE or opened > MAX_TAGS:
        raise BadTemplate(f"line 1: at most {MAX_TEMPLATE} characters and {MAX_TAGS} tags, please")
    rest = _TAG.sub(lambda tag: "\n" * tag[0].count("\n"), source)
    unclosed = re.search(r"\{[{%]", rest)
    if unclosed:
        line = rest.count("\n", 0, unclosed.start()) + 1
        raise BadTemplate(f"line {line}: {unclosed[0]} is opened and never closed")


def _tidy(tag: re.Match[str]) -> str:
    """Undo, inside a tag, the curly quotes and no-break spaces that phones and word processors put there."""
    return _TYPED.sub(_straight, tag[0])


def _straight(found: re.Match[str]) -> str:
    sign = found[0]
    if sign[0] in "\"'":
        return sign
    if sign.isspace():
        return "\n" * sign.count("\n") or " "
    return "'" if sign in "‘’" else '"'


def _check(expression: Expression) -> None:
    """Refuse filters that do not exist and loops over numbers; make all ways to ask for nothing the same."""
    if isinstance(expression, FilteredExpression):
        for filter in expression.filters or ():
            filter.validate_filter_arguments(LIQUID)
    if isinstance(expression, RangeLiteral):
        raise LiquidTypeError("a loop runs over a list, not over (1..9)", token=expression.token)
    if isinstance(expression, (EqExpression, NeExpression)):
        expression.left, expression.right = _nothing(expression.left), _nothing(expression.right)


def _nothing(literal: Expression) -> Expression:
    """Let `!= blank`, `!= empty` and `!= ""` all mean "is there", whether a value is absent or blank."""
    nothing = isinstance(literal, (Blank, Empty)) or (isinstance(literal, StringLiteral) and not literal.value)
    return Nil(literal.token) if nothing else literal
