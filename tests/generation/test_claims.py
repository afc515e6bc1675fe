"""The queue: who is taken first, that nothing is taken twice, and that who lost a lease can write nothing."""

import asyncio

from sqlalchemy import ARRAY, Text, bindparam, text

from harness.catalog import make_model
from harness.jobs import finished_image_of
from pingvas.base.db import Database
from pingvas.billing.ledger import find_disagreements
from pingvas.generation.lifecycle import claims, statements, sweeps
from pingvas.generation.lifecycle.ends import End, end, end_all
from pingvas.generation.lifecycle.returns import crashed, hand_back
from pingvas.generation.status import jobs
from pingvas.generation.steps import progress
from tests.make.billing import balance_of, make_person, postings_of
from tests.make.generation import WORKER, claim_job, complete_job, submit_jobs

_LAPSE = text("""
    UPDATE generation_jobs SET lease_expires_at = now() - interval '1 second' WHERE status = 'processing'
""")


async def _lapse(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(_LAPSE)


async def test_higher_plans_go_first_and_older_jobs_first_within_a_plan(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        people = [await make_person(session, plan=plan) for plan in ("free", "pro", "free", "enterprise")]
    for person in people:
        await submit_jobs(database, person)

    # when
    taken = [await claim_job(database) for _ in people]

    # then
    free, pro, later_free, enterprise = (person.user_id for person in people)
    assert [job.user_id for job in taken] == [enterprise, pro, free, later_free]


async def test_twenty_claimers_never_take_one_job_twice(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, plan="enterprise")
    accepted = await submit_jobs(database, actor, count=16)

    async def take(worker: int) -> list[claims.ClaimedJob]:
        async with database.transaction() as session:
            return await claims.claim(session, worker_id=f"worker-{worker}", lease_seconds=30, limit=2)

    # when
    taken = [job.id for jobs_of_one in await asyncio.gather(*map(take, range(20))) for job in jobs_of_one]

    # then
    assert sorted(taken) == sorted(accepted.job_ids)


async def test_finishing_charges_the_seconds_and_returns_the_rest(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    accepted = await submit_jobs(database, actor)
    job = await claim_job(database)

    # when
    assert await complete_job(database, job, gpu_seconds=1.2)

    # then
    async with database.read() as session:
        view = await jobs.get_job(session, actor, accepted.job_ids[0])
        assert view.job.status == "completed"
        assert view.image is not None
        assert view.image.generation_params["seed"] == 7
        assert jobs.receipt_of(view.job) == jobs.Receipt(3, 3, 2, 1, "completed", gpu_seconds=1.2)
        assert await postings_of(session, actor.user_id) == [("bonus", 500), ("consume", -3), ("refund", 1)]
        assert await find_disagreements(session) == []


async def test_a_job_never_costs_more_than_its_quote(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    await submit_jobs(database, actor)
    job = await claim_job(database)

    # when it took a hundred times as long as quoted
    await complete_job(database, job, gpu_seconds=300)

    # then
    async with database.read() as session:
        assert await balance_of(session, actor.user_id) == 497


async def test_a_failed_job_gives_everything_back_and_says_why(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    accepted = await submit_jobs(database, actor)
    job = await claim_job(database)

    # when
    async with database.transaction() as session:
        ending = End(job, "failed", code="out_of_memory", message="Too large a picture.")
        assert await end(session, WORKER, ending)

    # then
    async with database.read() as session:
        view = await jobs.get_job(session, actor, accepted.job_ids[0])
        assert (view.job.status, view.job.failure_code) == ("failed", "out_of_memory")
        assert jobs.receipt_of(view.job) == jobs.Receipt(3, 3, 0, 3, "out_of_memory", gpu_seconds=0.0)
        assert await balance_of(session, actor.user_id) == 500


async def test_ending_a_job_lets_the_next_one_of_the_person_in(database: Database) -> None:
    # given: one slot, three jobs
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    accepted = await submit_jobs(database, actor, count=3)

    # when
    await complete_job(database, await claim_job(database))

    # then
    async with database.read() as session:
        views = await jobs.read_jobs(session, actor, accepted.job_ids)
    assert [view.job.status for view in views] == ["completed", "queued", "pending"]


async def test_a_worker_that_lost_its_lease_can_write_nothing(database: Database) -> None:
    # given: the first worker fell silent and another took the job
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    await submit_jobs(database, actor)
    slow = await claim_job(database, worker_id="slow")
    await _lapse(database)
    assert await sweeps.sweep_leases(database, max_attempts=3) == sweeps.SweepResult(requeued=1, failed=0)
    quick = await claim_job(database, worker_id="quick")

    # when the first one returns
    async with database.transaction() as session:
        renewed = await claims.renew(
            session, worker_id="slow", jobs={slow.id: slow.attempt}, lease_seconds=30
        )
        reported = await progress.report(session, slow, "slow", step=1, total_steps=20, step_name="Denoising")
        completed = await end(session, "slow", End(slow, "completed", 1, finished_image_of(slow)))
        failed = await end(session, "slow", End(slow, "failed", code="internal_error", message="late"))
        handed_back = await hand_back(session, slow, "slow")

    # then nothing it says counts, also when the names are the same and only the attempt differs
    assert (renewed, reported, completed, failed, handed_back) == (
        {slow.id: "lost"},
        "lost",
        False,
        False,
        False,
    )
    assert await complete_job(database, quick, worker_id="quick")
    async with database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM images")) == 1
        assert await postings_of(session, actor.user_id) == [("bonus", 500), ("consume", -3), ("refund", 1)]


async def test_a_job_that_loses_three_workers_fails_and_is_refunded(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    accepted = await submit_jobs(database, actor, count=2)

    # when
    swept = []
    for _ in range(3):
        await claim_job(database)
        await _lapse(database)
        swept.append(await sweeps.sweep_leases(database, max_attempts=3))

    # then
    assert swept == [sweeps.SweepResult(1), sweeps.SweepResult(1), sweeps.SweepResult(0, 1)]
    async with database.read() as session:
        first, second = await jobs.read_jobs(session, actor, accepted.job_ids)
        assert (first.job.status, first.job.failure_code) == ("failed", "worker_lost")
        assert second.job.status == "queued"
        assert await balance_of(session, actor.user_id) == 500 - second.job.estimated_credits


async def test_a_job_handed_back_keeps_its_place_and_costs_no_attempt(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        first, second = await make_person(session), await make_person(session)
    await submit_jobs(database, first)
    await submit_jobs(database, second)
    job = await claim_job(database)

    # when
    async with database.transaction() as session:
        assert await hand_back(session, job, WORKER)

    # then
    again = await claim_job(database)
    assert (again.id, again.attempt) == (job.id, 2)
    async with database.read() as session:
        assert await session.scalar(text("SELECT max(lost_attempts) FROM generation_jobs")) == 0


async def test_a_job_handed_back_with_a_delay_waits_so_long(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    await submit_jobs(database, actor)
    job = await claim_job(database)

    # when
    async with database.transaction() as session:
        await hand_back(session, job, WORKER, delay_seconds=3600)

    # then
    async with database.transaction() as session:
        assert await claims.claim(session, worker_id=WORKER, lease_seconds=30) == []


async def test_a_crash_is_tried_again_and_given_up_at_the_limit(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    accepted = await submit_jobs(database, actor)

    # when
    statuses = []
    for _ in range(3):
        job = await claim_job(database)
        async with database.transaction() as session:
            await crashed(session, job, WORKER, message="a bug", max_attempts=3)
        async with database.read() as session:
            statuses.append((await jobs.get_job(session, actor, accepted.job_ids[0])).job.status)

    # then
    assert statuses == ["queued", "queued", "failed"]
    async with database.read() as session:
        assert await balance_of(session, actor.user_id) == 500


async def test_steps_are_kept_and_the_newest_is_shown(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    await submit_jobs(database, actor)
    job = await claim_job(database)

    # when
    for step, preview in ((4, "previews/one.webp"), (8, None)):
        async with database.transaction(durable=False) as session:
            hold = await progress.report(
                session,
                job,
                WORKER,
                step=step,
                total_steps=20,
                step_name="Denoising",
                preview_key=preview,
            )
            assert hold == "held"

    # then
    async with database.read() as session:
        view = await jobs.get_job(session, actor, job.id)
        steps = await jobs.list_steps(session, actor, job.id)
    assert view.step is not None
    assert (view.step.step_number, view.step.progress_percent) == (8, 40.0)
    assert view.preview_key == "previews/one.webp"
    assert view.left_seconds is not None
    assert [step.step_number for step in steps] == [4, 8]


async def test_a_claim_reads_only_the_front_of_a_long_line(database: Database) -> None:
    # given
    async with database.transaction() as session:
        model = await make_model(session)
        actor = await make_person(session)
        await session.execute(
            text("""
                INSERT INTO generation_jobs (id, user_id, model_id, batch_id, job_type, status, priority, turn,
                                             estimated_credits, queued_at)
                SELECT gen_random_uuid(), :user_id, :model_id, gen_random_uuid(), 'txt2img', 'queued', 10, place, 1, now()
                  FROM generate_series(1, 5000) AS place
            """),
            {"user_id": actor.user_id, "model_id": model.id},
        )
        await session.execute(text("ANALYZE generation_jobs"))

    # when
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        statement = text(
            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + statements.claim_statement(4).text
        ).bindparams(bindparam("holds", type_=ARRAY(Text)), bindparam("key", type_=Text))
        row = {"worker_id": "w", "lease_seconds": 30.0, "holds": ["toy"], "key": None, "rewind": False}
        plan = "\n".join(line[0] for line in await session.execute(statement, row))

    # then
    assert "Index Scan using ix_generation_jobs_turn" in plan
    assert f"actual rows={statements.WINDOW}" in plan
    assert "Seq Scan on generation_jobs" not in plan
    assert "rows=5000" not in plan


async def test_of_two_attempts_of_one_worker_at_a_job_only_the_later_one_ends_it(database: Database) -> None:
    # given a worker that lost its lease, and has claimed the same job again
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    await submit_jobs(database, actor)
    first = await claim_job(database)
    await _lapse(database)
    await sweeps.sweep_leases(database, max_attempts=3)
    second = await claim_job(database)

    # when both ends are written together
    async with database.transaction() as session:
        ends = [End(second, "canceled", 0.6), End(first, "failed", code="internal_error", message="late")]
        written = await end_all(session, WORKER, ends)

    # then
    assert written == [True, False]
    async with database.read() as session:
        view = await jobs.get_job(session, actor, first.id)
    assert (view.job.status, view.job.actual_credits) == ("canceled", 1)
