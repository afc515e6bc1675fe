"""For admins: who holds what, and the inbox of what the seller sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.admin.audit import Doer, record
from pingvas.accounts.tables import User
from pingvas.base.errors import Conflict, NotFound
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.billing.sold.tables import BillingEvent, SoldSubscription
from pingvas.billing.tables import Subscription, SubscriptionPlan

ShownStatus = Literal["active", "trial", "past_due", "canceled"]
EventStatus = Literal["waiting", "applied", "ignored", "nobody", "failed"]

_REPLAY = text("""
    UPDATE billing_events
       SET status = 'waiting', attempts = 0, next_try_at = now(), error = NULL, applied_at = NULL,
           user_id = COALESCE(CAST(:user_id AS uuid), user_id)
     WHERE id = :id
    RETURNING id
""")


class EventHasOwner(Conflict):
    code = "event_has_owner"
    default_detail = "Whose this event is, is known: only what is nobody's can be assigned."


@dataclass(frozen=True)
class HeldRow:
    """Somebody's subscription, with where it comes from. `provider=None`: it is free."""

    user_id: UUID
    email: str | None
    display_name: str
    plan: str
    status: ShownStatus
    provider: str | None
    provider_id: str | None
    billing_cycle: str
    renews_at: datetime | None
    ends_at: datetime | None
    balance: int


async def list_held(
    session: ReadSession, asked: PageRequest, *, plan: str | None = None, status: ShownStatus | None = None
) -> Page[HeldRow]:
    """Everybody's subscription, the newest first. Raises BadCursor."""
    is_trial = (Subscription.trial_ends_at > func.now()).is_(True)
    query = (
        select(Subscription, SubscriptionPlan.name, User.email, User.display_name, is_trial.label("is_trial"))
        .join(SubscriptionPlan, SubscriptionPlan.id == Subscription.plan_id)
        .join(User, User.id == Subscription.user_id)
        .where(Subscription.status != "expired")
    )
    if plan is not None:
        query = query.where(SubscriptionPlan.name == plan)
    if status == "trial":
        query = query.where(is_trial)
    elif status is not None:
        query = query.where(Subscription.status == status, ~is_trial)
    order = (Subscription.created_at, Subscription.id)
    page = await read_page(
        session, query, asked, order=order, belongs_to=("held subscriptions", plan, status)
    )
    sold = await _newest_sold(session, [row[0].user_id for row in page.items])
    items = []
    for held, name, email, display_name, trial in page.items:
        by = sold.get((held.user_id, held.plan_id)) if name != "free" else None
        items.append(
            HeldRow(
                user_id=held.user_id,
                email=email,
                display_name=display_name,
                plan=name,
                status="trial" if trial else held.status,
                provider=by.provider if by else None,
                provider_id=by.provider_id if by else None,
                billing_cycle=held.billing_cycle,
                renews_at=by.renews_at if by and held.status == "active" else None,
                ends_at=by.ends_at if by else None,
                balance=held.remaining_credits,
            )
        )
    return Page(items, page.next_cursor)


async def _newest_sold(
    session: ReadSession, people: Sequence[UUID]
) -> dict[tuple[UUID, UUID], SoldSubscription]:
    """By person and plan; of a plan that a paid invoice still covers, the newest there is."""
    query = (
        select(SoldSubscription)
        .where(SoldSubscription.user_id.in_(people))
        .order_by(SoldSubscription.status == "expired", SoldSubscription.seller_updated_at.desc())
    )
    found: dict[tuple[UUID, UUID], SoldSubscription] = {}
    newest: dict[UUID, SoldSubscription] = {}
    for row in await session.scalars(query):
        assert row.user_id is not None  # noqa: S101 - asked for
        newest.setdefault(row.user_id, row)
        if row.plan_id is not None:
            found.setdefault((row.user_id, row.plan_id), row)
    held = await session.execute(
        select(Subscription.user_id, Subscription.plan_id).where(Subscription.user_id.in_(people))
    )
    for user_id, plan_id in held:
        if user_id is not None and user_id in newest:
            found.setdefault((user_id, plan_id), newest[user_id])
    return found


async def list_events(
    session: ReadSession, asked: PageRequest, *, status: EventStatus | None = None
) -> Page[BillingEvent]:
    """What the seller sent, the newest first. Raises BadCursor."""
    query = select(BillingEvent)
    if status is not None:
        query = query.where(BillingEvent.status == status)
    order = (BillingEvent.received_at, BillingEvent.id)
    page = await read_page(session, query, asked, order=order, belongs_to=("billing events", status))
    return page.of(lambda row: row[0])


async def replay_event(session: AsyncSession, doer: Doer, event_id: UUID) -> BillingEvent:
    """Have an event applied once more, in a moment. Nothing comes twice of it. Raises NotFound."""
    event = await _replay(session, event_id, None)
    await record(
        session, doer, "billing.replay", "billing_event", event_id, after={"event": event.event_name}
    )
    return event


async def assign_event(session: AsyncSession, doer: Doer, event_id: UUID, user_id: UUID) -> BillingEvent:
    """Say whose an event is that is nobody's; it is applied in a moment. Raises NotFound and EventHasOwner."""
    event = await _lock(session, event_id)
    if event.status not in ("nobody", "waiting", "failed") or event.user_id not in (None, user_id):
        raise EventHasOwner
    if await session.get(User, user_id) is None:
        raise NotFound("There is nobody with this id.")
    event = await _replay(session, event_id, user_id)
    after = {"event": event.event_name, "user_id": str(user_id)}
    await record(session, doer, "billing.assign", "billing_event", event_id, after=after)
    return event


async def _replay(session: AsyncSession, event_id: UUID, user_id: UUID | None) -> BillingEvent:
    if await session.scalar(_REPLAY, {"id": event_id, "user_id": user_id}) is None:
        raise NotFound
    return await _lock(session, event_id)


async def _lock(session: AsyncSession, event_id: UUID) -> BillingEvent:
    query = select(BillingEvent).where(BillingEvent.id == event_id).with_for_update()
    event: BillingEvent | None = await session.scalar(query, execution_options={"populate_existing": True})
    if event is None:
        raise NotFound
    return event
