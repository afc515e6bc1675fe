"""Who pays for one month of credits: the invoice of the period the credits of its plan, and each invoice for a better one the
difference.

Their sum is that of the best plan, in whatever order one heard of them. Where one brought too much, because another was not known
yet, the rest of it counts as that other's.
"""

from dataclasses import dataclass

from pingvas.billing.sold.copies import Copies, Paid
from pingvas.billing.sold.months import Month
from pingvas.billing.sold.periods import Period


@dataclass
class Share:
    """What a payment is `entitled` to bring in this month, and what it `had` brought."""

    payment: Paid
    key: str
    words: str
    entitled: int
    had: int


def shares_of(copies: Copies, period: Period, month: Month) -> list[Share]:
    """That of the period's invoice first, then those of the changes up to the end of the month."""
    base = period.base
    bucket = f"{base.provider}:{period.root.provider_id}:{month.number}"
    level = period.plan.credits_per_month
    key = f"invoice:{bucket}"
    words = f"{period.plan.display_name}, a month"
    shares = [Share(base, key, words, level, copies.given.get(key, 0))]
    for reached in period.upgrades:
        by, plan = reached.by, reached.plan
        if by.paid_at >= month.ends_at:
            break
        ours, theirs = f"upgrade:{bucket}:", f":by:{by.provider_id}"
        had = sum(n for key, n in copies.given.items() if key.startswith(ours) and key.endswith(theirs))
        entitled = max(0, plan.credits_per_month - level)
        words = f"{plan.display_name}, the difference"
        shares.append(Share(by, f"{ours}{plan.name}{theirs}", words, entitled, had))
        level += entitled
    _even_out(shares)
    return shares


def _even_out(shares: list[Share]) -> None:
    for short in shares:
        for over in shares:
            moved = min(short.entitled - short.had, over.had - over.entitled)
            if moved > 0:
                short.had += moved
                over.had -= moved
