"""What people know or hold: passwords, kept as argon2id, and the codes of a second step. Source: RFC 9106, RFC 6238."""

import hashlib
import re
import secrets
import threading
import unicodedata
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200  # characters
LEFT = 6  # characters that nobody could know
TELLING = 4  # letters of a word of their own from which on a password must not hold it
COMMON = ("password", "motdepasse", "azerty", "qwerty", "123456", "abcdef", "letmein", "bonjour", "iloveyou", "jetaime", "admin")
STEP_FOR = 30  # seconds that a code is shown
AT_ONCE = 2  # passwords that a process looks at: each takes 19 MiB and a core, and texts are to be answered meanwhile

# Source: OWASP, Password Storage Cheat Sheet: the least of argon2id that is enough.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_nobody = _hasher.hash(secrets.token_urlsafe())  # so that an unknown address takes as long as a wrong password
_turn = threading.BoundedSemaphore(AT_ONCE)


def hashed(password: str) -> str:
    """The password as it is kept. It takes its time on purpose: never inside a transaction."""
    with _turn:
        return _hasher.hash(_typed(password))


def fits(kept: str | None, password: str) -> bool:
    """Whether that is the password; None: there is none, and it takes as long. Never inside a transaction."""
    with _turn:
        try:
            return _hasher.verify(kept or _nobody, _typed(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def _typed(password: str) -> str:
    """The same whatever keyboard it was typed on: an é may be one sign or two."""
    return unicodedata.normalize("NFKC", password[: 2 * LONGEST_PASSWORD])


def weak(password: str, *known: str) -> str | None:
    """Why a password would be too easy to guess; `known`: what everybody knows of the person."""
    if len(password) < SHORTEST_PASSWORD:
        return f"at least {SHORTEST_PASSWORD} characters, please"
    if len(password) > LONGEST_PASSWORD:
        return f"at most {LONGEST_PASSWORD} characters, please"
    folded = password.casefold()
    words = {word for one in known for word in re.split(r"\W+", one.casefold()) if len(word) >= TELLING}
    left = folded
    for word in sorted(words | set(COMMON), key=len, reverse=True):
        left = left.replace(word, "")
    if len(set(folded)) < 5 or len(left) < LEFT:
        return "too easy to guess: take several words that nobody would expect of you"
    return None


def secret() -> tuple[str, str]:
    """A new secret of 256 random bits, and the hash of it that is kept."""
    made = secrets.token_urlsafe(32)
    return made, digest(made)


def digest(shown: str) -> str:
    """What is kept of such a secret: it is random, so a plain hash tells nobody anything."""
    return hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()


def new_totp() -> str:
    """The secret of a second step, as an app takes it."""
    return pyotp.random_base32()


def totp_address(key: str, email: str, issuer: str) -> str:
    """What the picture says that an app reads the secret from."""
    return pyotp.TOTP(key).provisioning_uri(name=email, issuer_name=issuer)


def totp_step(key: str, code: str, now: datetime, last: int | None) -> int | None:
    """The step of time that a code is of, if it is right and no step up to `last` was; the one before and after count."""
    code = "".join(code.split())
    current = int(now.timestamp()) // STEP_FOR
    for step in (current - 1, current, current + 1):
        if (last is None or step > last) and secrets.compare_digest(pyotp.TOTP(key).at(step * STEP_FOR).encode(), code.encode()):
            return step
    return None
