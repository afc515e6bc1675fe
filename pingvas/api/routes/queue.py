"""How the queue stands: `/queue`."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, ReadSessionDep, within
from pingvas.billing.subscriptions import NoSubscription
from pingvas.generation.status.queue_summary import COUNTED, read_queue_summary

router = APIRouter(tags=["generation"])


class LaneOut(BaseModel):
    """The jobs of one lane. `idle` jobs run when no `normal` one waits."""

    model_config = ConfigDict(from_attributes=True)

    waiting: int = Field(description=f"Jobs that wait for a machine, counted up to {COUNTED}")
    waiting_at_least: bool = Field(description="There are more; nobody counted further")
    processing: int


class LanesOut(BaseModel):
    normal: LaneOut
    idle: LaneOut


class MyQueueOut(BaseModel):
    """What I have of it beside what my plan allows. Each lane has `max_queues` slots for jobs that wait for a worker or run."""

    model_config = ConfigDict(from_attributes=True)

    slots_used: int
    idle_slots_used: int
    max_queues: int
    open_jobs: int = Field(description="My jobs that have not ended, those that wait for a slot too")
    max_open_jobs: int


class QueueOut(LaneOut):
    """Both lanes together, each by itself, and me. `position` and `eta_seconds` are of my first waiting job."""

    position: int | None
    eta_seconds: float | None
    workers: int = Field(description="Machines that take jobs")
    mean_wait_seconds: float | None = Field(
        description="From entering the queue to starting, of jobs that ended lately"
    )
    lanes: LanesOut
    mine: MyQueueOut


@router.get("/queue", operation_id="get_queue", dependencies=[within("lists")])
@raises(NoSubscription)
async def get_queue(actor: ActorDep, session: ReadSessionDep) -> QueueOut:
    """How long the queue is, where I am in it, and how much of it my plan lets me use."""
    state = await read_queue_summary(session, actor)
    return QueueOut(
        waiting=state.waiting,
        waiting_at_least=state.waiting_at_least,
        processing=state.processing,
        position=state.position,
        eta_seconds=state.eta_seconds,
        workers=state.workers,
        mean_wait_seconds=state.mean_wait_seconds,
        lanes=LanesOut(normal=LaneOut.model_validate(state.normal), idle=LaneOut.model_validate(state.idle)),
        mine=MyQueueOut.model_validate(state.mine),
    )
