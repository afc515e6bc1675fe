"""What was made and spent, as the contract shows it: of one person, and of everybody."""

from datetime import date
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from pingvas.api.http.tables_as_csv import csv_answer
from pingvas.generation.statuses import ENDED
from pingvas.generation.usage.read_usage import Figures, Usage

_COLUMNS = ("day", "model", "job_type", "key_id", "key", *ENDED, "credits", "gpu_seconds")


class FiguresOut(BaseModel):
    """Jobs by their end, the credits that they cost, and the seconds of GPU time that were measured."""

    model_config = ConfigDict(from_attributes=True)

    completed: int
    failed: int
    canceled: int
    credits: int
    gpu_seconds: float


class DayOut(FiguresOut):
    day: date


class ModelUsageOut(FiguresOut):
    model: str


class KindOut(FiguresOut):
    job_type: str


class KeyUsageOut(FiguresOut):
    key_id: UUID | None = Field(description="null: no key asked for them")
    name: str | None = Field(description="null: no key, or one that is gone")


class UsageOut(BaseModel):
    """Jobs count on the day (UTC) that they ended. `days` has each day; the rest what was used, the dearest first."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    totals: FiguresOut
    days: list[DayOut]
    models: list[ModelUsageOut]
    kinds: list[KindOut]
    keys: list[KeyUsageOut]


def usage_out(usage: Usage) -> UsageOut:
    return UsageOut(
        first=usage.first,
        last=usage.last,
        totals=FiguresOut(**_told(usage.totals)),
        days=[DayOut(day=day, **_told(figures)) for day, figures in usage.days],
        models=[ModelUsageOut(model=model, **_told(figures)) for model, figures in usage.models],
        kinds=[KindOut(job_type=kind, **_told(figures)) for kind, figures in usage.kinds],
        keys=[
            KeyUsageOut(key_id=key_id, name=name, **_told(figures)) for (key_id, name), figures in usage.keys
        ],
    )


def usage_csv(usage: Usage) -> Response:
    """A row for each day, model, kind and key."""
    rows = (
        (row.day, row.model, row.job_type, row.key_id, row.key_name, *_told(row).values())
        for row in usage.rows
    )
    return csv_answer(_COLUMNS, rows, name=f"usage-{usage.first}-{usage.last}")


def _told(figures: Figures) -> dict[str, float]:
    return {
        "completed": figures.completed,
        "failed": figures.failed,
        "canceled": figures.canceled,
        "credits": figures.credits,
        "gpu_seconds": round(figures.gpu_seconds, 3),
    }
