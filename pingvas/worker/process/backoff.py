"""How long to wait before each new try of something that is away: soon at first, then seldom."""

from __future__ import annotations

import random
from collections.abc import Iterator

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 10.0


def pauses() -> Iterator[float]:
    """Seconds, for ever: doubling to ten, each a little random, so that many workers do not come back at once."""
    pause = FIRST_SECONDS
    while True:
        yield pause * random.uniform(0.75, 1.25)
        pause = min(LONGEST_SECONDS, pause * 2)
