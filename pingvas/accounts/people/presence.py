"""Who is here: neither suspended nor about to leave. What others see of people is seen of these alone."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from pingvas.accounts.tables import User


def is_here(user_id: UUID | ColumnElement[UUID] | Any) -> ColumnElement[bool]:
    """Whether this person is here, as a condition of a query that names them."""
    return select(User.id).where(User.id == user_id, User.status == "active").exists()
