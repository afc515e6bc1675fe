"""Tells a LoRA by its keys, and which family it was made for: kohya's names, PEFT's and diffusers', and XLabs'."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pingvas.engine.checkpoints.detected import FAMILY_BY_TEXT_WIDTH, Detected, Family
from pingvas.engine.checkpoints.safetensors_header import Header, TensorFacts

# What the small matrices are called, and the network they are parts of.
_NETWORKS = (
    (re.compile(r"\.(lora_down|lora_up|lora_A|lora_B|lora\.down|lora\.up)(\.default)?\.weight$"), "lora"),
    (re.compile(r"\.(to_[qkv]|to_out|qkv|proj)_lora\d?\.(down|up)\.weight$"), "lora"),
    (re.compile(r"\.hada_[wt][12](_[ab])?$"), "loha"),
    (re.compile(r"\.lokr_[wt][12](_[ab])?$"), "lokr"),
    (re.compile(r"\.oft_(blocks|diag)$"), "oft"),
)
_INNER = re.compile(r"(lora_down|lora_A(\.default)?|lora\.down|_lora\d?\.down)\.weight$")
_TEXT_WIDTH = re.compile(r"attn2[._](to_k|to_v|processor[._]to_k|processor[._]to_v)")
_HINTS: tuple[tuple[str, Family], ...] = (
    ("flux", "flux"),
    ("stable-diffusion-v3", "sd3"),
    ("sd3", "sd3"),
    ("sdxl", "sdxl"),
    ("stable-diffusion-xl", "sdxl"),
    ("sd_v2", "sd2"),
    ("stable-diffusion-v2", "sd2"),
    ("sd_v1", "sd1"),
    ("stable-diffusion-v1", "sd1"),
)


def find_lora(header: Header) -> Detected | None:
    """The LoRA in a file with this header, or None when there is none."""
    network = next(
        (network for pattern, network in _NETWORKS if any(pattern.search(name) for name in header.tensors)),
        None,
    )
    if network is None or any(
        name.startswith(("lora_controlnet", "control_model.")) for name in header.tensors
    ):
        return None
    ranks = {facts.shape[0] for name, facts in header.tensors.items() if _INNER.search(name) and facts.shape}
    details = {
        "network": network,
        "rank": max(ranks, default=None),
        "text_width": _text_width(header.tensors),
    }
    return Detected("lora", _family(header), details=details)


def _family(header: Header) -> Family | None:
    names = header.tensors.keys()
    for signs, family in (
        (("double_blocks", "single_blocks", "single_transformer_blocks"), "flux"),
        (("joint_blocks",), "sd3"),
    ):
        if any(sign in name for name in names for sign in signs):
            return family  # type: ignore[return-value]
    hint = _hinted(header)
    if any(name.startswith(("transformer.", "lora_transformer_")) for name in names):
        return hint if hint in ("flux", "sd3") else "sd3"
    width = _text_width(header.tensors)
    if width is not None and width in FAMILY_BY_TEXT_WIDTH:
        return FAMILY_BY_TEXT_WIDTH[width]
    if _looks_like_sdxl(header.tensors):
        return "sdxl"
    if hint is not None:
        return hint
    known = ("lora_unet_", "lora_te_", "unet.", "text_encoder.", "lora_te1_", "base_model.model.")
    return "sd1" if any(name.startswith(known) for name in names) else None


def _looks_like_sdxl(tensors: Mapping[str, TensorFacts]) -> bool:
    """A second text encoder, kohya's names for it, or more than one transformer block in a row."""
    several = re.compile(r"^(lora_unet_|unet\.).*transformer_blocks[._][1-9]")
    signs = ("lora_te2_", "text_encoder_2.", "lora_unet_input_blocks_", "lora_unet_output_blocks_")
    return any(name.startswith(signs) or several.search(name) for name in tensors)


def _text_width(tensors: Mapping[str, TensorFacts]) -> int | None:
    for name, facts in tensors.items():
        if _TEXT_WIDTH.search(name) and _INNER.search(name) and len(facts.shape) in (2, 4):
            return facts.shape[1]
    return None


def _hinted(header: Header) -> Family | None:
    for key in ("modelspec.architecture", "ss_base_model_version"):
        said = header.metadata.get(key, "")[:200].lower()
        for word, family in _HINTS:
            if word in said:
                return family
    return None
