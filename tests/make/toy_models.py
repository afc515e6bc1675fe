"""Toy Stable Diffusion models, which benchmarks use too."""

from harness.toy_models import CONFIG, make_toy_model, toy_scheduler, toy_tokenizer, toy_vae

__all__ = ["CONFIG", "make_toy_model", "toy_scheduler", "toy_tokenizer", "toy_vae"]
