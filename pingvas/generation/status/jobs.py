"""Reading jobs: one, many, a page of them, and their steps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Uuid, any_, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from pingvas.accounts.actor import Actor
from pingvas.accounts.tables import ApiKey
from pingvas.base.errors import NotFound
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.gallery.tables import Image, ImageTag, Tag
from pingvas.generation.status.waiting import MAX_POSITION, Wait, WaitingFor, read_waits
from pingvas.generation.statuses import ENDED, IS_OPEN, WAITING
from pingvas.generation.tables import GenerationJob, GenerationStep

_HELD = text(f"""
    SELECT COALESCE(SUM(estimated_credits), 0) FROM generation_jobs WHERE user_id = :user_id AND {IS_OPEN}
""")  # noqa: S608 - our own constants
_OPEN_STILL = text(f"""
    SELECT id FROM generation_jobs WHERE id = ANY(:job_ids) AND {IS_OPEN}
""")  # noqa: S608 - our own constants


@dataclass(frozen=True)
class JobView:
    """A job with its image, its newest step and preview, and, once explained, how it waits.

    `position`: its place in the queue, 1 is next, `MAX_POSITION` is that or more; None when it does not wait. `key_name`: what its
    owner calls the key that it was asked for with. `tags`: those of its image.
    """

    job: GenerationJob
    image: Image | None
    step: GenerationStep | None
    preview_key: str | None
    position: int | None
    read_at: datetime
    wait: Wait | None = None
    key_name: str | None = None
    tags: Sequence[str] = ()

    @property
    def waiting_for(self) -> WaitingFor | None:
        return None if self.wait is None else self.wait.waiting_for

    @property
    def starts_in_seconds(self) -> float | None:
        """Seconds until a waiting job starts; None: it does not wait, or nobody can tell."""
        return None if self.wait is None else self.wait.eta_seconds

    @property
    def left_seconds(self) -> float | None:
        """Seconds left of a running job, from its pace so far; None before its first step."""
        if self.job.status != "processing" or self.step is None or self.job.started_at is None:
            return None
        done = self.step.step_number
        if not done:
            return None
        elapsed = (self.read_at - self.job.started_at).total_seconds()
        return max(0.0, elapsed / done * (self.step.total_steps - done))


@dataclass(frozen=True)
class Receipt:
    """What an ended job cost, in credits: quoted = held = charged + returned. `reason` is why it ended.

    `gpu_seconds` is what was measured, None when it never ran.
    """

    quoted: int
    held: int
    charged: int
    returned: int
    reason: str
    gpu_seconds: float | None = None


def receipt_of(job: GenerationJob) -> Receipt | None:
    """The receipt of an ended job; None while it has not ended."""
    if job.status not in ENDED or job.actual_credits is None:
        return None
    held = job.estimated_credits
    reason = job.failure_code or job.status
    if job.undelivered_at is not None:
        reason = "undelivered"
    if job.status == "canceled":
        reason = "canceled_before_start" if job.started_at is None else "canceled_while_running"
    return Receipt(held, held, job.actual_credits, held - job.actual_credits, reason, job.gpu_seconds)


async def get_job(session: ReadSession, actor: Actor, job_id: UUID) -> JobView:
    """One of the actor's jobs. Raises NotFound."""
    views = await read_jobs(session, actor, [job_id])
    if not views:
        raise NotFound("There is no such job here.")
    return views[0]


async def read_jobs(session: ReadSession, actor: Actor, job_ids: list[UUID]) -> list[JobView]:
    """Those of the ids that are the actor's, in the order they were made."""
    found = await session.execute(_views_of_jobs(), {"user_id": actor.user_id, "job_ids": job_ids})
    return await explain(session, actor.user_id, [_view(row) for row in found])


async def list_jobs(
    session: ReadSession,
    actor: Actor,
    asked: PageRequest,
    *,
    statuses: Sequence[str] = (),
    job_type: str | None = None,
    batch_id: UUID | None = None,
) -> Page[JobView]:
    """The actor's jobs, newest first. Raises BadCursor."""
    query = _views().where(GenerationJob.user_id == actor.user_id)
    if statuses:
        query = query.where(GenerationJob.status.in_(statuses))
    if job_type is not None:
        query = query.where(GenerationJob.job_type == job_type)
    if batch_id is not None:
        query = query.where(GenerationJob.batch_id == batch_id)
    belongs_to = ("jobs", actor.user_id, sorted(set(statuses)), job_type, batch_id)
    page = await read_page(session, query, asked, order=(GenerationJob.id,), belongs_to=belongs_to)
    views = await explain(session, actor.user_id, [_view(row) for row in page.items])
    return Page(views, page.next_cursor)


async def list_steps(session: ReadSession, actor: Actor, job_id: UUID) -> list[GenerationStep]:
    """The reported steps of one of the actor's jobs, first to last, every attempt. Raises NotFound."""
    await get_job(session, actor, job_id)
    query = select(GenerationStep).where(GenerationStep.job_id == job_id)
    return list(await session.scalars(query.order_by(GenerationStep.id)))


async def held_credits(session: ReadSession, user_id: UUID) -> int:
    """Credits taken for jobs that have not ended; part of them may come back."""
    return int(await session.scalar(_HELD, {"user_id": user_id}) or 0)


async def which_open(session: ReadSession, job_ids: Sequence[UUID]) -> list[UUID]:
    """Those of these jobs that have not ended."""
    return list(await session.scalars(_OPEN_STILL, {"job_ids": list(job_ids)}))


async def explain(session: ReadSession, user_id: UUID, views: list[JobView]) -> list[JobView]:
    """The views of one person's jobs; those that wait say for what, where in the queue, and for about how long."""
    waiting = {view.job.id for view in views if view.job.status in WAITING}
    if not waiting:
        return views
    waits = await read_waits(session, [user_id], asked=waiting)
    return [
        _explained(view, waits.get(view.job.id)) if view.job.status in WAITING else view for view in views
    ]


def _explained(view: JobView, wait: Wait | None) -> JobView:
    if wait is None:  # it is behind everything that was counted, or was taken from the queue a moment ago
        job, far = view.job, view.job.status == "pending"
        wait = Wait(job.user_id, job.id, "slot" if far else "worker", MAX_POSITION if far else None, None)
    return replace(view, position=wait.position, wait=wait)


@cache
def _views_of_jobs() -> Select[*tuple[Any, ...]]:
    mine = GenerationJob.user_id == bindparam("user_id")
    asked = GenerationJob.id == any_(bindparam("job_ids", type_=ARRAY(Uuid)))
    return _views().where(mine, asked).order_by(GenerationJob.id)


# Putting this statement together takes longer than running it, so it is done once.
@cache
def _views() -> Select[*tuple[Any, ...]]:
    def of_this_attempt(step: Any) -> Any:
        return (step.job_id == GenerationJob.id) & (step.attempt == GenerationJob.attempt)

    step, shown = aliased(GenerationStep), aliased(GenerationStep)
    newest = select(step.id).where(of_this_attempt(step)).order_by(step.id.desc()).limit(1).scalar_subquery()
    preview = (
        select(shown.preview_url)
        .where(of_this_attempt(shown), shown.preview_url.is_not(None))
        .order_by(shown.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    key_name = select(ApiKey.name).where(ApiKey.id == GenerationJob.api_key_id).scalar_subquery()
    tags = (
        select(func.array_agg(aggregate_order_by(Tag.name, Tag.name)))
        .join(ImageTag, ImageTag.tag_id == Tag.id)
        .where(ImageTag.image_id == Image.id)
        .scalar_subquery()
    )
    return (
        select(GenerationJob, Image, GenerationStep, preview, func.now(), key_name, tags)
        .outerjoin(Image, (Image.job_id == GenerationJob.id) & Image.trashed_at.is_(None))
        .outerjoin(GenerationStep, GenerationStep.id == newest)
    )


def _view(row: Row[*tuple[Any, ...]]) -> JobView:
    job, image, step, preview_key, read_at, key_name, tags = row
    return JobView(job, image, step, preview_key, None, read_at, key_name=key_name, tags=tags or ())
