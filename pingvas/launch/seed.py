"""What a new studio holds: the plans and packs, the models that ship, and the account of the person who runs it.

Run at every start. It adds what is missing and keeps what an operator changed.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from pingvas.accounts.one_time import create_token
from pingvas.accounts.people.registration import EmailExists
from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings
from pingvas.billing.open_account import open_account
from pingvas.billing.packs import seed_packs
from pingvas.billing.plans import seed_plans
from pingvas.catalog.seed import seed_models

OWNER_EMAIL = "owner@pingvas.local"
OWNER_NAME = "Owner"
OWNER_PLAN = "enterprise"  # whoever owns the machine is not kept waiting by its prices


@dataclass(frozen=True)
class Seeded:
    """Names of the models that ship, and the owner's id."""

    models: list[str]
    owner_id: UUID


async def seed(database: Database, settings: Settings) -> Seeded:
    """Plans, models and the owner's account (role `admin`, no password: it signs in by links made on this machine)."""
    async with database.transaction() as session:
        await seed_plans(session)
        await seed_packs(session)
        models = await seed_models(session, settings.models_dir)
    return Seeded(models, await _seed_owner(database, settings))


async def create_owner_token(database: Database, owner_id: UUID, minutes: float) -> str:
    """A token that signs the owner in once. Whoever can read the database's password may have one."""
    async with database.transaction() as session:
        return await create_token(session, owner_id, "sign_in", minutes=minutes)


async def get_owner_id(session: ReadSession) -> UUID | None:
    """The owner's id, None before the first seeding."""
    found: UUID | None = await session.scalar(select(User.id).where(func.lower(User.email) == OWNER_EMAIL))
    return found


async def _seed_owner(database: Database, settings: Settings) -> UUID:
    async with database.read() as session:
        owner_id = await get_owner_id(session)
    if owner_id is not None:
        return owner_id
    try:
        async with database.transaction() as session:
            owner = await open_account(
                session,
                settings,
                email=OWNER_EMAIL,
                password=None,
                display_name=OWNER_NAME,
                role="admin",
                plan=OWNER_PLAN,
                credits=settings.owner_credits,
            )
            return owner.id
    except EmailExists:  # another process seeds at the same moment
        async with database.read() as session:
            owner_id = await get_owner_id(session)
        if owner_id is None:
            raise
        return owner_id
