"""Builds modules without weights and fills them from a file's tensors: what is missing or misshapen is refused by name.

The device `meta` is one like any other: a module filled there has been checked in every name and shape, and no weight
was read. That is how a model is tried before it is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from pingvas.engine.checkpoints.safetensors_header import read_header
from pingvas.engine.errors import ModelLoadFailed

Tensors = dict[str, torch.Tensor]

# What the attention of autoencoders was called in diffusers until the end of 2022.
_OLD_ATTENTION = re.compile(r"(?<=\.)(query|key|value|proj_attn)(?=\.(?:weight|bias)$)")
_NEW_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "F8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


def read_tensors(path: Path, device: torch.device | None = None) -> Tensors:
    """All tensors of a safetensors file, mapped and not read; on the device `meta` their names, types and shapes alone.

    Raises SafetensorError for a damaged one, ModelLoadFailed where the header is all that is read.
    """
    if device is not None and device.type == "meta":
        facts = read_header(path).tensors
        unknown = next((name for name, each in facts.items() if each.dtype not in _TYPES), None)
        if unknown is not None:
            raise ModelLoadFailed(f"{path.name} holds weights of type {facts[unknown].dtype} ({unknown}).")
        return {
            name: torch.empty(each.shape, dtype=_TYPES[each.dtype], device="meta")
            for name, each in facts.items()
        }
    from safetensors.torch import load_file

    tensors: Tensors = load_file(path)
    return tensors


def read_all(paths: Iterable[Path], device: torch.device) -> Tensors:
    """The tensors of all shards. Raises as `read_tensors`."""
    return {name: value for path in paths for name, value in read_tensors(path, device).items()}


def fill(
    owner: str,
    part: str,
    make: Callable[[], Any],
    weights: Mapping[str, torch.Tensor],
    device: torch.device,
    dtype: torch.dtype,
) -> Any:
    """The module that `make` builds, ready for use. `owner` and `part` say in messages what it is a part of.

    Raises ModelLoadFailed for what is missing or misshapen. What the module does not know is left out.
    """
    from accelerate import init_empty_weights

    with init_empty_weights():
        module = make()
    wanted = module.state_dict()
    missing = sorted(wanted.keys() - weights.keys())
    if missing:
        raise ModelLoadFailed(
            f"{owner} is not whole: its {part} lacks {len(missing)} of {len(wanted)} weights, "
            f"{missing[0]} among them."
        )
    for name, empty in wanted.items():
        if _shaped(weights[name], empty).shape != empty.shape:
            raise ModelLoadFailed(
                f"The {part} of {owner} is built in a way that is not known: {name} is of shape "
                f"{tuple(weights[name].shape)} instead of {tuple(empty.shape)}. If it is a relative of its family, set "
                "`components` in the model's configuration to a diffusers folder with its configurations."
            )
    placed = {
        name: _shaped(weights[name], empty).to(device).to(dtype).contiguous()
        for name, empty in wanted.items()
    }
    module.load_state_dict(placed, assign=True)
    return ready(module, device)


def _shaped(weight: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Linear layers were convolutions over single pixels once."""
    single = weight.dim() == 4 and wanted.dim() == 2 and weight.shape[2:] == (1, 1)
    return weight[:, :, 0, 0] if single else weight


def ready(module: Any, device: torch.device) -> Any:
    """For use and not for training, on `device`; convolutions laid out as a card likes them."""
    module.eval().requires_grad_(False).to(device)
    if device.type == "cuda" and any(weight.dim() == 4 for weight in module.parameters()):
        module.to(memory_format=torch.channels_last)
    return module


def with_new_attention_names(weights: Mapping[str, torch.Tensor]) -> Tensors:
    """The weights of a module of diffusers under the names of today."""
    return {
        _OLD_ATTENTION.sub(lambda found: _NEW_ATTENTION[found[1]], name)
        if ".attentions." in name
        else name: value
        for name, value in weights.items()
    }


def named_as(names: Iterable[str], weights: Mapping[str, torch.Tensor]) -> Tensors:
    """Whether a text encoder's `names` begin with `text_model.` depends on its class, on the library and on the file."""
    bare = {name.removeprefix("text_model."): value for name, value in weights.items()}
    wanted = {name.removeprefix("text_model."): name for name in names}
    return {wanted[name]: value for name, value in bare.items() if name in wanted}


def fill_clip(
    owner: str,
    part: str,
    kind: Any,
    config: Any,
    read: Callable[[Any], Mapping[str, torch.Tensor]],
    device: torch.device,
    dtype: torch.dtype,
) -> Any:
    """A text encoder of CLIP's. `read` gives its weights, for the empty module it is handed."""
    from accelerate import init_empty_weights

    with init_empty_weights():
        empty = kind(config)
    return fill(owner, part, lambda: kind(config), named_as(empty.state_dict(), read(empty)), device, dtype)


def fill_t5(
    owner: str,
    part: str,
    config: Any,
    weights: Mapping[str, torch.Tensor],
    device: torch.device,
    dtype: torch.dtype,
) -> Any:
    """A text encoder of T5's."""
    from transformers import T5EncoderModel

    # One table of words under two names, of which files hold one or both.
    words = ("shared.weight", "encoder.embed_tokens.weight")
    both = {name: weights[other] for name in words for other in words if other in weights}
    module = fill(owner, part, lambda: T5EncoderModel(config), {**weights, **both}, device, dtype)
    module.set_input_embeddings(module.shared)
    if dtype == torch.float16:  # too small a range for these layers
        for name, weight in module.named_parameters():
            if ".wo." in name:
                weight.data = weight.data.float()
    return module
