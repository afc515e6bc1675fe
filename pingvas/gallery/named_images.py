"""The ids of other images in what an image says about how it was made: they stand in its row alone, for its owner.

An id alone opens an unlisted image. So nobody else is told them, and no file carries them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pingvas.engine.images.notes import OUR_KEY

_IMAGES = ("source_image", "mask_image")
_CONTROLS, _IMAGE_OF_A_CONTROL = "controlnet", "image"


def names_images(parameters: Mapping[str, Any]) -> bool:
    """Whether parameters name images that something is made from."""
    return any(name in parameters for name in _IMAGES) or any(
        _IMAGE_OF_A_CONTROL in control for control in _controls(parameters)
    )


def without_images(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without the ids of the images they name."""
    told = {name: value for name, value in parameters.items() if name not in _IMAGES}
    if _CONTROLS in told and names_images(parameters):
        told[_CONTROLS] = [
            {name: value for name, value in control.items() if name != _IMAGE_OF_A_CONTROL}
            for control in _controls(parameters)
        ]
    return told


def with_images_of(parameters: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """`without_images`, taken back: the same parameters with the ids that stand in `named`."""
    found = {name: named[name] for name in (*_IMAGES, _CONTROLS) if name in named}
    return {**parameters, **found}


def texts_without_images(texts: Mapping[str, str]) -> dict[str, str]:
    """What a file says (`notes.find_notes`), as it may leave: our JSON without the ids, and no other text that holds one of
    them. JSON of ours that cannot be read is left out."""
    if OUR_KEY not in texts:
        return dict(texts)
    told = read_ours(texts)
    if told is None:
        return {name: text for name, text in texts.items() if name != OUR_KEY}
    if not names_images(told):
        return dict(texts)
    ids = [str(value) for value in _named(told) if value]
    others = {
        name: text
        for name, text in texts.items()
        if name != OUR_KEY and not any(named in text for named in ids)
    }
    ours = json.dumps(without_images(told), ensure_ascii=False, separators=(",", ":"))
    return others | {OUR_KEY: ours}


def read_ours(texts: Mapping[str, str]) -> dict[str, Any] | None:
    """Our JSON among what a file says; None where there is none, or none that can be read."""
    try:
        found = json.loads(texts.get(OUR_KEY, ""))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _named(parameters: Mapping[str, Any]) -> Iterator[Any]:
    yield from (parameters.get(name) for name in _IMAGES)
    yield from (control.get(_IMAGE_OF_A_CONTROL) for control in _controls(parameters))


def _controls(parameters: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A foreign file may hold one by itself, or anything."""
    found = parameters.get(_CONTROLS)
    listed = found if isinstance(found, list) else [found]
    return [control for control in listed if isinstance(control, Mapping)]
