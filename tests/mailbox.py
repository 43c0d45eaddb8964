"""A mail server for tests: it speaks SMTP on a free port and keeps what it is given, or refuses, or is slow to answer."""

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Self


class _Line(socketserver.StreamRequestHandler):
    """One client."""

    server: "_Server"

    def handle(self) -> None:
        self.say("220 mail.example ready")
        while line := self.rfile.readline():
            verb = line.decode().strip().upper().partition(" ")[0]
            self.server.heard.append(line.decode().strip())
            if verb == "EHLO":
                self.say("\r\n".join([*(f"250-{one}" for one in self.server.offers), "250 SIZE 1000000"]))
            elif verb == "DATA":
                self.say("354 go on")
                self.take()
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say(self.server.answers.get(verb, "250 fine"))

    def take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        answer = self.server.answers.get("DATA", "250 taken")
        if answer.startswith("2"):
            self.server.letters.append(message_from_bytes(b"".join(lines), policy=policy.default))  # type: ignore[arg-type]
        self.say(answer)

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
    letters: list[EmailMessage]
    heard: list[str]
    answers: dict[str, str]
    offers: list[str]


class Mailbox:
    """A mail server. `answers`: what it says to a verb instead of yes; `heard`: all that clients have said."""

    def __init__(self) -> None:
        self.server = _Server(("127.0.0.1", 0), _Line)
        self.letters = self.server.letters = []
        self.heard = self.server.heard = []
        self.answers = self.server.answers = {}
        self.server.offers = ["mail.example", "AUTH PLAIN"]
        self.url = f"smtp://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def to(self, email: str) -> list[EmailMessage]:
        """The letters to somebody, in order."""
        return [letter for letter in self.letters if letter["To"] == email]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
