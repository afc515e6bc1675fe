"""What the sandbox sells: the plans and packs that ship, at their prices. A test holds it against these."""

from dataclasses import dataclass
from typing import Literal

STORE_ID = "1"

Interval = Literal["month", "year"]


@dataclass(frozen=True)
class Offer:
    """`price` in US cents. `interval=None`: bought once."""

    variant_id: int
    name: str
    title: str
    price: int
    interval: Interval | None


OFFERS = (
    Offer(101, "starter_monthly", "Starter", 2_500, "month"),
    Offer(102, "starter_yearly", "Starter", 25_000, "year"),
    Offer(103, "pro_monthly", "Pro", 7_500, "month"),
    Offer(104, "pro_yearly", "Pro", 75_000, "year"),
    Offer(105, "studio_monthly", "Studio", 15_000, "month"),
    Offer(106, "studio_yearly", "Studio", 150_000, "year"),
    Offer(201, "pack_small", "1,000 credits", 700, None),
    Offer(202, "pack_medium", "5,000 credits", 3_000, None),
    Offer(203, "pack_large", "20,000 credits", 11_000, None),
)
VARIANT_IDS = {offer.name: str(offer.variant_id) for offer in OFFERS}
_BY_ID = {offer.variant_id: offer for offer in OFFERS}


def find_offer(variant_id: object) -> Offer | None:
    return _BY_ID.get(variant_id) if isinstance(variant_id, int) else None
