"""What every opener of single files needs: the file's tensors, the configurations around them, and modules filled with them.

Tensors stay in the file until they are used: a module's weights are the mapped file itself where the dtype is the
same, else one copy in the dtype wanted; the empty module has no weights of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pingvas.engine.checkpoints.architectures import Architecture
from pingvas.engine.checkpoints.clip_vocabulary import END, make_tokenizer
from pingvas.engine.checkpoints.detected import Detected
from pingvas.engine.checkpoints.filled_modules import Tensors, fill, read_tensors, with_new_attention_names
from pingvas.engine.checkpoints.folder_parts import open_module, open_tokenizer, read_config
from pingvas.engine.checkpoints.safetensors_header import safetensors_in
from pingvas.engine.errors import ModelLoadFailed

__all__ = ["SingleFile", "Tensors", "read_tensors", "vae_weights"]

# What whole checkpoints put before the names of their VAE.
VAES = ("first_stage_model.", "vae.")


@dataclass(frozen=True)
class SingleFile:
    """A checkpoint as one file. `components` is a diffusers folder to take from what the file lacks, or None.

    `config` is what the catalog says of the model.
    """

    path: Path
    found: Detected
    tensors: Tensors
    components: Path | None
    config: Mapping[str, Any]
    device: torch.device
    dtype: torch.dtype

    def under(self, prefix: str) -> Tensors:
        """The tensors whose names begin so, by their whole names."""
        return {name: value for name, value in self.tensors.items() if name.startswith(prefix)}

    def config_of(self, part: str, architecture: Architecture, name: str = "config.json") -> dict[str, Any]:
        """A part's configuration: that of the components folder, else the published one."""
        own = read_config(self.components / part / name) if self.components is not None else {}
        return own or dict(architecture[part])

    def clip_tokenizer(self, part: str, pad: str = END) -> Any:
        """The tokenizer of the components folder, else CLIP's own. Raises ModelLoadFailed when there is neither."""
        import transformers

        texts: Any = transformers
        if self.components is not None and (self.components / part).is_dir():
            return open_tokenizer(texts.CLIPTokenizer, self.components / part)
        return make_tokenizer(pad)

    def spare(self, part: str, kind: Any, dtype: torch.dtype | None = None) -> Any:
        """A part that the file lacks, from the components folder. Raises ModelLoadFailed when it is not there either."""
        folder = self.components / part if self.components is not None else None
        if folder is None or not safetensors_in(folder):
            raise ModelLoadFailed(
                f"{self.path.name} has no {part} in it. Set `components` in the model's configuration to a diffusers "
                "folder of its family that has one."
            )
        return open_module(kind, folder, self.device, dtype or self.dtype)

    def fill(
        self,
        part: str,
        make: Callable[[], Any],
        weights: Mapping[str, torch.Tensor],
        dtype: torch.dtype | None = None,
    ) -> Any:
        """The module that `make` builds, with these weights. Raises ModelLoadFailed for what is missing or misshapen."""
        return fill(self.path.name, part, make, weights, self.device, dtype or self.dtype)

    def vae(self, architecture: Architecture, dtype: torch.dtype | None = None) -> Any:
        """The AutoencoderKL in the file, else that of the components folder. Raises ModelLoadFailed."""
        from diffusers import AutoencoderKL

        model: Any = AutoencoderKL
        tensors = next(filter(None, (self.under(prefix) for prefix in VAES)), {})
        if not tensors:
            return self.spare("vae", model, dtype)
        config = self.config_of("vae", architecture)
        return self.fill("VAE", lambda: model.from_config(config), vae_weights(tensors, config), dtype)


def vae_weights(tensors: Tensors, config: Mapping[str, Any]) -> Tensors:
    """An autoencoder's weights under the names of diffusers today, from its first publishers' layout or diffusers' own.

    The prefixes that whole checkpoints put before them are taken off.
    """
    from diffusers.loaders import single_file_utils

    converters: Any = single_file_utils
    prefix = next((each for each in VAES if any(name.startswith(each) for name in tensors)), "")
    bare = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    if any(name.startswith("decoder.up_blocks.") for name in bare):
        return with_new_attention_names(bare)
    converted: Tensors = converters.convert_ldm_vae_checkpoint(bare, config)
    return converted
