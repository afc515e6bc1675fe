"""What a better plan costs at this moment, for whoever thinks about it: the difference of the prices for what is left of the period that
is paid for, as sellers count it. What is charged, the seller works out."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from pingvas.adapters.sellers.seller import Cycle
from pingvas.billing.sold.copies import PlanRow
from pingvas.billing.sold.periods import Period

_CENT = Decimal(1)


def estimate_due(
    period: Period | None, held: PlanRow, plan: PlanRow, cycle: Cycle, now: datetime
) -> int | None:
    """In cents, without taxes. None: only the seller knows, because what was paid is not the price of today."""
    if period is None or not period.starts_at <= now < period.ends_at or period.best_plan(now) != held:
        return None
    before, after, began_at = held.price(period.cycle), plan.price(cycle), period.plan.price(period.cycle)
    base = period.base
    is_todays_price = (
        base.reason in ("initial", "renewal")
        and base.currency == "USD"
        and began_at is not None
        and base.subtotal == began_at * 100
    )
    if before is None or after is None or not is_todays_price:
        return None
    left = Decimal((period.ends_at - now) / (period.ends_at - period.starts_at))
    dollars = after - before * left if cycle != period.cycle else (after - before) * left
    return max(0, int((dollars * 100).quantize(_CENT, ROUND_HALF_UP)))
