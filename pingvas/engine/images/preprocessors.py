"""Makes the picture a ControlNet is steered by out of any picture: edges, strokes, depth. Needs no torch.

White on black, as the ControlNets of each kind were trained.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from pingvas.engine.errors import InvalidParameters
from pingvas.engine.images.masks import fit

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
DepthModel = Callable[[Image.Image], Image.Image]

PREPROCESSORS = ("none", "canny", "scribble", "depth")
CANNY_LOW = 100.0
CANNY_HIGH = 200.0
# The Gaussian before the gradient: enough against the noise of a sensor or of JPEG, too little to lose a line.
CANNY_BLUR = 0.8


def prepare(
    name: str, image: Image.Image, width: int, height: int, *, depth_model: DepthModel | None = None
) -> Image.Image:
    """The control picture, RGB of `width` x `height`, by the preprocessor `name` (one of PREPROCESSORS).

    `depth` needs a `depth_model` (`engine.depth.open_depth_model`). Raises InvalidParameters.
    """
    if name not in PREPROCESSORS:
        raise InvalidParameters(f"there is no preprocessor {name!r}; take one of {', '.join(PREPROCESSORS)}")
    if name == "depth" and depth_model is None:
        raise InvalidParameters(
            "this studio has no depth model; bring a depth picture and take the preprocessor none"
        )
    fitted = fit(image, width, height)
    if name == "canny":
        return canny(fitted)
    if name == "scribble":
        return scribble(fitted)
    if name == "depth" and depth_model is not None:
        return depth_model(fitted).convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    return fitted


def canny(image: Image.Image, low: float = CANNY_LOW, high: float = CANNY_HIGH) -> Image.Image:
    """Edges one pixel wide, white on black (Canny, 1986): Gaussian, Sobel, the ridge of the gradient, hysteresis.

    `low` and `high` are in the scale people know from OpenCV: the sum of both Sobel responses to values from 0 to
    255. A line goes on while it is above `low`, if it is above `high` somewhere.
    """
    across, down = _strongest_gradient(np.asarray(image.convert("RGB"), np.float32), CANNY_BLUR)
    strength = np.abs(across) + np.abs(down)
    ridge = _ridge(strength, across, down) & (strength > low)
    edges = _connected(ridge, ridge & (strength > high))
    return Image.fromarray(edges.astype(np.uint8) * np.uint8(255)).convert("RGB")


def scribble(image: Image.Image) -> Image.Image:
    """Contours as if drawn with a thick pen: the Canny edges of a blurred picture, thickened. No network is asked.

    The blur, a 170th of the longer side, leaves the outlines and drops texture, as a hand would.
    """
    blur = max(image.size) / 170
    smooth = image.convert("RGB").filter(ImageFilter.GaussianBlur(blur))
    # A blurred step of full contrast answers by its height over the blur's width.
    lines = canny(smooth, low=40 / max(1.0, blur), high=100 / max(1.0, blur)).convert("L")
    pen = max(3, round(max(image.size) / 170) // 2 * 2 + 1)
    return lines.filter(ImageFilter.MaxFilter(pen)).convert("RGB")


def _strongest_gradient(pixels: Floats, blur: float) -> tuple[Floats, Floats]:
    """Sobel responses across and down, (h, w) each, of the colour channel that changes most there."""
    offsets = np.arange(-2, 3)
    kernel = np.exp(-(offsets**2) / (2 * blur**2)).astype(np.float32)
    kernel /= kernel.sum()
    smooth = _convolved(_convolved(pixels, kernel, 0), kernel, 1)
    slope, mean = np.array([-1, 0, 1], np.float32), np.array([1, 2, 1], np.float32)
    across = _convolved(_convolved(smooth, slope, 1), mean, 0)
    down = _convolved(_convolved(smooth, slope, 0), mean, 1)
    channel = (np.abs(across) + np.abs(down)).argmax(axis=2)[..., None]
    return (
        np.take_along_axis(across, channel, axis=2)[..., 0],
        np.take_along_axis(down, channel, axis=2)[..., 0],
    )


def _convolved(values: Floats, kernel: Floats, axis: int) -> Floats:
    """`values` weighted along an axis; beyond the edges the last value goes on."""
    reach = len(kernel) // 2
    margins = [(reach, reach) if number == axis else (0, 0) for number in range(values.ndim)]
    wide = np.pad(values, margins, mode="edge")
    length = values.shape[axis]
    total = np.zeros_like(values)
    for offset, weight in enumerate(kernel):
        if weight:
            part = [slice(None)] * values.ndim
            part[axis] = slice(offset, offset + length)
            total += weight * wide[tuple(part)]
    return total


def _ridge(strength: Floats, across: Floats, down: Floats) -> Flags:
    """Where the gradient is the strongest along its own direction: of a slope only its steepest pixel stays."""
    wide = np.pad(strength, 1)
    height, width = strength.shape

    def neighbour(x: int, y: int) -> Floats:
        return wide[1 + y : 1 + y + height, 1 + x : 1 + x + width]

    steep, flat = np.abs(down) > 2.4142 * np.abs(across), np.abs(down) < 0.4142 * np.abs(across)
    falling = across * down > 0
    directions = [
        (flat, (1, 0)),
        (steep, (0, 1)),
        (~flat & ~steep & falling, (1, 1)),
        (~flat & ~steep & ~falling, (1, -1)),
    ]
    ridge = np.zeros_like(steep)
    for chosen, (x, y) in directions:
        # Above one side and not below the other: of two equal pixels exactly one stays.
        ridge |= chosen & (strength > neighbour(-x, -y)) & (strength >= neighbour(x, y))
    return ridge


def _connected(weak: Flags, strong: Flags) -> Flags:
    """The pixels of `weak` that hang together, over corners too, with one of `strong`."""
    height, width = weak.shape
    left = np.zeros((height + 2) * (width + 2), bool)
    left.reshape(height + 2, width + 2)[1:-1, 1:-1] = weak
    found = np.zeros_like(left)
    rim = width + 2
    around = np.array([-rim - 1, -rim, -rim + 1, -1, 1, rim - 1, rim, rim + 1])
    front = np.flatnonzero(np.pad(strong & weak, 1))
    while front.size:
        found[front] = True
        left[front] = False
        near = (front[:, None] + around).ravel()
        front = np.unique(near[left[near]])
    return found.reshape(height + 2, width + 2)[1:-1, 1:-1]
