"""Workers whose wall clocks are a minute off: only the database's clock says when a lease lapses."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness.running_studio import wait_for
from tests.chaos.customers import Customers
from tests.chaos.ordeal import expect_nothing_lost
from tests.chaos.studio_under_fire import MAX_STEPS, StudioUnderFire
from tests.chaos.tally import Hit, is_done, jobs_in_hand, show, take_tally

pytestmark = pytest.mark.slow

FEW, MORE = 10, 60
LARGE = {"width": 512, "height": 512}  # so that all the steps a model takes last longer than a lease anywhere
_JOB = "SELECT *, completed_at - started_at AS ran FROM generation_jobs WHERE id = $1"
_SHORTEN = "UPDATE generation_jobs SET parameters = parameters || '{\"steps\": 2}' WHERE id = $1"


def test_a_lease_lapses_in_time_when_a_worker_dies_and_not_before_whatever_the_workers_clocks_say(
    studio: StudioUnderFire, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a worker a minute behind and one a minute ahead, each with a job that takes longer than a lease
    behind, ahead = wrong_clock("-60s"), wrong_clock("+60s")
    studio.end_workers()
    workers = studio.start_worker(**behind), studio.start_worker(**ahead)
    studio.have_workers(2)
    with closing(Customers(studio.url, 1)) as first, closing(Customers(studio.url, 1)) as second:
        people = [*first.user_ids, *second.user_ids]
        first.ask(1, steps=FEW, **LARGE)
        job_ids = first.ask(1, steps=MORE, **LARGE)
        wait_for(lambda: is_done(studio, people), "the first pictures")
        steps = _steps_for(2.5 * studio.lease_seconds, studio, *job_ids)
        asked = [first.ask(1, steps=steps, **LARGE)[-1], second.ask(1, steps=steps, **LARGE)[-1]]
        kept, lost = (_held_by(studio, worker, asked) for worker in workers)

        # when the one ahead dies, and one whose clock is right comes for it
        workers[1].kill()
        workers[1].wait()
        died_at = datetime.now(UTC)
        studio.ask(_SHORTEN, lost)
        studio.have_workers(2)
        in_hand = jobs_in_hand(studio, people)
        hit = Hit(
            {lost} & set(in_hand.job_ids), in_hand.at
        )  # the other's job goes on as if nothing had happened
        wait_for(lambda: is_done(studio, people), "every job to end")
        tally = take_tally(studio, people, [*job_ids, *asked], hit)

    # then its job is taken up when the database says so, and the other's never is
    show(capsys, "workers' clocks a minute off, one killed", tally)
    living, dead = studio.ask(_JOB, kept)[0], studio.ask(_JOB, lost)[0]
    assert living["ran"].total_seconds() > studio.lease_seconds, "too quick to show anything"
    assert (living["attempt"], living["lost_attempts"]) == (1, 0)
    assert (dead["attempt"], dead["lost_attempts"]) == (2, 1)
    assert (dead["started_at"] - died_at).total_seconds() > studio.lease_seconds / 2
    expect_nothing_lost(tally)


def wrong_clock(offset: str) -> dict[str, str]:
    """The environment of a worker of one job at a time whose wall clock is off by `offset` ("-60s"); its monotonic
    clock is right."""
    package = find_spec("libfaketime")
    if package is None or not package.submodule_search_locations:
        pytest.skip("the package libfaketime is not installed")
    library = Path(package.submodule_search_locations[0], "vendor", "libfaketime", "src", "libfaketime.so.1")
    environment = {"LD_PRELOAD": str(library), "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"}
    # Or Python's threads, which wait for each other by the monotonic clock, wait a minute.
    environment |= {"FAKETIME_FORCE_MONOTONIC_FIX": "0"}
    asked = [sys.executable, "-c", "import time; print(time.time())"]
    done = subprocess.run(asked, env=os.environ | environment, capture_output=True, text=True)
    off_by = float(done.stdout or 0) - time.time()
    if not 30 < abs(off_by) < 90:
        pytest.skip(
            f"libfaketime shifts no clock here: asked for {offset}, off by {off_by:.1f} s; {done.stderr}"
        )
    return environment | {"PINGVAS_WORKER_BATCH": "1"}


def _held_by(studio: StudioUnderFire, worker: subprocess.Popen[bytes], job_ids: list[str]) -> str:
    """The one of these jobs that the worker has begun."""

    def held() -> list[str]:
        found = [(job_id, studio.ask(_JOB, job_id)[0]["worker_id"]) for job_id in job_ids]
        return [
            job_id for job_id, worker_id in found if worker_id and str(worker.pid) in worker_id.split("-")
        ]

    wait_for(lambda: bool(held()), "each worker to have a job")
    return held()[0]


def _steps_for(seconds: float, studio: StudioUnderFire, few: str, more: str) -> int:
    """How many steps take about so long, going by jobs of `FEW` and of `MORE` steps."""
    took: list[float] = [studio.ask(_JOB, job_id)[0]["gpu_seconds"] for job_id in (few, more)]
    return min(MAX_STEPS, round(seconds * (MORE - FEW) / max(took[1] - took[0], 0.01)))
