"""Commands for the switch for all that leaves."""

import click

from bot import outbox
from bot.cli.start import as_json, looking, print_json


@click.group()
def sending() -> None:
    """Halt all that leaves, whoever wants it said, and let it go on."""


@sending.command()
def halt() -> None:
    """Let nothing leave. When the command is done, no text is on its way any more. What waits is not lost."""
    runtime = looking()
    with runtime.begin() as connection:
        outbox.halt(runtime, connection, None)
    outbox.wait_until_halted(runtime)
    with runtime.read() as connection:
        click.echo(_told(outbox.sending(runtime, connection)))
    click.echo("It goes on with: parley sending resume")


@sending.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def resume(yes: bool) -> None:
    """Let all leave that has waited; the gate is asked as ever, and answers older than 15 minutes are refused."""
    runtime = looking()
    with runtime.read() as connection:
        found = outbox.sending(runtime, connection)
    if found.halted_at is None:
        raise SystemExit("Nothing is halted.")
    if not yes:
        click.echo(_told(found))
        click.confirm("Let it go on?", abort=True)
    with runtime.begin() as connection:
        resumed = outbox.resume(runtime, connection, None, found.halted_at.isoformat())
    if not resumed:
        raise SystemExit("Somebody has let it go on, or halted it anew, meanwhile: look again with parley sending show.")
    click.echo("Sending goes on.")


@sending.command()
@as_json
def show(as_json: bool) -> None:
    """Print whether all sending is halted, and how much waits."""
    runtime = looking()
    with runtime.read() as connection:
        found = outbox.sending(runtime, connection)
    print_json(found._asdict()) if as_json else click.echo(_told(found))


def _told(found: outbox.Sending) -> str:
    texts = f"{found.texts:,}" if found.texts <= outbox.MOST_COUNTED else f"more than {outbox.MOST_COUNTED:,}"
    much = f"campaigns under way {found.campaigns:,}, texts that are ready {texts}"
    if found.halted_at is None:
        return f"All may leave: {much}."
    late = f"; of these come too late, and will be refused, {found.late:,}" if found.late else ""
    return f"Halted since {found.halted_at:%Y-%m-%d %H:%M} UTC by {found.halted_by}: {much}{late}."
