"""How long to wait before each new try of something that is away or has failed: soon at first, then seldom."""

from __future__ import annotations

import random
from collections.abc import Iterator

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 10.0


def pauses(first: float = FIRST_SECONDS, longest: float = LONGEST_SECONDS) -> Iterator[float]:
    """Seconds, for ever: doubling up to `longest`, each a little random, so that many processes do not come back at once."""
    pause = min(first, longest)
    while True:
        yield pause * random.uniform(0.75, 1.25)
        pause = min(longest, pause * 2)
