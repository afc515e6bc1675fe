"""Whoever spends hears once that little is left, and once that nothing is: at the crossing."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.billing.events import CreditsLow
from pingvas.billing.grants import expire_due
from tests.make.billing import make_person
from tests.make.generation import submit_jobs
from tests.worker.studio import Recorder


async def _heard(database: Database, recorder: Recorder) -> list[tuple[str, int]]:
    heard = [event.said for event in recorder.events if isinstance(event.said, CreditsLow)]
    recorder.events.clear()
    return [(said.level, said.balance) for said in heard]


@pytest.fixture
def recorder(database: Database) -> Recorder:
    database.publisher = recorder = Recorder()
    return recorder


async def _person(database: Database, credits: int) -> Actor:
    async with database.transaction() as session:
        await make_model(session)
        return await make_person(session, plan="studio", credits=credits)


async def test_a_submit_that_crosses_a_fifth_of_a_month_or_nothing_tells_it_once(
    database: Database, recorder: Recorder
) -> None:
    # given: a fifth of the plan's 30,000 a month are 6,000; a job holds 3
    person = await _person(database, 6_006)

    # when, then
    heard = []
    for _ in range(3):
        await submit_jobs(database, person)
        heard.append(await _heard(database, recorder))
    assert heard == [[], [("low", 6_000)], []]

    # and of credits for one job
    poor = await _person_with(database, 3)
    await submit_jobs(database, poor)
    assert await _heard(database, recorder) == [("empty", 0)]


async def _person_with(database: Database, credits: int) -> Actor:
    async with database.transaction() as session:
        return await make_person(session, plan="studio", credits=credits)


async def test_credits_that_expire_tell_it_too(database: Database, recorder: Recorder) -> None:
    # given
    await _person(database, 50)
    async with database.transaction() as session:
        await session.execute(
            text(
                "UPDATE credit_grants SET starts_at = now() - interval '2 days', expires_at = now() - interval '1 day'"
            )
        )
        await session.execute(text("UPDATE subscriptions SET credits_expire_at = now() - interval '1 day'"))
    recorder.events.clear()

    # when
    await expire_due(database)

    # then
    assert await _heard(database, recorder) == [("empty", 0)]
