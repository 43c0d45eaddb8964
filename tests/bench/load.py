"""Servers under load: real gunicorn processes, signed requests prepared beforehand, CPU read from the kernel's own account."""

import http.client
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from tests.processes import descendants, free_port, web

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Request:
    """One signed webhook, ready to be posted."""

    path: str
    body: bytes
    signature: str


def sign(base: str, path: str, form: dict[str, str], token: str) -> Request:
    signature = RequestValidator(token).compute_signature(base + path, form)
    return Request(path, urlencode(form).encode(), signature)


class Server:
    """gunicorn with one application, its process tree's CPU, and a way to load it."""

    def __init__(self, app: str, environment: dict[str, str], workers: int = 1, threads: int = 4) -> None:
        self.port = free_port()
        self.server = web(app, self.port, environment, Path(os.environ.get("BENCH_LOG", os.devnull)), workers, threads)
        time.sleep(1)  # until every worker has its application

    def cpu(self) -> float:
        """CPU seconds of the server's processes so far."""
        return sum(_cpu(pid) for pid in (self.server.process.pid, *descendants(self.server.process.pid)))

    def load(self, requests: Sequence[Request], clients: int = 8) -> tuple[float, float, list[str]]:
        """Post all requests: CPU seconds, wall seconds, and the answers' bodies in order of the requests."""
        answers = [""] * len(requests)
        before, start = self.cpu(), time.monotonic()
        threads = [threading.Thread(target=self._post, args=(requests, answers, i, clients)) for i in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.cpu() - before, time.monotonic() - start, answers

    def _post(self, requests: Sequence[Request], answers: list[str], first: int, step: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for i in range(first, len(requests), step):
            request = requests[i]
            headers = {"X-Twilio-Signature": request.signature, "Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", request.path, request.body, headers)
            response = connection.getresponse()
            answers[i] = f"{response.status} {response.read().decode()}"
        connection.close()

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.server.stop()


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK
