"""Commands for the settings."""

import click

from bot.cli.start import as_json, print_json
from bot.settings import load


@click.group()
def config() -> None:
    """Look at the settings."""


@config.command()
@as_json
def check(as_json: bool) -> None:
    """Print the settings as they are in force, secrets masked, or say what is missing (exit status 2)."""
    shown = load().masked()
    if as_json:
        print_json(shown)
        return
    width = max(map(len, shown))
    for name, value in shown.items():
        click.echo(f"{name:<{width}}  {value}")
