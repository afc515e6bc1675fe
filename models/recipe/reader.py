"""The reader: a small network that names the attributes of a picture, and the ways to check that it is right.

    python -m models.recipe.reader --work DIR

trains it on the drawings of DIR, writes models/recipe/judge.safetensors, and shows how often it is right on true
drawings it never saw and on shuffled labels (where only chance is left).
"""

from __future__ import annotations

import argparse
import itertools
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from models.recipe.data import JUDGE_SEED, Bytes, drawing, open_drawings, to_tensor
from models.recipe.draw import draw
from models.recipe.prompts import Wanted
from models.recipe.scene import ATTRIBUTES, Scene, sample_scene, targets_of

# What the reader names: all that a scene has, and how many suns or moons there are, of which no scene has two.
READ: dict[str, tuple[str, ...]] = {**ATTRIBUTES, "discs": ("none", "one", "two")}
WEIGHTS = Path(__file__).with_name("judge.safetensors")
SIDE = 64
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
        widths = (3, 24, 40, 64, 80)
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(80 * 16, 160), nn.ReLU())
        self.heads = nn.ModuleDict({name: nn.Linear(160, len(values)) for name, values in READ.items()})

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.body(pictures)
        return {name: head(features) for name, head in self.heads.items()}


def shrink(pictures: Bytes) -> torch.Tensor:
    """Bytes (n, h, w, 3) of any size to what the reader sees, (n, 3, 64, 64)."""
    return functional.adaptive_avg_pool2d(to_tensor(pictures), SIDE)


def faulty(count: int, first: int = 40_000_000) -> tuple[Bytes, dict[str, torch.Tensor]]:
    """Drawings of 64x64 pixels with a second house or moon where the scene has one, and what they show."""
    pictures, scenes, fault = [], [], []
    for seed in range(first, first + count):
        scene = sample_scene(seed)
        twice = [
            n
            for n in ("thing", "body")
            if getattr(scene, n) != "none" and seed % 3 != ("thing", "body").index(n)
        ]
        if scene.number != "one":
            twice = [name for name in twice if name == "body"]
        pictures.append(np.asarray(draw(scene, SIDE, twice), dtype=np.uint8))
        scenes.append(scene)
        fault.append(twice)
    targets = answers(scenes)
    for i, twice in enumerate(fault):
        if "thing" in twice:
            targets["number"][i] = READ["number"].index("two")
            targets["position"][i] = targets["size"][i] = -100
        if "body" in twice:
            targets["discs"][i] = READ["discs"].index("two")
    return np.stack(pictures), targets


def answers(scenes: list[Scene]) -> dict[str, torch.Tensor]:
    """What the reader should say about faultless drawings of these scenes, as indices."""
    return targets_of(scenes) | {"discs": torch.tensor([int(scene.body != "none") for scene in scenes])}


def learn(work: Path, count: int = 16_000, epochs: int = 8, seed: int = 0) -> Reader:
    """Trains a reader on cached drawings, blurred and tinted at random so that it forgives a rough picture.

    One in five shows something twice, as models do and drawings never.
    """
    torch.manual_seed(seed)
    drawings = open_drawings(work)[:count]
    doubles, wrong = faulty(count // 4)
    parts = [shrink(part[i : i + 64]).half() for part in (drawings, doubles) for i in range(0, len(part), 64)]
    small, right = torch.cat(parts), answers([sample_scene(i) for i in range(len(drawings))])
    targets = {name: torch.cat([right[name], wrong[name]]) for name in READ}
    reader = Reader().train()
    optimiser = torch.optim.AdamW(reader.parameters(), 2e-3, weight_decay=0.02)
    steps = epochs * len(small) // 64
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps + 1)
    for step in range(steps):
        picks = torch.randint(len(small), (64,))
        pictures = small[picks].float()
        if step % 2:
            side = int(torch.randint(26, 60, ()))
            pictures = functional.interpolate(
                functional.adaptive_avg_pool2d(pictures, side), size=SIDE, mode="bilinear"
            )
        pictures = pictures * (1 + 0.10 * torch.randn(64, 3, 1, 1)) + 0.04 * torch.randn(64, 3, 1, 1)
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
    return [{name: READ[name][best[name][i]] for name in READ} for i in range(len(pictures))]


def time_by_sky(picture: Bytes) -> str:
    """The time of day from the colour of the top tenth alone: a check that needs no training.

    It means something only for an open sky in plain colours.
    """
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


def shuffled(wanted: list[Wanted]) -> list[Wanted]:
    """The same answers, each for another picture."""
    return wanted[7:] + wanted[:7]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, help="learn from the drawings here; without it only check")
    args = parser.parse_args()
    if args.work:
        state = learn(args.work).state_dict()
        save_file({k: v.half() if v.is_floating_point() else v for k, v in state.items()}, WEIGHTS)
    doubles, targets = faulty(300, first=50_000_000)
    seen = read(load_reader(), doubles)
    for name in ("number", "discs"):
        two = [
            s[name] == "two"
            for s, t in zip(seen, targets[name].tolist(), strict=True)
            if t == READ[name].index("two")
        ]
        print(f"things drawn twice and seen twice, {name}: {np.mean(two):.3f} of {len(two)}")
    pictures, wanted = true_drawings(600)
    shown = read(load_reader(), pictures)
    for name, asked in (("true drawings", wanted), ("shuffled labels", shuffled(wanted))):
        print(f"{name}:", {k: round(v, 3) for k, v in accuracy(shown, asked).items()})


if __name__ == "__main__":
    main()
