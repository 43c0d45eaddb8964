"""The first page: what the shop is doing, and what needs somebody."""

from sqlalchemy import true

from bot import segments
from bot.catalogue import NoShop, catalogue
from bot.held import held
from bot.processes import QUEUES, alive, worker
from bot.web.admin.pages import Visit, page, show


@page("", role="viewer")
def home(visit: Visit) -> object:
    """What needs somebody comes first."""
    with visit.read() as connection:
        try:
            brand = catalogue(connection).shop.brand
        except NoShop:
            return show("home.html", brand=None)
        living = set(alive(connection, visit.runtime.machine_now()))
        absent = [kind for kind in (*map(worker, QUEUES), "clock") if kind not in living]
        count = segments.count(connection, true(), visit.now(connection))
        return show("home.html", brand=brand, count=count, held=held(connection), absent=absent)
