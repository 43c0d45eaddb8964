"""The first page: how the shop is doing, and what needs somebody."""

from bot.catalogue import NoShop
from bot.overview import overview
from bot.web.admin.pages import Visit, page, show


@page("", role="viewer")
def home(visit: Visit) -> object:
    """What needs somebody comes first."""
    with visit.read() as connection:
        try:
            found = overview(visit.runtime, connection)
        except NoShop:
            return show("home.html", found=None)
    return show("home.html", found=found, simulated=visit.runtime.carrier.is_simulated)
