"""Fooocus' own JSON (`fooocus_scheme` is `fooocus`); its other scheme is infotext."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pingvas.engine.images.dialects import flat
from pingvas.engine.images.dialects.told import Told, ToldLora
from pingvas.engine.images.dialects.values import integer, lora, loras, others, text

TOOL = "Fooocus"
_OTHERS = {
    "performance": "Performance",
    "styles": "Styles",
    "sharpness": "Sharpness",
    "refiner_model": "Refiner",
    "refiner_switch": "Refiner switch at",
    "adm_guidance": "ADM guidance",
    "prompt_expansion": "Prompt expansion",
}
_OWN_VAE = "default (model)"
_MOST_LORAS = 10


def read(found: Mapping[str, Any]) -> Told | None:
    """None when it is another program's."""
    said = flat.under_small_names(found)
    version = text(said.get("version"))
    named = said.get("metadata_scheme") == "fooocus" or (version or "").lower().startswith("fooocus")
    if not named and not ("base_model" in said and {"sharpness", "performance", "styles"} & said.keys()):
        return None
    told = flat.read(said)
    if told is None:
        return None
    skip = integer(said.get("clip_skip"), 100)
    return replace(
        told,
        tool=TOOL,
        version=(version or "").removeprefix("Fooocus ").strip() or None,
        vae=None if (told.vae or "").lower() == _OWN_VAE else told.vae,
        clip_skip=skip if skip and skip > 1 else None,
        loras=loras(_loras(said)),
        others={**told.others, **others(said, _OTHERS)},
    )


def _loras(said: Mapping[str, Any]) -> Iterator[ToldLora | None]:
    """`loras` as [name, weight, hash]; before there was that, `lora_combined_1` as "name : weight"."""
    listed = said.get("loras")
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, list) and len(each) >= 2:
            yield lora(each[0], each[1], each[2] if len(each) > 2 else None)
    for place in range(1, _MOST_LORAS + 1):
        combined = said.get(f"lora_combined_{place}")
        if isinstance(combined, str):
            name, _, weight = combined.rpartition(":")
            yield lora(name.strip() or combined, weight.strip())
