"""The web process with a trap door at each named point of a turn. The product itself knows nothing of it.

A text whose words are `JOIN` from the handset of a point kills the process there, once: a marker file remembers it.
"""

import functools
import os
import signal
import threading
from collections.abc import Callable, Iterable
from typing import Any

from bot import create_app as create_real_app
from bot import inbound, outbox, talk
from bot.carriers import twilio
from bot.runtime import Runtime

POINTS = (
    "request arrived", "signature verified", "contact locked", "text recorded", "dialog opened", "reply written",
    "before commit", "after commit", "response ready", "response sent",
)  # fmt: skip

_here = threading.local()


def handset(number: int) -> str:
    """The phone whose text is killed at the point of this number."""
    return f"+3361234{5000 + number:04d}"


def reach(point: str) -> None:
    """Die here, if this turn's handset is the point's and nobody has died for it yet."""
    folder = os.environ.get("KILL_MARKS")
    if folder is None or getattr(_here, "sender", None) != handset(POINTS.index(point)):
        return
    try:
        os.close(os.open(os.path.join(folder, point), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def after(owner: Any, name: str, point: str) -> None:
    """Reach a point when this function has returned."""
    real = getattr(owner, name)

    @functools.wraps(real)
    def wrapped(*args: Any, **more: Any) -> Any:
        result = real(*args, **more)
        reach(point)
        return result

    setattr(owner, name, wrapped)


def create_app() -> Callable[..., Iterable[bytes]]:
    """The real application, with trap doors."""
    after(twilio.Twilio, "verify", "signature verified")
    after(inbound, "meet", "contact locked")
    after(inbound, "_record", "text recorded")
    after(talk, "open_dialog", "dialog opened")
    after(outbox, "answer", "reply written")
    real_turn = inbound._turn

    def turn(runtime: Runtime, *args: Any, **more: Any) -> Any:
        answer = real_turn(runtime, *args, **more)
        reach("after commit")
        return answer

    inbound._turn = turn
    real_save = inbound.Scene.save

    def save(scene: Any) -> None:
        real_save(scene)
        reach("before commit")

    inbound.Scene.save = save  # type: ignore[method-assign]
    app = create_real_app()

    def door(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        from werkzeug.wrappers import Request

        request = Request(environ)
        body = request.get_data(cache=True)
        _here.sender = request.form.get("From") if body else None
        environ["wsgi.input"] = __import__("io").BytesIO(body)
        reach("request arrived")
        response = app(environ, start_response)
        reach("response ready")
        yield from response
        reach("response sent")

    return door
