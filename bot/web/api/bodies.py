"""Reads what programs send. Whatever it is, it costs little and gets a clear answer."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from io import BufferedReader, RawIOBase
from typing import Annotated, Any, NoReturn, TypeVar

import regex
from flask import Request
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainValidator, ValidationError

from bot.text.clean import clean
from bot.web.api.problems import Problem, invalid

LONGEST_WORD = 200
TOWER = regex.compile(r"\p{M}{31}")
JSON, LINES = "application/json", "application/x-ndjson"
LONGEST_LINE = 64 * 1024  # bytes
MAX_DEPTH = 50
MAX_DIGITS = 18  # of a whole number: what both databases can hold
MAX_ID = 10**MAX_DIGITS - 1
DIGITS = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}")
LONGEST_VALUE = 200  # characters, in an address

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """What an operation takes: no key beyond those named."""

    model_config = ConfigDict(extra="forbid")


class NamesContacts(Body):
    """What names contacts: it is not copied into the log of changes, where nobody would find it to erase it."""


def _word(text: str) -> str:
    found = clean(text).strip()
    if not 0 < len(found) <= LONGEST_WORD:
        raise ValueError(f"1 to {LONGEST_WORD} letters that one can see")
    return found


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return _word(value)
    if not isinstance(value, (bool, int, float)):
        raise ValueError("a text, a number, true or false")
    return value


def _digits(value: Any) -> Any:
    if isinstance(value, str) and not DIGITS.fullmatch(value):
        raise ValueError("a whole number, in digits")
    return value


Word = Annotated[str, AfterValidator(_word)]
"""A name or a value as we keep it."""
Value = Annotated[str | bool | int | float, PlainValidator(_value, json_schema_input_type=str | bool | float)]
"""What is kept in a field: it depends on the field's type which of these it may be."""
Whole = Annotated[int, BeforeValidator(_digits)]
"""A whole number, also as an address has it."""


class _Refused(ValueError):
    """Not JSON as we take it."""


class _Coming(RawIOBase):
    """A body as it comes. It ends where it was said to end, and nothing else passes for its end."""

    def __init__(self, request: Request) -> None:
        self._source = request.input_stream
        ends_by_itself = "wsgi.input_terminated" in request.environ  # else nobody knows where one without a length ends
        self._left = request.content_length if request.content_length is not None or ends_by_itself else 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = len(buffer) if self._left is None else min(len(buffer), self._left)
        try:
            came = self._source.read(size) if size else b""
        except Exception as error:  # noqa: BLE001  # each server has its own for a client that is gone or sends nonsense
            raise _cut_off(str(error)) from None
        if size and not came and self._left is not None:
            raise _cut_off(f"{self._left} more bytes were announced")
        if self._left is not None:
            self._left -= len(came)
        buffer[: len(came)] = came
        return len(came)


def read_whole(request: Request) -> bytes:
    """The body of a request. Raises Problem."""
    most = request.max_content_length or 0
    raw = BufferedReader(_Coming(request)).read(most + 1)
    if len(raw) > most:
        raise Problem(413, "Too large", detail=f"a body has more than {most} bytes")
    return raw


def read_json(request: Request, model: type[Model]) -> tuple[bytes, Model]:
    """The JSON of a request, as it came and in the shape of a model. Raises Problem."""
    _is(request, JSON)
    raw = read_whole(request)
    return raw, parse(raw, model)


def read_lines(request: Request, model: type[Model]) -> Iterator[Model | Problem]:
    """What each line of a request says, or what is wrong with it, as it comes: never more than a line at a time. Raises Problem.

    Empty lines are passed over.
    """
    _is(request, LINES)
    stream = BufferedReader(_Coming(request))
    while raw := stream.readline(LONGEST_LINE + 1):
        if len(raw) > LONGEST_LINE:
            while raw and not raw.endswith(b"\n"):
                raw = stream.readline(LONGEST_LINE)
            yield Problem(413, "Too large", detail=f"a line has more than {LONGEST_LINE} bytes")
        elif raw.strip():
            try:
                yield parse(raw, model)
            except Problem as problem:
                yield problem


def parse(raw: bytes, model: type[Model]) -> Model:
    """JSON in the shape of a model. Raises Problem."""
    try:
        _look_through(json.loads(raw.decode(), **HOOKS))
    except RecursionError:
        raise Problem(400, "Not JSON that can be read", detail=f"nested more than {MAX_DEPTH} deep") from None
    except UnicodeDecodeError:
        raise Problem(400, "Not JSON that can be read", detail="this is not UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"{error.msg}, line {error.lineno} column {error.colno}"
        raise Problem(400, "Not JSON that can be read", detail=where) from None
    except ValueError as error:
        raise Problem(400, "Not JSON that can be read", detail=str(error)) from None
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise invalid(error) from None


def read_query(request: Request, model: type[Model]) -> Model:
    """The parameters of an address in the shape of a model. Raises Problem."""
    given: dict[str, str] = {}
    for name, values in request.args.lists():
        if len(values) > 1:
            raise Problem(400, "A parameter is given twice", errors=[(name, "give it once")])
        if len(values[0]) > LONGEST_VALUE or not can_be_kept(values[0]):
            raise Problem(400, "A parameter cannot be read", errors=[(name, "no parameter looks like this")])
        given[name] = values[0]
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise invalid(error) from None


def _is(request: Request, mimetype: str) -> None:
    """Nothing but this, and nothing that would have to be turned into it first."""
    if request.mimetype != mimetype:
        raise Problem(415, "Not what is taken here", detail=f"send Content-Type: {mimetype}")
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Problem(415, "Not what is taken here", detail="send UTF-8")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem(415, "Not what is taken here", detail="send it without a Content-Encoding")


def _cut_off(why: str) -> Problem:
    return Problem(400, "The body did not come as announced", detail=why)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Refused(f"the key {name[:50]!r} is there twice")
        found[name] = value
    return found


def _finite(written: str) -> float:
    value = float(written)
    if not math.isfinite(value):
        raise _Refused("a number is too large")
    return value


def _whole(written: str) -> int:
    if len(written.lstrip("-")) > MAX_DIGITS:
        raise _Refused(f"a whole number of more than {MAX_DIGITS} digits")
    return int(written)


def _never(written: str) -> NoReturn:
    raise _Refused(f"{written} is no JSON")


HOOKS: dict[str, Any] = {"object_pairs_hook": _once, "parse_float": _finite, "parse_int": _whole, "parse_constant": _never}


def _look_through(data: Any) -> None:
    """Nothing too deep, and no text that a database would not keep as it is."""
    left = [(data, 1)]
    while left:
        value, depth = left.pop()
        if depth > MAX_DEPTH:
            raise RecursionError
        if isinstance(value, dict):
            left += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            left += [(part, depth + 1) for part in value]
        elif isinstance(value, str) and not can_be_kept(value):
            raise _Refused("there is a character in it that no text can have")


def can_be_kept(text: str) -> bool:
    """Without NUL, half of a pair of surrogates, or a tower of accents, which costs its square to put in order."""
    if text.isascii():
        return "\0" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text and TOWER.search(text) is None
