"""In which months my images were made."""

from datetime import datetime
from functools import cache
from typing import Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, Field

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, ReadSessionDep, within
from pingvas.api.http.wire import Text
from pingvas.api.routes.image_filter import FilterDep
from pingvas.gallery.collections import CollectionIsSearch, CollectionNotFound
from pingvas.gallery.dates import Month, list_months

router = APIRouter(prefix="/images", tags=["gallery"])


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("must be the name of a time zone, as in Asia/Seoul")
    return name


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


ZoneParameter = Annotated[
    Text,
    AfterValidator(_zone),
    Query(max_length=64, description="The time zone whose months are meant, by its IANA name"),
]


class ImageMonth(BaseModel):
    """A month, from its beginning to before that of the next one."""

    starts_at: datetime
    ends_at: datetime
    count: int = Field(description="How many images")

    @classmethod
    def of(cls, month: Month) -> Self:
        return cls(starts_at=month.starts_at, ends_at=month.ends_at, count=month.count)


class ImageMonths(BaseModel):
    """Only months that have images."""

    items: list[ImageMonth]


@router.get("/dates", operation_id="list_image_dates", dependencies=[within("lists")])
@raises(CollectionNotFound, CollectionIsSearch)
async def list_image_dates(
    actor: ActorDep, session: ReadSessionDep, filter: FilterDep, zone: ZoneParameter = "UTC"
) -> ImageMonths:
    """The months in which my images of a filter were made, the newest first, and how many were in each."""
    months = await list_months(session, actor, filter, ZoneInfo(zone))
    return ImageMonths(items=[ImageMonth.of(month) for month in months])
