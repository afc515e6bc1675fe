"""The names that trainers give to what a LoRA file holds: one list, asked by whoever detects such a file and by whoever reads it.

A key says three things: which part of the model it is about (its beginning), which layer of that part (its middle), and
what the tensor is there (its end). No torch; nothing here looks at numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NETWORK = "network"
"""The part that draws, U-Net or transformer; the others are `text_encoder`, `text_encoder_2`, `text_encoder_3`, `t5`."""


@dataclass(frozen=True)
class LoraKey:
    """A key taken apart. `joined`: the layer's name has `_` where the module's own has a dot.

    `role` is `down`, `up`, `mid`, `up_bias`, `alpha`, `dora` or `magnitude`. `adapter` is the name PEFT gave, or "".
    """

    part: str
    layer: str
    joined: bool
    role: str
    adapter: str
    beginning: str


@dataclass(frozen=True)
class OtherKind:
    """What stands beside LoRA matrices in such files, or in their place, and cannot be laid over a model here."""

    network: str
    says: str


# What may stand before a layer's name. PEFT's own words may stand before all of them.
_WRAPPERS = ("base_model.model.", "_orig_mod.")
_DOTTED = (
    ("model.diffusion_model.", NETWORK),
    ("diffusion_model.", NETWORK),
    ("unet.", NETWORK),
    ("text_encoders.clip_l.transformer.", "text_encoder"),
    ("text_encoders.clip_g.transformer.", "text_encoder_2"),
    ("text_encoders.t5xxl.transformer.", "t5"),
    ("clip_l.transformer.", "text_encoder"),
    ("clip_g.transformer.", "text_encoder_2"),
    ("t5xxl.transformer.", "t5"),
    ("clip_l.", "text_encoder"),
    ("clip_g.", "text_encoder_2"),
    ("t5xxl.", "t5"),
    ("t5.", "t5"),
    ("transformer.", NETWORK),
    ("text_encoder.", "text_encoder"),
    ("text_encoder_2.", "text_encoder_2"),
    ("text_encoder_3.", "text_encoder_3"),
)
_JOINED = (
    ("lora_unet_", NETWORK),
    ("lora_transformer_", NETWORK),
    ("lycoris_", NETWORK),
    ("lora_te_", "text_encoder"),
    ("lora_te1_", "text_encoder"),
    ("lora_te2_", "text_encoder_2"),
    ("lora_te3_", "t5"),
)
# A text encoder that was saved alone, without a word for it.
_TEXT_ALONE = ("text_model.encoder.",)

_ADAPTER = r"(?:\.(?P<adapter>(?!weight$|bias$)[A-Za-z0-9_-]+))?"
_ROLES = tuple(
    (role, re.compile(rf"(?P<layer>.+){end}"))
    for role, end in (
        ("down", rf"\.(?:lora_A|lora_down){_ADAPTER}\.weight"),
        ("up", rf"\.(?:lora_B|lora_up){_ADAPTER}\.weight"),
        ("up_bias", rf"\.(?:lora_B|lora_up){_ADAPTER}\.bias"),
        ("down", r"\.(?:lora|lora_linear_layer)\.down\.weight"),
        ("up", r"\.(?:lora|lora_linear_layer)\.up\.weight"),
        # The layer's own name ends with `_lora`: diffusers' first attention processors, and XLabs'.
        ("down", r"(?<=_lora|lora1|lora2)\.down\.weight"),
        ("up", r"(?<=_lora|lora1|lora2)\.up\.weight"),
        ("mid", r"\.(?:lora_mid|lora\.mid)\.weight"),
        ("alpha", r"(?:\.lora)?\.alpha"),
        ("dora", r"\.dora_scale"),
        ("magnitude", rf"\.lora_magnitude_vector{_ADAPTER}(?:\.weight)?"),
    )
)
_OTHERS = tuple(
    (re.compile(end), OtherKind(network, says))
    for end, network, says in (
        (r"\.hada_[wt]\w+$", "loha", "it is a LoHa network"),
        (r"\.lokr_[wt]\w+$", "lokr", "it is a LoKr network"),
        (r"\.b?oft_\w+(\.\w+)*$", "oft", "it is an OFT network"),
        (r"\.(on_input|ia3_l\w*(\.\w+)*)$", "ia3", "it is an IA3 network"),
        (r"\.(a1|a2|b1|b2|bm1|bm2)\.weight$", "glora", "it is a GLoRA network"),
        (r"\.lora_embedding_[AB](\.\w+)*$", "lora", "it changes the table of words"),
        (r"\.diff(_b)?$", "diff", "it holds whole differences of weights"),
        (r"\.[wb]_norm$", "norm", "it changes layers that normalize"),
        (r"\.(reshape_weight|set_weight)$", "control", "it builds layers of another shape"),
        (
            r"(^|\.)(scaled_fp8|scale_weight|scale_input|weight_scale(_inv)?|input_scale|absmax|quant_map)$",
            "lora",
            "its numbers are only right when multiplied by scales of their own",
        ),
    )
)
# Embeddings that OneTrainer trained along: words for prompts, and no part of the LoRA.
_EMBEDDING = re.compile(r"^bundle_emb\.(?P<word>[^.]+)\.")


def take_apart(key: str) -> LoraKey | None:
    """What a key of a LoRA says; None for every other key."""
    for role, pattern in _ROLES:
        found = pattern.fullmatch(key)
        if found is not None:
            part, layer, joined, beginning = _place(found["layer"])
            return LoraKey(part, layer, joined, role, found.groupdict().get("adapter") or "", beginning)
    return None


def names_a_part(key: str) -> bool:
    """Whether a key begins as those of LoRAs and their relatives do, which says nothing of what it holds."""
    return key.startswith((*_WRAPPERS, *(beginning for beginning, _ in (*_JOINED, *_DOTTED))))


def other_kind(key: str) -> OtherKind | None:
    """What a key tells of relatives of LoRA; None for every other key."""
    return next((kind for pattern, kind in _OTHERS if pattern.search(key)), None)


def embedding_word(key: str) -> str | None:
    """The word whose embedding a key holds; None for every other key."""
    found = _EMBEDDING.match(key)
    return None if found is None else found["word"]


def _place(text: str) -> tuple[str, str, bool, str]:
    """Part, layer, whether the layer's name is joined by `_`, and what stood before it."""
    layer, wrapped = text, True
    while wrapped:
        shorter = next((layer.removeprefix(each) for each in _WRAPPERS if layer.startswith(each)), None)
        layer, wrapped = (layer, False) if shorter is None else (shorter, True)
    for joined, beginnings in ((True, _JOINED), (False, _DOTTED)):
        for beginning, part in beginnings:
            if layer.startswith(beginning):
                return part, layer.removeprefix(beginning).replace("_orig_mod.", ""), joined, beginning
    return ("text_encoder" if layer.startswith(_TEXT_ALONE) else NETWORK), layer, False, ""
