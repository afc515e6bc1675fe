"""What somebody does with a subscription of the sandbox: another plan, cancel, resume, pause, another card."""

from datetime import datetime
from typing import Any

from pingvas.adapters.sellers.sandbox.catalogue import Offer, find_offer
from pingvas.adapters.sellers.sandbox.invoices import INVOICES, make_invoice, pay_late
from pingvas.adapters.sellers.sandbox.months import after
from pingvas.adapters.sellers.sandbox.state import Sandbox
from pingvas.adapters.sellers.sandbox.store import Resource, written

OVER = ("expired",)
_FORMATTED = {"on_trial": "On Trial", "past_due": "Past Due", "cancelled": "Cancelled"}


def tell_change(sandbox: Sandbox, subscription: Resource, at: datetime, *names: str, **changes: Any) -> None:
    """Change attributes, and send these events and the one that accompanies them all."""
    status = changes.get("status")
    if status is not None:
        changes["status_formatted"] = _FORMATTED.get(status, status.capitalize())
    subscription.attributes.update(changes, updated_at=written(at))
    sandbox.store.keep(subscription)
    for name in (*names, "subscription_updated"):
        sandbox.emit(name, subscription, subscription.hidden["custom"])


def change_plan(
    sandbox: Sandbox, subscription: Resource, offer: Offer, *, invoice_now: bool, without_proration: bool
) -> None:
    """Another variant. What of the running period it costs more is paid now, or with the next invoice, or never; another length of
    the period is paid now and begins a new one."""
    at, before = sandbox.store.now(), find_offer(subscription["variant_id"])
    if before is None or offer.variant_id == before.variant_id or offer.interval is None:
        return
    named = {"variant_id": offer.variant_id, "product_id": offer.variant_id, "product_name": offer.title}
    named["variant_name"] = offer.name
    runs = subscription["status"] == "active"
    longer = runs and offer.interval != before.interval and not without_proration
    due = 0
    if runs and not without_proration:
        left = _left_of_period(subscription, at)
        due = (
            offer.price - round(before.price * left) if longer else round((offer.price - before.price) * left)
        )
    if longer:
        subscription.hidden |= {"anchor": written(at), "periods": 1, "began": written(at)}
        named |= {"renews_at": written(after(at, 1, offer.interval)), "billing_anchor": at.day}
    elif without_proration and offer.interval != before.interval:
        # The new length counts from the end of the running period.
        subscription.hidden |= {"anchor": subscription["renews_at"], "periods": 0}
    if not (longer or invoice_now):
        subscription.hidden["carry"] += due
        due = 0
    elif due < 0:
        subscription.hidden["carry"] += due
    tell_change(sandbox, subscription, at, "subscription_plan_changed", **named)
    if due > 0:
        make_invoice(sandbox, subscription, at, "updated", due, is_paid=True)


def cancel(sandbox: Sandbox, subscription: Resource) -> None:
    """It stops when its period ends; one that was not paid stops now."""
    if subscription["status"] in ("cancelled", *OVER):
        return
    at = sandbox.store.now()
    still_paid = subscription["status"] in ("active", "on_trial")
    ends_at = subscription["renews_at"] if still_paid else written(at)
    subscription.hidden["retry_at"] = None
    tell_change(
        sandbox,
        subscription,
        at,
        "subscription_cancelled",
        status="cancelled",
        cancelled=True,
        ends_at=ends_at,
    )


def resume(sandbox: Sandbox, subscription: Resource) -> None:
    """Take the cancellation back."""
    if subscription["status"] != "cancelled":
        return
    at, trial = sandbox.store.now(), subscription["trial_ends_at"]
    on_trial = trial is not None and at < subscription.time("trial_ends_at")
    status = "on_trial" if on_trial else "active"
    tell_change(
        sandbox, subscription, at, "subscription_resumed", status=status, cancelled=False, ends_at=None
    )


def pause(sandbox: Sandbox, subscription: Resource, mode: str, resumes_at: str | None) -> None:
    """No more is collected: with `void` nothing is given meanwhile, with `free` all is."""
    told = {"mode": mode, "resumes_at": resumes_at}
    tell_change(
        sandbox, subscription, sandbox.store.now(), "subscription_paused", status="paused", pause=told
    )


def unpause(sandbox: Sandbox, subscription: Resource, at: datetime) -> None:
    tell_change(sandbox, subscription, at, "subscription_unpaused", status="active", pause=None)


def change_card(sandbox: Sandbox, subscription: Resource, *, works: bool) -> None:
    """Another card; with one that works what is owed is paid at once."""
    at, brand = sandbox.store.now(), ("visa", "4242") if works else ("visa", "0341")
    subscription.hidden["card_works"] = works
    changes: dict[str, Any] = {"card_brand": brand[0], "card_last_four": brand[1]}
    if works and subscription["status"] in ("past_due", "unpaid"):
        collect_late(sandbox, subscription, at)
        changes["status"] = "active"
    tell_change(sandbox, subscription, at, **changes)


def collect_late(sandbox: Sandbox, subscription: Resource, at: datetime) -> None:
    """What had failed is paid."""
    invoice = sandbox.store.find(INVOICES, subscription.hidden["open_invoice"] or "")
    if invoice is not None and invoice["status"] == "pending":
        pay_late(sandbox, invoice, at)
    subscription.hidden |= {"retry_at": None, "retries": 0, "open_invoice": None}


def _left_of_period(subscription: Resource, at: datetime) -> float:
    """How much of the running period is left, 0 to 1."""
    began, ends = datetime.fromisoformat(subscription.hidden["began"]), subscription.time("renews_at")
    return min(1.0, max(0.0, (ends - at) / (ends - began)))
