"""What a person may do, from the plan they hold and how it stands: the one function that submits, uploads and workers ask.

Nothing is kept of it: it is read with the subscription each time, so a plan that changes, or an admin's new figure, holds at once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pingvas.base.errors import Forbidden

# Of a row `s` of `subscriptions`: the plan whose figures count. What is paid late counts until its grace is over, then as nothing paid,
# whether or not a chore has come by.
PLAN_THAT_COUNTS = """CASE WHEN s.status = 'past_due' AND s.grace_ends_at <= now()
                           THEN (SELECT id FROM subscription_plans WHERE name = 'free') ELSE s.plan_id END"""


class FeatureLocked(Forbidden):
    """`feature` names what the plan does not have."""

    code = "feature_locked"
    default_detail = "This is not part of your plan."


class _Held(Protocol):
    """The figures of the plan that counts, as a subscription is read."""

    @property
    def plan_name(self) -> str: ...
    @property
    def features(self) -> dict[str, Any]: ...
    @property
    def storage_bytes(self) -> int: ...


@dataclass(frozen=True)
class Entitlements:
    """What is allowed. `features` are flags by their names; what a plan does not name it does not have."""

    plan_name: str
    features: Mapping[str, Any]
    storage_bytes: int

    def has(self, feature: str | None) -> bool:
        """Whether a feature is part of it; None is what everybody has."""
        return feature is None or self.features.get(feature) is True

    def require(self, feature: str | None) -> None:
        """Raises FeatureLocked."""
        if not self.has(feature):
            raise FeatureLocked(
                f"Your plan ({self.plan_name}) does not have this: {feature}.", extra={"feature": feature}
            )

    def is_one_of(self, plans: Collection[str]) -> bool:
        """Whether the plan is one of these; none named means every plan is."""
        return not plans or self.plan_name in plans


def entitlements_of(held: _Held) -> Entitlements:
    """Of a subscription as it was read a moment ago."""
    return Entitlements(held.plan_name, held.features, held.storage_bytes)
