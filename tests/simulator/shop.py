"""A shop at the other end of the webhooks: it writes down each call and answers what the test wants."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

EMPTY = "<Response/>"


@dataclass
class Call:
    path: str
    form: dict[str, str]
    headers: dict[str, str]
    line: int = 0


@dataclass
class Answer:
    body: str = EMPTY
    status: int = 200
    content_type: str | None = "text/xml; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0


class Shop:
    """`answers` maps a path to an Answer, or to a function of the call; anything else gets an empty Response."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, Answer | Callable[[Call], Answer]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def says(self, body: str, path: str = "/inbound") -> None:
        """Answer every text with one message."""
        self.answers[path] = Answer(f"<Response><Message><Body>{escape(body)}</Body></Message></Response>")

    def at(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path.partition("?")[0] == path]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                self._answer(parse_qsl(raw, keep_blank_values=True))

            def do_GET(self) -> None:
                self._answer([])

            def _answer(self, pairs: list[tuple[str, str]]) -> None:
                call = Call(self.path, dict(pairs), dict(self.headers), self.client_address[1])
                shop.calls.append(call)
                wanted = shop.answers.get(self.path.partition("?")[0], Answer())
                answer = wanted if isinstance(wanted, Answer) else wanted(call)
                time.sleep(answer.after)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.content_type:
                    self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(answer.body.encode())))
                self.end_headers()
                self.wfile.write(answer.body.encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
