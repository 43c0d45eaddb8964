"""The switch for all that leaves."""

from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Halt(Base):
    """One row, always there: since when nothing leaves (machine time), and who said so. Both are empty while all may leave."""

    __tablename__ = "halt"

    id: Mapped[int] = mapped_column(primary_key=True)
    halted_at: Mapped[datetime | None]
    halted_by: Mapped[str | None]


IS_HALTED = exists(select(Halt.id).where(Halt.halted_at.is_not(None)))
# The lock of a reader, for a statement of its own *before* the one that looks at IS_HALTED: whoever shares a row sees it as his
# statement began. Once the switch is on nobody takes the lock any more, so who waits for it does not wait for newcomers.
_shared = select(Halt.id).where(Halt.halted_at.is_(None)).with_for_update(read=True, key_share=True).scalar_subquery()
LETS_OUT = or_(_shared.is_not(None), ~exists(select(Halt.id)))  # no row, in a database that was restored in part: as IS_HALTED
