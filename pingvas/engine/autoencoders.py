"""A VAE of one's own in place of the one a model brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from pingvas.engine.errors import InvalidParameters, ModelLoadFailed, ModelNotFound
from pingvas.engine.families.family import Family


def open_vae(path: Path, device: torch.device, dtype: torch.dtype) -> Any:
    """An AutoencoderKL from a diffusers folder (or its `vae` folder) or a single safetensors file.

    Raises ModelNotFound or ModelLoadFailed.
    """
    import diffusers

    models: Any = diffusers
    folder = path / "vae" if (path / "vae" / "config.json").is_file() else path
    if not folder.exists():
        raise ModelNotFound(f"There is no VAE at {path.name}.")
    weights = [folder] if folder.is_file() else sorted(folder.glob("*"))
    if not any(file.suffix == ".safetensors" for file in weights):
        raise ModelLoadFailed(f"The VAE {path.name} has no safetensors file; pickles are not loaded.")
    try:
        if folder.is_file():
            vae = models.AutoencoderKL.from_single_file(str(folder), torch_dtype=dtype, local_files_only=True)
        else:
            vae = models.AutoencoderKL.from_pretrained(
                folder, dtype=dtype, local_files_only=True, use_safetensors=True
            )
    except Exception as error:
        raise ModelLoadFailed(f"The VAE {path.name} cannot be loaded: {error}") from error
    return vae.eval().requires_grad_(False).to(device)


def expect_fitting(vae: Any, family: Family, name: str) -> None:
    """Raises InvalidParameters when the VAE's latents are not those of the model."""
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    if (vae.config.latent_channels, factor) != (family.channels, family.factor):
        raise InvalidParameters(
            f"The VAE {name} does not fit this model: it makes {vae.config.latent_channels} channels of latents at "
            f"1/{factor} of the size, the model works on {family.channels} at 1/{family.factor}."
        )
