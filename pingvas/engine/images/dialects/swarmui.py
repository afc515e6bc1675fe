"""SwarmUI: an object `sui_image_params`, and the models with their hashes beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from pingvas.engine.images.dialects import flat
from pingvas.engine.images.dialects.told import MAX_MODELS, Told, ToldLora
from pingvas.engine.images.dialects.values import hash_of, lora, loras, number, others, text

TOOL = "SwarmUI"
_OTHERS = {
    "refinermodel": "Refiner",
    "refinerupscale": "Refiner upscale",
    "refinercontrol": "Refiner control",
}
_OWN_VAE = frozenset({"automatic", "none"})


def read(found: Mapping[str, Any]) -> Told | None:
    """None when it is another program's."""
    said = found.get("sui_image_params")
    if not isinstance(said, Mapping):
        return None
    told = flat.read(said)
    if told is None:
        return None
    hashes = dict(_hashes(found.get("sui_models")))
    layer = said.get("clipstopatlayer")
    return replace(
        told,
        tool=TOOL,
        version=text(said.get("swarm_version")),
        model_hash=hashes.get(_plain(told.model)),
        vae=None if (told.vae or "").lower() in _OWN_VAE else told.vae,
        # Layers are counted from the end: -1 is the last.
        clip_skip=-layer
        if isinstance(layer, int) and not isinstance(layer, bool) and -12 <= layer < -1
        else None,
        guidance=number(said.get("fluxguidancescale")),
        strength=number(said.get("initimagecreativity"), 1),
        loras=loras(_loras(said, hashes)),
        others={**told.others, **others(said, _OTHERS)},
    )


def _loras(said: Mapping[str, Any], hashes: Mapping[str, str]) -> Iterator[ToldLora | None]:
    """Names and weights stand in two lists, or in two texts with commas."""
    names, weights = _listed(said.get("loras")), _listed(said.get("loraweights"))
    for place, name in enumerate(names):
        weight = weights[place] if place < len(weights) else None
        yield lora(name, weight, hashes.get(_plain(name)))


def _listed(value: Any) -> list[Any]:
    parts = value.split(",", MAX_MODELS) if isinstance(value, str) else value
    if not isinstance(parts, list):
        return []
    return [part.strip() if isinstance(part, str) else part for part in parts[:MAX_MODELS]]


def _hashes(models: Any) -> Iterator[tuple[str, str]]:
    for model in islice(models if isinstance(models, list) else [], 4 * MAX_MODELS):
        if isinstance(model, Mapping) and (told := hash_of(model.get("hash"))) is not None:
            yield _plain(model.get("name")), told


def _plain(name: Any) -> str:
    """A model's name with its ending and without are the same one."""
    return (text(name) or "").removesuffix(".safetensors")
