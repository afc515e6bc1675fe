"""Judges a model: do its pictures show what was asked, are they varied, do negative prompts work?

    python -m models.recipe.judge --model models/pingvas-mini --to DIR

writes figures.json and contact sheets to DIR. Attributes are read off the pictures by the network of
`models.recipe.reader`, which is itself checked on true drawings first.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from models.recipe.data import Bytes
from models.recipe.diffusion import StableDiffusionPipeline
from models.recipe.draw import draw
from models.recipe.prompts import FIXED, NEGATIVES, Asked, Wanted, drawn_prompts
from models.recipe.reader import (
    Reader,
    accuracy,
    load_reader,
    read,
    shrink,
    shuffled,
    time_by_sky,
    true_drawings,
)
from models.recipe.scene import sample_scene

Figures = dict[str, dict[str, float]]


def open_pipeline(folder: Path) -> Any:
    pipe = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def generate(
    pipe: Any, prompts: list[str], cfg: float, steps: int, seed: int = 1, negative: str = ""
) -> Bytes:
    """Pictures (n, 256, 256, 3); each prompt has its own seed, so that a batch equals single calls."""
    made = []
    for first in range(0, len(prompts), 8):
        part = prompts[first : first + 8]
        seeds = [torch.Generator().manual_seed(seed * 1000 + first + i) for i in range(len(part))]
        found = pipe(
            part,
            negative_prompt=[negative] * len(part),
            num_inference_steps=steps,
            guidance_scale=cfg,
            generator=seeds,
            height=256,
            width=256,
        )
        made += [np.asarray(image) for image in found.images]
    return np.stack(made)


# What is measured ---------------------------------------------------------------------------------------------------


def sky_agreement(pictures: Bytes, wanted: list[Wanted]) -> float:
    """The share of open skies whose colour alone tells the time that was asked for."""
    plain = [
        (picture, want["time"])
        for picture, want in zip(pictures, wanted, strict=True)
        if "time" in want and want.get("weather", "clouds") == "clouds" and "style" not in want
    ]
    return float(np.mean([time_by_sky(picture) == asked for picture, asked in plain]))


def doubled(shown: list[dict[str, str]], wanted: list[Wanted]) -> float:
    """The share of prompts about one thing, or a sun or moon, whose picture has more than one of it."""
    found = []
    for show, want in zip(shown, wanted, strict=True):
        if want.get("number") == "one" or "body" in want:
            many = want.get("number") == "one" and show["number"] != "one"
            found.append(many or show["discs"] == "two")
    return float(np.mean(found)) if found else 0.0


def spread(pictures: Bytes) -> tuple[float, float]:
    """Mean and smallest distance between two pictures of a set: root mean square of 0 to 1 at 64x64 pixels."""
    flat = shrink(pictures).flatten(1) / 2
    far = torch.pdist(flat) / flat.shape[1] ** 0.5
    return float(far.mean()), float(far.min())


def drawings_like(wanted: Wanted, count: int, first: int = 30_000_000) -> Bytes:
    """True drawings that show what a prompt asks for and are free in everything else."""
    found: list[Bytes] = []
    seed = first
    while len(found) < count:
        scene = sample_scene(seed)
        if all(scene.label(name) == value for name, value in wanted.items()):
            found.append(np.asarray(draw(scene), dtype=np.uint8))
        seed += 1
    return np.stack(found)


def diversity(pipe: Any, cfg: float, steps: int, count: int = 12) -> dict[str, float]:
    """How far pictures of one prompt lie apart, as a share of how far true drawings of it do; and the closest pair."""
    asked: list[Asked] = [FIXED[0], FIXED[4], FIXED[11], FIXED[15]]
    shares, closest = [], []
    for text, wanted in asked:
        made, least = spread(generate(pipe, [text] * count, cfg, steps, seed=7))
        shares.append(made / spread(drawings_like(wanted, count))[0])
        closest.append(least)
    return {"share of the drawings' spread": float(np.mean(shares)), "closest pair": float(min(closest))}


def negatives(pipe: Any, reader: Reader, cfg: float, steps: int, count: int = 16) -> Figures:
    """How often something unasked for shows, without and with a negative prompt that forbids it."""
    found: Figures = {}
    for case in NEGATIVES:
        shares = []
        for negative in ("", case.negative):
            pictures = generate(pipe, [case.prompt] * count, cfg, steps, seed=9, negative=negative)
            shares.append(np.mean([show[case.attribute] == case.value for show in read(reader, pictures)]))
        found[f"{case.prompt} / {case.negative}"] = {"without": float(shares[0]), "with": float(shares[1])}
    return found


# Contact sheets -----------------------------------------------------------------------------------------------------


def contact_sheet(pictures: Bytes, titles: list[str], marks: list[bool], columns: int = 8) -> Image.Image:
    """Pictures with their prompts below; a red title where something asked for is missing."""
    side, foot = 256, 34
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * side, rows * (side + foot)), (18, 20, 28))
    pen, font = ImageDraw.Draw(sheet), _font()
    for i, (picture, title, good) in enumerate(zip(pictures, titles, marks, strict=True)):
        x, y = i % columns * side, i // columns * (side + foot)
        sheet.paste(Image.fromarray(picture), (x, y))
        pen.text(
            (x + 6, y + side + 2),
            title[:38] + "\n" + title[38:76],
            fill=(226, 228, 236) if good else (255, 120, 110),
            font=font,
        )
    return sheet


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for path in (
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/truetype/nanum/NanumGothic.ttf",
    ):
        if Path(path).exists():
            return ImageFont.truetype(path, 12)
    return ImageFont.load_default(12)


# All of it ----------------------------------------------------------------------------------------------------------


def judge_prompts(
    pipe: Any, reader: Reader, asked: list[Asked], cfg: float, steps: int
) -> tuple[dict[str, float], Image.Image]:
    """Figures and a contact sheet for a list of prompts, one picture each, no picking."""
    start = time.monotonic()
    pictures = generate(pipe, [text for text, _ in asked], cfg, steps)
    seconds = (time.monotonic() - start) / len(asked)
    shown, wanted = read(reader, pictures), [want for _, want in asked]
    figures = accuracy(shown, wanted)
    figures["time by sky colour"] = sky_agreement(pictures, wanted)
    figures["doubled"] = doubled(shown, wanted)
    figures["seconds"] = seconds
    marks = [all(s[k] == v for k, v in w.items()) for s, w in zip(shown, wanted, strict=True)]
    figures["all right"] = float(np.mean(marks))
    return figures, contact_sheet(pictures, [text for text, _ in asked], marks)


def judge_model(folder: Path, target: Path, cfg: float, steps: int, count: int) -> Figures:
    """All figures of a model; writes them and the contact sheets to `target`."""
    target.mkdir(parents=True, exist_ok=True)
    reader, pipe = load_reader(), open_pipeline(folder)
    pictures, wanted = true_drawings(300)
    shown = read(reader, pictures)
    figures: Figures = {
        "true drawings": accuracy(shown, wanted),
        "shuffled labels": accuracy(shown, shuffled(wanted)),
    }
    sets = {
        "fixed prompts": list(FIXED),
        "seen combinations": drawn_prompts(count, held_out=False),
        "never drawn combinations": drawn_prompts(count, held_out=True),
        "seen combinations, Korean": drawn_prompts(count, held_out=False, korean=True),
    }
    for name, asked in sets.items():
        figures[name], sheet = judge_prompts(pipe, reader, asked, cfg, steps)
        sheet.save(target / f"{name.replace(' ', '-').replace(',', '')}.png")
        print(name, json.dumps({k: round(v, 3) for k, v in figures[name].items()}), flush=True)
    figures["diversity"] = diversity(pipe, cfg, steps)
    figures |= {f"negative: {name}": found for name, found in negatives(pipe, reader, cfg, steps).items()}
    (target / "figures.json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--cfg", type=float, default=2.0)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--count", type=int, default=64)
    args = parser.parse_args()
    for name, found in judge_model(args.model, args.to, args.cfg, args.steps, args.count).items():
        print(name, {k: round(v, 3) for k, v in found.items()})


if __name__ == "__main__":
    main()
