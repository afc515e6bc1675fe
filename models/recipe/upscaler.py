"""Trains the upscalers: a picture twice or four times as large, with the edges that bicubic would blur.

    python -m models.recipe.upscaler --scale 2 --minutes 8 --work DIR

Learns on the drawings (DIR/drawings.u8, drawn first where missing), made smaller by varied filters and mildly spoiled. Writes
DIR/upscale-xS.pt every two minutes and goes on from it; the curve stands beside it. `--to FOLDER` exports model.safetensors,
whose names are those of the "compact" SRVGG network, so that spandrel and other programs load it.
"""

from __future__ import annotations

import argparse
import io
import itertools
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from models.recipe.data import JUDGE_SEED, Bytes, drawing, open_drawings, write_drawings
from models.recipe.device import add_device_argument, device_of, half_precision
from models.recipe.fit import Plan, fit, put
from models.recipe.loop import Weights

# By scale: (features, convolutions between first and last). At x4 the network works on fewer pixels, so it may be larger.
SHAPES = {2: (32, 8), 4: (48, 10)}
CROPS = {2: (96, 8), 4: (160, 8)}  # by scale: side of the large crop in pixels, batch
DRAWINGS = 2000


class Compact(nn.Module):
    """Pictures (n, 3, h, w) from 0 to 1 to (n, 3, h * scale, w * scale): nearest neighbour plus what is learnt."""

    def __init__(self, scale: int, features: int, convolutions: int) -> None:
        super().__init__()
        self.scale = scale
        layers: list[nn.Module] = [nn.Conv2d(3, features, 3, padding=1), nn.PReLU(features)]
        for _ in range(convolutions):
            layers += [nn.Conv2d(features, features, 3, padding=1), nn.PReLU(features)]
        self.body = nn.Sequential(*layers, nn.Conv2d(features, 3 * scale**2, 3, padding=1))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        detail: torch.Tensor = functional.pixel_shuffle(self.body(pictures), self.scale)
        return detail + functional.interpolate(pictures, scale_factor=self.scale, mode="nearest")

    @property
    def reach(self) -> int:
        """How far a pixel sees, in pixels of the small picture: one for each convolution."""
        return sum(isinstance(layer, nn.Conv2d) for layer in self.body)


def new_upscaler(scale: int) -> Compact:
    """A network that starts close to bilinear enlarging: from nearest neighbour it learns edges of colour last."""
    if scale not in SHAPES:
        raise ValueError(f"scale is {scale}, wanted one of {sorted(SHAPES)}")
    network = Compact(scale, *SHAPES[scale])
    *before, last = (layer for layer in network.body if isinstance(layer, nn.Conv2d))
    with torch.no_grad():
        for conv in before:  # the picture itself is carried through by the first three features
            conv.weight[:3], conv.bias[:3] = 0, 0  # type: ignore[index]
            conv.weight[range(3), range(3), 1, 1] = 1
        last.weight.mul_(0.1)
        last.bias.zero_()  # type: ignore[union-attr]
        for colour in range(3):
            last.weight[colour * scale**2 : (colour + 1) * scale**2, colour] = bilinear_detail(scale)
    return network


def bilinear_detail(scale: int) -> torch.Tensor:
    """What bilinear enlarging adds to nearest neighbour, as kernels (scale * scale, 3, 3) over the small picture."""
    taps = torch.zeros(scale, 3)
    for place in range(scale):
        shift = (place + 0.5) / scale - 0.5  # of the new pixel's middle from the old one's
        taps[place, 1] = 1 - abs(shift)
        taps[place, 2 if shift > 0 else 0] = abs(shift)
    kernels = taps[:, None, :, None] * taps[None, :, None, :]
    kernels[:, :, 1, 1] -= 1
    return kernels.reshape(scale * scale, 3, 3)


def load_upscaler(path: Path) -> Compact:
    """The network of a file written by `export`; its shape is read off its weights."""
    state = {name: value.float() for name, value in load_file(path).items()}
    numbers = [int(name.split(".")[1]) for name in state]
    features = len(state["body.0.weight"])
    scale = math.isqrt(len(state[f"body.{max(numbers)}.weight"]) // 3)
    network = Compact(scale, features, (max(numbers) - 2) // 2)
    network.load_state_dict(state)
    return network.eval()


def as_floats(pictures: Bytes) -> torch.Tensor:
    """Bytes (n, h, w, 3) to floats (n, 3, h, w) from 0 to 1."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 255


def spoil(pictures: torch.Tensor, scale: int, rng: np.random.Generator) -> torch.Tensor:
    """Large pictures (n, 3, h, w) from 0 to 1 made smaller, each by its own filter and with its own mild faults."""
    return torch.cat([_spoil_one(picture[None], scale, rng) for picture in pictures])


def _spoil_one(picture: torch.Tensor, scale: int, rng: np.random.Generator) -> torch.Tensor:
    if rng.random() < 0.4:  # soft, as pictures of the autoencoder are
        picture = _blur(picture, rng.uniform(0.2, 0.45) * scale)
    way, side = rng.choice(["area", "bilinear", "bicubic"], p=[0.3, 0.2, 0.5]), picture.shape[-1] // scale
    if way == "area":
        small = functional.avg_pool2d(picture, scale)
    else:
        small = functional.interpolate(picture, size=(side, side), mode=str(way), antialias=True)
    if rng.random() < 0.25:
        small = small + torch.randn_like(small) * rng.uniform(0.5, 2.5) / 255
    small = small.clamp(0, 1)
    if rng.random() < 0.2:
        small = _jpeg(small, int(rng.integers(80, 97)))
    return (small * 255).round() / 255


def _blur(picture: torch.Tensor, sigma: float) -> torch.Tensor:
    """A Gaussian blur, `sigma` in pixels."""
    radius = max(1, round(2.5 * sigma))
    line = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, device=picture.device) / sigma) ** 2)
    line = (line / line.sum()).repeat(3, 1, 1, 1)
    padded = functional.pad(picture, (radius,) * 4, mode="replicate")
    return functional.conv2d(functional.conv2d(padded, line, groups=3), line.transpose(2, 3), groups=3)


def _jpeg(picture: torch.Tensor, quality: int) -> torch.Tensor:
    pixels = (picture[0].permute(1, 2, 0) * 255).round().to(torch.uint8).cpu().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return as_floats(np.asarray(Image.open(file))[None]).to(picture.device)


def crops_of(drawings: Bytes, side: int, count: int, rng: np.random.Generator) -> Bytes:
    """Random squares, turned over and with their colour channels in any order."""
    found: list[Bytes] = []
    while len(found) < count:
        picks, corners = rng.integers(len(drawings)), rng.integers(0, drawings.shape[1] - side + 1, (4, 2))
        squares = [drawings[picks, y : y + side, x : x + side] for y, x in corners]
        # Skies teach nothing: of four squares take the liveliest.
        best = max(squares, key=lambda square: float(np.abs(np.diff(square.astype(np.int16), axis=0)).mean()))
        best = np.rot90(best, int(rng.integers(4)))[:, :: int(rng.choice([-1, 1]))]
        found.append(best[..., rng.permutation(3)] if rng.random() < 0.3 else best)
    return np.stack(found)


def loss_of(made: torch.Tensor, large: torch.Tensor) -> torch.Tensor:
    """Squared and absolute error, and the absolute error of colour differences, which brightness would outshine."""
    error = made - large
    red, green, blue = error.unbind(1)
    colour = (red - green).abs().mean() + (blue - (red + green) / 2).abs().mean()
    return 10 * error.square().mean() + 0.3 * (error.square() + 1e-6).sqrt().mean() + 0.15 * colour


def train(scale: int, work: Path, minutes: float, lr: float, seed: int, device: torch.device) -> None:
    if not (work / "drawings.u8").exists():
        write_drawings(work, DRAWINGS)
    drawings = open_drawings(work)[:DRAWINGS]
    torch.manual_seed(seed)
    network = new_upscaler(scale).to(device)
    side, batch = CROPS[scale]

    def batch_loss(rng: np.random.Generator) -> tuple[torch.Tensor, int]:
        large = as_floats(crops_of(drawings, side, batch, rng)).to(device)
        small = spoil(large, scale, rng)
        with half_precision(device):
            detail = network.body(small)
        made = functional.pixel_shuffle(detail.float(), scale)
        made = made + functional.interpolate(small, scale_factor=scale, mode="nearest")
        return loss_of(made, large), batch

    pairs = unseen_pairs(scale, 16)

    def report(weights: Weights) -> str:
        judged = new_upscaler(scale)
        put(judged, {name: value.cpu() for name, value in weights.items()})
        mine, theirs = gains(judged.eval(), pairs)
        return f"unseen drawings: {np.mean(mine):.2f} dB, bicubic {np.mean(theirs):.2f} dB"

    plan = Plan(work / f"upscale-x{scale}.pt", minutes, lr, seed, averaging=0.999)
    fitted = fit(network, batch_loss, plan, report)
    print(report(fitted.weights), flush=True)


def unseen_pairs(scale: int, count: int, first: int = JUDGE_SEED) -> list[tuple[Bytes, Bytes]]:
    """Small and large drawings of judging seeds, made smaller by Pillow's bicubic filter."""
    large = [drawing(first + i) for i in range(count)]
    size = (large[0].shape[1] // scale, large[0].shape[0] // scale)
    return [(np.asarray(Image.fromarray(x).resize(size, Image.Resampling.BICUBIC)), x) for x in large]


def psnr(made: Bytes, true: Bytes) -> float:
    """Peak signal to noise in decibels."""
    return float(-10 * np.log10(np.square((made.astype(np.float64) - true) / 255).mean() + 1e-12))


@torch.no_grad()
def upscale(network: Compact, picture: Bytes, tile: int | None = None, overlap: int = 16) -> Bytes:
    """A picture (h, w, 3) enlarged, whole or in tiles of `tile` pixels that overlap by at least `overlap` on each side."""
    whole = as_floats(picture[None])
    if tile is None:
        made = network(whole)
    else:
        height, width = whole.shape[2:]
        s = network.scale
        made = torch.empty(1, 3, height * s, width * s)
        for y, x in itertools.product(range(0, height, tile), range(0, width, tile)):
            top, left = max(0, y - overlap), max(0, x - overlap)
            part = network(whole[:, :, top : y + tile + overlap, left : x + tile + overlap])
            part = part[:, :, (y - top) * s :, (x - left) * s :][:, :, : tile * s, : tile * s]
            made[:, :, y * s : y * s + part.shape[2], x * s : x * s + part.shape[3]] = part
    pixels: Bytes = (made.clamp(0, 1) * 255).round().to(torch.uint8)[0].permute(1, 2, 0).numpy()
    return pixels


def gains(network: Compact, pairs: list[tuple[Bytes, Bytes]]) -> tuple[list[float], list[float]]:
    """Decibels of the network and of bicubic, for each pair."""
    mine = [psnr(upscale(network, small), large) for small, large in pairs]
    bicubic = [
        np.asarray(Image.fromarray(small).resize(large.shape[1::-1], Image.Resampling.BICUBIC))
        for small, large in pairs
    ]
    return mine, [psnr(made, large) for made, (_, large) in zip(bicubic, pairs, strict=True)]


def export(scale: int, work: Path, target: Path) -> None:
    """Writes the averaged weights in half precision."""
    kept: Weights = torch.load(work / f"upscale-x{scale}.pt", weights_only=True, map_location="cpu")["ema"]
    target.mkdir(parents=True, exist_ok=True)
    save_file({name: value.half().contiguous() for name, value in kept.items()}, target / "model.safetensors")
    (target / "model.safetensors").chmod(0o644)


def judge(folder: Path, count: int) -> None:
    """Prints what the file in `folder` gains over bicubic on drawings that training never saw, and its seams."""
    network = load_upscaler(folder / "model.safetensors")
    pairs = unseen_pairs(network.scale, count)
    mine, theirs = gains(network, pairs)
    better = np.mean([a > b for a, b in zip(mine, theirs, strict=True)])
    seams = [
        int(np.abs(upscale(network, x).astype(int) - upscale(network, x, 48).astype(int)).max())
        for x, _ in pairs[:8]
    ]
    gain = np.subtract(mine, theirs)
    print(
        f"x{network.scale}: {np.mean(mine):.2f} dB, bicubic {np.mean(theirs):.2f} dB on {count} unseen drawings; gain "
        f"{gain.min():.2f} to {gain.max():.2f} dB, better on {better:.0%}; tiled against whole: {max(seams)}/255 at most"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=int, choices=sorted(SHAPES), required=True)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--to", type=Path, help="a folder: export there and judge")
    add_device_argument(parser)
    args = parser.parse_args()
    if args.work:
        train(args.scale, args.work, args.minutes, args.lr, args.seed, device_of(args.device))
        if args.to:
            export(args.scale, args.work, args.to)
    if args.to:
        judge(args.to, 48)


if __name__ == "__main__":
    main()
