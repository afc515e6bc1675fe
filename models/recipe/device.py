"""Where the recipe computes: on a GPU if there is one, else on the processor; bfloat16 where that is safe."""

from __future__ import annotations

import argparse

import torch


def add_device_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")


def device_of(name: str) -> torch.device:
    """The device of a name; `auto` is CUDA where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def half_precision(device: torch.device) -> torch.autocast:
    """Autocast to bfloat16; weights and optimiser stay in single precision."""
    return torch.autocast(device.type, torch.bfloat16)
