"""A VAE of one's own in place of the one a model brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pingvas.engine.checkpoints.detect import detect, expect_openable
from pingvas.engine.checkpoints.detect_folder import only_file
from pingvas.engine.checkpoints.folder_parts import open_module
from pingvas.engine.errors import EngineError, InvalidParameters, ModelLoadFailed, ModelNotFound
from pingvas.engine.families.family import Family
from pingvas.engine.loading.single_file import open_vae_file


def open_vae(path: Path, family: Family) -> Any:
    """An AutoencoderKL from a diffusers folder (or its `vae` folder) or a single safetensors file, for this family.

    It computes as precisely as the family's own does. Raises ModelNotFound or ModelLoadFailed.
    """
    import diffusers

    models: Any = diffusers
    folder = path / "vae" if (path / "vae" / "config.json").is_file() else path
    if not folder.exists():
        raise ModelNotFound(f"There is no VAE at {path.name}.")
    found = detect(folder)
    expect_openable(found, f"The VAE {path.name}")
    if found.kind != "vae":
        raise ModelLoadFailed(f"{path.name} is a {found.kind} and no VAE.")
    file = only_file(folder) if folder.is_dir() else folder
    own = family.own_vae
    try:
        if file is not None:
            return open_vae_file(file, own.config, family.device, own.dtype)
        return open_module(models.AutoencoderKL, folder, family.device, own.dtype)
    except EngineError:
        raise
    # Every library below has its own errors for a damaged file, and all of them mean the same here.
    except Exception as error:
        raise ModelLoadFailed(f"The VAE {path.name} cannot be loaded: {error}") from error


def expect_fitting(vae: Any, family: Family, name: str) -> None:
    """Raises InvalidParameters when the VAE's latents are not those of the model."""
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    if (vae.config.latent_channels, factor) != (family.channels, family.factor):
        raise InvalidParameters(
            f"The VAE {name} does not fit this model: it makes {vae.config.latent_channels} channels of latents at "
            f"1/{factor} of the size, the model works on {family.channels} at 1/{family.factor}."
        )
