"""A form that was open while somebody else changed what it is about: nothing of theirs is overwritten unseen."""

import re
from html import unescape

import pytest

from tests.house import PARIS, House
from tests.web.conftest import Reader, Readers, account

FORMS = {
    "keyword": ("/admin/keywords/1", "/admin/keywords/1/change", "phrases", "join\nearly", "join\nlate"),
    "number": (f"/admin/shop/number?number=%2B{PARIS[1:]}", "/admin/shop/number", "parts_per_second", "3", "4"),
    "canned answer": ("/admin/answers/1", "/admin/answers/1/change", "texts.fr", "Tôt", "Tard"),
}


def fields(page: str) -> dict[str, str]:
    """What a form of the page says as it stands there."""
    form = page[page.index('class="sheet"') :]
    typed = re.findall(
        r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', re.sub(r'<input type="(?:radio|checkbox)"[^>]*>', "", form)
    )
    ticked = re.findall(r'<input type="radio" name="([^"]+)" value="([^"]*)"[^>]* checked', form)
    written = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>', form)
    chosen = re.findall(r'<select[^>]* name="([^"]+)".*?<option value="([^"]*)" selected', form, re.DOTALL)
    return {name: unescape(value) for name, value in (*typed, *ticked, *written, *chosen) if name != "csrf_token"}


@pytest.mark.parametrize("what", FORMS)
def test_who_comes_second_is_told(lived_in: House, readers: Readers, what: str) -> None:
    shown, sent, name, early, late = FORMS[what]
    first, second = readers("admin"), Reader(lived_in)
    second.sign_in(account(lived_in, "admin", "Bo"))
    forms = [fields(one.get(shown).text) for one in (first, second)]
    assert forms[0] == forms[1] and "was" in forms[0]
    assert first.send(sent, **forms[0] | {name: early}).status_code == 303
    refused = second.send(sent, **forms[1] | {name: late})
    assert refused.status_code == 422 and "Somebody has changed it meanwhile" in refused.text
    assert late.splitlines()[-1] in refused.text, "what they typed is still there"
    assert second.send(sent, **fields(second.get(shown).text) | {name: late}).status_code == 303, "now they know"
