"""Safetensors files without torch: any names and shapes, every byte zero."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

Shapes = Mapping[str, Sequence[int]]


def header_of(shapes: Shapes, metadata: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The header of a sound file of F16 tensors, one after the other."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for name, shape in shapes.items():
        end = at + 2 * prod(shape)
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [at, end]}
        at = end
    return header


def file_of(header: Any, data: bytes = b"") -> bytes:
    """A file with this header, sound or not."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + data


def write_safetensors(path: Path, shapes: Shapes, metadata: Mapping[str, str] | None = None) -> Path:
    """A sound file of such tensors at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = sum(2 * prod(shape) for shape in shapes.values())
    path.write_bytes(file_of(header_of(shapes, metadata), bytes(size)))
    return path


def write_pipeline(folder: Path, name: str, denoiser: str, config: dict[str, Any], *texts: str) -> Path:
    """A diffusers folder: a pipeline of this name, its parts with configurations and one tensor each."""
    index: dict[str, Any] = {"_class_name": name, "_diffusers_version": "0.42.1"}
    for part in (denoiser, "vae", *texts):
        index[part] = ["diffusers" if part in (denoiser, "vae") else "transformers", "Anything"]
        write_safetensors(folder / part / "model.safetensors", {"x": (1,)})
        (folder / part / "config.json").write_text(json.dumps(config if part == denoiser else {}))
    for part in ("scheduler", *(text.replace("text_encoder", "tokenizer") for text in texts)):
        index[part] = ["diffusers" if part == "scheduler" else "transformers", "Anything"]
        (folder / part).mkdir()
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


# The least that each kind is known by. Shapes as published, but for what nobody looks at.

SD1_LORA: Shapes = {
    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight": (4, 768),
    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_up.weight": (320, 4),
    "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": (4, 768),
    "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight": (3072, 4),
}
COMPACT_X4: Shapes = {
    "body.0.weight": (8, 3, 3, 3),
    "body.0.bias": (8,),
    "body.1.weight": (8,),
    "body.2.weight": (48, 8, 3, 3),
    "body.2.bias": (48,),
}
CONTROLNET_SD1: Shapes = {
    "controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3),
    "controlnet_down_blocks.0.weight": (320, 320, 1, 1),
    "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (320, 768),
}
SD1_FILE: Shapes = {
    "model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3),
    "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
    "model.diffusion_model.out.2.weight": (4, 320, 3, 3),
    "first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3),
    "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight": (77, 768),
}
