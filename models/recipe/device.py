"""Where the recipe computes: on a GPU if there is one, else on the processor; bfloat16 where that is fast and safe."""

from __future__ import annotations

import argparse

import torch

from pingvas.engine.devices import pick_device, pick_training_dtype


def add_device_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")


def device_of(name: str) -> torch.device:
    """The device of a name; `auto` is CUDA where there is one. Raises ValueError for one that is not here."""
    return pick_device(name)


def half_precision(device: torch.device) -> torch.autocast:
    """Autocast to bfloat16 where the device computes in it, else none; weights and optimiser stay in single precision."""
    dtype = pick_training_dtype(device)
    return torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16)
