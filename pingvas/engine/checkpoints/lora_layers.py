"""The layers that a LoRA may correct, by every name that trainers have for them, to their names in diffusers and transformers.

No torch. A name is known by its shape (`down_blocks.#.resnets.#.conv1`), so whether a model has that many blocks is seen
only when the LoRA meets the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pingvas.engine.checkpoints.detected import Family
from pingvas.engine.checkpoints.lora_keys import NETWORK
from pingvas.engine.checkpoints.publisher_names import FLUX_NAMES, SD3_NAMES, Names

UNET_FAMILIES: tuple[Family, ...] = ("sd1", "sd2", "sdxl")
# How many rows of layers a block of the published U-Nets has.
LAYERS_PER_BLOCK = 2


@dataclass(frozen=True)
class Target:
    """A layer by its name in the model. `swapped`: the halves of its rows are in the other order in the file."""

    layer: str
    swapped: bool = False


@dataclass(frozen=True)
class ModelShape:
    """What of a model decides about names: rows of layers in a U-Net's block, blocks of a transformer (None: unknown)."""

    layers_per_block: int = LAYERS_PER_BLOCK
    blocks: int | None = None


_TRANSFORMER_BLOCK = (
    "attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0",
    "attn2.to_q", "attn2.to_k", "attn2.to_v", "attn2.to_out.0",
    "ff.net.0.proj", "ff.net.2",
)  # fmt: skip
_RESNET = ("conv1", "conv2", "time_emb_proj", "conv_shortcut")
_UNET_ENDS = (
    "conv_in", "conv_out", "time_embedding.linear_1", "time_embedding.linear_2",
    "add_embedding.linear_1", "add_embedding.linear_2",
    "down_blocks.#.downsamplers.#.conv", "up_blocks.#.upsamplers.#.conv",
)  # fmt: skip
# The first publisher's names of what a block is made of.
_LDM_RESNET = {
    "in_layers.2": "conv1",
    "out_layers.3": "conv2",
    "emb_layers.1": "time_emb_proj",
    "skip_connection": "conv_shortcut",
}
_LDM_ENDS = {
    "input_blocks.0.0": "conv_in",
    "out.2": "conv_out",
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "label_emb.0.0": "add_embedding.linear_1",
    "label_emb.0.2": "add_embedding.linear_2",
}
_XLABS = {
    "double_blocks.#.processor.qkv_lora1": FLUX_NAMES["double_blocks.#.img_attn.qkv"],
    "double_blocks.#.processor.qkv_lora2": FLUX_NAMES["double_blocks.#.txt_attn.qkv"],
    "double_blocks.#.processor.proj_lora1": FLUX_NAMES["double_blocks.#.img_attn.proj"],
    "double_blocks.#.processor.proj_lora2": FLUX_NAMES["double_blocks.#.txt_attn.proj"],
    "single_blocks.#.processor.qkv_lora": " ".join(
        f"single_transformer_blocks.#.attn.to_{which}" for which in "qkv"
    ),
    "single_blocks.#.processor.proj_lora": FLUX_NAMES["single_blocks.#.linear2"],
}
_CLIP = tuple(
    f"{level}encoder.layers.#.{end}"
    for level in ("text_model.", "")
    for end in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2")
)  # fmt: skip
_T5 = (
    *(f"encoder.block.#.layer.0.SelfAttention.{which}" for which in "qkvo"),
    *(f"encoder.block.#.layer.1.DenseReluDense.{which}" for which in ("wi_0", "wi_1", "wi", "wo")),
)
# Parts with a text encoder of each kind.
_CLIPS: Mapping[Family, tuple[str, ...]] = {
    "sd1": ("text_encoder",),
    "sd2": ("text_encoder",),
    "sdxl": ("text_encoder", "text_encoder_2"),
    "sd3": ("text_encoder", "text_encoder_2"),
    "flux": ("text_encoder",),
}
_T5_PART: Mapping[Family, str] = {"sd3": "text_encoder_3", "flux": "text_encoder_2"}


def part_of(part: str, family: Family) -> str | None:
    """The model's part that a key's part means in this family: which encoder is T5 differs. None: it has none such."""
    if part == "t5":
        return _T5_PART.get(family)
    known = (NETWORK, *_CLIPS[family], _T5_PART.get(family))
    return part if part in known else None


def find_targets(
    part: str, layer: str, family: Family, *, joined: bool, shape: ModelShape | None = None
) -> tuple[Target, ...]:
    """The layers of `part` (one that the family has) that `layer` stands for; several share its rows. Empty: unknown."""
    shape = shape or ModelShape()
    for pattern, names in _table(part, family, joined):
        found = pattern.fullmatch(layer)
        if found is None:
            continue
        return tuple(_target(name, found.groups(), shape) for name in names.split())
    if part == NETWORK and family in UNET_FAMILIES:
        return _ldm_target(layer, family, joined, shape)
    return ()


def _target(name: str, numbers: tuple[str, ...], shape: ModelShape) -> Target:
    mark, name = (name[0], name[1:]) if name[0] in "~?" else ("", name)
    for number in numbers:
        name = name.replace("#", number, 1)
    last = shape.blocks is not None and numbers == (str(shape.blocks - 1),)
    return Target(name, mark == "~" or (mark == "?" and last))


@lru_cache(maxsize=64)
def _table(part: str, family: Family, joined: bool) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(theirs, joined), ours) for theirs, ours in _names(part, family))


def _pattern(name: str, joined: bool) -> re.Pattern[str]:
    dot = "_" if joined else r"\."
    return re.compile(re.escape(name).replace(r"\.", dot).replace(r"\#", r"(\d+)"))


def _names(part: str, family: Family) -> Iterator[tuple[str, str]]:
    """Pairs of a name in files and the name, or names, in the model."""
    if part == NETWORK and family in UNET_FAMILIES:
        yield from _unet_names()
    elif part == NETWORK:
        yield from _transformer_names({**FLUX_NAMES, **_XLABS} if family == "flux" else SD3_NAMES)
    elif part == _T5_PART.get(family):
        yield from ((name, name) for name in _T5)
    else:
        yield from _clip_names()


def _unet_names() -> Iterator[tuple[str, str]]:
    for block in ("down_blocks.#.", "up_blocks.#.", "mid_block."):
        for end in _RESNET:
            yield f"{block}resnets.#.{end}", f"{block}resnets.#.{end}"
        for end in ("proj_in", "proj_out"):
            yield f"{block}attentions.#.{end}", f"{block}attentions.#.{end}"
        inner = f"{block}attentions.#.transformer_blocks.#."
        for end in _TRANSFORMER_BLOCK:
            yield inner + end, inner + end
        for attention in ("attn1", "attn2"):
            for which in ("to_q", "to_k", "to_v", "to_out"):
                ours = f"{inner}{attention}.{'to_out.0' if which == 'to_out' else which}"
                for processor in ("processor.", ""):
                    yield f"{inner}{attention}.{processor}{which}_lora", ours
    for end in _UNET_ENDS:
        yield end, end


def _transformer_names(names: Names) -> Iterator[tuple[str, str]]:
    """The publisher's names, and diffusers' own. Layers that normalize have no matrices to correct.

    `~` before a name: its halves are in the other order; `?`: they are in the transformer's last block.
    """
    for theirs, ours in names.items():
        if ".last." in theirs or theirs == "pos_embed" or ".norm_" in ours:
            continue
        yield theirs, f"?{ours}" if theirs.replace("#", "last") in names and "#" in theirs else ours
        for name in ours.split():
            yield name.removeprefix("~"), name.removeprefix("~")


def _clip_names() -> Iterator[tuple[str, str]]:
    for name in _CLIP:
        yield name, name
        old = re.sub(r"self_attn\.(q|k|v|out)_proj$", r"self_attn.to_\1", name)
        if old != name:
            yield f"{old}_lora", name
            yield old, name
    yield "text_projection", "text_projection"


_LDM = re.compile(
    r"(?P<side>input|output)_blocks[._](?P<number>\d+)[._](?P<place>\d)[._](?P<rest>.+)"
    r"|middle_block[._](?P<middle>[012])[._](?P<inside>.+)"
)


def _ldm_target(layer: str, family: Family, joined: bool, shape: ModelShape) -> tuple[Target, ...]:
    """A layer under the names of Stable Diffusion's first publisher, which number a U-Net's rows of layers right through."""
    ends = {_plain(theirs): ours for theirs, ours in _LDM_ENDS.items()}
    if _plain(layer) in ends:
        return (Target(ends[_plain(layer)]),)
    found = _LDM.fullmatch(layer)
    if found is None:
        return ()
    if found["middle"] is not None:
        place, rest = int(found["middle"]), found["inside"]
        name = "mid_block.attentions.0" if place == 1 else f"mid_block.resnets.{place // 2}"
    else:
        place, rest, down = int(found["place"]), found["rest"], found["side"] == "input"
        # The first of the blocks on the way down is the entrance.
        block, row = divmod(int(found["number"]) - down, shape.layers_per_block + 1)
        side = "down_blocks" if down else "up_blocks"
        if (rest == "op" and down and place == 0) or (rest == "conv" and not down and place in (1, 2)):
            return (Target(f"{side}.{block}.{'downsamplers' if down else 'upsamplers'}.0.conv"),)
        if place > 1 or block < 0:
            return ()
        name = f"{side}.{block}.{'attentions' if place else 'resnets'}.{row}"
    resnet = {_plain(theirs): ours for theirs, ours in _LDM_RESNET.items()}.get(_plain(rest))
    if "resnets" in name:
        return (Target(f"{name}.{resnet}"),) if resnet else ()
    # Inside of attention the names are the same.
    dot = "_" if joined else "."
    return find_targets(NETWORK, f"{name.replace('.', dot)}{dot}{rest}", family, joined=joined)


def _plain(name: str) -> str:
    return name.replace(".", "_")
