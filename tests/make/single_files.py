"""Writes a toy diffusers folder as one file, in the layout in which its family was first published."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Tensors = dict[str, Any]

_RESNET = (
    ("norm1", "in_layers.0"),
    ("conv1", "in_layers.2"),
    ("norm2", "out_layers.0"),
    ("conv2", "out_layers.3"),
    ("time_emb_proj", "emb_layers.1"),
    ("conv_shortcut", "skip_connection"),
)
_UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_VAE_ATTENTION = (
    ("group_norm", "norm"),
    ("to_q", "q"),
    ("to_k", "k"),
    ("to_v", "v"),
    ("to_out.0", "proj_out"),
)
_OPEN_CLIP = (
    ("encoder.layers.", "transformer.resblocks."),
    ("layer_norm1", "ln_1"),
    ("layer_norm2", "ln_2"),
    ("mlp.fc1", "mlp.c_fc"),
    ("mlp.fc2", "mlp.c_proj"),
    ("self_attn.out_proj", "attn.out_proj"),
    ("final_layer_norm", "ln_final"),
    ("embeddings.token_embedding", "token_embedding"),
    ("embeddings.position_embedding.weight", "positional_embedding"),
)


def write_single_file(
    folder: Path, path: Path, *, family: str, metadata: Mapping[str, str] | None = None
) -> Path:
    """The model in `folder`, of `family` sd1, sd2, sdxl or refiner, as one safetensors file at `path`."""
    from safetensors.torch import save_file

    texts: dict[str, dict[str, Callable[[Tensors], Tensors]]] = {
        "sd1": {"text_encoder": lambda each: _ldm_clip(each, "cond_stage_model.transformer.")},
        "sd2": {"text_encoder": lambda each: _open_clip(each, "cond_stage_model.model.")},
        "sdxl": {
            "text_encoder": lambda each: _ldm_clip(each, "conditioner.embedders.0.transformer."),
            "text_encoder_2": lambda each: _open_clip(each, "conditioner.embedders.1.model."),
        },
        "refiner": {"text_encoder_2": lambda each: _open_clip(each, "conditioner.embedders.0.model.")},
    }
    tensors = _unet(_read(folder / "unet")) | _vae(_read(folder / "vae"))
    for part, convert in texts[family].items():
        tensors |= convert(_read(folder / part))
    whole = {name: value.contiguous() for name, value in tensors.items()}
    save_file(whole, path, metadata=dict(metadata or {}))
    return path


def _read(folder: Path) -> Tensors:
    from safetensors.torch import load_file

    (file,) = folder.glob("*.safetensors")
    return dict(load_file(file))


def _unet(weights: Tensors) -> Tensors:
    """All blocks in a row: a block has its layers, then what changes the resolution."""
    down_layers = _layers(weights, "down_blocks")
    up_layers = _layers(weights, "up_blocks")
    renamed = {}
    for name, value in weights.items():
        for old, new in _UNET_ENDS.items():
            if name.startswith(f"{old}."):
                name = new + name.removeprefix(old)
                break
        down = re.match(r"down_blocks\.(\d+)\.(resnets|attentions|downsamplers)\.(\d+)\.(.*)", name)
        up = re.match(r"up_blocks\.(\d+)\.(resnets|attentions|upsamplers)\.(\d+)\.(.*)", name)
        middle = re.match(r"mid_block\.(resnets|attentions)\.(\d+)\.(.*)", name)
        if down:
            block, kind, layer, rest = int(down[1]), down[2], int(down[3]), down[4]
            first = 1 + block * (down_layers + 1)
            if kind == "downsamplers":
                name = f"input_blocks.{first + down_layers}.0.op.{rest.removeprefix('conv.')}"
            else:
                name = f"input_blocks.{first + layer}.{_place(kind, rest)}"
        elif up:
            block, kind, layer, rest = int(up[1]), up[2], int(up[3]), up[4]
            first = block * up_layers
            if kind == "upsamplers":
                attended = any(other.startswith(f"up_blocks.{block}.attentions.") for other in weights)
                name = f"output_blocks.{first + up_layers - 1}.{2 if attended else 1}.{rest}"
            else:
                name = f"output_blocks.{first + layer}.{_place(kind, rest)}"
        elif middle:
            kind, layer, rest = middle[1], int(middle[2]), middle[3]
            place = 1 if kind == "attentions" else 2 * layer
            name = f"middle_block.{place}.{_place(kind, rest).split('.', 1)[1]}"
        renamed[f"model.diffusion_model.{name}"] = value
    return renamed


def _layers(weights: Tensors, blocks: str) -> int:
    numbers = {
        int(match[1]) for name in weights if (match := re.match(rf"{blocks}\.0\.resnets\.(\d+)", name))
    }
    return len(numbers)


def _place(kind: str, rest: str) -> str:
    if kind == "attentions":
        return f"1.{rest}"
    for old, new in _RESNET:
        if rest.startswith(f"{old}."):
            return f"0.{new}{rest.removeprefix(old)}"
    raise ValueError(rest)


def _vae(weights: Tensors) -> Tensors:
    blocks = len({match[1] for name in weights if (match := re.match(r"decoder\.up_blocks\.(\d+)", name))})
    renamed = {}
    for name, value in weights.items():
        name = re.sub(r"down_blocks\.(\d+)\.resnets\.", r"down.\1.block.", name)
        name = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", name)
        name = re.sub(r"up_blocks\.(\d+)\.", lambda found: f"up.{blocks - 1 - int(found[1])}.", name)
        name = name.replace(".resnets.", ".block.") if ".up." in name else name
        name = name.replace("upsamplers.0", "upsample").replace("conv_norm_out", "norm_out")
        name = name.replace("conv_shortcut", "nin_shortcut")
        name = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
        if "mid_block.attentions.0." in name:
            name = name.replace("mid_block.attentions.0.", "mid.attn_1.")
            for old, new in _VAE_ATTENTION:
                name = name.replace(f".{old}.", f".{new}.")
            # It was a convolution over single pixels once.
            value = value[:, :, None, None] if value.dim() == 2 else value
        renamed[f"first_stage_model.{name}"] = value
    return renamed


def _ldm_clip(weights: Tensors, prefix: str) -> Tensors:
    return {
        f"{prefix}text_model.{name.removeprefix('text_model.')}": value for name, value in weights.items()
    }


def _open_clip(weights: Tensors, prefix: str) -> Tensors:
    """Queries, keys and values in one matrix, and the projection the other way round."""
    import torch

    renamed: Tensors = {}
    for whole, value in weights.items():
        name = whole.removeprefix("text_model.")
        if name == "text_projection.weight":
            renamed[f"{prefix}text_projection"] = value.T
            continue
        if ".self_attn.k_proj" in name or ".self_attn.v_proj" in name:
            continue
        if ".self_attn.q_proj" in name:
            three = [weights[whole.replace("q_proj", each)] for each in ("q_proj", "k_proj", "v_proj")]
            name = re.sub(r"self_attn\.q_proj\.(\w+)", r"attn.in_proj_\1", name)
            value = torch.cat(three)
        for old, new in _OPEN_CLIP:
            name = name.replace(old, new)
        renamed[prefix + name] = value
    return renamed
