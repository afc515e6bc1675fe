"""Handles: a short name that is one person's alone, for addresses of pages and for others to find them by."""

import re
from uuid import UUID

from sqlalchemy import select

from pingvas.accounts.tables import User
from pingvas.base.errors import Conflict, Invalid
from pingvas.base.read_session import ReadSession

HANDLE = r"^[a-z0-9](?:[a-z0-9_]{1,28}[a-z0-9])$"
# What would be taken for the studio itself, or for a page of it.
_RESERVED = frozenset(
    [
        "admin",
        "administrator",
        "api",
        "account",
        "accounts",
        "anonymous",
        "auth",
        "billing",
        "create",
        "explore",
        "gallery",
        "help",
        "me",
        "moderator",
        "official",
        "pingvas",
        "root",
        "security",
        "settings",
        "staff",
        "studio",
        "support",
        "system",
        "www",
        "you",
    ]
)


class HandleTaken(Conflict):
    code = "handle_taken"
    default_detail = "Somebody else has this handle."


def accept_handle(handle: str | None) -> str | None:
    """The handle as it is kept: lower case, without a leading @; None where there is none. Raises Invalid."""
    if handle is None or not handle.strip():
        return None
    handle = handle.strip().removeprefix("@").lower()
    if re.fullmatch(HANDLE, handle) is None:
        raise _refused(
            "must have 3 to 30 letters (a to z), digits and _, and begin and end with a letter or digit"
        )
    if handle in _RESERVED:
        raise _refused("is reserved")
    return handle


async def find_handle(session: ReadSession, user_id: UUID) -> str | None:
    """What somebody is called before others; None: they have no handle, or are not here now."""
    handle: str | None = await session.scalar(
        select(User.handle).where(User.id == user_id, User.status == "active")
    )
    return handle


def _refused(reason: str) -> Invalid:
    return Invalid(f"The field handle {reason}.", field="handle", reason=reason)
