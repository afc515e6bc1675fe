"""Whose account an identity at a provider is, and which identities a person has linked.

Rules against taking accounts over:
- An identity is known by what its provider calls it, never by its address.
- It is linked by its address alone only where the provider vouches that the address is its owner's today, and the account has
  proven the same address.
- Where the provider vouches and the account has not proven it, whoever made the account may have been anybody: it goes to the
  owner of the address, and loses its password, its devices and all other ways in first. Not so an admin's account.
- In all other cases one has to sign in first, and link then.
"""

from typing import cast
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.mail.mails import write_to
from pingvas.accounts.people.emails import normalise_email
from pingvas.accounts.refusals import InvalidToken, refuse_unless_active
from pingvas.accounts.sign_in.reclaim import reclaim
from pingvas.accounts.sign_in.ways_in import lock_person, refuse_if_last
from pingvas.accounts.tables import OAuthAccount, User, UserSession
from pingvas.adapters.oauth.identity import NAMES, Identity
from pingvas.base.errors import Conflict, Invalid, NotFound
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings

MAX_LINKED = 10


class NotLinked(Conflict):
    """There is an account with this address, and nobody vouches that it is the same person's."""

    code = "not_linked"
    default_detail = (
        "There is an account with this e-mail address. Sign in to it, and link the other service there."
    )


class LinkedElsewhere(Conflict):
    code = "linked_elsewhere"
    default_detail = "This account of the other service belongs to another account here."


class TooManyLinked(Conflict):
    code = "too_many_linked"
    default_detail = f"An account has {MAX_LINKED} linked accounts at most. Remove one first."


async def hold_identity(session: AsyncSession, identity: Identity) -> None:
    """Of two who come with one identity at once, the second waits for what the first makes of it."""
    name = f"oauth:{identity.provider}:{identity.subject}"
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def address_of(identity: Identity) -> str | None:
    """The address as it is stored; None for one that the studio does not take."""
    if identity.email is None:
        return None
    try:
        return normalise_email(identity.email)
    except Invalid:
        return None


async def find_person(session: AsyncSession, identity: Identity) -> User | None:
    """Who comes with this identity, which is linked to them from here on; None: somebody new.

    Raises NotLinked, AccountSuspended and TooManyLinked.
    """
    known = await _find_linked(session, identity)
    if known is not None:
        owner = await session.get_one(User, known.user_id)
        refuse_unless_active(owner, leaving_too=True)
        await session.execute(
            update(OAuthAccount).where(OAuthAccount.id == known.id).values(provider_data=dict(identity.data))
        )
        return owner
    address = address_of(identity)
    if address is None:
        return None
    named = select(User).where(func.lower(User.email) == func.lower(address))
    user = await session.scalar(named.with_for_update(key_share=True))
    if user is None:
        return None
    is_proven = user.email_verified_at is not None
    if not identity.email_is_theirs or (not is_proven and user.role == "admin"):
        raise NotLinked
    refuse_unless_active(user, leaving_too=True)
    if not is_proven:
        await reclaim(session, user)
    await link(session, user, identity)
    await write_to(session, user, "sign_in_linked", {"provider": NAMES[identity.provider]})
    return user


async def link(session: AsyncSession, user: User, identity: Identity) -> None:
    """From here on this identity signs this person in. Raises LinkedElsewhere and TooManyLinked."""
    count = select(func.count()).select_from(OAuthAccount).where(OAuthAccount.user_id == user.id)
    if (await session.scalar(count) or 0) >= MAX_LINKED:
        raise TooManyLinked
    values = {
        "id": new_id(),
        "user_id": user.id,
        "provider": identity.provider,
        "provider_user_id": identity.subject,
        "provider_data": dict(identity.data),
    }
    unless_known = insert(OAuthAccount).values(values).on_conflict_do_nothing()
    if await session.scalar(unless_known.returning(OAuthAccount.id)) is None:
        raise LinkedElsewhere


async def link_while_signed_in(
    session: AsyncSession, identity: Identity, *, user_id: UUID, session_id: UUID | None
) -> None:
    """Link an identity to the person on whose device it was asked for, and who is signed in there still.

    Raises InvalidToken, AccountSuspended, LinkedElsewhere and TooManyLinked.
    """
    user = await _still_signed_in(session, user_id, session_id)
    known = await _find_linked(session, identity)
    if known is not None:
        if known.user_id != user_id:
            raise LinkedElsewhere
        return
    await link(session, user, identity)
    await write_to(session, user, "sign_in_linked", {"provider": NAMES[identity.provider]})


async def prove_by_identity(
    session: AsyncSession, identity: Identity, *, user_id: UUID, session_id: UUID | None
) -> None:
    """The person on that device has just shown an identity of theirs. Raises InvalidToken, AccountSuspended and NotLinked."""
    await _still_signed_in(session, user_id, session_id)
    known = await _find_linked(session, identity)
    if known is None or known.user_id != user_id:
        raise NotLinked("This account of the other service is not linked to yours.")
    device = update(UserSession).where(UserSession.id == session_id)
    await session.execute(device.values(proven_at=func.now()))


async def list_linked(session: ReadSession, user_id: UUID) -> list[OAuthAccount]:
    """What a person has linked, the newest first."""
    mine = select(OAuthAccount).where(OAuthAccount.user_id == user_id)
    ordered = mine.order_by(OAuthAccount.created_at.desc(), OAuthAccount.id.desc())
    return list((await session.scalars(ordered)).all())


async def unlink(session: AsyncSession, settings: Settings, user_id: UUID, account_id: UUID) -> None:
    """Raises NotFound and LastWayIn."""
    user = await lock_person(session, user_id)
    mine = delete(OAuthAccount).where(OAuthAccount.id == account_id, OAuthAccount.user_id == user_id)
    provider = await session.scalar(mine.returning(OAuthAccount.provider))
    if provider is None:
        raise NotFound
    await refuse_if_last(session, settings, user_id)
    names = {str(known): name for known, name in NAMES.items()}
    await write_to(session, user, "sign_in_unlinked", {"provider": names[provider]})


async def _find_linked(session: AsyncSession, identity: Identity) -> OAuthAccount | None:
    this = select(OAuthAccount).where(
        OAuthAccount.provider == identity.provider, OAuthAccount.provider_user_id == identity.subject
    )
    return cast("OAuthAccount | None", await session.scalar(this))


async def _still_signed_in(session: AsyncSession, user_id: UUID, session_id: UUID | None) -> User:
    here = select(User).join(UserSession, UserSession.user_id == User.id)
    here = here.where(User.id == user_id, UserSession.id == session_id, UserSession.expires_at > func.now())
    user = await session.scalar(here.with_for_update(of=User, key_share=True))
    if user is None:
        raise InvalidToken
    refuse_unless_active(user)
    return user
