"""The one table of Lemon Squeezy's statuses in our words. docs/operating.md shows it, and a test holds the two together."""

from collections.abc import Mapping

from pingvas.adapters.sellers.seller import PaymentStatus, SoldStatus

# `paused` is two of ours, by the mode of the pause: with `free` the plan goes on unpaid, with `void` it rests.
PAUSED = "paused"
SUBSCRIPTION: Mapping[str, SoldStatus] = {
    "on_trial": "trial",
    "active": "active",
    "paused:free": "paused_free",
    "paused:void": "paused",
    "past_due": "past_due",
    "unpaid": "unpaid",
    "cancelled": "canceled",
    "expired": "expired",
}
INVOICE: Mapping[str, PaymentStatus] = {
    "pending": "pending",
    "paid": "paid",
    "void": "void",
    "refunded": "refunded",
    "partial_refund": "partial_refund",
}
# Money that was taken by fraud goes back, as all of a refund does.
ORDER: Mapping[str, PaymentStatus] = {
    "pending": "pending",
    "paid": "paid",
    "failed": "failed",
    "refunded": "refunded",
    "partial_refund": "partial_refund",
    "fraudulent": "refunded",
}
