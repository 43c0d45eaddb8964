"""Puts the simulated carrier together and lets it run until it is told to end."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from bot import waste
from bot.simulator import control, people, phone, rest
from bot.simulator.carrier import CARRIER, Carrier
from bot.simulator.config import Config
from bot.simulator.memory import recall

HOST = "127.0.0.1"
LARGEST_REQUEST = 8 * 1024 * 1024  # a picture in base64


def create_app(config: Config, journal: Path | None = None) -> web.Application:
    app = web.Application(middlewares=[control.only_here], client_max_size=LARGEST_REQUEST)
    app[CARRIER] = Carrier(config, journal)
    recall(app[CARRIER])
    app.add_routes([*rest.routes(), *control.routes(), *phone.routes()])
    app.cleanup_ctx.append(_running)
    return app


async def _running(app: web.Application) -> AsyncIterator[None]:
    carrier = app[CARRIER]
    carrier.open()
    crowd = [asyncio.create_task(people.live(carrier, person)) for person in carrier.config.crowd]
    yield
    for person in crowd:
        person.cancel()
    await carrier.close()


async def serve(config: Config, port: int, journal: Path | None = None) -> None:
    """Listen on the loopback (port 0: any free one), say where, and end cleanly on SIGTERM or SIGINT."""
    waste.search_rarely()  # of texts by the ten thousand, all held for good: it would stall every call
    told_to_end = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, told_to_end.set)
    runner = web.AppRunner(create_app(config, journal), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, HOST, port, backlog=1024)
    await site.start()
    print(f"simulated carrier on http://{HOST}:{runner.addresses[0][1]}", flush=True)
    await told_to_end.wait()
    await runner.cleanup()
