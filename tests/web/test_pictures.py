"""Pictures: put on the shelf, fetched by the carrier without signing in, sent along; and those that people send."""

import re
import threading
import urllib.error
import urllib.request
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Connection, event, func, select, update

from bot import pictures, shop
from bot.shop.spec import KeywordPart
from models import AuditEntry, File, FilePiece, Message
from tests.carrier import ACCOUNT_SID
from tests.crowd import draft, join, number, schedule
from tests.house import House
from tests.pictures import GIF, JPEG, data, png, shelved
from tests.scripts import publish
from tests.web.conftest import Reader, Readers

NEW = "/admin/pictures/new"
HTML = b"<!doctype html><script>alert(1)</script>"
REFUSED = {
    "a drawing that can hold scripts": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no JPEG, PNG or GIF"),
    "a page with the name of a picture": (HTML, "no JPEG, PNG or GIF"),
    "nothing": (b"", "the file is empty"),
    "more than carriers take": (png() + b"x" * 5_000_000, "5 MB at most"),
    "much more than that": (b"x" * 9_000_000, "5 MB at most"),
    "fifty thousand pixels square": (png(claims=(50_000, 50_000)), "50 million pixels"),
    "a header alone": (png()[:33], "damaged or not whole"),
    "the first half": (JPEG[:100], "damaged or not whole"),
    "all but the end": (GIF[:-1], "damaged or not whole"),
    "more chunks than any picture has": (png()[:-12] + (b"\0" * 4 + b"teXt" + b"\0" * 4) * 50_000 + png()[-12:], "damaged"),
    "more blocks than any picture has": (GIF[:-1] + b"\x21\xfe" + b"\1x" * 50_000 + b"\0;", "damaged"),
    "nothing but filling": (JPEG[:2] + b"\xff" * 50_000 + JPEG[2:], "damaged"),
    "no size": (png(claims=(0, 7)), "damaged or not whole"),
}


def upload(reader: Reader, content: bytes, name: str = "Candles", called: str = "candles.png") -> Any:
    reader.get(NEW)
    return reader.send(NEW, picture=(BytesIO(content), called), name=name)


def shelf(house: House) -> list[Any]:
    with house.runtime.read() as connection:
        return list(pictures.page(connection, None, 100))


def added(house: House, reader: Reader, content: bytes, **more: str) -> tuple[int, str]:
    """The id of a new picture, and its public address as the page shows it."""
    assert upload(reader, content, **more).status_code == 303
    row = shelf(house)[0]
    address = pictures.address(house.runtime, row)
    assert address in reader.get(f"/admin/pictures/{row.id}").text
    return row.id, address


def fetched(address: str, **headers: str) -> tuple[int, bytes, Any]:
    """What anybody gets there, without signing in."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def kept(house: House) -> tuple[int, int]:
    """How many files there are, and how many pieces of them."""
    with house.runtime.read() as connection:
        return tuple(connection.scalar(select(func.count()).select_from(one)) or 0 for one in (File, FilePiece))  # type: ignore[return-value]


@pytest.mark.parametrize(("content", "type_"), [(png(), "image/png"), (JPEG, "image/jpeg"), (GIF, "image/gif")])
def test_an_uploaded_picture_is_fetched_by_anybody_who_knows_its_address(
    house: House, readers: Readers, content: bytes, type_: str
) -> None:
    _, address = added(house, readers("marketer"), content, called="whatever.exe")
    status, body, headers = fetched(address)
    assert (status, body, headers["Content-Type"], headers["Content-Length"]) == (200, content, type_, str(len(content)))
    assert (headers["X-Content-Type-Options"], headers["Set-Cookie"]) == ("nosniff", None)
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert fetched(address, **{"If-None-Match": headers["ETag"]})[:2] == (304, b"")


def test_a_large_picture_comes_in_pieces_and_whole(house: House, readers: Readers) -> None:
    content = png()[:-12] + b"\0\x0f\x42\x40teXt" + b"x" * 1_000_000 + b"crc!" + png()[-12:]
    _, address = added(house, readers("marketer"), content)
    assert kept(house) == (1, 4)
    assert fetched(address)[1] == content


def test_only_an_address_that_we_gave_away_shows_a_picture(house: House, readers: Readers) -> None:
    reader = readers("marketer")
    id_, address = added(house, reader, png())
    other = png(shade=9)
    _, another = added(house, reader, other)
    begin, _, end = address.rpartition("/")
    wrong = [
        address[:-4] + "x.png", address.replace(".png", ".gif"), begin + "/" + "A" * 22 + ".png", begin + "/.png", begin,
        begin.replace(f"/f/{id_}", f"/f/{id_ + 1}") + "/" + end, f"{house.base_url}/f/{'9' * 30}/{end}", address + "/x",
        f"{house.base_url}/f/{id_}/%C3%A9.png",
    ]  # fmt: skip
    assert [fetched(one)[0] for one in wrong] == [404] * len(wrong)
    assert fetched(another)[1] == other


def test_slow_readers_leave_threads_to_the_webhooks(house: House, readers: Readers) -> None:
    admin = readers("marketer")
    id_, address = added(house, admin, png())
    path, client = address.removeprefix(house.base_url), house.app.test_client()
    most = house.runtime.settings.web_threads // 2
    slow = [client.get(path) for _ in range(most)]  # nothing is read of them yet
    refused = client.get(path)
    assert [one.status_code for one in slow] == [200] * most
    assert (refused.status_code, refused.headers["Retry-After"], refused.headers["Cache-Control"]) == (503, "2", "no-store")
    assert admin.client.get(f"/admin/pictures/{id_}/file").data == png(), "who is signed in needs no turn"
    for one in slow:
        one.close()
    known = {"If-None-Match": slow[0].headers["ETag"]}
    again = [client.get(path, headers=known, buffered=True).status_code for _ in range(2 * most)]
    assert again == [304] * 2 * most, "nobody keeps a turn"
    assert client.get(path, buffered=True).data == png()


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_picture_is_refused_beside_the_field(house: House, readers: Readers, what: str) -> None:
    content, words = REFUSED[what]
    answer = upload(readers("marketer"), content)
    assert answer.status_code == 422
    assert words in answer.text.partition('id="picture-error"')[2].partition("</p>")[0]
    assert kept(house) == (0, 0)


def test_only_who_may_add_pictures_can_send_that_much(house: House, readers: Readers) -> None:
    reader = readers("agent")
    assert reader.send(NEW, picture=(BytesIO(png()), "x.png")).status_code == 403
    assert reader.send(NEW, picture=(BytesIO(b"x" * 100_000), "x.png")).status_code == 413
    assert readers("marketer").send("/admin/keywords/new", phrases="x" * 100_000).status_code == 413
    assert kept(house) == (0, 0)


def test_the_same_picture_is_kept_once(house: House, readers: Readers) -> None:
    reader = readers("marketer")
    first, again = upload(reader, png()), upload(reader, png(), name="Once more")
    assert first.location == again.location
    assert "was there already" in reader.get(again.location).text
    assert kept(house) == (1, 1)


@pytest.mark.parametrize("dialect", ["postgresql"])  # SQLite has one writer at a time
def test_a_picture_that_is_deleted_while_it_is_added_again_is_kept(house: House) -> None:
    content, now = png(), house.runtime.machine_now()

    def keep(connection: Connection) -> tuple[int, bool]:
        return pictures.keep(connection, content, pictures.look(content), "Candles", now)

    with house.runtime.begin() as connection:
        first, _ = keep(connection)

    def drop(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("SELECT file.id") and shelf(house):
            with house.runtime.begin() as another:
                pictures.drop(house.runtime, another, pictures.find(another, first))

    with house.runtime.begin() as connection:
        event.listen(connection, "before_cursor_execute", drop)
        again, is_new = keep(connection)
    assert (again != first, is_new, kept(house)) == (True, True, (1, 1))


def test_a_picture_is_called_by_its_file_where_nothing_else_is_said(house: House, readers: Readers) -> None:
    upload(readers("marketer"), png(), name="", called="la_vitrine de Noël.png")
    assert [row.name for row in shelf(house)] == ["la vitrine de Noël"]


def test_a_picture_in_use_stays_and_says_who_uses_it(house: House, readers: Readers, tmp_path: Path) -> None:
    reader = readers("marketer")
    id_, address = added(house, reader, png())
    publish(house, tmp_path, show=f"start: a\nstates: {{a: {{say: ACME, picture: '{address}', end: done}}}}")
    draft(house, "soldes", media=[address])
    reader.get("/admin/keywords/new")
    hours = {"phrases": "hours", "mode": "whole", "does": "reply", "reply": "ACME: 9 to 7", "picture": address}
    made = reader.send("/admin/keywords/new", **hours)
    assert made.status_code == 303, made.text
    page = reader.get(f"/admin/pictures/{id_}").text
    assert "show" in page and "soldes" in page and "/admin/keywords/" in page and 'data-ask="delete"' not in page
    assert "1 dialog, 1 keyword, 1 campaign" in reader.get("/admin/pictures").text
    refused = reader.send(f"/admin/pictures/{id_}/delete")
    assert (refused.status_code, "still in use" in refused.text) == (422, True)
    assert fetched(address)[0] == 200


def test_a_picture_is_not_deleted_while_a_keyword_begins_to_say_it(house: House) -> None:
    path, refused = shelved(house.runtime), []

    def drop() -> None:
        with house.runtime.begin() as connection:
            try:
                pictures.drop(house.runtime, connection, pictures.page(connection, None, 1)[0])
            except pictures.PictureError as error:
                refused.append(str(error))

    with house.runtime.begin() as connection:
        said = {"phrases": {"": ["window"]}, "reply": {"": "ACME: look"}, "picture": path}
        shop.make_keyword(connection, KeywordPart.model_validate(said))
        deleting = threading.Thread(target=drop)
        deleting.start()
        deleting.join(0.5)
    deleting.join()
    assert (refused, len(shelf(house))) == (["it is still in use"], 1)


@pytest.mark.parametrize("state", ["ready", "held", "sending", "answered", "unknown", "sent"])
def test_a_picture_of_a_text_that_has_not_left_stays(house: House, readers: Readers, state: str) -> None:
    reader = readers("marketer")
    id_, address = added(house, reader, png())
    house.text("Bo", "JOIN")
    with house.runtime.begin() as connection:
        answer = house.messages("Bo", "out")[-1].id
        connection.execute(update(Message).where(Message.id == answer).values(state=state, media=[address]))
    assert ("1 text that waits" in reader.get("/admin/pictures").text) == (state != "sent")
    assert reader.send(f"/admin/pictures/{id_}/delete").status_code == (303 if state == "sent" else 422)


def test_a_deleted_picture_is_gone_at_once_and_that_is_written_down(house: House, readers: Readers) -> None:
    reader = readers("marketer")
    id_, address = added(house, reader, png())
    assert reader.send(f"/admin/pictures/{id_}/change", name="The window").status_code == 303
    assert reader.send(f"/admin/pictures/{id_}/change", name=" ").status_code == 422
    assert reader.send(f"/admin/pictures/{id_}/delete").status_code == 303
    assert (fetched(address)[0], kept(house), reader.get(f"/admin/pictures/{id_}").status_code) == (404, (0, 0), 404)
    _, another = added(house, reader, png(shade=1))
    assert another.split("/")[4] != str(id_), "an address never shows another picture"
    with house.runtime.read() as connection:
        did = connection.execute(select(AuditEntry.did, AuditEntry.before).order_by(AuditEntry.id)).all()
    told = {one.did: one.before for one in did if one.did.startswith("picture.")}
    assert told == {"picture.added": None, "picture.changed": {"name": "Candles"}, "picture.deleted": {"name": "The window"}}


# Sent along


def test_a_campaign_sends_its_picture_and_the_carrier_can_fetch_it(house: House, readers: Readers) -> None:
    _, address = added(house, readers("marketer"), png())
    join(house.runtime, [number(0)])
    schedule(house, draft(house, media=[address]))
    house.work()
    (text,) = house.carrier.handset(number(0))
    assert text["media"] == [address]
    assert fetched(f"{house.carrier.url}/control/media/{text['sid']}/0")[1] == png(), "and the phone shows it"


def test_a_dialog_sends_its_picture(house: House, readers: Readers, tmp_path: Path) -> None:
    reader = readers("marketer")
    _, address = added(house, reader, png())
    publish(house, tmp_path, show=f"start: a\nstates: {{a: {{say: ACME, picture: '{address}', end: done}}}}")
    house.text("Bo", "show")
    assert house.carrier.handset("+33612340002")[-1]["media"] == [address]
    assert '<img src="/admin/pictures/1/file"' in reader.get(f"/admin/contacts/{house.contact('Bo').id}").text


# What people send


def sent(house: House, content: bytes = b"", kind: str = "image/png", **more: Any) -> tuple[str, int]:
    """Bo sends a picture; where the thread shows it, and the id of the text."""
    house.text("Bo", "", **({"media": [data(content, kind)]} | more))
    id_ = house.messages("Bo", "in")[-1].id
    return f"/admin/media/{id_}/0", id_


def calls(house: House) -> list[Any]:
    return house.carrier.journal("media")


def test_a_picture_of_theirs_is_shown_in_the_thread_and_fetched_once(house: House, readers: Readers) -> None:
    reader = readers("viewer")
    path, _ = sent(house, png(40, 30))
    assert kept(house) == (0, 0), "the webhook waits for nobody"
    assert f'<img src="{path}" alt="Picture 1" loading="lazy"' in reader.get(f"/admin/contacts/{house.contact('Bo').id}").text
    for _ in range(2):
        answer = reader.client.get(path)
        assert (answer.status_code, answer.content_type, answer.data) == (200, "image/png", png(40, 30))
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (len(calls(house)), kept(house)) == (1, (1, 1))
    assert Reader(house).get(path).status_code == 303, "to the door"


@pytest.mark.parametrize(("content", "kind"), [(HTML, "image/png"), (b"BEGIN:VCARD", "text/vcard"), (png() * 80_000, "image/png"),
                                               (png(claims=(50_000, 50_000)), "image/png")], ids=str)  # fmt: skip
def test_what_is_no_picture_is_never_shown_and_fetched_once(house: House, readers: Readers, content: bytes, kind: str) -> None:
    reader, (path, _) = readers("viewer"), sent(house, content[:5_200_000], kind)
    for _ in range(2):
        answer = reader.get(path)
        assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
        assert b"alert" not in answer.data
    assert (len(calls(house)), kept(house)) == (1, (1, 0))


def test_who_is_erased_takes_their_pictures_along(house: House, readers: Readers) -> None:
    reader, (path, _) = readers("admin"), sent(house, png())
    reader.client.get(path)
    bo = house.contact("Bo").id
    (named,) = reader.send(f"/admin/contacts/{bo}/export").get_json()["pictures"]
    assert (named["type"], named["size"], named["place"]) == ("image/png", len(png()), 0)
    assert reader.send(f"/admin/contacts/{bo}/erase", **{"erase-word": "0002"}).status_code == 303
    assert (kept(house), reader.get(path).status_code) == ((0, 0), 404)


def test_a_carrier_that_does_not_answer_makes_a_drawing_and_is_asked_again(house: House, readers: Readers) -> None:
    reader, (path, _) = readers("viewer"), sent(house, png())
    house.carrier.reset()
    answer = reader.get(path)
    assert (answer.status_code, answer.mimetype, kept(house)) == (503, "image/svg+xml", (0, 0))


@pytest.mark.parametrize("path", ["/admin/media/1/0", "/admin/media/1/9", f"/admin/media/{'9' * 30}/0", "/admin/media/2/0"])
def test_what_never_came_is_no_page(house: House, readers: Readers, path: str) -> None:
    house.text("Bo", "JOIN")
    assert readers("viewer").get(path).status_code == 404


def test_nobody_but_the_carrier_is_ever_asked(house: House, readers: Readers, witness: Any) -> None:
    """Signed, and still not believed: of an address count only the two ids of its path."""
    reader, ids = readers("viewer"), f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/MM{'0' * 32}/Media/ME{'0' * 32}"
    other = ids.replace(ACCOUNT_SID, "AC" + "f" * 32)
    forged = [
        witness.url + ids, f"https://api.twilio.com.evil.example{ids}", f"https://api.twilio.com@{witness.host}{ids}",
        f"{house.carrier.url}/control/journal", f"{house.carrier.url}@{witness.host}{ids}", f"{house.carrier.url}/..{ids}",
        f"https://api.twilio.com{other}", f"https://media.twilio.com{ids}", f"https://api.twilio.com{ids}?x=1",
        f"https://api.twilio.com:443{ids}", "http://169.254.169.254/", "file:///etc/passwd",
    ]  # fmt: skip
    before = len(house.carrier.journal())
    for place, address in enumerate(forged):
        form = house.inbound("Bo", "look", f"MM{place:032x}", NumMedia="1", MediaUrl0=address)
        house.post("/webhooks/twilio/inbound", form)
        assert reader.get(f"/admin/media/{house.messages('Bo', 'in')[-1].id}/0").status_code in (404, 503), address
    assert (witness.asked, kept(house)) == ([], (0, 0))
    assert calls(house) == [] and len(house.carrier.journal()) - before < 2 * len(forged)


# In a browser

def test_a_picture_is_added_and_its_address_copied(admin: Page, house: House) -> None:
    admin.context.grant_permissions(["clipboard-read", "clipboard-write"])
    admin.goto("/admin/pictures")
    admin.get_by_role("link", name="Add the first one").click()
    field = admin.get_by_label("File")
    field.set_input_files({"name": "huge.png", "mimeType": "image/png", "buffer": b"x" * 5_000_001})
    assert field.evaluate("one => one.validationMessage") == "This file is larger than 5 MB."
    field.set_input_files({"name": "window.png", "mimeType": "image/png", "buffer": png(300, 200)})
    admin.get_by_role("button", name="Add it").click()
    expect(admin.get_by_role("heading", name="window", level=1)).to_be_visible()
    assert admin.locator(".frame img").evaluate("one => one.decode().then(() => one.naturalWidth)") == 300
    admin.goto("/admin/pictures")
    admin.get_by_role("button", name=re.compile("Copy address.*window")).click()
    assert admin.evaluate("navigator.clipboard.readText()") == pictures.address(house.runtime, shelf(house)[0])


def test_their_picture_is_seen_in_the_thread(admin: Page, house: House) -> None:
    sent(house, png(300, 200))
    admin.goto(f"/admin/contacts/{house.contact('Bo').id}")
    picture = admin.get_by_role("img", name="Picture 1")
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 300
