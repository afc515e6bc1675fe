"""The two ends of a picture's way: from text, a source and a mask to a row; and from the row's pixels to the picture.

All that a source and a mask mean is here; in between, denoising knows latents only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from pingvas.engine.families.family import Conditioning, Family, pad_to
from pingvas.engine.images.masks import (
    Region,
    compose,
    fit,
    fit_clear,
    fit_mask,
    latent_mask,
    region_around,
    soften,
)
from pingvas.engine.images.preprocessors import prepare
from pingvas.engine.images.transparency import LARGE_PIXELS, MOST_FILLED_PIXELS, filled, with_clear_parts_of
from pingvas.engine.loading.model_library import Library
from pingvas.engine.requests import ControlUse, EngineRequest, Inpaint
from pingvas.engine.sampling import denoise
from pingvas.engine.sampling.control import Control, control_image_for
from pingvas.engine.sampling.denoise import Row

Encode = Callable[[EngineRequest], tuple[Conditioning, Conditioning | None]]


@dataclass(frozen=True)
class EncodeDecode:
    """How a row begins, and how its pixels become the picture. Both may be called again after running out of memory."""

    begin: Callable[[], Row]
    finish: Callable[[Row], Image.Image]


@dataclass(frozen=True)
class _Canvas:
    """What is painted over: `picture` (RGB) and `soft` mask at the size that is rendered, and how it is put back."""

    picture: Image.Image
    soft: Image.Image
    put_back: Callable[[Image.Image], Image.Image]
    region: Region | None = None


def encode_decode_of(
    family: Family, request: EngineRequest, library: Library, encode: Encode
) -> EncodeDecode:
    """How this request begins and ends. Nothing is worked out before they are called.

    `begin` raises InvalidParameters for a source, mask or ControlNet that cannot be used.
    """
    canvas: list[_Canvas] = []

    def begin() -> Row:
        canvas.clear()
        source, mask, region = None, None, None
        if request.source is not None and request.inpaint is None:
            source = fit(request.source, request.width, request.height)
        elif request.source is not None and request.inpaint is not None:
            canvas.append(_canvas(request.source, request.inpaint, request.width, request.height))
            source, region = canvas[0].picture, canvas[0].region
            mask = _latent_mask(canvas[0].soft, family, request)
        controls = tuple(_control(use, family, request, library, region) for use in request.controls)
        return denoise.begin(family, request, encode=encode, source=source, mask=mask, controls=controls)

    def finish(row: Row) -> Image.Image:
        painted = denoise.finish(family, row)
        return canvas[0].put_back(painted) if canvas else painted

    return EncodeDecode(begin, finish)


def _canvas(source: Image.Image, inpaint: Inpaint, width: int, height: int) -> _Canvas:
    """The whole source at the size asked for, or the region around the mask; unmasked pixels come through untouched.

    What is clear there stays clear; models see the colours around it.
    """
    keep_clear = inpaint.keep_clear
    if inpaint.only_masked:
        soft = soften(inpaint.mask, inpaint.blur)
        region = region_around(inpaint.mask, soft, padding=inpaint.padding, width=width, height=height)
        whole = filled(source)
        return _Canvas(
            region.crop(whole),
            region.crop(soft),
            lambda painted: _clear_as(source, region.put_back(whole, painted, soft), soft, keep_clear),
            region,
        )
    # A large source is made small before its clear parts are filled: only then is the work that of the output.
    large = source.width * source.height > max(MOST_FILLED_PIXELS, width * height)
    fitted = filled(fit_clear(source, width, height)) if large and source.has_transparency_data else None
    if fitted is None:
        fitted = fit(filled(source), width, height)
    soft = soften(fit_mask(inpaint.mask, width, height), inpaint.blur)
    return _Canvas(
        fitted, soft, lambda painted: _clear_as(source, compose(fitted, painted, soft), soft, keep_clear)
    )


def _clear_as(source: Image.Image, made: Image.Image, soft: Image.Image, keep_clear: bool) -> Image.Image:
    """`made` with what is clear in `source` and not repainted, where that is wanted."""
    if not keep_clear or not source.has_transparency_data:
        return made
    return with_clear_parts_of(fit_clear(source, *made.size), made, soft)


def _latent_mask(soft: Image.Image, family: Family, request: EngineRequest) -> torch.Tensor:
    """(1, 1, rows, columns): 1 where latents are repainted, on the same grid as the padded source's latents."""
    _, _, rows, columns = family.latent_shape(request.width, request.height)
    covering = pad_to(soft, columns * family.factor, rows * family.factor)
    touched = latent_mask(covering, family.factor, family.factor) > 0
    return torch.from_numpy(touched.astype(np.float32))[None, None]


def _control(
    use: ControlUse, family: Family, request: EngineRequest, library: Library, region: Region | None
) -> Control:
    image = use.image
    if region is not None and request.source is not None:
        # What steers the whole picture steers the part that is rendered.
        image = _part_of(image, request.source, region)
    depth = library.depth(use.depth_model) if use.depth_model is not None else None
    prepared = prepare(use.preprocessor, image, request.width, request.height, depth_model=depth)
    network = library.control(use.path, family)
    return Control(
        network=network,
        picture=control_image_for(network, prepared, family, request.width, request.height),
        weight=use.weight,
        start=use.start,
        end=use.end,
    )


def _part_of(image: Image.Image, source: Image.Image, region: Region) -> Image.Image:
    """What of `image`, fitted to the source, lies in the region. It is not enlarged to a large source's size for that."""
    width, height = source.size
    if width * height <= max(LARGE_PIXELS, image.width * image.height):
        return region.crop(fit(image, width, height))
    shrink = math.sqrt(width * height / max(LARGE_PIXELS, image.width * image.height))
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    across, down = size[0] / width, size[1] / height
    left, top, right, bottom = region.box
    box = (
        math.floor(left * across),
        math.floor(top * down),
        math.ceil(right * across),
        math.ceil(bottom * down),
    )
    return Region(box, region.width, region.height).crop(fit(image, *size))
