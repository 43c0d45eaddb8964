"""Liquid made safe for marketers: no files, no objects, no bombs, and a missing value is never silent.

Names and texts of strangers are values here, never templates: what they contain is not looked at again.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import wraps
from numbers import Number
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, RenderContext, Undefined
from liquid.builtin.output import Output, OutputNode
from liquid.exceptions import LiquidTypeError, ResourceLimitError
from liquid.token import TOKEN_CONTENT, TOKEN_ILLEGAL, TOKEN_OUTPUT, Token
from liquid.undefined import UNDEFINED

from bot.text.clean import clean
from bot.text.dates import written

MAX_OUTPUT = 20_000
"""Longest result, in bytes, and longest value on the way to it: several times what a text can hold."""
MAX_LOOPS = 200
"""Rounds of a loop; of loops within loops, all rounds together."""

TAGS = ("if", "unless", "case", "for", "break", "continue", "assign", "capture", "comment", "#")
# Left out are filters that multiply text (replace, join, split), and the one that reads the clock (date).
FILTERS = (
    *("default", "upcase", "downcase", "capitalize", "strip", "lstrip", "rstrip", "truncate", "truncatewords"),
    *("append", "prepend", "remove", "remove_first", "replace_first", "first", "last", "size"),
    *("plus", "minus", "times", "divided_by", "modulo", "round", "floor", "ceil", "abs", "at_least", "at_most"),
)
# Filters that take words: a day, yes or no, a number with a fraction come to them as they would be said.
OF_WORDS = frozenset({
    "upcase", "downcase", "capitalize", "strip", "lstrip", "rstrip", "truncate", "truncatewords",
    "append", "prepend", "remove", "remove_first", "replace_first",
})  # fmt: skip


YES_NO = {"en": ("no", "yes"), "fr": ("non", "oui"), "es": ("no", "sí")}
COMMAS = ("fr", "es")  # languages that write 12,5


class MissingTag(LookupError):
    """A merge tag has no value for this contact, and no default: say something else, or nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no value for {{{{ {name} }}}}")
        self.name = name


class Missing(Undefined):
    """A value that is not there: false in conditions, replaced by `default`, refused anywhere else."""

    __slots__ = ()
    force_liquid_default = True

    def __str__(self) -> str:
        raise MissingTag(self.name)


class _Context(RenderContext):
    """Sees only what it was given (no clock), and takes an empty value for a missing one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = type(self.scope)(self.locals, self.globals)

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        found = super().get(path, token=token, default=default)
        if isinstance(found, Missing) and not found.hint:
            return found  # it was missing when a tag gave it this name
        blank = found in (None, [], {}) or (isinstance(found, str) and not found.strip())
        return Missing(".".join(map(str, path)), token=token) if blank else found


class _Template(BoundTemplate):
    context_class = _Context


class _Say(OutputNode):
    """Prints one value, never a whole record, which would text its insides to a customer."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = _measure(self.expression.evaluate(context))
        if isinstance(value, str):
            return buffer.write(clean(value))
        if language := context.globals.get("language"):
            value = _in_words(value, str(language))
            if isinstance(value, str):
                return buffer.write(value)
        if not isinstance(value, (Number, date, Missing)):
            raise LiquidTypeError(f"“{self.expression}” holds several values: name one of them", token=self.token)
        return super().render_to_output(context, buffer)


def _in_words(value: object, language: str) -> object:
    """A day, yes or no, a number with a fraction, as people write them; anything else as it is."""
    match value:
        case bool():
            return YES_NO.get(language, YES_NO["en"])[value]
        case date():
            return written(value, language)
        case float() | Decimal() if value == value // 1:  # 1250.0: nobody writes that
            return f"{value:.0f}"
        case float() | Decimal():
            return str(value).replace(".", ",") if language in COMMAS else value
    return value


class _Output(Output):
    node_class = _Say


class _Environment(Environment):
    template_class = _Template
    block_nesting_limit = 10
    context_depth_limit = 10
    loop_iteration_limit = MAX_LOOPS
    local_namespace_limit = MAX_OUTPUT
    output_stream_limit = MAX_OUTPUT

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        self.add_tag(_Output)
        plumbing = {TOKEN_CONTENT, TOKEN_OUTPUT, TOKEN_ILLEGAL}
        self.tags = {name: tag for name, tag in self.tags.items() if name in plumbing or name in TAGS}
        self.filters = {name: _bounded(name, self.filters[name]) for name in FILTERS}
        self.filters["written"] = _bounded("written", _written)


def _bounded(name: str, apply: Callable[..., object]) -> Callable[..., object]:
    """Make a filter refuse missing values, and results that are too long."""

    @wraps(apply)
    def bounded(value: object, *args: object, context: RenderContext, **options: object) -> object:
        given = [value, *args]
        for one in given:
            if isinstance(one, Missing) and name != "default":
                raise MissingTag(one.name)
        language = context.globals.get("language")
        if name in OF_WORDS and language:
            given = [_in_words(one, str(language)) for one in given]
        if name == "default":
            options = {"allow_false": True, **options}  # a no that somebody said is a value
        return _measure(apply(*given, **options))

    bounded.with_context = True  # type: ignore[attr-defined]
    return bounded


def _measure(value: object) -> object:
    if isinstance(value, str) and len(value) > MAX_OUTPUT:
        raise ResourceLimitError(f"a value is longer than {MAX_OUTPUT} characters", token=None)
    return value


def _written(value: object, language: object = "en") -> object:
    """A day that was heard, as people write it; anything else as it is."""
    try:
        return written(date.fromisoformat(str(value)), str(language))
    except ValueError:
        return value


LIQUID = _Environment(undefined=Missing)
NOWHERE = RenderContext(LIQUID.from_string(""))
