"""Which of my images are meant: the same words in the query of a list and in the body of a change."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from pingvas.api.http.wire import Moment, Text, left_out
from pingvas.gallery.library import ImageFilter, Sort
from pingvas.gallery.tag_names import MAX_TAGS, TagName, distinct
from pingvas.generation.job_parameters import JobType
from pingvas.generation.requests.job_request import Visibility

MAX_MODEL = 200
_FROM, _TO = "At or after, with a zone", "Before, with a zone"
_INSIDE, _TAGGED = "Those in this collection of mine", "Has it; several: has all of them"


def _asked(
    favorite: bool | None = None,
    visibility: Visibility | None = None,
    model: Annotated[Text | None, Query(max_length=MAX_MODEL)] = None,
    job_type: JobType | None = None,
    created_from: Annotated[Moment | None, Query(description=_FROM)] = None,
    created_to: Annotated[Moment | None, Query(description=_TO)] = None,
    collection: Annotated[UUID | None, Query(description=_INSIDE)] = None,
    tag: Annotated[list[TagName] | None, Query(max_length=MAX_TAGS, description=_TAGGED)] = None,
) -> ImageFilter:
    return ImageFilter(
        favorite=favorite,
        visibility=visibility,
        model=model,
        job_type=job_type,
        created_from=created_from,
        created_to=created_to,
        collection=collection,
        tags=distinct(tuple(tag or ())),
    )


FilterDep = Annotated[ImageFilter, Depends(_asked)]
SortParameter = Annotated[
    Sort | None, Query(description="Left out: `newest`, or the order of the collection that is asked for")
]


class FilterIn(BaseModel):
    """Which of my images, in the words of `GET /images`; an empty one: all of them."""

    model_config = ConfigDict(extra="forbid")

    favorite: StrictBool = Field(default_factory=left_out)
    visibility: Visibility = Field(default_factory=left_out)
    model: Text = Field(default_factory=left_out, max_length=MAX_MODEL)
    job_type: JobType = Field(default_factory=left_out)
    created_from: Moment = Field(default_factory=left_out, description=_FROM)
    created_to: Moment = Field(default_factory=left_out, description=_TO)
    collection: UUID = Field(default_factory=left_out, description=_INSIDE)
    tag: Annotated[tuple[TagName, ...], Field(max_length=MAX_TAGS, description=_TAGGED)] = ()

    def filter(self) -> ImageFilter:
        return _asked(**self.model_dump(exclude_unset=True))
