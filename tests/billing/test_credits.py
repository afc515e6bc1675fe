"""The ledger: one code path, never below zero, always adding up."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from harness.catalog import make_model
from harness.jobs import finished_image_of, image_request
from pingvas.base.db import Database
from pingvas.base.pages import PageRequest
from pingvas.billing.credits import InsufficientCredits, draw
from pingvas.billing.ledger import find_disagreements, list_transactions
from pingvas.billing.subscriptions import get_current_subscription, lock_current_subscription
from pingvas.generation.lifecycle import cancel, claims, sweeps
from pingvas.generation.lifecycle.ends import End, end
from pingvas.generation.lifecycle.returns import crashed, hand_back
from pingvas.generation.requests import submit
from tests.make.billing import balance_of, make_person, postings_of
from tests.make.generation import WORKER


async def test_the_bonus_of_a_new_person_is_a_posting(database: Database) -> None:
    # given, when
    async with database.transaction() as session:
        actor = await make_person(session, credits=500)

    # then
    async with database.read() as session:
        assert await balance_of(session, actor.user_id) == 500
        assert await postings_of(session, actor.user_id) == [("bonus", 500)]
        assert await find_disagreements(session) == []


async def test_a_balance_never_falls_below_zero(database: Database) -> None:
    # given
    async with database.transaction() as session:
        actor = await make_person(session, credits=10)
        wallet = (await get_current_subscription(session, actor.user_id)).id

    # when
    with pytest.raises(InsufficientCredits):
        async with database.transaction() as session:
            await draw(session, actor.user_id, wallet, 11, "too much")

    # then
    async with database.read() as session:
        assert await postings_of(session, actor.user_id) == [("bonus", 10)]


async def test_postings_at_once_follow_one_another(database: Database) -> None:
    # given
    async with database.transaction() as session:
        actor = await make_person(session, credits=1000)
        wallet = (await get_current_subscription(session, actor.user_id)).id

    async def spend(amount: int) -> None:
        async with database.transaction() as session:
            await lock_current_subscription(session, actor.user_id)
            await draw(session, actor.user_id, wallet, amount, "spent")

    # when
    await asyncio.gather(*(spend(amount) for amount in range(1, 31)))

    # then every row's balance is the one before it and its amount
    async with database.read() as reading:
        rows = (
            await reading.execute(
                text("SELECT amount, balance_after FROM credit_transactions ORDER BY created_at, id")
            )
        ).all()
        assert await find_disagreements(reading) == []
    before = 0
    for amount, balance_after in rows:
        assert balance_after == before + amount
        before = balance_after
    assert before == 1000 - sum(range(1, 31))


async def test_a_tampered_balance_is_found(database: Database) -> None:
    # given
    async with database.transaction() as session:
        actor = await make_person(session, credits=500)

    # when somebody goes around the one code path
    async with database.transaction() as session:
        await session.execute(text("UPDATE subscriptions SET remaining_credits = 900"))

    # then
    async with database.read() as session:
        (found,) = await find_disagreements(session)
        assert (found.remaining_credits, found.posted, found.newest_balance_after, found.granted) == (
            900,
            500,
            500,
            500,
        )
        assert found.subscription_id == (await get_current_subscription(session, actor.user_id)).id


async def test_the_history_comes_in_pages_newest_first(database: Database) -> None:
    # given
    async with database.transaction() as session:
        actor = await make_person(session, credits=100)
        wallet = (await get_current_subscription(session, actor.user_id)).id
    for amount in range(1, 6):
        async with database.transaction() as session:
            await lock_current_subscription(session, actor.user_id)
            await draw(session, actor.user_id, wallet, amount, "spent")

    # when
    seen: list[int] = []
    cursor = None
    async with database.read() as session:
        while True:
            page = await list_transactions(
                session, actor.user_id, PageRequest(b"key", 2, cursor), transaction_type="consume"
            )
            seen += [row.amount for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break

    # then
    assert seen == [-5, -4, -3, -2, -1]


# What may happen to jobs, in any order: each is one transaction of its own.
_DEEDS = st.lists(
    st.sampled_from(
        (
            "submit",
            "submit",
            "claim",
            "complete",
            "fail",
            "cancel",
            "stop",
            "crash",
            "hand back",
            "lapse",
            "late",
        )
    ),
    min_size=5,
    max_size=40,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(deeds=_DEEDS, seconds=st.floats(0, 10))
async def test_whatever_happens_to_jobs_the_ledger_adds_up(
    database: Database, deeds: list[str], seconds: float
) -> None:
    # given a person of their own for each example
    async with database.transaction() as session:
        actor = await make_person(session, plan="studio", credits=30)
        name = f"toy-{actor.user_id}"
        await make_model(session, name=name)
    held: list[claims.ClaimedJob] = []
    lost: list[claims.ClaimedJob] = []

    # when
    for deed in deeds:
        async with database.transaction() as session:
            if deed == "claim":
                held += await claims.claim(session, worker_id=WORKER, lease_seconds=30, limit=2)
            elif deed == "cancel":
                await cancel.cancel_all(session, actor)
            elif deed == "complete" and held:
                job = held.pop()
                await end(session, WORKER, End(job, "completed", seconds, finished_image_of(job)))
            elif deed == "fail" and held:
                await end(session, WORKER, End(held.pop(), "failed", code="out_of_memory", message="no"))
            elif deed == "stop" and held:
                await end(session, WORKER, End(held.pop(), "canceled", seconds))
            elif deed == "crash" and held:
                await crashed(session, held.pop(), WORKER, message="bug", max_attempts=2)
            elif deed == "hand back" and held:
                await hand_back(session, held.pop(), WORKER)
            elif deed == "late" and lost:
                job = lost.pop()
                await end(session, WORKER, End(job, "completed", seconds, finished_image_of(job)))
        if deed == "submit":
            try:
                async with database.transaction() as session:
                    await submit.submit(session, actor, image_request(model=name, count=2))
            except InsufficientCredits:
                pass
        if deed == "lapse":
            async with database.transaction() as session:
                await session.execute(
                    text(
                        "UPDATE generation_jobs SET lease_expires_at = now() - interval '1 s' WHERE status = 'processing'"
                    )
                )
            await sweeps.sweep_leases(database, max_attempts=2)
            lost, held = lost + held, []

    # then balances are the sums of their postings, and what an ended job paid is what its receipt says
    async with database.read() as session:
        assert await find_disagreements(session) == []
        wrong = await session.execute(
            text("""
                SELECT job.id FROM generation_jobs AS job
                  JOIN credit_transactions AS posting ON posting.job_id = job.id
                 GROUP BY job.id
                HAVING -SUM(posting.amount) <> CASE WHEN job.completed_at IS NULL THEN job.estimated_credits
                                                    ELSE job.actual_credits END
            """)
        )
        assert wrong.all() == []
        # and nothing of the person's is stuck: the slots are full whenever something waits
        slots = await session.scalar(
            text("""
                SELECT count(*) FROM generation_jobs WHERE user_id = :user_id AND status IN ('queued', 'processing')
            """),
            {"user_id": actor.user_id},
        )
        waiting = await session.scalar(
            text("SELECT count(*) FROM generation_jobs WHERE user_id = :user_id AND status = 'pending'"),
            {"user_id": actor.user_id},
        )
        assert not waiting or slots == 3
        assert await session.scalar(text("SELECT count(*) - count(DISTINCT job_id) FROM images")) == 0

    # leave the queue empty for the next example
    async with database.transaction() as session:
        await session.execute(
            text("""
                UPDATE generation_jobs SET status = 'canceled', completed_at = now(), actual_credits = estimated_credits,
                       lease_expires_at = NULL
                 WHERE completed_at IS NULL
            """)
        )
