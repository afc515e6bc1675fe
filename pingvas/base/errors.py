"""The kinds of error the house knows. A concrete error stands in the room where it happens and carries a code.

Kinds have no HTTP numbers: `api/http/errors.py` gives each kind its status. Codes are stable; `docs/errors.md` lists them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


class StudioError(Exception):
    """Something a caller can be told. `code` is stable, `detail` is a sentence for people.

    `retry_after`: seconds after which the same call may go through, where that is known.
    """

    code: ClassVar[str] = "internal_error"
    default_detail: ClassVar[str] = "Something went wrong."

    def __init__(
        self,
        detail: str | None = None,
        *,
        extra: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.detail = detail or self.default_detail
        self.extra = dict(extra or {})
        self.retry_after = retry_after
        super().__init__(self.detail)


class Unauthorized(StudioError):
    """Who asks is not known."""

    code = "unauthorized"
    default_detail = "Sign in first."


class PaymentRequired(StudioError):
    """What was asked for costs more than is there."""


class Forbidden(StudioError):
    """Who asks is known and may not."""

    code = "forbidden"
    default_detail = "You may not do that."


class NotFound(StudioError):
    """It does not exist, or it is somebody else's, which is told the same way."""

    code = "not_found"
    default_detail = "There is no such thing here."


class Conflict(StudioError):
    """It contradicts the present state."""

    code = "conflict"
    default_detail = "That contradicts what is there now."


class PreconditionFailed(StudioError):
    """It presupposes what is not so."""

    code = "precondition_failed"
    default_detail = "What this call presupposes is not so."


class TooLarge(StudioError):
    """More bytes than are taken."""

    code = "payload_too_large"
    default_detail = "That is too large."


class Unsupported(StudioError):
    """A kind of content that is not read."""

    code = "unsupported_media_type"
    default_detail = "That kind of content is not supported."


@dataclass(frozen=True)
class BadField:
    """A field of the input that is wrong, by its name (one inside another: `refine.steps`), and what is wrong with it.

    Where in a request it stands (body, query, header) is for the API to say. `code` is stable, for those who say it in
    words of their own.
    """

    name: str
    message: str
    code: str | None = None


class Invalid(StudioError):
    """Bad input. `errors` names each bad field; of a single one, `field` is the name, `reason` what is wrong with it and
    `reason_code` the stable code of that."""

    code = "validation_error"
    default_detail = "Some of the input is not valid."

    def __init__(
        self,
        detail: str | None = None,
        *,
        field: str | None = None,
        reason: str | None = None,
        reason_code: str | None = None,
        errors: Sequence[BadField] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail, extra=extra)
        self.errors = list(errors)
        if field is not None:
            self.errors.append(BadField(field, reason or self.detail, reason_code))


class TimedOut(StudioError):
    """The one who asks took too long."""

    code = "request_timeout"
    default_detail = "That took too long."


class TooMany(StudioError):
    """More than is allowed at once or in a time."""

    code = "rate_limited"
    default_detail = "Too many requests. Try again a little later."


class Unavailable(StudioError):
    """A part the studio needs is down or full; the same call may go through later."""

    code = "unavailable"
    default_detail = "A part of the studio is not available right now. Try again in a moment."


def message_of(error: Mapping[str, Any]) -> str:
    """What pydantic says is wrong with a field; of our own validators the sentence alone, without its words before it."""
    return str(error["msg"]).removeprefix("Value error, ")
