"""NovelAI: `Comment` is JSON with the settings; the first version's prompt stands in `Description`.

In the lowest bits of its pixels it writes the same as one object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pingvas.engine.images.dialects import flat
from pingvas.engine.images.dialects.json_text import parse_object
from pingvas.engine.images.dialects.told import Told
from pingvas.engine.images.dialects.values import number, others, sampler, text

TOOL = "NovelAI"
_MARKS = frozenset(
    {"uc", "scale", "sampler", "steps", "noise_schedule", "v4_prompt", "request_type", "uncond_scale"}
)
_SOURCE = re.compile(r"(.{1,200}?)\s+([0-9A-Fa-f]{6,64})")
_OTHERS = {
    "cfg_rescale": "CFG rescale",
    "uncond_scale": "Unconditional scale",
    "request_type": "Request type",
}


def read(found: Mapping[str, Any]) -> Told | None:
    """The comment's own object, or the one that holds it beside Software and Source; None when it is another program's."""
    if "Comment" in found:
        comment = parse_object(found["Comment"])
        beside = {name: value for name, value in found.items() if isinstance(value, str)}
        return None if comment is None else read_comment(comment, beside)
    return read_comment(found, {})


def read_comment(said: Mapping[str, Any], beside: Mapping[str, str]) -> Told | None:
    """The settings, and what stands beside them under `Software`, `Source` and `Description`."""
    named = beside.get("Software", "").strip().lower().startswith("novelai")
    if not named and len(_MARKS & said.keys()) < 3:
        return None
    if not isinstance(said.get("prompt"), str) and beside.get("Description"):
        said = {**said, "prompt": beside["Description"]}
    told = flat.read(said)
    if told is None:
        return None
    our_sampler, kept = sampler(said.get("sampler"), said.get("noise_schedule"))
    source = _SOURCE.fullmatch(beside.get("Source", "").strip())
    return replace(
        told,
        tool=TOOL,
        prompt=_with_characters(told.prompt, said.get("v4_prompt")),
        negative_prompt=_with_characters(told.negative_prompt, said.get("v4_negative_prompt")),
        model=source[1] if source else text(beside.get("Source")),
        # By its length it is no hash of a file that the catalog could know, but it names the version.
        version=source[2] if source else None,
        sampler=our_sampler,
        strength=number(said.get("strength"), 1)
        if "noise" in said or said.get("request_type") == "Img2ImgRequest"
        else None,
        others={**kept, **others(said, _OTHERS)},
    )


def _with_characters(words: str, told: Any) -> str:
    """Since version 4 each character has words of its own."""
    caption = told.get("caption") if isinstance(told, Mapping) else None
    characters = caption.get("char_captions") if isinstance(caption, Mapping) else None
    each = [
        one.get("char_caption")
        for one in (characters if isinstance(characters, list) else [])
        if isinstance(one, Mapping)
    ]
    lines = [one for one in each[:20] if isinstance(one, str) and one.strip()]
    return "\n".join([words, *lines]) if lines else words
