"""How much memory of a device a picture needs, foretold from plain figures. Needs no torch, and measures nothing.

The figures are of the most frugal way the engine has: attention in slices, the VAE in tiles. So a picture that is
foretold to need too much is one that no second try would have saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MIB = 2**20

# What a device spends on the libraries themselves, and on a picture of any size.
FIXED_BYTES = 256 * MIB
# Activations and latents while one megapixel is made, by family; weights are counted apart.
BYTES_PER_MEGAPIXEL: dict[str, int] = {
    "sd1": 700 * MIB,
    "sd2": 700 * MIB,
    "sdxl": 1000 * MIB,
    "sd3": 1200 * MIB,
    "flux": 1500 * MIB,
    # Tiles of one size whatever the picture's; what grows is the picture itself, as floats, and its copy.
    "upscaler": 32 * MIB,
}
OTHERWISE = 1000 * MIB


def predict_bytes(
    config: Mapping[str, Any], parameters: Mapping[str, Any], *, weights_bytes: int = 0, parts_bytes: int = 0
) -> int:
    """Bytes that a picture of `parameters` (width and height in pixels) needs by a model of `config`.

    `weights_bytes` is the size of the model's files, `parts_bytes` of what is loaded beside it (ControlNets, a VAE,
    LoRAs). A model that knows better says so in `config.memory`: `weights_bytes` and `bytes_per_megapixel`.
    """
    own = config.get("memory", {})
    weights = int(own.get("weights_bytes", weights_bytes or config.get("size_bytes", 0)))
    usual = BYTES_PER_MEGAPIXEL.get(str(config.get("family")), OTHERWISE)
    per_megapixel = int(own.get("bytes_per_megapixel", usual))
    megapixels = parameters["width"] * parameters["height"] / 1e6
    return FIXED_BYTES + weights + parts_bytes + int(per_megapixel * megapixels)
