"""What waiting jobs say: for what they wait, where they stand, and in how many seconds they start."""

from uuid import UUID

import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.generation.status import waiting
from pingvas.generation.status.waiting import MAX_POSITION, Wait, read_waits
from tests.make.billing import make_person
from tests.make.generation import claim_job, submit_jobs
from tests.make.queue import make_worker, stand_in_front

SECONDS = 2.31  # what the model `toy` is expected to take for one picture


@pytest.fixture
async def actor(database: Database) -> Actor:
    """Somebody with one slot; the model `toy` is there."""
    async with database.transaction() as session:
        await make_model(session)
        return await make_person(session)


async def another(database: Database, plan: str = "free") -> Actor:
    async with database.transaction() as session:
        return await make_person(session, plan=plan)


async def worker(database: Database, worker_id: str, *models: str) -> None:
    async with database.transaction() as session:
        await make_worker(session, worker_id, *models)


async def waits_of(database: Database, *people: Actor) -> dict[UUID, Wait]:
    async with database.read() as session:
        return await read_waits(session, [person.user_id for person in people])


async def expected_seconds(database: Database, job_id: UUID) -> float:
    async with database.read() as session:
        query = text("SELECT estimated_seconds FROM generation_jobs WHERE id = :id")
        return float(await session.scalar(query, {"id": job_id}) or 0)


async def test_without_workers_a_job_waits_for_one_and_nobody_knows_how_long(
    database: Database, actor: Actor
) -> None:
    # given
    (job_id,) = (await submit_jobs(database, actor)).job_ids

    # when
    wait = (await waits_of(database, actor))[job_id]

    # then
    assert wait == Wait(actor.user_id, job_id, "worker", 1, None)


async def test_a_free_worker_without_the_model_has_to_load_it(database: Database, actor: Actor) -> None:
    # given
    (job_id,) = (await submit_jobs(database, actor)).job_ids
    await worker(database, "one", "another")

    # when
    before = (await waits_of(database, actor))[job_id]
    await worker(database, "one", "another", "toy")
    after = (await waits_of(database, actor))[job_id]

    # then
    assert (before.waiting_for, after.waiting_for) == ("model", "worker")
    assert (before.eta_seconds, after.eta_seconds) == (0, 0)


async def test_while_all_workers_are_busy_a_job_waits_for_one_of_them(
    database: Database, actor: Actor
) -> None:
    # given a worker that has just taken somebody's job
    await worker(database, "one", "another")
    (running,) = (await submit_jobs(database, await another(database))).job_ids
    await claim_job(database, worker_id="one")
    (job_id,) = (await submit_jobs(database, actor)).job_ids

    # when
    wait = (await waits_of(database, actor))[job_id]

    # then it is free when that job is done
    assert (wait.waiting_for, wait.position) == ("worker", 1)
    assert wait.eta_seconds == pytest.approx(await expected_seconds(database, running), abs=0.5)


async def test_a_job_passed_over_for_its_model_says_so(database: Database, actor: Actor) -> None:
    # given
    await worker(database, "one", "another")
    await submit_jobs(database, await another(database))
    await claim_job(database, worker_id="one")
    (job_id,) = (await submit_jobs(database, actor)).job_ids
    async with database.transaction() as session:
        passed = text("UPDATE generation_jobs SET passed_over = 1 WHERE id = :id")
        await session.execute(passed, {"id": job_id})

    # when
    wait = (await waits_of(database, actor))[job_id]

    # then
    assert wait.waiting_for == "model"


async def test_jobs_without_a_slot_stand_behind_the_persons_own(database: Database, actor: Actor) -> None:
    # given one slot, three jobs, and two other people with one each
    await worker(database, "one", "toy")
    first, second, third = (await submit_jobs(database, actor, count=3)).job_ids
    others = [(await submit_jobs(database, await another(database))).job_ids[0] for _ in range(2)]

    # when
    waits = await waits_of(database, actor)

    # then they are behind those who have had nothing yet, and do not start before what stands before them
    assert [waits[job].waiting_for for job in (first, second, third)] == ["worker", "slot", "slot"]
    assert [waits[job].position for job in (first, second, third)] == [1, 4, 5]
    seconds = await expected_seconds(database, others[0])
    assert [waits[job].eta_seconds for job in (first, second, third)] == pytest.approx(
        [0, 3 * seconds, 4 * seconds], abs=0.2
    )


async def test_a_slot_is_free_only_when_a_job_of_ones_own_has_ended(database: Database, actor: Actor) -> None:
    # given workers in plenty
    for name in ("one", "two", "three"):
        await worker(database, name, "toy")
    first, second, third = (await submit_jobs(database, actor, count=3)).job_ids
    await claim_job(database, worker_id="one")

    # when
    waits = await waits_of(database, actor)

    # then
    seconds = await expected_seconds(database, first)
    assert waits[second].eta_seconds == pytest.approx(seconds, abs=0.5)
    assert waits[third].eta_seconds == pytest.approx(2 * seconds, abs=0.5)


async def test_the_wait_grows_with_the_line_and_shrinks_with_the_workers(
    database: Database, actor: Actor
) -> None:
    # given
    await worker(database, "one", "toy")
    (job_id,) = (await submit_jobs(database, actor)).job_ids
    seconds = await expected_seconds(database, job_id)

    # when
    etas = []
    for _ in range(3):
        etas.append((await waits_of(database, actor))[job_id].eta_seconds)
        async with database.transaction() as session:
            await stand_in_front(session, job_id, 1)
    await worker(database, "two", "toy")
    shared = (await waits_of(database, actor))[job_id].eta_seconds

    # then
    assert etas == pytest.approx([0, seconds, 2 * seconds], abs=0.1)
    assert shared == pytest.approx(1.5 * seconds, abs=0.1)


async def test_the_idle_lane_stands_behind_everybody(database: Database, actor: Actor) -> None:
    # given an idle job, then others
    idle, held_back = (await submit_jobs(database, actor, count=2, lane="idle")).job_ids
    normal = (await submit_jobs(database, actor)).job_ids[0]
    await submit_jobs(database, await another(database))

    # when
    waits = await waits_of(database, actor)

    # then
    assert [waits[job].position for job in (normal, idle, held_back)] == [1, 3, 4]
    assert [waits[job].waiting_for for job in (normal, idle, held_back)] == ["worker", "worker", "slot"]


async def test_places_are_counted_up_to_a_thousand_and_read_from_the_index(
    database: Database, actor: Actor
) -> None:
    # given
    await worker(database, "one", "toy")
    job_id, pending = (await submit_jobs(database, actor, count=2)).job_ids
    async with database.transaction() as session:
        await stand_in_front(session, job_id, MAX_POSITION + 500)

    # when
    waits = await waits_of(database, actor)
    async with database.read() as session:
        await session.execute(text("SET LOCAL enable_sort = off"))  # so few would rather be sorted
        explained = text("EXPLAIN " + waiting._SNAPSHOT.text)
        plan = "\n".join(await session.scalars(explained, {"limit": MAX_POSITION}))

    # then
    for job in (job_id, pending):
        assert (waits[job].position, waits[job].eta_seconds) == (MAX_POSITION, None)
    assert "using ix_generation_jobs_turn" in plan
    assert "Sort" not in plan[: plan.index("CTE live")]


async def test_whoever_has_nothing_that_waits_costs_one_statement(database: Database, actor: Actor) -> None:
    # given
    await submit_jobs(database, actor)
    await claim_job(database)

    # when
    waits = await waits_of(database, actor)

    # then
    assert waits == {}


async def test_a_long_line_is_not_read_anew_at_once_and_newcomers_are_placed_in_it(
    database: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a long line that was looked at a moment ago
    monkeypatch.setattr(waiting, "_FRESH_SECONDS", 3600)
    (job_id,) = (await submit_jobs(database, actor)).job_ids
    async with database.transaction() as session:
        await stand_in_front(session, job_id, 300)
    before = (await waits_of(database, actor))[job_id]

    # when one in front is taken, and somebody comes
    await claim_job(database)
    newcomer = await another(database)
    (behind,) = (await submit_jobs(database, newcomer)).job_ids
    after = await waits_of(database, actor, newcomer)
    monkeypatch.setattr(waiting, "_FRESH_SECONDS", 0)
    anew = await waits_of(database, actor, newcomer)

    # then
    assert (before.position, after[job_id].position, anew[job_id].position) == (301, 301, 300)
    assert (after[behind].position, anew[behind].position) == (302, 301)
