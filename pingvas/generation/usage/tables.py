"""What was made and spent by the day, added up once."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.db import Base


class UsageDay(Base):
    """Jobs of one kind that ended on one day (UTC). `api_key_id` is the nil id where no key asked for them."""

    __tablename__ = "usage_days"
    __table_args__ = (Index("ix_usage_days_day", "day"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    model_id: Mapped[UUID] = mapped_column(
        ForeignKey("ai_models.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    job_type: Mapped[str] = mapped_column(primary_key=True)
    api_key_id: Mapped[UUID] = mapped_column(primary_key=True)
    completed: Mapped[int] = mapped_column(server_default="0")
    failed: Mapped[int] = mapped_column(server_default="0")
    canceled: Mapped[int] = mapped_column(server_default="0")
    credits: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    gpu_seconds: Mapped[float] = mapped_column(server_default=text("0"))


class UsageRolledUp(Base):
    """Up to when jobs are in `usage_days`; one row."""

    __tablename__ = "usage_rolled_up"
    __table_args__ = (CheckConstraint("only_row", name="chk_usage_rolled_up_only_row"),)

    only_row: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    until: Mapped[datetime]
    # No job with a lower id ends after `until`: where whoever looks for the younger ones begins.
    from_id: Mapped[UUID]
