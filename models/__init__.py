"""What we remember: tables and the values they share. Imports nothing else of ours."""

from models.base import Base, insert
from models.consent import ConsentEvent, ConsentProof, Subscription, Suppression
from models.contact import Contact, ContactTag, Field
from models.conversation import Alarm, Conversation, DialogVersion, Keyword
from models.message import Callback, Message
from models.sender import Sender
from models.shop import Clock, Lease, Process, Shop
from models.topic import Topic

__all__ = [
    "Alarm",
    "Base",
    "Callback",
    "Clock",
    "ConsentEvent",
    "ConsentProof",
    "Contact",
    "ContactTag",
    "Conversation",
    "DialogVersion",
    "Field",
    "Keyword",
    "Lease",
    "Message",
    "Process",
    "Sender",
    "Shop",
    "Subscription",
    "Suppression",
    "Topic",
    "insert",
]
