"""The statuses of a job: the one list of them, and the groups that statements and the page speak of.

`lifecycle/statements.py` says how a job gets from one to another. What is SQL here is put into other statements as a
literal, never as a parameter: a generic plan would not use the partial indexes otherwise.
"""

from typing import Final, Literal, get_args

JobStatus = Literal["pending", "queued", "processing", "completed", "failed", "canceled"]
EndStatus = Literal["completed", "failed", "canceled"]

STATUSES: Final[tuple[JobStatus, ...]] = get_args(JobStatus)
ENDED: Final[tuple[EndStatus, ...]] = get_args(EndStatus)
# It has no worker: `pending` waits for a slot of its plan, `queued` for a worker.
WAITING: Final[tuple[JobStatus, ...]] = ("pending", "queued")
# It takes one of the slots of its plan.
IN_SLOT: Final[tuple[JobStatus, ...]] = ("queued", "processing")
OPEN: Final[tuple[JobStatus, ...]] = ("pending", "queued", "processing")
# It ended without an image, and may be tried again.
RETRYABLE: Final[tuple[EndStatus, ...]] = ("failed", "canceled")


def _one_of(statuses: tuple[str, ...]) -> str:
    return "status IN (" + ", ".join(f"'{status}'" for status in statuses) + ")"


# Conditions on the column `status`; `f"job.{IS_OPEN}"` where the table has an alias.
IS_OPEN: Final = _one_of(OPEN)
IS_WAITING: Final = _one_of(WAITING)
IS_IN_SLOT: Final = _one_of(IN_SLOT)
IS_ENDED: Final = _one_of(ENDED)
IS_RETRYABLE: Final = _one_of(RETRYABLE)
