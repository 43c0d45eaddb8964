"""The people of the shop: who may come in, and to do what.

  accounts   made, changed, closed; roles          doors     signing in and out, sessions, links that work once
  secrets    passwords and second steps            audit     who changed what
"""

from bot.staff.accounts import ROLES, Staff, StaffError, change, close, create, everybody, find, may, reopen
from bot.staff.audit import audit, entries
from bot.staff.doors import (
    LINK_FOR,
    SESSION_FOR,
    Refused,
    by_link,
    choose_password,
    come_in,
    end_others,
    end_session,
    first_link,
    forget,
    is_first,
    let_in,
    make_link,
    nobody_yet,
    prove,
    sessions,
    set_totp,
    sign_in,
)
from bot.staff.secrets import SHORTEST_PASSWORD, new_totp, totp_address, totp_step

__all__ = [
    "LINK_FOR", "ROLES", "SESSION_FOR", "SHORTEST_PASSWORD", "Refused", "Staff", "StaffError", "audit", "by_link", "change",
    "choose_password", "close", "come_in", "create", "end_others", "end_session", "entries", "everybody", "find",
    "first_link", "forget", "is_first", "let_in", "make_link", "may", "new_totp", "nobody_yet",
    "prove", "reopen", "sessions", "set_totp",
    "sign_in", "totp_address", "totp_step",
]  # fmt: skip
