"""Workers that are killed again and again: every picture is made, once, and paid for once."""

from __future__ import annotations

import random
import time

import pytest

from harness.running_studio import wait_for
from tests.chaos.ordeal import expect_nothing_lost, ordeal
from tests.chaos.studio_under_fire import StudioUnderFire

pytestmark = pytest.mark.slow

KILLS = 6
WORKERS = 3
_HOLDERS = "SELECT DISTINCT worker_id FROM generation_jobs WHERE status = 'processing'"


def test_workers_killed_again_and_again_lose_nothing(
    studio: StudioUnderFire, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(20)
    studio.have_workers(WORKERS)

    def are_killed() -> None:
        for _ in range(KILLS):
            wait_for(lambda: bool(_at_work(studio)), "a worker to be at work")
            time.sleep(dice.random() / 2)
            for worker in studio.living_workers():
                if worker.pid in _at_work(studio):
                    worker.kill()
                    worker.wait()
                    break
            studio.start_worker()  # it takes a while to be there, so that nobody waits for it
        studio.have_workers(WORKERS)  # the trouble is over when there are as many as before

    tally = ordeal(studio, are_killed, name=f"workers killed {KILLS} times", capsys=capsys, jobs_each=10)

    assert tally.lapses > 1, "hardly a kill hit a running job, so this run has shown nothing"
    expect_nothing_lost(tally)


def _at_work(studio: StudioUnderFire) -> list[int]:
    """The process ids of living workers that hold a job."""
    living = {worker.pid for worker in studio.living_workers()}
    held = [int(row["worker_id"].split("-")[-2]) for row in studio.ask(_HOLDERS)]
    return [pid for pid in held if pid in living]
