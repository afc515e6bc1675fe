"""Tries the dialects in order: the one way from texts of a picture to what they say. Never raises.

Texts come under the names of a PNG's chunks, wherever they stood (`notes.find_notes`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pingvas.engine.images.dialects import (
    a1111,
    comfyui,
    easy_diffusion,
    flat,
    fooocus,
    invokeai,
    novelai,
    swarmui,
)
from pingvas.engine.images.dialects.json_text import looks_like_json, parse_json
from pingvas.engine.images.dialects.told import Told

INFOTEXT, OURS = "parameters", "pingvas"

# Each knows its own by marks; the last takes whatever has a prompt and a setting.
_OBJECTS: tuple[Callable[[Mapping[str, Any]], Told | None], ...] = (
    swarmui.read,
    comfyui.read,
    invokeai.read,
    fooocus.read,
    novelai.read,
    easy_diffusion.read,
    flat.read,
)
# What is never looked at for itself: our JSON is exact and read elsewhere, the others stand beside something.
_BESIDE = frozenset({OURS, "fooocus_scheme", "Software", "Source", "Title", "Description"})


def read_text(text: str) -> Told | None:
    """One text, JSON or infotext; None when it is JSON that nobody knows."""
    if looks_like_json(text):
        found = parse_json(text)
        if found is not None:
            return read_json(found)
    return a1111.read(text)


def read_json(found: Any) -> Told | None:
    """JSON of any program; None when nobody knows it."""
    if not isinstance(found, dict):
        return None
    return next((told for read in _OBJECTS if (told := read(found)) is not None), None)


def says_how_made(text: str) -> bool:
    """Whether a text that anybody may have written is infotext with settings, or JSON of a program that is known."""
    if looks_like_json(text) and (found := parse_json(text)) is not None:
        return read_json(found) is not None
    return a1111.has_settings(text)


def read_notes(notes: Mapping[str, str]) -> Told | None:
    """All texts of one picture: the first that says how it was made, with what stands beside it."""
    if "Comment" in notes:
        told = novelai.read(
            {"Comment": notes["Comment"], **{name: notes[name] for name in _BESIDE & notes.keys()}}
        )
        if told is not None:
            return told
    plain: Told | None = None
    for name, text in notes.items():
        if name in _BESIDE:
            continue
        found = invokeai.read_dream(text) if name == "Dream" else read_text(text)
        if found is not None and (found.tool is not None or len(found.parameters()) > 2):
            return _in_scheme(found, notes.get("fooocus_scheme"))
        plain = plain or found
    if plain is None and "Description" in notes:
        return read_text(notes["Description"])
    return plain


def _in_scheme(told: Told, scheme: str | None) -> Told:
    """Fooocus says beside its text in which scheme that is, and that the text is its own."""
    foreign = told.tool in (None, a1111.TOOL) and scheme in ("fooocus", "a1111")
    return replace(told, tool=fooocus.TOOL) if foreign else told
