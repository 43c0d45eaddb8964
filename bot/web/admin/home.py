"""The first page: how the shop is doing, and what needs somebody."""

from bot.catalogue import NoShop
from bot.overview import no_steps, overview
from bot.shop import setup
from bot.web.admin.pages import Visit, page, show


@page("", role="viewer")
def home(visit: Visit) -> object:
    """What needs somebody comes first."""
    with visit.read() as connection:
        try:
            found = overview(visit.runtime, connection)
        except NoShop:
            done = [step for step, row in setup.answered(connection).items() if row.done]
            return show("home.html", found=None, steps=no_steps(done), simulated=visit.runtime.carrier.is_simulated)
    return show("home.html", found=found, steps=found.steps, simulated=visit.runtime.carrier.is_simulated)
