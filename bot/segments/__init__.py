"""Parts of the audience: rules that say who is in, lists picked by hand, and the conditions that both become."""

from bot.segments.audience import Count, audience, condition, contains, count, reachable
from bot.segments.parse import BadRule, Problem, parse, plain
from bot.segments.rules import Rule
from bot.segments.store import add, delete, find, names, remove, save

__all__ = [
    "BadRule",
    "Count",
    "Problem",
    "Rule",
    "add",
    "audience",
    "condition",
    "contains",
    "count",
    "delete",
    "find",
    "names",
    "parse",
    "plain",
    "reachable",
    "remove",
    "save",
]
