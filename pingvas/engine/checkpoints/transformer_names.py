"""Gives the weights of Stable Diffusion 3's and FLUX.1's transformers the names of diffusers, and the order that goes with them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch

from pingvas.engine.checkpoints.publisher_names import FLUX_NAMES, SD3_NAMES, Names

__all__ = ["FLUX_NAMES", "SD3_NAMES", "Names", "rename"]

_ENDS = ("weight", "bias", "scale")


def rename(tensors: Mapping[str, torch.Tensor], names: Names, width: int) -> dict[str, torch.Tensor]:
    """A transformer's weights under the names of diffusers; those that `names` does not know are left out.

    `width` is the transformer's own. Nothing is copied but weights whose halves change places.
    """
    numbers = [int(found[1]) for name in tensors if (found := re.match(r"joint_blocks\.(\d+)\.", name))]
    last = str(max(numbers, default=-1))
    renamed: dict[str, torch.Tensor] = {}
    for name, value in tensors.items():
        layer, _, end = name.rpartition(".")
        if end not in _ENDS:
            layer, end = name, ""
        number = next(iter(re.findall(r"_blocks\.(\d+)\.", layer)), "")
        pattern = re.sub(r"(_blocks)\.\d+\.", r"\1.#.", layer, count=1)
        known = names.get(pattern)
        if number == last:
            known = names.get(pattern.replace("#", "last"), known)
        if known is None:
            continue
        targets = known.split()
        starts = [width * place for place in range(1, len(targets))]
        parts = torch.tensor_split(value, starts) if starts else (value,)
        for target, part in zip(targets, parts, strict=True):
            if target.startswith("~"):
                part = torch.cat(part.chunk(2)[::-1])
            key = target.removeprefix("~").replace("#", number)
            renamed[f"{key}.{'weight' if end == 'scale' else end}" if end else key] = part
    return renamed
