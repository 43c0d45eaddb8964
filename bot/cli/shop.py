"""Commands for what the shop has set up."""

from pathlib import Path

import click

from bot.cli.start import runtime
from bot.shop import check, read, store


@click.group()
def shop() -> None:
    """Set up the shop: brand, texts, topics, numbers, keywords, dialogs."""


@shop.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load(file: Path) -> None:
    """Load a shop from a YAML file: all of it, or nothing and a list of what is wrong. Load it again to change it."""
    checked = check(read(file))  # which takes its time: nothing is held yet
    with runtime().begin() as connection:
        report = store(connection, *checked)
    for line in report.lines():
        click.echo(line)
