"""Commands for the database: bring it to this code's tables, or only look."""

import click

from bot import schema
from bot.cli.start import as_json, print_json, runtime


@click.group()
def db() -> None:
    """Upgrade or check the database."""


@db.command()
def upgrade() -> None:
    """Make or change the tables as this version needs them. Safe to run at any time, and several times at once."""
    before, after = schema.upgrade(runtime().engine)
    click.echo(f"The database is current ({after})." if before == after else f"The database is now at {after}.")


@db.command()
@as_json
def check(as_json: bool) -> None:
    """Tell whether the database has the tables of this version. Exit status 1: it has not."""
    with runtime().read() as connection:
        found, wanted = schema.current(connection), schema.newest()
    if as_json:
        print_json({"current": found == wanted, "database": found, "code": wanted})
    elif found == wanted:
        click.echo(f"The database is current ({found}).")
    else:
        click.echo(f"The database is at {found or 'nothing'}, this version needs {wanted}: parley db upgrade")
    raise SystemExit(0 if found == wanted else 1)
