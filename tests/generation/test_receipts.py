"""Receipts, the ledger and the operator's sums say the same, whatever happened and however prices moved meanwhile."""

import math
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from harness.catalog import make_model
from harness.jobs import finished_image_of, image_request
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.billing.credits import InsufficientCredits
from pingvas.billing.ledger import find_disagreements
from pingvas.generation.lifecycle import cancel, claims
from pingvas.generation.lifecycle.ends import End, end
from pingvas.generation.pricing.speeds import Measurement, learn, size_bucket
from pingvas.generation.requests import submit
from pingvas.generation.status import jobs
from pingvas.generation.tables import GenerationJob
from tests.make.billing import balance_of, make_person
from tests.make.generation import WORKER

DECISION = Path(__file__).resolve().parents[2] / "docs" / "decisions" / "0005-price-hold-settle.md"
CREDITS = 400
_POSTINGS = text("""
    SELECT job_id, transaction_type, amount FROM credit_transactions
     WHERE user_id = :user_id AND job_id IS NOT NULL
""")
# What happens, and a figure for it: seconds a job took, or the ratio that becomes the truth.
_EVENTS = st.tuples(
    st.sampled_from(("submit", "submit", "claim", "complete", "complete", "stop", "fail", "cancel", "learn")),
    st.floats(0, 12),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(_EVENTS, min_size=5, max_size=30))
async def test_receipts_and_the_ledger_and_the_sums_agree(
    database: Database, history: list[tuple[str, float]]
) -> None:
    # given a person and a model of their own for each example
    async with database.transaction() as session:
        actor = await make_person(session, plan="studio", credits=CREDITS)
        model = await make_model(session, name=f"toy-{actor.user_id}")
    running: list[claims.ClaimedJob] = []

    # when
    for event, figure in [*history, ("cancel", 0.0), *[("stop", 1.5)] * len(history)]:
        if event == "submit":
            await _submit_at_the_price_asked_for(database, actor, model.name)
            continue
        async with database.transaction() as session:
            if event == "claim":
                running += await claims.claim(session, worker_id=WORKER, lease_seconds=30, limit=3)
            elif event == "cancel":
                await cancel.cancel_all(session, actor)
            elif event == "learn":
                await learn(session, [Measurement(model.id, size_bucket(256 * 256), 0.01 + figure)] * 30)
            elif running:
                await _end(session, running.pop(), event, figure)

    # then
    async with database.read() as session:
        await _compare(session, actor)
        await _add_up(session, model.name)
        assert await find_disagreements(session) == []


async def _submit_at_the_price_asked_for(database: Database, actor: Actor, name: str) -> None:
    async with database.read() as session:
        price = await submit.estimate(session, actor, image_request(model=name))
    try:
        async with database.transaction() as session:
            accepted = await submit.submit(session, actor, image_request(model=name))
    except InsufficientCredits:
        return
    assert accepted.estimated_credits == price.credits


async def _end(session: Any, job: claims.ClaimedJob, event: str, seconds: float) -> None:
    if event == "complete":
        ending = End(job, "completed", seconds, finished_image_of(job))
    elif event == "stop":
        ending = End(job, "canceled", seconds)
    else:
        ending = End(job, "failed", seconds, code="out_of_memory", message="no")
    await end(session, WORKER, ending)


async def _compare(session: Any, actor: Actor) -> None:
    """Every job has ended; its receipt follows from its seconds, and its postings from its receipt."""
    posted: dict[UUID, dict[str, int]] = {}
    for row in await session.execute(_POSTINGS, {"user_id": actor.user_id}):
        posted.setdefault(row.job_id, {})[row.transaction_type] = row.amount
    ended = await session.scalars(select(GenerationJob).where(GenerationJob.user_id == actor.user_id))
    spent = 0
    for job in ended:
        receipt = jobs.receipt_of(job)
        assert receipt is not None
        used = 0 if job.status == "failed" else math.ceil(job.gpu_seconds or 0.0)
        assert receipt.charged == min(used, receipt.quoted)
        assert receipt.quoted == receipt.held == receipt.charged + receipt.returned
        refund = {"refund": receipt.returned} if receipt.returned else {}
        assert posted.pop(job.id) == {"consume": -receipt.held, **refund}
        spent += receipt.charged
    assert posted == {}
    assert await balance_of(session, actor.user_id) == CREDITS - spent


async def _add_up(session: Any, name: str) -> None:
    """The statement in the decision explains the charges to the last second."""
    fenced = re.search(r"```sql\n(.*?)```", DECISION.read_text(), re.DOTALL)
    assert fenced is not None
    rows = {row.model: row for row in await session.execute(text(fenced[1]))}
    if name not in rows:  # no job of this model ever ran
        return
    row = rows[name]
    explained = row.gpu_seconds + (row.rounded_up or 0) - (row.past_quotes or 0) - (row.for_free or 0)
    assert row.charged == pytest.approx(explained)
