"""Is the studio alive, and is it ready: for probes, not for people.

Whoever asks whether it is ready gets what was seen within the last seconds: a look writes, reads and deletes an object.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from pingvas.adapters.storage import Storage
from pingvas.api.http.deps import DatabaseDep, StorageDep
from pingvas.base.db import Database
from pingvas.base.errors import Unavailable
from pingvas.generation.queue.workers import LIVE_SECONDS, count_live_workers

router = APIRouter(tags=["operations"])

FRESH_SECONDS = 3.0

Part = Literal["database", "storage", "worker"]
ALL: list[Part] = ["database", "storage", "worker"]


class Health(BaseModel):
    status: str = "ok"


class Readiness(BaseModel):
    """`parts` says of each part `ok`, or what is wrong with it."""

    status: str
    parts: dict[str, str]


class Looks:
    """What was seen of each part lately. However many ask at once, one looks."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, dict[str, str]]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def at(self, name: str, look: Callable[[], Awaitable[dict[str, str]]]) -> dict[str, str]:
        """What `look` says is wrong with a part, or said within the last `FRESH_SECONDS`."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            at, seen = self._seen.get(name, (-FRESH_SECONDS, {}))
            if time.monotonic() - at >= FRESH_SECONDS:
                seen = await look()
                self._seen[name] = time.monotonic(), seen
            return seen


@router.get("/healthz", operation_id="healthz")
async def healthz() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz", operation_id="readyz", responses={503: {"model": Readiness}})
async def readyz(
    request: Request,
    database: DatabaseDep,
    storage: StorageDep,
    response: Response,
    part: Annotated[list[Part], Query(description="What has to be well; all of them when left out")] = ALL,
) -> Readiness:
    """The database and the storage answer, and a worker lives. 503 with the reasons otherwise."""
    looks: Looks = request.app.state.looks
    parts: dict[str, str] = dict.fromkeys(part, "ok")
    if "database" in part or "worker" in part:
        seen = await looks.at("database", lambda: _look_at(database))
        parts |= {name: state for name, state in seen.items() if name in part}
    if "storage" in part:
        parts |= await looks.at("storage", lambda: _look_into(storage))
    ready = all(state == "ok" for state in parts.values())
    response.status_code = 200 if ready else 503
    return Readiness(status="ok" if ready else "unavailable", parts=parts)


async def _look_into(storage: Storage) -> dict[str, str]:
    """What is wrong with the storage."""
    try:
        await storage.check()
    except Unavailable as error:
        return {"storage": error.detail}
    return {}


async def _look_at(database: Database) -> dict[str, str]:
    """What is wrong with the database, and with the workers that it knows of."""
    try:
        async with database.read() as session:
            if await count_live_workers(session):
                return {}
            return {"worker": f"no worker has reported in the last {LIVE_SECONDS} seconds"}
    except Unavailable as error:
        return {"database": error.detail, "worker": "unknown while the database is away"}
