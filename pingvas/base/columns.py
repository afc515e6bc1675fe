"""Kinds of columns that every room's tables share: the id, the moments, the closed sets of words."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from sqlalchemy import CheckConstraint, FetchedValue, func, text
from sqlalchemy.orm import mapped_column

from pingvas.base.ids import new_id

# Made by the application (version 7, sorts by time): PostgreSQL 15 to 17 have no uuidv7().
Id = Annotated[UUID, mapped_column(primary_key=True, default=new_id)]

# The start of the transaction that made the row, by the database's clock.
CreatedAt = Annotated[datetime, mapped_column(server_default=func.now())]

# Touched by a trigger on every UPDATE that changes something, so no writer can forget it.
UpdatedAt = Annotated[datetime, mapped_column(server_default=func.now(), server_onupdate=FetchedValue())]

EMPTY_OBJECT = text("'{}'::jsonb")
EMPTY_LIST = text("'{}'::text[]")


def one_of(table: str, column: str, *words: str) -> CheckConstraint:
    """A closed set of words as text and a CHECK: unlike a PostgreSQL enum, a word can also leave the set."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"chk_{table}_{column}")
