"""A person's credits: what is left and why, what they were used for, and codes that give some."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, BudgetsDep, ReadSessionDep, SessionDep, within
from pingvas.api.http.once import REPLAYED, OnceDep
from pingvas.api.http.tables_as_csv import AS_CSV, CsvDep, csv_answer
from pingvas.api.http.wire import Day, PageDep
from pingvas.api.routes.me import MyCredits
from pingvas.api.routes.usage_out import UsageOut, usage_csv, usage_out
from pingvas.base.budgets import BudgetUsedUp
from pingvas.billing.credits import GrantKind
from pingvas.billing.gift_codes import LONGEST_TYPED, CodeOver, CodeUnknown, CodeUsed, redeem
from pingvas.billing.grants import list_open_grants
from pingvas.billing.ledger import list_transactions
from pingvas.billing.subscriptions import NoSubscription, get_current_subscription
from pingvas.generation.status.jobs import held_credits
from pingvas.generation.usage.read_usage import MOST_DAYS, USUAL_DAYS, read_usage

router = APIRouter(tags=["billing"])

TransactionType = Literal["grant", "consume", "refund", "expire", "bonus"]
# Of a statement as CSV; where there are more, `X-Next-Cursor` is where the next ones begin.
ROWS_OF_CSV = 10_000
_COLUMNS = ("created_at", "transaction_type", "amount", "balance_after", "description", "job_id", "id")


class TransactionOut(BaseModel):
    """One line of the credit ledger. `amount` is signed."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    transaction_type: TransactionType
    amount: int
    balance_after: int
    description: str | None
    job_id: UUID | None
    created_at: datetime


class GrantOut(BaseModel):
    """Credits given at one time, of which some are left."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: GrantKind
    amount: int
    remaining: int
    starts_at: datetime
    expires_at: datetime | None = Field(description="null: never")


class CreditsPage(MyCredits):
    """`grants` are what the balance consists of, in the order in which they are spent."""

    grants: list[GrantOut]
    items: list[TransactionOut]
    next_cursor: str | None


class CodeBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str = Field(
        min_length=1, max_length=LONGEST_TYPED, description="Capitals and small letters are the same"
    )


class RedeemedOut(BaseModel):
    credits: int
    balance: int
    expires_at: datetime | None = Field(description="null: they do not expire")


@router.get(
    "/me/credits",
    operation_id="list_credits",
    dependencies=[within("lists")],
    response_model=CreditsPage,
    responses=AS_CSV,
)
@raises(NoSubscription)
async def list_credits(
    actor: ActorDep,
    session: ReadSessionDep,
    asked: PageDep,
    as_csv: CsvDep,
    transaction_type: Annotated[TransactionType | None, Query(alias="type")] = None,
    first: Annotated[Day | None, Query(alias="from", description="The first day, of UTC")] = None,
    last: Annotated[Day | None, Query(alias="to", description="The last day")] = None,
) -> Any:
    """The balance and what it consists of, what jobs hold, and the ledger with the newest line first; as CSV the ledger alone, 10,000
    lines at a time."""
    if as_csv:
        asked = replace(asked, limit=ROWS_OF_CSV)
    page = await list_transactions(
        session, actor.user_id, asked, transaction_type=transaction_type, first=first, last=last
    )
    if as_csv:
        rows = ([getattr(row, column) for column in _COLUMNS] for row in page.items)
        headers = {"X-Next-Cursor": page.next_cursor} if page.next_cursor else {}
        return csv_answer(_COLUMNS, rows, name="credits", headers=headers)
    subscription = await get_current_subscription(session, actor.user_id)
    return CreditsPage(
        balance=subscription.remaining_credits,
        held=await held_credits(session, actor.user_id),
        grants=[GrantOut.model_validate(grant) for grant in await list_open_grants(session, actor.user_id)],
        items=[TransactionOut.model_validate(row) for row in page.items],
        next_cursor=page.next_cursor,
    )


@router.get(
    "/me/usage",
    operation_id="get_usage",
    dependencies=[within("lists")],
    response_model=UsageOut,
    responses=AS_CSV,
)
async def get_usage(
    actor: ActorDep,
    session: ReadSessionDep,
    as_csv: CsvDep,
    first: Annotated[
        Day | None,
        Query(alias="from", description=f"The first day, of UTC; left out: {USUAL_DAYS} days in all"),
    ] = None,
    last: Annotated[
        Day | None,
        Query(alias="to", description=f"The last day; left out: today. At most {MOST_DAYS} days in all"),
    ] = None,
) -> Any:
    """What I made and spent, by day, model, kind and key; as CSV a line for each of these."""
    usage = await read_usage(session, actor.user_id, first, last)
    return usage_csv(usage) if as_csv else usage_out(usage)


@router.post(
    "/credits/redeem",
    operation_id="redeem_code",
    response_model=RedeemedOut,
    responses={200: REPLAYED},
    dependencies=[within("changes")],
)
@raises(CodeUnknown, CodeOver, CodeUsed, NoSubscription, BudgetUsedUp)
async def redeem_code(
    body: CodeBody, actor: ActorDep, session: SessionDep, budgets: BudgetsDep, once: OnceDep
) -> Response:
    """Have the credits of a code, once."""

    async def act() -> RedeemedOut:
        with budgets.codes.counting(actor.user_id, CodeUnknown):
            redeemed = await redeem(session, actor.user_id, body.code)
        return RedeemedOut(credits=redeemed.credits, balance=redeemed.balance, expires_at=redeemed.expires_at)

    return await once.answer(session, actor, body, act)
