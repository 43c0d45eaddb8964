"""A text's way in, top to bottom. The order is the policy: consent first, then the contact's commands, dialogs, keywords."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from bot import campaigns, outbox, staff, talk
from bot.carriers import Inbound, OptOut, OptOutMode, Reply
from bot.catalogue import NoShop, catalogue, in_language
from bot.consent import gate
from bot.consent.ledger import Ledger, Proof
from bot.contacts import await_person, head_of, meet, standing
from bot.effects import WITH_STAFF_FOR, Said, Scene, Text
from bot.runtime import Runtime
from bot.text.clean import clean
from bot.text.merge import BadTemplate, MissingTag, render
from keywords.match import Match, match
from keywords.reserved import is_yes, reserved
from keywords.suggest import suggest
from keywords.table import KeywordReply, Mode
from keywords.text import fold
from models import Message, insert
from models.phone import e164
from models.shop import TEXTS

log = logging.getLogger(__name__)

COMMANDS: tuple[Mode, ...] = ("whole", "first")  # how a keyword that interrupts may stand in a text
LOOSER: tuple[Mode, ...] = ("first", "anywhere")
FALLBACK_EVERY = timedelta(days=1)  # "a person will read this" is said once a day

MESSAGE = Message.__table__
_new = insert(MESSAGE).values(
    contact_id=bindparam("contact_id"), direction="in", kind="text", state="received", ours=bindparam("ours"),
    theirs=bindparam("theirs"), body=bindparam("body"), media=bindparam("media"), account=bindparam("account"),
    sid=bindparam("sid"), at=bindparam("at"), made_at=bindparam("made_at"), verdicts=[], attempts=0, rank=0,
    for_person=bindparam("for_person"),
)  # fmt: skip
RECORD = _new.on_conflict_do_nothing(index_elements=["account", "sid"]).returning(MESSAGE.c.id)
OF_KEYWORD = update(MESSAGE).where(MESSAGE.c.id == bindparam("message_id")).values(keyword_id=bindparam("by"))
RECORDED = select(Message.id, Message.contact_id).where(
    Message.account == bindparam("account"), Message.sid == bindparam("sid")
)


class _Copy(Exception):
    """This text has been recorded before."""


class _TurnFailed(Exception):
    """A dialog, a template or an effect raised: the turn is undone."""


class _Unsaid(Exception):
    """The gate refused the dialog's words, so the dialog must not go on."""

    def __init__(self, verdict: dict[str, Any]) -> None:
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class _Answer:
    reply: Reply | None = None
    stopped: int | None = None  # the contact whose calls under way must end before we answer


def receive(runtime: Runtime, inbound: Inbound, *, fallback: bool = False) -> Reply | None:
    """Record a text and bring about all that it causes, in one transaction. Returns the reply for the webhook's response.

    If a dialog or an effect raises, all is undone and done once more without dialogs: the text is recorded, consent is
    seen to, and a person will read it. Raises DBAPIError when the database cannot be had: then nothing was acknowledged.
    `fallback`: the carrier says that its first fetch of our answer failed.
    """
    try:
        answer = _turn_or_plain(runtime, inbound, fallback)
    except _Copy:
        answer = _copy(runtime, inbound, fallback)
    if answer.stopped is not None:
        outbox.wait_for_calls(runtime, answer.stopped)
    return answer.reply


def _turn_or_plain(runtime: Runtime, inbound: Inbound, fallback: bool) -> _Answer:
    try:
        return _turn(runtime, inbound, fallback, converse=True)
    except _TurnFailed as failed:
        log.error("text %s: its turn failed; it is kept for a person", inbound.sid, exc_info=failed.__cause__)
        verdict = None
    except _Unsaid as refused:
        verdict = refused.verdict
    return _turn(runtime, inbound, fallback, converse=False, verdict=verdict)


def _turn(
    runtime: Runtime, inbound: Inbound, fallback: bool, *, converse: bool, verdict: dict[str, Any] | None = None
) -> _Answer:
    with runtime.begin() as connection:
        now, body, phone = runtime.now(connection), clean(inbound.body), e164(inbound.sender)
        if phone is None:  # a short code, a name, another channel: stored for a person, never answered
            _record(runtime, connection, inbound, None, body, now)
            return _Answer()
        contact = meet(connection, phone, now)
        text = Text(_record(runtime, connection, inbound, contact.id, body, now), body, inbound.sid, inbound.media)
        try:
            stand = standing(connection, contact, runtime.suppression_key, now)
        except NoShop:
            return _without_a_shop(runtime, connection, inbound, contact, text, now)
        waits = stand.waits_since is not None
        ledger = Ledger(connection, contact, runtime.suppression_key, head_of(stand), waits=waits)
        shop = catalogue(connection, stand.revision)
        scene = Scene(
            runtime, connection, shop, contact, now, inbound.to, ledger, bool(stand.suppressed), heard=text,
            replies_in_hour=stand.replies_in_hour, at_fallback=fallback,
        )  # fmt: skip
        folded = fold(body)
        kind, by_carrier = _consent_word(scene, inbound, folded)
        reply: Reply | None = None
        if kind is not None:
            _consent(scene, kind, folded, by_carrier)
            reply = outbox.answer(scene, "compliance")
        elif staff.prove_phone(connection, contact.phone, folded, runtime.machine_now()):
            pass  # it was not for the shop, and their account shows it
        elif converse:
            reply = _converse(scene, stand, folded)
        else:
            _keep_for_person(scene, verdict)
        scene.save()
        return _Answer(reply, contact.id if kind == "stop" else None)


def _without_a_shop(
    runtime: Runtime, connection: Connection, inbound: Inbound, contact: Any, text: Text, now: datetime
) -> _Answer:
    """Nobody has set up the shop yet: the text is kept for a person, and a STOP is a STOP."""
    log.error("text %s came, but no shop is set up: parley shop load FILE", inbound.sid)
    connection.execute(update(Message).where(Message.id == text.message_id).values(for_person=True))
    await_person(connection, contact.id, now)
    word = reserved(fold(text.body))
    ledger = Ledger(connection, contact, runtime.suppression_key)
    if (word is not None and word.kind == "stop") and not ledger.suppressed():
        ledger.stop(Proof("", text.body, text.sid, "text"), now)
    return _Answer()


def _record(
    runtime: Runtime, connection: Connection, inbound: Inbound, contact_id: int | None, body: str, at: Any
) -> int:
    row = {
        "contact_id": contact_id, "ours": clean(inbound.to), "theirs": clean(inbound.sender), "body": body,
        "media": list(inbound.media), "account": inbound.account, "sid": inbound.sid, "at": at,
        "made_at": runtime.machine_now(), "for_person": contact_id is None,
    }  # fmt: skip
    message_id = connection.execute(RECORD, row).scalar()
    if message_id is None:
        raise _Copy
    return int(message_id)


def _copy(runtime: Runtime, inbound: Inbound, fallback: bool) -> _Answer:
    """A text that we have already: no effect. A copy of a STOP waits like the first; the fallback gets the stored reply."""
    with runtime.begin() as connection:
        row = connection.execute(RECORDED, {"account": inbound.account, "sid": inbound.sid}).one()
        reply = None
        if fallback and row.contact_id is not None:
            reply = outbox.stored_answer(runtime, connection, row.id, row.contact_id)
    word = reserved(fold(clean(inbound.body)))
    stops = inbound.opt_out == "stop" or (word is not None and word.kind == "stop")
    return _Answer(reply, row.contact_id if stops else None)


def _consent_word(scene: Scene, inbound: Inbound, folded: str) -> tuple[OptOut | None, bool]:
    """What the text is to consent, if anything, and whether the carrier has answered it itself.

    YES is a START only from someone whom the carrier has blocked on this number (Twilio docs, opt-out keywords).
    """
    sender = scene.catalogue.senders.get(inbound.to)
    mode: OptOutMode = sender.opt_out if sender else "carrier"
    by_carrier = inbound.opt_out or scene.runtime.carrier.answers_itself(inbound.body, mode)
    if inbound.opt_out:
        return inbound.opt_out, True
    word = reserved(folded)
    # Opting out in other words than these will be heard here too.
    if word is not None:
        return word.kind, by_carrier is not None
    if (
        is_yes(folded)
        and scene.suppressed
        and by_carrier == "start"
        and scene.ledger.stopped_at_carrier(inbound.to)
    ):
        return "start", True
    return None, False


def _consent(scene: Scene, kind: OptOut, folded: str, by_carrier: bool) -> None:
    """STOP, START, HELP. Said in the language of the word; silent where the carrier has answered already."""
    assert scene.heard is not None
    proof = Proof("", scene.heard.body, scene.heard.sid, "text")
    said, stopped_before = "help", scene.suppressed
    if kind == "stop":
        said = "" if stopped_before else "stop"  # one confirmation, no more
        if stopped_before:
            scene.ledger.end_talks()
            scene.ledger.supersede(only_questions=True)
        else:
            scene.ledger.stop(proof, scene.now)
        scene.suppressed = True
    elif kind == "start" and scene.suppressed:
        said = "start"
        scene.ledger.lift(proof, scene.now)
        scene.ledger.supersede()
        scene.suppressed = False
    if said and not by_carrier:
        word = reserved(folded)
        languages: list[str] = scene.catalogue.shop.languages
        spoken = word.language if word and word.language in languages else scene.language
        scene.says.append(Said(_shop_says(scene, said, spoken or languages[0])))


def _shop_says(scene: Scene, name: str, language: str, **more: str) -> str:
    """One of the shop's own texts. A text that cannot be filled in never stands in the way of a STOP: the plain one is said."""
    context = {**scene.context(), **more}
    try:
        return render(scene.catalogue.text(name, language), context)
    except (MissingTag, BadTemplate) as error:
        log.error("the shop's text %s cannot be said (%s): the usual one is said instead", name, type(error).__name__)
        return render(in_language(TEXTS[name], language, "en"), context)


def _converse(scene: Scene, stand: Any, folded: str) -> Reply | None:
    """Commands, dialogs and keywords: first the gate is asked, so that no dialog goes on past words that could not be said."""
    verdict, kept = outbox.judge(scene, "reply")
    joins = verdict == gate.Refuse("suppressed") and scene.catalogue.answers_stop(scene.ours)
    if not (isinstance(verdict, gate.Go) or joins):
        _keep_for_person(scene, kept)
        return None
    try:
        _find_door(scene, stand, folded)
        reply = outbox.answer(scene)
    except (OperationalError, InterfaceError):  # the database, not the dialog: nothing is acknowledged
        raise
    except Exception as error:
        raise _TurnFailed from error
    if scene.refused is not None:
        raise _Unsaid(scene.refused)
    return reply


def _find_door(scene: Scene, stand: Any, folded: str) -> None:
    """Which door the text knocks on."""
    assert scene.heard is not None
    table, live = scene.catalogue.keywords, talk.listening(stand)
    command = match(table, folded, COMMANDS)
    if command is not None and command.entry.interrupts:
        _open(scene, command)
    elif _with_staff(scene, live):
        scene.for_person = True
    elif live is not None and _may_talk(scene, live.version_id, live.memory["state"]):
        talk.heard(scene, live, talk.heard_of(scene.heard.body, scene.heard.media), stand.question)
    elif command is not None and command.mode == "whole":
        _open(scene, command)
    elif not scene.suppressed and campaigns.answered(scene):
        return
    elif found := match(table, folded, LOOSER):
        _open(scene, found)
    elif not scene.suppressed:
        _nobody_understands(scene, folded)
    else:
        scene.for_person = True


def _with_staff(scene: Scene, live: talk.Live | None) -> bool:
    """Whether a person answers now. A dialog that was opened since they took over, by a command, hears its own answers."""
    until = scene.contact.with_staff_until
    if until is None or until <= scene.now:
        return False
    return live is None or live.begun_at <= until - WITH_STAFF_FOR


def _open(scene: Scene, found: Match) -> None:
    """A keyword opens its dialog, or says its reply, and whatever listens goes on listening."""
    assert scene.heard is not None
    dialog = found.entry.dialog or ""
    version_id = scene.catalogue.published.get(dialog)
    if scene.suppressed and (version_id is None or not _may_talk(scene, version_id)):
        scene.for_person = True
        return
    scene.connection.execute(OF_KEYWORD, {"message_id": scene.heard.message_id, "by": found.entry.id})
    if found.entry.reply is None and version_id is None:
        scene.for_person = True
        return
    if found.language in scene.catalogue.shop.languages:
        scene.changes["language"] = found.language
    if found.entry.reply is not None:
        _reply(scene, found.entry.reply)
    else:
        talk.open_dialog(scene, dialog, opening=talk.heard_of(scene.heard.body, scene.heard.media))


def _reply(scene: Scene, reply: KeywordReply) -> None:
    """What a keyword says by itself is about its own topic, and belongs to no dialog."""
    scene.topic = reply.topic
    words = in_language(reply.words, scene.language, scene.catalogue.shop.languages[0])
    ours = scene.runtime.settings.base_url
    media = [one if "://" in one else ours + one for one in (reply.picture,) if one]
    scene.says.append(Said(render(words, scene.context()), tuple(media)))


def _may_talk(scene: Scene, version_id: int, state: str | None = None) -> bool:
    """After a STOP a dialog may only ask for a double opt-in, in this state, or where it begins; see `_converse` for where."""
    if not scene.suppressed:
        return True
    dialog = scene.catalogue.version(scene.connection, version_id)
    return (state or talk.begins(scene, dialog)) in dialog.asks_opt_in


def _nobody_understands(scene: Scene, folded: str) -> None:
    """A near miss of a keyword is asked about; anything else is for a person, who is announced once a day."""
    near = suggest(scene.catalogue.keywords, folded)
    if near is not None:
        keyword = near.phrase.upper()
        scene.says.append(Said(_shop_says(scene, "suggest", scene.language, keyword=keyword)))
        return
    scene.for_person = True
    last = scene.contact.fallback_at
    if last is None or scene.now - last >= FALLBACK_EVERY:
        scene.changes["fallback_at"] = scene.now
        scene.says.append(Said(_shop_says(scene, "fallback", scene.language)))


def _keep_for_person(scene: Scene, verdict: dict[str, Any] | None) -> None:
    """A person will read it; why it got no answer is kept on the text itself."""
    assert scene.heard is not None
    scene.for_person = True
    if verdict is not None:
        mine = update(Message).where(Message.id == scene.heard.message_id)
        scene.connection.execute(mine.values(verdicts=[verdict], why=verdict["why"]))
