"""What people's devices hear of their jobs, from the request to the picture."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel

from pingvas.base.events import EventPayload


class JobPending(EventPayload):
    """A job waits for a slot of its person's plan. Its place is told where it is known."""

    event: ClassVar[str] = "job:pending"

    job_id: UUID
    position: int | None = None
    eta_seconds: float | None = None


class JobQueued(EventPayload):
    """A job is queued for a worker, for the first time or again. Its place is told where it is known."""

    event: ClassVar[str] = "job:queued"

    job_id: UUID
    position: int | None = None
    eta_seconds: float | None = None


class JobStarted(EventPayload):
    """A worker has taken a job. `total_steps`: null for a job that has no steps of its own."""

    event: ClassVar[str] = "job:started"

    job_id: UUID
    worker_id: str
    total_steps: int | None


class JobProgress(EventPayload):
    """A step is done. `preview_url`: null when this step has no preview."""

    event: ClassVar[str] = "job:progress"

    job_id: UUID
    step: int
    total_steps: int
    percent: float
    step_name: str
    preview_url: str | None
    eta_seconds: float | None


class KeyPayload(BaseModel):
    """The API key that something was asked for with."""

    id: UUID
    name: str


class ImagePayload(BaseModel):
    """A finished image as the API shows it."""

    id: UUID
    job_id: UUID
    width: int
    height: int
    format: Literal["png", "jpg", "webp"]
    file_size: int
    visibility: Literal["private", "unlisted", "public"]
    is_favorite: bool
    rating: int
    tags: list[str]
    generation_params: dict[str, Any]
    thumbnail_url: str | None
    thumbnail_large_url: str | None
    thumbhash: str | None
    file_url: str
    api_key: KeyPayload | None
    created_at: datetime
    trashed_at: datetime | None


class JobCompleted(EventPayload):
    """A job has its image, and what it cost."""

    event: ClassVar[str] = "job:completed"

    job_id: UUID
    image: ImagePayload
    actual_credits: int


class JobFailed(EventPayload):
    """A job ended without an image, and what was given back for it."""

    event: ClassVar[str] = "job:failed"

    job_id: UUID
    code: str
    message: str
    refunded_credits: int


class JobCanceled(EventPayload):
    """A job was canceled, and what was given back for it."""

    event: ClassVar[str] = "job:canceled"

    job_id: UUID
    refunded_credits: int
