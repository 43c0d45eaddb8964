"""What a person consents to: a topic, with its frequency and fees in the words that they are promised in."""

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Topic(Base):
    """One thing a person can say yes or no to, such as offers or order news."""

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    names: Mapped[dict[str, Any]]  # language -> words
    frequencies: Mapped[dict[str, Any]]  # language -> words, such as "at most 2 a month"
    fees: Mapped[dict[str, Any]]  # language -> words, such as "Msg & data rates may apply"
    contacts: Mapped[dict[str, Any]]  # language -> words: who answers questions about it
    proof: Mapped[str] = mapped_column(
        default="double"
    )  # double: a second yes is asked for; single: the first is enough
