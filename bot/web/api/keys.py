"""Idempotency-Key: a request that comes again gets the answer of the first one, and nothing is done twice.

Source: IETF draft "The Idempotency-Key HTTP Header Field". A key belongs to the token that sent it. The answer is written in the
transaction that does the work, so there is no instant at which one is there without the other.
"""

import hmac
import re
import secrets

from flask import Request, Response
from sqlalchemy import Connection, delete, select, update

from bot.consent.ledger import digest
from bot.runtime import Runtime
from bot.web.api.bodies import JSON
from bot.web.api.problems import Problem
from models import IdempotencyKey, insert
from models.phone import e164

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
PATTERN = r"^[!-~]{1,200}$"


def key_of(request: Request) -> str | None:
    """The key that came with a request. Raises Problem."""
    key = request.headers.get(HEADER)
    if key is not None and not re.fullmatch(PATTERN, key):
        raise Problem(400, f"{HEADER} cannot be read", detail="1 to 200 visible ASCII characters, no spaces")
    return key


def cause(token_id: int, key: str | None) -> str:
    """What the request is known by, for good; one without a key is only like itself."""
    return f"api:{token_id}:{key or secrets.token_hex(16)}"


def take(
    runtime: Runtime, connection: Connection, token_id: int, key: str, asked: str, phone: str | None
) -> Response | None:
    """Take a key for this request; a copy that comes meanwhile waits here. If it was taken before: what was answered then.

    `asked`: the request's fingerprint; `phone`: whom it is about, if it is about somebody.
    """
    about = digest(runtime.suppression_key, e164(phone) or phone) if phone else None
    row = {"token_id": token_id, "key": key, "request": asked, "about": about, "status": 0, "body": "",
           "at": runtime.machine_now()}  # fmt: skip
    new = insert(IdempotencyKey).values(**row).on_conflict_do_nothing().returning(IdempotencyKey.key)
    if connection.execute(new).first() is not None:
        return None
    mine = (IdempotencyKey.token_id == token_id) & (IdempotencyKey.key == key)
    earlier = connection.execute(select(IdempotencyKey.__table__).where(mine)).one_or_none()
    if earlier is None:  # forgotten at this very instant
        raise Problem(409, "It cannot be done now", detail="try again")
    if earlier.request != asked:
        raise Problem(422, f"This {HEADER} was used for another request")
    answer = Response(earlier.body, status=earlier.status, content_type=JSON)
    answer.headers[REPLAYED] = "true"
    return answer


def keep(connection: Connection, token_id: int, key: str, answer: Response) -> None:
    """Keep what is answered. A refusal is not: what was refused may be tried again with the same key."""
    mine = (IdempotencyKey.token_id == token_id) & (IdempotencyKey.key == key)
    if answer.status_code >= 400:
        connection.execute(delete(IdempotencyKey).where(mine))
    else:
        kept = {"status": answer.status_code, "body": answer.get_data(as_text=True)}
        connection.execute(update(IdempotencyKey).where(mine).values(**kept))


def fingerprint(runtime: Runtime, request: Request, body: bytes) -> str:
    """What was asked for, as a keyed hash: it tells nobody whose number it was about."""
    asked = b"\n".join((request.method.encode(), request.full_path.encode(), body))
    return hmac.digest(runtime.suppression_key, asked, "sha256").hex()
