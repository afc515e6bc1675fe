"""Toy ControlNets for toy models: the true component with random weights everywhere, also where training starts at zero."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def make_toy_control(model: Path, folder: Path, *, seed: int = 0) -> Path:
    """A ControlNet beside the U-Net of the diffusers folder `model`, in `folder`."""
    import torch
    from diffusers import ControlNetModel, UNet2DConditionModel

    torch.manual_seed(seed)
    models: Any = ControlNetModel
    network: Any = UNet2DConditionModel.from_pretrained(model / "unet", dtype=torch.float32)
    control = models.from_unet(network, conditioning_embedding_out_channels=(4, 4, 8, 8))
    with torch.no_grad():
        for part in [*control.controlnet_down_blocks, control.controlnet_mid_block]:
            torch.nn.init.normal_(part.weight, std=0.5)
        torch.nn.init.normal_(control.controlnet_cond_embedding.conv_out.weight, std=0.5)
    control.save_pretrained(folder, safe_serialization=True)
    return folder


def make_toy_flow_control(model: Path, folder: Path, *, kind: str, seed: int = 0) -> Path:
    """A ControlNet beside the transformer of the diffusers folder `model`; `kind` is `flux` or `sd3`."""
    import diffusers
    import torch

    torch.manual_seed(seed)
    models: Any = diffusers
    if kind == "flux":
        network = models.FluxTransformer2DModel.from_pretrained(model / "transformer", dtype=torch.float32)
        control = models.FluxControlNetModel.from_transformer(
            network, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2
        )
    else:
        network = models.SD3Transformer2DModel.from_pretrained(model / "transformer", dtype=torch.float32)
        # No more channels beside the picture's, and the true pooled text.
        control = models.SD3ControlNetModel.from_config(
            dict(network.config) | {"force_zeros_for_pooled_projection": False}
        )
    with torch.no_grad():
        for name, weights in control.named_parameters():
            if "controlnet" in name or "pos_embed_input" in name:
                torch.nn.init.normal_(weights, std=0.2)
    control.save_pretrained(folder, safe_serialization=True)
    return folder
