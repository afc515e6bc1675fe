"""Credits have an age: the order in which they are spent, what expires, and where a refund goes."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from harness.catalog import make_model
from harness.jobs import finished_image_of, image_request
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.billing.credits import Grant, GrantKind, InsufficientCredits, NoSuchWallet, draw, give
from pingvas.billing.grants import expire_due, list_open_grants, tell_expiring
from pingvas.billing.ledger import find_disagreements
from pingvas.billing.subscriptions import get_current_subscription, lock_current_subscription
from pingvas.generation.lifecycle import claims
from pingvas.generation.lifecycle.ends import End, end
from pingvas.generation.requests import submit
from tests.make.billing import balance_of, make_person, postings_of
from tests.make.generation import WORKER

NOW = datetime.now(UTC)


@pytest.fixture
async def person(database: Database) -> Actor:
    """Somebody without credits."""
    async with database.transaction() as session:
        return await make_person(session, plan="studio", credits=0)


async def _wallet(session: AsyncSession, person: Actor) -> UUID:
    return (await lock_current_subscription(session, person.user_id)).id


async def _give(
    database: Database, person: Actor, key: str, amount: int, days: float | None, kind: GrantKind = "bonus"
) -> int | None:
    async with database.transaction() as session:
        expires = None if days is None else NOW + timedelta(days=days)
        wallet = await _wallet(session, person)
        return await give(session, Grant(person.user_id, wallet, kind, key, amount, "given", expires))


async def _spend(database: Database, person: Actor, amount: int) -> None:
    async with database.transaction() as session:
        await draw(session, person.user_id, await _wallet(session, person), amount, "spent")


async def _left(database: Database, person: Actor) -> dict[str, int]:
    """What is left, by what it was given for, in the order of spending."""
    async with database.read() as session:
        keys = await session.execute(text("SELECT id, source_key FROM credit_grants"))
        names: dict[UUID, str] = {row.id: row.source_key for row in keys}
        assert await find_disagreements(session) == []
        return {names[grant.id]: grant.remaining for grant in await list_open_grants(session, person.user_id)}


async def _age(database: Database, key: str, days: float) -> None:
    """As if these had been given so many days earlier."""
    async with database.transaction() as session:
        await session.execute(
            text("""
                UPDATE credit_grants SET starts_at = starts_at - make_interval(secs => :seconds),
                       expires_at = expires_at - make_interval(secs => :seconds) WHERE source_key = :key
            """),
            {"seconds": days * 86_400, "key": key},
        )
        await session.execute(
            text(
                "UPDATE subscriptions SET credits_expire_at = (SELECT MIN(expires_at) FROM credit_grants WHERE is_open)"
            )
        )


async def test_what_expires_first_is_spent_first_then_what_was_given_then_the_oldest(
    database: Database, person: Actor
) -> None:
    # given
    await _give(database, person, "pack", 10, None, "pack")
    await _give(database, person, "for good", 10, None)
    await _give(database, person, "for good, later", 10, None)
    await _give(database, person, "month", 10, 30, "monthly")
    await _give(database, person, "gift", 10, 30, "gift")
    await _give(database, person, "soon", 10, 3)

    # when, then
    everything = ["soon", "gift", "month", "for good", "for good, later", "pack"]
    assert list(await _left(database, person)) == everything
    await _spend(database, person, 25)
    assert await _left(database, person) == {
        "month": 5,
        "for good": 10,
        "for good, later": 10,
        "pack": 10,
    }


async def test_the_same_credits_come_once(database: Database, person: Actor) -> None:
    given = await asyncio.gather(
        *(_give(database, person, "invoice:1", 100, 30, "monthly") for _ in range(5))
    )

    assert sorted(given, key=str) == [100, None, None, None, None]
    async with database.read() as session:
        assert await postings_of(session, person.user_id) == [("grant", 100)]


async def test_nothing_is_given_to_a_wallet_that_is_not_there(database: Database, person: Actor) -> None:
    with pytest.raises(NoSuchWallet):
        async with database.transaction() as session:
            await give(session, Grant(None, UUID(int=1), "bonus", "nobody", 1, "given"))

    assert await _left(database, person) == {}


async def test_people_who_spend_at_once_draw_each_credit_once(database: Database, person: Actor) -> None:
    for number in range(5):
        await _give(database, person, f"no. {number}", 7, number + 1)

    await asyncio.gather(*(_spend(database, person, 1) for _ in range(30)))

    assert await _left(database, person) == {"no. 4": 5}


async def test_the_ledger_says_from_which(database: Database, person: Actor) -> None:
    await _give(database, person, "first", 3, 1)
    await _give(database, person, "second", 10, 2)

    await _spend(database, person, 5)

    async with database.read() as session:
        drawn = await session.scalar(
            text("SELECT metadata -> 'from' FROM credit_transactions WHERE amount = -5")
        )
        names = {
            str(row.id): row.source_key
            for row in await session.execute(text("SELECT id, source_key FROM credit_grants"))
        }
    assert [(names[grant], credits) for grant, credits in drawn] == [("first", 3), ("second", 2)]


async def test_what_has_expired_is_taken_by_the_chore_and_said_in_the_ledger(
    database: Database, person: Actor
) -> None:
    await _give(database, person, "month", 10, 30, "monthly")
    await _give(database, person, "for good", 5, None)
    await _spend(database, person, 4)
    await _age(database, "month", 31)

    assert await expire_due(database) == 1
    assert await expire_due(database) == 0

    assert await _left(database, person) == {"for good": 5}
    async with database.read() as session:
        assert await balance_of(session, person.user_id) == 5
        assert (await postings_of(session, person.user_id))[-1] == ("expire", -6)


async def test_nobody_sees_or_spends_what_has_expired_before_the_chore_comes(
    database: Database, person: Actor
) -> None:
    # given
    await _give(database, person, "month", 10, 30, "monthly")
    await _give(database, person, "for good", 5, None)
    await _age(database, "month", 31)

    # when, then
    async with database.read() as session:
        assert (await get_current_subscription(session, person.user_id)).remaining_credits == 5
    with pytest.raises(InsufficientCredits):
        await _spend(database, person, 6)
    await _spend(database, person, 5)
    assert await _left(database, person) == {}
    async with database.read() as session:
        assert [kind for kind, _ in await postings_of(session, person.user_id)] == [
            "grant", "bonus", "expire", "consume",
        ]  # fmt: skip


async def _job(database: Database, person: Actor, count: int = 1) -> list[claims.ClaimedJob]:
    """Jobs that run. Each holds the same."""
    async with database.transaction() as session:
        name = f"toy-{person.user_id}"
        await make_model(session, name=name)
        await submit.submit(session, person, image_request(model=name, count=count))
    async with database.transaction() as session:
        return await claims.claim(session, worker_id=WORKER, lease_seconds=30, limit=count)


async def test_jobs_of_one_request_are_each_told_what_they_were_paid_from(
    database: Database, person: Actor
) -> None:
    # given
    await _give(database, person, "soon", 4, 1)
    await _give(database, person, "for good", 1_000, None)

    # when
    jobs = await _job(database, person, count=3)

    # then
    async with database.read() as session:
        rows = (
            await session.execute(
                text("""
                    SELECT amount, (SELECT SUM(CAST(part ->> 1 AS integer)) FROM jsonb_array_elements(metadata -> 'from') AS part) AS drawn
                      FROM credit_transactions WHERE transaction_type = 'consume'
                """)
            )
        ).all()
    assert [row.drawn for row in rows] == [job.estimated_credits for job in jobs]
    held = sum(job.estimated_credits for job in jobs)
    assert await _left(database, person) == {"for good": 1_004 - held}


async def test_what_a_job_did_not_use_goes_back_to_what_expires_last(
    database: Database, person: Actor
) -> None:
    # given: a job paid from both
    await _give(database, person, "soon", 1, 1)
    await _give(database, person, "for good", 100, None)
    (job,) = await _job(database, person)
    assert job.estimated_credits > 1

    # when
    async with database.transaction() as session:
        await end(session, WORKER, End(job, "completed", 1.0, finished_image_of(job)))

    # then: the one second came from what expires first
    assert await _left(database, person) == {"for good": 100}


async def test_a_job_that_failed_gives_everything_back_where_it_came_from(
    database: Database, person: Actor
) -> None:
    await _give(database, person, "soon", 1, 1)
    await _give(database, person, "for good", 100, None)
    (job,) = await _job(database, person)

    async with database.transaction() as session:
        await end(session, WORKER, End(job, "failed", code="out_of_memory", message="no"))

    assert await _left(database, person) == {"soon": 1, "for good": 100}


async def test_what_comes_back_too_late_lives_seven_days_more(database: Database, person: Actor) -> None:
    # given: a job paid with credits that expire while it runs
    await _give(database, person, "month", 100, 30, "monthly")
    (job,) = await _job(database, person)
    await _age(database, "month", 31)
    await expire_due(database)

    # when
    async with database.transaction() as session:
        await end(session, WORKER, End(job, "failed", code="out_of_memory", message="no"))

    # then
    assert await _left(database, person) == {f"return:{job.id}": job.estimated_credits}
    async with database.read() as session:
        (grant,) = await list_open_grants(session, person.user_id)
        assert grant.expires_at is not None
        assert timedelta(days=6, hours=23) < grant.expires_at - datetime.now(UTC) <= timedelta(days=7)
    await _age(database, f"return:{job.id}", 8)
    assert await expire_due(database) == 1
    assert await _left(database, person) == {}


async def test_a_person_is_told_once_that_credits_expire_soon(database: Database, person: Actor) -> None:
    # given
    await _give(database, person, "month", 40, 30, "monthly")
    await _give(database, person, "gift", 2, 30, "gift")
    await _give(database, person, "for good", 5, None)
    assert await tell_expiring(database) == 0
    for key in ("month", "gift"):
        await _age(database, key, 25)

    # when
    assert await tell_expiring(database) == 1
    assert await tell_expiring(database) == 0

    # then
    async with database.read() as session:
        (told,) = await session.scalars(
            text("SELECT parameters FROM mails WHERE template = 'credits_expire'")
        )
    assert told["credits"] == 42
