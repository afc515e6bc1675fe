"""What happens at the sandbox as its time passes: renewals, ends of trials, payments that fail and are tried again, expiry."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pingvas.adapters.sellers.sandbox.catalogue import find_offer
from pingvas.adapters.sellers.sandbox.invoices import INVOICES, give_up, make_invoice
from pingvas.adapters.sellers.sandbox.months import after
from pingvas.adapters.sellers.sandbox.purchases import SUBSCRIPTIONS
from pingvas.adapters.sellers.sandbox.state import Sandbox
from pingvas.adapters.sellers.sandbox.store import Resource, written
from pingvas.adapters.sellers.sandbox.subscriptions import collect_late, tell_change, unpause

# Days until a payment that failed is tried again; after the last time it is given up.
RETRY_DAYS = (3, 3, 4, 4)
# What becomes of a subscription then; a store decides.
AFTER_DUNNING = ("unpaid", "expired")


def happen(sandbox: Sandbox, until: datetime) -> int:
    """Have everything happen that is due by then, in its order and at its time; how much that was."""
    done = 0
    while (due := min(_due(sandbox), default=None, key=lambda each: each[0])) is not None and due[0] <= until:
        _happen(sandbox, due[1], due[0])
        done += 1
    return done


def next_at(sandbox: Sandbox) -> datetime | None:
    """When the next thing happens."""
    return min((at for at, _ in _due(sandbox)), default=None)


def _due(sandbox: Sandbox) -> Iterator[tuple[datetime, Resource]]:
    for subscription in sandbox.store.all(SUBSCRIPTIONS):
        at = _when(subscription)
        if at is not None:
            yield datetime.fromisoformat(at), subscription


def _when(subscription: Resource) -> str | None:
    """When something happens to it by itself."""
    at: str | None = {
        "on_trial": subscription["trial_ends_at"],
        "active": subscription["renews_at"],
        "cancelled": subscription["ends_at"],
        "past_due": subscription.hidden["retry_at"],
        "paused": (subscription["pause"] or {}).get("resumes_at"),
    }.get(subscription["status"])
    return at


def _happen(sandbox: Sandbox, subscription: Resource, at: datetime) -> None:
    match subscription["status"]:
        case "cancelled":
            tell_change(sandbox, subscription, at, "subscription_expired", status="expired")
        case "paused":
            unpause(sandbox, subscription, at)
        case "past_due":
            _try_again(sandbox, subscription, at)
        case _:
            _renew(sandbox, subscription, at)


def _renew(sandbox: Sandbox, subscription: Resource, at: datetime) -> None:
    """The next period begins, paid or not."""
    offer = find_offer(subscription["variant_id"])
    assert offer is not None  # noqa: S101 - what was sold is on offer
    assert offer.interval is not None  # noqa: S101 - and is sold by the period
    reason = "initial" if subscription["status"] == "on_trial" else "renewal"
    hidden = subscription.hidden
    hidden["periods"] += 1
    hidden["began"] = written(at)
    cents = max(0, offer.price + hidden["carry"])
    hidden["carry"] = min(0, offer.price + hidden["carry"])
    works = hidden["card_works"]
    renews_at = after(datetime.fromisoformat(hidden["anchor"]), hidden["periods"], offer.interval)
    invoice = make_invoice(sandbox, subscription, at, reason, cents, is_paid=works)  # type: ignore[arg-type]
    if not works:
        hidden |= {
            "retry_at": written(at + timedelta(days=RETRY_DAYS[0])),
            "retries": 0,
            "open_invoice": invoice.id,
        }
    status = "active" if works else "past_due"
    tell_change(sandbox, subscription, at, status=status, renews_at=written(renews_at))


def _try_again(sandbox: Sandbox, subscription: Resource, at: datetime) -> None:
    hidden = subscription.hidden
    if hidden["card_works"]:
        collect_late(sandbox, subscription, at)
        tell_change(sandbox, subscription, at, status="active")
        return
    hidden["retries"] += 1
    invoice = sandbox.store.find(INVOICES, hidden["open_invoice"])
    if hidden["retries"] < len(RETRY_DAYS):
        hidden["retry_at"] = written(at + timedelta(days=RETRY_DAYS[hidden["retries"]]))
        sandbox.store.keep(subscription)
        if invoice is not None:
            invoice.attributes["updated_at"] = written(at)
            sandbox.store.keep(invoice)
            sandbox.emit("subscription_payment_failed", invoice, hidden["custom"])
        return
    hidden["retry_at"] = None
    status = sandbox.store.fact("after_dunning", AFTER_DUNNING[0])
    if status == "expired":
        if invoice is not None:
            give_up(sandbox, invoice, at)
        tell_change(sandbox, subscription, at, "subscription_expired", status=status, ends_at=written(at))
    else:
        tell_change(sandbox, subscription, at, status=status)
