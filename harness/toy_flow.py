"""Toy Stable Diffusion 3 and FLUX.1 models: the true components with random weights, in diffusers folders."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

from harness.toy_models import toy_tokenizer

CONFIG: dict[str, Any] = {"latent_rgb": {"weights": [[0.1, 0.1, 0.1]] * 16, "bias": [0.5] * 3}}
TEXT_WIDTH = 32
T5_WIDTH = 2 * TEXT_WIDTH
CHANNELS = 16


def make_toy_sd3(folder: Path, *, t5: bool = True, shift: float = 3.0, seed: int = 0) -> Path:
    """Stable Diffusion 3.5 in the shape of its medium size: two attentions in a block, keys normalized."""
    import diffusers
    import torch
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    library: Any = diffusers
    torch.manual_seed(seed)
    transformer = library.SD3Transformer2DModel(
        sample_size=16,
        patch_size=2,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=T5_WIDTH,
        caption_projection_dim=32,
        pooled_projection_dim=2 * TEXT_WIDTH,
        pos_embed_max_size=16,
        dual_attention_layers=(0,),
        qk_norm="rms_norm",
    )
    clip = [CLIPTextModelWithProjection(CLIPTextConfig(**_clip(), projection_dim=TEXT_WIDTH)) for _ in "12"]
    library.StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=library.FlowMatchEulerDiscreteScheduler(shift=shift),
        vae=_autoencoder(scaling_factor=1.5305, shift_factor=0.0609),
        text_encoder=clip[0],
        tokenizer=toy_tokenizer(),
        text_encoder_2=clip[1],
        tokenizer_2=toy_tokenizer("!"),
        text_encoder_3=_t5() if t5 else None,
        tokenizer_3=_t5_tokenizer() if t5 else None,
    ).save_pretrained(folder, safe_serialization=True)
    return folder


def make_toy_flux(folder: Path, *, dev: bool = True, seed: int = 0) -> Path:
    """FLUX.1 dev, or schnell: without guidance as a number and without a shift by size."""
    import diffusers
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel

    library: Any = diffusers
    torch.manual_seed(seed)
    transformer = library.FluxTransformer2DModel(
        in_channels=4 * CHANNELS,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=T5_WIDTH,
        pooled_projection_dim=TEXT_WIDTH,
        guidance_embeds=dev,
        axes_dims_rope=(4, 4, 8),
    )
    library.FluxPipeline(
        transformer=transformer,
        scheduler=library.FlowMatchEulerDiscreteScheduler(
            shift=3.0 if dev else 1.0, use_dynamic_shifting=dev, base_shift=0.5, max_shift=1.15
        ),
        vae=_autoencoder(scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=CLIPTextModel(CLIPTextConfig(**_clip())),
        tokenizer=toy_tokenizer(),
        text_encoder_2=_t5(),
        tokenizer_2=_t5_tokenizer(),
    ).save_pretrained(folder, safe_serialization=True)
    return folder


def _autoencoder(**factors: float) -> Any:
    """8 pixels to a latent of 16 channels."""
    import diffusers

    library: Any = diffusers
    return library.AutoencoderKL(
        block_out_channels=(8,) * 4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=CHANNELS,
        norm_num_groups=4,
        layers_per_block=1,
        use_quant_conv=False,
        use_post_quant_conv=False,
        **factors,
    )


def _clip() -> dict[str, Any]:
    return {
        "vocab_size": 600,
        "hidden_size": TEXT_WIDTH,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
    }


def _t5() -> Any:
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(
            vocab_size=200,
            d_model=T5_WIDTH,
            d_kv=16,
            d_ff=64,
            num_layers=1,
            num_heads=2,
            feed_forward_proj="gated-gelu",
        )
    )


def _t5_tokenizer() -> Any:
    """Knows letters only, alone and at the start of a word."""
    import transformers

    texts: Any = transformers
    letters = [(letter, -4.0) for letter in string.ascii_lowercase + ",."]
    starts = [(f"▁{letter}", -3.0) for letter, _ in letters]
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    return texts.T5TokenizerFast(vocab=[*special, *letters, *starts], extra_ids=0, model_max_length=512)
