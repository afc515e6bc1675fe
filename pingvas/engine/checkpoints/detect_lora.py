"""Tells a LoRA by its keys, which family it was made for, and whether the engine can lay it over a model of that family."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pingvas.engine.checkpoints.detected import FAMILY_BY_TEXT_WIDTH, Detected, Family
from pingvas.engine.checkpoints.lora_keys import (
    NETWORK,
    LoraKey,
    embedding_word,
    names_a_part,
    other_kind,
    take_apart,
)
from pingvas.engine.checkpoints.lora_plan import expect_family, families_with, plan_lora, text_width
from pingvas.engine.checkpoints.lora_strengths import UnusableLora
from pingvas.engine.checkpoints.safetensors_header import Header, TensorFacts

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
# The published widths of what a block of these transformers works on.
_FAMILY_BY_WIDTH: Mapping[int, Family] = {3072: "flux", 1536: "sd3", 2432: "sd3"}
_SEVERAL_BLOCKS = re.compile(r"(?:^|[._])transformer_blocks[._][1-9]")


# Kinds that hold no LoRA matrices at all; the names in some of them stand in other models too.
_RELATIVES = ("loha", "lokr")
_BY_BEGINNING = ("oft", "ia3", "glora", "diff")
_NO_FAMILY = "corrects layers that are of no family known here ({})"


def find_lora(header: Header, adapter: Mapping[str, Any] | None = None) -> Detected | None:
    """The LoRA in a file with this header, or None when there is none.

    `details["embeddings"]` are words that were trained along, which are no part of the LoRA and are not used. `adapter` is
    the content of PEFT's configuration beside the file.
    """
    names = header.tensors
    if any(name.startswith(("lora_controlnet", "control_model.")) for name in names):
        return None
    keys = {name: key for name in names if (key := take_apart(name))}
    others = [(name, kind.network) for name in names if (kind := other_kind(name))]
    relatives = [
        network
        for name, network in others
        if network in _RELATIVES or (network in _BY_BEGINNING and names_a_part(name))
    ]
    has_matrices = any(key.role in ("down", "up") for key in keys.values())
    if not relatives and not has_matrices:
        return None
    family = _family(header, list(keys.values()))
    if family is None and not relatives:
        refusal: str | None = _NO_FAMILY.format(next(iter(keys))[:120])
    else:
        # What a relative of LoRA is, is told before its layers are looked at.
        refusal = why_not_lora(header, family or "sd1", adapter)
    ranks = [names[name].shape[0] for name, key in keys.items() if key.role == "down" and names[name].shape]
    details: dict[str, Any] = {
        "network": relatives[0] if relatives and not has_matrices else "lora",
        "rank": max(ranks, default=None),
        "text_width": text_width(names),
    }
    words = sorted({word for name in names if (word := embedding_word(name))})
    details |= {"embeddings": words} if words else {}
    return Detected("lora", family, details=details, refusal=refusal)


def why_not_lora(header: Header, family: Family, adapter: Mapping[str, Any] | None = None) -> str | None:
    """Why the engine can lay this LoRA over no model of `family`, as a `refusal`; None: it can.

    Whether it fits one model of the family, with so many blocks of such a width, is seen when it meets that model.
    """
    try:
        expect_family(header, family)
        plan_lora(header, family, adapter=adapter)
    except UnusableLora as error:
        return str(error)
    return None


def _family(header: Header, keys: Sequence[LoraKey]) -> Family | None:
    """By the names of all layers; where several families have them, by widths, and then by what the file claims."""
    hint = _hinted(header)
    named = families_with(keys)
    if len(named) == 1:
        return named[0]
    if set(named) <= {"sd3", "flux"} and named:
        width = next((width for width in _widths(header.tensors) if width in _FAMILY_BY_WIDTH), None)
        return _FAMILY_BY_WIDTH[width] if width else hint if hint in named else "sd3"
    return _family_by_signs(header, hint) or next(iter(named), None)


def _family_by_signs(header: Header, hint: Family | None) -> Family | None:
    names = header.tensors.keys()
    for signs, family in (
        (("double_blocks", "single_blocks", "single_transformer_blocks"), "flux"),
        (("joint_blocks",), "sd3"),
    ):
        if any(sign in name for name in names for sign in signs):
            return family  # type: ignore[return-value]
    width = text_width(header.tensors)
    if width is not None and width in FAMILY_BY_TEXT_WIDTH:
        return FAMILY_BY_TEXT_WIDTH[width]
    if _looks_like_sdxl(header.tensors):
        return "sdxl"
    if hint is not None:
        return hint
    known = ("lora_unet_", "lora_te_", "unet.", "text_encoder.", "lora_te1_")
    return "sd1" if any(name.startswith(known) for name in names) else None


def _looks_like_sdxl(tensors: Mapping[str, TensorFacts]) -> bool:
    """A second text encoder, kohya's names for it, or more than one transformer block in a row."""
    signs = ("lora_te2_", "text_encoder_2.", "lora_unet_input_blocks_", "lora_unet_output_blocks_")
    keys = [key for name in tensors if (key := take_apart(name))]
    return any(name.startswith(signs) for name in tensors) or any(
        key.part == NETWORK and _SEVERAL_BLOCKS.search(key.layer) for key in keys
    )


def _widths(tensors: Mapping[str, TensorFacts]) -> list[int]:
    return [
        facts.shape[1]
        for name, facts in tensors.items()
        if (key := take_apart(name)) and key.role == "down" and len(facts.shape) > 1
    ]


def _hinted(header: Header) -> Family | None:
    for key in ("modelspec.architecture", "ss_base_model_version"):
        said = header.metadata.get(key, "")[:200].lower()
        for word, family in _HINTS:
            if word in said:
                return family
    return None
