"""Pictures that came with texts, as the thread shows them."""

from typing import Any

from flask import send_from_directory
from werkzeug.exceptions import NotFound

from bot import pictures
from bot.carriers import Unavailable
from bot.web.admin.pages import Visit, page
from bot.web.pages import HERE
from bot.web.public import of_file


@page("/media/<int:message_id>/<int:place>", role="viewer")
def media(visit: Visit, message_id: int, place: int) -> object:
    """One of them, fetched from the carrier at the first look; a drawing where there is none to be had, or none that we show."""
    try:
        row = pictures.theirs(visit.runtime, message_id, place)
    except Unavailable:
        return _none(503)
    if row is None:
        raise NotFound
    return of_file(visit.runtime, row) if row.type else _none(200)


def _none(status: int) -> Any:
    answer = send_from_directory(HERE / "static", "no-picture.svg")
    answer.status_code = status
    return answer
