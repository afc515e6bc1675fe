"""Which files of a folder are the weights of one part: whole or in shards, under whatever name, in one of several precisions.

No torch, and no tensor is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pingvas.engine.checkpoints.safetensors_header import PICKLES, safetensors_in
from pingvas.engine.errors import ModelLoadFailed

# `model.fp16.safetensors`, `model.fp16-00001-of-00002.safetensors` and `model-00001-of-00002.fp16.safetensors`.
_NAME = re.compile(
    r"(?P<stem>[^.]+?)(?:\.(?P<before>[\w-]+?))?(?:-(?P<number>\d{5})-of-(?P<count>\d{5}))?(?:\.(?P<behind>\w+))?\.\w+"
)
# What diffusers and transformers call weights; other names beside them are other things, often whole checkpoints.
_USUAL = ("diffusion_pytorch_model", "model")
_MOST_SHARDS = 999


@dataclass(frozen=True)
class WeightSet:
    """The files of one set of weights, `missing` the names of shards that are not there.

    `variant` is its precision as its name says it, None for the exact one.
    """

    stem: str
    variant: str | None
    files: tuple[Path, ...]
    missing: tuple[str, ...]


def find_weights(folder: Path, *, half: bool = False) -> WeightSet:
    """The set of weights to read in `folder`: the one without a variant, as the most exact one, else `fp16`, else any.

    `half`: where fp16 is computed, `fp16` is as good, and half as long to read. Raises ModelLoadFailed when there is
    none, only a pickle, several of which nobody knows which is meant, or when a shard is missing.
    """
    place = f"{folder.parent.name}/{folder.name}"
    sets = _sets(folder)
    if not sets:
        refuse_pickles(folder, place)
        raise ModelLoadFailed(f"{folder.parent.name} has no weights in {folder.name}.")
    stems = sorted({each.stem for each in sets})
    stem = next((usual for usual in _USUAL if usual in stems), None)
    if stem is None:
        if len(stems) > 1:
            raise ModelLoadFailed(
                f"{place} holds weights under {len(stems)} names ({', '.join(stems)}), and none is what diffusers "
                "calls them: leave one."
            )
        (stem,) = stems
    ours = [each for each in sets if each.stem == stem]
    variants = {each.variant for each in ours}
    order = ["fp16", None] if half else [None, "fp16"]
    variant = next((each for each in order if each in variants), min(map(str, variants)))
    ours = [each for each in ours if each.variant == variant]
    # Some folders have the same weights whole and in shards.
    chosen = min(ours, key=lambda each: (bool(each.missing), len(each.files)))
    if chosen.missing:
        raise ModelLoadFailed(
            f"{folder.parent.name} is not whole: {folder.name}/{chosen.missing[0]} is missing."
        )
    return chosen


def refuse_pickles(folder: Path, place: str) -> None:
    """Raises ModelLoadFailed when there is a pickle in `folder`, which messages call `place`."""
    pickled = next((file for file in sorted(folder.glob("*")) if file.suffix.lower() in PICKLES), None)
    if pickled is not None:
        raise ModelLoadFailed(
            f"{place}/{pickled.name} is a pickle, which can run any code when opened. "
            "Only safetensors files are loaded: convert it first."
        )


def _sets(folder: Path) -> list[WeightSet]:
    found: dict[tuple[str, str | None, str | None], list[Path]] = {}
    for file in safetensors_in(folder):
        match = _NAME.fullmatch(file.name)
        key: tuple[str, str | None, str | None] = (file.stem, None, None)
        if match is not None:
            key = (match["stem"], match["before"] or match["behind"], match["count"])
        found.setdefault(key, []).append(file)
    return [
        WeightSet(stem, variant, tuple(files), _missing(files, count))
        for (stem, variant, count), files in found.items()
    ]


def _missing(files: list[Path], count: str | None) -> tuple[str, ...]:
    """What the shards that are not there are called, as one that is counts them."""
    match = _NAME.fullmatch(files[0].name)
    if count is None or match is None:
        return ()
    before, behind = files[0].name[: match.start("number")], files[0].name[match.end("number") :]
    names = [f"{before}{number:05}{behind}" for number in range(1, min(int(count), _MOST_SHARDS) + 1)]
    there = {file.name for file in files}
    return tuple(name for name in names if name not in there)
