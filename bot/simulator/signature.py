"""The seal on a webhook that proves it comes from the carrier.

Source: Twilio docs, "Webhooks security": HMAC-SHA1 with the account's token over the address as configured, followed
by every form field, sorted by name, name and value without anything between; base64.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sign(token: str, url: str, form: Iterable[tuple[str, str]] = ()) -> str:
    """The value of X-Twilio-Signature; `form` is empty for a GET. Equal pairs count once, as Twilio's validators do."""
    fields = "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.new(token.encode(), (url + fields).encode(), hashlib.sha1).digest()).decode()
