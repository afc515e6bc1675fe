"""Proving again who one is, on a device that is signed in: what is dear asks for it (see `current.PROOF_LASTS`)."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.accounts.passwords.hashing import verify_password
from pingvas.accounts.passwords.rules import MAX_LENGTH, normalise_password
from pingvas.accounts.sign_in.second_factor import counting, use_code
from pingvas.accounts.sign_in.with_password import InvalidCredentials
from pingvas.accounts.tables import User, UserSession
from pingvas.base.budgets import Budgets, Key
from pingvas.base.db import Database
from pingvas.base.settings import Settings


async def prove_with_password(
    database: Database, settings: Settings, budgets: Budgets, actor: Actor, *, password: str, address: str
) -> None:
    """Raises Invalid, InvalidCredentials, BudgetUsedUp and StudioBusy."""
    password = normalise_password(password)
    with budgets.sign_in_pair.counting((actor.user_id, address), InvalidCredentials):
        async with database.read() as reading:
            kept = await reading.scalar(select(User.password_hash).where(User.id == actor.user_id))
        if len(password) > MAX_LENGTH or not await verify_password(settings, kept, password, who=address):
            raise InvalidCredentials
    async with database.transaction() as session:
        await note_proof(session, actor)


async def prove_with_code(
    database: Database, settings: Settings, budgets: Budgets, actor: Actor, *, code: str, address: Key
) -> None:
    """By a code of the person's app, or a recovery code. Raises WrongCode and BudgetUsedUp."""
    with counting(budgets, actor.user_id, code, address=address):
        async with database.transaction() as session:
            await use_code(session, settings, actor.user_id, code)
            await note_proof(session, actor, second_factor=True)


async def note_proof(session: AsyncSession, actor: Actor, *, second_factor: bool = False) -> None:
    """This device's person has just proved who they are; with a second factor, the device has shown one from here on."""
    device = update(UserSession).where(UserSession.id == actor.session_id)
    shown = {"second_factor": True} if second_factor else {}
    await session.execute(device.values(proven_at=func.now(), **shown))
