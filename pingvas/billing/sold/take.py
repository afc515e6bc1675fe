"""Taking a word of the seller: the copy of what it tells of is brought up to date, and what follows from it for its owner.

Who that is, is never guessed: it is whose copy it is already, or who asked for the checkout whose token comes with it, or who an admin
says it is.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.adapters.sellers.seller import InvoiceWord, OrderWord, SoldWord, Word
from pingvas.base.ids import new_id
from pingvas.base.statements import fetch_one
from pingvas.billing.sold.settle import settle
from pingvas.billing.sold.tokens import hash_token
from pingvas.billing.subscriptions import lock_current_subscription

_OF_TOKEN = text("""
    UPDATE checkouts SET used_at = COALESCE(used_at, now()) WHERE token_hash = :token_hash RETURNING user_id
""")
_OWNER_OF_SOLD = text("""
    SELECT user_id FROM sold_subscriptions WHERE provider = :provider AND provider_id = :provider_id
""")
_OWNER_OF_PAYMENT = text("""
    SELECT user_id FROM payments WHERE provider = :provider AND kind = :kind AND provider_id = :provider_id
""")
_PLAN = text("SELECT id FROM subscription_plans WHERE name = :name")
_PACK = text("SELECT id FROM credit_packs WHERE name = :name")
# An older word changes nothing but an owner who was not known.
_KEEP_SOLD = text("""
    INSERT INTO sold_subscriptions AS kept
        (id, provider, provider_id, user_id, plan_id, billing_cycle, status, began_at, renews_at, ends_at, trial_ends_at,
         past_due_since, card, customer_id, test_mode, seller_updated_at)
    VALUES (:id, :provider, :provider_id, CAST(:user_id AS uuid), CAST(:plan_id AS uuid), :billing_cycle, :status, :began_at,
            :renews_at, :ends_at, :trial_ends_at,
            CASE WHEN CAST(:status AS text) = 'past_due' THEN CAST(:seller_updated_at AS timestamptz) END,
            :card, :customer_id, :test_mode, :seller_updated_at)
    ON CONFLICT (provider, provider_id) DO UPDATE SET
        user_id = COALESCE(kept.user_id, EXCLUDED.user_id), plan_id = EXCLUDED.plan_id,
        billing_cycle = EXCLUDED.billing_cycle, status = EXCLUDED.status, began_at = EXCLUDED.began_at,
        renews_at = EXCLUDED.renews_at, ends_at = EXCLUDED.ends_at, trial_ends_at = EXCLUDED.trial_ends_at,
        past_due_since = CASE WHEN EXCLUDED.status = 'past_due'
                              THEN COALESCE(kept.past_due_since, EXCLUDED.past_due_since) END,
        card = EXCLUDED.card, customer_id = EXCLUDED.customer_id, test_mode = EXCLUDED.test_mode,
        seller_updated_at = EXCLUDED.seller_updated_at
     WHERE kept.seller_updated_at <= EXCLUDED.seller_updated_at
    RETURNING id
""")
_OWN_SOLD = text("""
    UPDATE sold_subscriptions SET user_id = COALESCE(user_id, CAST(:user_id AS uuid))
     WHERE provider = :provider AND provider_id = :provider_id
    RETURNING id, user_id
""")
_OWN_INVOICES = text("""
    UPDATE payments SET user_id = :user_id
     WHERE provider = :provider AND subscription_provider_id = :provider_id AND user_id IS NULL
""")
_SEEN = text("""
    INSERT INTO sold_variants (id, sold_id, plan_id, billing_cycle, seen_at)
    VALUES (:id, :sold_id, :plan_id, :billing_cycle, :seen_at)
    ON CONFLICT (sold_id, seen_at) DO UPDATE SET plan_id = EXCLUDED.plan_id, billing_cycle = EXCLUDED.billing_cycle
""")
_KEEP_PAYMENT = text("""
    INSERT INTO payments AS kept
        (id, provider, kind, provider_id, user_id, subscription_provider_id, pack_id, reason, status, subtotal, total,
         total_usd, refunded, currency, paid_at, test_mode, seller_updated_at)
    VALUES (:id, :provider, :kind, :provider_id, CAST(:user_id AS uuid), :subscription_provider_id, CAST(:pack_id AS uuid),
            :reason, :status, :subtotal, :total, :total_usd, :refunded, :currency, :paid_at, :test_mode, :seller_updated_at)
    ON CONFLICT (provider, kind, provider_id) DO UPDATE SET
        user_id = COALESCE(kept.user_id, EXCLUDED.user_id),
        subscription_provider_id = EXCLUDED.subscription_provider_id, pack_id = COALESCE(EXCLUDED.pack_id, kept.pack_id),
        reason = EXCLUDED.reason, status = EXCLUDED.status, subtotal = EXCLUDED.subtotal, total = EXCLUDED.total,
        total_usd = EXCLUDED.total_usd, refunded = EXCLUDED.refunded, currency = EXCLUDED.currency,
        paid_at = EXCLUDED.paid_at, test_mode = EXCLUDED.test_mode, seller_updated_at = EXCLUDED.seller_updated_at
     WHERE kept.seller_updated_at <= EXCLUDED.seller_updated_at
""")
_SETTLE_SOON = text("""
    UPDATE subscriptions SET settle_at = LEAST(settle_at, now() + interval '10 minutes')
     WHERE user_id = :user_id AND status <> 'expired'
""")
_OWN_PAYMENT = text("""
    UPDATE payments SET user_id = CAST(:user_id AS uuid)
     WHERE provider = :provider AND kind = :kind AND provider_id = :provider_id AND user_id IS NULL
""")


async def take_word(
    session: AsyncSession,
    provider: str,
    word: Word,
    token: str | None = None,
    user_id: UUID | None = None,
) -> UUID | None:
    """Keep a word and settle whose it is; that person. None: nobody's yet, it is kept without an owner.

    `user_id`: whose an admin says it is, where nobody else is known. Raises NoSubscription.
    """
    owner = await _keep(session, provider, word, token, user_id)
    if owner is not None:
        await settle(session, owner)
    return owner


async def keep_word(
    session: AsyncSession,
    provider: str,
    word: Word,
    token: str | None = None,
    user_id: UUID | None = None,
) -> UUID | None:
    """The same for one of many: the caller settles when all are kept. Should it not come to that, a chore does in some minutes."""
    owner = await _keep(session, provider, word, token, user_id)
    if owner is not None:
        await session.execute(_SETTLE_SOON, {"user_id": owner})
    return owner


async def _keep(
    session: AsyncSession, provider: str, word: Word, token: str | None, user_id: UUID | None
) -> UUID | None:
    owner = await _find_owner(session, provider, word, token) or user_id
    if owner is not None:
        # Before its copies are touched, so that all of one person's words follow one another.
        await lock_current_subscription(session, owner)
    if isinstance(word, SoldWord):
        await _keep_sold(session, provider, word, owner)
    else:
        await _keep_payment(session, provider, word, owner)
    return owner


async def _find_owner(session: AsyncSession, provider: str, word: Word, token: str | None) -> UUID | None:
    by_token = None
    if token is not None:
        found = await fetch_one(session, _OF_TOKEN, {"token_hash": hash_token(token)})
        by_token = None if found is None else found["user_id"]
    return await _owner_of_copy(session, provider, word) or by_token


async def _owner_of_copy(session: AsyncSession, provider: str, word: Word) -> UUID | None:
    of = {"provider": provider, "provider_id": word.provider_id}
    if isinstance(word, SoldWord):
        return _one(await fetch_one(session, _OWNER_OF_SOLD, of))
    if isinstance(word, InvoiceWord):
        sold = {"provider": provider, "provider_id": word.subscription_id}
        if (owner := _one(await fetch_one(session, _OWNER_OF_SOLD, sold))) is not None:
            return owner
    return _one(await fetch_one(session, _OWNER_OF_PAYMENT, {**of, "kind": _kind(word)}))


def _one(row: Any) -> UUID | None:
    return None if row is None else row["user_id"]


def _kind(word: InvoiceWord | OrderWord) -> str:
    return "invoice" if isinstance(word, InvoiceWord) else "order"


async def _keep_sold(session: AsyncSession, provider: str, word: SoldWord, owner: UUID | None) -> None:
    plan_id = None
    if word.variant is not None:
        found = await fetch_one(session, _PLAN, {"name": word.variant.plan})
        plan_id = None if found is None else found["id"]
    cycle = "monthly" if word.variant is None else word.variant.cycle
    row = {
        "id": new_id(),
        "provider": provider,
        "provider_id": word.provider_id,
        "user_id": owner,
        "plan_id": plan_id,
        "billing_cycle": cycle,
        "status": word.status,
        "began_at": word.began_at,
        "renews_at": word.renews_at,
        "ends_at": word.ends_at,
        "trial_ends_at": word.trial_ends_at,
        "card": word.card,
        "customer_id": word.customer_id,
        "test_mode": word.test_mode,
        "seller_updated_at": word.updated_at,
    }
    await fetch_one(session, _KEEP_SOLD, row)
    kept = await fetch_one(
        session,
        _OWN_SOLD,
        {"user_id": owner, "provider": provider, "provider_id": word.provider_id},
    )
    assert kept is not None  # noqa: S101 - it was put there
    if plan_id is not None:
        seen = {"sold_id": kept["id"], "plan_id": plan_id, "billing_cycle": cycle, "seen_at": word.updated_at}
        await fetch_one(session, _SEEN, {**seen, "id": new_id()})
    if owner is not None:
        invoices = {"user_id": owner, "provider": provider, "provider_id": word.provider_id}
        await fetch_one(session, _OWN_INVOICES, invoices)


async def _keep_payment(
    session: AsyncSession, provider: str, word: InvoiceWord | OrderWord, owner: UUID | None
) -> None:
    pack_id = None
    if isinstance(word, OrderWord):
        if word.variant is None:
            return  # the order of a subscription, which has an invoice of its own, or of nothing that is sold here
        found = await fetch_one(session, _PACK, {"name": word.variant.pack})
        pack_id = None if found is None else found["id"]
    row = {
        "id": new_id(),
        "provider": provider,
        "kind": _kind(word),
        "provider_id": word.provider_id,
        "user_id": owner,
        "subscription_provider_id": word.subscription_id if isinstance(word, InvoiceWord) else None,
        "pack_id": pack_id,
        "reason": word.reason if isinstance(word, InvoiceWord) else "pack",
        "status": word.status,
        "subtotal": word.subtotal,
        "total": word.total,
        "total_usd": word.total_usd,
        "refunded": word.refunded,
        "currency": word.currency,
        "paid_at": word.paid_at,
        "test_mode": word.test_mode,
        "seller_updated_at": word.updated_at,
    }
    await fetch_one(session, _KEEP_PAYMENT, row)
    if owner is not None:
        mine = {"user_id": owner, "provider": provider, "kind": row["kind"], "provider_id": word.provider_id}
        await fetch_one(session, _OWN_PAYMENT, mine)
        if isinstance(word, InvoiceWord):
            # The copy of its subscription may have come without its owner.
            sold = {"user_id": owner, "provider": provider, "provider_id": word.subscription_id}
            if await fetch_one(session, _OWN_SOLD, sold) is not None:
                await fetch_one(session, _OWN_INVOICES, sold)
