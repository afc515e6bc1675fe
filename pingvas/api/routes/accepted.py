"""Answers to calls that put jobs into the queue: made once per Idempotency-Key, and held while `Prefer` asks for it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Request, Response, status
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.accounts.api_keys.spending import KeyCapReached
from pingvas.adapters.storage import Storage
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, BudgetsDep, DatabaseDep, SessionDep, StorageDep
from pingvas.api.http.held_answer import MAX_WAIT_SECONDS, HeldAnswer, asked_to_wait
from pingvas.api.http.rate_headers import headers_of
from pingvas.api.http.wire import KEY_SCHEMA
from pingvas.api.routes.job_out import SubmittedOut, job_out
from pingvas.api.routes.open_jobs import OpenJobs
from pingvas.base.budgets import Budgets, BudgetUsedUp, Holding
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.errors import StudioError
from pingvas.base.idempotency import (
    IdempotencyConflict,
    StillRunning,
    find_first_answer,
    idempotent_call,
    remember_answer,
)
from pingvas.billing.credits import InsufficientCredits
from pingvas.billing.subscriptions import NoSubscription
from pingvas.catalog.models import ModelLocked
from pingvas.gallery.storage_use import StorageExceeded
from pingvas.generation.queue.submits_lately import TooManyGenerations
from pingvas.generation.requests.submit import QueueFull, Submitted, tell_accepted
from pingvas.generation.status.jobs import explain, read_jobs
from pingvas.realtime.job_ends import JobEnds

# Waiting calls look this often by themselves, all at the same moment and in one statement; mostly an event wakes one sooner.
_LOOK_SECONDS = 2.0

_SENT_HEADERS = {
    "Idempotent-Replayed": {
        "description": "This is the first answer to this key again",
        "schema": {"type": "string", "const": "true"},
    },
    "Preference-Applied": {
        "description": "How long the answer was held for at most, as in `wait=30`",
        "schema": {"type": "string"},
    },
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`Prefer: wait` was given, and all of the jobs have ended",
        "model": SubmittedOut,
        "headers": _SENT_HEADERS,
    },
    202: {"description": "Accepted; some of the jobs have not ended", "headers": _SENT_HEADERS},
}


_REFUSALS = (
    StillRunning,
    IdempotencyConflict,
    ModelLocked,
    InsufficientCredits,
    KeyCapReached,
    StorageExceeded,
    QueueFull,
    TooManyGenerations,
    BudgetUsedUp,
    NoSubscription,
)


async def _job_ends(request: Request) -> JobEnds:
    ends: JobEnds = request.app.state.realtime.job_ends
    return ends


@dataclass(frozen=True)
class Asking:
    """What every call that asks for jobs comes with."""

    actor: Actor
    session: AsyncSession
    database: Database
    storage: Storage
    job_ends: JobEnds
    looks: OpenJobs
    budgets: Budgets
    idempotency_key: str | None
    prefer: str | None


async def _open_jobs(request: Request) -> OpenJobs:
    looks: OpenJobs = request.app.state.open_jobs
    return looks


@raises(*_REFUSALS)
async def _asking(
    actor: ActorDep,
    session: SessionDep,
    database: DatabaseDep,
    storage: StorageDep,
    job_ends: Annotated[JobEnds, Depends(_job_ends)],
    looks: Annotated[OpenJobs, Depends(_open_jobs)],
    budgets: BudgetsDep,
    idempotency_key: Annotated[
        str | None,
        Header(
            json_schema_extra=KEY_SCHEMA,
            description="Same key and body: the first answer again, and nothing is spent twice",
        ),
    ] = None,
    prefer: Annotated[
        str | None,
        Header(
            description=f"`wait=N` holds the answer until all jobs have ended (200), or N seconds, at most "
            f"{MAX_WAIT_SECONDS}, are over (202). A person may have a few answers held at once; beyond them it is passed over",
        ),
    ] = None,
) -> Asking:
    return Asking(actor, session, database, storage, job_ends, looks, budgets, idempotency_key, prefer)


AskingDep = Annotated[Asking, Depends(_asking)]


async def accept(asking: Asking, route: str, body: Any, act: Callable[[], Awaitable[Submitted]]) -> Response:
    """Answer with what `act` has put into the queue, or with what the first call with this key and body has."""
    call = first = None
    if asking.idempotency_key is not None:
        call = idempotent_call(asking.actor.user_id, route, asking.idempotency_key, body)
        first = await find_first_answer(asking.session, call)
    headers: dict[str, str] = {}
    if first is None:
        submitted = await act()
        answer = await _submitted(asking, submitted)
        if submitted.allowance is not None:
            headers |= headers_of([submitted.allowance])
    else:
        answer, headers["Idempotent-Replayed"] = json.dumps(first[1]), "true"
    if call is not None and first is None:
        await remember_answer(asking.session, call, status.HTTP_202_ACCEPTED, answer)
    seconds = asked_to_wait(asking.prefer)
    if not seconds:
        return _json(answer, status.HTTP_202_ACCEPTED, headers)

    async def held() -> Response:
        holding = Holding(asking.budgets.held_answers, asking.actor.user_id)
        try:
            holding.more()
        except StudioError:
            # As many answers of this person, or of all, are held as may be. A preference may be passed over, and the
            # answer shows that it was (RFC 7240).
            return _json(answer, status.HTTP_202_ACCEPTED)
        applied = {"Preference-Applied": f"wait={seconds}"}
        try:
            return await _when_ended(asking, json.loads(answer), seconds, applied)
        except DatabaseUnavailable:  # then the answer is what is known already
            return _json(answer, status.HTTP_202_ACCEPTED, applied)
        finally:
            holding.give_back()

    return HeldAnswer(held, headers)


async def _submitted(asking: Asking, accepted: Submitted) -> str:
    views = await explain(asking.session, asking.actor.user_id, accepted.jobs)
    tell_accepted(asking.session, asking.actor.user_id, views)
    return SubmittedOut(
        batch_id=accepted.batch_id,
        jobs=[await job_out(view, asking.storage) for view in views],
        estimated_credits=accepted.estimated_credits,
    ).model_dump_json()


async def _when_ended(
    asking: Asking, answer: dict[str, Any], seconds: float, headers: dict[str, str]
) -> Response:
    job_ids = [UUID(job["id"]) for job in answer["jobs"]]
    ended = await _until_ended(asking, job_ids, seconds)
    async with asking.database.read() as session:
        views = await read_jobs(session, asking.actor, job_ids)
    fresh = SubmittedOut(
        batch_id=answer["batch_id"],
        jobs=[await job_out(view, asking.storage) for view in views],
        estimated_credits=answer["estimated_credits"],
    )
    return _json(fresh.model_dump_json(), status.HTTP_200_OK if ended else status.HTTP_202_ACCEPTED, headers)


async def _until_ended(asking: Asking, job_ids: Sequence[UUID], seconds: float) -> bool:
    """Whether all jobs ended before the time was over. A database that is away is waited for like a job."""
    clock = asyncio.get_running_loop().time
    until = clock() + seconds
    with asking.job_ends.of(job_ids) as woken:
        while True:
            woken.clear()
            with suppress(DatabaseUnavailable):
                if not await asking.looks.any_of(job_ids):
                    return True
            left = until - clock()
            if left <= 0:
                return False
            until_next_look = _LOOK_SECONDS - clock() % _LOOK_SECONDS  # the same moment for all
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), min(left, until_next_look))


def _json(text: str, status_code: int, headers: dict[str, str] | None = None) -> Response:
    return Response(text, status_code, headers=headers, media_type="application/json")
