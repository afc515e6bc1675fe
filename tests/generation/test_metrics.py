"""Every step of a job's life is counted once, by plan and model, when its transaction has committed and not before."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from harness.catalog import make_model
from harness.jobs import image_request
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.metrics import REGISTRY
from pingvas.generation.lifecycle import cancel, returns
from pingvas.generation.lifecycle.sweeps import sweep_deadlines, sweep_leases
from pingvas.generation.requests import submit
from tests.make.billing import make_person
from tests.make.generation import WORKER, claim_job, complete_job, submit_jobs

OF_PRO = {"plan": "pro", "model": "toy"}


@pytest.fixture
async def actor(database: Database) -> Actor:
    """Somebody with the plan pro: one slot."""
    async with database.transaction() as session:
        await make_model(session)
        return await make_person(session, plan="pro", credits=1000)


class _Mistake(Exception):
    pass


class Counts:
    """What was counted since this was made, of plan pro and model toy."""

    NAMES = (
        "pingvas_jobs_submitted_total",
        "pingvas_jobs_promoted_total",
        "pingvas_job_wait_seconds_count",
        "pingvas_jobs_handed_back_total",
        "pingvas_jobs_crashed_total",
        "pingvas_leases_lapsed_total",
        "pingvas_job_run_seconds_count",
        "pingvas_job_attempts_sum",
        "pingvas_job_gpu_seconds_total",
        "pingvas_credits_held_total",
        "pingvas_credits_charged_total",
        "pingvas_credits_returned_total",
    )

    def __init__(self) -> None:
        self._before = self._read()

    def since(self) -> dict[str, float]:
        """Name, without what all have in common → how much more it is now; what did not change is left out."""
        now = self._read()
        return {
            name.removeprefix("pingvas_").removesuffix("_total").removesuffix("_count"): now[name]
            - self._before[name]
            for name in now
            if now[name] != self._before[name]
        }

    def _read(self) -> dict[str, float]:
        values = {name: _value(name, OF_PRO) for name in self.NAMES}
        for outcome, code in (
            ("completed", ""),
            ("canceled", ""),
            ("failed", "worker_lost"),
            ("failed", "timeout"),
        ):
            labels = OF_PRO | {"outcome": outcome, "code": code}
            values[f"{outcome}{code and ':'}{code}"] = _value("pingvas_jobs_ended_total", labels)
        return values


def _value(name: str, labels: dict[str, str]) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def execute(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(statement))


async def test_a_picture_from_request_to_receipt(database: Database, actor: Actor) -> None:
    # given
    counts = Counts()

    # when two are asked for, and the first is made
    submitted = await submit_jobs(database, actor, count=2)
    job = await claim_job(database)
    await complete_job(database, job, gpu_seconds=1.5)

    # then
    held = submitted.estimated_credits
    assert counts.since() == {
        "jobs_submitted": 2,
        "credits_held": held,
        "job_wait_seconds": 1,
        "completed": 1,
        "job_run_seconds": 1,
        "job_attempts_sum": 1,
        "job_gpu_seconds": 1.5,
        "credits_charged": 2,
        "credits_returned": held // 2 - 2,
        "jobs_promoted": 1,
    }


async def test_what_is_rolled_back_is_not_counted(database: Database, actor: Actor) -> None:
    # given
    counts = Counts()

    async def submit_and_fail() -> None:
        async with database.transaction() as session:
            await submit.submit(session, actor, image_request())
            raise _Mistake

    # when
    with pytest.raises(_Mistake):
        await submit_and_fail()

    # then
    assert counts.since() == {}


async def test_a_job_that_is_canceled_while_it_waits(database: Database, actor: Actor) -> None:
    # given
    submitted = await submit_jobs(database, actor)
    counts = Counts()

    # when
    async with database.transaction() as session:
        await cancel.request_cancel(session, actor, submitted.job_ids[0])

    # then
    assert counts.since() == {"canceled": 1, "credits_returned": submitted.estimated_credits}


async def test_a_job_that_is_handed_back_and_one_that_crashes(database: Database, actor: Actor) -> None:
    # given
    await submit_jobs(database, actor)
    counts = Counts()

    # when
    job = await claim_job(database)
    async with database.transaction() as session:
        await returns.hand_back(session, job, WORKER)
    job = await claim_job(database)
    async with database.transaction() as session:
        await returns.crashed(session, job, WORKER, message="a bug", max_attempts=3)

    # then
    assert counts.since() == {"job_wait_seconds": 2, "jobs_handed_back": 1, "jobs_crashed": 1}


async def test_leases_that_lapse_until_the_job_is_given_up(database: Database, actor: Actor) -> None:
    # given
    submitted = await submit_jobs(database, actor)
    counts = Counts()

    # when
    for _ in range(2):
        await claim_job(database)
        await execute(database, "UPDATE generation_jobs SET lease_expires_at = now() - interval '1 second'")
        await sweep_leases(database, max_attempts=2)

    # then
    assert counts.since() == {
        "job_wait_seconds": 2,
        "leases_lapsed": 2,
        "failed:worker_lost": 1,
        "job_attempts_sum": 2,
        "credits_returned": submitted.estimated_credits,
    }


async def test_a_job_whose_deadline_passed(database: Database, actor: Actor) -> None:
    # given
    submitted = await submit_jobs(database, actor)
    await execute(database, "UPDATE generation_jobs SET deadline_at = now() - interval '1 hour'")
    counts = Counts()

    # when
    await sweep_deadlines(database, run_seconds=3600)

    # then
    assert counts.since() == {"failed:timeout": 1, "credits_returned": submitted.estimated_credits}


async def test_a_wait_is_measured_by_the_databases_clock(database: Database, actor: Actor) -> None:
    # given
    await submit_jobs(database, actor)
    await execute(database, "UPDATE generation_jobs SET queued_at = now() - interval '100 seconds'")
    before = _value("pingvas_job_wait_seconds_sum", OF_PRO)

    # when
    await claim_job(database)

    # then
    assert _value("pingvas_job_wait_seconds_sum", OF_PRO) - before == pytest.approx(100, abs=60)
