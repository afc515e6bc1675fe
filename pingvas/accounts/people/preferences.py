"""How a person likes the page and their pictures: what may be kept, and how a change is merged into it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pingvas.base.errors import BadField, Invalid, message_of

LONGEST_TEXT = 4000


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    return text


# Of models and samplers, which the catalog knows and this room does not.
_Name = Annotated[str, Field(max_length=200), AfterValidator(_without_nul)]


class _Kept(BaseModel):
    # Strict: "1" is no number here, and what is kept is what was sent.
    model_config = ConfigDict(extra="forbid", strict=True)


class Defaults(_Kept):
    """What the form starts with. What a model cannot do is left out there, as with any other model that is chosen."""

    model: _Name | None = None
    sampler: _Name | None = None
    width: int | None = Field(None, ge=64, le=16_384)
    height: int | None = Field(None, ge=64, le=16_384)
    steps: int | None = Field(None, ge=1, le=1000)
    cfg_scale: float | None = Field(None, ge=0, le=100)
    count: int | None = Field(None, ge=1, le=1000)
    negative_prompt: Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_without_nul)] | None = (
        None
    )
    format: Literal["png", "jpg", "webp"] | None = None
    visibility: Literal["private", "public", "unlisted"] | None = None


class Notices(_Kept):
    """What the page tells when it happens elsewhere; each is told unless it is switched off."""

    job_completed: bool | None = None
    job_failed: bool | None = None
    credits_low: bool | None = None
    sound: bool | None = None


class Gallery(_Kept):
    """How pictures are laid out, and which come first."""

    density: Literal["small", "medium", "large"] | None = None
    sort: Literal["newest", "oldest"] | None = None


class Preferences(_Kept):
    """Everything that is kept; what is absent is as the studio has it."""

    language: Literal["en", "ko"] | None = None
    theme: Literal["light", "dark", "system"] | None = None
    defaults: Defaults | None = None
    notices: Notices | None = None
    gallery: Gallery | None = None
    # What others get beside a picture that they may see: how it was made too, or that AI made it alone.
    tell_others: Literal["everything", "label"] | None = None


def merged(present: Mapping[str, Any], change: Mapping[str, Any] | None) -> dict[str, Any]:
    """`present` with a merge patch (RFC 7396) applied, field by field at every depth; None removes everything.

    What was kept by an earlier version and has no meaning any more is dropped. Raises Invalid naming the fields.
    """
    if change is None:
        return {}
    accepted = _checked(_without_nulls(change))
    return _pruned(_patched(_kept(present), change, accepted))


def _checked(change: dict[str, Any]) -> dict[str, Any]:
    try:
        return Preferences.model_validate(change).model_dump(exclude_unset=True)
    except ValidationError as error:
        wrong = [
            BadField(".".join(["preferences", *map(str, found["loc"])]), message_of(found))
            for found in error.errors()
        ]
        raise Invalid("Some preferences are not valid.", errors=wrong) from None


def meaningful(present: Mapping[str, Any]) -> Preferences:
    """What of the kept ones is still valid."""
    return Preferences.model_validate(_kept(present))


def _kept(present: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return Preferences.model_validate(present).model_dump(exclude_unset=True)
    except ValidationError as error:
        left = dict(present)
        for found in error.errors():
            left.pop(str(found["loc"][0]), None)
        return left


def _patched(
    present: Mapping[str, Any], change: Mapping[str, Any], accepted: Mapping[str, Any]
) -> dict[str, Any]:
    result = dict(present)
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            inner = present.get(key)
            result[key] = _patched(inner if isinstance(inner, Mapping) else {}, value, accepted[key])
        else:
            result[key] = accepted[key]
    return result


def _without_nulls(change: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_nulls(value) if isinstance(value, Mapping) else value
        for key, value in change.items()
        if value is not None
    }


def _pruned(kept: dict[str, Any]) -> dict[str, Any]:
    """Without groups that have become empty."""
    return {key: value for key, value in kept.items() if value != {}}
