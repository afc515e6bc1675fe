"""What images larger than the picture cost: they are decoded, made small, painted into and encoded by the worker's processor.

Counted in megapixels, which are known beforehand: the quote and the charge are of the same count. What a picture's own
size takes is in its model's figures, as it is for a picture from words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from pingvas.generation.job_parameters import InpaintParameters, JobParameters, images_of

Size = tuple[int, int]

# Seconds of one core for a megapixel, measured with photographs of 8192² (docs/decisions/0005). While the engine waits: made small,
# its clear parts filled, and what was painted put back.
IN_ENGINE = 0.03
# Beside the engine: decoded, and encoded as a PNG.
DECODED, ENCODED = 0.04, 0.2


@dataclass(frozen=True)
class MorePixels:
    """Megapixels beyond those of the picture asked for: `read` of the images it is made from, `kept` of what comes out."""

    read: float = 0.0
    kept: float = 0.0

    @property
    def beside_seconds(self) -> float:
        """Of work that nobody measures, for it goes on beside other jobs' steps."""
        return DECODED * self.read + ENCODED * self.kept

    @property
    def seconds(self) -> float:
        """All of it, as a quote expects it; what the engine waits for is measured with the rest of a job."""
        return self.beside_seconds + IN_ENGINE * (self.read + self.kept)


NO_MORE = MorePixels()


def more_pixels(parameters: JobParameters, sizes: Mapping[UUID, Size]) -> MorePixels:
    """Of a job whose images have these `sizes`, each image as often as it is read."""
    named = list(images_of(parameters))
    if not named:
        return NO_MORE
    asked = parameters.width * parameters.height
    read = sum(_beyond(sizes[image_id], asked) for image_id in named)
    kept = sum(_beyond(sizes[image_id], asked) for image_id in _keeping_size(parameters))
    return MorePixels(read / 1e6, kept / 1e6)


def _keeping_size(parameters: JobParameters) -> Iterator[UUID]:
    """The source whose size the result has, where that is not the size asked for."""
    if isinstance(parameters, InpaintParameters) and parameters.inpaint_area == "masked":
        yield parameters.source_image


def _beyond(size: Size, asked: int) -> int:
    return max(0, size[0] * size[1] - asked)
