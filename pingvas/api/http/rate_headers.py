"""How limits are told: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11), and the older `X-RateLimit-*`.

Several limits stand side by side in the first two, in one line or in several, which means the same; the older ones tell of that
which is nearest to its end.
"""

from collections.abc import Iterator, Sequence

from pingvas.base.rate_limits import WINDOW_SECONDS, Allowance


def headers_of(allowances: Sequence[Allowance]) -> Iterator[tuple[str, str]]:
    """The headers of an answer for which these were counted; none for none."""
    if not allowances:
        return
    policies = (f'"{each.policy}";q={each.limit};w={WINDOW_SECONDS}' for each in allowances)
    yield "RateLimit-Policy", ", ".join(policies)
    yield (
        "RateLimit",
        ", ".join(f'"{each.policy}";r={each.remaining};t={_seconds(each)}' for each in allowances),
    )
    nearest = min(allowances, key=lambda each: each.remaining)
    yield "X-RateLimit-Limit", str(nearest.limit)
    yield "X-RateLimit-Remaining", str(nearest.remaining)
    yield "X-RateLimit-Reset", str(_seconds(nearest))


def _seconds(allowance: Allowance) -> int:
    return -int(-allowance.reset // 1)
