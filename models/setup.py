"""What is answered while a shop is being set up, before there is one."""

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class SetupAnswer(Base):
    """One step of the set-up, as its form was typed. Gone once the shop is made of all of them."""

    __tablename__ = "setup_answer"

    step: Mapped[str] = mapped_column(primary_key=True)
    said: Mapped[dict[str, Any]]  # name of the field -> what was typed, right or wrong
    done: Mapped[bool]  # whether it was found right
