"""Easy Diffusion: one object, whose models are named `use_…_model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pingvas.engine.images.dialects import flat
from pingvas.engine.images.dialects.told import Told
from pingvas.engine.images.dialects.values import lora, loras, number, text

TOOL = "Easy Diffusion"
_MARKS = frozenset({"use_stable_diffusion_model", "num_inference_steps", "use_vae_model", "use_lora_model"})


def read(found: Mapping[str, Any]) -> Told | None:
    """None when it is another program's."""
    said = flat.under_small_names(found)
    if not _MARKS & said.keys():
        return None
    told = flat.read(said)
    if told is None:
        return None
    names, weights = _listed(said.get("use_lora_model")), _listed(said.get("lora_alpha"))
    return replace(
        told,
        tool=TOOL,
        vae=text(said.get("use_vae_model")),
        clip_skip=2 if said.get("clip_skip") is True else None,
        strength=number(said.get("prompt_strength"), 1) if said.get("init_image") else None,
        loras=loras(
            lora(name, weights[place] if place < len(weights) else None) for place, name in enumerate(names)
        ),
    )


def _listed(value: Any) -> list[Any]:
    """One, or several."""
    return value if isinstance(value, list) else [] if value is None else [value]
