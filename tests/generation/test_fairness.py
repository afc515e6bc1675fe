"""The line: shares by plan, a bound on every wait, affinity with a bound, and the idle lane."""

from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import ARRAY, Uuid, bindparam, text

from harness.catalog import make_model
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.billing.plans import PLANS
from pingvas.billing.subscriptions import lock_current_subscription
from pingvas.generation.lifecycle import cancel, claims, slots, statements, sweeps
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.lifecycle.ends import End, end_all
from tests.make.billing import make_person
from tests.make.generation import WORKER, claim_job, complete_job, submit_jobs

WEIGHTS = {plan.name: plan.queue_weight for plan in PLANS}
_ASK = text("""
    INSERT INTO generation_jobs (id, user_id, model_id, batch_id, batch_index, job_type, status, priority,
                                 parameters, estimated_credits)
    SELECT id, :user_id, :model_id, id, 0, 'txt2img', 'pending', 10, '{}', :credits FROM unnest(:ids) AS new (id)
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


async def _ask_for_many(
    database: Database, actor: Actor, model_id: UUID, *, jobs: int, credits: int = 3
) -> None:
    """Jobs nobody pays for, as many as wished, let into the line as the plan allows."""
    async with database.transaction() as session:
        ids = [new_id() for _ in range(jobs)]
        row = {"user_id": actor.user_id, "model_id": model_id, "ids": ids, "credits": credits}
        await session.execute(_ASK, row)
        await slots.promote(session, await lock_current_subscription(session, actor.user_id))


async def _start_and_end(database: Database) -> ClaimedJob | None:
    async with database.transaction() as session:
        jobs = await claims.claim(session, worker_id=WORKER, lease_seconds=30)
        await end_all(session, WORKER, [End(job, "canceled") for job in jobs])
    return jobs[0] if jobs else None


async def _starts(database: Database, count: int) -> list[UUID | None]:
    """Whose job it was, of each of the next `count` starts; one machine, which ends each before it takes another."""
    owners: list[UUID | None] = []
    for _ in range(count):
        job = await _start_and_end(database)
        assert job is not None, f"nothing waits any more after {len(owners)} starts"
        owners.append(job.user_id)
    return owners


@pytest.mark.slow
async def test_of_a_thousand_starts_each_plan_has_its_share(database: Database) -> None:
    # given somebody of each plan, who all want more than they can have
    async with database.transaction() as session:
        model = await make_model(session)
        people = {plan: await make_person(session, plan=plan) for plan in WEIGHTS}
    for person in people.values():
        await _ask_for_many(database, person, model.id, jobs=450)

    # when
    starts = Counter(await _starts(database, 1000))

    # then
    for plan, weight in WEIGHTS.items():
        share = 1000 * weight / sum(WEIGHTS.values())
        assert starts[people[plan].user_id] == pytest.approx(share, rel=0.1), plan


async def test_whoever_comes_late_waits_no_longer_than_the_bound_behind_a_thousand_jobs(
    database: Database,
) -> None:
    # given
    async with database.transaction() as session:
        model = await make_model(session)
        crowd, late = await make_person(session, plan="enterprise"), await make_person(session)
    await _ask_for_many(database, crowd, model.id, jobs=1000)
    await _starts(database, 20)

    # when
    await _ask_for_many(database, late, model.id, jobs=1)
    before = (await _starts(database, 20)).index(late.user_id)

    # then the stated bound: v ÷ w + 1 of theirs before mine
    assert before <= WEIGHTS["enterprise"] / WEIGHTS["free"] + 1


async def test_people_of_one_plan_take_turns(database: Database) -> None:
    # given one who asked for many first, and two who asked after that
    async with database.transaction() as session:
        model = await make_model(session)
        people = [await make_person(session) for _ in range(3)]
    for person in people:
        await _ask_for_many(database, person, model.id, jobs=10)

    # when
    owners = await _starts(database, 12)

    # then
    assert owners == [person.user_id for person in people] * 4


async def test_a_large_job_counts_for_what_it_takes(database: Database) -> None:
    # given
    async with database.transaction() as session:
        model = await make_model(session)
        large, small = await make_person(session), await make_person(session)
    await _ask_for_many(database, large, model.id, jobs=40, credits=12)
    await _ask_for_many(database, small, model.id, jobs=40, credits=3)

    # when
    starts = Counter(await _starts(database, 40))

    # then: as many credits each, which is four times as many small ones
    assert starts[small.user_id] == pytest.approx(4 * starts[large.user_id], abs=4)


async def test_nobody_saves_up_the_time_in_which_they_asked_for_nothing(database: Database) -> None:
    # given somebody who has been working alone for long
    async with database.transaction() as session:
        model = await make_model(session)
        busy, rested = await make_person(session), await make_person(session)
    await _ask_for_many(database, busy, model.id, jobs=60)
    await _starts(database, 30)

    # when another one comes
    await _ask_for_many(database, rested, model.id, jobs=30)
    owners = await _starts(database, 20)

    # then they share, beginning now
    assert Counter(owners)[busy.user_id] >= 9


async def test_a_job_canceled_in_the_line_has_used_nothing(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        fickle = await make_person(session, plan="pro")
    for _ in range(5):
        accepted = await submit_jobs(database, fickle)
        async with database.transaction() as session:
            await cancel.request_cancel(session, fickle, accepted.job_ids[0])

    # then
    async with database.read() as session:
        assert await session.scalar(text("SELECT served_until FROM queue_shares")) == 0


async def test_a_worker_prefers_the_model_it_holds_and_passes_nobody_over_too_often(
    database: Database,
) -> None:
    # given one job of another model in front of many of the model in memory
    async with database.transaction() as session:
        held, other = await make_model(session, name="held"), await make_model(session, name="other")
        first, crowd = await make_person(session), await make_person(session, plan="enterprise")
    await _ask_for_many(database, first, other.id, jobs=1)
    async with database.transaction() as session:
        await session.execute(text("UPDATE generation_jobs SET turn = 1"))
    await _ask_for_many(database, crowd, held.id, jobs=20)

    # when
    models = []
    for _ in range(8):
        async with database.transaction() as session:
            (job,) = await claims.claim(session, worker_id=WORKER, lease_seconds=30, holds=["held"])
            models.append(job.model_name)

    # then
    assert models == ["held"] * statements.PATIENCE + ["other"] + ["held"] * (7 - statements.PATIENCE)


async def test_jobs_of_different_people_are_taken_together_when_they_can_share(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        people = [await make_person(session) for _ in range(5)]
    sizes = (256, 256, 128, 256, 256)
    ids = [
        (
            await submit_jobs(database, person, width=size, prompt=f"picture {size}", steps=10 + size // 64)
        ).job_ids[0]
        for person, size in zip(people, sizes, strict=True)
    ]

    # when
    async with database.transaction() as session:
        together = await claims.claim(session, worker_id=WORKER, lease_seconds=30, limit=3)
        assert together[0].batch_key is not None
        more = await claims.claim_more(
            session, worker_id=WORKER, lease_seconds=30, batch_key=together[0].batch_key, limit=3
        )
        alone = await claims.claim(session, worker_id=WORKER, lease_seconds=30, limit=3)

    # then
    assert [job.id for job in together] == [ids[0], ids[1], ids[3]]
    assert [job.id for job in more] == [ids[4]]
    assert [job.id for job in alone] == [ids[2]]


async def test_a_running_batch_is_not_filled_up_past_somebody_who_waited_too_long(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        people = [await make_person(session) for _ in range(8)]
    await submit_jobs(database, people[0])
    await submit_jobs(database, people[1], width=128)
    for person in people[2:]:
        await submit_jobs(database, person)
    first = await claim_job(database)
    assert first.batch_key is not None

    # when
    joined = []
    for _ in range(6):
        async with database.transaction() as session:
            joined += await claims.claim_more(
                session, worker_id=WORKER, lease_seconds=30, batch_key=first.batch_key, limit=1
            )

    # then
    assert len(joined) == statements.PATIENCE
    assert (await claim_job(database)).user_id == people[1].user_id


async def test_a_job_that_lost_a_worker_is_taken_alone(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        people = [await make_person(session) for _ in range(3)]
    ids = [(await submit_jobs(database, person)).job_ids[0] for person in people]
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE generation_jobs SET lost_attempts = 1 WHERE id = :id"), {"id": ids[0]}
        )

    # when
    async with database.transaction() as session:
        suspect = await claims.claim(session, worker_id=WORKER, lease_seconds=30, limit=4)
        others = await claims.claim(session, worker_id=WORKER, lease_seconds=30, limit=4)

    # then
    assert [job.id for job in suspect] == ids[:1]
    assert [job.id for job in others] == ids[1:]


async def test_work_that_may_wait_runs_when_nobody_else_waits(database: Database) -> None:
    # given an idle job of a great plan that came first, and in a slot of its own
    async with database.transaction() as session:
        await make_model(session)
        patient, other = await make_person(session, plan="enterprise"), await make_person(session)
    await submit_jobs(database, patient, lane="idle")
    await submit_jobs(database, other, count=2)

    # when
    taken = []
    for _ in range(3):
        job = await claim_job(database)
        taken.append((job.user_id, job.lane))
        await complete_job(database, job)

    # then
    assert taken == [(other.user_id, "normal"), (other.user_id, "normal"), (patient.user_id, "idle")]


async def test_idle_work_takes_no_slot_from_the_other(database: Database) -> None:
    # given one slot
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)

    # when
    await submit_jobs(database, actor, lane="idle", count=2)
    await submit_jobs(database, actor, count=2)

    # then
    async with database.read() as session:
        rows = await session.execute(text("SELECT lane, status FROM generation_jobs ORDER BY id"))
        assert [tuple(row) for row in rows] == [
            ("idle", "queued"),
            ("idle", "pending"),
            ("normal", "queued"),
            ("normal", "pending"),
        ]


async def test_a_job_that_fell_behind_the_clock_is_found_again(database: Database) -> None:
    # given: its transaction committed after the clock had gone past its turn
    async with database.transaction() as session:
        await make_model(session)
        actor, other = await make_person(session), await make_person(session)
    await submit_jobs(database, actor)
    await submit_jobs(database, other)
    async with database.transaction() as session:
        await session.execute(text("SELECT setval('queue_clock', 100000)"))
        await session.execute(
            text("UPDATE generation_jobs SET turn = 5 WHERE user_id = :id"), {"id": actor.user_id}
        )
    async with database.transaction() as session:
        (job,) = await claims.claim(session, worker_id=WORKER, lease_seconds=30)
        assert job.user_id == other.user_id
        assert await claims.claim(session, worker_id=WORKER, lease_seconds=30) == []

    # when
    lifted = await sweeps.lift_stragglers(database)

    # then
    assert lifted == 1
    assert (await claim_job(database)).user_id == actor.user_id
    assert await sweeps.lift_stragglers(database) == 0
