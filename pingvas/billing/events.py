"""What people's devices hear of their credits."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pingvas.base.events import EventPayload


class CreditsUpdated(EventPayload):
    """A balance has changed by `change`; `reason` is the kind of the posting."""

    event: ClassVar[str] = "credits:updated"

    user_id: UUID
    balance: int
    change: int
    reason: str
