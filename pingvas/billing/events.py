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


class SubscriptionUpdated(EventPayload):
    """The plan that a person holds, or how long they hold it, has changed: read the subscription again."""

    event: ClassVar[str] = "subscription:updated"

    user_id: UUID
    plan: str
    status: str
