"""Changes of many images that are on record: asked for, done in batches, taken back.

Which images a task is about is settled when it is asked for. Each batch is one transaction with what its images had before, so whoever
goes on after a crash knows where. A task that fails takes itself back, and so does one that comes no further; somebody may take back their latest ones for a day. An image that is
deleted meanwhile is passed over.

Locks are taken in one order: the person's gallery, the task, the images by their ids, and what the change itself locks.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Row,
    SelectBase,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.base.errors import Conflict, NotFound, StudioError, Unavailable
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.gallery.bulk import change_all
from pingvas.gallery.changes import Before, LastingChange, read, written
from pingvas.gallery.collections import require_own
from pingvas.gallery.library import ImageFilter, lock_images, matching
from pingvas.gallery.tables import BulkTask, BulkTaskImage, Image
from pingvas.gallery.tags import lock_gallery

BATCH = 500
# For how long, and how many of a person, can be taken back.
KEEP = timedelta(days=1)
MOST_KEPT = 20
_LEASE = timedelta(minutes=2)
# Then somebody else's turn comes.
_BATCHES_A_TURN = 20
# In vain, one after the other.
_MOST_ATTEMPTS = 10
_UNDER_WAY = ("running", "undoing")

_KEEP_BEFORE = text("""
    UPDATE bulk_task_images AS kept SET before = CAST(told.before AS jsonb)
      FROM unnest(:ids, :befores) AS told (id, before)
     WHERE kept.task_id = :task_id AND kept.image_id = told.id
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("befores", type_=ARRAY(Text)))


class TaskNotFound(NotFound):
    """No such task, or somebody else's, or one that is forgotten."""

    default_detail = "There is no such task here. What was done is kept for a day."


class TaskUnderWay(Conflict):
    code = "task_under_way"
    default_detail = "Another change of many pictures is still under way. Wait until it is done."


class TaskFailed(Conflict):
    code = "task_failed"
    default_detail = "This change failed and took itself back; there is nothing to undo."


@dataclass(frozen=True)
class _Taken:
    """A task that this process has taken, and the number that fences its writes."""

    id: UUID
    actor: Actor
    attempt: int


async def change_and_record(
    session: AsyncSession, actor: Actor, image_ids: Collection[UUID], change: LastingChange
) -> BulkTask:
    """Make a change to all of these images now, on record. Raises ImageNotFound and what the change raises."""
    ids, before = await change_all(session, actor, image_ids, change)
    values: dict[str, Any] = {"status": "done", "done_count": len(ids), "ended_at": func.now()}
    task = await _add(session, actor, change, len(ids), reached=ids[-1], **values)
    await session.execute(
        insert(BulkTaskImage),
        [{"task_id": task.id, "image_id": image_id, "before": None} for image_id in ids],
    )
    await _keep_before(session, task.id, before)
    return task


async def ask_for_change(
    session: AsyncSession, actor: Actor, filter: ImageFilter, change: LastingChange
) -> BulkTask:
    """Have a change made to all images of the actor's that match now. Raises TaskUnderWay, CollectionNotFound and what the change
    raises for any image."""
    if filter.collection is not None:
        await require_own(session, actor.user_id, filter.collection)
    await change.check(session, actor)
    found = await matching(session, actor.user_id, filter)
    return await ask_for_change_of(session, actor, found.with_only_columns(Image.id), change)


async def ask_for_change_of(
    session: AsyncSession, actor: Actor, image_ids: SelectBase, change: LastingChange
) -> BulkTask:
    """The same of images of the actor's that a query finds now, by their `id`. Raises TaskUnderWay."""
    await _one_at_a_time(session, actor.user_id)
    task = await _add(session, actor, change, 0)
    found = select(literal(task.id, Uuid), image_ids.subquery().c.id)
    kept = await session.execute(insert(BulkTaskImage).from_select(["task_id", "image_id"], found))
    count: int = kept.rowcount  # type: ignore[attr-defined]
    values: dict[str, Any] = {"image_count": count}
    if count == 0:
        values |= {"status": "done", "ended_at": func.now()}
    return await _set(session, task.id, values)


async def get_task(session: ReadSession, actor: Actor, task_id: UUID) -> BulkTask:
    """One of the actor's. Raises TaskNotFound."""
    query = select(BulkTask).where(BulkTask.id == task_id, BulkTask.user_id == actor.user_id)
    task: BulkTask | None = await session.scalar(query.execution_options(populate_existing=True))
    if task is None:
        raise TaskNotFound
    return task


async def undo_task(session: AsyncSession, actor: Actor, task_id: UUID) -> BulkTask:
    """Have a task taken back, one that is under way too; a small one is at once. Twice is once. Raises TaskNotFound, TaskFailed and
    TaskUnderWay."""
    await _one_at_a_time(session, actor.user_id, but=task_id)
    await lock_gallery(session, actor.user_id)
    mine = select(BulkTask).where(BulkTask.id == task_id, BulkTask.user_id == actor.user_id)
    task = await session.scalar(mine.with_for_update().execution_options(populate_existing=True))
    if task is None:
        raise TaskNotFound
    if task.status == "failed" or (task.status == "undoing" and task.failure_code is not None):
        raise TaskFailed
    if task.status in ("undoing", "undone"):
        return task
    task = await _set(session, task.id, {"status": "undoing", "ended_at": None, "stalled_attempts": 0})
    if task.done_count <= BATCH:
        await _take_back_batch(session, actor, task)
    return await get_task(session, actor, task_id)


async def run_tasks(database: Database, *, batch: int = BATCH) -> int:
    """Bring all tasks that nobody is at to their ends, in turns; how many turns that were. May be cut off at any moment."""
    turns = 0
    while (taken := await _take(database)) is not None:
        turns += 1
        for _ in range(_BATCHES_A_TURN):
            if not await _go_on(database, taken, batch):
                break
        else:
            async with database.transaction() as session:
                again = update(BulkTask).where(BulkTask.id == taken.id, BulkTask.attempt == taken.attempt)
                await session.execute(again.values(leased_until=None))
    return turns


async def forget_tasks(session: AsyncSession) -> None:
    """Forget what can no longer be taken back."""
    over = BulkTask.ended_at < func.now() - literal(KEEP)
    await session.execute(delete(BulkTask).where(over))


async def _take(database: Database) -> _Taken | None:
    free = or_(BulkTask.leased_until.is_(None), BulkTask.leased_until <= func.now())
    waiting = (
        select(BulkTask.id)
        # As the index has it: a statement prepared for any value would find none that is for these.
        .where(text("status IN ('running', 'undoing')"), free)
        .order_by(BulkTask.turn_at, BulkTask.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    take = (
        update(BulkTask)
        .where(BulkTask.id == waiting)
        .values(
            attempt=BulkTask.attempt + 1,
            stalled_attempts=BulkTask.stalled_attempts + 1,
            leased_until=func.now() + literal(_LEASE),
            turn_at=func.clock_timestamp(),
        )
        .returning(BulkTask.id, BulkTask.user_id, BulkTask.attempt)
    )
    async with database.transaction() as session:
        row = (await session.execute(take)).one_or_none()
    return None if row is None else _Taken(row.id, Actor(row.user_id, "user", None), row.attempt)


async def _go_on(database: Database, taken: _Taken, batch: int) -> bool:
    """Do the next batch; whether there is another one. Where it cannot be done, the task takes itself back from here on."""
    try:
        async with database.transaction() as session:
            task = await _hold(session, taken)
            if task is None:
                return False
            if task.stalled_attempts > _MOST_ATTEMPTS:
                return await _give_up(session, task)
            if task.status == "undoing":
                return await _take_back_batch(session, taken.actor, task, batch)
            return await _do_batch(session, taken.actor, task, batch)
    except Unavailable:
        raise
    except StudioError as refusal:
        async with database.transaction() as session:
            if await _hold(session, taken) is None:
                return False
            told = {"failure_code": refusal.code, "failure_detail": refusal.detail}
            await _set(session, taken.id, {"status": "undoing", "stalled_attempts": 1, **told})
        return True


async def _give_up(session: AsyncSession, task: BulkTask) -> bool:
    """No more of what a fault of ours keeps from being done: it is taken back. Where that is what fails, the task ends where it is, for
    nothing else of this person's could begin; whether there is more to do."""
    values: dict[str, Any] = {"stalled_attempts": 1}
    if task.failure_code is None:
        values |= {"failure_code": StudioError.code, "failure_detail": StudioError.default_detail}
    if task.status == "undoing":
        values |= {"status": "failed", "ended_at": func.now(), "leased_until": None}
    else:
        values["status"] = "undoing"
    return (await _set(session, task.id, values)).status == "undoing"


async def _hold(session: AsyncSession, taken: _Taken) -> BulkTask | None:
    """Lock the person's gallery and the task; None: it is over, or somebody else has taken it."""
    await lock_gallery(session, taken.actor.user_id)
    ours = select(BulkTask).where(
        BulkTask.id == taken.id, BulkTask.attempt == taken.attempt, BulkTask.status.in_(_UNDER_WAY)
    )
    task: BulkTask | None = await session.scalar(ours.with_for_update())
    return task


async def _do_batch(session: AsyncSession, actor: Actor, task: BulkTask, batch: int) -> bool:
    rows = select(BulkTaskImage.image_id).where(BulkTaskImage.task_id == task.id)
    if task.reached is not None:
        rows = rows.where(BulkTaskImage.image_id > task.reached)
    ids = list(await session.scalars(rows.order_by(BulkTaskImage.image_id).limit(batch)))
    if not ids:
        await _set(session, task.id, {"status": "done", "ended_at": func.now(), "leased_until": None})
        return False
    change = read(task.change)
    there = await lock_images(session, actor, ids, also_trashed=change.also_trashed)
    if there:
        await _keep_before(session, task.id, await change.do(session, actor, there))
    await _set(session, task.id, {"reached": ids[-1], **_further(task, len(ids))})
    return True


async def _take_back_batch(session: AsyncSession, actor: Actor, task: BulkTask, batch: int = BATCH) -> bool:
    """Take back the batch that was done last; whether more is to be taken back."""
    found: Sequence[Row[tuple[UUID, Any]]] = ()
    if task.reached is not None:
        rows = select(BulkTaskImage.image_id, BulkTaskImage.before).where(
            BulkTaskImage.task_id == task.id, BulkTaskImage.image_id <= task.reached
        )
        # One more, which is where the task stands afterwards.
        latest = rows.order_by(BulkTaskImage.image_id.desc()).limit(batch + 1)
        found = (await session.execute(latest)).all()
    undone, rest = found[:batch], found[batch:]
    before = {row.image_id: row.before for row in undone if row.before is not None}
    change = read(task.change)
    there = await lock_images(session, actor, before, also_trashed=change.also_trashed)
    if there:
        await change.undo(session, actor, {image_id: before[image_id] for image_id in there})
    values: dict[str, Any] = {"reached": rest[0].image_id if rest else None, **_further(task, -len(undone))}
    if not rest:
        status = "undone" if task.failure_code is None else "failed"
        values |= {"status": status, "ended_at": func.now(), "leased_until": None}
    await _set(session, task.id, values)
    return bool(rest)


def _further(task: BulkTask, images: int) -> dict[str, Any]:
    return {
        "done_count": task.done_count + images,
        "leased_until": func.now() + literal(_LEASE),
        # This one goes on with the next batch.
        "stalled_attempts": 1,
    }


async def _one_at_a_time(session: AsyncSession, user_id: UUID, *, but: UUID | None = None) -> None:
    # Under the person's lock, so that two asked for at once see each other.
    await session.get_one(User, user_id, with_for_update={"key_share": True})
    others = select(BulkTask.id).where(
        BulkTask.user_id == user_id, BulkTask.status.in_(_UNDER_WAY), BulkTask.id != (but or UUID(int=0))
    )
    if await session.scalar(others.limit(1)) is not None:
        raise TaskUnderWay


async def _add(
    session: AsyncSession, actor: Actor, change: LastingChange, count: int, **values: Any
) -> BulkTask:
    await _forget_oldest(session, actor.user_id)
    new = insert(BulkTask).values(
        id=new_id(), user_id=actor.user_id, change=written(change), image_count=count, **values
    )
    return (await session.scalars(new.returning(BulkTask))).one()


async def _forget_oldest(session: AsyncSession, user_id: UUID) -> None:
    over = select(BulkTask.id).where(BulkTask.user_id == user_id, BulkTask.ended_at.is_not(None))
    oldest = over.order_by(BulkTask.id.desc()).offset(MOST_KEPT - 1)
    await session.execute(delete(BulkTask).where(BulkTask.id.in_(oldest)))


async def _set(session: AsyncSession, task_id: UUID, values: dict[str, Any]) -> BulkTask:
    changed = update(BulkTask).where(BulkTask.id == task_id).values(**values).returning(BulkTask)
    return (await session.scalars(changed.execution_options(populate_existing=True))).one()


async def _keep_before(session: AsyncSession, task_id: UUID, before: Before) -> None:
    if before:
        ids: Sequence[UUID] = list(before)
        befores = [json.dumps(value) for value in before.values()]
        await session.execute(_KEEP_BEFORE, {"task_id": task_id, "ids": ids, "befores": befores})
