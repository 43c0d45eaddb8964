"""What we remember: tables and the values they share. Imports nothing else of ours."""

from models.alert import Alert, Notice
from models.base import Base, given_each, insert, insert_each, one_of
from models.campaign import Batch, Campaign, Recipient
from models.consent import ConsentEvent, ConsentProof, Subscription, Suppression
from models.contact import Contact, ContactTag, Tagging
from models.conversation import Alarm, Conversation, DialogVersion, Keyword
from models.field import Field
from models.file import File, FilePiece
from models.halt import IS_HALTED, LETS_OUT, Halt
from models.message import Callback, Message
from models.process import Clock, Lease, Outage, Process
from models.refusal import Refusal
from models.segment import ListMember, Segment
from models.sender import Sender
from models.setup import SetupAnswer
from models.shop import Shop
from models.staff import ApiToken, AuditEntry, IdempotencyKey, Staff, StaffLink, StaffSession, Try
from models.thread import CannedAnswer, Thread, ThreadEntry
from models.topic import Topic

__all__ = [
    "IS_HALTED",
    "LETS_OUT",
    "Alarm",
    "Alert",
    "ApiToken",
    "AuditEntry",
    "Base",
    "Batch",
    "Callback",
    "Campaign",
    "CannedAnswer",
    "Clock",
    "ConsentEvent",
    "ConsentProof",
    "Contact",
    "ContactTag",
    "Conversation",
    "DialogVersion",
    "Field",
    "File",
    "FilePiece",
    "Halt",
    "IdempotencyKey",
    "Keyword",
    "Lease",
    "ListMember",
    "Message",
    "Notice",
    "Outage",
    "Process",
    "Recipient",
    "Refusal",
    "Segment",
    "Sender",
    "SetupAnswer",
    "Shop",
    "Staff",
    "StaffLink",
    "StaffSession",
    "Subscription",
    "Suppression",
    "Tagging",
    "Thread",
    "ThreadEntry",
    "Topic",
    "Try",
    "given_each",
    "insert",
    "insert_each",
    "one_of",
]
