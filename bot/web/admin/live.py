"""News for whoever looks at the inbox, as it happens: server-sent events that say that there is some, never what it is.

Each stream occupies a thread of the web process, so there are few, and short ones: browsers come back by themselves, and who
gets none asks every few seconds instead.
"""

import time
from collections.abc import Iterator

from flask import Response, request

from bot import inbox as room
from bot.web.admin.contact import row_of
from bot.web.admin.pages import Visit, page
from bot.web.turns import Turns

STREAM_FOR = 25.0  # seconds; with `retry` the browser is back 1 s later
LOOK_EVERY = 1.0
RETRY = 1_000  # milliseconds
TURNS = Turns(4)



@page("/inbox/live/<int:contact_id>", role="viewer")
def live(visit: Visit, contact_id: int) -> object:
    """News of the lists, and of the thread of a contact; 0: of the lists alone."""
    if contact_id:
        with visit.read() as connection:
            row_of(connection, contact_id)  # raises NotFound
    if not TURNS.take(visit.runtime):
        return Response(status=204)  # by which a browser knows that there is no stream, and does not come back for one
    stream = _stream(visit, contact_id, request.headers.get("Last-Event-ID", ""))  # so browsers say what they know already
    answer = Response(stream, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})
    answer.call_on_close(TURNS.give_back)
    return answer


def _stream(visit: Visit, contact_id: int, shown: str) -> Iterator[str]:
    until = time.monotonic() + STREAM_FOR
    yield f"retry: {RETRY}\n\n"
    while time.monotonic() < until:
        with visit.read() as connection:
            now = room.pulse(connection, visit.staff.id, contact_id or None, visit.now(connection))
        if now != shown:
            shown = now
            yield f"id: {now}\ndata: news\n\n"
        else:
            yield ":\n\n"  # who has gone is noticed when something is said to them
        time.sleep(LOOK_EVERY)
