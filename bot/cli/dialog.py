"""Commands for dialogs: do they hold together, what do they look like, how do they talk."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

import click
from sqlalchemy.exc import DBAPIError

from bot.catalogue import NoShop, catalogue
from bot.cli.start import as_json, looking, print_json
from bot.replay import Replayed, Summary
from bot.replay import count as count_recorded
from bot.replay import replay as play_again
from bot.runtime import Runtime
from bot.settings import SettingsError
from bot.shop.check import Ground, faults, ground
from bot.shop.current import current
from bot.shop.scripts import LIBRARY, Script, find
from bot.shop.spec import read
from bot.tryout import Find, Talk, among, ready
from dialogs.compile import Compiled
from dialogs.diagram import diagram
from dialogs.load import DialogError, Problem, problem

Existing = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def dialog() -> None:
    """Check, draw and try dialogs."""


@dialog.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--shop", type=Existing, help="The file of the shop they are for; by default the shop in the database.")
@as_json
def check(files: tuple[str, ...], shop: Path | None, as_json: bool) -> None:
    """Prove dialogs on every path, or show how each fault comes about (status 1). FILES: YAML files, or names of the library."""
    found: list[Problem] = []
    scripts: dict[str, Script] = {}
    for name in files:
        try:
            script = _find(name)
            if scripts.setdefault(script.dialog.name, script) != script:
                found.append(problem(script.file, script.dialog.lines, ("name",), "another of these files has this name, too"))
        except DialogError as error:
            found += error.problems
    found += faults(scripts.values(), _ground(shop, scripts))
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        for one in found:
            click.echo(str(one))
        click.echo(f"{len(found)} problems." if found else f"{', '.join(files)}: fine.")
    raise SystemExit(1 if found else 0)


@dialog.command()
@click.argument("name")
@click.option("--source", is_flag=True, help="Print the YAML instead.")
@as_json
def show(name: str, source: bool, as_json: bool) -> None:
    """Draw a dialog, as a mermaid diagram. NAME: a YAML file, or a name of the library."""
    script = _find(name)
    if as_json:
        print_json(script.dialog.model_dump(mode="json", by_alias=True, exclude_unset=True))
    else:
        click.echo(script.source if source else diagram(script.dialog), nl=False)


@dialog.command()
@click.argument("file")
@click.option("--language", default="en", show_default=True, help="What the customer speaks at first.")
@click.option("--save", type=click.File("a", encoding="utf-8", lazy=False), help="Write the transcript to this file.")
def talk(file: str, language: str, save: TextIO | None) -> None:
    """Play a dialog here: you are the customer. "@ +48h" lets time pass, "[picture]" sends one; an empty line ends it."""
    dialog = _find(file).dialog
    conversation = Talk(ready(dialog), _others(Path(dialog.file).parent), language, **_shop())
    heard = [f"# {conversation.name}"]
    click.echo("Text the keyword that opens it, such as JOIN.")
    try:
        while not conversation.is_over and (line := _typed()):
            happened = conversation.exchange(line)
            for said in happened[1:]:
                click.secho(said, dim=said.startswith(("=", "#")))
            heard += happened
    finally:
        if save and heard[1:]:
            _write(save, heard)


def _write(file: TextIO, lines: list[str]) -> None:
    """In place of what the file held, which is kept until there is something to write."""
    if file.seekable():
        file.truncate(0)
    file.write("\n".join(lines) + "\n")


def _typed() -> str:
    """A line; nothing where there are no more."""
    try:
        return str(click.prompt(">", prompt_suffix=" ", default="", show_default=False)).strip()
    except click.Abort:
        click.echo()
        return ""


@dialog.command()
@click.argument("file")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3650), help="Conversations of so many days.")
@click.option("--most", default=10, show_default=True, type=click.IntRange(0), help="Show so many of those that differ.")
@as_json
def replay(file: str, days: int, most: int, as_json: bool) -> None:
    """Play recorded conversations through another version of their dialog: which would have gone differently, and how.

    FILE: the other version, a YAML file or a name of the library. Nothing is sent and nothing is changed.
    """
    new, runtime, summary = _ready(file), looking(), Summary()
    with runtime.read() as connection:
        now = runtime.now(connection)
        since = now - timedelta(days=days)
        scripts = current(connection).scripts
        of = count_recorded(connection, new.name, since)
        if not (of or new.name in scripts):
            raise SystemExit(f"The shop has no dialog `{new.name}`, and no conversation of that name is recorded.")
    again = _all_again(runtime, new, among(scripts), since, now)
    with click.progressbar(again, length=of, label="Conversations", hidden=as_json or not of) as played:
        for one in played:
            summary.add(one, most)
    if as_json:
        print_json(summary.as_json())
        return
    if not summary.conversations:
        click.echo(f"No conversation of `{new.name}` that began in the last {days} days is recorded.")
        return
    click.echo(f"{summary.differ} of {summary.conversations} conversations of `{new.name}` would have gone differently"
               + "".join(f", {count} {what}" for what, count in summary.about.most_common()) + ".")
    click.echo(f"{summary.consents_lost} consents would be lost.")
    for one in summary.shown:
        click.echo(f"\n# conversation {one.conversation_id}, {one.begun_at:%Y-%m-%d %H:%M}: {', '.join(one.differs)}")
        for line in one.diff():
            click.secho(line, fg={"+": "green", "-": "red"}.get(line[:1]))


def _all_again(runtime: Runtime, new: Compiled, others: Find, since: datetime, now: datetime) -> Iterator[Replayed]:
    after: int | None = 0
    while after is not None:
        with runtime.read() as connection:
            played, after = play_again(connection, new, others, since, now, after)
        yield from played


def _find(name: str) -> Script:
    try:
        return find(name, Path())
    except OSError:
        library = ", ".join(sorted(path.stem for path in LIBRARY.glob("*.yaml")))
        raise SystemExit(f"There is no file {name}; the library has: {library}.") from None


def _ready(name: str) -> Compiled:
    """A dialog that can be played: what only a shop knows, its topics, fields and languages, may be missing."""
    return ready(_find(name).dialog)


def _others(beside: Path) -> Find:
    """The dialogs that one may open: of the files beside it, of the library, of the shop in the database where there is one."""

    def other(name: str) -> Compiled | None:
        for place in (f"{name}.yaml", name):
            try:
                return ready(find(place, beside).dialog)
            except OSError:
                continue
        held = _published().get(name)
        return ready(held.dialog) if held else None

    return lru_cache(maxsize=None)(other)


def _shop() -> dict[str, Any]:
    """The topics and fields of the shop in the database, where there is one."""
    try:
        with looking().read() as connection:
            its = catalogue(connection)
            return {"topics": its.topic_names, "fields": its.fields}
    except (SettingsError, NoShop, DBAPIError):
        return {}


def _published() -> Mapping[str, Script]:
    try:
        with looking().read() as connection:
            return current(connection).scripts
    except (SettingsError, NoShop, DBAPIError):
        return {}


def _ground(shop: Path | None, named: Mapping[str, Script]) -> Ground:
    """What the dialogs stand on: the shop's file, else the shop in the database. They may also open each other."""
    if shop is not None:
        try:
            spec = read(shop).shop
            others = {other.dialog.name: other for name in spec.dialogs for other in [find(name, shop.parent)]}
        except OSError as error:
            raise SystemExit(f"{shop} names a dialog that is not there: {error.filename}") from None
        return ground(spec, {**others, **named})
    with looking().read() as connection:
        try:
            held = current(connection)
        except NoShop:
            raise SystemExit("There is no shop in the database to check against: give --shop FILE.") from None
    return ground(held.shop, {**held.scripts, **named})
