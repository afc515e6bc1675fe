"""Judges pictures: what do they show, and is it what was asked?

    python -m models.recipe.judge --learn --work DIR         trains the reader of attributes on drawings (minutes)
    python -m models.recipe.judge --model models/pingvas-mini --to DIR      figures and contact sheets of a model

The reader is a small network that names time, place, thing, colour, position, sun or moon, and clouds. It is checked on
true drawings (nearly always right) and on shuffled labels (chance) before its figures about a model mean anything.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from models.recipe.data import JUDGE_SEED, Bytes, drawing, open_drawings, to_tensor
from models.recipe.diffusion import StableDiffusionPipeline
from models.recipe.prompts import FIXED, Wanted, drawn_prompts
from models.recipe.scene import ATTRIBUTES, sample_scene, targets_of

WEIGHTS = Path(__file__).with_name("judge.safetensors")
_SKY_COLOURS = {
    "day": (90, 164, 224),
    "sunset": (138, 74, 118),
    "night": (17, 23, 66),
    "dawn": (178, 172, 222),
}


class Reader(nn.Module):
    """Pictures (n, 3, 64, 64) from -1 to 1 to one set of scores per attribute."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        widths = (3, 16, 32, 48, 64)
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 16, 96), nn.ReLU())
        self.heads = nn.ModuleDict({name: nn.Linear(96, len(values)) for name, values in ATTRIBUTES.items()})

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.body(pictures)
        return {name: head(features) for name, head in self.heads.items()}


def shrink(pictures: Bytes) -> torch.Tensor:
    """Bytes (n, h, w, 3) of any size to what the reader sees, (n, 3, 64, 64)."""
    return functional.adaptive_avg_pool2d(to_tensor(pictures), 64)


def learn(work: Path, count: int = 8000, epochs: int = 6, seed: int = 0) -> Reader:
    """Trains a reader on cached drawings, blurred and tinted at random so that it forgives a rough picture."""
    torch.manual_seed(seed)
    drawings = open_drawings(work)[:count]
    small = torch.cat([shrink(drawings[i : i + 64]) for i in range(0, len(drawings), 64)])
    targets = targets_of([sample_scene(i) for i in range(len(small))])
    reader = Reader().train()
    optimiser = torch.optim.AdamW(reader.parameters(), 2e-3)
    steps = epochs * len(small) // 64
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps + 1)
    for step in range(steps):
        picks = torch.randint(len(small), (64,))
        pictures = small[picks]
        if step % 2:
            side = int(torch.randint(22, 56, ()))
            pictures = functional.interpolate(
                functional.adaptive_avg_pool2d(pictures, side), size=64, mode="bilinear"
            )
        pictures = pictures * (1 + 0.12 * torch.randn(64, 3, 1, 1)) + 0.06 * torch.randn(64, 3, 1, 1)
        pictures = pictures + 0.05 * torch.randn_like(pictures)
        loss = torch.stack(
            [functional.cross_entropy(s, targets[n][picks]) for n, s in reader(pictures).items()]
        ).sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        rates.step()
        if step % 100 == 0:
            print(f"{step}/{steps}  loss {float(loss.detach()):.3f}", flush=True)
    return reader.eval()


def load_reader(path: Path = WEIGHTS) -> Reader:
    reader = Reader()
    reader.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()})
    return reader.eval()


@torch.no_grad()
def read(reader: Reader, pictures: Bytes) -> list[dict[str, str]]:
    """What each picture shows, by attribute."""
    scores = reader(shrink(pictures))
    best = {name: score.argmax(dim=1).tolist() for name, score in scores.items()}
    return [{name: ATTRIBUTES[name][best[name][i]] for name in ATTRIBUTES} for i in range(len(pictures))]


def time_by_sky(picture: Bytes) -> str:
    """The time of day from the colour of the top tenth alone: a check that needs no training."""
    strip = picture[: len(picture) // 10].reshape(-1, 3)
    top = np.median(strip.astype(np.float64), axis=0)
    return min(_SKY_COLOURS, key=lambda name: float(np.square(top - _SKY_COLOURS[name]).sum()))


def accuracy(shown: list[dict[str, str]], wanted: list[Wanted]) -> dict[str, float]:
    """The share of right answers per attribute asked for, and over all of them."""
    right: dict[str, list[bool]] = defaultdict(list)
    for show, want in zip(shown, wanted, strict=True):
        for name, value in want.items():
            right[name].append(show[name] == value)
            right["overall"].append(show[name] == value)
    return {name: float(np.mean(right[name])) for name in [*ATTRIBUTES, "overall"] if name in right}


def true_drawings(count: int, first: int = JUDGE_SEED) -> tuple[Bytes, list[Wanted]]:
    """Drawings of judging seeds with everything they show."""
    scenes = [sample_scene(first + i) for i in range(count)]
    wanted = [{n: label for n in ATTRIBUTES if (label := s.label(n)) is not None} for s in scenes]
    return np.stack([drawing(first + i) for i in range(count)]), wanted


def generate(pipe: Any, prompts: list[str], cfg: float, steps: int, seed: int = 1) -> Bytes:
    """Pictures (n, 256, 256, 3); each prompt has its own seed, so that a batch equals single calls."""
    made = []
    for first in range(0, len(prompts), 8):
        part = prompts[first : first + 8]
        seeds = [torch.Generator().manual_seed(seed * 1000 + first + i) for i in range(len(part))]
        found = pipe(
            part, num_inference_steps=steps, guidance_scale=cfg, generator=seeds, height=256, width=256
        )
        made += [np.asarray(image) for image in found.images]
    return np.stack(made)


def contact_sheet(pictures: Bytes, titles: list[str], marks: list[bool], columns: int = 6) -> Image.Image:
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


def judge_model(
    folder: Path, target: Path, cfg: float, steps: int, count: int
) -> dict[str, dict[str, float]]:
    """Figures for the fixed prompts, seen and unseen combinations, and Korean; writes contact sheets to `target`."""
    target.mkdir(parents=True, exist_ok=True)
    reader = load_reader()
    pipe = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    sets = {
        "fixed prompts": list(FIXED),
        "seen combinations": drawn_prompts(count, held_out=False),
        "never drawn combinations": drawn_prompts(count, held_out=True),
        "seen combinations, Korean": drawn_prompts(count, held_out=False, korean=True),
    }
    figures = {}
    for name, asked in sets.items():
        start = time.monotonic()
        pictures = generate(pipe, [text for text, _ in asked], cfg, steps)
        seconds = (time.monotonic() - start) / len(asked)
        shown, wanted = read(reader, pictures), [want for _, want in asked]
        figures[name] = accuracy(shown, wanted)
        sky = [(time_by_sky(p), w["time"]) for p, w in zip(pictures, wanted, strict=True) if "time" in w]
        figures[name]["time by sky colour"] = float(np.mean([a == b for a, b in sky]))
        marks = [all(s[k] == v for k, v in w.items()) for s, w in zip(shown, wanted, strict=True)]
        contact_sheet(pictures, [text for text, _ in asked], marks).save(
            target / f"{name.replace(' ', '-').replace(',', '')}.png"
        )
        print(
            f"{name}: {json.dumps({k: round(v, 3) for k, v in figures[name].items()})}  {seconds:.2f} s each",
            flush=True,
        )
    (target / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path)
    parser.add_argument("--learn", action="store_true")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--to", type=Path)
    parser.add_argument("--cfg", type=float, default=2.0)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--count", type=int, default=48)
    args = parser.parse_args()
    if args.learn:
        state = learn(args.work).state_dict()
        save_file({k: v.half() if v.is_floating_point() else v for k, v in state.items()}, WEIGHTS)
    pictures, wanted = true_drawings(300)
    shown = read(load_reader(), pictures)
    print("true drawings:", {k: round(v, 3) for k, v in accuracy(shown, wanted).items()})
    print("shuffled:", {k: round(v, 3) for k, v in accuracy(shown, wanted[7:] + wanted[:7]).items()})
    if args.model:
        judge_model(args.model, args.to, args.cfg, args.steps, args.count)


if __name__ == "__main__":
    main()
