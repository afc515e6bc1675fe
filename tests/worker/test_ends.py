"""Ends that come at once are one transaction, each by its own fence; one that cannot be written costs the others nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from harness.jobs import finished_image_of
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.billing.ledger import find_disagreements
from pingvas.generation.lifecycle import claims
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.lifecycle.ends import End
from pingvas.worker.running.end_writer import EndWriter
from tests.make.generation import WORKER, claim_job
from tests.worker.studio import Recorder, Studio, statements_of


async def take(studio: Studio, *, people: int, each: int = 1) -> list[ClaimedJob]:
    """Jobs of several people in this worker's hands."""
    for _ in range(people):
        person = await studio.somebody_else()
        for _ in range(each):
            await studio.submit(person)
    return [await claim_job(studio.database) for _ in range(people * each)]


def completed(job: ClaimedJob) -> End:
    return End(job, "completed", 1.5, finished_image_of(job))


async def statuses(studio: Studio, jobs: list[ClaimedJob]) -> list[str]:
    return [(await studio.job(job.id)).status for job in jobs]


async def assert_the_ledger_agrees(database: Database) -> None:
    async with database.read() as session:
        assert await find_disagreements(session) == []


async def test_ends_that_come_at_once_are_one_transaction(studio: Studio) -> None:
    jobs = await take(studio, people=4)
    ends = EndWriter(studio.database, WORKER)

    with statements_of(studio.database) as seen:
        written = await asyncio.gather(*(ends.write(completed(job)) for job in jobs))

    assert written == [True] * 4
    assert sum("UPDATE generation_jobs" in statement for statement in seen) == 1
    assert await statuses(studio, jobs) == ["completed"] * 4
    assert [len(await studio.images(job.id)) for job in jobs] == [1] * 4
    await assert_the_ledger_agrees(studio.database)


async def test_several_jobs_of_one_person_are_settled_one_after_the_other_and_told_together(
    studio: Studio,
) -> None:
    await studio.execute("UPDATE subscription_plans SET max_queues = 2")
    before = await studio.balance()
    for _ in range(2):
        await studio.submit()
    jobs = [await claim_job(studio.database) for _ in range(2)]
    told = Recorder()
    studio.database.publisher = told

    ends = EndWriter(studio.database, WORKER)
    await asyncio.gather(*(ends.write(completed(job)) for job in jobs))

    charged = [(await studio.job(job.id)).actual_credits for job in jobs]
    assert await studio.balance() == before - sum(charged)
    returned = sum(job.estimated_credits for job in jobs) - sum(charged)
    (balance,) = [event.payload for event in told.events if event.name == "credits:updated"]
    assert {name: balance[name] for name in ("balance", "change", "reason")} == {
        "balance": before - sum(charged),
        "change": returned,
        "reason": "refund",
    }
    await assert_the_ledger_agrees(studio.database)


async def test_each_slot_that_becomes_free_goes_to_the_same_persons_next_job(studio: Studio) -> None:
    # given two people, each with a job in hand and two that wait for the one slot of their plan
    people = [await studio.somebody_else() for _ in range(2)]
    waiting = {person.user_id: [await studio.submit(person) for _ in range(3)][1:] for person in people}
    jobs = [await claim_job(studio.database) for _ in range(2)]

    ends = EndWriter(studio.database, WORKER)
    await asyncio.gather(*(ends.write(completed(job)) for job in jobs))

    for mine in waiting.values():
        assert [(await studio.job(job_id)).status for job_id in mine] == ["queued", "pending"]


async def test_each_end_is_its_own_whatever_the_others_are(studio: Studio) -> None:
    made, failed, canceled, stolen = jobs = await take(studio, people=4)
    await studio.execute("UPDATE generation_jobs SET attempt = attempt + 1 WHERE id = :id", id=stolen.id)

    ends = EndWriter(studio.database, WORKER)
    written = await asyncio.gather(
        ends.write(completed(made)),
        ends.write(End(failed, "failed", 0.7, code="out_of_memory", message="Too large a picture.")),
        ends.write(End(canceled, "canceled", 0.7)),
        ends.write(completed(stolen)),
    )

    assert list(written) == [True, True, True, False]
    assert await statuses(studio, jobs) == ["completed", "failed", "canceled", "processing"]
    assert [(await studio.job(job.id)).actual_credits for job in jobs] == [2, 0, 1, None]
    assert [len(await studio.images(job.id)) for job in jobs] == [1, 0, 0, 0]
    await assert_the_ledger_agrees(studio.database)


async def test_a_picture_of_somebody_who_is_gone_is_not_kept_and_the_others_are(studio: Studio) -> None:
    gone, kept = jobs = await take(studio, people=2)
    await studio.execute("DELETE FROM users WHERE id = :id", id=gone.user_id)

    ends = EndWriter(studio.database, WORKER)
    written = await asyncio.gather(*(ends.write(completed(job)) for job in jobs))

    assert written == [False, True]
    assert await statuses(studio, [kept]) == ["completed"]


async def test_an_end_that_cannot_be_written_costs_the_others_nothing(studio: Studio) -> None:
    fine, broken, fine_too = jobs = await take(studio, people=3)
    nonsense = End(broken, "completed", 1.5, replace(finished_image_of(broken), format="painting"))

    ends = EndWriter(studio.database, WORKER)
    answers = await asyncio.gather(
        ends.write(completed(fine)),
        ends.write(nonsense),
        ends.write(completed(fine_too)),
        return_exceptions=True,
    )

    assert (answers[0], answers[2]) == (True, True)
    assert isinstance(answers[1], Exception)
    assert await statuses(studio, jobs) == ["completed", "processing", "completed"]


async def test_while_the_database_is_away_everybody_hears_so_and_may_try_again(studio: Studio) -> None:
    jobs = await take(studio, people=2)
    away = Database("postgresql://nobody:nothing@127.0.0.1:1/nowhere")
    ends = EndWriter(away, WORKER)

    answers = await asyncio.gather(*(ends.write(completed(job)) for job in jobs), return_exceptions=True)
    assert [type(answer) for answer in answers] == [DatabaseUnavailable] * 2

    ends = EndWriter(studio.database, WORKER)
    assert await asyncio.gather(*(ends.write(completed(job)) for job in jobs)) == [True] * 2


async def test_an_end_written_twice_counts_once(studio: Studio) -> None:
    (job,) = await take(studio, people=1)
    ends = EndWriter(studio.database, WORKER)

    assert await ends.write(completed(job))
    assert not await ends.write(completed(job))

    assert len(await studio.images(job.id)) == 1
    await assert_the_ledger_agrees(studio.database)


@pytest.mark.parametrize("backwards", [False, True])
async def test_renewing_leases_and_ending_the_same_jobs_never_wait_for_each_other(
    studio: Studio, backwards: bool
) -> None:
    jobs = await take(studio, people=12)
    ends = EndWriter(studio.database, WORKER)
    held: dict[UUID, int] = {job.id: job.attempt for job in (jobs[::-1] if backwards else jobs)}

    async def renew() -> None:
        for _ in range(10):
            async with studio.database.autocommit() as session:
                await claims.renew(session, worker_id=WORKER, jobs=held, lease_seconds=60)

    async def end() -> None:
        for first in range(0, 12, 4):
            assert all(await asyncio.gather(*(ends.write(completed(job)) for job in jobs[first : first + 4])))

    await asyncio.gather(renew(), end(), renew())

    assert await statuses(studio, jobs) == ["completed"] * 12


async def test_two_workers_that_end_jobs_of_the_same_people_never_wait_for_each_other(studio: Studio) -> None:
    people: list[Actor] = [await studio.somebody_else() for _ in range(6)]
    await studio.execute("UPDATE subscription_plans SET max_queues = 2")
    for _ in range(2):
        for person in people:
            await studio.submit(person)
    names = ("first", "second")
    hands = {name: [await claim_job(studio.database, worker_id=name) for _ in people] for name in names}

    async def end(name: str, jobs: list[ClaimedJob]) -> list[bool]:
        ends = EndWriter(studio.database, name)
        return await asyncio.gather(*(ends.write(completed(job)) for job in jobs))

    written = await asyncio.gather(end("first", hands["first"]), end("second", hands["second"][::-1]))

    assert list(written) == [[True] * 6, [True] * 6]
    await assert_the_ledger_agrees(studio.database)
