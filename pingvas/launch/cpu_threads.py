"""How the threads of a worker that computes on a CPU wait for each other: for a moment, and then asleep, so that others may have the core."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

# Long enough for the next operation of a quiet machine, short enough to leave the core to whoever else wants it: asleep at
# once makes a picture twice as long, the library's own 300,000 takes five times as long beside others (`bench/waiting_threads.py`).
SPINS = "10000"
# What a person sets who knows better; any of them says how threads wait. GNU's and Intel's libraries read the first.
_SAID = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
# There is one of these where a card of NVIDIA's or AMD's can be used; looking at them needs no torch.
_CARDS = (Path("/dev/nvidiactl"), Path("/dev/kfd"), Path("/dev/dxg"))


def let_threads_sleep(
    environment: MutableMapping[str, str], device: str, cards: tuple[Path, ...] = _CARDS
) -> None:
    """Sets `GOMP_SPINCOUNT` for a worker on `device` (as in the settings), unless somebody has said how to wait.

    Between two operations torch's threads wait for each other, by default in a loop that keeps the core. A core that
    others use too is then lost to both. Must be called before torch is loaded: its library looks once.
    """
    on_card = device.startswith("cuda") or (device == "auto" and any(card.exists() for card in cards))
    if not on_card and not any(name in environment for name in _SAID):
        environment["GOMP_SPINCOUNT"] = SPINS
