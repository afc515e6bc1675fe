"""Which of my images are meant: the same words in the query of a list and in the body of a change."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, WithJsonSchema
from pydantic.config import JsonDict

from pingvas.api.http.wire import Moment, Text, left_out
from pingvas.gallery.library import ImageFilter, Origin, Sort
from pingvas.gallery.search import MAX_QUERY
from pingvas.gallery.tag_names import MAX_TAGS, TagName, distinct
from pingvas.generation.job_parameters import JobType
from pingvas.generation.requests.job_request import WHOLE, Visibility

MAX_MODEL, MAX_LORAS = 200, 16
MAX_SEED = 2**64 - 1
MAX_PIXELS = 1_000_000
_Q = (
    'Words of its prompts, tags and collections: all of them, in part too; `"quoted"` they follow each other, and what a '
    "`-word` names is left out"
)
_FROM, _TO = "At or after, with a zone", "Before, with a zone"
_INSIDE, _TAGGED = "Those in this collection of mine", "Has it; several: has all of them"
_LORAS = "Was made with it; several: with all of them"
_ORIGIN = "`made` by a job, or `uploaded`"
_KEY = "Asked for with this key of mine"
_STARS = "What I think of it; 0: nothing"

_Lora = Annotated[Text, Field(max_length=MAX_MODEL)]
_Pixels = Annotated[int | None, Query(ge=1, le=MAX_PIXELS)]
_Stars = Annotated[int | None, Query(ge=0, le=5, description=_STARS)]


def _number_or_digits(value: object) -> object:
    """As text too: numbers of a browser are not exact up to there."""
    is_text = isinstance(value, str) and _DIGITS.fullmatch(value) is not None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_text or is_number):
        raise ValueError("must be a whole number, or its digits as text")
    return value


_DIGITS = re.compile(r"[0-9]{1,20}")
_SEED: JsonDict = {
    "anyOf": [
        {"type": "integer", "minimum": 0, "exclusiveMaximum": MAX_SEED + 1},
        {"type": "string", "pattern": "^[0-9]{1,19}$", "description": "Its digits"},
    ]
}
_SeedIn = Annotated[
    int,
    Field(default_factory=left_out, ge=0, lt=MAX_SEED + 1),
    BeforeValidator(_number_or_digits),
    WithJsonSchema(_SEED),
]
_PixelsIn = Annotated[int, Field(default_factory=left_out, ge=1, le=MAX_PIXELS), WHOLE]
_StarsIn = Annotated[int, Field(default_factory=left_out, ge=0, le=5, description=_STARS), WHOLE]


async def _asked(
    q: Annotated[Text, Query(max_length=MAX_QUERY, description=_Q)] = "",
    favorite: bool | None = None,
    visibility: Visibility | None = None,
    model: Annotated[Text | None, Query(max_length=MAX_MODEL)] = None,
    job_type: JobType | None = None,
    lora: Annotated[list[_Lora] | None, Query(max_length=MAX_LORAS, description=_LORAS)] = None,
    seed: Annotated[int | None, Query(ge=0, lt=MAX_SEED + 1)] = None,
    origin: Annotated[Origin | None, Query(description=_ORIGIN)] = None,
    api_key: Annotated[UUID | None, Query(description=_KEY)] = None,
    rating_from: _Stars = None,
    rating_to: _Stars = None,
    width_from: _Pixels = None,
    width_to: _Pixels = None,
    height_from: _Pixels = None,
    height_to: _Pixels = None,
    created_from: Annotated[Moment | None, Query(description=_FROM)] = None,
    created_to: Annotated[Moment | None, Query(description=_TO)] = None,
    collection: Annotated[UUID | None, Query(description=_INSIDE)] = None,
    tag: Annotated[list[TagName] | None, Query(max_length=MAX_TAGS, description=_TAGGED)] = None,
) -> ImageFilter:
    return ImageFilter(
        q=q,
        favorite=favorite,
        visibility=visibility,
        model=model,
        job_type=job_type,
        loras=distinct(tuple(lora or ())),
        seed=seed,
        origin=origin,
        api_key=api_key,
        rating_from=rating_from,
        rating_to=rating_to,
        width_from=width_from,
        width_to=width_to,
        height_from=height_from,
        height_to=height_to,
        created_from=created_from,
        created_to=created_to,
        collection=collection,
        tags=distinct(tuple(tag or ())),
    )


FilterDep = Annotated[ImageFilter, Depends(_asked)]
SortParameter = Annotated[
    Sort | None,
    Query(
        description="Left out: `newest`, or the order of the collection that is asked for; `rating`: what I like most first; "
        "`largest` and `smallest`: by the size of the file"
    ),
]


class FilterIn(BaseModel):
    """Which of my images, in the words of `GET /images`; an empty one: all of them that are not in the trash."""

    model_config = ConfigDict(extra="forbid")

    q: Text = Field(default_factory=left_out, max_length=MAX_QUERY, description=_Q)
    favorite: StrictBool = Field(default_factory=left_out)
    visibility: Visibility = Field(default_factory=left_out)
    model: Text = Field(default_factory=left_out, max_length=MAX_MODEL)
    job_type: JobType = Field(default_factory=left_out)
    lora: Annotated[tuple[_Lora, ...], Field(max_length=MAX_LORAS, description=_LORAS)] = ()
    seed: _SeedIn
    origin: Origin = Field(default_factory=left_out, description=_ORIGIN)
    api_key: UUID = Field(default_factory=left_out, description=_KEY)
    rating_from: _StarsIn
    rating_to: _StarsIn
    width_from: _PixelsIn
    width_to: _PixelsIn
    height_from: _PixelsIn
    height_to: _PixelsIn
    created_from: Moment = Field(default_factory=left_out, description=_FROM)
    created_to: Moment = Field(default_factory=left_out, description=_TO)
    collection: UUID = Field(default_factory=left_out, description=_INSIDE)
    tag: Annotated[tuple[TagName, ...], Field(max_length=MAX_TAGS, description=_TAGGED)] = ()

    def filter(self) -> ImageFilter:
        said = self.model_dump(exclude_unset=True)
        tags, loras = distinct(said.pop("tag", ())), distinct(said.pop("lora", ()))
        return ImageFilter(**said, tags=tags, loras=loras)
