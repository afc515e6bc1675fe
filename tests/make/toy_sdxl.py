"""Toy Stable Diffusion XL models, which benchmarks use too."""

from harness.toy_sdxl import make_toy_refiner, make_toy_sdxl

__all__ = ["make_toy_refiner", "make_toy_sdxl"]
