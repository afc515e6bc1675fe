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
from pingvas.engine.checkpoints.folder_parts import open_module, open_tokenizer, read_config, ready
from pingvas.engine.errors import ModelLoadFailed

Tensors = dict[str, torch.Tensor]


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
        if folder is None or not any(folder.glob("*.safetensors")):
            raise ModelLoadFailed(
                f"{self.path.name} has no {part} in it. Set `components` in the model's configuration to a diffusers "
                "folder of its family that has one."
            )
        return open_module(kind, folder, self.device, dtype or self.dtype)

    def fill(
        self, part: str, make: Callable[[], Any], weights: Tensors, dtype: torch.dtype | None = None
    ) -> Any:
        """The module that `make` builds, with these weights. Raises ModelLoadFailed for what is missing or misshapen."""
        from accelerate import init_empty_weights

        with init_empty_weights():
            module = make()
        wanted = module.state_dict()
        missing = sorted(wanted.keys() - weights.keys())
        if missing:
            raise ModelLoadFailed(
                f"{self.path.name} is not whole: its {part} lacks {len(missing)} of {len(wanted)} weights, "
                f"{missing[0]} among them."
            )
        for name, empty in wanted.items():
            if weights[name].shape != empty.shape:
                raise ModelLoadFailed(
                    f"The {part} of {self.path.name} is built in a way that is not known: {name} is of shape "
                    f"{tuple(weights[name].shape)} instead of {tuple(empty.shape)}. If it is a relative of its family, set "
                    "`components` in the model's configuration to a diffusers folder with its configurations."
                )
        target = dtype or self.dtype
        placed = {name: weights[name].to(self.device).to(target).contiguous() for name in wanted}
        module.load_state_dict(placed, assign=True)
        return ready(module, self.device)


def read_tensors(path: Path) -> Tensors:
    """All tensors of a safetensors file, mapped and not read. Raises SafetensorError for a damaged one."""
    from safetensors.torch import load_file

    tensors: Tensors = load_file(path)
    return tensors
