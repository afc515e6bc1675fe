"""A person's passkeys: adding one, naming, listing and removing it."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn import generate_registration_options
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from pingvas.accounts.mail.mails import write_to
from pingvas.accounts.mail.sending import STUDIO
from pingvas.accounts.sign_in.challenges import LIFETIMES, ChallengeOver, ask, take
from pingvas.accounts.sign_in.passkey_answers import read_new_passkey
from pingvas.accounts.sign_in.relying_party import relying_party
from pingvas.accounts.sign_in.ways_in import lock_person, refuse_if_last, weaken_sessions
from pingvas.accounts.tables import Passkey, User
from pingvas.base.errors import Conflict, NotFound
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings
from pingvas.base.visible_text import accept_name

MAX_PASSKEYS = 20
MAX_NAME = 80


class TooManyPasskeys(Conflict):
    code = "too_many_passkeys"
    default_detail = f"An account has {MAX_PASSKEYS} passkeys at most. Remove one first."


class PasskeyExists(Conflict):
    code = "passkey_exists"
    default_detail = "This passkey is known already."


async def ask_for_new_passkey(session: AsyncSession, settings: Settings, user_id: UUID) -> dict[str, Any]:
    """What the page hands to `navigator.credentials.create()`. Raises PasskeysUnavailable and TooManyPasskeys."""
    party = relying_party(settings)
    user = await session.get_one(User, user_id)
    known = await list_passkeys(session, user_id)
    if len(known) >= MAX_PASSKEYS:
        raise TooManyPasskeys
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=STUDIO,
        user_id=user.id.bytes,
        user_name=user.email or user.handle or user.display_name,
        user_display_name=user.display_name,
        challenge=await ask(session, "passkey_registration", user_id=user_id),
        timeout=round(LIFETIMES["passkey_registration"].total_seconds() * 1000),
        # Which make of authenticator it is, is nobody's business.
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[described(passkey) for passkey in known],
    )
    return options_to_json_dict(options)


async def add_passkey(
    session: AsyncSession, settings: Settings, user_id: UUID, *, credential: Mapping[str, Any], name: str
) -> Passkey:
    """Keep a passkey that was just made, and write to its person.

    Raises Invalid (the name), PasskeyRefused, ChallengeOver, PasskeysUnavailable, PasskeyExists and TooManyPasskeys.
    """
    name = accept_name(name, field="name", longest=MAX_NAME)
    party = relying_party(settings)
    answer = read_new_passkey(credential)
    asked = await take(session, answer.challenge, "passkey_registration")
    if asked.user_id != user_id:
        raise ChallengeOver
    made = answer.verify(party)
    user = await lock_person(session, user_id)
    if len(await list_passkeys(session, user_id)) >= MAX_PASSKEYS:
        raise TooManyPasskeys
    values = {
        "id": new_id(),
        "user_id": user_id,
        "credential_id": made.credential_id,
        "public_key": made.credential_public_key,
        "sign_count": made.sign_count,
        "transports": answer.transports,
        "backed_up": made.credential_backed_up,
        "name": name,
    }
    unless_known = (
        insert(Passkey).values(values).on_conflict_do_nothing(index_elements=[Passkey.credential_id])
    )
    passkey = await session.scalar(unless_known.returning(Passkey))
    if passkey is None:
        raise PasskeyExists
    await write_to(session, user, "passkey_added", {"passkey": name})
    return cast("Passkey", passkey)


async def list_passkeys(session: ReadSession, user_id: UUID) -> list[Passkey]:
    """A person's passkeys, the newest first."""
    mine = (
        select(Passkey)
        .where(Passkey.user_id == user_id)
        .order_by(Passkey.created_at.desc(), Passkey.id.desc())
    )
    return list((await session.scalars(mine)).all())


async def rename_passkey(session: AsyncSession, user_id: UUID, passkey_id: UUID, name: str) -> Passkey:
    """Raises Invalid and NotFound."""
    name = accept_name(name, field="name", longest=MAX_NAME)
    mine = update(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id).values(name=name)
    passkey = await session.scalar(mine.returning(Passkey))
    if passkey is None:
        raise NotFound
    return cast("Passkey", passkey)


async def remove_passkey(session: AsyncSession, settings: Settings, user_id: UUID, passkey_id: UUID) -> None:
    """Remove one, and write to its person. Raises NotFound and LastWayIn."""
    user = await lock_person(session, user_id)
    mine = delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id)
    name = await session.scalar(mine.returning(Passkey.name))
    if name is None:
        raise NotFound
    await refuse_if_last(session, settings, user_id)
    await weaken_sessions(session, user_id)
    await write_to(session, user, "passkey_removed", {"passkey": name})


def described(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    """A passkey as browsers are told of it."""
    known = {each.value for each in AuthenticatorTransport}
    transports = [AuthenticatorTransport(each) for each in passkey.transports if each in known]
    return PublicKeyCredentialDescriptor(id=passkey.credential_id, transports=transports or None)
