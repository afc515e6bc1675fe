"""When work may start: the forecast against what really happens when workers take jobs one after another."""

from heapq import heapify, heapreplace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pingvas.generation.status.forecast import WorkerForecast, seconds_left

SECONDS = st.floats(0, 1000)


def starts_when_taken_in_turn(free_in: list[float], ahead: list[float]) -> float:
    """When the next job starts if each one ahead is taken by whoever is free first."""
    workers = list(free_in)
    heapify(workers)
    for seconds in ahead:
        heapreplace(workers, workers[0] + seconds)
    return workers[0]


@given(st.lists(SECONDS, min_size=1, max_size=8), st.lists(SECONDS, max_size=20))
def test_the_forecast_is_never_too_early_and_at_most_one_job_late(
    free_in: list[float], ahead: list[float]
) -> None:
    really = starts_when_taken_in_turn(free_in, ahead)

    forecast = WorkerForecast(free_in).starts_in(sum(ahead))

    assert really - 1e-6 <= forecast <= really + max(ahead, default=0) + 1e-6


def test_a_free_worker_takes_the_first_job_at_once() -> None:
    machines = WorkerForecast([30.0, 0.0])

    assert machines.one_is_free
    assert machines.starts_in(0) == 0
    assert machines.starts_in(10) == 10


def test_busy_workers_take_it_when_the_first_of_them_is_free() -> None:
    machines = WorkerForecast([30.0, 12.0])

    assert not machines.one_is_free
    assert machines.starts_in(0) == 12
    assert machines.starts_in(28) == 35  # 23 seconds of one and 5 of the other


def test_without_workers_nothing_ever_starts() -> None:
    assert WorkerForecast([]).starts_in(0) == inf


@pytest.mark.parametrize(
    ("expected", "running", "left"), [(10, 0, 10), (10, 4, 6), (10, 10, 1), (10, 40, 4), (0, 0, 0)]
)
def test_work_that_is_overdue_has_something_left(expected: float, running: float, left: float) -> None:
    assert seconds_left(expected, running) == left
