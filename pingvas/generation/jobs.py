"""Reading jobs: one, many, a page of them, their steps, and how the queue stands."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Uuid, any_, bindparam, case, func, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from pingvas.accounts.actor import Actor
from pingvas.base.errors import NotFound
from pingvas.base.pages import Page, decode_cursor, encode_cursor
from pingvas.gallery.tables import Image
from pingvas.generation.tables import GenerationJob, GenerationStep

ENDED = ("completed", "failed", "canceled")

# Positions are counted up to this; beyond it "1000 or more" is as good an answer, and far cheaper.
MAX_POSITION = 1000

_HELD = text("""
    SELECT COALESCE(SUM(estimated_credits), 0) FROM generation_jobs
     WHERE user_id = :user_id AND status IN ('pending', 'queued', 'processing')
""")
_QUEUE = text("""
    SELECT (SELECT count(*) FROM generation_jobs WHERE status = 'queued') AS waiting,
           (SELECT count(*) FROM generation_jobs WHERE status = 'processing') AS processing,
           (SELECT count(*) FROM workers WHERE NOT stopping AND heartbeat_at > now() - interval '30 seconds') AS workers,
           (SELECT AVG(EXTRACT(EPOCH FROM started_at - queued_at))
              FROM (SELECT started_at, queued_at FROM generation_jobs
                     WHERE status = 'completed' ORDER BY id DESC LIMIT 100) AS latest) AS mean_wait_seconds
""")


@dataclass(frozen=True)
class JobView:
    """A job with its picture, its newest step and preview, and its place in the queue (1 is next)."""

    job: GenerationJob
    image: Image | None
    step: GenerationStep | None
    preview_key: str | None
    position: int | None
    read_at: datetime

    @property
    def waiting_for(self) -> str | None:
        """`slot`: the plan's slots are taken; `worker`: any worker may take it; None: it waits for nothing."""
        return {"pending": "slot", "queued": "worker"}.get(self.job.status)

    @property
    def eta_seconds(self) -> float | None:
        """Seconds left, from the pace of this job so far; None before its first step."""
        if self.job.status != "processing" or self.step is None or self.job.started_at is None:
            return None
        done = self.step.step_number
        if not done:
            return None
        elapsed = (self.read_at - self.job.started_at).total_seconds()
        return max(0.0, elapsed / done * (self.step.total_steps - done))


@dataclass(frozen=True)
class Receipt:
    """What an ended job cost, in credits: quoted = held = charged + returned. `reason` is why it ended."""

    quoted: int
    held: int
    charged: int
    returned: int
    reason: str


@dataclass(frozen=True)
class QueueState:
    """The whole queue at one moment, and the actor's first place in it."""

    position: int | None
    waiting: int
    processing: int
    workers: int
    mean_wait_seconds: float | None


def receipt_of(job: GenerationJob) -> Receipt | None:
    """The receipt of an ended job; None while it has not ended."""
    if job.status not in ENDED or job.actual_credits is None:
        return None
    held = job.estimated_credits
    reason = job.failure_code or job.status
    if job.status == "canceled":
        reason = "canceled_before_start" if job.started_at is None else "canceled_while_running"
    return Receipt(held, held, job.actual_credits, held - job.actual_credits, reason)


async def get_job(session: AsyncSession, actor: Actor, job_id: UUID) -> JobView:
    """One of the actor's jobs. Raises NotFound."""
    views = await read_jobs(session, actor, [job_id])
    if not views:
        raise NotFound("There is no such job here.")
    return views[0]


async def read_jobs(session: AsyncSession, actor: Actor, job_ids: list[UUID]) -> list[JobView]:
    """Those of the ids that are the actor's, in the order they were made."""
    found = await session.execute(_views_of_jobs(), {"user_id": actor.user_id, "job_ids": job_ids})
    return [_view(row) for row in found]


async def list_jobs(
    session: AsyncSession,
    actor: Actor,
    *,
    statuses: list[str] | None = None,
    job_type: str | None = None,
    batch_id: UUID | None = None,
    limit: int,
    cursor: str | None,
    cursor_key: bytes,
) -> Page[JobView]:
    """The actor's jobs, newest first."""
    query = _views().where(GenerationJob.user_id == actor.user_id)
    if statuses:
        query = query.where(GenerationJob.status.in_(statuses))
    if job_type is not None:
        query = query.where(GenerationJob.job_type == job_type)
    if batch_id is not None:
        query = query.where(GenerationJob.batch_id == batch_id)
    if cursor is not None:
        (after,) = decode_cursor(cursor, cursor_key, length=1)
        query = query.where(GenerationJob.id < UUID(after))
    rows = (await session.execute(query.order_by(GenerationJob.id.desc()).limit(limit + 1))).all()
    views = [_view(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(views, encode_cursor([str(views[-1].job.id)], cursor_key) if more else None)


async def list_steps(session: AsyncSession, actor: Actor, job_id: UUID) -> list[GenerationStep]:
    """The reported steps of one of the actor's jobs, first to last, every attempt. Raises NotFound."""
    await get_job(session, actor, job_id)
    query = select(GenerationStep).where(GenerationStep.job_id == job_id)
    return list(await session.scalars(query.order_by(GenerationStep.id)))


async def held_credits(session: AsyncSession, user_id: UUID) -> int:
    """Credits taken for jobs that have not ended; part of them may come back."""
    return int(await session.scalar(_HELD, {"user_id": user_id}) or 0)


async def read_queue(session: AsyncSession, actor: Actor) -> QueueState:
    """How the queue stands, and where the actor's first waiting job is in it."""
    row = (await session.execute(_QUEUE)).one()
    query = select(_position()).where(
        GenerationJob.user_id == actor.user_id, GenerationJob.status == "queued"
    )
    position = await session.scalar(
        query.order_by(GenerationJob.priority.desc(), GenerationJob.queued_at).limit(1)
    )
    mean = None if row.mean_wait_seconds is None else float(row.mean_wait_seconds)
    return QueueState(position, row.waiting, row.processing, row.workers, mean)


def _position() -> Any:
    """How many queued jobs a worker would take before this one, plus one; the order is the claim's."""
    ahead = aliased(GenerationJob)
    before = (
        select(literal(1))
        .where(
            ahead.status == text("'queued'"),
            (ahead.priority > GenerationJob.priority)
            | ((ahead.priority == GenerationJob.priority) & (ahead.queued_at < GenerationJob.queued_at)),
        )
        .limit(MAX_POSITION)
        .correlate(GenerationJob)
        .subquery()
    )
    return select(func.count() + 1).select_from(before).scalar_subquery()


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
    position = case((GenerationJob.status == "queued", _position()))
    return (
        select(GenerationJob, Image, GenerationStep, preview, position, func.now())
        .outerjoin(Image, Image.job_id == GenerationJob.id)
        .outerjoin(GenerationStep, GenerationStep.id == newest)
    )


def _view(row: Row[*tuple[Any, ...]]) -> JobView:
    job, image, step, preview_key, position, read_at = row
    return JobView(job, image, step, preview_key, position, read_at)
