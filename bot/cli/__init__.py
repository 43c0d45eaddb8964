"""The command `parley`: everything that an operator does without a page."""

from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from bot.campaigns import CampaignError
from bot.campaigns import Problem as Mistake
from bot.catalogue import NoShop
from bot.cli import (
    campaign,
    carrier,
    contact,
    database,
    dialog,
    held,
    processes,
    segment,
    sending,
    settings,
    shop,
    token,
    user,
)
from bot.segments import BadRule
from bot.settings import SettingsError
from bot.shop import ShopError
from bot.staff import StaffError
from bot.tokens import TokenError
from dialogs.load import DialogError

__all__ = ["main"]


class Commands(click.Group):
    """Commands that say what is missing or cannot be done, and end with a status that tells, whatever raised it below."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except SettingsError as error:
            click.echo("These settings need your attention (environment or .env):", err=True)
            for line in str(error).splitlines():
                click.echo(f"  {line}", err=True)
            context.exit(2)
        except (CampaignError, BadRule) as error:
            raise SystemExit("\n".join(map(_line, error.problems))) from None
        except (DialogError, NoShop, ShopError, StaffError, TokenError) as error:
            raise SystemExit(str(error)) from None
        except DBAPIError as error:
            click.echo(f"The database: {str(error.orig).splitlines()[0]}", err=True)
            click.echo("Is DATABASE_URL right, and does `parley db check` say that it is current?", err=True)
            context.exit(1)


def _line(problem: Any) -> str:
    where = problem.field if isinstance(problem, Mistake) else problem.path
    return f"{where}: {problem.message}" if where else str(problem.message)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="parley")
def main() -> None:
    """Two-way SMS conversations for shops: keywords, dialogs, consent."""


for command in (
    processes.demo, processes.web, processes.worker, processes.clock,
    database.db, settings.config, carrier.text, contact.contact, dialog.dialog, shop.shop,
    segment.segment, campaign.campaign, held.held, sending.sending, token.token,
    user.user,
):  # fmt: skip
    main.add_command(command)
