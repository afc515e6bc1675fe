"""Reads LoRA files into one form: for each corrected layer its two matrices in float32, the strength multiplied in.

Which names are read, and what is refused, stands in `lora_plan`: this only adds the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pingvas.engine.checkpoints.detected import Family
from pingvas.engine.checkpoints.lora_layers import ModelShape, Target
from pingvas.engine.checkpoints.lora_plan import PlannedLayer, plan_lora
from pingvas.engine.checkpoints.lora_strengths import (
    ADAPTER_WEIGHTS,
    UnusableLora,
    find_adapter_config,
    read_adapter_config,
)
from pingvas.engine.checkpoints.safetensors_header import (
    PICKLES,
    Header,
    is_safetensors,
    read_header,
    safetensors_in,
)
from pingvas.engine.errors import InvalidParameters, ModelLoadFailed, ModelNotFound
from pingvas.engine.requests import LoraUse


@dataclass(frozen=True)
class LayerCorrection:
    """What a LoRA adds to the weight of `targets`, which share the rows: `up @ down`, all in float32.

    `down` is (rank, inputs, …), `up` (outputs, rank, …). `magnitude`: the lengths that the rows of the corrected weight
    are to have (DoRA), or its columns (`by_column`). `bias` is added to the outputs.
    """

    name: str
    part: str
    targets: tuple[Target, ...]
    down: torch.Tensor
    up: torch.Tensor
    magnitude: torch.Tensor | None = None
    by_column: bool = False
    bias: torch.Tensor | None = None


def read_header_of(use: LoraUse) -> Header:
    """The header of a LoRA's file. Raises ModelNotFound, or ModelLoadFailed for a pickle or a damaged file."""
    path = _file_of(use)
    try:
        return read_header(path)
    except ModelLoadFailed as error:
        raise ModelLoadFailed(f"The LoRA {use.name} cannot be read: {error}") from error


def read_lora(use: LoraUse, family: Family, shape: ModelShape | None = None) -> list[LayerCorrection]:
    """All that a LoRA changes in a model of `family`.

    Raises ModelNotFound, ModelLoadFailed (damaged, a pickle), InvalidParameters saying why it cannot be used as a whole.
    """
    from safetensors.torch import load_file

    path, header = _file_of(use), read_header_of(use)
    config = find_adapter_config(use.path)
    try:
        adapter = None if config is None else read_adapter_config(config)
        planned = plan_lora(header, family, adapter=adapter, shape=shape)
        try:
            stored = load_file(path)
        except Exception as error:
            raise ModelLoadFailed(f"The LoRA {use.name} cannot be read: {error}") from error
        return [_correction(layer, stored) for layer in planned]
    except UnusableLora as error:
        raise InvalidParameters(f"The LoRA {use.name} {error}.") from error


def _file_of(use: LoraUse) -> Path:
    path = use.path
    if path.is_dir():
        files = safetensors_in(path)
        own = path / ADAPTER_WEIGHTS
        path = own if own in files else next(iter(files), path / "a .safetensors file")
    if path.suffix.lower() in PICKLES:
        raise ModelLoadFailed(
            f"The LoRA {use.name} is not a safetensors file. Pickles can run any code when opened: convert it first."
        )
    if not path.is_file():
        raise ModelNotFound(f"The LoRA {use.name} is not there: {path.name} is missing.")
    if not is_safetensors(path):
        raise ModelLoadFailed(f"The LoRA {use.name} is not named as a safetensors file: {path.name}.")
    return path


def _correction(layer: PlannedLayer, stored: Mapping[str, torch.Tensor]) -> LayerCorrection:
    # fp8 has no arithmetic of its own, and bf16 little precision.
    tensors = {role: stored[key].to(torch.float32) for role, key in layer.keys.items()}
    if not all(bool(value.isfinite().all()) for value in tensors.values()):
        raise UnusableLora(f"is damaged: there are values in {layer.name} that are no numbers")
    down, up = tensors["down"], tensors["up"]
    scale = layer.scale
    if scale is None:
        if tensors["alpha"].numel() != 1:
            raise UnusableLora(f"is damaged: alpha of {layer.name} is not one number")
        scale = float(tensors["alpha"].item()) / layer.rank
    if "mid" in tensors:
        # Three convolutions in a row; the first is of single pixels, so it can be drawn into the second.
        down = torch.einsum("orhw,ri->oihw", tensors["mid"], down.flatten(1))
    magnitude, by_column = _magnitude(tensors, down.shape[1], up.shape[0])
    bias: Any = tensors.get("up_bias")
    return LayerCorrection(
        layer.name,
        layer.part,
        layer.targets,
        down,
        up * scale,
        magnitude,
        by_column,
        None if bias is None else bias.flatten() * scale,
    )


def _magnitude(
    tensors: Mapping[str, torch.Tensor], inputs: int, outputs: int
) -> tuple[torch.Tensor | None, bool]:
    """The lengths, and whether they are of columns. PEFT's are of rows; other trainers know both, told by the shape."""
    if "magnitude" in tensors:
        return tensors["magnitude"].flatten(), False
    if "dora" not in tensors:
        return None, False
    stored = tensors["dora"]
    by_column = stored.numel() == inputs and (
        stored.numel() != outputs or (stored.dim() > 1 and stored.shape[0] != outputs)
    )
    return stored.flatten(), by_column
