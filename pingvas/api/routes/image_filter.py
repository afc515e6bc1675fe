"""The query parameters that say which of my images a list is to hold."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from pingvas.api.http.wire import Moment, Text
from pingvas.gallery.library import ImageFilter, Origin, Sort
from pingvas.gallery.search import MAX_QUERY
from pingvas.gallery.tag_names import MAX_TAGS, TagName, distinct
from pingvas.generation.job_parameters import JobType
from pingvas.generation.requests.job_request import Visibility

MAX_LORAS = 16
MAX_SEED = 2**64 - 1

_Q = Query(
    max_length=MAX_QUERY,
    description='Words of its prompts, tags and collections: all of them, in part too; `"quoted"` they follow each other, and '
    "what a `-word` names is left out",
)
_Tags = Query(max_length=MAX_TAGS, description="Has it; several: has all of them")
_Loras = Query(max_length=MAX_LORAS, description="Was made with it; several: with all of them")
_Sort = Query(
    description="Left out: `newest`, or the order of the collection that is asked for; `rating`: what I like most first; "
    "`largest` and `smallest`: by the size of the file"
)
_Trashed = Query(description="Those in the trash instead, what went into it last first")
_Pixels = Annotated[int | None, Query(ge=1, le=1_000_000)]
_Stars = Annotated[int | None, Query(ge=0, le=5, description="What I think of it; 0: nothing")]


def _image_filter(
    q: Annotated[Text, _Q] = "",
    favorite: bool | None = None,
    visibility: Visibility | None = None,
    model: Annotated[Text | None, Query(max_length=200)] = None,
    job_type: JobType | None = None,
    lora: Annotated[list[Annotated[Text, Query(max_length=200)]] | None, _Loras] = None,
    seed: Annotated[int | None, Query(ge=0, le=MAX_SEED)] = None,
    origin: Annotated[Origin | None, Query(description="`made` by a job, or `uploaded`")] = None,
    api_key: Annotated[UUID | None, Query(description="Asked for with this key of mine")] = None,
    rating_from: _Stars = None,
    rating_to: _Stars = None,
    width_from: _Pixels = None,
    width_to: _Pixels = None,
    height_from: _Pixels = None,
    height_to: _Pixels = None,
    created_from: Annotated[Moment | None, Query(description="At or after, with a zone")] = None,
    created_to: Annotated[Moment | None, Query(description="Before, with a zone")] = None,
    collection: Annotated[UUID | None, Query(description="Those in this collection of mine")] = None,
    sort: Annotated[Sort | None, _Sort] = None,
    tag: Annotated[list[TagName] | None, _Tags] = None,
    trashed: Annotated[bool, _Trashed] = False,
) -> ImageFilter:
    return ImageFilter(
        favorite=favorite,
        visibility=visibility,
        model=model,
        job_type=job_type,
        created_from=created_from,
        created_to=created_to,
        sort=sort,
        collection=collection,
        tags=distinct(tuple(tag or ())),
        q=q,
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
        trashed=trashed,
    )


ImageFilterDep = Annotated[ImageFilter, Depends(_image_filter)]
