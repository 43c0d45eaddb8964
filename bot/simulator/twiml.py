"""What a webhook's answer asks the carrier to do: texts to send, then perhaps another address to ask.

Source: Twilio docs, "TwiML for Programmable Messaging", read at its strictest: nothing after a `<Message action=…>`
is executed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

DOCUMENT_PARSE_FAILURE = 12100


class Unreadable(Exception):
    """The answer cannot be executed; `code` is the carrier's error number."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """One text to send; `to` and `from_` default to the two ends of the conversation."""

    body: str
    media: tuple[str, ...] = ()
    to: str | None = None
    from_: str | None = None
    status_url: str | None = None
    status_method: str = "POST"


@dataclass(frozen=True, slots=True)
class Redirect:
    url: str
    method: str = "POST"


def read(xml: str) -> list[Reply | Redirect]:
    """The steps to execute, in order; a Redirect can only be the last. Raises Unreadable."""
    if "<!DOCTYPE" in xml:
        raise Unreadable(DOCUMENT_PARSE_FAILURE, "a document type is not allowed")
    try:
        root = ElementTree.fromstring(xml.encode())
    except (ElementTree.ParseError, ValueError) as error:
        raise Unreadable(DOCUMENT_PARSE_FAILURE, str(error)) from error
    if root.tag != "Response":
        raise Unreadable(DOCUMENT_PARSE_FAILURE, f"the root is <{root.tag}>, not <Response>")
    return list(_steps(root))


def _steps(root: ElementTree.Element) -> Iterator[Reply | Redirect]:
    for verb in root:
        if verb.tag == "Message":
            yield _reply(verb)
            if "action" in verb.attrib:
                return
        elif verb.tag == "Redirect":
            yield Redirect((verb.text or "").strip(), verb.get("method", "POST"))
            return


def _reply(verb: ElementTree.Element) -> Reply:
    bodies = [noun.text or "" for noun in verb.findall("Body")]
    return Reply(
        body="".join(bodies) if bodies else (verb.text or "").strip(),
        media=tuple((noun.text or "").strip() for noun in verb.findall("Media")),
        to=verb.get("to"),
        from_=verb.get("from"),
        status_url=verb.get("action") or verb.get("statusCallback"),
        status_method=verb.get("method", "POST") if "action" in verb.attrib else "POST",
    )
