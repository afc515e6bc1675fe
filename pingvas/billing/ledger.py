"""Reading the ledger: balance, history, and whether it still adds up."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text

from pingvas.base.errors import Invalid
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
    session: ReadSession,
    user_id: UUID,
    asked: PageRequest,
    *,
    transaction_type: str | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Page[CreditTransaction]:
    """A person's postings, newest first; of the days from `first` to `last` (UTC, both included). Raises BadCursor, and Invalid where
    the first comes after the last."""
    query = select(CreditTransaction).where(CreditTransaction.user_id == user_id)
    if transaction_type is not None:
        query = query.where(CreditTransaction.transaction_type == transaction_type)
    if first is not None and last is not None and first > last:
        raise Invalid("The first day comes after the last.", field="from", reason="must not come after `to`")
    if first is not None:
        query = query.where(CreditTransaction.created_at >= _begin_of(first))
    if last is not None and last < date.max:
        query = query.where(CreditTransaction.created_at < _begin_of(last + timedelta(days=1)))
    order = (CreditTransaction.created_at, CreditTransaction.id)
    belongs_to = ("credits", user_id, transaction_type, first, last)
    page = await read_page(session, query, asked, order=order, belongs_to=belongs_to)
    return page.of(lambda row: row[0])


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)
