"""What most commands begin with: the settings, the log, the runtime; and how they print what they have read."""

import json
from datetime import datetime
from typing import Any

import click

from bot import log
from bot.runtime import Runtime, open_runtime
from bot.settings import load

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def runtime() -> Runtime:
    """Everything that a process works with, from the environment. SettingsError says what is missing there."""
    settings = load()
    log.setup(settings.log_level)
    return open_runtime(settings)


def print_json(value: Any) -> None:
    """Print for programs: times as UTC ISO 8601."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
