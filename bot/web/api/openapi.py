"""The API's own description, made from its operations. Source: OpenAPI Specification 3.1.1."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from inspect import getdoc
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.tokens import SCOPES
from bot.web.api import keys
from bot.web.api.bodies import JSON, LINES, MAX_ID
from bot.web.api.operations import OPERATIONS, Operation
from bot.web.api.problems import CONTENT_TYPE, ProblemOut

Mode = Literal["validation", "serialization"]
PLACE = re.compile(r"<(?:(\w+):)?(\w+)>")  # in a path, as Flask writes it
TYPES: Mapping[str, dict[str, Any]] = {
    "id": {"type": "integer", "minimum": 0, "maximum": MAX_ID},
    "": {"type": "string", "minLength": 1},
}
PLACES = {
    "name": {"description": "Of a dialog.", "example": "welcome"},
    "number": {"description": "As the shop's file has it: E.164, a short code or a name.", "example": "+33937000001"},
    "slug": {"description": "Of a topic.", "example": "offers"},
    "phone": {"description": "E.164, such as +33612345678.", "example": "+33612345678"},
}
ALWAYS = {"400": "It cannot be read.", "401": "No token, or none of ours.", "403": "The token is not for this.",
          "414": "The address is too long.", "429": "Too many requests.", "503": "The database cannot be had."}  # fmt: skip


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    refs, schemas = _schemas(OPERATIONS)
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(address(one.path), {})[one.method.lower()] = _operation(one, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parley", "version": "1", "description": "Times are ISO 8601, UTC. Errors are problem+json."},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _scopes()}},
        },
    }


def address(path: str) -> str:
    """A path as programs read it: /contacts/{phone}."""
    return PLACE.sub(r"{\2}", path)


def _operation(one: Operation, refs: Mapping[tuple[type[BaseModel], Mode], Any]) -> dict[str, Any]:
    said, _, more = (getdoc(one.do) or "").partition("\n")
    answer = {"description": "Done."} if one.answer is None else _content(refs[one.answer, "serialization"])
    statuses = (204,) if one.answer is None else (one.status, *one.also)
    responses: dict[str, Any] = {str(status): answer for status in statuses}
    refused = {**ALWAYS, "404": "There is no such thing.", "409": "It cannot be done now.", "422": "A field is wrong."}
    if one.body is not None:
        refused["415"] = "Not JSON in UTF-8, or compressed."
    if one.body is not None or one.takes_key:
        refused["413"] = "Too large."
    problem = refs[ProblemOut, "serialization"]
    for status, what in sorted(refused.items()):
        ours = {"content": {CONTENT_TYPE: {"schema": problem}}} if status != "414" else {}  # that is said by the server itself
        responses[status] = {"description": what, **ours}
    found: dict[str, Any] = {
        "operationId": one.do.__name__, "summary": said, "tags": [one.path.split("/")[1]],
        "description": "\n\n".join(filter(None, (more.strip(), f"Scope: `{one.scope}`."))),
        "parameters": _parameters(one), "responses": responses,
    }  # fmt: skip
    if one.body is not None:
        content = {"schema": refs[one.body, "validation"], **({"example": one.example} if one.example else {})}
        found["requestBody"] = {"required": True, "content": {LINES if one.lines else JSON: content}}
    return found


def _content(schema: Any) -> dict[str, Any]:
    return {"description": "Done.", "content": {JSON: {"schema": schema}}}


def _parameters(one: Operation) -> list[dict[str, Any]]:
    places = [
        {"name": name, "in": "path", "required": True, "schema": TYPES[kind or ""], **PLACES.get(name, {})}
        for kind, name in PLACE.findall(one.path)
    ]
    shape = one.query.model_json_schema()
    asked = [
        {"name": name, "in": "query", "required": name in shape.get("required", ()), "schema": schema}
        for name, schema in shape.get("properties", {}).items()
    ]
    key = {"name": "Idempotency-Key", "in": "header", "required": False,
           "description": "The same key again gets the same answer, and nothing is done twice.",
           "schema": {"type": "string", "pattern": keys.PATTERN}}  # fmt: skip
    return [*places, *asked, *([key] if one.takes_key else [])]


def _schemas(operations: Iterable[Operation]) -> tuple[dict[tuple[type[BaseModel], Mode], Any], dict[str, Any]]:
    """Where each model of an operation is described, and the descriptions."""
    wanted: dict[tuple[type[BaseModel], Mode], None] = {(ProblemOut, "serialization"): None}
    for one in operations:
        wanted.update({(one.body, "validation"): None} if one.body else {})
        wanted.update({(one.answer, "serialization"): None} if one.answer else {})
    refs, found = models_json_schema(list(wanted), ref_template="#/components/schemas/{model}")
    return refs, found.get("$defs", {})  # type: ignore[return-value]


def _scopes() -> str:
    told = "\n".join(f"- `{scope}`: {sentence}" for scope, sentence in SCOPES.items())
    return f"A token of `parley token create`. Its scopes:\n\n{told}"
