"""Commands for campaigns: from a draft to the balance."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection, select

from bot import campaigns, segments
from bot.cli.start import as_json, looking, print_json
from bot.runtime import Runtime
from models import Campaign, Shop

sure = click.option("--yes", is_flag=True, help="Do not ask.")
LOOK_EVERY = 0.5  # seconds
OVER = ("paused", "finished", "cancelled")


@click.group()
def campaign() -> None:
    """Say something to many people, each of them once. NAME: a campaign's name."""


@campaign.command()
@click.argument("name")
@click.option("--topic", required=True, help="Whose consent it needs.")
@click.option("--text", "texts", multiple=True, required=True, help="What it says; in one language: fr=…; more than once.")
@click.option("--picture", "media", multiple=True, help="The address of a picture that goes along; more than once.")
@click.option("--within", multiple=True, required=True, help="A segment that gets it; more than once: one of them.")
@click.option("--without", multiple=True, help="A segment that does not.")
@click.option("--kind", type=click.Choice(["marketing", "service"]), default="marketing", show_default=True,
              help="What it is to those who get it.")
@click.option("--from", "ours", help="Our number; by default the one of the contact's country.")
@click.option("--dialog", help="The dialog that an answer opens.")
@click.option("--answers-for", type=int, default=7, show_default=True, help="Days for which an answer opens it.")
@click.option("--error-limit", type=int, default=15, show_default=True, help="Percent of errors at which it pauses itself.")
@click.option("--ends-at", help="Who was not texted by then never is: 2026-12-24T18:00, in the shop's time.")
def create(name: str, texts: tuple[str, ...], ends_at: str | None, **given: Any) -> None:
    """Draft a campaign, or say all that is wrong with it."""
    runtime = looking()
    with runtime.begin() as connection:
        said = dict(_text(text) for text in texts)
        draft = campaigns.read({**given, "name": name, "texts": said, "ends_at": _instant(connection, ends_at)})
        campaigns.create(connection, draft, runtime.now(connection))
    click.echo(f"Drafted. Next: parley campaign preview {name!r}")


@campaign.command()
@click.argument("name")
@as_json
def preview(name: str, as_json: bool) -> None:
    """Ask the gate and render the text for the whole audience: who would get it now, and what it is billed as."""
    runtime = looking()
    with runtime.read() as connection:
        row = campaigns.find(connection, name)
    with click.progressbar(length=1, label="Asking", hidden=as_json) as bar:

        def tell(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        found = campaigns.preview(runtime, row.id, tell)
    print_json(found.as_json()) if as_json else _print_preview(found, runtime)


@campaign.command()
@click.argument("name")
@click.option("--at", help="2026-12-01T10:00, in the shop's time; by default now.")
@sure
def schedule(name: str, at: str | None, yes: bool) -> None:
    """Launch a campaign, now or later; a later time may be changed by scheduling it again."""
    runtime = looking()
    with runtime.read() as connection:
        row, now, when = campaigns.find(connection, name), runtime.now(connection), _instant(connection, at)
        if not yes:
            whom = segments.audience(connection, row.within, row.without, now)
            found = segments.count(connection, whom, now, row.topic)
    if not yes:
        click.confirm(f"{found.reachable:,} people can be reached {'now' if when is None else at}. Send?", abort=True)
    with runtime.begin() as connection:
        campaigns.schedule(connection, row.id, when, runtime.now(connection))
    click.echo(f"Scheduled. Watch it: parley campaign show {name!r} --follow")


@campaign.command()
@click.argument("name")
def pause(name: str) -> None:
    """Send nobody else this campaign. When the command is done, no text of it is on its way any more."""
    _do(name, campaigns.pause)
    click.echo(f"Paused. It goes on with: parley campaign resume {name!r}")


@campaign.command()
@click.argument("name")
def resume(name: str) -> None:
    """Go on with a campaign that was paused, by hand, by errors or because it had waited for too long."""
    _do(name, campaigns.resume)
    click.echo("It goes on.")


@campaign.command()
@click.argument("name")
@sure
def cancel(name: str, yes: bool) -> None:
    """End a campaign for good: whoever has not got it never will."""
    runtime = looking()
    with runtime.read() as connection:
        waiting = campaigns.balance(connection, campaigns.find(connection, name).id).waiting
    if not yes:
        click.confirm(f"{waiting:,} people still wait for it and would get nothing. Cancel {name!r}?", abort=True)
    _do(name, campaigns.cancel)
    click.echo("Cancelled.")


@campaign.command("list")
@as_json
def show_all(as_json: bool) -> None:
    """Print all campaigns, the newest first."""
    with looking().read() as connection:
        rows = connection.execute(select(Campaign.__table__).order_by(Campaign.id.desc())).all()
        found = [_told(connection, row) for row in rows]
    if as_json:
        print_json(found)
        return
    for one in found:
        balance = one["balance"]
        click.echo(f"{one['name']:30} {one['state']:10} {balance['sent']:9,} sent of {balance['intended']:,}")
    if not found:
        click.echo("No campaigns yet: parley campaign create --help")


@campaign.command()
@click.argument("name")
@click.option("--follow", is_flag=True, help="Stay until it is finished, paused or cancelled, with a progress bar.")
@as_json
def show(name: str, follow: bool, as_json: bool) -> None:
    """Print a campaign: what it says to whom, its state, and how far it has come."""
    runtime = looking()
    if follow:
        _follow(runtime, name)
    with runtime.read() as connection:
        found, zone = _told(connection, campaigns.find(connection, name)), _zone(connection)
    if as_json:
        print_json(found)
        return
    why = f" ({found['why']})" if found["why"] else ""
    click.echo(f"{found['name']}: {found['state']}{why}")
    for lang, text in found["texts"].items():
        click.echo(f"  {lang or 'text':11} {text}")
    for address in found["media"]:
        click.echo(f"  picture     {address}")
    click.echo(f"  within      {', '.join(found['within'])}")
    for key in ("without", "topic", "kind", "ours", "dialog", "starts_at", "ends_at", "launched_at", "held_until", "finished_at"):
        value = found[key]
        if value:
            shown = value.astimezone(zone).strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else value
            click.echo(f"  {key:11} {', '.join(shown) if isinstance(shown, list) else shown}")
    _print_balance(found["balance"])


@campaign.command()
@click.argument("name")
@as_json
def balance(name: str, as_json: bool) -> None:
    """Print what became of everybody it was meant for; exit status 1 when somebody is missing."""
    with looking().read() as connection:
        found = campaigns.balance(connection, campaigns.find(connection, name).id)
    print_json(found.as_json()) if as_json else _print_balance(found.as_json())
    raise SystemExit(0 if found.exact else 1)


def _do(name: str, verb: Any) -> None:
    runtime = looking()
    with runtime.read() as connection:
        row = campaigns.find(connection, name)
    verb(runtime, row.id)


def _text(given: str) -> tuple[str, str]:
    lang, found, text = given.partition("=")
    return (lang, text) if found and len(lang) == 2 and lang.isalpha() and lang.islower() else ("", given)


def _zone(connection: Connection) -> ZoneInfo:
    return ZoneInfo(connection.scalar(select(Shop.zone)) or "UTC")


def _instant(connection: Connection, written: str | None) -> datetime | None:
    if written is None:
        return None
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise SystemExit(f"{written}: write a time like 2026-12-01T10:00") from None
    return at if at.tzinfo else at.replace(tzinfo=_zone(connection))


def _told(connection: Connection, row: Any) -> dict[str, Any]:
    """A campaign with its balance."""
    return {**campaigns.shown(connection, row), "balance": campaigns.balance(connection, row.id).as_json()}


def _follow(runtime: Runtime, name: str) -> None:
    with click.progressbar(length=1, label=name) as bar:
        while True:
            began = time.monotonic()
            with runtime.read() as connection:
                row = campaigns.find(connection, name)
                found = campaigns.balance(connection, row.id)
            bar.length = max(found.intended, 1)
            bar.update(found.intended - found.waiting - found.unknown - bar.pos)
            if row.state in OVER or row.state == "draft":
                return
            time.sleep(max(LOOK_EVERY, 5 * (time.monotonic() - began)))


def _print_balance(found: Mapping[str, Any]) -> None:
    click.echo(f"{found['intended']:9,} intended")
    click.echo(f"{found['sent']:9,} sent, {found['parts']:,} parts" + _listed(found["statuses"]))
    click.echo(f"{sum(found['refused'].values()):9,} refused" + _listed(found["refused"]))
    click.echo(f"{sum(found['failed'].values()):9,} failed" + _listed(found["failed"]))
    click.echo(f"{found['unknown']:9,} unknown")
    click.echo(f"{found['waiting']:9,} waiting" + _listed(found["held"]))
    if not found["exact"]:
        click.echo("These do not add up: somebody is missing or counted twice. Please report this.", err=True)


def _listed(counts: Mapping[Any, int]) -> str:
    return f" ({', '.join(f'{reason} {count:,}' for reason, count in sorted(counts.items()))})" if counts else ""


def _print_preview(found: campaigns.Preview, runtime: Runtime) -> None:
    with runtime.read() as connection:
        zone = _zone(connection)
    click.echo(f"{found.matching:9,} matching\n{found.goes:9,} would get it now")
    until = found.held_until.astimezone(zone).strftime(" until %Y-%m-%d %H:%M at the latest") if found.held_until else ""
    click.echo(f"{sum(found.held.values()):9,} wait{_listed(found.held)}{until}")
    click.echo(f"{sum(found.refused.values()):9,} get nothing{_listed(found.refused)}")
    sizes = ", ".join(f"{count:,} texts of {size}" for size, count in sorted(found.parts.items()))
    click.echo(f"{found.all_parts:9,} parts{f' ({sizes})' if sizes else ''}{_listed(found.encodings)}")
    if found.offending:
        click.echo(f"          made dearer by: {' '.join(sign for sign, _ in found.offending.most_common(20))}")
    click.echo(f"          about {max(1, round(found.seconds / 60)):,} minutes at the rates of our numbers")
    for address in found.media:
        click.echo(f"          with the picture {address}")
    for body in found.samples:
        click.echo("  < " + body.replace("\n", "\n  | "))
