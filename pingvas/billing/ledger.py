"""Reading the ledger: balance, history, and whether it still adds up."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text

from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.billing.tables import CreditTransaction

_DISAGREEING = text("""
    SELECT s.id, s.remaining_credits, COALESCE(ledger.posted, 0) AS posted, COALESCE(newest.balance_after, 0) AS newest,
           COALESCE(grants.remaining, 0) AS granted
      FROM subscriptions s
      LEFT JOIN (SELECT subscription_id, SUM(amount) AS posted FROM credit_transactions GROUP BY subscription_id)
           AS ledger ON ledger.subscription_id = s.id
      LEFT JOIN (SELECT DISTINCT ON (subscription_id) subscription_id, balance_after FROM credit_transactions
                  ORDER BY subscription_id, created_at DESC, id DESC)
           AS newest ON newest.subscription_id = s.id
      LEFT JOIN (SELECT subscription_id, SUM(remaining) AS remaining FROM credit_grants GROUP BY subscription_id)
           AS grants ON grants.subscription_id = s.id
     WHERE s.remaining_credits <> COALESCE(ledger.posted, 0)
        OR s.remaining_credits <> COALESCE(grants.remaining, 0)
        OR s.remaining_credits <> COALESCE(newest.balance_after, 0)
""")


@dataclass(frozen=True)
class Disagreement:
    """A subscription whose balance is not the sum of its postings, or of what is left of its grants, or not what the newest posting
    says."""

    subscription_id: UUID
    remaining_credits: int
    posted: int
    newest_balance_after: int
    granted: int


async def find_disagreements(session: ReadSession) -> list[Disagreement]:
    """Every subscription where the balance and the ledger differ; an empty list is what must be."""
    rows = await session.execute(_DISAGREEING)
    return [
        Disagreement(row.id, row.remaining_credits, int(row.posted), row.newest, int(row.granted))
        for row in rows
    ]


async def list_transactions(
    session: ReadSession, user_id: UUID, asked: PageRequest, *, transaction_type: str | None = None
) -> Page[CreditTransaction]:
    """A person's postings, newest first. Raises BadCursor."""
    query = select(CreditTransaction).where(CreditTransaction.user_id == user_id)
    if transaction_type is not None:
        query = query.where(CreditTransaction.transaction_type == transaction_type)
    order = (CreditTransaction.created_at, CreditTransaction.id)
    belongs_to = ("credits", user_id, transaction_type)
    page = await read_page(session, query, asked, order=order, belongs_to=belongs_to)
    return page.of(lambda row: row[0])
