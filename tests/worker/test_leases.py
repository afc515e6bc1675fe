"""The leases of a worker's jobs are renewed together, and each job hears its own answer."""

from __future__ import annotations

from contextlib import ExitStack
from uuid import UUID

from pingvas.base.loops import BackgroundLoops
from pingvas.generation.lifecycle.cancel import request_cancel
from pingvas.generation.lifecycle.claims import Hold
from pingvas.worker.running.lease_renewal import LeaseRenewer
from tests.make.generation import WORKER, claim_job
from tests.worker.studio import Studio, statements_of, until


async def test_all_leases_are_renewed_at_once_and_each_job_hears_what_became_of_it(studio: Studio) -> None:
    for _ in range(3):
        await studio.submit(await studio.somebody_else())
    canceled_id = await studio.submit()
    jobs = [await claim_job(studio.database, lease_seconds=60) for _ in range(4)]
    heard: dict[UUID, list[Hold]] = {job.id: [] for job in jobs}
    lost_id = next(job.id for job in jobs if job.id != canceled_id)
    await studio.execute("UPDATE generation_jobs SET attempt = attempt + 1 WHERE id = :id", id=lost_id)
    async with studio.database.transaction() as session:
        await request_cancel(session, studio.person, canceled_id)
    renewer = LeaseRenewer(studio.database, WORKER, lease_seconds=0.6)

    async def all_heard() -> bool:
        return all(heard.values())

    with ExitStack() as held, statements_of(studio.database) as seen:
        for job in jobs:
            held.enter_context(renewer.holding(job, heard[job.id].append))
        async with renewer.running(BackgroundLoops("worker")):
            await until(all_heard, "the first answers")

    renewals = [statement for statement in seen if "UPDATE generation_jobs" in statement]
    assert len(renewals) == len(heard[canceled_id])
    expected: dict[UUID, Hold] = {job.id: "held" for job in jobs}
    expected |= {lost_id: "lost", canceled_id: "cancel_requested"}
    assert {job_id: answers[0] for job_id, answers in heard.items()} == expected


async def test_a_worker_without_jobs_asks_nothing(studio: Studio) -> None:
    renewer = LeaseRenewer(studio.database, WORKER, lease_seconds=0.03)
    await studio.submit()
    job = await claim_job(studio.database)
    heard: list[Hold] = []

    async def answered() -> bool:
        return bool(heard)

    with renewer.holding(job, heard.append):
        async with renewer.running(BackgroundLoops("worker")):
            await until(answered, "an answer")
    with statements_of(studio.database) as seen:
        await renewer._renew()

    assert seen == []


async def test_a_job_that_comes_back_to_the_worker_that_lost_it_is_lost_to_the_first_attempt(
    studio: Studio,
) -> None:
    await studio.submit()
    job = await claim_job(studio.database)
    renewer = LeaseRenewer(studio.database, WORKER, lease_seconds=60)
    first: list[Hold] = []
    second: list[Hold] = []

    with renewer.holding(job, first.append), renewer.holding(job, second.append):
        await renewer._renew()

    assert (first, second) == (["lost"], ["held"])
