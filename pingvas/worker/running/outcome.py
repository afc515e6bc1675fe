"""What became of a job in this worker, before it is written down."""

from __future__ import annotations

from dataclasses import dataclass

from pingvas.engine.requests import Result
from pingvas.generation.pricing.large_sources import NO_MORE, MorePixels


@dataclass(frozen=True)
class Made:
    """There is a picture. `more` is what its images have beyond its size."""

    result: Result
    more: MorePixels = NO_MORE

    @property
    def seconds(self) -> float:
        """What is paid: the engine's time, and that of the work beside it that large images make."""
        return self.result.gpu_seconds + self.more.beside_seconds


@dataclass(frozen=True)
class Failed:
    """It cannot be done, and trying again would not help. `code` is one of the contract's."""

    code: str
    message: str
    gpu_seconds: float


@dataclass(frozen=True)
class Canceled:
    """Its owner took it back."""

    gpu_seconds: float


@dataclass(frozen=True)
class HandedBack:
    """This worker cannot finish it, but another one, or a later one, can."""

    delay_seconds: float = 0.0


@dataclass(frozen=True)
class Crashed:
    """Something nobody foresaw: a bug."""

    message: str


@dataclass(frozen=True)
class Lost:
    """It is no longer this worker's, and there is nothing to write."""


Outcome = Made | Failed | Canceled | HandedBack | Crashed | Lost
