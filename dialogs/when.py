"""Conditions of a `choose`: by a remembered answer, or by what the house knows of the contact."""

from collections.abc import Callable, Iterator, Mapping

from dialogs import parts
from dialogs.effects import Value
from dialogs.ground import Holds

Condition = Callable[[Mapping[str, Value], Holds], bool]


def condition(when: parts.When) -> Condition:
    """A question to the remembered values and to `Holds`, ready to ask; kinds are the house's business."""
    if when.all is not None:
        every = [condition(part) for part in when.all]
        return lambda values, holds: all(one(values, holds) for one in every)
    if when.any is not None:
        some = [condition(part) for part in when.any]
        return lambda values, holds: any(one(values, holds) for one in some)
    if when.not_ is not None:
        inner = condition(when.not_)
        return lambda values, holds: not inner(values, holds)
    if when.value is not None:
        wanted = when.value
        return lambda values, _: wanted.name in values and fits(values[wanted.name], wanted)
    kind, name = next(iter(when.__pydantic_extra__.items()))
    return lambda _, holds: holds(kind, name)


def within(when: parts.When | None) -> Iterator[parts.When]:
    """A condition and all those inside it."""
    if when:
        yield when
        for part in [*(when.all or ()), *(when.any or ()), when.not_]:
            yield from within(part)


def fits(value: Value, wanted: parts.Value) -> bool:
    """Every test that is written must hold; an answer in words is neither below nor above a number."""
    if wanted.is_ is not None and not _same(value, wanted.is_):
        return False
    if wanted.in_ is not None and not any(_same(value, one) for one in wanted.in_):
        return False
    if wanted.below is None and wanted.above is None:
        return True
    if not isinstance(value, (int, float)):
        return False
    return (wanted.below is None or value < wanted.below) and (wanted.above is None or value > wanted.above)


def _same(value: Value, written: str) -> bool:
    """A dialog file writes 5 as text; the answer may be the number 5 or 5.0."""
    if isinstance(value, str):
        return value == written
    try:
        return value == float(written)
    except ValueError:
        return False
