"""What is in a LoRA file, layer by layer, and to which layers of a model each belongs; or why it cannot be laid over one.

Every tensor of the file is accounted for: it is half of a pair or says something of one, or it is known to be no part of
the LoRA, or the file is refused and the tensor named. No torch, and no tensor is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from pingvas.engine.checkpoints.detected import FAMILIES, FAMILY_BY_TEXT_WIDTH, Family
from pingvas.engine.checkpoints.lora_keys import LoraKey, embedding_word, other_kind, take_apart
from pingvas.engine.checkpoints.lora_layers import (
    UNET_FAMILIES,
    ModelShape,
    Target,
    find_targets,
    part_of,
)
from pingvas.engine.checkpoints.lora_strengths import Strengths, UnusableLora
from pingvas.engine.checkpoints.safetensors_header import Header, TensorFacts

FAMILY_TITLES: Mapping[Family, str] = {
    "sd1": "Stable Diffusion 1 (sd1)",
    "sd2": "Stable Diffusion 2 (sd2)",
    "sdxl": "Stable Diffusion XL (sdxl)",
    "sd3": "Stable Diffusion 3 (sd3)",
    "flux": "FLUX.1 (flux)",
}
# Types of numbers that are what they say; others are only right with scales.
_NUMBERS = ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ")
_CONTROL = "takes a picture beside the noise (a control LoRA): its entrance has {} channels, and a model's own has {}"
_FLUX_CHANNELS = 64
_ENTRANCES = ("img_in", "x_embedder")
# What a U-Net hears of the text comes in by these.
_TEXT = re.compile(r"(attentions|(input|output|middle)_blocks?)[._].*attn2[._](processor[._])?to_[kv]")


@dataclass
class _Stored:
    """A layer as the file has it: a tensor for each role."""

    name: str
    place: LoraKey
    keys: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedLayer:
    """A layer's correction. `name` is the file's, `targets` the layers of `part` that share the rows of `up`.

    `keys` has the tensor's name for each role; `scale` is what to multiply with, None where the tensor `alpha` says it.
    """

    name: str
    part: str
    targets: tuple[Target, ...]
    keys: Mapping[str, str]
    rank: int
    scale: float | None


def plan_lora(
    header: Header,
    family: Family,
    *,
    adapter: Mapping[str, Any] | None = None,
    shape: ModelShape | None = None,
) -> tuple[PlannedLayer, ...]:
    """What the LoRA with this header changes in a model of `family`; `adapter` is PEFT's configuration beside it.

    Raises UnusableLora, which says why it cannot be laid over such a model as a whole.
    """
    stored = _stored(header)
    strengths = Strengths(header.metadata, adapter)
    strange = [layer.name for layer in stored if not _has(family, layer.place)]
    if strange or not stored:
        raise UnusableLora(_why_another(stored, strange, family))
    parts = {layer.name: part_of(layer.place.part, family) or "" for layer in stored}
    _expect_magnitudes(stored, strengths)
    planned = tuple(
        PlannedLayer(
            layer.name,
            parts[layer.name],
            find_targets(
                parts[layer.name], layer.place.layer, family, joined=layer.place.joined, shape=shape
            ),
            layer.keys,
            rank := header.tensors[layer.keys["down"]].shape[0],
            _scale(layer, rank, strengths, parts[layer.name], any("alpha" in each.keys for each in stored)),
        )
        for layer in stored
    )
    _expect_once(planned)
    return planned


def expect_family(header: Header, family: Family) -> None:
    """Raises UnusableLora when the widths of the layers are those of another published family."""
    width = text_width(header.tensors)
    made_for = FAMILY_BY_TEXT_WIDTH.get(width or 0)
    if made_for is not None and family in UNET_FAMILIES and made_for != family:
        raise UnusableLora(f"was made for {FAMILY_TITLES[made_for]}, and not for {FAMILY_TITLES[family]}")


def families_with(places: Iterable[LoraKey]) -> tuple[Family, ...]:
    """The families whose models have all of these layers, as far as names tell."""
    layers = {(place.part, place.layer, place.joined): place for place in places}
    return tuple(
        family for family in FAMILIES if layers and all(_has(family, place) for place in layers.values())
    )


def text_width(tensors: Mapping[str, TensorFacts]) -> int | None:
    """The width of the text that a LoRA's U-Net listens to."""
    for name, facts in tensors.items():
        key = take_apart(name)
        if key is None or key.role != "down" or len(facts.shape) not in (2, 4):
            continue
        if _TEXT.search(key.layer):
            return facts.shape[1]
    return None


def _stored(header: Header) -> list[_Stored]:
    """The layers in a file, each a whole pair. Raises UnusableLora, naming the tensor that is in the way."""
    layers: dict[str, _Stored] = {}
    adapters: set[str] = set()
    unknown: list[str] = []
    for key, facts in header.tensors.items():
        place = take_apart(key)
        if place is None:
            if embedding_word(key) is None:
                unknown.append(key)
            continue
        if place.layer in _ENTRANCES and place.role == "down" and len(facts.shape) == 2:
            _expect_no_control(facts.shape[1])
        if place.adapter:
            adapters.add(place.adapter)
        name = f"{place.beginning}{place.layer}"
        layer = layers.setdefault(name, _Stored(name, place))
        if place.role in layer.keys:
            raise UnusableLora(f"says twice what {place.role} of {name} is")
        layer.keys[place.role] = key
    if len(adapters) > 1:
        raise UnusableLora(f"holds several LoRAs in one file ({', '.join(sorted(adapters)[:4])})")
    if unknown:
        raise UnusableLora(_why_unknown(unknown))
    for layer in layers.values():
        _expect_whole(layer, header.tensors)
    return list(layers.values())


def _why_unknown(keys: list[str]) -> str:
    kind, key = next(((kind, key) for key in keys if (kind := other_kind(key))), (None, keys[0]))
    more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
    what = kind.says if kind else "it holds what is no LoRA that is known here"
    return f"cannot be laid over a model as a whole: {what} ({key[:120]}{more})"


def _expect_no_control(channels: int) -> None:
    if channels != _FLUX_CHANNELS:
        raise UnusableLora(_CONTROL.format(channels, _FLUX_CHANNELS))


def _expect_whole(layer: _Stored, tensors: Mapping[str, TensorFacts]) -> None:
    facts = {role: tensors[key] for role, key in layer.keys.items()}
    missing = next((role for role in ("down", "up") if role not in facts), None)
    if missing is not None:
        raise UnusableLora(f"is not whole: half of {layer.name} is missing ({missing})")
    strange = next(
        (role for role, each in facts.items() if role != "alpha" and each.dtype not in _NUMBERS), None
    )
    if strange is not None:
        raise UnusableLora(
            f"has numbers of the type {facts[strange].dtype} in {layer.name}, which cannot be read"
        )
    # From the layer's inputs to `down`'s rows, through `mid` where there is one, to the columns of `up`.
    down, up = facts["down"].shape, facts["up"].shape
    mid = facts["mid"].shape if "mid" in facts else (down[0] if down else 0,) * 2
    if len(down) < 2 or len(up) < 2 or not down[0] or (up[1], down[0]) != tuple(mid[:2]):
        raise UnusableLora(f"is damaged: the halves of {layer.name} do not fit each other")
    if "dora" in facts and "magnitude" in facts:
        raise UnusableLora(f"says twice how long the rows of {layer.name} are")
    lengths = {"magnitude": (up[0],), "dora": (up[0], down[1])}
    if any(role in facts and prod(facts[role].shape) not in fit for role, fit in lengths.items()):
        raise UnusableLora(f"is damaged: {layer.name} has not one length for each row")


def _expect_magnitudes(stored: Iterable[_Stored], strengths: Strengths) -> None:
    for layer in stored:
        if strengths.expects_magnitude(layer.place.part) and not {"dora", "magnitude"} & layer.keys.keys():
            raise UnusableLora(f"is not whole: it is a DoRA, and {layer.name} lacks the lengths of its rows")


def _expect_once(planned: Iterable[PlannedLayer]) -> None:
    seen: set[tuple[str, str]] = set()
    for layer in planned:
        for target in layer.targets:
            if (layer.part, target.layer) in seen:
                raise UnusableLora(f"corrects {target.layer} twice, under two names")
            seen.add((layer.part, target.layer))


def _scale(layer: _Stored, rank: int, strengths: Strengths, part: str, has_alphas: bool) -> float | None:
    if "alpha" in layer.keys:
        return None
    # Where kohya's own tensors are missing throughout, their trainer's note stands for them.
    trained = strengths.trained_alpha(rank) if layer.place.joined and not has_alphas else None
    return strengths.scale(part, layer.place.layer, rank) if trained is None else trained / rank


def _why_another(stored: list[_Stored], strange: list[str], family: Family) -> str:
    """`strange` are the layers that models of `family` have not."""
    if not stored:
        return "holds no layers"
    fitting = families_with(layer.place for layer in stored)
    if fitting:
        titles = " or ".join(FAMILY_TITLES[each] for each in fitting)
        return f"was made for {titles}, and not for {FAMILY_TITLES[family]}"
    few = len(strange) < len(stored)
    what = f"{len(strange)} of its {len(stored)} layers are" if few else "its layers are"
    whom = FAMILY_TITLES[family] if few else "any family that is known here"
    return f"cannot be laid over a model as a whole: {what} not those of {whom} ({strange[0][:120]})"


def _has(family: Family, place: LoraKey) -> bool:
    known = part_of(place.part, family)
    return known is not None and bool(find_targets(known, place.layer, family, joined=place.joined))
