"""Deciding to write to somebody: one row in the transaction of what the message tells. `sending.py` sends it afterwards."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.mail.compose import LANGUAGES, Language
from pingvas.accounts.tables import Mail, User, UserProfile
from pingvas.base.ids import new_id


async def write_to(
    session: AsyncSession,
    user: User,
    template: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    to: str | None = None,
    language: Language | None = None,
) -> None:
    """Write to a person, at their own address unless another is named, in the language they chose for the page.

    Somebody without an address is not written to. `parameters` are plain JSON and hold no token.
    """
    address = to or user.email
    if address is None:
        return
    if language is None:
        language = await language_of(session, user.id)
    _put_down(session, user.id, address, template, language, parameters)
    await session.flush()


async def write_to_address(
    session: AsyncSession,
    to: str,
    template: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    language: Language = "en",
) -> None:
    """Write to whoever has this address; whether it is somebody's account is found out when the mail is sent, so that deciding
    to write takes the same time for everybody."""
    _put_down(session, None, to, template, language, parameters)
    await session.flush()


async def language_of(session: AsyncSession, user_id: UUID) -> Language:
    """The language somebody chose for the page; English before they did."""
    chosen = await session.scalar(
        select(UserProfile.preferences["language"].astext).where(UserProfile.user_id == user_id)
    )
    return next((known for known in LANGUAGES if known == chosen), "en")


def _put_down(
    session: AsyncSession,
    user_id: UUID | None,
    to: str,
    template: str,
    language: Language,
    parameters: Mapping[str, Any] | None,
) -> None:
    session.add(
        Mail(
            id=new_id(),
            user_id=user_id,
            to_address=to,
            template=template,
            language=language,
            parameters=dict(parameters or {}),
        )
    )
