"""A shop that has grown: a page asks the database as often as before, keeps as little in memory, and weighs as little."""

import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from models import CannedAnswer, ConsentEvent, Contact, ContactTag, Message, Subscription, Thread, insert
from tests.crowd import number
from tests.house import BEGIN, PARIS, House
from tests.web.conftest import Reader, Readers
from tests.web.test_look import LARGEST, MOST_STATEMENTS, shown

CONTACTS, TEXTS_EACH = 10_000, 10
SLICE = 5_000  # rows written at a time
SLACK = 400_000  # bytes that Python and its libraries keep or let go at any time


class Cost(NamedTuple):
    """What it took to show a page."""

    statements: int
    memory: int  # bytes at the peak
    size: int  # bytes of the page


def cost(house: House, reader: Reader, path: str) -> Cost:
    """Shown once to warm up, then measured."""
    reader.client.get(path)
    tracemalloc.start()
    try:
        with house.statements() as seen:
            answer = reader.client.get(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status_code == 200, path
    return Cost(len(seen), peak, len(answer.data))


def grow(connection: Connection, many: int, texts: int, first: int) -> None:
    """So many contacts more, each with texts both ways, a tag, a consent; every third of them waits in the inbox."""
    ids = range(first, first + many)
    write(connection, Contact, ({
        "id": id_, "phone": number(id_), "person": f"person {id_}", "country": "FR", "language": "fr", "source": "text",
        "values": {"first_name": f"Nom {id_}"}, "made_at": BEGIN, "heard_at": BEGIN,
    } for id_ in ids))  # fmt: skip
    write(connection, ContactTag, ({"contact_id": id_, "tag": f"tag {id_ % 7}"} for id_ in ids))
    write(connection, ConsentEvent, ({
        "id": id_, "person": f"person {id_}", "seq": 1, "topic": "offers", "change": "in", "source": "text", "at": BEGIN,
        "proof_hash": "x", "prev_hash": "x", "hash": f"hash {id_}",
    } for id_ in ids))  # fmt: skip
    write(connection, Subscription, ({
        "contact_id": id_, "topic": "offers", "state": "in", "proof": "double", "event_id": id_, "at": BEGIN,
    } for id_ in ids))  # fmt: skip
    write(connection, Message, (message(id_, place) for id_ in ids for place in range(texts)))
    write(connection, Thread, ({
        "contact_id": id_, "at": BEGIN - timedelta(seconds=id_), "closed": id_ % 3 == 0,
        "waits_since": BEGIN - timedelta(seconds=id_) if id_ % 3 else None,
    } for id_ in ids if id_ % 3 != 1))  # fmt: skip


def message(contact_id: int, place: int) -> dict[str, Any]:
    at = BEGIN - timedelta(minutes=contact_id % 9_000 + place)
    ours = place % 2 == 1
    return {
        "contact_id": contact_id, "direction": "out" if ours else "in", "kind": "reply" if ours else "text",
        "state": "sent" if ours else "received", "ours": PARIS, "theirs": number(contact_id), "body": f"words {place}", "at": at,
        "made_at": at, "account": "x", "status": "delivered" if ours else None, "for_person": not ours and contact_id % 3 == 0,
    }  # fmt: skip


def write(connection: Connection, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    some: list[dict[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == SLICE:
            connection.execute(insert(table), some)
            some = []
    if some:
        connection.execute(insert(table), some)


def pages(contact_id: int) -> list[str]:
    """All that can be looked at without naming something, the tabs and searches, and all about one contact."""
    inbox = [f"/admin/inbox?tab={tab}" for tab in ("mine", "all", "closed")]
    theirs = [f"/admin/contacts/{contact_id}{tab}" for tab in ("", "/timeline", "/consent", "/why")]
    found = [f"/admin/contacts?{asked}" for asked in ("q=Nom", "q=06123", "tagged=tag+1", "topic=offers", "out=1")]
    return [*shown(), *inbox, *theirs, *found, "/admin/inbox?q=Nom", f"/admin/inbox/{contact_id}"]


def test_no_page_grows_with_what_there_is(lived_in: House, readers: Readers) -> None:
    """10,000 contacts with 100,000 texts, against 400, which fill a page of everything."""
    house, reader = lived_in, readers("admin")
    house.text("Bo", "blue candles?")
    known = house.contact("Bo").id
    with house.runtime.begin() as connection:
        grow(connection, 400, TEXTS_EACH, 1_000)
        write(connection, Message, (message(known, place) for place in range(90)))
        connection.execute(insert(CannedAnswer), [{"name": f"a{place}", "texts": {"fr": "x"}} for place in range(100)])
    before = {path: cost(house, reader, path) for path in pages(known)}
    with house.runtime.begin() as connection:
        grow(connection, CONTACTS, TEXTS_EACH, 10_000)
        write(connection, Message, (message(known, place) for place in range(90, 3_000)))
        connection.execute(text("ANALYZE"))
    for path, one in before.items():
        now = cost(house, reader, path)
        assert now.statements <= min(one.statements, MOST_STATEMENTS), path
        assert now.memory <= one.memory * 1.1 + SLACK, (path, one, now)
        assert now.size <= max(one.size * 1.1 + 2_000, 20_000) and now.size < LARGEST, (path, one, now)
