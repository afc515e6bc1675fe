"""Signing in with a passkey, and proving with one who is there. Nobody's name is asked for: the passkey says whose it is.

An authenticator counts its uses. One that has not gone on since is a copy, or the original beside a copy: it is refused, and
its person is written to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn import generate_authentication_options
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import UserVerificationRequirement

from pingvas.accounts.actor import Actor
from pingvas.accounts.mail.mails import write_to
from pingvas.accounts.refusals import refuse_unless_active
from pingvas.accounts.sessions.lifecycle import Tokens, start_session
from pingvas.accounts.sign_in.challenges import LIFETIMES, ChallengeOver, ask, take
from pingvas.accounts.sign_in.first_factor import SignedIn
from pingvas.accounts.sign_in.passkey_answers import PasskeyAnswer, PasskeyRefused, read_passkey
from pingvas.accounts.sign_in.passkeys import described, list_passkeys
from pingvas.accounts.sign_in.proof import note_proof
from pingvas.accounts.sign_in.relying_party import relying_party
from pingvas.accounts.tables import Passkey, User
from pingvas.base.budgets import Budgets, Key
from pingvas.base.db import Database
from pingvas.base.settings import Settings


@dataclass(frozen=True)
class _Shown:
    """A passkey that has answered truly. `count`: how often its authenticator says that it was used."""

    id: UUID
    user_id: UUID
    count: int
    backed_up: bool


async def ask_for_passkey(
    session: AsyncSession, settings: Settings, *, of: UUID | None = None
) -> dict[str, Any]:
    """What the page hands to `navigator.credentials.get()`: for any passkey of the studio, or those of one person. Raises
    PasskeysUnavailable."""
    party = relying_party(settings)
    known = [] if of is None else await list_passkeys(session, of)
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=await ask(session, "passkey_sign_in", user_id=of),
        timeout=round(LIFETIMES["passkey_sign_in"].total_seconds() * 1000),
        allow_credentials=[described(passkey) for passkey in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


async def sign_in_with_passkey(
    database: Database,
    settings: Settings,
    budgets: Budgets,
    *,
    credential: Mapping[str, Any],
    ip: str | None,
    user_agent: str | None,
    address: Key,
) -> SignedIn:
    """Raises PasskeyRefused, ChallengeOver, PasskeysUnavailable, AccountSuspended and BudgetUsedUp."""
    with budgets.tokens.counting(address, PasskeyRefused, ChallengeOver):
        shown = await _look_at(database, settings, read_passkey(credential), of=None)
        tokens: Tokens | None = None
        async with database.transaction() as session:
            user = await session.get(User, shown.user_id)
            if user is not None and await _note_use(session, shown, user):
                refuse_unless_active(user, leaving_too=True)
                tokens = await start_session(
                    session,
                    settings,
                    user,
                    ip=ip,
                    user_agent=user_agent,
                    method="passkey",
                    second_factor=True,
                )
        if user is None or tokens is None:
            raise PasskeyRefused
        return SignedIn(user, tokens)


async def prove_with_passkey(
    database: Database,
    settings: Settings,
    budgets: Budgets,
    actor: Actor,
    *,
    credential: Mapping[str, Any],
    address: Key,
) -> None:
    """Raises PasskeyRefused, ChallengeOver, PasskeysUnavailable and BudgetUsedUp."""
    with budgets.tokens.counting(address, PasskeyRefused, ChallengeOver):
        shown = await _look_at(database, settings, read_passkey(credential), of=actor.user_id)
        async with database.transaction() as session:
            user = await session.get_one(User, shown.user_id)
            genuine = await _note_use(session, shown, user)
            if genuine:
                await note_proof(session, actor, second_factor=True)
        if not genuine:
            raise PasskeyRefused


async def _look_at(
    database: Database, settings: Settings, answer: PasskeyAnswer, *, of: UUID | None
) -> _Shown:
    """Whose passkey has answered, to a question that was asked `of` that person or of anybody. The question is used up."""
    party = relying_party(settings)
    async with database.transaction() as session:
        asked = await take(session, answer.challenge, "passkey_sign_in")
        passkey = await session.scalar(select(Passkey).where(Passkey.credential_id == answer.credential_id))
    if asked.user_id != of:
        raise ChallengeOver
    if passkey is None or (of is not None and passkey.user_id != of):
        raise PasskeyRefused
    # Whoever was not asked by name says who they are.
    if answer.user_handle != passkey.user_id.bytes and not (of is not None and answer.user_handle is None):
        raise PasskeyRefused
    verified = answer.verify(party, public_key=passkey.public_key)
    return _Shown(passkey.id, passkey.user_id, verified.new_sign_count, verified.credential_backed_up)


async def _note_use(session: AsyncSession, shown: _Shown, user: User) -> bool:
    """Whether the passkey is still there and its count has gone on; one that never counts says nought each time."""
    count = literal(shown.count)
    has_gone_on = or_(Passkey.sign_count < count, and_(Passkey.sign_count == 0, count == 0))
    use = update(Passkey).where(Passkey.id == shown.id, has_gone_on)
    use = use.values(sign_count=shown.count, backed_up=shown.backed_up, last_used_at=func.now())
    if await session.scalar(use.returning(Passkey.id)) is not None:
        return True
    name = await session.scalar(select(Passkey.name).where(Passkey.id == shown.id))
    if name is not None:
        await write_to(session, user, "passkey_copied", {"passkey": name})
    return False
