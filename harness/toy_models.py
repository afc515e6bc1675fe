"""Toy Stable Diffusion models: the true components of the true libraries with random weights, in a diffusers folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CONFIG: dict[str, Any] = {
    "family": "stable-diffusion",
    "latent_rgb": {
        "weights": [[0.2, 0.1, 0.0], [0.0, 0.2, 0.1], [0.1, 0.0, 0.2], [0.1, 0.1, 0.1]],
        "bias": [0.5] * 3,
    },
}


def make_toy_model(
    folder: Path,
    *,
    factor: int = 8,
    prediction_type: str = "epsilon",
    channels: int = 4,
    seed: int = 0,
    width: int = 16,
    second: bool = False,
    inpainting: bool = False,
) -> Path:
    """A model of about 300 k random weights in `folder`; `factor` pixels (a power of two) to one latent.

    `second` builds it as Stable Diffusion 2 is: linear projections, and a text encoder of OpenCLIP's kind.
    """
    import diffusers
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel

    library: Any = diffusers
    torch.manual_seed(seed)
    kind: Any = diffusers.StableDiffusionInpaintPipeline if inpainting else diffusers.StableDiffusionPipeline
    vae = toy_vae(factor=factor, channels=channels)
    unet = library.UNet2DConditionModel(
        sample_size=8,
        in_channels=2 * channels + 1 if inpainting else channels,
        out_channels=channels,
        block_out_channels=(width, 2 * width),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=32,
        attention_head_dim=(2, 4) if second else 2,
        norm_num_groups=8,
        use_linear_projection=second,
    )
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=600,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            hidden_act="gelu" if second else "quick_gelu",
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )
    pipeline = kind(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=toy_tokenizer("!") if second else toy_tokenizer(),
        unet=unet,
        scheduler=toy_scheduler(prediction_type),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    (folder / "studio.json").write_text(json.dumps(CONFIG))
    return folder


def toy_vae(*, factor: int = 8, channels: int = 4) -> Any:
    """An autoencoder with `factor` pixels to one latent."""
    import diffusers

    library: Any = diffusers
    blocks = factor.bit_length()
    return library.AutoencoderKL(
        block_out_channels=(8,) * blocks,
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        latent_channels=channels,
        norm_num_groups=4,
        layers_per_block=1,
        scaling_factor=0.5,
    )


def toy_scheduler(prediction_type: str = "epsilon") -> Any:
    """Noise levels as all Stable Diffusion models have them."""
    import diffusers

    library: Any = diffusers
    return library.DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type=prediction_type,
    )


def toy_tokenizer(pad: str = "<|endoftext|>") -> Any:
    """CLIP's tokenizer, which knows letters only."""
    from transformers import CLIPTokenizer

    return CLIPTokenizer(**_vocabulary(), pad_token=pad)


def _vocabulary() -> dict[str, Any]:
    """A CLIP vocabulary that knows letters only: every byte, alone and at the end of a word."""
    from tokenizers.pre_tokenizers import ByteLevel

    letters = sorted(ByteLevel.alphabet())
    words = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    return {
        "vocab": {word: number for number, word in enumerate(words)},
        "merges": [],
        "model_max_length": 77,
    }
