"""A mail server."""

from collections.abc import Iterator

import pytest

from tests.alerts.stage import use
from tests.house import House
from tests.mailbox import Mailbox


@pytest.fixture
def mailbox(house: House) -> Iterator[Mailbox]:
    """A mail server that the house knows."""
    with Mailbox() as mailbox:
        use(house, smtp_url=mailbox.url, mail_from="parley@shop.example")
        yield mailbox
