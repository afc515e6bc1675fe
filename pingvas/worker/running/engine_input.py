"""What the engine is given for one job, once everything it is made from has been loaded."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from pingvas.engine.requests import EngineRequest, Setup
from pingvas.generation.pricing.large_sources import NO_MORE, MorePixels


@dataclass(frozen=True)
class Enlarge:
    """A picture to make `scale` times as large by the upscaler at `path`."""

    path: Path
    source: Image.Image
    scale: float


@dataclass
class EngineInput:
    """All the engine needs for one job: something to enlarge, a request, or the one and then the other on top of it.

    `more` is what its images have beyond the picture's size. Close it when the engine is done: until then the models' files stay where they are.
    """

    enlarge: Enlarge | None = None
    setup: Setup | None = None
    request: EngineRequest | None = None
    more: MorePixels = NO_MORE
    files: ExitStack = field(default_factory=ExitStack, repr=False)

    def close(self) -> None:
        """The models' files are not needed any more."""
        self.files.close()
