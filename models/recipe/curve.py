"""How a training went: a table and a picture of its loss and speed, kept beside the checkpoint."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw

# Rows of samples seen, minutes, loss, and samples a second; one for each half minute or so.
Curve = list[list[float]]

_SMALL_LOSSES = (0.02, 0.015, 0.01, 0.007, 0.005, 0.003, 0.002, 0.001)


def note(curve: Curve, seen: int, minutes: float, loss: float, speed: float, more: str = "") -> None:
    """Add a row and print it, with `more` behind it."""
    curve.append([float(seen), minutes, loss, speed])
    print(f"{minutes:6.1f} min  {seen:7d} samples  {speed:6.1f}/s  loss {loss:.5f}{more}", flush=True)


def write_curve(path: Path, curve: Curve) -> None:
    """PATH.csv, and PATH.png once there are two rows."""
    rows = "".join(",".join(f"{x:.5g}" for x in row) + "\n" for row in curve)
    path.with_suffix(".csv").write_text("samples,minutes,loss,samples_per_second\n" + rows)
    if len(curve) > 1:
        draw_curve(curve).save(path.with_suffix(".png"))


def draw_curve(curve: Curve, width: int = 800, height: int = 400) -> Image.Image:
    """Loss (logarithmic, thick) and throughput (from 0, thin) against samples, as a picture."""
    image = Image.new("RGB", (width, height), (18, 20, 28))
    pen = ImageDraw.Draw(image)
    logs = [math.log10(row[2]) for row in curve]
    low, high = min(logs) - 0.02, max(logs) + 0.02
    most = curve[-1][0]

    def at(samples: float, log: float) -> tuple[float, float]:
        return 60 + samples / most * (width - 80), 20 + (high - log) / (high - low) * (height - 60)

    for loss in (1.0, 0.5, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.04, 0.03, *_SMALL_LOSSES):
        if low < math.log10(loss) < high:
            y = at(0, math.log10(loss))[1]
            pen.line((60, y, width - 20, y), fill=(52, 56, 72))
            pen.text((12, y - 6), f"{loss:g}", fill=(170, 176, 196))
    fastest = max(row[3] for row in curve) or 1.0
    speeds = [
        (60 + row[0] / most * (width - 80), height - 40 - row[3] / fastest * (height - 60)) for row in curve
    ]
    pen.line(speeds, fill=(74, 122, 168), width=1)
    pen.line([at(row[0], log) for row, log in zip(curve, logs, strict=True)], fill=(255, 168, 92), width=2)
    pen.text(
        (60, height - 26),
        f"loss against samples (to {most:.0f}), {curve[-1][1]:.0f} minutes; "
        f"thin line: samples a second (to {fastest:.0f})",
        fill=(170, 176, 196),
    )
    return image
