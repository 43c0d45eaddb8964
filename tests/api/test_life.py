"""The whole life of a shop through the API alone: contacts in, opt-in by text, segment, campaign, answers, report, order news,
export, erasure."""

from tests.api.conftest import Program
from tests.api.test_contacts import YES
from tests.house import PEOPLE, House

ANA, BO, CLEO = (PEOPLE[name] for name in ("Ana", "Bo", "Cleo"))


def test_the_life_of_a_shop(house: House, program: Program) -> None:
    # Contacts come in; being one is no consent.
    for phone, name in ((ANA, "Ana"), (BO, "Bo"), (CLEO, "Cleo")):
        program.put(f"/contacts/{phone}", {"language": "fr", "fields": {"first_name": name}, "tags": ["autumn"]})
    # Ana opts in by text, Bo signed at the till, Cleo says STOP.
    house.text("Ana", "JOIN")
    house.text("Ana", "OUI")
    house.text("Ana", "69001")
    program.post(f"/contacts/{BO}/consent", YES)
    house.text("Cleo", "STOP")
    assert program.ask("POST", f"/contacts/{CLEO}/consent", YES).status_code == 409
    assert program.get(f"/contacts/{ANA}/consent")["topics"] == {"offers": "in"}
    assert program.get(f"/contacts/{ANA}")["fields"] == {"first_name": "Ana", "postcode": "69001"}

    # A segment, counted before it is kept.
    rule = {"tag": "autumn"}
    counted = program.post("/segments/preview", {"rule": rule, "topic": "offers"})
    assert (counted["count"], counted["reachable"]) == (3, 2)
    segment = program.post("/segments", {"name": "Autumn", "rule": rule})

    # A campaign whose answers open a dialog.
    text = "{{ brand }} : bonjour {{ contact.first_name }}, votre avis ? STOP pour arrêter."
    assert program.post("/texts/measure", {"text": text})["encoding"] == "UCS-2"
    text = text.replace("ê", "e")
    draft = {"name": "Opinions", "topic": "offers", "within": ["Autumn"], "texts": {"": text}, "dialog": "survey"}
    path = f"/campaigns/{program.post('/campaigns', draft)['id']}"
    foreseen = program.post(f"{path}/preview")
    assert (foreseen["goes"], foreseen["refused"]) == (2, {"suppressed": 1})
    program.post(f"{path}/schedule")
    house.work()
    assert house.received("Bo")[-1] == "ACME : bonjour Bo, votre avis ? STOP pour arreter."

    # Answers open the dialog; Bo has had enough.
    assert house.text("Ana", "5") == ["Merci ! Quel jour était-ce ? Par exemple 12/05, ou hier."]
    house.text("Bo", "STOP")

    # The report: everybody counted once.
    report = program.get(f"{path}/report")
    assert (report["intended"], report["sent"], report["refused"], report["exact"]) == (3, 2, {"suppressed": 1}, True)
    why = {one["phone"]: one["why"] for one in program.get(f"{path}/recipients")["items"]}
    assert why == {ANA: None, BO: None, CLEO: "suppressed"}

    # Ana has ordered something: news of it is a topic of its own, and a key makes it one text. Bo wants no texts any more.
    program.post(f"/contacts/{ANA}/consent", {"topic": "orders", "change": "opt_in", "source": "form", "wording": "Order news"})
    news = {"topic": "orders", "texts": "{{ brand }} : bonjour {{ contact.first_name }}, votre commande 1017 est partie."}
    for _ in range(2):
        made = program.post("/messages", news | {"phone": ANA}, **{"Idempotency-Key": "order-1017"})
    assert program.post("/messages", news | {"phone": BO})["why"] == "suppressed"
    house.work()
    assert house.received("Ana").count("ACME : bonjour Ana, votre commande 1017 est partie.") == 1
    assert program.get(f"/messages/{made['id']}")["state"] == "sent"

    # What happened with her, the newest first; and all of it, when she asks.
    happened = program.get(f"/contacts/{ANA}/timeline")["items"]
    assert (happened[0]["what"], happened[0]["body"]) == ("message", made["body"])
    assert [one["change"] for one in happened if one["what"] == "consent"] == ["in", "in"]
    assert len(program.get(f"/contacts/{ANA}/export")["messages"]) == len(house.messages("Ana"))

    # She asks to be forgotten.
    assert program.ask("DELETE", f"/contacts/{ANA}").status_code == 204
    assert program.ask("GET", f"/contacts/{ANA}").status_code == 404
    assert program.post("/segments/preview", {"rule": rule})["count"] == 2
    assert program.get(f"{path}/report")["exact"]
    assert program.ask("DELETE", f"/segments/{segment['id']}").status_code == 204
