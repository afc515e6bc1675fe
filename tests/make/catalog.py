"""Models in the catalog, which benchmarks begin from too."""

from harness.catalog import CONFIG, UPSCALER, make_model, make_parts

__all__ = ["CONFIG", "UPSCALER", "make_model", "make_parts"]
