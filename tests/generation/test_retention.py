"""What is kept of an ended job's way, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from pingvas.base.db import Database
from pingvas.base.ids import first_id_of, new_id
from pingvas.billing.ledger import find_disagreements
from pingvas.generation.lifecycle.cancel import request_cancel
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.steps import retention
from pingvas.generation.steps.retention import drop_previews, forget_jobs, forget_steps
from tests.make.billing import make_person
from tests.make.generation import claim_job, complete_job, make_running_job, submit_jobs

DAY = timedelta(days=1)
_INSERT = text("""
    INSERT INTO generation_steps (id, job_id, attempt, step_number, total_steps, step_name, progress_percent, preview_url)
    VALUES (:id, :job_id, 1, :step, 20, 'Denoising', 5, :preview)
""")

_LEDGER = text(
    "SELECT id, transaction_type, amount, balance_after FROM credit_transactions ORDER BY created_at, id"
)


@pytest.fixture
async def job(database: Database) -> ClaimedJob:
    """A job that runs."""
    return await make_running_job(database)


async def add_step(database: Database, job: ClaimedJob, step: int, *, age: timedelta) -> None:
    """A step reported `age` ago, with a preview named for it."""
    made_at = datetime.now(UTC) - age
    row = {
        "id": first_id_of(made_at),
        "job_id": job.id,
        "step": step,
        "preview": f"previews/{job.id}/{step}.webp",
    }
    async with database.transaction() as session:
        await session.execute(_INSERT, row)


async def steps(database: Database) -> dict[int, str | None]:
    """Step → preview of every step there is."""
    async with database.read() as session:
        rows = await session.execute(text("SELECT step_number, preview_url FROM generation_steps"))
        return {row.step_number: row.preview_url for row in rows}


async def waiting_for_deletion(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(text("SELECT key FROM storage_deletions")))


async def test_old_steps_of_ended_jobs_go_and_their_previews_are_deleted(
    database: Database, job: ClaimedJob
) -> None:
    # given
    await add_step(database, job, 1, age=8 * DAY)
    await add_step(database, job, 2, age=6 * DAY)
    await complete_job(database, job)

    # when
    forgotten = await forget_steps(database, 7 * DAY)

    # then
    assert forgotten == 1
    assert (await steps(database)).keys() == {2}
    assert await waiting_for_deletion(database) == {f"previews/{job.id}/1.webp"}


async def test_the_steps_of_a_job_that_runs_stay_however_old(database: Database, job: ClaimedJob) -> None:
    # given
    await add_step(database, job, 1, age=30 * DAY)

    # when
    forgotten = await forget_steps(database, 7 * DAY)
    dropped = await drop_previews(database, DAY)

    # then
    assert (forgotten, dropped) == (0, 0)
    assert await steps(database) == {1: f"previews/{job.id}/1.webp"}


async def test_previews_go_sooner_than_steps(database: Database, job: ClaimedJob) -> None:
    # given
    await add_step(database, job, 1, age=2 * DAY)
    await add_step(database, job, 2, age=DAY / 2)
    await complete_job(database, job)

    # when
    dropped = await drop_previews(database, DAY)
    again = await drop_previews(database, DAY)

    # then
    assert (dropped, again) == (1, 0)
    assert await steps(database) == {1: None, 2: f"previews/{job.id}/2.webp"}
    assert await waiting_for_deletion(database) == {f"previews/{job.id}/1.webp"}


async def test_what_is_old_goes_in_batches_past_what_has_to_stay(
    database: Database, job: ClaimedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a running job's old steps among those of an ended one
    monkeypatch.setattr(retention, "BATCH", 2)
    async with database.transaction() as session:
        other = await make_person(session)
    await submit_jobs(database, other)
    running = await claim_job(database)
    for step in range(1, 6):
        await add_step(database, job, step, age=10 * DAY + timedelta(seconds=step))
        await add_step(database, running, 10 + step, age=10 * DAY + timedelta(seconds=step + 0.5))
    await complete_job(database, job)

    # when
    forgotten = await forget_steps(database, 7 * DAY)

    # then
    assert forgotten == 5
    assert (await steps(database)).keys() == {11, 12, 13, 14, 15}


async def test_ended_jobs_without_an_image_go_and_the_ledger_still_adds_up(
    database: Database, job: ClaimedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given one job that made an image, three that were canceled, and one that waits
    monkeypatch.setattr(retention, "BATCH", 2)
    await complete_job(database, job)
    async with database.transaction() as session:
        other = await make_person(session)
    canceled = (await submit_jobs(database, other, count=3)).job_ids
    async with database.transaction() as session:
        for job_id in canceled:
            await request_cancel(session, other, job_id)
    waiting = (await submit_jobs(database, other)).job_ids
    async with database.read() as session:
        entries = (await session.execute(_LEDGER)).all()

    # when: by a clock that is a second ahead
    young = await forget_jobs(database, DAY)
    forgotten = await forget_jobs(database, timedelta(seconds=-1))

    # then
    assert (young, forgotten) == (0, 3)
    async with database.read() as session:
        left = set(await session.scalars(text("SELECT id FROM generation_jobs")))
        assert (await session.execute(_LEDGER)).all() == entries
        assert await find_disagreements(session) == []
    assert left == {job.id, *waiting}


async def test_a_job_whose_image_was_deleted_goes(database: Database, job: ClaimedJob) -> None:
    # given
    await complete_job(database, job)
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM images"))

    # when
    forgotten = await forget_jobs(database, timedelta(seconds=-1))

    # then
    assert forgotten == 1


def test_ids_sort_around_the_first_id_of_a_moment() -> None:
    before = first_id_of(datetime.now(UTC) - timedelta(seconds=1))
    now = new_id()
    after = first_id_of(datetime.now(UTC) + timedelta(seconds=1))

    assert before < now < after
    assert (before.version, before.variant) == (7, now.variant)


async def test_old_steps_and_previews_are_found_by_index(database: Database) -> None:
    # given enough rows that the planner has a choice, most of them young
    job = await make_running_job(database)
    fill = text("""
        INSERT INTO generation_steps (id, job_id, attempt, step_number, total_steps, step_name, progress_percent, preview_url)
        SELECT gen_random_uuid(), :job_id, 1, n, 20000, 'Denoising', 5, CASE WHEN n % 100 = 0 THEN 'k' || n END
          FROM generate_series(1, 20000) AS n
    """)
    async with database.transaction() as session:
        await session.execute(fill, {"job_id": job.id})
        await session.execute(text("ANALYZE generation_steps"))

    # when
    plans = []
    async with database.read() as session:
        for statement in (retention._OLD_STEPS, retention._OLD_PREVIEWS):
            row = {"after": first_id_of(datetime.fromtimestamp(0, UTC)), "before": new_id(), "limit": 1000}
            plan = await session.scalars(text(f"EXPLAIN {statement.text}"), row)
            plans.append("\n".join(plan))

    # then
    assert "pk_generation_steps" in plans[0]
    assert "ix_generation_steps_preview" in plans[1]
