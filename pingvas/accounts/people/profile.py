"""What a person says about themselves, and their settings of the page. Reading and changing it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.people.handles import HandleTaken, accept_handle
from pingvas.accounts.people.preferences import merged
from pingvas.accounts.people.registration import accept_display_name
from pingvas.accounts.tables import User, UserProfile
from pingvas.base.errors import Invalid, NotFound
from pingvas.base.read_session import ReadSession
from pingvas.base.visible_text import shows_something

MAX_BIO = 1000
MAX_URL = 2000
# Nothing, or an address of the web with the name of a host.
WEB_ADDRESS = r"^([Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@:\[\]\\]+(:[0-9]{1,5})?([/?#]\S*)?)?$"


@dataclass(frozen=True)
class Account:
    """A person's two rows."""

    user: User
    profile: UserProfile


class AccountChanges(TypedDict, total=False):
    """What is to change; a key that is absent stays as it is, and None takes a value away where that can be."""

    display_name: str | None
    handle: str | None
    avatar_url: str | None
    bio: str | None
    preferences: Mapping[str, Any] | None


async def get_account(session: ReadSession, user_id: UUID, *, lock: bool = False) -> Account:
    """Raises NotFound. `lock` holds the profile row, so that two devices changing it follow one another."""
    query = (
        select(User, UserProfile).join(UserProfile, UserProfile.user_id == User.id).where(User.id == user_id)
    )
    if lock:
        query = query.with_for_update(of=UserProfile, key_share=True)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFound
    return Account(row.User, row.UserProfile)


async def change_account(session: AsyncSession, user_id: UUID, changes: AccountChanges) -> Account:
    """Change some of it. Raises Invalid and HandleTaken, and then nothing has changed.

    Preferences are merged field by field, None removing one (RFC 7396): a device that saves its own setting does not undo
    another's.
    """
    account = await get_account(session, user_id, lock=True)
    user, profile = account.user, account.profile
    if "display_name" in changes:
        user.display_name = accept_display_name(changes["display_name"] or "")
    if "avatar_url" in changes:
        profile.avatar_url = accept_avatar_url(changes["avatar_url"])
    if "bio" in changes:
        profile.bio = _accept_bio(changes["bio"])
    if "preferences" in changes:
        profile.preferences = merged(profile.preferences, changes["preferences"])
    if "handle" in changes:
        await _set_handle(session, user, accept_handle(changes["handle"]))
    await session.flush()
    return account


async def _set_handle(session: AsyncSession, user: User, handle: str | None) -> None:
    try:
        async with session.begin_nested():
            user.handle = handle
            await session.flush()
    except IntegrityError:
        raise HandleTaken from None


def accept_avatar_url(url: str | None) -> str | None:
    """Only web addresses: the page puts this into an `src`, where `javascript:` and `data:` have no business."""
    if url is None or url == "":
        return None
    reason = f"must be an http or https address of at most {MAX_URL} characters"
    try:
        urlsplit(url)
    except ValueError:
        raise _invalid("avatar_url", reason) from None
    if re.fullmatch(WEB_ADDRESS, url) is None or len(url) > MAX_URL or not url.isprintable():
        raise _invalid("avatar_url", reason)
    return url


def _accept_bio(bio: str | None) -> str | None:
    if bio is None or not shows_something(bio):
        return None
    if len(bio) > MAX_BIO or "\x00" in bio:
        raise _invalid("bio", f"must have at most {MAX_BIO} characters")
    return bio.strip()


def _invalid(field: str, reason: str) -> Invalid:
    return Invalid(f"The field {field} {reason}.", field=field, reason=reason)
