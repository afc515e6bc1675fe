"""Opens checkpoints that are one safetensors file, in the layout of their families' first publishers.

Nothing comes from the network. What a file does not hold (how it is built, tokenizers, parts left out) comes from a
diffusers folder named in the model's configuration, else from `architectures` and `clip_vocabulary`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from pingvas.engine.checkpoints import architectures
from pingvas.engine.checkpoints.architectures import Architecture
from pingvas.engine.checkpoints.clip_vocabulary import END
from pingvas.engine.checkpoints.detect import detect
from pingvas.engine.checkpoints.filled_modules import Tensors, fill, fill_clip, read_tensors
from pingvas.engine.checkpoints.folder_parts import vae_dtype
from pingvas.engine.errors import ModelLoadFailed
from pingvas.engine.families.family import Family
from pingvas.engine.families.sdxl import StableDiffusionXL
from pingvas.engine.families.stable_diffusion import StableDiffusion
from pingvas.engine.loading.single_file_flow import open_flux, open_sd3
from pingvas.engine.loading.single_file_parts import SingleFile, vae_weights

# In OpenCLIP's own tokenizing, what stands behind the end of a text is token 0.
_OPEN_CLIP_PAD = "!"
_UNET = "model.diffusion_model."


def open_single_file(
    path: Path, family: str, config: Mapping[str, Any], device: torch.device, dtype: torch.dtype
) -> Family:
    """Load the checkpoint at `path`, which is of `family`. `config["components"]` is the path of a diffusers folder.

    Raises ModelLoadFailed, or whatever the libraries raise on damaged files.
    """
    opener = OPENERS.get(family)
    if opener is None:
        raise ModelLoadFailed(
            f"{path.name} is a {family} checkpoint; only {', '.join(OPENERS)} can be opened from a single file."
        )
    components = Path(config["components"]) if config.get("components") else None
    if components is not None and not components.is_dir():
        raise ModelLoadFailed(f"The components of {path.name} are not there: {components.name} is no folder.")
    return opener(
        SingleFile(path, detect(path), read_tensors(path, device), components, config, device, dtype)
    )


def open_vae_file(path: Path, config: Mapping[str, Any], device: torch.device, dtype: torch.dtype) -> Any:
    """An autoencoder alone in a file, of either layout, built as `config` says: the model's own has the same shapes.

    Raises ModelLoadFailed, or whatever the libraries raise on damaged files.
    """
    from diffusers import AutoencoderKL

    model: Any = AutoencoderKL
    weights = vae_weights(read_tensors(path, device), config)
    return fill(path.name, "VAE", lambda: model.from_config(dict(config)), weights, device, dtype)


def _open_sd1(file: SingleFile) -> Family:
    return _open_sd(file, architectures.SD1, "epsilon", _ldm_clip, "cond_stage_model.transformer.")


def _open_sd2(file: SingleFile) -> Family:
    # The models for 768 pixels predict velocities, and those for inpainting noise; the rest say so, or must be told.
    usual = "epsilon" if file.found.variant == "inpainting" else "v_prediction"
    return _open_sd(file, architectures.SD2, usual, _open_clip, "cond_stage_model.model.")


def _open_sd(
    file: SingleFile, architecture: Architecture, prediction: str, clip: ClipReader, prefix: str
) -> Family:
    import transformers

    texts: Any = transformers
    pad = _OPEN_CLIP_PAD if clip is _open_clip else END
    return StableDiffusion(
        tokenizer=file.clip_tokenizer("tokenizer", pad),
        text_encoder=_text_encoder(file, "text_encoder", architecture, texts.CLIPTextModel, clip, prefix),
        unet=_unet(file, architecture),
        vae=file.vae(architecture),
        scheduler_config=_scheduler(file, architecture, prediction),
    )


def _open_sdxl(file: SingleFile) -> Family:
    import transformers

    texts: Any = transformers
    refiner = file.found.variant == "refiner"
    architecture = architectures.SDXL_REFINER if refiner else architectures.SDXL
    tokenizers = [file.clip_tokenizer("tokenizer_2", _OPEN_CLIP_PAD)]
    prefix = f"conditioner.embedders.{0 if refiner else 1}.model."
    kind = texts.CLIPTextModelWithProjection
    encoders = [_text_encoder(file, "text_encoder_2", architecture, kind, _open_clip, prefix)]
    if not refiner:
        tokenizers.insert(0, file.clip_tokenizer("tokenizer"))
        prefix = "conditioner.embedders.0.transformer."
        encoder = _text_encoder(file, "text_encoder", architecture, texts.CLIPTextModel, _ldm_clip, prefix)
        encoders.insert(0, encoder)
    return StableDiffusionXL(
        tokenizers=tuple(tokenizers),
        text_encoders=tuple(encoders),
        unet=_unet(file, architecture),
        vae=file.vae(architecture, vae_dtype(file.config_of("vae", architecture), file.dtype)),
        scheduler_config=_scheduler(file, architecture, "epsilon"),
        zeros_for_empty=not refiner,
    )


def _unet(file: SingleFile, architecture: Architecture) -> Any:
    from diffusers import UNet2DConditionModel
    from diffusers.loaders import single_file_utils

    model: Any = UNet2DConditionModel
    converters: Any = single_file_utils
    tensors = file.under(_UNET)
    config = file.config_of("unet", architecture)
    # The same files with a mask's channels are for inpainting.
    config["in_channels"] = tensors[f"{_UNET}input_blocks.0.0.weight"].shape[1]
    weights = converters.convert_ldm_unet_checkpoint(tensors, config)
    return file.fill("U-Net", lambda: model.from_config(config), weights)


ClipReader = Callable[[Any, Tensors, str], Tensors]
"""Turns a text encoder's weights, found under a prefix, into those of the (empty) module given."""


def _text_encoder(
    file: SingleFile, part: str, architecture: Architecture, kind: Any, read: ClipReader, prefix: str
) -> Any:
    from transformers import CLIPTextConfig

    tensors = file.under(prefix)
    if not tensors:
        return file.spare(part, kind)
    config = CLIPTextConfig.from_dict(file.config_of(part, architecture))
    return fill_clip(
        file.path.name,
        part,
        kind,
        config,
        lambda empty: read(empty, tensors, prefix),
        file.device,
        file.dtype,
    )


def _ldm_clip(empty: Any, tensors: Tensors, prefix: str) -> Tensors:
    return {name.removeprefix(prefix): value for name, value in tensors.items()}


def _open_clip(empty: Any, tensors: Tensors, prefix: str) -> Tensors:
    from diffusers.loaders import single_file_utils

    converters: Any = single_file_utils
    weights: Tensors = converters.convert_open_clip_checkpoint(empty, tensors, prefix=prefix)
    return weights


def _scheduler(file: SingleFile, architecture: Architecture, usual: str) -> dict[str, Any]:
    """What the model was trained with. The catalog knows best, then the file; then it is as in most of its family."""
    published = {"scheduler": {**architecture["scheduler"], "prediction_type": usual}}
    own = file.config_of("scheduler", published, "scheduler_config.json")
    said = file.config.get("prediction_type") or file.found.prediction_type
    if said in ("epsilon", "v_prediction", "sample"):
        own["prediction_type"] = said
    if "ztsnr" in file.tensors:
        own |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    return own


OPENERS: dict[str, Callable[[SingleFile], Family]] = {
    "sd1": _open_sd1,
    "sd2": _open_sd2,
    "sdxl": _open_sdxl,
    "sd3": open_sd3,
    "flux": open_flux,
}
