"""The demo: the whole house on one machine, with a simulated carrier, a sample shop, and people who text now and then.

Its data lies in the folder `.parley` where it is started, and stays there until it is started with `--fresh`.
"""

import fcntl
import json
import os
import secrets
import shutil
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import yaml
from sqlalchemy import Connection, select

from bot import campaigns, embedded, log, schema, segments, staff
from bot.held import held
from bot.runtime import Runtime, open_runtime
from bot.sample import CAMPAIGN, SHOP, past, people
from bot.settings import Settings, load, names
from bot.shop import load_shop
from bot.supervisor import Supervisor, told_to_stop
from models import Sender, Shop

FOLDER = Path(".parley")
ACCOUNT = "AC" + "0" * 32
ADMIN = "admin@maison-lune.example"
READY_FOR = 90.0  # seconds that the processes may take to answer, on a slow machine
STOP_FOR = 15.0
HANDSETS = (
    {"number": "+33612345678", "name": "Léa", "country": "FR"},
    {"number": "+12025550147", "name": "Sam", "country": "US"},
)
HINTS = {"FR": ["REJOINDRE", "MENU", "AVIS", "AIDE"], "US": ["JOIN", "MENU", "SURVEY", "HELP"]}
OPT_OUT = {"carrier": "twilio-default"}  # the other modes have the same name at the simulated carrier


def run(port: int, fresh: bool) -> None:
    """Start everything, say where it is, and keep it running until SIGTERM or Ctrl-C.

    1. The folder, its secrets, and the environment that all processes get; nothing of yours is used.
    2. The tables, and with the first start the sample shop and its people.
    3. Redis, the simulated carrier, web, worker, clock; ended in the opposite order.
    """
    os.umask(0o077)  # what lies in the folder is for our eyes only
    stop = told_to_stop()
    log.setup("WARNING")
    with ExitStack() as stack:
        stack.enter_context(alone(fresh))
        _need(port)
        carrier_port = _free_port(port + 1000)
        redis = embedded.binary()
        redis_folder = stack.enter_context(embedded.private_folder()) if redis else None
        environment = _environment(port, carrier_port, embedded.address(redis_folder) if redis_folder else None)
        _become(environment)
        # Commands that are typed beside the demo find it here.
        _write_private(Path(".env"), "".join(f"{name}={value}\n" for name, value in environment.items()))
        supervisor = Supervisor()
        stack.callback(supervisor.end, STOP_FOR, one_by_one=True)
        _set_up(open_runtime(load()), carrier_port)
        password = _admin(open_runtime(load()))
        if redis and redis_folder:
            supervisor.start("redis", embedded.command(redis, redis_folder), log_file=Path("redis.log"))
        else:
            click.echo(f"No Redis here: the clock does the workers' part, slowly. To have one, {embedded.HOW_TO_GET}.")
        _start(supervisor, carrier_port)
        if _ready(stop, supervisor, (f"http://127.0.0.1:{carrier_port}/control/senders", f"http://127.0.0.1:{port}/readyz")):
            _say_where(port, password)
            _say_held(open_runtime(load()))
            supervisor.run(stop)
        click.echo("Stopping …")


@contextmanager
def alone(fresh: bool) -> Iterator[None]:
    """Work in the demo's folder, as the only demo there; begun anew if so wished."""
    try:
        FOLDER.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError:
        raise SystemExit(f"{FOLDER.absolute()} is a file, but the demo keeps its data in a folder of that name.") from None
    with (FOLDER / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"A demo is already running on {FOLDER.absolute()}: stop it first.") from None
        if fresh:
            for left in FOLDER.iterdir():
                if left.name != "lock":
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
        os.chdir(FOLDER)  # also: no .env of yours is read
        yield


def _need(port: int) -> None:
    if _free_port(port) != port:
        raise SystemExit(f"Port {port} is taken by another program. Choose another one: PORT={port + 1} make demo")


def _free_port(wanted: int) -> int:
    """The wanted port of this machine, or any free one where that is taken or is none."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
            found: int = probe.getsockname()[1]
            return found
    raise SystemExit("This machine has no free port.")


def _environment(port: int, carrier_port: int, redis_url: str | None) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{Path('parley.db').absolute()}",
        "SECRET_KEY_FILE": _secret("secret_key"),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN_FILE": _secret("auth_token"),
        "TWILIO_API_BASE": f"http://127.0.0.1:{carrier_port}",
        "PARLEY_CARRIER": "simulated",
        **({"REDIS_URL": redis_url} if redis_url else {}),
    }


def _secret(name: str) -> str:
    """The path of a file, for our eyes only, that holds a secret made up with the first start."""
    path = Path(name).absolute()
    if not path.exists():
        _write_private(path, secrets.token_hex(32))
    return str(path)


def _write_private(path: Path, content: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(content)


def _become(environment: dict[str, str]) -> None:
    """Take on the demo's settings instead of yours, for this process and its children."""
    for key, field in Settings.model_fields.items():
        for name in names(key, field):
            os.environ.pop(name, None)
            os.environ.pop(f"{name}_FILE", None)
    os.environ.update(environment)


def _set_up(runtime: Runtime, carrier_port: int) -> None:
    """Tables, shop, people; and what the simulated carrier is told about them."""
    schema.upgrade(runtime.engine)
    with runtime.begin() as connection:
        if connection.scalar(select(Shop.id)) is None:
            click.echo("Setting up the sample shop …")
            load_shop(connection, SHOP)
            people.populate(connection, runtime.suppression_key, runtime.now(connection))
            _campaign(connection, runtime.now(connection))
            past.remember(connection, ACCOUNT, runtime.now(connection))
        senders = connection.execute(select(Sender.__table__).order_by(Sender.id)).all()
        brand = connection.scalar(select(Shop.brand))
    runtime.engine.dispose()
    base = runtime.settings.base_url
    config = {
        "account_sid": ACCOUNT,
        "auth_token": runtime.settings.twilio_auth_token.get_secret_value(),
        "senders": [_sender(row, base, brand) for row in senders],
        "handsets": HANDSETS,
        "crowd": people.crowd({row.country: row.number for row in reversed(senders)}),
        "clock_url": f"{base}/phone/clock",
    }
    _write_private(Path("carrier.json"), json.dumps(config, ensure_ascii=False))


def _admin(runtime: Runtime) -> str:
    """The password of the demo's admin, made up with the first start."""
    password = Path(_secret("admin_password")).read_text(encoding="utf-8")[:20]
    with runtime.begin() as connection:
        if staff.nobody_yet(connection):
            staff_id = staff.create(connection, ADMIN, "Camille", "admin", runtime.machine_now())
            staff.set_password(connection, staff_id, staff.new_password(password, ADMIN, "Camille"))
    runtime.engine.dispose()
    return password


def _campaign(connection: Connection, now: datetime) -> None:
    """One campaign that begins as soon as the workers do."""
    sample = yaml.safe_load(CAMPAIGN.read_text(encoding="utf-8"))
    for name, rule in sample["segments"].items():
        segments.save(connection, name, rule, now)
    campaigns.schedule(connection, campaigns.create(connection, campaigns.read(sample["campaign"]), now), None, now)


def _sender(row: Any, base: str, brand: str | None) -> dict[str, Any]:
    return {
        "number": row.number, "name": f"{brand} {row.country}", "country": row.country, "service_sid": row.service_sid,
        "opt_out": OPT_OUT.get(row.opt_out, row.opt_out), "hint": HINTS.get(row.country, HINTS["US"]),
        # Twilio docs, connection overrides: try twice more, whatever went wrong
        "inbound_url": f"{base}/webhooks/twilio/inbound#rc=2&rp=all",
        "fallback_url": f"{base}/webhooks/twilio/fallback",
    }  # fmt: skip


def _start(supervisor: Supervisor, carrier_port: int) -> None:
    carrier = ["bot.simulator", "--port", str(carrier_port), "--config", "carrier.json", "--journal", "journal.jsonl"]
    supervisor.start("carrier", [sys.executable, "-m", *carrier], log_file=Path("carrier.log"))
    for name in ("web", "worker", "clock"):
        supervisor.start(name, [sys.executable, "-m", "bot", name], log_file=Path(f"{name}.log"))


def _ready(stop: threading.Event, supervisor: Supervisor, addresses: tuple[str, ...]) -> bool:
    """Whether all addresses answer; False when told to stop before."""
    until = time.monotonic() + READY_FOR
    while not all(map(_answers, addresses)):
        if stop.wait(0.2):
            return False
        if time.monotonic() > until:
            raise SystemExit(f"The demo did not start: {Path.cwd()}/*.log say why.")
        supervisor.look()
    return True


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _say_where(port: int, password: str) -> None:
    base = f"http://127.0.0.1:{port}"
    click.echo("Parley is running, on this machine only.\n")
    click.echo(f"  Phone   {base}/phone    text JOIN, and see what comes back")
    click.echo(f"  Pages   {base}/admin    {ADMIN}, {password}")
    click.echo(f"  API     {base}/api/docs")
    click.echo(f"  Health  {base}/readyz")
    click.echo(f"  Logs    {FOLDER}/*.log")
    click.echo(f"  A campaign is under way:    {base}/admin/campaigns\n")
    click.echo("Ctrl-C stops it. The data stays for the next start; `make demo FRESH=1` begins anew.")


def _say_held(runtime: Runtime) -> None:
    """A demo that was off for long is an outage like any other."""
    with runtime.read() as connection:
        found = held(connection)
    if found.total or found.campaigns:
        click.echo("While it was off, some things fell due. They wait for your word:    parley held show")
    runtime.engine.dispose()
