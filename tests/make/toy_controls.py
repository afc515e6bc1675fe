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
