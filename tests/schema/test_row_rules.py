"""What the tables refuse by themselves, and the times they keep."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.clock import now
from pingvas.base.db import Database
from tests.make.accounts import make_user
from tests.make.gallery import make_image
from tests.schema.rows import add_job, add_step, add_subscription


async def test_an_address_belongs_to_one_person_however_it_is_typed(session: AsyncSession) -> None:
    # given
    await make_user(session, email="ada@example.org")

    # when, then
    with pytest.raises(IntegrityError, match="uq_users_email"):
        await make_user(session, email="Ada@Example.org")


async def test_a_job_makes_at_most_one_image(session: AsyncSession) -> None:
    # given
    user = await make_user(session)
    job = await add_job(session, user.id)
    await make_image(session, user.id, job_id=job.id)

    # when, then
    with pytest.raises(IntegrityError, match="uq_images_job_id"):
        await make_image(session, user.id, job_id=job.id)


@pytest.mark.parametrize("status", ["active", "canceled", "past_due"])
async def test_a_person_has_at_most_one_current_subscription(session: AsyncSession, status: str) -> None:
    # given
    user = await make_user(session)
    await add_subscription(session, user.id)

    # when, then
    with pytest.raises(IntegrityError, match="uq_subscriptions_current"):
        await add_subscription(session, user.id, status=status)


async def test_a_person_may_have_had_many_subscriptions(session: AsyncSession) -> None:
    # given
    user = await make_user(session)
    for _ in range(2):
        await add_subscription(session, user.id, status="expired")

    # when
    current = await add_subscription(session, user.id)

    # then
    assert current.status == "active"


async def test_a_balance_never_falls_below_nothing(session: AsyncSession) -> None:
    # given
    user = await make_user(session)

    # when, then
    with pytest.raises(IntegrityError, match="chk_credits_positive"):
        await add_subscription(session, user.id, remaining_credits=-1)


@pytest.mark.parametrize("percent", [-0.1, 100.1])
async def test_progress_is_between_nothing_and_all(session: AsyncSession, percent: float) -> None:
    # given
    job = await add_job(session, None)

    # when, then
    with pytest.raises(IntegrityError, match="chk_progress_range"):
        await add_step(session, job, 1, progress_percent=percent)


@pytest.mark.parametrize(
    ("facts", "check"),
    [
        ({"status": "running"}, "chk_generation_jobs_status"),
        ({"priority": 0}, "chk_generation_jobs_priority"),
        ({"priority": 101}, "chk_generation_jobs_priority"),
        ({"estimated_credits": 3, "actual_credits": 4}, "chk_generation_jobs_credits"),
        ({"estimated_credits": -1}, "chk_generation_jobs_credits"),
        ({"queued_at": None}, "chk_generation_jobs_queued_has_time"),
        ({"completed_at": now()}, "chk_generation_jobs_ended_has_time"),
        ({"status": "completed"}, "chk_generation_jobs_ended_has_time"),
        ({"status": "failed", "completed_at": now()}, "chk_generation_jobs_failed_has_code"),
        (
            {"status": "processing", "started_at": now(), "lease_expires_at": now()},
            "chk_generation_jobs_processing_has_lease",
        ),
        (
            {"status": "processing", "started_at": now(), "worker_id": "w"},
            "chk_generation_jobs_processing_has_lease",
        ),
    ],
)
async def test_a_job_whose_status_and_facts_disagree_is_refused(
    session: AsyncSession, facts: dict[str, Any], check: str
) -> None:
    # when, then
    with pytest.raises(IntegrityError, match=check):
        await add_job(session, None, **facts)


async def test_updated_at_moves_with_a_change_and_only_with_one(database: Database) -> None:
    # given
    async with database.transaction() as session:
        user = await make_user(session)
        at_first = user.updated_at

    # when
    async with database.transaction() as session:
        await session.execute(text("UPDATE users SET display_name = display_name"))
        untouched = await session.scalar(text("SELECT updated_at FROM users"))
    async with database.transaction() as session:
        session.add(user)
        user.display_name = "Somebody else"
        await session.flush()

    # then
    assert untouched == at_first
    assert timedelta() < user.updated_at - at_first < timedelta(minutes=1)
