"""Commands that play the carrier's part: a customer's text without a phone."""

import json
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

import click
from sqlalchemy import select

from bot.cli.start import as_json, looked_at, looking, print_json
from models import Shop
from models.phone import parse

ANSWERS_WITHIN = 1.5  # seconds: an answer is on the handset with the webhook's response


@click.command()
@click.argument("from_", metavar="FROM")
@click.argument("body")
@click.option("--to", metavar="NUMBER", help="Which of our numbers; by default the first.")
@as_json
def text(from_: str, body: str, to: str | None, as_json: bool) -> None:
    """Text BODY from the number FROM (such as +33612345678) to the simulated carrier; print what its handset gets."""
    if not body.strip():
        raise click.BadParameter("A text needs words.", param_hint="BODY")
    settings = looked_at()
    base = settings.twilio_api_base
    if settings.carrier != "simulated" or base is None:
        raise click.ClickException("This plays with the simulated carrier: set PARLEY_CARRIER and TWILIO_API_BASE.")
    number = _number(from_)
    senders = _ask(base, "/control/senders")["senders"]
    before = len(_handset(base, number))
    sent = _ask(base, "/control/text", {"from": number, "to": to or senders[0]["number"], "body": body})
    if "error" in sent:
        raise click.ClickException(sent["error"])
    received = _arrived(base, number, before)
    if as_json:
        print_json({"sid": sent["sid"], "attempts": sent["attempts"], "received": received})
        return
    click.echo(f"> {body}")
    for one in received:
        click.echo(f"< {one['body']}")
    if not received:
        failed = [str(one["status"] or one["error"]) for one in sent["attempts"] if one["status"] != 200]
        click.echo(f"No answer: the webhook said {', '.join(failed)}." if failed else "Recorded; no answer.")


def _number(written: str) -> str:
    with looking().read() as connection:
        number = parse(written, connection.scalar(select(Shop.country)))
    if number is None:
        raise click.BadParameter(f"{written} is no phone number: write it like +33612345678.", param_hint="FROM")
    return number


def _arrived(base: str, number: str, before: int) -> list[dict[str, Any]]:
    until = time.monotonic() + ANSWERS_WITHIN
    while not (fresh := [one for one in _handset(base, number, before) if one["direction"] == "outbound"]):
        if time.monotonic() > until:
            break
        time.sleep(0.05)
    return fresh


def _handset(base: str, number: str, after: int = 0) -> list[dict[str, Any]]:
    texts: list[dict[str, Any]] = _ask(base, f"/control/handsets/{quote(number)}?after={after}")["texts"]
    return texts


def _ask(base: str, path: str, given: dict[str, Any] | None = None) -> Any:
    data = json.dumps(given).encode() if given is not None else None
    request = urllib.request.Request(base + path, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        return json.load(error)
    except OSError as error:
        raise click.ClickException(f"The simulated carrier does not answer at {base}: {error}") from None
