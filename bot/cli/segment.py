"""Commands for segments: parts of the audience, by a rule or picked by hand."""

from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, select

from bot import contacts, segments
from bot.cli.start import as_json, looking, print_json
from dialogs.load import plain
from models import Segment, Shop
from models.phone import parse


@click.group()
def segment() -> None:
    """Count, save and fill segments."""


@segment.command("list")
@as_json
def show(as_json: bool) -> None:
    """Print all segments and lists, each with how many contacts match and how many of them are reachable."""
    runtime = looking()
    with runtime.read() as connection:
        now = runtime.now(connection)
        rows = connection.execute(select(Segment.__table__).order_by(Segment.name)).all()
        found = [
            {"name": row.name, "rule": row.rule,
             **segments.count(connection, segments.condition(connection, row.id, now), now)._asdict()}
            for row in rows
        ]  # fmt: skip
    if as_json:
        print_json(found)
        return
    for one in found:
        what = "list" if one["rule"] is None else "rule"
        click.echo(f"{one['name']:30} {what}  {one['matching']:9,} matching  {one['reachable']:9,} reachable")
    if not found:
        click.echo("No segments yet. Try: parley segment save everyone '{all: []}'")


@segment.command()
@click.argument("name", required=False)
@click.option("--rule", help="Count this rule instead of a saved segment: YAML, JSON, or a file that holds it.")
@click.option("--topic", help="Reachable for this topic; by default for any that they are in for.")
@as_json
def count(name: str | None, rule: str | None, topic: str | None, as_json: bool) -> None:
    """Count who is in the segment NAME: how many match, and how many of them are reachable now."""
    if (name is None) == (rule is None):
        raise click.UsageError("Give the NAME of a segment, or --rule.")
    runtime = looking()
    with runtime.read() as connection:
        now = runtime.now(connection)
        who: Any = segments.parse(_read(rule)) if rule is not None else condition(connection, name or "", now)
        found = segments.count(connection, who, now, topic)
    if as_json:
        print_json(found._asdict())
    else:
        click.echo(f"{found.matching:,} matching, {found.reachable:,} reachable.")


@segment.command()
@click.argument("name")
@click.argument("rule")
def save(name: str, rule: str) -> None:
    """Save the segment NAME, new or changed. RULE: YAML, JSON, or a file that holds it."""
    runtime = looking()
    with runtime.begin() as connection:
        now = runtime.now(connection)
        id_ = segments.save(connection, name, _read(rule), now)
        found = segments.count(connection, segments.condition(connection, id_, now), now)
    click.echo(f"{name}: {found.matching:,} matching, {found.reachable:,} reachable.")


@segment.command()
@click.argument("name")
@click.argument("phones", nargs=-1, required=True)
def add(name: str, phones: tuple[str, ...]) -> None:
    """Put contacts on the list NAME, by their numbers; the list is made if there is none."""
    runtime = looking()
    with runtime.begin() as connection:
        ids, now = _contacts(connection, phones), runtime.now(connection)
        if segments.find(connection, name) is None:
            segments.save(connection, name, None, now)
        click.echo(f"{segments.add(connection, name, ids, now):,} added.")


@segment.command()
@click.argument("name")
@click.argument("phones", nargs=-1, required=True)
def remove(name: str, phones: tuple[str, ...]) -> None:
    """Take contacts off the list NAME, by their numbers."""
    with looking().begin() as connection:
        click.echo(f"{segments.remove(connection, name, _contacts(connection, phones)):,} removed.")


@segment.command()
@click.argument("name")
def delete(name: str) -> None:
    """Let the segment NAME go, unless another one or a campaign needs it. Its contacts stay."""
    with looking().begin() as connection:
        segments.delete(connection, name)
    click.echo(f"{name} is gone.")


def condition(connection: Connection, name: str, now: Any) -> Any:
    """Being in the segment of that name."""
    row = segments.find(connection, name)
    if row is None:
        raise SystemExit(f"There is no segment {name!r}, only: {', '.join(segments.names(connection)) or 'none'}.")
    return segments.condition(connection, row.id, now)


def _read(rule: str) -> Any:
    """A rule as plain data, of which every scalar is text."""
    is_file = len(rule) < 200 and Path(rule).is_file()
    return plain(Path(rule).read_text(encoding="utf-8") if is_file else rule, rule if is_file else "rule")[0]


def _contacts(connection: Connection, phones: tuple[str, ...]) -> list[int]:
    country = connection.scalar(select(Shop.country))
    numbers = {phone: parse(phone, country) for phone in phones}
    wanted = [number for number in numbers.values() if number]
    known = contacts.ids(connection, wanted)
    missing = [phone for phone, number in numbers.items() if number not in known]
    if missing:
        raise SystemExit(f"No contacts have these numbers: {', '.join(missing)}")
    return list(known.values())
