"""What people's devices hear of their credits."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pingvas.base.events import EventPayload


class CreditsUpdated(EventPayload):
    """A balance has changed by `change`; `reason` is the kind of the posting."""

    event: ClassVar[str] = "credits:updated"

    user_id: UUID
    balance: int
    change: int
    reason: str


class CreditsLow(EventPayload):
    """What is left has just fallen to a fifth of what the plan brings in a month (`low`, at most `threshold` credits), or to nothing
    (`empty`)."""

    event: ClassVar[str] = "credits:low"

    user_id: UUID
    balance: int
    threshold: int
    level: Literal["low", "empty"]


class SubscriptionUpdated(EventPayload):
    """The plan that a person holds, or how long they hold it, has changed: read the subscription again."""

    event: ClassVar[str] = "subscription:updated"

    user_id: UUID
    plan: str
    status: str
