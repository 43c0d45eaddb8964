"""What was turned away at the carrier's door."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Refusal(Base):
    """Requests to a webhook that were not taken, for one reason, within some seconds: `times` of them."""

    __tablename__ = "refusal"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]  # machine time
    path: Mapped[str]
    why: Mapped[str]
    address: Mapped[str]  # of the last one
    times: Mapped[int]
