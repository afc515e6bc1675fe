"""A person says that the image of a job of theirs is not there: it is looked for, and where it is lost, the job costs nothing."""

from uuid import UUID

from pingvas.accounts.actor import Actor
from pingvas.adapters.storage import Storage
from pingvas.base.db import Database
from pingvas.base.errors import Conflict
from pingvas.gallery.lost_files import is_lost
from pingvas.generation.lifecycle.undelivered import pay_back
from pingvas.generation.status.jobs import JobView, get_job


class StillThere(Conflict):
    code = "still_there"
    default_detail = "This picture is stored and can be read, so its job stays paid. Load the page again."


class NothingMissing(Conflict):
    """The job has made nothing that could be missing, or its owner has deleted it."""

    default_detail = (
        "This job has no picture that could be missing: it made none, or the picture was deleted."
    )


async def report_missing(database: Database, storage: Storage, actor: Actor, job_id: UUID) -> JobView:
    """The job, paid back if its image is lost; as it is if it was paid back before. No transaction is open while the storage is asked.

    Raises NotFound, StillThere, NothingMissing and StorageUnavailable.
    """
    async with database.read() as session:
        view = await get_job(session, actor, job_id)
    if view.job.undelivered_at is not None:
        return view
    image = view.image
    if view.job.status != "completed" or image is None:
        raise NothingMissing
    if not await is_lost(storage, image.s3_key, size=image.file_size, format=image.format):
        raise StillThere
    async with database.transaction() as session:
        # False: it was paid back, moved or deleted a moment ago; what the job says now tells which.
        await pay_back(session, actor.user_id, job_id, image.s3_key)
    async with database.read() as session:
        return await get_job(session, actor, job_id)
