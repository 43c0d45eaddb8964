import threading, time
from datetime import timedelta
import pytest
from sqlalchemy import select, update, func
from bot import talk, status, outbox, inbound as inbound_mod, alarms
from bot.shop import load_shop
from bot.consent import ledger as L
from models import *
from tests.house import House, sid, PARIS, BOSTON, PEOPLE, SHOP, ACCOUNT_SID
from tests.scripts import publish as _publish
import re as _re
def publish(house, folder, interrupting="", **d):
    for n,y in d.items(): (folder/f"{n}.yaml").write_text(f"name: {n}\n"+("" if "kind:" in y or n=="later" else "kind: reply\n")+y)
    kw=", ".join(f"{{phrases: {n}, dialog: {n}}}" for n in d)
    head=SHOP.read_text().partition("dialogs:")[0]
    (folder/"shop.yaml").write_text(f"{head}dialogs: [{', '.join(f'{n}.yaml' for n in d)}]\nkeywords: [{kw}]\n")
    with house.runtime.begin() as c: load_shop(c, folder/"shop.yaml")
def sent(house, who="Bo"):
    for _ in range(40):
        house.work(); m=house.messages(who,"out")[-1]
        if m.sid: return m
        time.sleep(.1)
from tests.test_outbox import pass_time

IN="/webhooks/twilio/inbound"; FB="/webhooks/twilio/fallback"
def post(house, who, body, n, to=PARIS, path=IN):
    r = house.post(path, house.inbound(who, body, sid(n), to)); return r.status_code, r.get_data(as_text=True)

def test_p01_stop_text_with_topic_tag(house, tmp_path):
    p = tmp_path/"shop.yaml"
    p.write_text(SHOP.read_text().replace("dialogs: [welcome", "texts:\n  stop: {fr: \"{{ brand }}: plus de {{ topic.name }}\", en: \"{{ brand }} no more {{ topic.name }}\"}\n  help: {fr: \"{{ brand }}: {{ topic.frequency }}\", en: \"{{ brand }}: {{ topic.frequency }}\"}\ndialogs: [welcome"))
    with house.runtime.begin() as c: load_shop(c, p)
    print("P01 loaded; STOP ->", post(house, "Bo", "STOP", 1), house.contact("Bo"), "HELP->", post(house,"Bo","HELP",2)[0])

def test_p02_stop_confirmation_hours_late(house):
    post(house, "Bo", "STOP", 1)
    pass_time(house, 5*3600); house.work()
    print("P02 after 5h:", house.received("Bo"), [(m.kind,m.state) for m in house.messages("Bo","out")])

def test_p03_stop_confirmation_after_start(house):
    post(house, "Bo", "STOP", 1)
    print("start", post(house, "Bo", "START", 2)[1][-120:])
    pass_time(house, 60); house.work()
    print("P03:", house.received("Bo"), house.truths("Bo"))

def test_p04_question_after_stop(house):
    post(house, "Bo", "STOP", 1)
    print(post(house, "Bo", "JOIN", 2)[1][-200:])
    print("stop2", post(house, "Bo", "STOP", 3)[1])
    print("P04 fallback of JOIN after STOP:", post(house, "Bo", "JOIN", 2, path=FB)[1][-160:])
    pass_time(house, 60); house.work()
    print("P04 handset:", house.received("Bo"), house.truths("Bo"))

def test_p05_fold_crash(house, monkeypatch):
    house.text("Bo", "JOIN")
    m = sent(house)
    with house.runtime.begin() as c:
        c.execute(status.APPEND, dict(account=ACCOUNT_SID, sid=m.sid, status="failed", rank=6, error_code="21610", message_id=m.id, made_at=house.runtime.machine_now()))
    def die(*a): raise SystemExit("kill -9")
    monkeypatch.setattr(status, "_act", die)
    with pytest.raises(SystemExit): status.fold(house.runtime)
    monkeypatch.undo()
    house.work(); house.work()
    print("P05 truths:", house.truths("Bo"), [(x.status,x.error_code) for x in house.messages("Bo","out")])

def test_p06_carrier_stop_then_yes(house):
    house.text("Bo", "JOIN")
    m = sent(house)
    r = house.post(f"/webhooks/twilio/status/{m.id}", {"MessageSid": m.sid, "AccountSid": ACCOUNT_SID, "MessageStatus":"failed","ErrorCode":"21610"})
    house.work()
    print("P06 after 21610", house.truths("Bo"))
    print(post(house,"Bo","oui",9)[1][-200:])
    print("P06 after oui", house.truths("Bo"), house.story("Bo"))

WAKE = """
start: a
topic: offers
states:
  a: {after: {wait: PT1H, goto: q}}
  q: {say: "Voulez-vous nos offres ? OUI", on: [{hear: {words: [oui]}, then: [{do: opt_in, proof: double}], goto: z}], otherwise: {goto: z}}
  z: {say: "Merci"}
"""
def test_p07_question_never_sent(house, tmp_path):
    publish(house, tmp_path, later=WAKE)
    house.text("Bo", "LATER"); house.jump(timedelta(hours=2))
    print("P07", house.received("Bo"), house.truths("Bo"))
    house.text("Bo","oui")
    with house.runtime.read() as c:
        print("P07", house.truths("Bo"), house.story("Bo"), [ (r.wording,r.text) for r in L.story(c, house.contact("Bo"))])

def test_p08_fallback_twice(house):
    a = post(house,"Bo","JOIN",1,path=FB)[1]; b = post(house,"Bo","JOIN",1,path=FB)[1]
    print("P08", "Message" in a, "Message" in b)

def test_p09_copies_of_failing_turn(house, monkeypatch):
    b = threading.Barrier(6)
    def boom(*a, **k):
        time.sleep(.02); raise RuntimeError("dialog bug")
    monkeypatch.setattr(inbound_mod, "_find_door", boom)
    out=[]
    def go():
        b.wait(); out.append(post(house,"Bo","JOIN",1)[0])
    ts=[threading.Thread(target=go) for _ in range(6)]; [t.start() for t in ts]; [t.join() for t in ts]
    print("P09", sorted(out))

OUTER="""
start: a
expires: PT48H
states:
  a: {say: "Outer", then: [{do: open, dialog: inner}], on: [{hear: anything, goto: b}]}
  b: {say: "Outer: thanks"}
"""
INNER="""
start: a
states:
  a: {after: {wait: PT1H, goto: b}}
  b: {say: "Inner: done"}
"""
THIRD="""
start: a
expires: P7D
states:
  a: {say: "Third ?", on: [{hear: anything, goto: b}]}
  b: {say: "Third: thanks"}
"""
def test_p10_return_while_another_listens(house, tmp_path):
    publish(house, tmp_path, outer=OUTER, inner=INNER, third=THIRD)
    house.text("Bo","OUTER"); print(house.text("Bo","THIRD"), house.truths("Bo"))
    for h in (1,1,1,1,1,1,1): house.jump(timedelta(hours=h))
    with house.runtime.read() as c: print("P10 alarms", c.execute(select(Alarm.__table__)).all())
    print(house.text("Bo","done"), house.truths("Bo")); house.jump(timedelta(hours=100)); print("P10", house.truths("Bo"))

def test_p11_strangers(house):
    house.text("Bo","JOIN")
    m = sent(house)
    with house.runtime.begin() as c:
        c.execute(update(Message).where(Message.id==m.id).values(status="queued",rank=2))
        c.execute(status.APPEND, [dict(account=ACCOUNT_SID, sid=sid(5000+i), status="sent", rank=4, error_code=None, message_id=None, made_at=house.runtime.machine_now()) for i in range(1000)])
        c.execute(status.APPEND, dict(account=ACCOUNT_SID, sid=m.sid, status="read", rank=8, error_code=None, message_id=m.id, made_at=house.runtime.machine_now()))
    t=time.time(); house.work(); 
    print("P11", house.messages("Bo","out")[-1].status, house.messages("Bo","out")[-1].rank, status.fold(house.runtime), "due", __import__("bot.jobs").jobs.due(house.runtime))

SVC="""
kind: service
topic: orders
start: a
states:
  a: {after: {wait: PT1H, goto: b}}
  b: {say: "Commande.", then: [{do: open, dialog: promo}]}
"""
PROMO="""
kind: marketing
topic: offers
start: a
states:
  a: {say: "-50% sur tout !"}
"""
def test_p12_launder(house, tmp_path):
    publish(house, tmp_path, svc=SVC, promo=PROMO)
    house.text("Bo","SVC")
    with house.runtime.begin() as c:
        ct = house.contact("Bo"); L.Ledger(c, ct, house.runtime.suppression_key).opt_in("orders", L.Proof("","",None,"text"), house.runtime.now(c), "single")
    house.jump(timedelta(hours=2))
    print("P12", house.received("Bo"), [(m.kind,m.topic,m.state,m.why,m.body) for m in house.messages("Bo","out")])

def test_p14_no_shop(house):
    with house.runtime.begin() as c: c.execute(Shop.__table__.delete())
    with house.app.test_client() as cl: print("P14 readyz", cl.get("/readyz").status_code, "STOP", post(house,"Bo","STOP",1)[0])

ASK="""
start: a
expires: PT48H
on_expiry: late
states:
  a: {say: "Ask ?", on: [{hear: {words: [again]}, goto: a}, {hear: {words: [bye]}, goto: b}]}
  b: {say: "Ask: thanks"}
  late: {say: "Ask: too late"}
"""
def test_p15_postpone(house, tmp_path, monkeypatch):
    publish(house, tmp_path, ask=ASK)
    house.text("Bo","ASK")
    real = talk.ring_expire
    def fail_then_text(runtime, connection, alarm):
        raise RuntimeError("transient")
    orig = alarms._postpone
    def late(connection, alarm_id, now):
        orig(connection, alarm_id, now)
    from bot import jobs
    real_begin = type(house.runtime).begin
    state={"n":0}
    import contextlib
    # the text comes between the failure and the postponement
    def exc(*a, **k): 
        post(house,"Bo","again",77)
    monkeypatch.setattr(alarms.log, "exception", exc)
    house.carrier.clock(int(timedelta(hours=48).total_seconds()))
    alarms.ring_due(house.runtime, {"expire": fail_then_text})
    with house.runtime.read() as c: print("P15", c.execute(select(Alarm.__table__)).all(), house.runtime.now(c))

INT="""
start: a
expires: PT48H
states:
  a: {say: "Int ?", on: [{hear: anything, goto: b}]}
  b: {say: "Int: thanks"}
"""
IN2="""
start: a
expires: PT2H
states:
  a: {say: "Inner ?", on: [{hear: anything, goto: b}]}
  b: {say: "Inner: thanks"}
"""
def test_p19_orphan(house, tmp_path):
    publish(house, tmp_path, outer=OUTER, inner=IN2)
    house.text("Bo","OUTER"); print(house.truths("Bo"))
    print(house.text("Bo","MENU")); print("P19", house.truths("Bo"))
    house.jump(timedelta(days=30)); print("P19", house.truths("Bo"), house.received("Bo"))

def test_p20_stale_record(house):
    from tests.test_outbox import queue
    queue(house)
    import importlib; deliver=importlib.import_module("bot.outbox.deliver")
    from bot.carriers import Busy
    a = deliver.claim(house.runtime)
    with house.runtime.begin() as c: c.execute(update(Message).where(Message.id==a.outgoing.message_id).values(state="ready"))
    b = deliver.claim(house.runtime)
    deliver.record(house.runtime, a, Busy(0))
    cc = deliver.claim(house.runtime)
    print("P20 b and c both called:", b is not None, cc is not None)

MONTH="""
kind: reply
start: a
states:
  a: {say: "Ok", after: {wait: P30D, goto: b}}
  b: {say: "-50% sur tout !"}
"""
def test_p21_reply_kind_after_a_month(house, tmp_path):
    publish(house, tmp_path, month=MONTH)
    house.text("Bo","MONTH"); house.jump(timedelta(days=31))
    print("P21", house.received("Bo"), house.truths("Bo"))

NOQ="""
topic: offers
start: a
states:
  a: {then: [{do: opt_in, proof: double}], say: "Bienvenue"}
"""
def test_p22_double_without_question(house, tmp_path):
    publish(house, tmp_path, noq=NOQ)
    house.text("Bo","NOQ")
    with house.runtime.read() as c: print("P22", house.truths("Bo"), [(r.wording,r.text) for r in L.story(c, house.contact("Bo"))])
SINGLE="""
topic: offers
start: a
states:
  a: {then: [{do: opt_in, proof: single}], say: "Bienvenue"}
"""
def test_p23_single_on_double_topic(house, tmp_path):
    publish(house, tmp_path, single=SINGLE)
    house.text("Bo","SINGLE")
    print("P23", house.truths("Bo"))

ZONE="""
topic: offers
start: a
expires: PT1H
states:
  a: {say: "Zone ?", on: [{hear: anything, as: zone, then: [{do: remember, field: zone}], goto: b}]}
  b: {say: "ok"}
"""
def test_p13_zone(house, tmp_path):
    publish(house, tmp_path, zed=ZONE)
    print(house.text("Bo","ZED"), house.text("Bo","Mars"), house.text("Bo","ZED"), house.text("Bo", "ZED")); print("P13", house.truths("Bo"))

def test_p24_reprompt_wording(house):
    house.text("Bo","JOIN"); house.text("Bo","hmm"); house.text("Bo","oui")
    with house.runtime.read() as c: print("P24", [(r.wording,r.text) for r in L.story(c, house.contact("Bo"))])

def test_p25_undelivered_question(house):
    post(house,"Bo","JOIN",1)   # the answer is never fetched
    pass_time(house, 16*60); house.work()
    print("P25", [(m.state,m.why) for m in house.messages("Bo","out")], house.received("Bo"))
    post(house,"Bo","oui",2); print("P25", house.truths("Bo"), house.story("Bo"))
