"""What a page costs the server, in a shop with 10,000 contacts and 100,000 texts; the floor: an answer that touches nothing."""

import statistics
import sys
import time

from sqlalchemy import text

from bot import create_app, staff
from bot.runtime import open_runtime
from tests.bench.inbound import BASE, databases
from tests.bench.stage import head, show
from tests.house import SHOP, settings
from tests.web.conftest import KEPT, furnish
from tests.web.test_many import CONTACTS, TEXTS_EACH, grow, pages

TIMES = 20
KNOWN = 3  # a contact with texts, a consent and a thread


def measure(name: str, database: str) -> None:
    runtime = open_runtime(settings(database, BASE, "http://127.0.0.1:9"))
    with runtime.begin() as connection:
        staff_id = staff.create(connection, "camille@shop.example", "Camille", "admin", runtime.machine_now())
        staff.set_password(connection, staff_id, KEPT)
        furnish(connection, runtime.machine_now())
        grow(connection, CONTACTS, TEXTS_EACH, 1)
        connection.execute(text("ANALYZE"))
    client = create_app(runtime).test_client()
    client.get("/admin/sign-in")
    with client.session_transaction() as session, runtime.begin() as connection:
        session["key"] = staff.come_in(connection, staff_id, "127.0.0.1", "bench", runtime.machine_now())
    took = {path: milliseconds(client, path) for path in ("/healthz", *pages(KNOWN))}
    floor = took.pop("/healthz")
    show(name, "ms of an answer that touches nothing", f"{floor:.2f}")
    for path, ms in sorted(took.items(), key=lambda one: one[1]):
        show(name, f"ms of {path}", f"{ms:.1f}", f"{ms / floor:.0f} × floor")
    runtime.engine.dispose()


def milliseconds(client: object, path: str) -> float:
    """The median of some times, after one that does not count."""
    spent = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        answer = client.get(path)  # type: ignore[attr-defined]
        spent.append(1_000 * (time.perf_counter() - began))
        assert answer.status_code == 200, (path, answer.status_code)
    return statistics.median(spent[1:])


def main() -> None:
    head()
    with databases(SHOP) as found:
        for name, database in found.items():
            if len(sys.argv) < 2 or name in sys.argv[1:]:
                measure(name, database)


if __name__ == "__main__":
    main()
