"""What is slow about a shop, reading its dialogs and proving them, is done while nobody waits for it, and is then kept."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import Any, TypeVar

Answer = TypeVar("Answer")

MOST_TRIES = 20
_holds: ContextVar[bool] = ContextVar("holds", default=False)


class NotKept(Exception):
    """An answer is not there yet; `find` finds it, which takes its time, and keeps it."""

    def __init__(self, find: Callable[[], object]) -> None:
        self.find = find
        super().__init__("not while others wait")


def kept(most: int) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Keeps what a slow function says of values, for so many of them. It raises nothing of its own."""

    def keep(slow: Callable[..., Answer]) -> Callable[..., Answer]:
        @lru_cache(maxsize=most)
        def answer(*asked: Any) -> Answer:
            if _holds.get():
                raise NotKept(partial(answer, *asked))
            return slow(*asked)

        return answer

    return keep


def together(find: Callable[[], Answer]) -> Answer:
    """An answer that is made of many: where one of them is not kept, all are found at once."""
    try:
        return find()
    except NotKept:
        raise NotKept(find) from None


def holding(do: Callable[[], Answer]) -> Answer:
    """Do what makes others wait: a transaction that writes.

    1. It finds all that is slow among what is kept, and is done.
    2. Else it ends there, is undone, and holds nothing any more; what it lacked is found; and it begins anew.
    """
    for _ in range(MOST_TRIES):
        before = _holds.set(True)
        try:
            return do()
        except NotKept as lack:
            find = lack.find
        finally:
            _holds.reset(before)
        find()
    return do()  # others change the shop all the time, or it is too large to be kept: late is better than never
