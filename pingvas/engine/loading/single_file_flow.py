"""Opens Stable Diffusion 3 and FLUX.1 checkpoints that are one safetensors file, in their publishers' layouts.

How such a transformer is built can be read off its weights, so files of every size need no configuration. T5's
tokenizer is in no file: it comes from the components folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch

from pingvas.engine.checkpoints.architectures import FLUX_DEV, FLUX_SCHNELL, SD3, Architecture
from pingvas.engine.checkpoints.filled_modules import Tensors, fill_clip, fill_t5
from pingvas.engine.checkpoints.folder_parts import open_tokenizer
from pingvas.engine.checkpoints.transformer_names import FLUX_NAMES, SD3_NAMES
from pingvas.engine.checkpoints.transformer_weights import rename
from pingvas.engine.errors import ModelLoadFailed
from pingvas.engine.families.flux import Flux
from pingvas.engine.families.sd3 import StableDiffusion3
from pingvas.engine.loading.single_file_parts import SingleFile

_TRANSFORMER = "model.diffusion_model."
_CLIP_L, _CLIP_G, _T5 = (f"text_encoders.{name}.transformer." for name in ("clip_l", "clip_g", "t5xxl"))
# In OpenCLIP's own tokenizing, what stands behind the end of a text is token 0.
_OPEN_CLIP_PAD = "!"
# The width of an attention head where no weight tells.
_HEAD = 64


def open_sd3(file: SingleFile) -> StableDiffusion3:
    """T5 is left out when neither the file nor the components folder has it: the model can do without."""
    import diffusers
    import transformers

    models: Any = diffusers
    texts: Any = transformers
    tensors = _transformer_tensors(file)
    config = file.config_of("transformer", SD3) | sd3_shape(tensors)
    kind = texts.CLIPTextModelWithProjection
    t5 = _t5(file, "text_encoder_3", SD3) if _has_t5(file, "text_encoder_3") else None
    return StableDiffusion3(
        tokenizers=(file.clip_tokenizer("tokenizer"), file.clip_tokenizer("tokenizer_2", _OPEN_CLIP_PAD)),
        text_encoders=(
            _clip(file, "text_encoder", SD3, kind, _CLIP_L),
            _clip(file, "text_encoder_2", SD3, kind, _CLIP_G),
        ),
        tokenizer_3=None if t5 is None else _t5_tokenizer(file, "tokenizer_3"),
        text_encoder_3=t5,
        transformer=file.fill(
            "transformer",
            lambda: models.SD3Transformer2DModel.from_config(config),
            rename(tensors, SD3_NAMES, config["num_attention_heads"] * config["attention_head_dim"]),
        ),
        vae=file.vae(SD3),
        scheduler_config=file.config_of("scheduler", SD3, "scheduler_config.json"),
    )


def open_flux(file: SingleFile) -> Flux:
    """Most files hold the transformer alone; the rest comes from the components folder."""
    import diffusers
    import transformers

    models: Any = diffusers
    texts: Any = transformers
    tensors = _transformer_tensors(file)
    shape = flux_shape(tensors)
    published = FLUX_DEV if shape["guidance_embeds"] else FLUX_SCHNELL
    config = file.config_of("transformer", published) | shape
    return Flux(
        tokenizer=file.clip_tokenizer("tokenizer"),
        text_encoder=_clip(file, "text_encoder", published, texts.CLIPTextModel, _CLIP_L),
        tokenizer_2=_t5_tokenizer(file, "tokenizer_2"),
        text_encoder_2=_t5(file, "text_encoder_2", published),
        transformer=file.fill(
            "transformer",
            lambda: models.FluxTransformer2DModel.from_config(config),
            rename(tensors, FLUX_NAMES, config["num_attention_heads"] * config["attention_head_dim"]),
        ),
        vae=file.vae(published),
        scheduler_config=file.config_of("scheduler", published, "scheduler_config.json"),
    )


def sd3_shape(tensors: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    """How a Stable Diffusion 3 transformer is built, read off its weights under their publisher's names."""
    width, channels, patch, _ = tensors["x_embedder.proj.weight"].shape
    query = tensors.get("joint_blocks.0.x_block.attn.ln_q.weight")
    head = _HEAD if query is None else int(query.shape[0])
    caption, joint = tensors["context_embedder.weight"].shape
    return {
        "patch_size": patch,
        "in_channels": channels,
        "out_channels": tensors["final_layer.linear.weight"].shape[0] // patch**2,
        "num_layers": _count(tensors, "joint_blocks"),
        "attention_head_dim": head,
        "num_attention_heads": width // head,
        "joint_attention_dim": joint,
        "caption_projection_dim": caption,
        "pooled_projection_dim": tensors["y_embedder.mlp.0.weight"].shape[1],
        "pos_embed_max_size": round(tensors["pos_embed"].shape[1] ** 0.5),
        "dual_attention_layers": sorted(
            {int(name.split(".")[1]) for name in tensors if ".attn2." in name and "joint_blocks" in name}
        ),
        "qk_norm": None if query is None else "rms_norm",
    }


def flux_shape(tensors: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    """How a FLUX.1 transformer is built, read off its weights under their publisher's names."""
    width, channels = tensors["img_in.weight"].shape
    head = int(tensors["double_blocks.0.img_attn.norm.query_norm.scale"].shape[0])
    return {
        "in_channels": channels,
        "out_channels": tensors["final_layer.linear.weight"].shape[0],
        "num_layers": _count(tensors, "double_blocks"),
        "num_single_layers": _count(tensors, "single_blocks"),
        "attention_head_dim": head,
        "num_attention_heads": width // head,
        "joint_attention_dim": tensors["txt_in.weight"].shape[1],
        "pooled_projection_dim": tensors["vector_in.in_layer.weight"].shape[1],
        "guidance_embeds": "guidance_in.in_layer.weight" in tensors,
    }


def _count(tensors: Mapping[str, torch.Tensor], blocks: str) -> int:
    return len({name.split(".")[1] for name in tensors if re.match(rf"{blocks}\.\d", name)})


def _transformer_tensors(file: SingleFile) -> Tensors:
    """The transformer's weights without the prefix that some files put before them."""
    prefixed = file.under(_TRANSFORMER)
    return {name.removeprefix(_TRANSFORMER): value for name, value in (prefixed or file.tensors).items()}


def _clip(file: SingleFile, part: str, architecture: Architecture, kind: Any, prefix: str) -> Any:
    from transformers import CLIPTextConfig

    tensors = file.under(prefix)
    if not tensors:
        return file.spare(part, kind)
    config = CLIPTextConfig.from_dict(file.config_of(part, architecture))
    bare = {name.removeprefix(prefix).removeprefix("text_model."): tensors[name] for name in tensors}
    # Files leave the smaller encoder's projection out where it changes nothing.
    bare.setdefault("text_projection.weight", torch.eye(config.hidden_size))
    return fill_clip(file.path.name, part, kind, config, lambda _: bare, file.device, file.dtype)


def _has_t5(file: SingleFile, part: str) -> bool:
    return bool(file.under(_T5)) or (file.components is not None and (file.components / part).is_dir())


def _t5(file: SingleFile, part: str, architecture: Architecture) -> Any:
    from transformers import T5Config, T5EncoderModel

    tensors = {name.removeprefix(_T5): value for name, value in file.under(_T5).items()}
    if not tensors:
        return file.spare(part, T5EncoderModel)
    config = T5Config.from_dict(file.config_of(part, architecture))
    return fill_t5(file.path.name, part, config, tensors, file.device, file.dtype)


def _t5_tokenizer(file: SingleFile, part: str) -> Any:
    import transformers

    texts: Any = transformers
    folder = None if file.components is None else file.components / part
    if folder is None or not folder.is_dir():
        raise ModelLoadFailed(
            f"{file.path.name} needs the tokenizer of T5, which no file brings along. Set `components` in the model's "
            f"configuration to a diffusers folder of its family, with {part} in it."
        )
    return open_tokenizer(texts.T5TokenizerFast, folder)
