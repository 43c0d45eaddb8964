"""What runs and when: the clocks, the processes that live, who may act alone, and the times when nobody was awake."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Clock(Base):
    """One row: how far business time runs ahead of machine time. Only the simulated carrier's phone page moves it."""

    __tablename__ = "clock"

    id: Mapped[int] = mapped_column(primary_key=True)
    ahead_for: Mapped[float] = mapped_column(default=0.0)  # seconds


class Process(Base):
    """A running web, worker or clock process, and when it last said that it lives (machine time)."""

    __tablename__ = "process"

    kind: Mapped[str] = mapped_column(primary_key=True)  # web, clock, or worker and its queue
    host: Mapped[str] = mapped_column(primary_key=True)
    pid: Mapped[int] = mapped_column(primary_key=True)
    beat_at: Mapped[datetime]


class Lease(Base):
    """The right to do alone what one process is enough for, until a machine time."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]


class Outage(Base):
    """A time in which no clock was awake (machine time), long enough that what fell due in it waits for a person."""

    __tablename__ = "outage"

    id: Mapped[int] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
