"""The log tells what happened in one line, and never to whom."""

import io
import logging

import pytest

from bot import log


@pytest.fixture
def written():
    """What has been logged so far; the set-up of the test run is put back afterwards."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    stream = io.StringIO()
    log.setup("DEBUG", stream)
    yield stream.getvalue
    root.setLevel(before[0])
    root.handlers[:] = before[1]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("to +33612345678 now", "to +336…78 now"),
        ("To=%2B33612345678&x", "To=%2B336…78&x"),
        ("whatsapp:+14155550123", "whatsapp:+141…23"),
        ("+33612345678Z", "+336…78Z"),
        ("0033612345678", "00336…78"),
        ("message 123456789012 took +12 ms", "message 123456789012 took +12 ms"),
        ("redis://:secret@h:1 and postgresql://u:secret@h/d", "redis://:…@h:1 and postgresql://u:…@h/d"),
        ("Authorization: Basic QUMwOnNlY3JldA==", "Authorization: Basic …"),
    ],
)
def test_numbers_and_passwords_are_masked(written, said, shown):
    logging.getLogger("parley").info("%s", said)
    assert written().endswith(f"Z INFO parley {shown}\n")


def test_a_line_break_cannot_forge_a_line(written):
    logging.getLogger("parley").warning("one\r\n2026-01-01T00:00:00Z INFO parley two\u2028three\x1b[31m")
    assert len(written().splitlines()) == 1
    assert "\x1b" not in written()


def test_an_error_keeps_its_trace_in_one_line_without_what_it_quotes(written):
    quoted = "Je suis Marie, 0612345678"
    try:
        raise ValueError(quoted)
    except ValueError:
        logging.getLogger("parley").exception("failed")
    assert len(written().splitlines()) == 1
    assert "test_log.py" in written() and "ValueError" in written()
    assert "Marie" not in written() and "0612" not in written()


@pytest.mark.parametrize("name", ["twilio", "twilio.async_http_client", "urllib3.connectionpool", "aiohttp.access"])
def test_libraries_that_log_addresses_are_quiet(written, name):
    logging.getLogger(name).info("GET /Messages.json?To=anyone")
    assert written() == ""
