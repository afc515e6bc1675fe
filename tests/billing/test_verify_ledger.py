"""The ledger is proven right, and where somebody went around it, the first wrong row is named."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from harness.catalog import make_model
from harness.jobs import finished_image_of
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.billing.credits import Grant, draw, give
from pingvas.billing.subscriptions import lock_current_subscription
from pingvas.billing.verify_ledger import Verified, verify_ledger
from pingvas.cli import app
from pingvas.generation.lifecycle.cancel import request_cancel
from pingvas.generation.lifecycle.ends import End, end
from tests.make.billing import make_person
from tests.make.generation import WORKER, claim_job, complete_job, submit_jobs


async def _verify(database: Database) -> Verified:
    async with database.read() as session:
        return await verify_ledger(session)


async def _tamper(database: Database, *statements: str) -> None:
    """As somebody would who has the rights of the database's owner."""
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            await session.execute(text(statement))


@pytest.fixture
async def person(database: Database) -> Actor:
    """Somebody whose credits came and went in every way."""
    async with database.transaction() as session:
        await make_model(session)
        person = await make_person(session, plan="studio", credits=30)
        await make_person(session, credits=0)
    async with database.transaction() as session:
        wallet = (await lock_current_subscription(session, person.user_id)).id
        await give(session, Grant(person.user_id, wallet, "monthly", "month", 50, "A month"))
        await draw(session, person.user_id, wallet, 3, "by hand")
    await submit_jobs(database, person, count=3)
    await complete_job(database, await claim_job(database))
    failing = await claim_job(database)
    async with database.transaction() as session:
        await end(session, WORKER, End(failing, "failed", code="out_of_memory", message="no"))
    (canceled,) = (await submit_jobs(database, person, count=1)).job_ids
    # a grant that ends while a job that it pays for is under way
    async with database.transaction() as session:
        await session.execute(
            text(
                "UPDATE credit_grants SET starts_at = now() - interval '2 days', expires_at = now() - interval '1 day' "
                "WHERE source_key LIKE 'signup:%'"
            )
        )
        await session.execute(text("UPDATE subscriptions SET credits_expire_at = now() - interval '1 day'"))
    async with database.transaction() as session:
        await request_cancel(session, person, canceled)
    await submit_jobs(database, person)
    running = await claim_job(database)
    async with database.transaction() as session:
        await end(session, WORKER, End(running, "completed", 0.3, finished_image_of(running)))
    return person


async def test_what_came_and_went_in_every_way_adds_up(database: Database, person: Actor) -> None:
    verified = await _verify(database)

    assert verified.wrong == []
    assert (verified.wallets, verified.jobs) == (2, 5)
    assert str(verified).startswith("The ledger adds up: ")
    assert "\n" not in str(verified)


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        (
            "UPDATE credit_transactions SET amount = amount - 1 WHERE transaction_type = 'consume'",
            "credit_transactions",
        ),
        ("UPDATE credit_transactions SET balance_after = balance_after + 1", "credit_transactions"),
        ("UPDATE credit_grants SET amount = amount + 1 WHERE kind = 'monthly'", "credit_grants"),
        ("UPDATE credit_grants SET remaining = remaining - 1 WHERE kind = 'monthly'", "credit_grants"),
        ("UPDATE subscriptions SET remaining_credits = remaining_credits + 1", "subscriptions"),
        ("UPDATE generation_jobs SET actual_credits = 0 WHERE status = 'completed'", "generation_jobs"),
        ("DELETE FROM credit_transactions WHERE transaction_type = 'refund'", "generation_jobs"),
    ],
)
async def test_whoever_goes_around_it_is_found(
    database: Database, person: Actor, statement: str, table: str
) -> None:
    # when
    await _tamper(database, statement)

    # then
    verified = await _verify(database)
    assert table in {row.table for row in verified.wrong}
    assert "does not add up" in str(verified)


async def test_the_command_says_it_in_one_line_and_ends_with_a_code(
    database: Database, person: Actor, settings: Settings, tmp_path: Path
) -> None:
    assert settings.database_url is not None
    environment = {"PINGVAS_DATABASE_URL": settings.database_url, "PINGVAS_DATA_DIR": str(tmp_path / "data")}

    async def verify() -> tuple[int, str]:
        done = await asyncio.to_thread(CliRunner().invoke, app, ["ledger", "verify"], env=environment)
        return done.exit_code, done.output

    code, said = await verify()
    assert (code, said.count("\n")) == (0, 1)
    assert said.startswith("The ledger adds up: ")

    await _tamper(database, "UPDATE subscriptions SET remaining_credits = remaining_credits + 1")
    code, said = await verify()
    assert (code, "subscriptions" in said) == (1, True)
