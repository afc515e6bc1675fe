"""How the published models of each family are built: what a single file does not say of itself. Plain data.

A configuration names only what differs from the default of its class in diffusers or transformers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Architecture = Mapping[str, Mapping[str, Any]]
"""The configuration of each part, by the name of its folder in a diffusers folder."""

_CROSS = ("CrossAttnDownBlock2D",) * 3
_CROSS_UP = ("CrossAttnUpBlock2D",) * 3

_UNET = {
    "sample_size": 64,
    "block_out_channels": (320, 640, 1280, 1280),
    "down_block_types": (*_CROSS, "DownBlock2D"),
    "up_block_types": ("UpBlock2D", *_CROSS_UP),
    "layers_per_block": 2,
}

_VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}

_CLIP = {
    "vocab_size": 49408,
    "max_position_embeddings": 77,
    "bos_token_id": 49406,
    "eos_token_id": 49407,
}
_CLIP_L = _CLIP | {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "projection_dim": 768,
    "hidden_act": "quick_gelu",
    "pad_token_id": 49407,
}
# The OpenCLIP encoders were trained with another activation, and with token 0 behind the end of the text.
_CLIP_H = _CLIP | {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 23,
    "num_attention_heads": 16,
    "projection_dim": 512,
    "hidden_act": "gelu",
    "pad_token_id": 0,
}
_CLIP_BIG_G = _CLIP | {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "projection_dim": 1280,
    "hidden_act": "gelu",
    "pad_token_id": 0,
}

_SCHEDULER = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "timestep_spacing": "leading",
}

_SDXL_VAE = _VAE | {"sample_size": 1024, "scaling_factor": 0.13025, "force_upcast": True}

SD1: Architecture = {
    "unet": _UNET | {"attention_head_dim": 8, "cross_attention_dim": 768},
    "vae": _VAE | {"sample_size": 512, "scaling_factor": 0.18215},
    "text_encoder": _CLIP_L,
    "scheduler": _SCHEDULER,
}

SD2: Architecture = {
    "unet": _UNET
    | {
        "sample_size": 96,
        "attention_head_dim": (5, 10, 20, 20),
        "cross_attention_dim": 1024,
        "use_linear_projection": True,
        "upcast_attention": True,
    },
    "vae": _VAE | {"sample_size": 768, "scaling_factor": 0.18215},
    "text_encoder": _CLIP_H,
    "scheduler": _SCHEDULER,
}

SDXL: Architecture = {
    "unet": {
        "sample_size": 128,
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "layers_per_block": 2,
        "transformer_layers_per_block": (1, 2, 10),
        "attention_head_dim": (5, 10, 20),
        "cross_attention_dim": 2048,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
    "vae": _SDXL_VAE,
    "text_encoder": _CLIP_L,
    "text_encoder_2": _CLIP_BIG_G,
    "scheduler": _SCHEDULER,
}

SDXL_REFINER: Architecture = {
    "unet": {
        "sample_size": 128,
        "block_out_channels": (384, 768, 1536, 1536),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "layers_per_block": 2,
        "transformer_layers_per_block": 4,
        "attention_head_dim": (6, 12, 24, 24),
        "cross_attention_dim": 1280,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2560,
    },
    "vae": _SDXL_VAE,
    "text_encoder_2": _CLIP_BIG_G,
    "scheduler": _SCHEDULER,
}

_WIDE_VAE = _VAE | {
    "sample_size": 1024,
    "latent_channels": 16,
    "use_quant_conv": False,
    "use_post_quant_conv": False,
}
_FLUX_VAE = _WIDE_VAE | {"scaling_factor": 0.3611, "shift_factor": 0.1159}

_T5_XXL = {
    "vocab_size": 32128,
    "d_model": 4096,
    "d_kv": 64,
    "d_ff": 10240,
    "num_layers": 24,
    "num_heads": 64,
    "feed_forward_proj": "gated-gelu",
}

# Of these transformers the weights say how they are built.
SD3: Architecture = {
    "transformer": {"sample_size": 128},
    "vae": _WIDE_VAE | {"scaling_factor": 1.5305, "shift_factor": 0.0609},
    "text_encoder": _CLIP_L,
    "text_encoder_2": _CLIP_BIG_G,
    "text_encoder_3": _T5_XXL,
    "scheduler": {"shift": 3.0},
}

FLUX_SCHNELL: Architecture = {
    "transformer": {"axes_dims_rope": (16, 56, 56)},
    "vae": _FLUX_VAE,
    "text_encoder": _CLIP_L,
    "text_encoder_2": _T5_XXL,
    "scheduler": {"shift": 1.0},
}

FLUX_DEV: Architecture = {
    **FLUX_SCHNELL,
    "scheduler": {"shift": 3.0, "use_dynamic_shifting": True, "base_shift": 0.5, "max_shift": 1.15},
}
