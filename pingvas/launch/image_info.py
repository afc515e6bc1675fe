"""`pingvas image-info`: what a picture's file says about itself, in lines for people."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

from pingvas.base.errors import Invalid
from pingvas.engine.images.credentials import Manifest, read_manifest
from pingvas.engine.images.decode import open_image, take_apart
from pingvas.engine.images.image_files import FORMATS, find_ours, find_told
from pingvas.engine.images.invisible_mark import Mark, read_mark
from pingvas.engine.images.labels import VOCABULARY, label_of
from pingvas.engine.images.notes import find_notes


class UnreadablePicture(Invalid):
    default_detail = "This is no PNG, JPEG or WebP that can be read."


def describe(path: Path) -> Iterator[str]:
    """Lines: the label, the content credentials, the invisible mark and how it was made. Raises UnreadablePicture."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadablePicture(f"{path}: {error.strerror}.") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with open_image(take_apart(data), FORMATS) as image:
                image.load()
                found, seen = find_notes(image), read_mark(image)
                about = f"{image.format}, {image.width}×{image.height}, {len(data):,} bytes"
        manifest, label = read_manifest(data), label_of(data)
    except MemoryError:
        raise
    except Exception as error:  # decoders raise whatever the bytes drive them to
        raise UnreadablePicture(f"{path}: no PNG, JPEG or WebP that can be read.") from error
    yield f"{path}: {about}"
    yield f"AI label (XMP): {'none' if label is None else VOCABULARY + label}"
    yield from _manifest_lines(manifest)
    yield f"Invisible mark: {_mark_line(seen)}"
    yield from _made_lines(found)


def _manifest_lines(manifest: Manifest | None) -> Iterator[str]:
    if manifest is None:
        yield "Content credentials (C2PA): none"
        return
    state = "changed or damaged since it was signed" if not manifest.intact else "intact"
    if manifest.intact and not manifest.trusted:
        state += ", signed by somebody who is on no list that this program knows"
    yield f"Content credentials (C2PA): {state}"
    yield f"  signed by: {manifest.issuer or 'nobody named'}"
    yield f"  made by: {manifest.generator or 'no program named'}"
    for action, source_type in manifest.actions:
        yield f"  {action}{f': {source_type}' if source_type else ''}"
    for code in manifest.problems:
        yield f"  {code}"


def _mark_line(seen: Mark | None) -> str:
    if seen is None:
        return "none"
    return f"made by AI, operator {seen.operator_id} ({seen.agreement:.0%} sure of its places)"


def _made_lines(found: dict[str, str]) -> Iterator[str]:
    ours = find_ours(found)
    told = None if ours is not None else find_told(found)
    made = ours if ours is not None else told.parameters() if told is not None else None
    if made is None:
        yield "How it was made: not said"
        return
    yield f"How it was made: {'Pingvas Studio' if ours is not None else 'said by another program'}"
    for name in ("prompt", "negative_prompt", "model", "sampler", "steps", "cfg_scale", "seed"):
        if made.get(name) not in (None, ""):
            yield f"  {name}: {made[name]}"
