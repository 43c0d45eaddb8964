"""The public address of a picture: carriers and phones fetch it without signing in, so it must not be guessed.

It is signed with SECRET_KEY and stays the same for as long as the picture is there: dialogs and campaigns say it.
"""

import base64
import hashlib
import hmac
import re
from typing import Any

from bot.pictures.look import EXTENSIONS
from bot.runtime import Runtime

PREFIX = "/f/"
PATH = re.compile(r"/f/([0-9]{1,18})/([\w-]{22})\.(jpg|png|gif)", re.ASCII)


def address(runtime: Runtime, row: Any) -> str:
    """Where anybody who knows it finds this picture."""
    return runtime.settings.base_url + path(runtime, row)


def path(runtime: Runtime, row: Any) -> str:
    """The same without our host, as dialogs and keywords keep it."""
    return f"{PREFIX}{row.id}/{_signature(runtime, row.id)}.{EXTENSIONS[row.type]}"


def of_address(runtime: Runtime, file_id: int, signature: str) -> bool:
    """Whether we have given this address away. Compared in constant time, and before the database is asked."""
    return hmac.compare_digest(signature.encode(), _signature(runtime, file_id).encode())


def id_of(runtime: Runtime, address: str) -> int | None:
    """Which of ours an address is of, so that a page can show it; None: it lies elsewhere."""
    base = runtime.settings.base_url
    found = PATH.fullmatch(address.removeprefix(base)) if address.startswith(base) else None
    return int(found[1]) if found else None


def _signature(runtime: Runtime, file_id: int) -> str:
    """128 bits are enough: there is nothing to try them on but us."""
    secret = runtime.settings.secret_key.get_secret_value()
    key = hmac.new(secret.encode(), b"parley public pictures", hashlib.sha256).digest()
    made = hmac.new(key, str(file_id).encode(), hashlib.sha256).digest()[:16]
    return base64.urlsafe_b64encode(made).decode().rstrip("=")
