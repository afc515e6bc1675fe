"""Tells what is not a whole model by its keys: ControlNets, VAEs, text encoders and upscalers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from pingvas.engine.checkpoints.detected import FAMILY_BY_TEXT_WIDTH, Detected, Family
from pingvas.engine.checkpoints.safetensors_header import Header, TensorFacts

Tensors = Mapping[str, TensorFacts]

_SD_FAMILIES = ("sd1", "sd2", "sdxl")


def find_controlnet(tensors: Tensors) -> Detected | None:
    """A ControlNet in diffusers' or the first publisher's layout."""
    if "controlnet_cond_embedding.conv_in.weight" in tensors or _has(tensors, r"^controlnet_down_blocks\."):
        width = _width(tensors, r"attn2\.to_k\.weight$")
        xl = "add_embedding.linear_1.weight" in tensors
        return Detected("controlnet", _unet_family(width, xl=xl), details={"text_width": width})
    if _has(tensors, r"^(control_model\.)?input_hint_block\.0\.weight$"):
        width = _width(tensors, r"attn2\.to_k\.weight$")
        xl = _has(tensors, r"^(control_model\.)?label_emb\.")
        return Detected("controlnet", _unet_family(width, xl=xl), details={"text_width": width})
    if "controlnet_x_embedder.weight" in tensors:
        return Detected("controlnet", "flux")
    if _has(tensors, r"^controlnet_blocks\.") and "pos_embed_input.proj.weight" in tensors:
        return Detected("controlnet", "sd3")
    return None


def find_vae(header: Header) -> Detected | None:
    """A VAE. Those of SD 1, SD 2 and SDXL have the same shapes, so alone they do not tell their family."""
    tensors = header.tensors
    prefixes = ("first_stage_model.", "vae.", "")
    prefix = next((each for each in prefixes if f"{each}decoder.conv_in.weight" in tensors), "")
    entrance = tensors.get(f"{prefix}decoder.conv_in.weight")
    has_encoder = f"{prefix}encoder.conv_in.weight" in tensors
    known = _has(tensors, rf"^{re.escape(prefix)}decoder\.(up_blocks|up)\.\d")
    if entrance is None or len(entrance.shape) != 4 or not has_encoder or not known:
        return None
    channels = entrance.shape[1]
    return Detected("vae", None, details={"channels": channels, "families": list(vae_families(channels))})


def vae_families(channels: int) -> tuple[str, ...]:
    """The families whose latents have so many channels; any number may be a small model's own."""
    return ("sd3", "flux") if channels == 16 else _SD_FAMILIES


def find_text_encoder(tensors: Tensors) -> Detected | None:
    """A CLIP or T5 text encoder by itself."""
    clip = r"^(text_model\.|transformer\.text_model\.|text_encoders?\.[\w.]*)?embeddings\.token_embedding\.weight$"
    if _has(tensors, clip) or "text_model.embeddings.token_embedding.weight" in tensors:
        return Detected("text_encoder", details={"network": "clip"})
    if _has(tensors, r"^encoder\.block\.0\.layer\.0\.SelfAttention\.q\.weight$"):
        return Detected("text_encoder", details={"network": "t5"})
    return None


def find_upscaler(tensors: Tensors) -> Detected | None:
    """A network that makes pictures larger, of those people use most; `scale` where the keys tell it."""
    found = _upscaler(tensors)
    if found is None:
        return None
    network, scale = found
    return Detected("upscaler", details={"network": network, "scale": scale})


def _upscaler(tensors: Tensors) -> tuple[str, int | None] | None:
    if _has(tensors, r"^model\.1\.sub\.\d+\.(RDB1\.conv1\.0\.)?weight$") and "model.0.weight" in tensors:
        last = max(int(m[1]) for name in tensors if (m := re.match(r"model\.(\d{1,3})\.weight$", name)))
        return "esrgan", _power_of_two((last - 4) // 3)
    if (
        _has(tensors, r"^(RRDB_trunk\.0\.RDB1|body\.0\.rdb1)\.conv1\.weight$")
        and "conv_first.weight" in tensors
    ):
        ups = {m[1] for name in tensors if (m := re.match(r"(?:upconv|conv_up)(\d)\.weight$", name))}
        squeezed = {12: 2, 48: 4}.get(_side(tensors, "conv_first.weight", 1), 1)
        scale = _power_of_two(len(ups))
        return "esrgan", scale // squeezed if scale else None
    if all(re.match(r"body\.\d+\.(weight|bias)$", name) for name in tensors) and "body.0.weight" in tensors:
        return _compact(tensors)
    if _has(tensors, r"^layers\.0\.residual_group\.blocks\.0\.norm1\.weight$"):
        return ("hat" if _has(tensors, r"\.conv_block\.cab\.") else "swinir"), _swin_scale(tensors)
    if "block_1.c1_r.eval_conv.weight" in tensors and "upsampler.0.weight" in tensors:
        return "span", _shuffle_scale(_side(tensors, "upsampler.0.weight", 0), 3)
    if "before_RG.1.weight" in tensors and _has(tensors, r"^layers\.0\.blocks\.0\.attn\."):
        return "dat", _swin_scale(tensors)
    return None


def _compact(tensors: Tensors) -> tuple[str, int | None] | None:
    """Convolutions and PReLUs in turn; the last convolution holds the larger picture, folded into channels."""
    slopes = tensors.get("body.1.weight")
    if slopes is None or len(slopes.shape) != 1:
        return None
    last = max(int(name.split(".")[1]) for name in tensors if len(name) < 20)
    colours = _side(tensors, "body.0.weight", 1)
    return "compact", _shuffle_scale(_side(tensors, f"body.{last}.weight", 0), colours)


def _swin_scale(tensors: Tensors) -> int | None:
    ups = sum(1 for name in tensors if re.match(r"conv_up\d\.weight$", name))
    if ups:
        return _power_of_two(ups)
    first = _side(tensors, "upsample.0.weight", 0)
    if not first:
        return 1 if not _has(tensors, r"^upsample\.") else None
    if "conv_before_upsample.0.weight" not in tensors:
        return _shuffle_scale(first, _side(tensors, "conv_first.weight", 1))
    scale = 1
    for name, facts in tensors.items():
        if re.match(r"upsample\.\d{1,2}\.weight$", name) and len(facts.shape) == 4 and facts.shape[1]:
            scale *= math.isqrt(facts.shape[0] // facts.shape[1])
    return scale if 1 <= scale <= 16 else None


def _shuffle_scale(channels: int, colours: int) -> int | None:
    """Scale of a pixel shuffle that turns so many channels into `colours`."""
    if not colours or channels % colours:
        return None
    scale = math.isqrt(channels // colours)
    return scale if scale * scale * colours == channels and 1 <= scale <= 16 else None


def _power_of_two(ups: int) -> int | None:
    return 2**ups if 0 <= ups <= 4 else None


def _unet_family(width: int | None, *, xl: bool) -> Family | None:
    if xl:
        return "sdxl"
    return FAMILY_BY_TEXT_WIDTH.get(width or 0, "sd1")


def _width(tensors: Tensors, pattern: str) -> int | None:
    found = next((facts for name, facts in tensors.items() if re.search(pattern, name)), None)
    return found.shape[1] if found is not None and len(found.shape) == 2 else None


def _side(tensors: Tensors, name: str, axis: int) -> int:
    found: Any = tensors.get(name)
    return found.shape[axis] if found is not None and len(found.shape) > axis else 0


def _has(tensors: Tensors, pattern: str) -> bool:
    wanted = re.compile(pattern)
    return any(wanted.search(name) for name in tensors)
