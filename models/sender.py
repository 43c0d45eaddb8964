"""Our numbers: what customers text to and what our texts come from."""

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Sender(Base):
    """A number, short code or name of ours at the carrier."""

    __tablename__ = "sender"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)  # E.164, a short code, or an alphanumeric name
    country: Mapped[str]
    # Who answers STOP and HELP here. carrier: the carrier, with its default words; advanced: the carrier, and it says so
    # with each text; tollfree: the toll-free network; self: we do.
    opt_out: Mapped[str] = mapped_column(default="carrier")
    service_sid: Mapped[str | None]  # the carrier's messaging service that this number belongs to
    parts_per_second: Mapped[float] = mapped_column(default=1.0)  # what the carrier lets it send
