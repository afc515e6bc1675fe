"""Who does not tell others how their pictures were made: a preference, which counts wherever pictures are shown to others."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from pingvas.accounts.tables import UserProfile
from pingvas.base.read_session import ReadSession

TELL_OTHERS, LABEL_ALONE = "tell_others", "label"


async def find_silent(session: ReadSession, user_ids: Collection[UUID]) -> frozenset[UUID]:
    """Of these people, those who tell others that AI made a picture and nothing more."""
    if not user_ids:
        return frozenset()
    chosen = UserProfile.preferences[TELL_OTHERS].astext == LABEL_ALONE
    query = select(UserProfile.user_id).where(UserProfile.user_id.in_(user_ids), chosen)
    return frozenset(await session.scalars(query))
