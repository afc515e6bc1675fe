"""Toy Stable Diffusion 3 and FLUX.1 models, which benchmarks use too."""

from harness.toy_flow import CHANNELS, CONFIG, T5_WIDTH, TEXT_WIDTH, make_toy_flux, make_toy_sd3

__all__ = ["CHANNELS", "CONFIG", "T5_WIDTH", "TEXT_WIDTH", "make_toy_flux", "make_toy_sd3"]
