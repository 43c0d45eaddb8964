"""A shop in Paris with nobody in it yet, on both databases."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from bot.runtime import open_engine
from bot.shop import load_shop
from tests.house import SHOP


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    """One transaction, which nobody commits."""
    engine = open_engine(database)
    with engine.connect() as connection:
        load_shop(connection, SHOP)
        yield connection
    engine.dispose()
