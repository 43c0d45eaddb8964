"""Parts of the audience: rules that say who is in, lists picked by hand, and the conditions that both become."""

from bot.segments.audience import Count, audience, condition, contains, count, holding, reachable, sample
from bot.segments.explain import Piece, explain
from bot.segments.parse import BadRule, NotNow, Problem, parse, plain
from bot.segments.rules import Rule
from bot.segments.store import BadName, add, delete, find, names, names_by_id, page, remove, save

__all__ = [
    "BadName",
    "BadRule",
    "Count",
    "NotNow",
    "Piece",
    "Problem",
    "Rule",
    "add",
    "audience",
    "condition",
    "contains",
    "count",
    "delete",
    "explain",
    "find",
    "holding",
    "names",
    "names_by_id",
    "page",
    "parse",
    "plain",
    "reachable",
    "remove",
    "sample",
    "save",
]
