"""Comparing what the seller has with our copies, and taking its word where they differ: what events missed is repaired here."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import text

from pingvas.adapters.sellers.seller import InvoiceWord, OrderWord, Seller, SoldWord, Word
from pingvas.base.db import Database
from pingvas.base.read_session import ReadSession
from pingvas.base.statements import Row, fetch
from pingvas.billing.sold.listed import Kind, keep_listed
from pingvas.billing.sold.settle import settle
from pingvas.billing.sold.take import keep_word
from pingvas.billing.subscriptions import NoSubscription

log = logging.getLogger(__name__)

_PAGE = 100
_Kind = TypeVar("_Kind", SoldWord, InvoiceWord, OrderWord)

_SOLD = text("""
    SELECT sold.provider_id, sold.status, sold.began_at, sold.renews_at, sold.ends_at, sold.trial_ends_at,
           sold.seller_updated_at, sold.user_id, plan.name AS plan, sold.billing_cycle
      FROM sold_subscriptions AS sold LEFT JOIN subscription_plans AS plan ON plan.id = sold.plan_id
     WHERE sold.provider = :provider AND sold.provider_id = ANY(CAST(:ids AS text[]))
""")
_PAID = text("""
    SELECT payment.provider_id, payment.status, payment.subtotal, payment.total, payment.refunded, payment.seller_updated_at,
           payment.user_id, sold.user_id AS owner
      FROM payments AS payment
      LEFT JOIN sold_subscriptions AS sold
        ON sold.provider = payment.provider AND sold.provider_id = payment.subscription_provider_id
     WHERE payment.provider = :provider AND payment.kind = :kind AND payment.provider_id = ANY(CAST(:ids AS text[]))
""")
# What was nobody's may be somebody's by now.
_LOOK_AGAIN = text("""
    UPDATE billing_events SET status = 'waiting', next_try_at = now()
     WHERE status = 'nobody' AND provider = :provider AND received_at > now() - interval '30 days'
""")


@dataclass
class Reconciled:
    """How many things the seller has, how many of them we had otherwise, and how many belong to nobody we know."""

    seen: int = 0
    changed: int = 0
    nobody: int = 0
    differences: list[str] = field(default_factory=list)


async def reconcile(database: Database, seller: Seller) -> Reconciled:
    """Ask for everything and repair what differs; what was done so far stays done. Raises SellerUnavailable, SellerRefused and
    DatabaseUnavailable."""
    found = Reconciled()
    owners: set[UUID] = set()
    # Subscriptions first: invoices belong to whom these belong to.
    async for words in _pages(seller.list_subscriptions()):
        await _compare(database, seller, words, found, owners)
    async for invoices in _pages(seller.list_invoices()):
        await _compare(database, seller, invoices, found, owners)
    async for orders in _pages(seller.list_orders()):
        await _compare(database, seller, [each for each in orders if each.variant is not None], found, owners)
    # Once everything is known of them: what an invoice was for may be told by another.
    for user_id in owners:
        with suppress(NoSubscription):  # gone since
            async with database.transaction() as session:
                await settle(session, user_id)
    async with database.transaction() as session:
        await session.execute(_LOOK_AGAIN, {"provider": seller.name})
    return found


async def _pages(words: AsyncIterator[_Kind]) -> AsyncIterator[list[_Kind]]:
    page: list[_Kind] = []
    async for word in words:
        page.append(word)
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page


async def _compare(
    database: Database,
    seller: Seller,
    words: Sequence[SoldWord | InvoiceWord | OrderWord],
    found: Reconciled,
    owners: set[UUID],
) -> None:
    words = [word for word in words if seller.test_mode or not word.test_mode]
    if not words:
        return
    async with database.read() as session:
        known = await _known(session, seller.name, words)
    for word in words:
        found.seen += 1
        row = known.get(word.provider_id)
        difference = _difference(word, row)
        is_nobodys = row is not None and row["user_id"] is None
        if difference is None and not (is_nobodys and row is not None and row.get("owner") is not None):
            if is_nobodys:
                found.nobody += 1
                await _note(database, seller, word)
            continue
        async with database.transaction() as session:
            owner = await keep_word(session, seller.name, word)
        if owner is None:
            found.nobody += 1
            await _note(database, seller, word)
        else:
            owners.add(owner)
        if difference is not None:
            found.changed += 1
            found.differences.append(f"{_name(word)} {word.provider_id}: {difference}")
            log.info("reconciled with the seller: %s", found.differences[-1])


async def _note(database: Database, seller: Seller, word: Word) -> None:
    """For admins. An invoice belongs to whom its subscription belongs to."""
    if not isinstance(word, InvoiceWord):
        async with database.transaction() as session:
            await keep_listed(session, seller.name, _name(word), word.provider_id)


async def _known(session: ReadSession, provider: str, words: Sequence[Word]) -> dict[str, Row]:
    asked: dict[str, Any] = {"provider": provider, "ids": [word.provider_id for word in words]}
    if isinstance(words[0], SoldWord):
        rows = await fetch(session, _SOLD, asked)
    else:
        rows = await fetch(session, _PAID, {**asked, "kind": _name(words[0])})
    return {row["provider_id"]: row for row in rows}


def _difference(word: Word, row: Row | None) -> str | None:
    """What is new in a word; None: nothing, or our copy is newer than what was listed."""
    if row is None:
        return "not known yet"
    if row["seller_updated_at"] > word.updated_at:
        return None
    wanted: dict[str, Any]
    if isinstance(word, SoldWord):
        wanted = {
            "status": word.status,
            "began_at": word.began_at,
            "renews_at": word.renews_at,
            "ends_at": word.ends_at,
            "trial_ends_at": word.trial_ends_at,
        }
        # A plan that is none of ours is told in one way by the seller and in another here.
        if word.variant is not None:
            wanted |= {"plan": word.variant.plan, "billing_cycle": word.variant.cycle}
    else:
        wanted = {
            "status": word.status,
            "subtotal": word.subtotal,
            "total": word.total,
            "refunded": word.refunded,
        }
    changed = [f"{name} {row[name]} → {value}" for name, value in wanted.items() if row[name] != value]
    if not changed and row["seller_updated_at"] != word.updated_at:
        return "newer"
    return ", ".join(changed) or None


def _name(word: Word) -> Kind:
    match word:
        case SoldWord():
            return "subscription"
        case InvoiceWord():
            return "invoice"
        case OrderWord():
            return "order"
