"""Enlarges pictures with upscaler models (ESRGAN, SwinIR, compact and what else spandrel knows), tile by tile.

The result is put together on the CPU, a band of tiles at a time, and brought to its exact size on the way: memory
is needed for the picture itself and one band, not for what the model would make of the whole at once.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from safetensors.torch import load_file

from pingvas.engine.checkpoints.detect import detect, expect_openable
from pingvas.engine.checkpoints.limits import LEAST_SCALE, MOST_SCALE
from pingvas.engine.errors import (
    Canceled,
    EngineError,
    InvalidParameters,
    ModelLoadFailed,
    ModelNotFound,
    NotANumber,
    OutOfMemory,
)
from pingvas.engine.images.image_strips import StripImage
from pingvas.engine.images.tiles import Span, cut
from pingvas.engine.images.transparency import filled
from pingvas.engine.images.without_torchvision import import_spandrel
from pingvas.engine.memory.out_of_memory import is_out_of_memory

Size = tuple[int, int]

MAX_SIDE = 16384
MIN_TILE = 64
OVERLAP = 16
# So much is left to Lanczos: a second run of the model for the last few percent would cost a hundred times as much.
STRETCH = 1.1


@dataclass(frozen=True)
class Upscaler:
    """A loaded upscaler: `network` takes (n, channels, h, w) from 0 to 1 and gives the same `scale` times as large."""

    name: str
    architecture: str
    scale: int
    channels: int
    bytes: int
    network: Any

    @property
    def device(self) -> torch.device:
        device: torch.device = self.network.device
        return device

    def to(self, device: torch.device) -> None:
        """Move the weights to another device."""
        self.network.to(device)


def open_upscaler(path: Path, device: torch.device) -> Upscaler:
    """Load a safetensors file. Raises ModelNotFound, ModelLoadFailed, OutOfMemory, each saying what is the matter."""
    if not path.is_file():
        raise ModelNotFound(f"There is no upscaler {path.name}.")
    try:
        found = detect(path)
    except ModelLoadFailed as error:
        raise ModelLoadFailed(f"The upscaler {path.name} cannot be loaded: {error}") from error
    # Spandrel knows more upscalers than can be told by their header.
    if found.kind != "unknown":
        expect_openable(found, path.name)
    spandrel = import_spandrel()
    model = None
    try:
        with warnings.catch_warnings():
            # What an architecture is advised to write differently is no news for those who use it.
            warnings.simplefilter("ignore")
            model = spandrel.MAIN_REGISTRY.load(load_file(path))
        _expect_upscaler(path.name, model)
        model.to(device).eval()
        # On a card half precision is twice as fast, and its 11 bits are enough for 8; bfloat16's 8 are not.
        if device.type == "cuda" and model.supports_half:
            model.half()
        model.model.to(memory_format=torch.channels_last)
    except EngineError:
        raise
    except spandrel.UnsupportedModelError as error:
        raise ModelLoadFailed(f"{path.name} is of no architecture that this engine knows.") from error
    # A damaged file shows itself in many ways, in each architecture in another.
    except Exception as error:
        if not is_out_of_memory(error):
            raise ModelLoadFailed(f"The upscaler {path.name} cannot be loaded: {error}") from error
        model = None
    if model is None:
        raise OutOfMemory("There is too little memory on this device for this upscaler.")
    return Upscaler(
        name=path.name,
        architecture=model.architecture.id,
        scale=model.scale,
        channels=model.input_channels,
        bytes=sum(weight.nbytes for weight in model.model.parameters()),
        network=model,
    )


def upscale(
    upscaler: Upscaler,
    image: Image.Image,
    scale: float,
    *,
    tile: int | None = None,
    overlap: int = OVERLAP,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    is_canceled: Callable[[], bool] = lambda: False,
) -> Image.Image:
    """`image` (RGB or RGBA) `scale` times as large: each side `round(side * scale)`, at least 1 pixel.

    The model runs as often as `scale` asks for, and Lanczos does the rest; alpha is enlarged by Lanczos alone, and what
    is clear shows the model the colours around it, or its edges would be black.
    `tile` is in pixels of what the model reads (None: what suits the device) and is halved when memory runs out;
    neighbouring tiles share at least twice `overlap`. `on_progress` hears of every tile; `is_canceled` is asked
    before each. Raises Canceled, OutOfMemory, NotANumber, InvalidParameters.
    """
    size = target_size(image, scale)
    picture = filled(image)
    tile = max(MIN_TILE, tile or (512 if upscaler.device.type == "cuda" else 256))
    work = _Work(upscaler, overlap, on_progress, is_canceled)
    grown = [upscaler.scale**run for run in range(runs_needed(upscaler.scale, scale))]
    sizes = [(image.width * times, image.height * times) for times in grown]
    for run, wanted in enumerate([*sizes[1:], size]):
        picture, tile = work.run(picture, wanted, tile, sizes[:run], sizes[run + 1 :])
    if image.has_transparency_data:
        alpha = image.convert("RGBA").getchannel("A").resize(size, Image.Resampling.LANCZOS)
        picture.putalpha(alpha)
    return picture


def target_size(image: Image.Image, scale: float) -> Size:
    """Width and height of `image` enlarged. Raises InvalidParameters where that makes no sense or no picture."""
    if not math.isfinite(scale) or scale < 1:
        raise InvalidParameters(f"scale must be a number from 1 on, not {scale}")
    width, height = round(image.width * scale), round(image.height * scale)
    if max(width, height) > MAX_SIDE:
        raise InvalidParameters(
            f"{image.width}×{image.height} enlarged {scale:g} times is {width}×{height}; "
            f"sides may have up to {MAX_SIDE} pixels, so take a smaller scale or source"
        )
    return width, height


def runs_needed(native: int, scale: float) -> int:
    """How often a model that enlarges `native` times must run for `scale`."""
    runs = 1
    while native**runs * STRETCH < scale:
        runs += 1
    return runs


@dataclass(frozen=True)
class _Work:
    upscaler: Upscaler
    overlap: int
    on_progress: Callable[[int, int], None]
    is_canceled: Callable[[], bool]

    def run(
        self, image: Image.Image, size: Size, tile: int, before: Sequence[Size], after: Sequence[Size]
    ) -> tuple[Image.Image, int]:
        """One run of the model over `image`, brought to `size`, and the tile that memory had room for.

        `before` and `after` are the sizes of what the runs before and after this one read.
        """
        while True:
            done = sum(self._tiles(read, tile) for read in before)
            total = done + sum(self._tiles(read, tile) for read in [image.size, *after])
            try:
                return self._enlarge(image, size, tile, done, total), tile
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
            # Outside the handler, where the traceback no longer holds the tensors that filled the memory.
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            used = min(tile, max(image.size))
            if used <= MIN_TILE:
                raise OutOfMemory(
                    f"There is too little memory on this device to enlarge even {used}×{used} pixels at a time "
                    "with this upscaler. Take a smaller one."
                )
            tile = max(MIN_TILE, used // 2)

    def _tiles(self, size: Size, tile: int) -> int:
        return len(cut(size[0], tile, self.overlap)) * len(cut(size[1], tile, self.overlap))

    def _enlarge(self, image: Image.Image, size: Size, tile: int, done: int, total: int) -> Image.Image:
        scale = self.upscaler.scale
        columns, rows = cut(image.width, tile, self.overlap), cut(image.height, tile, self.overlap)
        picture = StripImage(image.width * scale, image.height * scale, size)
        faded: npt.NDArray[np.float32] | None = None
        for row in rows:
            band = np.zeros(((row.last - row.first) * scale, image.width * scale, 3), np.float32)
            if faded is not None:
                band[: len(faded)] = faded
            for column in columns:
                if self.is_canceled():
                    raise Canceled("canceled while upscaling")
                self._paint(band, image, row, column)
                done += 1
                self.on_progress(done, total)
            finished = len(band) - row.fade_out * scale
            faded = band[finished:].copy()
            picture.add(_as_bytes(band[:finished]))
        return picture.image

    def _paint(self, band: npt.NDArray[np.float32], image: Image.Image, row: Span, column: Span) -> None:
        scale = self.upscaler.scale
        pixels = np.asarray(image.crop((column.start, row.start, column.stop, row.stop)))
        painted = self._predict(pixels)[
            (row.first - row.start) * scale : (row.last - row.start) * scale,
            (column.first - column.start) * scale : (column.last - column.start) * scale,
        ]
        painted *= row.weights(scale)[:, None, None]
        painted *= column.weights(scale)[None, :, None]
        band[:, column.first * scale : column.last * scale] += painted

    def _predict(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """What the model makes of (h, w, 3) bytes: (h * scale, w * scale, 3), from 0 to 1."""
        network = self.upscaler.network
        tensor = torch.from_numpy(pixels.copy()).to(network.device).permute(2, 0, 1)[None]
        tensor = tensor.to(network.dtype) / 255
        if self.upscaler.channels == 1:
            tensor = tensor.transpose(0, 1)
        output = network(tensor.contiguous(memory_format=torch.channels_last))
        if not torch.isfinite(output).all():
            if network.dtype is torch.float16:
                # Some models leave half precision's range on some pictures; from here on this one works in full.
                network.float()
                return self._predict(pixels)
            raise NotANumber(
                f"The upscaler {self.upscaler.name} made no numbers of this picture; take another."
            )
        if self.upscaler.channels == 1:
            output = output.transpose(0, 1)
        made: npt.NDArray[np.float32] = output[0].permute(1, 2, 0).float().cpu().numpy()
        return made


def _as_bytes(band: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    band *= 255
    band += 0.5
    return band.astype(np.uint8)


def _expect_upscaler(name: str, model: Any) -> None:
    purpose, scale = model.purpose, model.scale
    if purpose != "SR" or not LEAST_SCALE <= scale <= MOST_SCALE:
        raise ModelLoadFailed(
            f"{name} is no upscaler: a {model.architecture.name} model for {purpose} at ×{scale}. "
            f"Take one that enlarges {LEAST_SCALE} to {MOST_SCALE} times."
        )
    if model.input_channels not in (1, 3) or model.output_channels != model.input_channels:
        raise ModelLoadFailed(
            f"{name} takes {model.input_channels} channels and gives {model.output_channels}; "
            "only upscalers for colour (3) or grey (1) pictures can be used."
        )
