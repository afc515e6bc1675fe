"""Whether the pictures of a request will find room in the person's storage: asked when they are asked for, of an estimate.

What was accepted is kept when it is made, even if it turns out larger than estimated: it was paid for.
"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.statements import fetch
from pingvas.billing.subscriptions import CurrentSubscription
from pingvas.gallery.storage_use import USED_BYTES, StorageExceeded
from pingvas.generation.statuses import IS_OPEN

# About what pictures take, as they are encoded; the last is for what a picture says about itself.
BYTES_PER_PIXEL = {"png": 1.75, "jpg": 0.6, "webp": 0.4}
BYTES_BESIDE = 2048

_PER_PIXEL = " ".join(f"WHEN '{name}' THEN {rate}" for name, rate in BYTES_PER_PIXEL.items())
# A picture whose masked part alone is made has the size of its source. All that is open counts, the new jobs too.
_ROOM = text(f"""
    WITH stored AS (
        SELECT {USED_BYTES} AS used
    )
    SELECT stored.used, opened.bytes, opened.asked
      FROM stored CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(one.bytes), 0)::bigint AS bytes,
               COALESCE(SUM(one.bytes) FILTER (WHERE one.batch_id = :batch_id), 0)::bigint AS asked
          FROM (SELECT job.batch_id,
                       COALESCE(source.width, CAST(job.parameters->>'width' AS integer))::float8
                       * COALESCE(source.height, CAST(job.parameters->>'height' AS integer))
                       * CASE job.parameters->>'format' {_PER_PIXEL} ELSE {max(BYTES_PER_PIXEL.values())} END
                       + {BYTES_BESIDE} AS bytes
                  FROM generation_jobs AS job
                  LEFT JOIN images AS source
                    ON job.job_type = 'inpaint' AND job.parameters->>'inpaint_area' = 'masked'
                   AND source.id = CAST(job.parameters->>'source_image' AS uuid)
                 WHERE job.user_id = :user_id AND job.{IS_OPEN}) AS one
      ) AS opened
""")  # noqa: S608 - our own constants


def most_bytes(pixels: int) -> int:
    """About the most that a picture of so many pixels takes."""
    return int(pixels * max(BYTES_PER_PIXEL.values())) + BYTES_BESIDE


async def require_room_for_batch(
    session: AsyncSession,
    subscription: CurrentSubscription,
    batch_id: UUID,
    *,
    largest_pixels: int,
    open_jobs: int,
    used_bytes: int,
) -> None:
    """Raises StorageExceeded when the open jobs of a person, those of `batch_id` among them, will not find room.

    To be asked in the transaction that has just put them into the queue, with the subscription locked. `open_jobs` are
    as many as there are then, and `used_bytes` what is stored: while the largest pictures that so many jobs can make
    would fit, their sizes are not even added up.
    """
    if used_bytes + open_jobs * most_bytes(largest_pixels) <= subscription.storage_bytes:
        return
    row = {"user_id": subscription.user_id, "batch_id": batch_id}
    (room,) = await fetch(session, _ROOM, row)
    if room.used + room.bytes <= subscription.storage_bytes:
        return
    raise StorageExceeded(
        "There is no room for this in your storage, with what is kept and what is being made. Delete pictures, or take a "
        "larger plan.",
        extra={
            "required_bytes": room.asked,
            "expected_bytes": room.bytes - room.asked,
            "used_bytes": room.used,
            "quota_bytes": subscription.storage_bytes,
        },
    )
