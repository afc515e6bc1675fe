"""ControlNets: networks that steer a picture by another one, each over its share of the steps.

Rows of one batch may have different ControlNets or none. What a ControlNet adds is worked out for the rows that have it
and is nothing for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from pingvas.engine.checkpoints.detect import detect, expect_openable
from pingvas.engine.checkpoints.folder_parts import open_module, read_config
from pingvas.engine.errors import EngineError, InvalidParameters, ModelLoadFailed, ModelNotFound
from pingvas.engine.families.family import Conditioning, Family, Residuals, pad_to
from pingvas.engine.sampling.denoise import Row


@dataclass(frozen=True)
class Control:
    """A loaded ControlNet on its way through one picture. `picture` is what the family's `control_picture` made."""

    network: Any
    picture: torch.Tensor
    weight: float
    start: float
    end: float

    def is_on(self, index: int, steps: int) -> bool:
        """Whether it acts in call `index` of `steps`: from `start` on, and not past `end`."""
        return self.weight > 0 and index / steps >= self.start and (index + 1) / steps <= self.end


def open_control(path: Path, family: Family) -> Any:
    """The ControlNet in the diffusers folder `path` for this family, on its device.

    Raises ModelNotFound, ModelLoadFailed, or InvalidParameters when it was made for another model.
    """
    import diffusers

    kind: Any = getattr(diffusers, family.control_class)
    if not path.exists():
        raise ModelNotFound(f"There is no ControlNet at {path.name}.")
    if path.is_file():
        raise ModelLoadFailed(
            f"The ControlNet {path.name} is a single file: bring its diffusers folder instead."
        )
    found = detect(path)
    expect_openable(found, f"The ControlNet {path.name}")
    if found.kind != "controlnet":
        raise ModelLoadFailed(f"{path.name} is a {found.kind} and no ControlNet.")
    try:
        named = read_config(path / "config.json").get("_class_name", family.control_class)
        if named != family.control_class:
            raise _misfit(path.stem, family)
        network = open_module(kind, path, family.device, family.dtype)
    except EngineError:
        raise
    # Every library below has its own errors for a damaged file, and all of them mean the same here.
    except Exception as error:
        raise ModelLoadFailed(f"The ControlNet {path.name} cannot be loaded: {error}") from error
    if not family.fits_control(network):
        raise _misfit(path.stem, family)
    return network


def _misfit(name: str, family: Family) -> InvalidParameters:
    return InvalidParameters(
        f"The ControlNet {name} does not fit this model ({family.name}): it was made for another one."
    )


def control_image_for(
    network: Any, image: Image.Image, family: Family, width: int, height: int
) -> torch.Tensor:
    """A prepared control picture of the request's size as the ControlNet takes it: covering the latents' grid."""
    _, _, rows, columns = family.latent_shape(width, height)
    covering = pad_to(image.convert("RGB"), columns * family.factor, rows * family.factor)
    pixels = torch.from_numpy(np.asarray(covering, np.float32) / 255).permute(2, 0, 1)[None]
    return family.control_picture(network, pixels.to(family.device, family.dtype))


def residuals_of(
    family: Family,
    rows: Sequence[Row],
    latents: torch.Tensor,
    timesteps: torch.Tensor,
    conditioning: Conditioning,
) -> Residuals | None:
    """What the rows' ControlNets add to one network call; None when none of them acts now.

    `latents`, `timesteps` and `conditioning` are the network's own input: the negatives of the guided rows first, then
    every row.
    """
    guided = [number for number, row in enumerate(rows) if row.negative is not None]
    order = [*guided, *range(len(rows))]
    total: Residuals | None = None
    for control, number in _acting(rows):
        places = [place for place, row in enumerate(order) if row == number]
        picked = {name: value[places] for name, value in conditioning.items()}
        picture = control.picture.expand(len(places), -1, -1, -1)
        added = family.control(
            control.network, latents[places][:, : family.channels], timesteps[places], picked, picture
        )
        total = _add(total, added, control.weight, places, len(order))
    return total


def _acting(rows: Sequence[Row]) -> list[tuple[Control, int]]:
    return [
        (control, number)
        for number, row in enumerate(rows)
        for control in row.controls
        if control.is_on(row.index, len(row.timesteps))
    ]


def _add(
    total: Residuals | None, added: Residuals, weight: float, places: list[int], count: int
) -> Residuals:
    """`added` times `weight` at its places among `count` rows, on top of `total`."""

    def spread(part: torch.Tensor) -> torch.Tensor:
        everywhere = part.new_zeros(count, *part.shape[1:])
        everywhere[places] = part * weight
        return everywhere

    blocks = tuple(spread(part) for part in added.blocks)
    single = tuple(spread(part) for part in added.single)
    middle = None if added.middle is None else spread(added.middle)
    if total is None:
        return Residuals(blocks, middle, single)
    if (len(blocks), len(single)) != (len(total.blocks), len(total.single)):
        raise InvalidParameters("ControlNets with different numbers of blocks cannot be used together.")
    return Residuals(
        tuple(one + other for one, other in zip(total.blocks, blocks, strict=True)),
        middle if total.middle is None or middle is None else total.middle + middle,
        tuple(one + other for one, other in zip(total.single, single, strict=True)),
    )
