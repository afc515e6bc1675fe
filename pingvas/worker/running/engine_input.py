"""What the engine is given for one job, once everything it is made from has been loaded."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from pingvas.engine.requests import EngineRequest, Setup


@dataclass(frozen=True)
class Enlarge:
    """A picture to make `scale` times as large by the upscaler at `path`."""

    path: Path
    source: Image.Image
    scale: float


@dataclass
class EngineInput:
    """All the engine needs for one job: something to enlarge, a request, or the one and then the other on top of it.

    Close it when the engine is done: until then the models' files stay where they are.
    """

    enlarge: Enlarge | None = None
    setup: Setup | None = None
    request: EngineRequest | None = None
    files: ExitStack = field(default_factory=ExitStack, repr=False)

    def close(self) -> None:
        """The models' files are not needed any more."""
        self.files.close()
