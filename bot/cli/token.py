"""Commands for the tokens of programs."""

import click

from bot import tokens
from bot.cli.start import as_json, looking, print_json


@click.group()
def token() -> None:
    """Make and take back what programs show at the API."""


@token.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice([*tokens.SCOPES, "all"]),
    help="What it may do; can be given several times.",
)  # fmt: skip
def create(name: str, scopes: tuple[str, ...]) -> None:
    """Make a token and print it, this once: only a hash of it is kept."""
    runtime = looking()
    chosen = list(tokens.SCOPES) if "all" in scopes else scopes
    with runtime.begin() as connection:
        secret = tokens.create(connection, name, chosen, runtime.machine_now())
    click.echo(secret)
    click.echo("Keep it now: it is not shown again.", err=True)


@token.command("list")
@as_json
def show_all(as_json: bool) -> None:
    """Print all tokens, without their secrets."""
    with looking().read() as connection:
        rows = tokens.all_tokens(connection)
    if as_json:
        kept = ("name", "scopes", "made_at", "used_at", "revoked_at")
        print_json([{key: getattr(row, key) for key in kept} for row in rows])
        return
    for row in rows:
        state = "taken back" if row.revoked_at else f"used {row.used_at:%Y-%m-%d %H:%M}" if row.used_at else "never used"
        click.echo(f"{row.name:24} {state:22} {' '.join(row.scopes)}")
    if not rows:
        click.echo("No tokens yet: parley token create --help")


@token.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Take a token back: whoever shows it is refused from now on."""
    runtime = looking()
    with runtime.begin() as connection:
        tokens.revoke(connection, name, runtime.machine_now())
    click.echo("Taken back.")
