"""The table of saved searches."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.columns import CreatedAt, Id, one_of
from pingvas.base.db import Base


class SavedSearch(Base):
    """A filter of a person's gallery under a name, in the words of the API. `is_collection`: it is shown among their collections too."""

    __tablename__ = "saved_searches"
    __table_args__ = (
        one_of("saved_searches", "sort", "newest", "oldest", "rating", "largest", "smallest"),
        Index("ix_saved_searches_user_id", "user_id", "id"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    filter: Mapped[dict[str, Any]]
    # NULL: as a list has it that is asked for no order.
    sort: Mapped[str | None]
    is_collection: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[CreatedAt]
