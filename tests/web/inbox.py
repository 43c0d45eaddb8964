"""The inbox as tests use it: threads looked at, answered, closed."""

import re
import threading
from typing import Any

from bot import inbox
from tests.house import House
from tests.web.conftest import Reader


def thread(house: House, who: str = "Bo") -> str:
    """Where the thread of somebody is."""
    return f"/admin/inbox/{house.contact(who).id}"


def stands(house: House, who: str = "Bo") -> Any:
    with house.runtime.read() as connection:
        return inbox.find(connection, house.contact(who).id)


def work(house: House) -> None:
    """The worker, beside a browser: where one is, no other loop of events can run."""
    worker = threading.Thread(target=house.work)
    worker.start()
    worker.join()


def before_their_eyes(reader: Reader, path: str) -> dict[str, str]:
    """What the thread's page says that they have seen, as its forms send it."""
    page = reader.get(path).text
    seen, answered = (re.search(rf'name="{name}"[^>]* value="(\d*)"', page) for name in ("seen", "answered"))
    assert seen and answered
    return {"seen": seen[1], "answered": answered[1]}


def say(reader: Reader, path: str, words: str, key: str = "k1") -> Any:
    """An answer typed and sent."""
    return reader.send(f"{path}/answer", text=words, key=key, **before_their_eyes(reader, path))


def close(reader: Reader, path: str) -> Any:
    """The thread closed."""
    return reader.send(f"{path}/do", do="close", **before_their_eyes(reader, path))


def waits(reader: Reader, tab: str = "waiting") -> list[str]:
    """The last words of those who are listed."""
    page = reader.get(f"/admin/inbox?tab={tab}").text
    return [one.strip() for one in re.findall(r'<span class="words">([^<]*)</span>', page)]
