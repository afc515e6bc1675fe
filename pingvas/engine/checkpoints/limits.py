"""What the engine cannot open, and why: told from the names, shapes and types of tensors, and from configurations.

Every sentence has the file as its subject and no point at its end: "holds weights of 4 bits".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pingvas.engine.checkpoints.detected import Detected
from pingvas.engine.checkpoints.safetensors_header import TensorFacts

Tensors = Mapping[str, TensorFacts]

# The factors that an upscaler may enlarge by.
LEAST_SCALE, MOST_SCALE = 2, 16

# What stands beside weights that are right only when something is done with both.
_SCALES = (
    "scaled_fp8",
    ".scale_weight",
    ".scale_input",
    ".weight_scale",
    ".weight_scale_2",
    ".weight_scale_inv",
    ".input_scale",
    ".comfy_quant",
)
_PACKED = (
    ".absmax",
    ".quant_map",
    ".nested_absmax",
    ".SCB",
    ".qweight",
    ".qzeros",
    ".wscales",
    ".weight._data",
    ".weight_packed",
    ".zero_point",
    ".svd_up",
)
_PACKED_STATE = re.compile(r"\.quant_state\.")
# Weights are numbers with a point; whole numbers and fewer than 8 bits are an index into something.
_NO_WEIGHT_TYPES = {"U8", "I8", "I16", "U16", "I32", "U32", "BOOL", "F4", "F6_E2M3", "F6_E3M2", "F8_E8M0"}

# Networks of other kinds and families, by the keys that they alone have.
_FOREIGN: tuple[tuple[str, str], ...] = (
    (r"\b(time_stack|time_mixer|temporal_transformer_blocks)\.", "a video model (Stable Video Diffusion or its like)"),
    (r"motion_modules\.", "a motion module for video (AnimateDiff)"),
    (r"^(model\.diffusion_model\.)?blocks\.0\.self_attn\.norm_q\.", "a video model (Wan)"),
    (r"txt_in\.individual_token_refiner\.", "a video model (HunyuanVideo)"),
    (r"(^|\.)patchify_proj\.", "a video model (LTX-Video)"),
    (r"(^|\.)t5_yproj\.|(^|\.)patch_embedding\.weight$", "a video model"),
    (r"distilled_guidance_layer\.", "a relative of FLUX.1 that is built in another way (Chroma)"),
    (r"(single|double)_stream_modulation", "FLUX.2, which is built in another way than FLUX.1"),
    (r"^(model\.diffusion_model\.)?(transformer_blocks\.0\.img_mod\.1)\.", "Qwen-Image"),
    (r"(^|\.)(context_refiner|noise_refiner)\.0\.", "Lumina or one of its relatives (Z-Image)"),
    (r"(^|\.)double_layers\.0\.", "AuraFlow"),
    (r"(^|\.)double_stream_blocks\.0\.", "HiDream"),
    (r"(^|\.)(clip_txt_mapper|clip_txt_pooled_mapper|effnet_mapper)\.", "Stable Cascade"),
    (r"(^|\.)(extra_embedder|mlp_t5)\.", "Hunyuan-DiT"),
    (r"(^|\.)(caption_projection|y_embedder\.y_proj|adaln_single)\.", "PixArt, Sana or another of their relatives"),
    (r"^redux_(up|down)\.", "FLUX.1 Redux, which takes a picture in place of words"),
    (r"^(ip_adapter|image_proj|image_proj_model)\.", "an IP-Adapter, which this studio does not use"),
    (r"^(adapter|body\.0\.block1)\.", "a T2I-Adapter, which this studio does not use"),
    (r"(^|\.)vision_model\.(embeddings|encoder)\.", "an encoder of pictures (CLIP vision), which this studio does not use alone"),
    (r"stylegan_decoder", "a restorer of faces, which this studio does not use"),
    (r"^(decoder|encoder)\.layers\.\d+\.conv|^taesd", "a VAE for previews (TAESD), which this studio does not use"),
    (r"^(lllite_|control_lora)", "a ControlNet in a form of its own (LLLite), which this studio does not use"),
    (r"^(emb_params|string_to_param.*|clip_[lg])$", "a textual inversion, which this studio does not use"),
    (r"^input_blocks\.0\.0\.weight$", "a U-Net alone, without its text encoder and VAE; add the whole file or folder it came in"),
    (r"^unet\.(down_blocks|conv_in)\.", "a diffusers folder packed into one file; add the folder itself"),
)  # fmt: skip

# Of these, what is in files that have the keys of the studio's own families too.
_FOREIGN_BLOCKS = re.compile(
    r"time_stack\.|time_mixer\.|motion_modules\.|distilled_guidance_layer\.|individual_token_refiner\."
    r"|stream_modulation"
)

_ENTRANCES = {
    5: "a depth model: it takes the depth of a picture as a channel more, which no job can give it",
    7: "a diffusion upscaler: it takes the small picture as 3 channels more, which no job can give it",
    8: "a model for editing by instruction (InstructPix2Pix): it takes the picture to edit as 4 channels more, "
    "which no job can give it",
}


def why_weights_cannot_be_read(tensors: Tensors, metadata: Mapping[str, str] | None = None) -> str | None:
    """For weights in a packed form, or right only when multiplied by others that stand beside them."""
    scaled = next((name for name in tensors if name.endswith(_SCALES)), None)
    if scaled is not None:
        return (
            f"holds weights with scales of their own ({scaled}), which cannot be read; "
            "take the file in fp16, bf16 or plain fp8"
        )
    packed = next((name for name in tensors if name.endswith(_PACKED) or _PACKED_STATE.search(name)), None)
    if packed is None:
        packed = next(
            (
                f"{name}, of type {facts.dtype}"
                for name, facts in tensors.items()
                if name.endswith(".weight") and facts.dtype in _NO_WEIGHT_TYPES
            ),
            None,
        )
    if packed is None and "_quantization_metadata" in (metadata or {}):
        packed = "its metadata says so"
    if packed is not None:
        return (
            f"holds quantized weights, packed for another program ({packed}), which cannot be read; "
            "take the file in fp16, bf16 or plain fp8"
        )
    return None


def why_config_cannot_be_read(config: Mapping[str, Any]) -> str | None:
    """For a part's configuration that says its weights are packed."""
    quantized = config.get("quantization_config")
    if not quantized:
        return None
    method = quantized.get("quant_method") if isinstance(quantized, dict) else None
    return f"holds quantized weights ({method or 'packed'}), which cannot be read; take it in fp16 or bf16"


def why_not(found: Detected) -> str | None:
    """For a kind of model that no job can use, however sound its weights are."""
    channels = int(found.details.get("channels") or 0)
    network = found.details.get("network", "lora")
    if found.kind == "text_encoder":
        return "is a text encoder alone; add the whole folder of the model that it belongs to"
    if found.kind == "lora" and network != "lora":
        return f"is a {network} network, which the engine cannot lay over a model; only LoRA can"
    if found.kind == "controlnet" and not found.folder:
        return "is a ControlNet in a single file; add its diffusers folder instead"
    if found.kind == "checkpoint" and found.family in ("sd1", "sd2", "sdxl"):
        return _why_not_unet(found, channels)
    if found.kind == "checkpoint" and found.variant in ("fill", "control"):
        does = "fills in what a mask leaves out (Fill)" if found.variant == "fill" else "follows a drawing"
        return (
            f"is a relative of FLUX.1 that {does}: it takes {channels} channels where pictures from words are "
            "made of 64, and no job can give it the others"
        )
    scale = found.details.get("scale")
    if found.kind == "upscaler" and scale is not None and not LEAST_SCALE <= scale <= MOST_SCALE:
        if scale == 1:
            return (
                "is no upscaler: it restores pictures and leaves them as large as they are (×1), which this studio "
                f"has no job for; take one that enlarges {LEAST_SCALE} to {MOST_SCALE} times"
            )
        return f"enlarges ×{scale}; take an upscaler that enlarges {LEAST_SCALE} to {MOST_SCALE} times"
    return None


def why_not_part(found: Detected, config: Mapping[str, Any]) -> str | None:
    """For a ControlNet or a VAE in a folder, whose configuration asks for more than a job can give."""
    if found.kind == "controlnet":
        if config.get("conditioning_embedding_channels") or config.get("num_mode"):
            return "is a ControlNet for FLUX.1 with modes or with an encoder of its own, which is not taken"
        if config.get("extra_conditioning_channels"):
            return (
                "is a ControlNet that takes more than a picture (a mask, for inpainting), which is not taken"
            )
        if config.get("conditioning_channels", 3) != 3:
            return f"takes control pictures of {config['conditioning_channels']} channels, not of 3"
    if found.kind == "vae" and (config.get("in_channels", 3), config.get("out_channels", 3)) != (3, 3):
        return "is a VAE for pictures that are not of three colours"
    return None


def _why_not_unet(found: Detected, channels: int) -> str | None:
    latents = int(found.details.get("latent_channels") or 0) or 4
    if not channels or found.variant == "inpainting" or channels == latents:
        return None
    known = _ENTRANCES.get(channels) if latents == 4 else None
    if found.variant == "pix2pix":
        known = _ENTRANCES[8]
    return f"is {known}" if known else (
        f"takes {channels} channels where its latents have {latents}: it is neither for pictures from words nor for "
        "inpainting"
    )  # fmt: skip


def says_what_else(tensors: Tensors) -> str:
    """What a file of no kind that the studio uses is, as far as its keys tell: a noun."""
    for pattern, says in _FOREIGN:
        wanted = re.compile(pattern)
        if any(wanted.search(name) for name in tensors):
            return says
    if _any(tensors, "down_blocks.") and _any(tensors, "time_embedding."):
        return "a U-Net alone, without its text encoder and VAE; add the whole folder it came in"
    if _any(tensors, "transformer_blocks.") and _any(tensors, "time_text_embed."):
        return "a transformer alone, without its text encoders and VAE; add the whole folder it came in"
    return "of no kind that this studio knows"


def is_foreign_checkpoint(tensors: Tensors) -> bool:
    """Whether a file that has a checkpoint's keys is of another family that is built from the same blocks."""
    return any(_FOREIGN_BLOCKS.search(name) for name in tensors)


def _any(tensors: Tensors, prefix: str) -> bool:
    return any(name.startswith(prefix) for name in tensors)
