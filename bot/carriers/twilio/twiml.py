"""TwiML: the few words of XML in which a webhook is answered.

Source: Twilio docs, "TwiML for Programmable Messaging".
"""

from xml.sax.saxutils import escape, quoteattr

from bot.carriers import Reply

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
EMPTY = f"{_HEAD}<Response/>"


def response(reply: Reply, status_url: str) -> str:
    """One message for the person who wrote; its statuses go to `status_url`.

    One only: nothing after a message with an action is sure to be executed.
    """
    body = f"<Body>{escape(reply.body)}</Body>" if reply.body else ""
    media = "".join(f"<Media>{escape(url)}</Media>" for url in reply.media)
    message = f'<Message action={quoteattr(status_url)} method="POST">{body}{media}</Message>'
    return f"{_HEAD}<Response>{message}</Response>"
