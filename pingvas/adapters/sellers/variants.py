"""What is sold, by name and by the ids of a seller's store."""

from collections.abc import Mapping

from pingvas.adapters.sellers.seller import NotSold, PackVariant, PlanVariant, Variant
from pingvas.base.seller_settings import PACK, PLAN


def name_of(variant: Variant) -> str:
    """`pro_monthly`, `pack_small`: as the settings and the rows of checkouts call it."""
    if isinstance(variant, PackVariant):
        return f"pack_{variant.pack}"
    return f"{variant.plan}_{variant.cycle}"


def variant_named(name: str) -> Variant:
    """The variant of such a name. Raises ValueError."""
    if found := PACK.fullmatch(name):
        return PackVariant(found[1])
    if found := PLAN.fullmatch(name):
        return PlanVariant(found[1], "yearly" if found[2] == "yearly" else "monthly")
    raise ValueError(name)


class Variants:
    """Both ways between our variants and the ids of a store."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        self._ids = dict(ids)
        self._names = {value: name for name, value in ids.items()}

    def has(self, variant: Variant) -> bool:
        return name_of(variant) in self._ids

    def id_of(self, variant: Variant) -> str:
        """Raises NotSold."""
        found = self._ids.get(name_of(variant))
        if found is None:
            raise NotSold(extra={"variant": name_of(variant)})
        return found

    def of_id(self, variant_id: object) -> Variant | None:
        """None: one of the store's that the settings do not name."""
        name = self._names.get(str(variant_id))
        return None if name is None else variant_named(name)
