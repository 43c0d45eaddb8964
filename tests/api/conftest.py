"""Programs with their tokens."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot import tokens
from tests.house import House


class Program:
    """A program that talks to the API with a token of its own."""

    def __init__(self, house: House, secret: str | None) -> None:
        self.house, self.secret = house, secret

    def ask(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Any:
        """The response to one request; `raw`: the body as it is sent."""
        sent = raw if raw is not None else json.dumps(body, ensure_ascii=False).encode() if body is not None else None
        known = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        kind = {"Content-Type": "application/json"} if sent is not None else {}
        with self.house.app.test_client() as client:
            return client.open(f"/api/v1{path}", method=method, data=sent, headers={**kind, **known, **headers})

    def get(self, path: str) -> Any:
        return self._json(self.ask("GET", path))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._json(self.ask("POST", path, body if body is not None else {}, **headers))

    def put(self, path: str, body: Any) -> Any:
        return self._json(self.ask("PUT", path, body))

    @staticmethod
    def _json(response: Any) -> Any:
        assert response.status_code < 300, response.get_data(as_text=True)
        return response.get_json()


@pytest.fixture
def program(house: House) -> Program:
    """A program that may do all there is."""
    return with_scopes(house, *tokens.SCOPES)


@pytest.fixture
def programs(house: House) -> Callable[..., Program]:
    """Programs that may do only what is named."""
    return lambda *scopes: with_scopes(house, *scopes)


def with_scopes(house: House, *scopes: str) -> Program:
    with house.runtime.begin() as connection:
        name = f"program {len(tokens.all_tokens(connection))}"
        return Program(house, tokens.create(connection, name, scopes, house.runtime.machine_now()))
