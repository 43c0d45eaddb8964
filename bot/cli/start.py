"""What most commands begin with: the settings, the log, the runtime; and how they print what they have read."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bot import log
from bot.runtime import Runtime, open_runtime
from bot.settings import Settings, load

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


DEMO = Path(".parley/.env")


def runtime() -> Runtime:
    """Everything that a process works with, from the environment. SettingsError says what is missing there."""
    return _open(load())


def looking() -> Runtime:
    """The same for commands that one also tries on a demo: typed beside it, with no settings of their own, they mean the demo."""
    return _open(looked_at())


def looked_at() -> Settings:
    """The settings of such commands."""
    own = Path(".env").exists() or os.environ.keys() & {"DATABASE_URL", "DATABASE_URL_FILE"}
    return load() if own or not DEMO.exists() else load(str(DEMO))


def _open(settings: Settings) -> Runtime:
    log.setup(settings.log_level)
    return open_runtime(settings)


def print_json(value: Any) -> None:
    """Print for programs: times as UTC ISO 8601."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
