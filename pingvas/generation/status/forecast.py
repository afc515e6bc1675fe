"""When work that waits in the queue may start, from what the workers have left to do. Arithmetic only; knows no database."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from math import inf


class WorkerForecast:
    """The live workers, each known by the seconds until it is free; 0 is free now."""

    def __init__(self, free_in: Sequence[float]) -> None:
        self._free_in = sorted(free_in)
        self._sums = list(accumulate(self._free_in))
        # How many seconds of work the first k workers have taken by the time that the next one is free.
        self._taken = [
            (k + 1) * later - total
            for k, (total, later) in enumerate(zip(self._sums, self._free_in[1:], strict=False))
        ]

    def __len__(self) -> int:
        return len(self._free_in)

    @property
    def one_is_free(self) -> bool:
        """Whether somebody has nothing to do."""
        return bool(self._free_in) and self._free_in[0] <= 0

    def starts_in(self, seconds_ahead: float) -> float:
        """Seconds until a job starts that has `seconds_ahead` of work before it; infinite without workers.

        It is the moment T at which the workers, each from when it is free, have time for exactly what is ahead:
        sum(max(0, T - free)) = seconds_ahead. Jobs cannot be cut to fit, so the last ones ahead still run at that
        moment and a worker is free no later than T: the forecast errs to the long side. It counts one job at a time
        to a worker, for nobody has measured how much a batch gains before it is run.
        """
        if not self._free_in:
            return inf
        busy = bisect_left(self._taken, seconds_ahead)
        return (seconds_ahead + self._sums[busy]) / (busy + 1)


def seconds_left(expected: float, running: float) -> float:
    """What is left of work expected to take so long that has run for so long.

    Work that is overdue is thought to need a tenth of what it has taken, for nobody knows.
    """
    return max(expected - running, running / 10)
