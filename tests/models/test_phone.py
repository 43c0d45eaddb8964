"""Phone numbers in, from people and from carriers; phone numbers out, for people."""

import subprocess
import sys

import pytest

from models import phone


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("+33612345678", "e164"),
        ("+12125550100", "e164"),
        ("36111", "short_code"),
        ("12345", "short_code"),
        ("MABOUTIQUE", "alphanumeric"),
        ("Cafe 24", "alphanumeric"),
        ("whatsapp:+33612345678", "channel"),
        ("rcs:acme_agent", "channel"),
        ("anonymous", "unknown"),
        ("+266696687", "unknown"),
        ("+5215512345678", "unknown"),
        ("0612345678", "unknown"),
        ("ABIGBOUTIQUENAME", "unknown"),
        ("", "unknown"),
        ("+", "unknown"),
        ("5" * 300, "unknown"),
        ("\x00\ud800", "unknown"),
    ],
)
def test_a_sender_is_told_by_how_the_carrier_writes_it(raw: str, kind: str) -> None:
    assert phone.sender_kind(raw) == kind


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("+33612345678", "+33612345678"),
        ("+330612345678", "+33612345678"),
        ("+33700000000", "+33700000000"),
        ("+33 612345678", None),
        ("+33612345678\n", None),
        ("33612345678", None),
        ("whatsapp:+33612345678", None),
        ("+3336111", None),
        ("+15550123", None),
        ("+٣٣٦١٢٣٤٥٦٧٨", None),
    ],
)
def test_only_a_plus_and_the_digits_of_a_possible_number_are_e164(raw: str, number: str | None) -> None:
    assert phone.e164(raw) == number


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("06 12 34 56 78", "fr", "+33612345678"),
        ("06 12 34 56 78", None, None),
        ("+33 (0)6 12 34 56 78", None, "+33612345678"),
        ("0033 6 12 34 56 78", "FR", "+33612345678"),
        ("+330612345678", "US", "+33612345678"),
        ("٠٦١٢٣٤٥٦٧٨", "FR", "+33612345678"),
        ("\u200e+33612345678", None, "+33612345678"),
        ("+33612345678;ext=12", None, "+33612345678"),
        ("tel:+33612345678", None, "+33612345678"),
        ("mon numéro : 06.12.34.56.78", "FR", "+33612345678"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("(212) 555-0100", "US", "+12125550100"),
        ("555-0100", "US", None),
        ("whatsapp:+33612345678", None, None),
        ("36111", "FR", None),
        ("12345", "US", None),
        ("bonjour", "FR", None),
        ("06 12 34 56 78", "XX", None),
        ("5" * 300, "FR", None),
        ("", "FR", None),
    ],
)
def test_a_number_is_read_as_its_country_writes_it(text: str, country: str | None, number: str | None) -> None:
    assert phone.parse(text, country) == number


@pytest.mark.parametrize(
    ("text", "country", "begins"),
    [
        ("06 12", "FR", "+33612"),
        ("+33 (0)6 1", "FR", "+3361"),
        ("0033 6 1", "FR", "+3361"),
        ("(415) 5", "US", "+14155"),
        ("1 415", "US", "+1415"),
        ("011 33 6", "US", "+336"),
        ("+44", None, "+44"),
        ("06 12", None, None),
        ("6", "FR", None),
        ("6a", "FR", None),
        ("Ana", "FR", None),
        ("", "FR", None),
    ],
)
def test_the_beginning_of_a_number_is_read_too(text: str, country: str | None, begins: str | None) -> None:
    assert phone.beginning(text, country) == begins


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("+33612345678", True),
        ("+15005550006", True),
        ("+33700000000", False),
        ("+33712345678", False),
        ("+33639980001", False),
        ("+15555550123", False),
        ("+447700900123", False),
    ],
)
def test_possible_is_not_yet_valid(number: str, valid: bool) -> None:
    assert phone.e164(number) == number
    assert phone.is_valid(number) is valid


@pytest.mark.parametrize(
    ("number", "country", "language"),
    [
        ("+33612345678", "FR", "fr"),
        ("+32470123456", "BE", "fr"),
        ("+34612345678", "ES", "es"),
        ("+525512345678", "MX", "es"),
        ("+12125550100", "US", "en"),
        ("+17875551234", "PR", "es"),
        ("+14165550100", "CA", "en"),
        ("+262692123456", "RE", "fr"),
        ("+4915112345678", "DE", "en"),
        ("+80012345678", None, "en"),
        ("no number", None, "en"),
    ],
)
def test_a_number_tells_its_country_and_a_language_to_begin_with(
    number: str, country: str | None, language: str
) -> None:
    assert phone.country_of(number) == country
    assert phone.language_of(country) == language


def test_a_number_tells_every_zone_its_owner_may_be_in() -> None:
    assert phone.zones_of("+33612345678") == ("Europe/Paris",)
    assert phone.zones_of("+262692123456") == ("Indian/Mayotte", "Indian/Reunion")
    assert len(phone.zones_of("+18005551234")) > 40
    assert phone.zones_of("+33700000000") == phone.zones_of("no number") == ()


@pytest.mark.parametrize(
    ("number", "masked", "plain"),
    [
        ("+33612345678", "+33 6 •• •• 56 78", "+33 6 12 34 56 78"),
        ("+12125550100", "+1 2••-•••-0100", "+1 212-555-0100"),
        ("+6531234567", "+65 3••• ••67", "+65 3123 4567"),
        ("36111", "•••••", "36111"),
    ],
)
def test_a_number_is_shown_masked_unless_told_otherwise(number: str, masked: str, plain: str) -> None:
    assert phone.display(number) == masked
    assert phone.display(number, mask=False) == plain


def test_the_heavy_parts_of_the_library_are_never_loaded() -> None:
    program = (
        "import sys; from models import phone; phone.country_of('+33612345678'); phone.display('+33612345678');"
        "heavy = {'geocoder', 'carrier', 'timezone'}; phone.sender_kind('x');"
        "print(sorted(name for name in heavy if 'phonenumbers.' + name in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
