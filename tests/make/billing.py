"""People with a plan and credits, for tests."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.read_session import ReadSession
from pingvas.billing.plans import seed_plans
from pingvas.billing.subscriptions import start_subscription
from tests.make.accounts import make_user

_BALANCE = text(
    "SELECT remaining_credits FROM subscriptions WHERE user_id = :user_id AND status <> 'expired'"
)
_POSTINGS = text("""
    SELECT transaction_type, amount FROM credit_transactions WHERE user_id = :user_id ORDER BY created_at, id
""")


async def make_person(session: AsyncSession, *, plan: str = "free", credits: int = 500) -> Actor:
    """Somebody with a plan and so many credits, as the Actor who asks."""
    await seed_plans(session)
    user = await make_user(session)
    await start_subscription(session, user.id, credits, plan=plan)
    return Actor(user_id=user.id, role="user", session_id=None)


async def balance_of(session: ReadSession, user_id: UUID) -> int:
    """The credits a person has left."""
    return int(await session.scalar(_BALANCE, {"user_id": user_id}) or 0)


async def postings_of(session: ReadSession, user_id: UUID) -> list[tuple[str, int]]:
    """A person's ledger, first to last: (type, amount)."""
    rows = await session.execute(_POSTINGS, {"user_id": user_id})
    return [(row.transaction_type, row.amount) for row in rows]
