"""A seller as a history: what people buy, change, cancel and get back, and every word that it tells of that, with its time.

It knows nothing of a database. `Store.told` are the words as they happened, `Store.lists()` is what it has now.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from pingvas.adapters.sellers.seller import (
    Cycle,
    InvoiceReason,
    InvoiceWord,
    OrderWord,
    PackVariant,
    PaymentStatus,
    PlanVariant,
    SoldWord,
    Word,
)
from pingvas.billing.plans import PLANS
from pingvas.billing.sold.months import add_months

PRICES: Mapping[tuple[str, str], int] = {
    (plan.name, cycle): int(price * 100)
    for plan in PLANS
    for cycle, price in (("monthly", plan.monthly_price), ("yearly", plan.yearly_price))
    if price
}
PACKS = {"small": 700, "medium": 3000, "large": 11000}
# When a payment that failed is tried again; after the last of these it is over.
TRIES = (timedelta(days=3), timedelta(days=5), timedelta(days=9), timedelta(days=14))


@dataclass(frozen=True)
class Told:
    """A word and when it was said. Invoices echo no token."""

    at: datetime
    word: Word
    token: str | None


@dataclass
class _Held:
    word: SoldWord
    token: str
    day: int
    since: datetime
    # The newest variant that was paid for.
    paid: PlanVariant | None = None
    card_works: bool = True
    tries: int = 0
    unpaid: str | None = None
    failed_at: datetime | None = None


@dataclass
class Store:
    """`now` only goes forward, by `go_to`, and what is due on the way happens."""

    now: datetime
    prefix: str = ""
    told: list[Told] = field(default_factory=list)
    invoices: dict[str, InvoiceWord] = field(default_factory=dict)
    orders: dict[str, OrderWord] = field(default_factory=dict)
    _held: dict[str, _Held] = field(default_factory=dict)
    _numbers: int = 0

    def lists(self) -> Iterator[Word]:
        """What it has now, as one reads it page by page."""
        yield from (held.word for held in self._held.values())
        yield from self.invoices.values()
        yield from self.orders.values()

    def go_to(self, moment: datetime) -> None:
        while (due := self._next()) is not None and due[0] <= moment:
            self.now = max(self.now, due[0])
            due[1]()
        self.now = moment

    def buy(self, plan: str, cycle: Cycle, token: str, *, trial_days: int = 0) -> str:
        number = self._number()
        trial = self.now + timedelta(days=trial_days) if trial_days else None
        renews_at = trial or add_months(self.now, _length(cycle))
        word = SoldWord(
            provider_id=number,
            variant=PlanVariant(plan, cycle),
            status="trial" if trial else "active",
            began_at=self.now,
            renews_at=renews_at,
            ends_at=None,
            trial_ends_at=trial,
            card="visa 4242",
            customer_id=number,
            test_mode=True,
            updated_at=self.now,
        )
        self._held[number] = _Held(word, token, (trial or self.now).day, self.now)
        self._tell_sold(number)
        if trial is None:
            self._bill(number, "initial", PRICES[plan, cycle])
        return number

    def buy_pack(self, pack: str, token: str) -> str:
        number = self._number()
        price = PACKS[pack]
        order = OrderWord(
            provider_id=number,
            variant=PackVariant(pack),
            status="paid",
            subtotal=price,
            total=price,
            total_usd=price,
            refunded=0,
            currency="USD",
            paid_at=self.now,
            test_mode=True,
            updated_at=self.now,
        )
        self.orders[number] = order
        self.told.append(Told(self.now, order, token))
        return number

    def change(self, number: str, plan: str, cycle: Cycle, *, at_once: bool) -> None:
        held = self._held[number]
        old = held.word.variant
        assert old is not None and held.word.renews_at is not None  # noqa: PT018 - ours
        renews_at = held.word.renews_at
        left = Decimal((renews_at - self.now) / (renews_at - held.since))
        price, before = PRICES[plan, cycle], PRICES[old.plan, old.cycle]
        if cycle != old.cycle and at_once:
            renews_at, held.day, held.since = add_months(self.now, _length(cycle)), self.now.day, self.now
            difference = price - int(before * left)
        else:
            difference = int((price - before) * left)
        self._set(number, variant=PlanVariant(plan, cycle), renews_at=renews_at)
        if at_once and held.word.status == "active" and difference > 0:
            self._bill(number, "updated", difference)

    def cancel(self, number: str) -> None:
        word = self._held[number].word
        self._set(number, status="canceled", ends_at=word.renews_at)

    def resume(self, number: str) -> None:
        word = self._held[number].word
        trial = word.trial_ends_at is not None and word.trial_ends_at > self.now
        self._set(number, status="trial" if trial else "active", ends_at=None)

    def pause(self, number: str, *, free: bool) -> None:
        self._set(number, status="paused_free" if free else "paused")

    def unpause(self, number: str) -> None:
        """What would have been renewed meanwhile is in an hour."""
        renews_at = self._held[number].word.renews_at
        assert renews_at is not None
        if renews_at < self.now:
            renews_at = self.now + timedelta(hours=1)
            self._held[number].day = renews_at.day
        self._set(number, status="active", renews_at=renews_at)

    def card_works(self, number: str, works: bool) -> None:
        self._held[number].card_works = works

    def change_card(self, number: str, card: str) -> None:
        self._set(number, card=card)

    def refund(self, number: str, share: Decimal = Decimal(1)) -> None:
        """Of an invoice or an order, so much of what is not back yet."""
        word: InvoiceWord | OrderWord = self.invoices.get(number) or self.orders[number]
        refunded = min(word.total, word.refunded + int((word.total - word.refunded) * share))
        status: PaymentStatus = "refunded" if refunded == word.total else "partial_refund"
        if isinstance(word, InvoiceWord):
            back = replace(word, refunded=refunded, status=status, updated_at=self._later(word.updated_at))
            self.invoices[number] = back
            self.told.append(Told(self.now, back, None))
        else:
            order = replace(word, refunded=refunded, status=status, updated_at=self._later(word.updated_at))
            self.orders[number] = order
            self.told.append(Told(self.now, order, None))

    def refundable(self) -> list[str]:
        """The numbers of what was paid and is not back as a whole."""
        words: list[InvoiceWord | OrderWord] = [*self.invoices.values(), *self.orders.values()]
        return [word.provider_id for word in words if word.status in ("paid", "partial_refund")]

    def status(self, number: str) -> str:
        return self._held[number].word.status

    def paid(self, number: str) -> PlanVariant | None:
        return self._held[number].paid

    def word(self, number: str) -> SoldWord:
        return self._held[number].word

    def _next(self) -> tuple[datetime, Callable[[], None]] | None:
        dues: list[tuple[datetime, Callable[[], None]]] = []
        for number, held in self._held.items():
            word = held.word
            if word.status in ("active", "trial") and word.renews_at is not None:
                dues.append((word.renews_at, lambda number=number: self._renew(number)))  # type: ignore[misc]
            if word.status == "canceled" and word.ends_at is not None:
                dues.append((word.ends_at, lambda number=number: self._expire(number)))  # type: ignore[misc]
            if word.status == "past_due" and held.failed_at is not None:
                at = held.failed_at + TRIES[held.tries]
                dues.append((at, lambda number=number: self._try(number)))  # type: ignore[misc]
            if word.status == "paused_free" and word.renews_at is not None:
                dues.append((word.renews_at, lambda number=number: self._skip(number)))  # type: ignore[misc]
        return min(dues, key=lambda due: due[0], default=None)

    def _renew(self, number: str) -> None:
        held = self._held[number]
        word = held.word
        assert word.variant is not None and word.renews_at is not None  # noqa: PT018 - ours
        reason: InvoiceReason = "initial" if word.status == "trial" else "renewal"
        price = PRICES[word.variant.plan, word.variant.cycle]
        if held.card_works:
            self._set(number, status="active", renews_at=self._after(held))
            self._bill(number, reason, price)
            return
        held.failed_at, held.tries = self.now, 0
        self._set(number, status="past_due")
        held.unpaid = self._bill(number, reason, price, status="pending")

    def _try(self, number: str) -> None:
        held = self._held[number]
        held.tries += 1
        assert held.unpaid is not None
        invoice = self.invoices[held.unpaid]
        if held.card_works:
            paid = replace(invoice, status="paid", updated_at=self.now)
            self._set(number, status="active", renews_at=self._after(held))
            held.paid = held.word.variant
            self.invoices[held.unpaid] = paid
            self.told.append(Told(self.now, paid, None))
            held.failed_at = None
        elif held.tries == len(TRIES):
            self.invoices[held.unpaid] = void = replace(invoice, status="void", updated_at=self.now)
            self.told.append(Told(self.now, void, None))
            held.failed_at = None
            self._set(number, status="expired", ends_at=self.now)
        else:
            self._set(number, card="visa 4242")

    def _expire(self, number: str) -> None:
        self._set(number, status="expired")

    def _skip(self, number: str) -> None:
        self._set(number, renews_at=self._after(self._held[number]))

    def _after(self, held: _Held) -> datetime:
        word = held.word
        assert word.renews_at is not None and word.variant is not None  # noqa: PT018 - ours
        held.since = word.renews_at
        return add_months(word.renews_at, _length(word.variant.cycle), day=held.day)

    def _bill(self, number: str, reason: InvoiceReason, price: int, *, status: str = "paid") -> str:
        name = self._number()
        if status == "paid":
            self._held[number].paid = self._held[number].word.variant
        self.invoices[name] = InvoiceWord(
            provider_id=name,
            subscription_id=number,
            reason=reason,
            status=status,  # type: ignore[arg-type]
            subtotal=price,
            total=price,
            total_usd=price,
            refunded=0,
            currency="USD",
            paid_at=self.now,
            test_mode=True,
            updated_at=self.now,
        )
        self.told.append(Told(self.now, self.invoices[name], None))
        return name

    def _set(self, number: str, **changes: object) -> None:
        held = self._held[number]
        held.word = replace(held.word, **changes, updated_at=self._later(held.word.updated_at))  # type: ignore[arg-type]
        self._tell_sold(number)

    def _later(self, before: datetime) -> datetime:
        """Of two words about one thing the later one has the later time."""
        return max(self.now, before + timedelta(seconds=1))

    def _tell_sold(self, number: str) -> None:
        held = self._held[number]
        self.told.append(Told(self.now, held.word, held.token))

    def _number(self) -> str:
        self._numbers += 1
        return f"{self.prefix}{self._numbers}"


def _length(cycle: Cycle) -> int:
    return 12 if cycle == "yearly" else 1
