"""Toy upscalers: the true architectures at a few thousand random weights, in safetensors files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any


def make_compact(
    path: Path, *, scale: int = 2, layers: int = 2, features: int = 8, channels: int = 3
) -> Path:
    """A Real-ESRGAN compact model. It looks `layers + 2` pixels far."""
    from pingvas.engine.images.without_torchvision import import_spandrel

    architecture = import_spandrel().architectures.Compact.Compact
    return _save(
        path,
        lambda: architecture(
            num_in_ch=channels, num_out_ch=channels, num_feat=features, num_conv=layers, upscale=scale
        ),
    )


def make_esrgan(path: Path, *, scale: int = 4) -> Path:
    from pingvas.engine.images.without_torchvision import import_spandrel

    architecture = import_spandrel().architectures.ESRGAN.ESRGAN
    return _save(path, lambda: architecture(num_filters=8, num_blocks=1, scale=scale))


def make_swinir(path: Path, *, scale: int = 2) -> Path:
    from pingvas.engine.images.without_torchvision import import_spandrel

    architecture = import_spandrel().architectures.SwinIR.SwinIR
    return _save(
        path,
        lambda: architecture(
            img_size=16,
            embed_dim=12,
            depths=[2],
            num_heads=[2],
            window_size=8,
            mlp_ratio=2.0,
            upscale=scale,
            upsampler="pixelshuffledirect",
        ),
    )


def _save(path: Path, build: Any) -> Path:
    import torch
    from safetensors.torch import save_file

    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(3)
        model = build()
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, path)
    return path
