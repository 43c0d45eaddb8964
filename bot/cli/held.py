"""Commands for what waits for a person's word."""

import click

from bot import held as waiting
from bot.cli.start import as_json, looking, print_json
from bot.runtime import Runtime

sure = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group()
def held() -> None:
    """Look at what fell due while no clock was awake, or has no known outcome; let it go, or refuse it."""


@held.command()
@as_json
def show(as_json: bool) -> None:
    """Print what is held, and why."""
    with looking().read() as connection:
        found = waiting.held(connection)
    if as_json:
        print_json(found._asdict())
        return
    for why, count in found.messages.items():
        click.echo(f"{count:8,} messages: {why}")
    for kind, count in found.alarms.items():
        click.echo(f"{count:8,} alarms: {kind}")
    for name in found.campaigns:
        click.echo(f"         campaign {name}: parley campaign resume {name!r}")
    if not (found.total or found.campaigns):
        click.echo("Nothing is held.")


@held.command()
@sure
def release(yes: bool) -> None:
    """Let all held messages and alarms go now; campaigns have their own `resume`."""
    runtime = _sure(yes, "Let {:,} held messages and alarms go now, late as they are?")
    with runtime.begin() as connection:
        done = waiting.release(connection, runtime.machine_now())
    click.echo(f"{done:,} let go.")


@held.command()
@sure
def refuse(yes: bool) -> None:
    """Let none of it happen: messages are refused, waiting conversations end."""
    runtime = _sure(yes, "Refuse {:,} held messages and alarms for ever?")
    with runtime.begin() as connection:
        done = waiting.refuse(connection)
    click.echo(f"{done:,} refused.")


def _sure(yes: bool, question: str) -> Runtime:
    """The runtime, once somebody has said yes to how many it is about."""
    runtime = looking()
    with runtime.read() as connection:
        count = waiting.held(connection).total
    if not count:
        raise SystemExit("Nothing is held.")
    if not yes:
        click.confirm(question.format(count), abort=True)
    return runtime
