"""Writes a toy Stable Diffusion 3 or FLUX.1 folder as one file, in its publisher's layout."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pingvas.engine.checkpoints.transformer_names import Names
from tests.make.single_files import _read, _vae

Tensors = dict[str, Any]
SD3_TEXTS = {"text_encoder": "clip_l", "text_encoder_2": "clip_g", "text_encoder_3": "t5xxl"}
FLUX_TEXTS = {"text_encoder": "clip_l", "text_encoder_2": "t5xxl"}


def write_flow_file(
    folder: Path, path: Path, names: Names, *, parts: Collection[str], prefix: str = ""
) -> Path:
    """`parts` of the model in `folder` as one safetensors file at `path`; the transformer is always in it.

    `prefix` stands before the transformer's names. The text encoders are named as SD3's when there are three folders.
    """
    from safetensors.torch import save_file

    whole = {
        prefix + name: value for name, value in publisher_layout(_read(folder / "transformer"), names).items()
    }
    if "vae" in parts:
        whole |= _vae(_read(folder / "vae"))
    texts = SD3_TEXTS if (folder / "text_encoder_3").is_dir() else FLUX_TEXTS
    for part in texts.keys() & set(parts):
        for name, value in _read(folder / part).items():
            inner = name if texts[part] == "t5xxl" or "projection" in name else f"text_model.{name}"
            inner = inner.replace("text_model.text_model.", "text_model.")
            whole[f"text_encoders.{texts[part]}.transformer.{inner}"] = value
    save_file({name: value.contiguous() for name, value in whole.items()}, path)
    return path


def publisher_layout(weights: Tensors, names: Names) -> Tensors:
    """A transformer's weights as `names` says their publisher calls and joins them."""
    import torch

    last = str(
        max(int(found[1]) for name in weights if (found := re.match(r"transformer_blocks\.(\d+)\.", name)))
    )
    numbers = {found[1] for name in weights if (found := re.search(r"_blocks\.(\d+)\.", name))}
    laid_out: Tensors = {}
    for theirs, ours in names.items():
        # The exception for the last block, where there is one, comes after the rule.
        for number in sorted(numbers if "#" in theirs else {last}):
            for end in ("weight", "bias", ""):
                keys = [f"{key.replace('#', number)}.{end}".rstrip(".") for key in ours.split()]
                parts = [weights[at] for key in keys if (at := key.removeprefix("~")) in weights]
                if len(parts) < len(keys):
                    continue
                value = torch.cat(parts) if len(parts) > 1 else parts[0]
                if keys[0].startswith("~"):
                    value = torch.cat(value.chunk(2)[::-1])
                last_of_name = "scale" if theirs.endswith("_norm") else end
                name = theirs.replace("#", number).replace("last", last)
                laid_out[f"{name}.{last_of_name}".rstrip(".")] = value
    return laid_out
