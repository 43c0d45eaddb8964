"""Commands for the people of the shop, who come in by the pages."""

import click

from bot import staff
from bot.cli.start import as_json, looking, print_json
from bot.runtime import Runtime


@click.group()
def user() -> None:
    """Let people in by the pages, and help them when they are locked out."""


@user.command()
@click.argument("email")
@click.option("--name", required=True, help="As the others know them.")
@click.option("--role", type=click.Choice(list(staff.ROLES)), default="admin", help="What they may do; admin by default.")
def create(email: str, name: str, role: str) -> None:
    """Make an account and print a link with which its owner chooses a password, once."""
    hands = looking()
    with hands.begin() as connection:
        now = hands.machine_now()
        staff_id = staff.create(connection, email, name, role, now)
        staff.audit(connection, None, "staff.invited", f"staff {staff_id}", now, after={"role": role})
        shown = staff.make_link(connection, staff_id, now)
    _say(hands, shown)


@user.command()
@click.argument("email")
def reset(email: str) -> None:
    """Print a link with which somebody chooses a new password, once. They are signed out, and the link ends their second step."""
    hands = looking()
    with hands.begin() as connection:
        now, row = hands.machine_now(), staff.find(connection, email)
        if row.closed_at is not None:
            raise staff.StaffError("this account is closed: an admin can let them in again")
        staff.audit(connection, None, "staff.reset", f"staff {row.id}", now)
        shown = staff.make_link(connection, row.id, now, ends_second_step=True)
    _say(hands, shown)


@user.command("list")
@as_json
def show_all(as_json: bool) -> None:
    """Print everybody who has an account."""
    with looking().read() as connection:
        rows = staff.everybody(connection)
    if as_json:
        kept = ("email", "name", "role", "made_at", "closed_at", "seen_at")
        print_json([{key: getattr(row, key) for key in kept} for row in rows])
        return
    for row in rows:
        state = "closed" if row.closed_at else f"seen {row.seen_at:%Y-%m-%d %H:%M}" if row.seen_at else "not seen lately"
        click.echo(f"{row.email:32} {row.role:9} {state:22} {row.name}")
    if not rows:
        click.echo("Nobody yet: parley user create --help")


def _say(hands: Runtime, shown: str) -> None:
    click.echo(f"{hands.settings.base_url}/admin/link/{shown}")
    click.echo(f"It works once, for {staff.LINK_FOR.days} days. Give it to them by a way that only they read.", err=True)
