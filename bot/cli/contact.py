"""Commands for contacts: all that is known of one person, above all the story of their consent."""

from typing import Any

import click
from sqlalchemy import Connection, select

from bot.cli.start import as_json, looking, print_json
from bot.contacts import dossier, export, find
from models import Shop
from models.phone import parse


@click.group()
def contact() -> None:
    """Look at contacts."""


@contact.command()
@click.argument("phone")
@click.option("--full", is_flag=True, help="Print the whole number.")
@as_json
def show(phone: str, full: bool, as_json: bool) -> None:
    """Print what is known of the contact with this number: consent and its proof, conversations, the last texts."""
    hands = looking()
    with hands.read() as connection:
        known = dossier(connection, _found(connection, phone), hands.suppression_key, full)
    if as_json:
        print_json(known)
    else:
        _print(known)


@contact.command("export")
@click.argument("phone")
def export_all(phone: str) -> None:
    """Print everything that is held about the contact with this number, as JSON, for when they ask for it."""
    hands = looking()
    with hands.read() as connection:
        row = _found(connection, phone)
    for piece in export(hands, row):
        click.echo(piece, nl=False)


def _found(connection: Connection, phone: str) -> Any:
    number = parse(phone, connection.scalar(select(Shop.country)))
    row = find(connection, number) if number else None
    if row is None:
        raise SystemExit(f"There is no contact with the number {phone}.")
    return row


def _print(known: dict[str, Any]) -> None:
    click.secho(known["phone"] + (" (sample)" if known["sample"] else ""), bold=True)
    for name in ("country", "language", "zone", "source"):
        if known[name]:
            click.echo(f"  {name} {known[name]}")
    for name, value in known["values"].items():
        click.echo(f"  {name}: {value}")
    if known["tags"]:
        click.echo(f"  tags {', '.join(known['tags'])}")
    click.secho("Consent", bold=True)
    if known["opted_out"]:
        click.echo("  opted out of everything")
    for row in known["subscriptions"]:
        click.echo(f"  {row['topic']}: {row['state']}" + (f" ({row['proof']})" if row["state"] == "in" else ""))
    for row in known["consent"]:
        click.echo(f"  {row['seq']}. {_at(row['at'])} {row['topic']} {row['change']}, by {row['source']}")
        for said, words in (("we", row["wording"]), ("they", row["text"])):
            if words:
                click.echo(f"       {said}: {words}")
    broken = known["broken_link"]
    click.echo("  the chain holds" if broken is None else f"  THE CHAIN IS BROKEN at {broken}: somebody changed it")
    click.secho("Conversations", bold=True)
    for row in known["conversations"]:
        now = row["outcome"] or "ended" if row["status"] == "ended" else f"{row['status']} at {row['state']}"
        click.echo(f"  {_at(row['begun_at'])} {row['dialog']} (version {row['version']}): {now}")
    click.secho("Texts", bold=True)
    for row in known["texts"]:
        mark = ">" if row["direction"] == "in" else "<"
        click.echo(f"  {_at(row['at'])} {mark} {_indented(row['body'])}")
        if row["direction"] == "out":
            judged = ", ".join(str(one.get("why") or one.get("outcome") or "") for one in row["verdicts"])
            about = [row["kind"], row["state"], row["status"], row["error_code"], judged]
            click.echo("       " + " · ".join(str(word) for word in about if word))


def _indented(body: str) -> str:
    return body.replace("\n", "\n" + " " * 21)


def _at(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
