"""How long something should last, as customers text it."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.until import parse_until

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("pas avant septembre", "2027-09-01"),
        ("Pas avant le 12 mai svp !", "2027-05-12"),
        ("jusqu'à décembre", "2026-12-01"),
        ("plus rien avant novembre", "2027-11-01"),
        ("pause de 3 semaines", "2026-12-13"),
        ("pendant deux mois", "2027-01-22"),
        ("je voudrais une pause d'un mois", "2026-12-22"),
        ("I need a break for 2 weeks", "2026-12-06"),
        ("por una semana", "2026-11-29"),
        ("un an", "2027-11-22"),
        ("la semaine prochaine", "2026-11-23"),
        ("not before September", "2027-09-01"),
        ("until May 12, 2027", "2027-05-12"),
        ("for a month", "2026-12-22"),
        ("no texts for 10 days", "2026-12-02"),
        ("demain", "2026-11-23"),
        ("36 mois", "2029-11-22"),
        ("hasta septiembre", "2027-09-01"),
        ("3 meses", "2027-02-22"),
        ("un mes", "2026-12-22"),
        ("1/2", "2027-02-01"),
        ("pas avant le 3.4", "2027-04-03"),
        ("jusqu'à janvier", "2027-01-01"),
        ("bonjour, pas d'offres avant janvier merci beaucoup", "2027-01-01"),
        ("don't text me before March", "2027-03-01"),
        ("no more texts until next year please", "2027-01-01"),
        ("septembre 2027", "2027-09-01"),
        ("May 2027", "2027-05-01"),
        ("la rentrée", "2027-09-01"),
        ("fin août", "2027-09-01"),
        ("end of the month", "2026-12-01"),
        ("pas avant Noël", "2026-12-25"),
        ("xmas", "2026-12-25"),
        ("le mois prochain", "2026-12-01"),
        ("next month", "2026-12-01"),
        ("l'année prochaine", "2027-01-01"),
        ("not before next year", "2027-01-01"),
        ("2027", "2027-01-01"),
        ("lundi", "2026-11-23"),
        ("not before Monday please", "2026-11-23"),
        ("pas avant lundi 4 mai", "2027-05-04"),
        ("dans 2 semaines stp", "2026-12-06"),
        ("in 2 weeks", "2026-12-06"),
        ("les 2 prochaines semaines", "2026-12-06"),
        ("quinze jours s'il vous plaît", "2026-12-07"),
        ("dix-sept jours", "2026-12-09"),
        ("ten days", "2026-12-02"),
    ],
)
def test_until_when_is_read(text: str, over: str) -> None:
    assert parse_until(text, "fr", TODAY) == date.fromisoformat(over)


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("rien en août", "2027-09-01"),
        ("pas en septembre", "2027-10-01"),
        ("rien pendant août", "2027-09-01"),
        ("pause en août", "2027-09-01"),
        ("pas au mois d'août", "2027-09-01"),
        ("not for august", "2027-09-01"),
        ("pas pour janvier", "2027-02-01"),
        ("no texts in December", "2027-01-01"),
        ("pas en novembre", "2026-12-01"),
        ("rien en 2027", "2028-01-01"),
        ("no offers next month", "2027-01-01"),
        ("pas ce mois-ci", "2026-12-01"),
        ("pas lundi", "2026-11-24"),
    ],
)
def test_a_time_without_texts_is_over_when_it_ends(text: str, over: str) -> None:
    """Not when it begins: that would be the opposite. The month under way is meant too."""
    assert parse_until(text, "fr", TODAY) == date.fromisoformat(over)


@pytest.mark.parametrize(
    ("text", "over"),
    [("jusqu'au 15 août", "2027-08-16"), ("jusqu'à lundi", "2026-11-24"), ("hasta el 12 de mayo", "2027-05-13")]
    + [("jusqu'en août", "2027-08-01"), ("jusqu'à fin août", "2027-09-01"), ("until May 12", "2027-05-12")],
)
def test_up_to_a_day_keeps_that_day(text: str, over: str) -> None:
    """Up to a month, or until a day, does not."""
    assert parse_until(text, "fr", TODAY) == date.fromisoformat(over)


@pytest.mark.parametrize("text", ["1 2", "1, 2", "1 & 2", "3-4", "1. 2", "20 12", "mes offres", "mes sms", "mes"])
def test_answers_to_a_menu_are_no_time(text: str) -> None:
    """Two numbers are a date only with a slash or a dot between them, and the French "mes" is no month."""
    assert parse_until(text, "fr", TODAY) is None


@pytest.mark.parametrize("text", ["one a month", "2 a month", "once a month", "2 par mois", "offres du mois", "offres en août"])
def test_how_often_and_which_offers_are_no_time_without_them(text: str) -> None:
    assert parse_until(text, "fr", TODAY) is None


@pytest.mark.parametrize(
    "text",
    ["", "pas", "pas avant", "hier", "2020-01-01", "0 jours", "9999999999 jours", "99 ans", "un deux", "mois mois"]
    + ["12/05/2099", "x semaines", "a" * 2000],
)
def test_what_is_no_time_ahead_is_none(text: str) -> None:
    assert parse_until(text, "fr", TODAY) is None


def test_a_month_that_is_too_short_ends_sooner() -> None:
    assert parse_until("3 mois", "fr", date(2026, 11, 30)) == date(2027, 2, 28)


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_time_ahead_or_none(text: str) -> None:
    found = parse_until(text, "en", TODAY)
    assert found is None or found > TODAY
