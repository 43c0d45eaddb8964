"""How far a message has come: statuses arrive in any order, and the highest rank is the latest news.

Source: Twilio docs, "Outbound message status in status callbacks". An operator may report a delivery after a failure,
so `delivered` stands above it.
"""

RANKS = {
    "accepted": 1,
    "scheduled": 1,
    "queued": 2,
    "sending": 3,
    "sent": 4,
    "undelivered": 5,
    "failed": 6,
    "canceled": 6,
    "delivered": 7,
    "read": 8,
}


def rank(status: str) -> int:
    """1 to 8, and 0 for a word that is not in the table."""
    return RANKS.get(status, 0)
