"""Toy Stable Diffusion XL: the true components with random weights, as a base, for inpainting, and as a refiner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.toy_models import toy_scheduler, toy_tokenizer, toy_vae

_SIZE_NUMBERS = 8


def make_toy_sdxl(folder: Path, *, in_channels: int = 4, zeros_for_empty: bool = True, seed: int = 0) -> Path:
    """A base model of about 400 k weights in `folder`; 9 `in_channels` make it one for inpainting."""
    import diffusers
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(seed)
    inpainting = in_channels == 9
    kind: Any = (
        diffusers.StableDiffusionXLInpaintPipeline if inpainting else diffusers.StableDiffusionXLPipeline
    )
    kind(
        vae=toy_vae(),
        text_encoder=CLIPTextModel(CLIPTextConfig(**_text(width=32))),
        text_encoder_2=_larger_encoder(),
        tokenizer=toy_tokenizer(),
        tokenizer_2=toy_tokenizer("!"),
        unet=_unet(in_channels, text_width=32 + 48, sizes=6),
        scheduler=toy_scheduler(),
        force_zeros_for_empty_prompt=zeros_for_empty,
        add_watermarker=False,
    ).save_pretrained(folder, safe_serialization=True)
    return folder


def make_toy_refiner(folder: Path, *, seed: int = 1) -> Path:
    """A refiner: one text encoder, and a score in place of the size the picture is to have."""
    import diffusers
    import torch

    library: Any = diffusers
    torch.manual_seed(seed)
    library.StableDiffusionXLImg2ImgPipeline(
        vae=toy_vae(),
        text_encoder=None,
        text_encoder_2=_larger_encoder(),
        tokenizer=None,
        tokenizer_2=toy_tokenizer("!"),
        unet=_unet(4, text_width=48, sizes=5),
        scheduler=toy_scheduler(),
        requires_aesthetics_score=True,
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    ).save_pretrained(folder, safe_serialization=True)
    return folder


def _larger_encoder() -> Any:
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    return CLIPTextModelWithProjection(
        CLIPTextConfig(**_text(width=48), projection_dim=40, hidden_act="gelu")
    )


def _text(width: int) -> dict[str, Any]:
    return {
        "vocab_size": 600,
        "hidden_size": width,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
    }


def _unet(in_channels: int, *, text_width: int, sizes: int) -> Any:
    import diffusers

    library: Any = diffusers
    return library.UNet2DConditionModel(
        sample_size=8,
        in_channels=in_channels,
        out_channels=4,
        block_out_channels=(16, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        transformer_layers_per_block=(1, 2),
        cross_attention_dim=text_width,
        attention_head_dim=(2, 4),
        norm_num_groups=8,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=_SIZE_NUMBERS,
        projection_class_embeddings_input_dim=_SIZE_NUMBERS * sizes + 40,
    )
