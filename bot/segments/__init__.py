"""Parts of the audience: rules that say who is in, lists picked by hand, and the conditions that both become."""

from bot.segments.audience import Count, audience, condition, contains, count, counts, holding, reachable, sample
from bot.segments.explain import Piece, explain
from bot.segments.ground import segments as by_name
from bot.segments.parse import MAX_RULES, BadRule, NotNow, Problem, parse, plain
from bot.segments.rules import KINDS, Rule
from bot.segments.store import (
    BadName,
    add,
    asking,
    awaited,
    delete,
    find,
    lock,
    names,
    names_by_id,
    page,
    remove,
    save,
    users,
)

__all__ = [
    "KINDS",
    "MAX_RULES",
    "BadName",
    "BadRule",
    "Count",
    "NotNow",
    "Piece",
    "Problem",
    "Rule",
    "add",
    "asking",
    "audience",
    "awaited",
    "by_name",
    "condition",
    "contains",
    "count",
    "counts",
    "delete",
    "explain",
    "find",
    "holding",
    "lock",
    "names",
    "names_by_id",
    "page",
    "parse",
    "plain",
    "reachable",
    "remove",
    "sample",
    "save",
    "users",
]
