"""An answer to a campaign opens the dialog that the campaign names, once, for some days after."""

from datetime import timedelta

from sqlalchemy import bindparam, select

from bot import talk
from bot.effects import Scene
from models import Campaign, Conversation, Message

LAST = (
    select(Campaign.id, Campaign.dialog, Campaign.answers_for, Message.body, Message.at)
    .join(Campaign, Campaign.id == Message.campaign_id)
    .where(
        Message.contact_id == bindparam("contact"),
        Message.direction == "out",
        Message.state.in_(("sent", "sending", "unknown")),
        Campaign.dialog.is_not(None),
    )
    .order_by(Message.at.desc(), Message.id.desc())
    .limit(1)
)
ANSWERED = select(Conversation.id).where(
    Conversation.contact_id == bindparam("contact"),
    Conversation.dialog == bindparam("dialog"),
    Conversation.key == bindparam("key"),
)


def answered(scene: Scene) -> bool:
    """Whether the text just heard is taken for an answer to the last campaign that expects one; its dialog then hears it."""
    found = scene.connection.execute(LAST, {"contact": scene.contact.id}).one_or_none()
    if found is None or found.at < scene.now - timedelta(days=found.answers_for):
        return False
    key = f"{talk.BY_CAMPAIGN}{found.id}"
    if scene.connection.execute(ANSWERED, {"contact": scene.contact.id, "dialog": found.dialog, "key": key}).first():
        return False
    return talk.answer(scene, found.dialog, key, found.body)
