"""The people of the shop: who may come in, and to do what.

  accounts   made, changed, closed; roles          doors     passwords tried, sessions, links that work once
  secrets    passwords and second steps            audit     who changed what
  phones     whose a phone is, before it is texted
"""

from bot.staff.accounts import ROLES, Staff, StaffError, change, close, create, everybody, find, may, reopen, staff
from bot.staff.audit import audit, entries
from bot.staff.doors import (
    LINK_FOR,
    SESSION_FOR,
    Refused,
    alone,
    by_link,
    come_in,
    end_session,
    first_link,
    forget,
    is_first,
    let_in,
    make_link,
    new_password,
    nobody_yet,
    prove,
    sessions,
    set_password,
    set_totp,
    sign_in,
    use_link,
)
from bot.staff.phones import new_code
from bot.staff.phones import prove as prove_phone
from bot.staff.secrets import new_totp, totp_address, totp_step

__all__ = [
    "LINK_FOR", "ROLES", "SESSION_FOR", "Refused", "Staff", "StaffError", "alone", "audit", "by_link", "change", "close",
    "come_in", "create", "end_session", "entries", "everybody", "find", "first_link", "forget", "is_first", "let_in",
    "make_link", "may", "new_code", "new_password", "new_totp", "nobody_yet", "prove", "prove_phone", "reopen", "sessions",
    "set_password", "set_totp", "sign_in", "staff", "totp_address", "totp_step", "use_link",
]  # fmt: skip
