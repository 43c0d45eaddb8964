"""Commands that run until they are told to stop: web, worker, clock, and the demo with all of them."""

import os
import sys

import click
from sqlalchemy.exc import DBAPIError

from bot import clock as ticker
from bot import staff
from bot import worker as workers
from bot.cli.start import runtime
from bot.runtime import Runtime
from bot.settings import Settings, load
from bot.supervisor import told_to_stop

GRACE_FOR = 20  # seconds that running requests get when the web process is told to stop


@click.command()
@click.option("--port", envvar="PORT", type=click.IntRange(1, 65535), default=8000, help="Of the pages; 8000 by default.")
@click.option("--fresh", is_flag=True, help="Forget the demo's data and begin anew.")
def demo(port: int, fresh: bool) -> None:
    """Run everything on this machine with a simulated carrier: no account, no phone, no cost."""
    from bot.demo import run  # it brings the sample shop along

    run(port, fresh)


@click.command()
def web() -> None:
    """Run the web process, on PORT: the carrier's webhooks, the API, the pages. Prints a link while nobody has an account."""
    _say_how_to_begin(runtime())
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *gunicorn(load())])


def _say_how_to_begin(hands: Runtime) -> None:
    try:
        with hands.read() as connection:
            nobody = staff.nobody_yet(connection)
    except DBAPIError:  # no tables yet, or no database: /readyz says so
        return
    finally:
        hands.engine.dispose()
    if nobody:
        click.echo(f"Nobody has an account yet. The first admin makes one here: {hands.settings.base_url}/admin/begin/"
                   f"{staff.first_link(hands)}", err=True)  # fmt: skip


def gunicorn(settings: Settings) -> list[str]:
    """How gunicorn is started. SQLite has one writer at a time: several threads of one process queue fairly for it."""
    one_process = settings.database_url.startswith("sqlite")
    host = "127.0.0.1" if settings.carrier == "simulated" else "0.0.0.0"  # a platform's router comes from outside
    return [
        "bot:create_app()", "--bind", f"{host}:{settings.port}",
        "--workers", str(1 if one_process else settings.web_concurrency),
        "--worker-class", "gthread", "--threads", str(settings.web_threads),
        "--graceful-timeout", str(GRACE_FOR), "--no-control-socket", "--log-level", "warning",
    ]  # fmt: skip


@click.command()
@click.option("--queue", type=click.Choice(list(dict(workers.QUEUES))), help="Work on one queue, unsupervised.")
def worker(queue: str | None) -> None:
    """Run the workers: one process for each queue, started again when it dies."""
    hands, stop = runtime(), told_to_stop()
    hands.check_suppression_key()
    if queue:
        workers.work(hands, queue, stop)
    else:
        workers.supervise(hands, stop)


@click.command()
def clock() -> None:
    """Run the clock: it looks each second for what is due. Any number may run, one is awake."""
    hands, stop = runtime(), told_to_stop()
    hands.check_suppression_key()
    ticker.run(hands, stop)
