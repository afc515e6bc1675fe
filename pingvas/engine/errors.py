"""What can go wrong while a picture is made, each with the code a job carries when it fails for it."""

from __future__ import annotations

from typing import ClassVar

_MOST_QUOTED = 80


class EngineError(Exception):
    """A failure with a known cause. `gpu_seconds` is how long the device worked before it."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.gpu_seconds = 0.0


class ModelNotFound(EngineError):
    """There is no model where the catalog says."""

    code = "model_not_found"


class ModelLoadFailed(EngineError):
    """The model is there and cannot be used: damaged, a pickle, of an unknown family."""

    code = "model_load_failed"


class OutOfMemory(EngineError):
    """The device has too little memory for this request; the engine stays usable."""

    code = "out_of_memory"


class InvalidParameters(EngineError):
    """The request asks for what cannot be done; the message says what to change."""

    code = "invalid_parameters"


class PromptNotUnderstood(InvalidParameters):
    """The prompt holds something that belongs to a prompt language and cannot be done here; the message quotes it.

    `\\` before it makes it plain characters.
    """

    def __init__(self, written: str, reason: str) -> None:
        shown = written if len(written) <= _MOST_QUOTED else f"{written[: _MOST_QUOTED - 1]}…"
        super().__init__(f"`{shown}`: {reason}")


class NotANumber(InvalidParameters):
    """The numbers blew up: there is no picture to show, and the parameters are why."""


class Canceled(EngineError):
    """`is_canceled` said so; raised at the next step, and the engine stays usable."""

    code = "canceled"


class Unforeseen(EngineError):
    """A bug met while one picture of a batch was made: the others are not touched. Its cause says more."""
