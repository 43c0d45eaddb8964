"""What every operation of the API goes through: token, scope, rate, body, transaction, idempotency, answer.

A resource module declares operations and hands on to the house; it knows no SQL and decides nothing.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal, TypeVar

from flask import Blueprint, Response, current_app, request
from pydantic import BaseModel
from sqlalchemy import Connection

from bot import shop, staff, tokens
from bot.runtime import Runtime
from bot.web.api import keys, problems
from bot.web.api.bodies import JSON, Body, NamesContacts, can_be_kept, read_json, read_lines, read_query, read_whole
from bot.web.api.problems import Problem, not_found
from bot.web.api.rates import Rates

Method = Literal["GET", "POST", "PUT", "DELETE"]
Transaction = Literal["write", "read", "its own"]
Answer = BaseModel | Problem | Iterator[bytes] | None
"""None: done, nothing to tell. A Problem that is returned, not raised: it is told, and what was written stays written, but its
Idempotency-Key is free again. An iterator: JSON in the shape of the answer's model, told as it comes."""
AUDITED = ("shop", "segments", "campaigns", "dialogs")  # scopes; who halts all sending is written down where it is done
LONGEST_AUDITED = 2_000  # letters of JSON
Do = TypeVar("Do", bound=Callable[..., Answer])


@dataclass(slots=True)
class Call:
    """One request as an operation sees it."""

    runtime: Runtime
    connection: Connection  # none, strictly, where an operation opens its own
    token: tokens.Token
    cause: str  # names what is asked for: the same for every copy of a request with an Idempotency-Key
    body: Any = None  # in the operation's model
    query: Any = None
    status: int | None = None  # instead of the operation's usual one

    def now(self) -> datetime:
        """Business time."""
        return self.runtime.now(self.connection)

    def needs(self, scope: str) -> None:
        """Go no further without this scope. Raises Problem."""
        _must_have(self.token, scope)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that programs can ask for. `path`: as Flask writes it; `within`: the field that the house's words are about.

    `after(runtime, …)` is done once all is committed, and again for a copy: what must be over before anybody is answered.
    """

    method: Method
    path: str
    scope: str
    do: Callable[..., Answer]
    body: type[BaseModel] | None
    query: type[BaseModel]
    answer: type[BaseModel] | None
    status: int
    transaction: Transaction
    within: str
    after: Callable[..., object] | None
    lines: bool
    also: tuple[int, ...]
    example: Mapping[str, Any] | None

    @property
    def takes_key(self) -> bool:
        """Whether it honours an Idempotency-Key: what only looks does nothing that could be done twice."""
        return self.method == "POST" and self.transaction == "write"

    @property
    def is_audited(self) -> bool:
        """Whether it changes what is the shop's. What is done to a contact stands in their own story."""
        return self.transaction == "write" and self.scope.partition(":")[0] in AUDITED


blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
OPERATIONS: list[Operation] = []


def operation(
    method: Method,
    path: str,
    *,
    scope: str,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] = Body,
    answer: type[BaseModel] | None = None,
    status: int = 200,
    transaction: Transaction | None = None,
    within: str = "",
    after: Callable[..., object] | None = None,
    lines: bool = False,
    also: tuple[int, ...] = (),
    example: Mapping[str, Any] | None = None,
) -> Callable[[Do], Do]:
    """Declare an operation: the function gets a Call and what stands in the path, and returns the answer's model.

    Its docstring is its documentation. All but GET write, in one transaction, unless told otherwise. `lines`: the body is any
    number of lines, each in the body's model, and the operation reads them as they come. `also`: other statuses of success.
    """

    def declare(do: Do) -> Do:
        kind = transaction or ("read" if method == "GET" else "write")
        one = Operation(method, path, scope, do, body, query, answer, status, kind, within, after, lines, also, example)
        OPERATIONS.append(one)
        blueprint.add_url_rule(path, f"{method} {path}", partial(_serve, one), methods=[method])
        return do

    return declare


@blueprint.errorhandler(Problem)
def _told(problem: Problem) -> Response:
    return problem.response()


def _serve(operation: Operation, **path: Any) -> Response:
    runtime: Runtime = current_app.config["PARLEY"]
    token = _let_in(runtime, operation.scope)
    if not all(can_be_kept(str(named)) for named in path.values()):
        raise not_found("such address")
    query = read_query(request, operation.query)
    key = keys.key_of(request) if operation.takes_key else None
    raw, body = _body(operation, key)

    def answered() -> Response:
        with _transaction(runtime, operation) as connection:
            answer = None
            if key is not None:
                phone = path.get("phone") or getattr(body, "phone", None)
                answer = keys.take(runtime, connection, token.id, key, keys.fingerprint(runtime, request, raw), phone)
            if answer is None:
                call = Call(runtime, connection, token, keys.cause(token.id, key), body, query)
                answer = _done(operation, call, path)
                if operation.is_audited and answer.status_code < 400:
                    _write_down(call)
                if key is not None:
                    keys.keep(connection, token.id, key, answer)
            return answer

    answer = shop.holding(answered) if operation.transaction == "write" else answered()
    if operation.after is not None:
        operation.after(runtime, **path)
    return answer


def _body(operation: Operation, key: str | None) -> tuple[bytes, Any]:
    """The body as it came, where it is needed, and in the operation's model."""
    if operation.body is None:
        return read_whole(request) if key is not None else b"", None
    if operation.lines:
        return b"", read_lines(request, operation.body)
    return read_json(request, operation.body)


def _transaction(runtime: Runtime, operation: Operation) -> AbstractContextManager[Any]:
    if operation.transaction == "its own":
        return nullcontext()
    return runtime.begin() if operation.transaction == "write" else runtime.read()


def _done(operation: Operation, call: Call, path: Mapping[str, Any]) -> Response:
    try:
        found = operation.do(call, **path)
    except problems.REFUSALS as error:
        raise problems.of_house(error, operation.within) from None
    return _answer(found, call.status or operation.status)


def _write_down(call: Call) -> None:
    """Which program asked for what, without numbers of contacts, and without what is too long to be read there."""
    said = call.body.model_dump(mode="json", exclude_unset=True) if isinstance(call.body, BaseModel) else None
    if isinstance(call.body, NamesContacts) or len(json.dumps(said)) > LONGEST_AUDITED:
        said = None
    about = f"{request.method} {request.path.removeprefix(blueprint.url_prefix or '')}"
    staff.audit(call.connection, call.token.name, "program.asked", about, call.runtime.machine_now(), after=said)


def _let_in(runtime: Runtime, scope: str) -> tokens.Token:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = tokens.find(runtime, secret.strip()) if kind.lower() == "bearer" and secret else None
    if token is None:
        detail = "send Authorization: Bearer and a token of `parley token create`"
        raise Problem(401, "Who are you?", detail=detail, WWW_Authenticate="Bearer")
    rates: Rates = current_app.config["PARLEY_RATES"]
    rates.spend(token.id)
    _must_have(token, scope)
    return token


def _must_have(token: tokens.Token, scope: str) -> None:
    if scope not in token.scopes:
        raise Problem(403, "Not with this token", detail=f"it needs the scope {scope}")


def _answer(found: Answer, status: int) -> Response:
    if found is None:
        nothing = Response(status=204)
        del nothing.headers["Content-Type"]
        return nothing
    if isinstance(found, Problem):
        return found.response()
    told = found.model_dump_json() if isinstance(found, BaseModel) else found
    return Response(told, status=status, content_type=JSON)
