"""Fits the linear projection from latents to RGB that previews use, for models whose catalog entry brings none.

A handful of drawn colour fields go through the autoencoder once; least squares does the rest. The result is kept in a
file named for the autoencoder's weights, so each autoencoder is asked once per machine.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pingvas.engine.families.family import Family
from pingvas.engine.sampling.preview import Projection, as_projection

PICTURES = 12
# Rows and columns of latents in each picture.
SIDE = 16


def projection_for(family: Family, folder: Path | None) -> Projection:
    """The projection of the autoencoder in use, from `folder` where it is known, else fitted and kept there."""
    kept = folder / f"{_mark(family)}.json" if folder is not None else None
    if kept is not None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            return as_projection(json.loads(kept.read_text()), family.channels)
    projection = fit(family)
    if kept is not None:
        _keep(projection, kept)
    return projection


@torch.inference_mode()
def fit(family: Family) -> Projection:
    """Least squares over colour fields: latents (channels) and 1 to RGB from 0 to 1."""
    latents, colours = [], []
    for number in range(PICTURES):
        picture = _colour_field(number, SIDE * family.factor)
        coded = family.encode_image(picture)[0].float().cpu()
        small = picture.resize((SIDE, SIDE), Image.Resampling.BOX)
        latents.append(coded.flatten(1).T.numpy())
        colours.append(np.asarray(small, np.float32).reshape(-1, 3) / 255)
    known = np.concatenate(latents).astype(np.float64)
    known = np.hstack([known, np.ones((len(known), 1))])
    found, *_ = np.linalg.lstsq(known, np.concatenate(colours).astype(np.float64), rcond=None)
    found = np.nan_to_num(found).astype(np.float32)
    return Projection(torch.from_numpy(found[:-1].copy()), torch.from_numpy(found[-1].copy()))


def _colour_field(number: int, side: int) -> Image.Image:
    """Soft patches of random colours with a few hard edges: what skies, faces and walls are, seen from afar."""
    rng = np.random.default_rng(number)
    cells = 2 + number % 5
    small = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
    how = Image.Resampling.NEAREST if number % 3 == 2 else Image.Resampling.BICUBIC
    return small.resize((side, side), how)


def _mark(family: Family) -> str:
    """A name for the autoencoder's weights: the same wherever the same file was loaded at the same precision."""
    digest = hashlib.sha256()
    for name, weights in sorted(family.vae.state_dict().items()):
        if name.endswith(("conv_in.weight", "conv_out.weight")):
            digest.update(name.encode() + weights.detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()[:32]


def _keep(projection: Projection, path: Path) -> None:
    """Whole or not at all: several workers may write the same at once. A full disk is no reason to have no preview."""
    known = {"weights": projection.weights.tolist(), "bias": projection.bias.tolist()}
    fresh = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(known))
        fresh.replace(path)
