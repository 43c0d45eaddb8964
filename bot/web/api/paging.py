"""Lists page by page: a cursor says after which row the next page begins, so that nothing is told twice.

Nor is anything skipped that was there when the first page was asked for. A row gets its id before it is committed: one that was
being written meanwhile may turn up before the cursor, and is told to who begins anew.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

from bot.web.api.bodies import MAX_ID, Body, Whole

Item = TypeVar("Item")
LARGEST = 200


class PageQuery(Body):
    """Which page."""

    cursor: Whole = Field(0, ge=0, le=MAX_ID, description="`next` of the page before; without it, the first page.")
    limit: Whole = Field(50, ge=1, le=LARGEST, description="How many at most.")


class Page(BaseModel, Generic[Item]):
    """Some of many, in the order in which they were made."""

    items: list[Item]
    next: int | None = Field(None, description="The cursor of the next page; null: this was the last.")


def page(rows: Sequence[Any], query: PageQuery, shown: Callable[[Any], Item]) -> Page[Item]:
    """The page of rows, one more than `limit` of which were asked for; each has an `id` that grows."""
    some = rows[: query.limit]
    return Page(items=[shown(row) for row in some], next=some[-1].id if len(rows) > query.limit else None)
