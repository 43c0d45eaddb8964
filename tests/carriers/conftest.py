"""A Twilio account that these tests may sign for."""

import pytest

from bot.carriers.twilio import Twilio
from bot.settings import Settings

ACCOUNT = "AC" + "0" * 32
TOKEN = "12345"


@pytest.fixture
def settings():
    """Settings for that account; keyword arguments change them."""

    def make(**changes):
        return Settings(
            _env_file=None,
            **{
                "database_url": "sqlite:///x",
                "secret_key": "x" * 32,
                "base_url": "https://sms.example.org",
                "twilio_account_sid": ACCOUNT,
                "twilio_auth_token": TOKEN,
                **changes,
            },
        )

    return make


@pytest.fixture
def twilio(settings):
    """The carrier of that account."""
    return Twilio(settings(twilio_auth_token_previous="before"))
