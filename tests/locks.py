"""Who waits for a lock in the database while somebody else holds it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text

from tests.house import House

PATIENCE = 20.0  # seconds
on_postgresql = pytest.mark.parametrize("dialect", ["postgresql"])  # SQLite has one writer, and no locks of rows


@contextmanager
def meanwhile(house: House, ask: Callable[[], Any], waiting: int = 1) -> Iterator[list[Any]]:
    """What is asked by somebody else: from when it waits for a lock until it is answered, with what is answered.

    `waiting`: so many wait for one then.
    """
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(ask()))
    thread.start()
    count = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with house.runtime.read() as connection:
            if connection.scalar(count) == waiting:
                break
        time.sleep(0.02)
    yield answers
    thread.join(PATIENCE)
