"""Trying again: a new job that points at the old one, for jobs that ended without a picture."""

import pytest

from harness.catalog import make_model
from harness.jobs import image_request
from pingvas.base.db import Database
from pingvas.base.errors import NotFound
from pingvas.generation.lifecycle import cancel
from pingvas.generation.requests import retry, submit
from pingvas.generation.requests.retry import NotRetryable
from pingvas.generation.status import jobs
from tests.make.billing import make_person
from tests.make.generation import claim_job, complete_job, submit_jobs


async def test_a_canceled_job_is_tried_again_by_a_new_one_that_points_at_it(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    (old,) = (await submit_jobs(database, actor)).job_ids
    async with database.transaction() as session:
        await cancel.request_cancel(session, actor, old)

    # when
    async with database.transaction() as session:
        found = await retry.get_retryable(session, actor, old)
        again = await submit.submit(session, actor, image_request(), retry_of=found.id)

    # then
    async with database.read() as session:
        view = await jobs.get_job(session, actor, again.job_ids[0])
        first = await jobs.get_job(session, actor, old)
    assert view.job.retry_of == old
    assert (view.job.status, first.job.status) == ("queued", "canceled")


async def test_only_what_ended_without_a_picture_is_tried_again(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor, stranger = await make_person(session), await make_person(session)
    done, waiting = (await submit_jobs(database, actor, count=2)).job_ids
    await complete_job(database, await claim_job(database))

    # then
    async with database.read() as session:
        for job_id in (done, waiting):
            with pytest.raises(NotRetryable):
                await retry.get_retryable(session, actor, job_id)
        with pytest.raises(NotFound):
            await retry.get_retryable(session, stranger, done)
