"""Who is asking. Every function that acts for a person takes one of these."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Actor:
    """A person whose credentials were checked in this request. `session_id` is None when no device is behind it."""

    user_id: UUID
    role: str
    session_id: UUID | None
