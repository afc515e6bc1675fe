"""Is the studio alive, is it ready, and its figures: for probes and Prometheus, not for people."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import text

from pingvas.api.deps import DatabaseDep, StorageDep
from pingvas.base.errors import Unavailable

router = APIRouter(tags=["operations"])

_LIVE_WORKERS = text(
    "SELECT count(*) FROM workers WHERE NOT stopping AND heartbeat_at > now() - interval '30 seconds'"
)


class Health(BaseModel):
    status: str = "ok"


class Readiness(BaseModel):
    """`parts` says of each part `ok`, or what is wrong with it."""

    status: str
    parts: dict[str, str]


@router.get("/healthz", operation_id="healthz")
async def healthz() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz", operation_id="readyz", responses={503: {"model": Readiness}})
async def readyz(database: DatabaseDep, storage: StorageDep, response: Response) -> Readiness:
    """The database and the storage answer, and a worker lives. 503 with the reasons otherwise."""
    parts = {"database": "ok", "storage": "ok", "worker": "ok"}
    try:
        async with database.read() as session:
            if not await session.scalar(_LIVE_WORKERS):
                parts["worker"] = "no worker has reported in the last 30 seconds"
    except Unavailable as error:
        parts["database"] = error.detail
        parts["worker"] = "unknown while the database is away"
    try:
        await storage.check()
    except Unavailable as error:
        parts["storage"] = error.detail
    ready = all(state == "ok" for state in parts.values())
    response.status_code = 200 if ready else 503
    return Readiness(status="ok" if ready else "unavailable", parts=parts)


@router.get("/metrics", operation_id="metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Prometheus text format."""
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
