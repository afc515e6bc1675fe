"""The course of every ordeal: people ask, something breaks and is whole again, and the database is asked what was lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from harness.running_studio import wait_for
from tests.chaos.customers import Customers
from tests.chaos.tally import StudioToAsk, Tally, is_done, jobs_in_hand, show, take_tally

PEOPLE = 4
JOBS_EACH = 5
STEPS = 20
_COUNT = "SELECT count(*) FROM generation_jobs WHERE user_id = ANY($1::uuid[]) AND status = $2"


def ordeal(
    studio: StudioToAsk,
    fault: Callable[[], None],
    *,
    name: str,
    capsys: pytest.CaptureFixture[str],
    steps: int = STEPS,
    jobs_each: int = JOBS_EACH,
) -> Tally:
    """Let people ask for pictures; once some are made and one is being made, `fault` happens, and has ended when it
    returns. Prints and returns what the database says when every job has ended."""
    with closing(Customers(studio.url, PEOPLE)) as people:
        people.begin(jobs_each, pause=0.5, steps=steps)
        wait_for(lambda: count(studio, people, "completed") > 0, "a first picture")
        wait_for(lambda: count(studio, people, "processing") > 0, "a job to be running")

        fault()
        hit = jobs_in_hand(studio, people.user_ids)

        job_ids = people.asked()
        wait_for(lambda: is_done(studio, people.user_ids), "every job to end")
        tally = take_tally(studio, people.user_ids, job_ids, hit)
    show(capsys, name, tally)
    return tally


def count(studio: StudioToAsk, people: Customers, status: str) -> int:
    """How many jobs of these people have this status."""
    people.complain()
    found: int = studio.ask(_COUNT, people.user_ids, status)[0][0]
    return found


def expect_nothing_lost(tally: Tally) -> None:
    """Every job made its picture, once, was charged for once, and in time."""
    assert tally.completed == tally.submitted == tally.images == tally.charges
    assert (tally.lost, tally.charged_twice, tally.stuck, tally.failed) == (0, 0, 0, 0)
    assert tally.disagreements == 0
    assert tally.recovery < 2 * tally.lease
