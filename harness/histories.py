"""Random histories of buying, for tests and for `bench/money_histories.py`: what somebody does with a seller in an hour or a year."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from harness.store import PACKS, Store
from pingvas.adapters.sellers.seller import Cycle, InvoiceWord, OrderWord, SoldWord

_PLANS = ("starter", "pro", "studio")
_Word = TypeVar("_Word", SoldWord, InvoiceWord, OrderWord)
# Most are of an hour or a few days, which costs little to live twice; some go over more than a year.
_LENGTHS = (
    16 * (timedelta(hours=1),) + 8 * (timedelta(days=3),) + 4 * (timedelta(days=45),) + (timedelta(days=430),)
)


def random_history(random: Random, *, prefix: str = "") -> Store:
    """What a seller has told by the end, and has then. Ten days without anything new follow the last thing that somebody did."""
    start = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(366 * 86400))
    if random.random() < 0.3:
        start = start.replace(month=random.choice((1, 3, 5, 8, 10, 12)), day=31)
    store = Store(start, prefix)
    number: str | None = None
    ends = start + random.random() * random.choice(_LENGTHS)
    while True:
        number = _do_something(random, store, number)
        later = store.now + timedelta(seconds=_pause(random))
        if later > ends:
            break
        store.go_to(later)
    store.go_to(store.now + timedelta(days=10))
    return store


def _pause(random: Random) -> int:
    """Seconds: minutes, hours, days or months."""
    return random.randrange(120, random.choice((3600, 86400, 40 * 86400, 80 * 86400)))


def _do_something(random: Random, store: Store, number: str | None) -> str | None:
    status = None if number is None else store.status(number)
    if number is None or status in (None, "expired"):
        if random.random() < 0.15:
            store.buy_pack(random.choice(list(PACKS)), "t")
            return number
        trial = random.choice((7, 14)) if random.random() < 0.2 else 0
        return store.buy(random.choice(_PLANS), _cycle(random), "t", trial_days=trial)
    deeds = {
        "trial": ("cancel", "card", "pack", "break"),
        "active": (
            *("up", "up", "up", "down", "cancel", "card", "break", "pack"),
            *("refund", "refund part", "pause", "free pause"),
        ),
        "canceled": ("resume", "pack", "refund", "wait"),
        "past_due": ("mend", "mend", "wait", "cancel"),
        "paused": ("unpause",),
        "paused_free": ("unpause", "pack"),
    }
    _deed(random, store, number, random.choice(deeds[str(status)]))
    return number


def _deed(random: Random, store: Store, number: str, deed: str) -> None:
    variant, paid = store.word(number).variant, store.paid(number)
    match deed:
        case "up" if paid is not None and paid == variant:
            longer = paid.cycle == "monthly" and random.random() < 0.25
            if longer:
                store.change(number, random.choice(_PLANS[_PLANS.index(paid.plan) :]), "yearly", at_once=True)
            elif better := _PLANS[_PLANS.index(paid.plan) + 1 :]:
                store.change(number, random.choice(better), paid.cycle, at_once=True)
        case "up" if paid is not None:
            # What was lowered for later is taken back first.
            store.change(number, paid.plan, paid.cycle, at_once=False)
        case "down" if paid is not None:
            if paid.cycle == "yearly" and random.random() < 0.3:
                store.change(number, random.choice(_PLANS), "monthly", at_once=False)
            elif lower := _PLANS[: _PLANS.index(paid.plan)]:
                store.change(number, random.choice(lower), paid.cycle, at_once=False)
        case "cancel":
            store.cancel(number)
        case "resume":
            store.resume(number)
        case "card":
            store.change_card(number, f"visa {random.randrange(1000, 9999)}")
        case "break":
            store.card_works(number, False)
        case "mend":
            store.card_works(number, True)
        case "pack":
            store.buy_pack(random.choice(list(PACKS)), "t")
        case "pause" | "free pause":
            store.pause(number, free=deed == "free pause")
        case "unpause":
            store.unpause(number)
        case "refund" | "refund part":
            if numbers := store.refundable():
                share = Decimal(1) if deed == "refund" else Decimal(random.randrange(1, 9)) / 10
                store.refund(random.choice(numbers), share)


def _cycle(random: Random) -> Cycle:
    return "yearly" if random.random() < 0.3 else "monthly"


def renamed(word: _Word, prefix: str) -> _Word:
    """The same word about another person's things."""
    changes: dict[str, Any] = {"provider_id": f"{prefix}{word.provider_id}"}
    if isinstance(word, InvoiceWord):
        changes["subscription_id"] = f"{prefix}{word.subscription_id}"
    return replace(word, **changes)
