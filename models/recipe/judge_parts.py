"""Judges what is added to a model: is the LoRA's look there, does the ControlNet follow its edges, by how much?

    python -m models.recipe.judge_parts --base models/pingvas-mini --lora models/pingvas-pencil --pencil DIR/pencil --to SHEETS
    python -m models.recipe.judge_parts --base models/pingvas-mini --control models/pingvas-canny --to SHEETS

Each prints its figures and writes a contact sheet. The measures are tried on true drawings first.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from safetensors.torch import save_file

from models.recipe.controlnet import ControlNetModel, as_condition
from models.recipe.data import JUDGE_SEED, Bytes, drawing, to_bytes, to_tensor
from models.recipe.edges import agreement, canny
from models.recipe.judge import generate, open_pipeline
from models.recipe.pencil import line_darkness, pencil
from models.recipe.prompts import drawn_prompts, plain_prompt
from models.recipe.reader import Reader, accuracy, learn, load_reader, read, true_drawings
from models.recipe.scene import sample_scene

# Between ordinary drawings and pencil ones, both as the autoencoder shows them; `lora_figures` says how well it tells.
DARK_LINES = 12.0
ControlNetPipeline: Any = diffusers.StableDiffusionControlNetPipeline
Masks = npt.NDArray[np.bool_]


# LoRA ---------------------------------------------------------------------------------------------------------------


def add_lora_file(pipe: Any, folder: Path) -> None:
    pipe.load_lora_weights(folder, weight_name="model.safetensors", adapter_name="part")


def with_lora(pipe: Any, weight: float, prompts: list[str], cfg: float, steps: int) -> Bytes:
    """Pictures (n, 256, 256, 3) with the adapter at a weight; the same seeds at every weight."""
    pipe.set_adapters("part", weight)
    return generate(pipe, prompts, cfg, steps)


def pencil_reader(folder: Path) -> Reader:
    """A reader that knows pencil drawings, which the ordinary one has never seen; kept beside the drawings."""
    path = folder / "reader.safetensors"
    if not path.exists():
        save_file(learn(folder, count=1500, epochs=30).state_dict(), path)
    return load_reader(path)


def is_pencil(picture: Bytes) -> bool:
    return line_darkness(picture) > DARK_LINES


@torch.no_grad()
def as_shown(pipe: Any, pictures: Bytes) -> Bytes:
    """Pictures (n, h, w, 3) through the autoencoder and back: the best the model could make of them."""
    parts = [pipe.vae.encode(part).latent_dist.mean for part in torch.split(to_tensor(pictures), 8)]
    return to_bytes(torch.cat([pipe.vae.decode(part).sample for part in parts]))


def lora_figures(pipe: Any, reader: Reader, count: int, cfg: float, steps: int) -> tuple[Bytes, list[str]]:
    """Prints figures at three weights; returns the pictures, one row of `count` for each weight."""
    drawings, shown = true_drawings(64)
    looks = np.stack([pencil(picture) for picture in drawings])
    plain, drawn = as_shown(pipe, drawings), as_shown(pipe, looks)
    print(
        f"through the autoencoder {_share(plain):.0%} of ordinary drawings count as pencil, {_share(drawn):.0%} of "
        f"pencil ones; the reader on those: {_rounded(accuracy(read(reader, drawn), shown))}"
    )
    asked = drawn_prompts(count, held_out=False)
    rows = []
    for weight in (0.0, 0.5, 1.0):
        pictures = with_lora(pipe, weight, [text for text, _ in asked], cfg, steps)
        content = accuracy(read(reader, pictures), [want for _, want in asked])
        dark = np.mean([line_darkness(picture) for picture in pictures])
        colour = (pictures.max(axis=3).astype(int) - pictures.min(axis=3)).mean()
        print(
            f"weight {weight}: lines {dark:.0f} darker than beside them, {_share(pictures):.0%} count as pencil; "
            f"colour {colour:.0f}; read by the reader of pencil drawings: {_rounded(content)}",
            flush=True,
        )
        rows.append(pictures)
    return np.concatenate(rows), [text for text, _ in asked]


def _share(pictures: Bytes) -> float:
    return float(np.mean([is_pencil(picture) for picture in pictures]))


# ControlNet ---------------------------------------------------------------------------------------------------------


def control_pipeline(pipe: Any, folder: Path) -> Any:
    """The same model with the ControlNet of a folder beside it."""
    control = ControlNetModel.from_pretrained(folder, torch_dtype=torch.float32)
    guided = ControlNetPipeline(**pipe.components, controlnet=control, requires_safety_checker=False)
    guided.set_progress_bar_config(disable=True)
    return guided


def with_control(
    guided: Any, weight: float, prompts: list[str], edges: Masks, cfg: float, steps: int
) -> Bytes:
    """Pictures (n, h, w, 3) that follow edges (n, h, w) at a weight; the same seeds at every weight."""
    made = []
    for first in range(0, len(prompts), 8):
        part = prompts[first : first + 8]
        found = guided(
            part,
            image=as_condition(edges[first : first + 8]),
            num_inference_steps=steps,
            guidance_scale=cfg,
            controlnet_conditioning_scale=weight,
            generator=[torch.Generator().manual_seed(1000 + first + i) for i in range(len(part))],
        )
        made += [np.asarray(image) for image in found.images]
    return np.stack(made)


def follows(pictures: Bytes, edges: Masks) -> float:
    """Mean agreement of the pictures' own edges with those given, 0 to 1."""
    return float(np.mean([agreement(e, canny(p)) for p, e in zip(pictures, edges, strict=True)]))


def control_figures(guided: Any, count: int, cfg: float, steps: int) -> tuple[Bytes, list[str]]:
    """Prints figures; returns rows of `count`: the edges, without control, half of it, all of it."""
    seeds = range(JUDGE_SEED + 500, JUDGE_SEED + 500 + count)
    drawings = np.stack([drawing(seed) for seed in seeds])
    asked = [plain_prompt(sample_scene(seed)) for seed in seeds]
    edges = np.stack([canny(picture) for picture in drawings])
    shuffled, reader = np.roll(edges, 7, axis=0), load_reader()
    print(
        f"true drawings: {follows(drawings, edges):.2f}, others' drawings {follows(drawings, shuffled):.2f}"
    )
    rows = [np.repeat(edges[..., None] * np.uint8(255), 3, axis=3)]
    for weight in (0.0, 0.5, 1.0):
        pictures = with_control(guided, weight, [text for text, _ in asked], edges, cfg, steps)
        content = accuracy(read(reader, pictures), [want for _, want in asked])
        print(
            f"weight {weight}: {follows(pictures, edges):.2f} with its edges, {follows(pictures, shuffled):.2f} with"
            f" others' edges; content {_rounded(content)}",
            flush=True,
        )
        rows.append(pictures)
    return np.concatenate(rows), [text for text, _ in asked]


# Both ---------------------------------------------------------------------------------------------------------------


def sheet(pictures: Bytes, count: int, columns: int = 8, side: int = 128) -> Image.Image:
    """The first `columns` of each row of `count` pictures, made small."""
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), count)]
    joined = Image.fromarray(np.concatenate([np.concatenate(list(row), axis=1) for row in rows], axis=0))
    return joined.resize((side * min(columns, count), side * len(rows)), Image.Resampling.LANCZOS)


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--lora", type=Path)
    parser.add_argument(
        "--pencil", type=Path, help="the drawings the LoRA was trained on, to learn to read them"
    )
    parser.add_argument("--control", type=Path)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--cfg", type=float, default=2.0)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--count", type=int, default=24)
    args = parser.parse_args()
    args.to.mkdir(parents=True, exist_ok=True)
    pipe = open_pipeline(args.base)
    if args.control:
        guided = control_pipeline(pipe, args.control)
        pictures, _ = control_figures(guided, args.count, args.cfg, args.steps)
        sheet(pictures, args.count).save(args.to / "canny.webp", quality=70, method=6)
    if args.lora:
        add_lora_file(pipe, args.lora)
        pictures, _ = lora_figures(pipe, pencil_reader(args.pencil), args.count, args.cfg, args.steps)
        sheet(pictures, args.count).save(args.to / "pencil.webp", quality=70, method=6)


if __name__ == "__main__":
    main()
