"""What does loading a model cost? Seconds and peak memory, each in a fresh process, next to diffusers' `from_pretrained`.

The weights are those of a real model's shape with random numbers: about 1 GB, so that bytes count and not overhead. Files are
in the page cache for both. The imports come before the clock starts; memory is what the process grew by.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench._figures import report

_BEGIN = """
import json, resource, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) / 1024
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
"""
_OURS = (
    _BEGIN
    + """
from pingvas.engine.engine import Engine
from pingvas.engine.checkpoints import load
import diffusers, transformers
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer
engine = Engine("cpu")
before, began = resident(), time.perf_counter()
engine.load(folder, {"latent_rgb": {"weights": [[0.0] * 3] * 4, "bias": [0.0] * 3}})
print(json.dumps([time.perf_counter() - began, peak() - before, resident() - before]))
"""
)
_THEIRS = (
    _BEGIN
    + """
import torch
from diffusers import StableDiffusionPipeline, AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer
before, began = resident(), time.perf_counter()
pipe = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True, safety_checker=None)
print(json.dumps([time.perf_counter() - began, peak() - before, resident() - before]))
"""
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--width", type=int, default=160, help="channels of the U-Net's first block")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pingvas-bench-") as name:
        folder = Path(name) / "model"
        size = _make_model(folder, args.width)
        ours: list[list[float]] = []
        theirs: list[list[float]] = []
        for _ in range(args.rounds):
            ours.append(_measure(_OURS, folder))
            theirs.append(_measure(_THEIRS, folder))
    rows = []
    for place, (what, unit) in enumerate((("seconds", "s"), ("peak memory", "MiB"), ("kept memory", "MiB"))):
        our = statistics.median(row[place] for row in ours)
        their = statistics.median(row[place] for row in theirs)
        rows.append(
            (f"{what}: ours ÷ diffusers", f"{our / their:.2f} ({our:.1f} {unit} against {their:.1f} {unit})")
        )
    report(f"Loading {size / 2**20:.0f} MiB of weights, medians of {args.rounds} fresh processes each", rows)


def _measure(program: str, folder: Path) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True
    )
    found: list[float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _make_model(folder: Path, width: int) -> int:
    """A model of Stable Diffusion's shape, narrower; returns the bytes of its weights."""
    import torch
    from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel

    from harness.toy_models import make_toy_model

    make_toy_model(folder)
    models: Any = UNet2DConditionModel
    unet = models(
        sample_size=64,
        block_out_channels=(width, 2 * width, 4 * width, 4 * width),
        cross_attention_dim=32,
        attention_head_dim=8,
    )
    kind: Any = StableDiffusionPipeline
    pipeline = kind.from_pretrained(folder, dtype=torch.float32, safety_checker=None)
    pipeline.unet = unet
    assert isinstance(pipeline.scheduler, DDIMScheduler)
    pipeline.save_pretrained(folder, safe_serialization=True)
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors"))


if __name__ == "__main__":
    main()
