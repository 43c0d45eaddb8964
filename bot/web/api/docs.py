"""The API's description as a page for people. It knows nothing but the document that programs read."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import render_template

from bot.web.api.openapi import document

Json = Mapping[str, Any]
SHAPES = "#/components/schemas/"


@cache
def page(public: str) -> str:
    """The page. `public`: the address at which the world finds us."""
    told = document()
    shapes = told["components"]["schemas"]
    resources: dict[str, list[Json]] = {}
    asked: set[str] = set()
    for path, operations in told["paths"].items():
        for method, one in operations.items():
            resources.setdefault(one["tags"][0], []).append(_operation(method.upper(), path, one))
            asked |= _within(one.get("requestBody"), shapes)
    return render_template(
        "api.html",
        base=public + told["servers"][0]["url"],
        resources=resources,
        shapes={name: _shape(shape, name in asked) for name, shape in shapes.items()},
    )


def _operation(method: str, path: str, one: Json) -> Json:
    [(media, body)] = one.get("requestBody", {"content": {"": {}}})["content"].items()
    good = {status: answer for status, answer in one["responses"].items() if status < "300"}
    answer = next((content["schema"] for done in good.values() for content in done.get("content", {}).values()), None)
    parameters = [
        _field(given["name"], {**given["schema"], "description": given.get("description", "")}, given["required"])
        for given in one["parameters"]
        if given["in"] != "header"  # the page says once what they are for
    ]
    *about, scope = one["description"].split("\n\n")
    return {
        "method": method, "path": path, "id": one["operationId"], "summary": one["summary"], "about": about, "scope": scope,
        "parameters": parameters, "body": _name(body.get("schema")), "each_line": "ndjson" in media,
        "example": json.dumps(body["example"], ensure_ascii=False, indent=2) if "example" in body else None,
        "statuses": ", ".join(good), "answer": _name(answer),
    }  # fmt: skip


def _within(part: Any, shapes: Json) -> set[str]:
    """The names of all shapes in it, and in those."""
    found = set(re.findall(rf'"{SHAPES}(\w+)"', json.dumps(part)))
    return found.union(*(_within(shapes[name], shapes) for name in found))


def _shape(shape: Json, asked: bool) -> Json:
    """`asked`: programs send it; of what we send, all is always there."""
    required = shape.get("required", ()) if asked else ()
    fields = [_field(name, schema, name in required) for name, schema in shape.get("properties", {}).items()]
    return {"about": shape.get("description", ""), "fields": fields}


def _field(name: str, schema: Json, required: bool) -> Json:
    about = schema.get("description", "")
    return {"name": name, "kind": _kind(schema), "required": required, "about": about}


def _kind(schema: Json) -> str:
    """A schema in words: "list of text", "whole number or null"."""
    if "$ref" in schema:
        return str(_name(schema))
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_kind, schema["anyOf"])))
    if "enum" in schema or "const" in schema:
        return " | ".join(map(str, schema.get("enum") or [schema["const"]]))
    match schema.get("type"):
        case "array":
            return f"list of {_kind(schema.get('items', {}))}"
        case "object":
            inside = schema.get("additionalProperties") or next(iter(schema.get("patternProperties", {}).values()), None)
            return f"object of {_kind(inside)}" if isinstance(inside, Mapping) else "object"
        case "string":
            return {"date-time": "time", "date": "date"}.get(schema.get("format", ""), "text")
        case "integer":
            return "whole number"
        case "boolean":
            return "true or false"
        case None:
            return "anything"
        case other:
            return str(other)


def _name(schema: Json | None) -> str | None:
    return schema["$ref"].removeprefix(SHAPES) if schema and "$ref" in schema else None
