"""InvokeAI: `invokeai_metadata` of today, `sd-metadata` of version 2, and the `Dream` line of the first ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pingvas.engine.images.dialects import flat
from pingvas.engine.images.dialects.told import Told, ToldLora
from pingvas.engine.images.dialects.values import (
    MAX_SEED,
    MAX_SIDE,
    MAX_STEPS,
    hash_of,
    integer,
    lora,
    loras,
    number,
    sampler,
    text,
)

TOOL = "InvokeAI"
_MARKS = frozenset({"positive_prompt", "generation_mode", "rand_device", "app_version"})
_LONGEST_LINE = 50_000
_QUOTED = re.compile(r'\s*"([^"\\]*(?:\\.[^"\\]*)*)"(.*)', re.DOTALL)
_FLAG = re.compile(r"(?:\A|\s)-([A-Za-z])\s*([^\s-][^\s]{0,200})")
_UNWANTED = re.compile(r"\[([^\[\]]*)\]")


def read(found: Mapping[str, Any]) -> Told | None:
    """Both kinds of JSON; None when it is another program's."""
    image = found.get("image")
    if isinstance(image, Mapping) and ("app_id" in found or "model_weights" in found or "prompt" in image):
        return _read_second(found, image)
    if "positive_prompt" not in found or len(_MARKS & found.keys()) < 2:
        return None
    told = flat.read(found)
    if told is None:
        return None
    model, skipped = found.get("model"), integer(found.get("clip_skip"), 100)
    listed = found.get("loras")
    return replace(
        told,
        tool=TOOL,
        version=text(found.get("app_version")),
        model_hash=hash_of(model.get("hash")) if isinstance(model, Mapping) else None,
        # Counted from none skipped; here the last layer is the first.
        clip_skip=skipped + 1 if skipped else None,
        guidance=number(found.get("guidance")),
        strength=number(found.get("strength"), 1),
        loras=loras(_lora(each) for each in (listed if isinstance(listed, list) else [])),
    )


def read_dream(line: str) -> Told | None:
    """The command that made a picture: `"words [unwanted words]" -s 50 -S 42 -W 512 -H 512 -C 7.5 -A k_lms`."""
    whole = _QUOTED.fullmatch(line[:_LONGEST_LINE])
    if whole is None:
        return None
    flags = {flag[1]: flag[2] for flag in _FLAG.finditer(whole[2])}
    words = re.sub(r"\\(.)", r"\1", whole[1], flags=re.DOTALL)
    if not {"s", "S"} & flags.keys() or not words.strip():
        return None
    our_sampler, kept = sampler(flags.get("A"))
    return Told(
        tool=TOOL,
        prompt=_UNWANTED.sub("", words).strip(),
        negative_prompt=", ".join(each.strip() for each in _UNWANTED.findall(words)),
        seed=integer(flags.get("S"), MAX_SEED),
        steps=integer(flags.get("s"), MAX_STEPS),
        cfg_scale=number(flags.get("C")),
        width=integer(flags.get("W"), MAX_SIDE),
        height=integer(flags.get("H"), MAX_SIDE),
        strength=number(flags.get("f"), 1),
        sampler=our_sampler,
        others=kept,
    )


def _read_second(found: Mapping[str, Any], image: Mapping[str, Any]) -> Told | None:
    told = flat.read(image)
    if told is None:
        return None
    return replace(
        told,
        tool=TOOL,
        version=text(found.get("app_version")),
        model=text(found.get("model_weights")) or told.model,
        model_hash=hash_of(found.get("model_hash")),
        strength=number(image.get("strength"), 1),
    )


def _lora(value: Any) -> ToldLora | None:
    if not isinstance(value, Mapping):
        return None
    model = value.get("model", value.get("lora"))
    named = model if isinstance(model, Mapping) else {}
    return lora(flat.model_of(model), value.get("weight"), named.get("hash"))
