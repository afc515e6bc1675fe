"""What does it cost that pictures from outside are decoded apart and checked?

The same files go through the studio's decoder (its children, with their limits, and over their pipes) and through Pillow alone in
this process, which decodes, encodes as the same kind and makes one thumbnail of each size: seconds, turn by turn, and the most
memory that either had resident.
"""

from __future__ import annotations

import asyncio
import io
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from PIL import Image

from bench._figures import report
from pingvas.base.budgets import Budgets
from pingvas.base.settings import Settings
from pingvas.gallery.decoder import Decoder

TURNS = 7
SIZES = {"1 megapixel": (1216, 832), "12 megapixels": (4032, 3024)}
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF")
MIB = 1024 * 1024


def main() -> None:
    if len(sys.argv) == 3:
        _alone_in_a_process(Path(sys.argv[1]), sys.argv[2])
    else:
        asyncio.run(_measure())


async def _measure() -> None:
    rows = []
    with tempfile.TemporaryDirectory(prefix="pingvas-bench-") as name:
        for size, pixels in SIZES.items():
            for format in FORMATS:
                data = _picture(pixels, format)
                path = Path(name) / "picture"
                path.write_bytes(data)
                rows.append(
                    (f"{format}, {size} ({len(data) / MIB:.1f} MiB)", await _compared(data, path, format))
                )
    report("What does it cost that uploads are decoded apart?", rows)


async def _compared(data: bytes, path: Path, format: str) -> str:
    settings = Settings()
    decoder = Decoder(large_memory=settings.decoder_memory_bytes)
    apart, alone = list[float](), list[float]()
    try:
        for _ in range(TURNS + 1):  # the first starts the children
            began = time.perf_counter()
            await decoder.check(Budgets(), uuid4(), data, max_side=8192, max_pixels=8192 * 8192)
            apart.append(time.perf_counter() - began)
            began = time.perf_counter()
            _alone(data, format)
            alone.append(time.perf_counter() - began)
        memory = max(_most_resident(pid) for pid in decoder.idle_children)
    finally:
        await decoder.close()
    ratios = [one / other for one, other in zip(apart[1:], alone[1:], strict=True)]
    # In a process of its own, for memory that was resident once stays on record.
    command = [sys.executable, "-m", "bench.uploads", str(path), format]
    told = await asyncio.to_thread(subprocess.check_output, command)
    peer = int(told)
    return (
        f"{statistics.median(apart[1:]):.2f} s, {statistics.median(ratios):.2f} × Pillow alone "
        f"({min(ratios):.2f} to {max(ratios):.2f}); {memory} MiB, {memory / peer:.2f} × its {peer} MiB"
    )


def _alone_in_a_process(path: Path, format: str) -> None:
    _alone(path.read_bytes(), format)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def _alone(data: bytes, format: str) -> None:
    """Decoded, encoded as the same kind of file, and two thumbnails."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        how = {"PNG": {"compress_level": 4}, "WEBP": {"quality": 95, "method": 4}}
        kept = "JPEG" if format == "AVIF" else format
        options = how.get(kept, {"quality": "keep" if format == "JPEG" else 95})
        image.save(io.BytesIO(), kept, **options)
        for side in (640, 320):
            small = image.convert("RGB")
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
            small.save(io.BytesIO(), "WEBP", quality=82, method=4)


def _most_resident(pid: int) -> int:
    """MiB."""
    told = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM:")) // 1024


def _picture(size: tuple[int, int], format: str) -> bytes:
    """Soft shapes with some grain, about as hard to encode as a photograph."""
    chance = random.Random(1)
    shapes = Image.frombytes("RGB", (32, 24), chance.randbytes(32 * 24 * 3)).resize(
        size, Image.Resampling.BICUBIC
    )
    grain = Image.effect_noise(size, 16).convert("RGB")
    image = Image.blend(shapes, grain, 0.15)
    buffer = io.BytesIO()
    image.save(buffer, format, **({"quality": 85} if format != "PNG" else {}))
    return buffer.getvalue()


if __name__ == "__main__":
    main()
