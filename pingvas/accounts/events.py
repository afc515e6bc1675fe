"""What everybody's devices hear of the studio, and a person's of their account."""

from __future__ import annotations

from typing import ClassVar

from pingvas.base.events import EventPayload


class AnnouncementsChanged(EventPayload):
    """There is another announcement, or one fewer: read them again."""

    event: ClassVar[str] = "system:announcement"


class AuthExpired(EventPayload):
    """The socket is closed, now or soon: its token is over (`token_expired`), its device was signed out (`invalid_token`), or its
    account was suspended or deleted (`account_suspended`, `account_leaving`)."""

    event: ClassVar[str] = "auth:expired"

    code: str


class AccountUpdated(EventPayload):
    """What a person's devices show of the account has changed, perhaps on another one: read it again."""

    event: ClassVar[str] = "account:updated"
