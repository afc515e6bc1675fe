"""Infotext as A1111's program, Forge, SD.Next, Fooocus' second scheme, Civitai and this studio write it.

`infotext_grammar` knows the layout, this file the names. Settings of extensions (hires fix, ADetailer, …) keep their own
names and values. A text without settings is a prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from pingvas.engine.images.dialects.json_text import looks_like_json, parse_json, parse_object
from pingvas.engine.images.dialects.told import MAX_MODELS, Told, ToldEmbedding, ToldLora
from pingvas.engine.images.dialects.values import hash_of, lora, loras, number, text
from pingvas.engine.images.infotext_grammar import parse_infotext
from pingvas.engine.samplers import SAMPLERS

MAX_TEXT = 200_000
"""Characters that are read; settings behind them are not found."""
TOOL, FORGE, SDNEXT, FOOOCUS, CIVITAI, OURS = (
    "A1111",
    "Forge",
    "SD.Next",
    "Fooocus",
    "Civitai",
    "Pingvas Studio",
)

_SIZE = re.compile(r"(\d{1,6})x(\d{1,6})", re.ASCII)
_WHOLE, _FRACTION = re.compile(r"[0-9]{1,19}"), re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{0,20})?")
_LIKE_OURS = re.compile(r"[a-z_]+")
# Their names, ours, and the most that is one.
_INTEGERS: tuple[tuple[str, str, int], ...] = (
    ("Steps", "steps", 10**6),
    ("Seed", "seed", 2**63 - 1),
    ("Clip skip", "clip_skip", 10**6),
    ("Mask blur", "mask_blur", 10**6),
)
_FRACTIONS = (
    ("CFG scale", "cfg_scale"),
    ("Distilled CFG Scale", "guidance"),
    ("Denoising strength", "strength"),
)
_TEXTS = (("Model", "model"), ("Model hash", "model_hash"), ("VAE", "vae"))
_PLAIN_SCHEDULES = frozenset({"", "Automatic", "Uniform", "Normal"})
# A name ends at the next colon; what follows it are weights, perhaps with names of their own.
_TAG = re.compile(r"<(?:lora|lyco):([^<>:\n]{1,200})(?::([^<>\n]{0,200}))?>", re.IGNORECASE)
_FORGE_VERSION = re.compile(r"f\d|neo|.*forge", re.IGNORECASE)


def read(infotext: str) -> Told:
    """Infotext; at worst all of it is the prompt. What is nearly JSON says nothing."""
    infotext = infotext[:MAX_TEXT]
    parts = parse_infotext(infotext)
    if parts.settings is None and looks_like_json(infotext):
        return Told()  # cut off, or JSON of nobody's
    values = dict(parts.settings or {})
    tool, version = _tool(values) if parts.settings is not None else (None, None)
    told = replace(Told(tool, version, parts.prompt, parts.negative_prompt), **_our_names(values))
    told = _with_resources(told, values)
    # Names in small letters are ours: nobody else's setting may stand for one.
    kept = {name: value for name, value in values.items() if not _LIKE_OURS.fullmatch(name)}
    return replace(told, others=kept | parts.behind)


def has_settings(infotext: str) -> bool:
    """Whether a text that anybody may have written has the settings of an infotext."""
    return parse_infotext(infotext[:MAX_TEXT]).settings is not None


def _tool(values: Mapping[str, str]) -> tuple[str, str | None]:
    """The program and its version. Who names neither wrote what A1111's would."""
    version, app = values.get("Version", "").strip(), values.get("App", "").strip()
    if app.lower().replace(" ", "") in ("sd.next", "sdnext") or "Backend" in values or "Pipeline" in values:
        return SDNEXT, text(version)
    for name in (FOOOCUS, OURS, "ComfyUI"):
        if version.startswith(name):
            return name, text(version.removeprefix(name).strip())
    if _FORGE_VERSION.match(version):
        return FORGE, version
    if not version and "Civitai resources" in values:
        return CIVITAI, None
    return TOOL, text(version)


def _our_names(values: dict[str, str]) -> dict[str, Any]:
    """Settings under our names, which are taken out of `values`."""
    told: dict[str, Any] = {}
    size = _SIZE.fullmatch(values.get("Size", ""))
    if size:
        del values["Size"]
        told["width"], told["height"] = int(size[1]), int(size[2])
    for theirs, ours, most in _INTEGERS:
        if _WHOLE.fullmatch(values.get(theirs, "")) and int(values[theirs]) <= most:
            told[ours] = int(values.pop(theirs))
    for theirs, ours in _FRACTIONS:
        if _FRACTION.fullmatch(values.get(theirs, "")):
            told[ours] = float(values.pop(theirs))
    schedule = values.get("Schedule type", "")
    sampler = _find_sampler(values.get("Sampler", ""), schedule)
    if sampler is not None:
        told["sampler"] = sampler
        values.pop("Sampler")
        if schedule in _PLAIN_SCHEDULES or SAMPLERS[sampler].schedule == schedule:
            values.pop("Schedule type", None)
    for theirs, ours in _TEXTS:
        if theirs in values:
            told[ours] = values.pop(theirs)
    return told


def _find_sampler(label: str, schedule: str) -> str | None:
    """Our name for a sampler; old files write the schedule into the label ("DPM++ 2M Karras")."""
    if label.endswith(" Karras"):
        label, schedule = label.removesuffix(" Karras"), "Karras"
    same = [name for name, sampler in SAMPLERS.items() if sampler.label == label]
    exact = [name for name in same if (SAMPLERS[name].schedule == "Karras") == (schedule == "Karras")]
    return next(iter(exact or same), None)


# --- models: tags in the prompt, and the lists that programs and sites write behind the settings ------------------------


def _with_resources(told: Told, values: Mapping[str, str]) -> Told:
    hashes = parse_object(values.get("Hashes")) or {}
    lora_hashes = _pairs(values.get("Lora hashes", "")) | {
        name.partition(":")[2]: str(hash)
        for name, hash in islice(hashes.items(), MAX_MODELS)
        if name.lower().startswith("lora:")
    }
    resources = _civitai(values.get("Civitai resources", ""))
    weights = _pairs(values.get("Lora weights", ""))
    found = [
        *_tags(told.prompt, lora_hashes),
        *(lora(name, weight, lora_hashes.get(name)) for name, weight in weights.items()),
        *(
            lora(each.get("modelName"), each.get("weight"), each.get("hash"))
            for each in resources
            if str(each.get("type")).lower() in ("lora", "locon", "lycoris", "dora")
        ),
    ]
    checkpoint = next(
        (each for each in resources if str(each.get("type")).lower() in ("checkpoint", "model")), {}
    )
    return replace(
        told,
        model=text(checkpoint.get("modelName")) if told.model is None else told.model,
        model_hash=told.model_hash or hash_of(hashes.get("model")) or hash_of(checkpoint.get("hash")),
        loras=loras(found),
        embeddings=tuple(_embeddings(values, hashes)),
    )


def _tags(prompt: str, hashes: Mapping[str, str]) -> Iterator[ToldLora | None]:
    """LoRAs that the prompt names. Of two weights the second counts, as it does when the prompt is run here."""
    for tag in islice(_TAG.finditer(prompt), MAX_MODELS):
        numbers = [
            weight
            for part in (tag[2] or "").split(":")
            if (weight := number(part.rpartition("=")[2].strip())) is not None
        ]
        named = lora(
            tag[1],
            numbers[1] if len(numbers) > 1 else numbers[0] if numbers else None,
            hashes.get(tag[1].strip()),
        )
        yield None if named is None else replace(named, in_prompt=True)


def _pairs(listed: str) -> dict[str, str]:
    """`a: 1, b: 2`; a name may hold a colon."""
    pairs: dict[str, str] = {}
    for part in listed.split(",", 4 * MAX_MODELS)[: 4 * MAX_MODELS]:
        name, colon, value = part.rpartition(":")
        if colon and name.strip():
            pairs.setdefault(name.strip(), value.strip())
    return pairs


def _civitai(listed: str) -> list[Mapping[str, Any]]:
    """What a site says was used: names of models, which need be no names of files."""
    found = parse_json(listed) if looks_like_json(listed) else None
    return (
        [each for each in found[:MAX_MODELS] if isinstance(each, Mapping)] if isinstance(found, list) else []
    )


def _embeddings(values: Mapping[str, str], hashes: Mapping[str, Any]) -> Iterator[ToldEmbedding]:
    named = _pairs(values.get("TI hashes", "") or values.get("TI", ""))
    for name, hash in hashes.items():
        if name.lower().startswith("embed:"):
            named.setdefault(name.partition(":")[2], str(hash))
    for name, told in islice(named.items(), MAX_MODELS):
        if text(name):
            yield ToldEmbedding(name[:300], hash_of(told))
