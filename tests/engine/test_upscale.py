"""Enlarging: exact sizes, no seams, and named errors."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file, save_file

from pingvas.engine.errors import (
    Canceled,
    InvalidParameters,
    ModelLoadFailed,
    ModelNotFound,
    NotANumber,
    OutOfMemory,
)
from pingvas.engine.images.image_strips import StripImage
from pingvas.engine.images.tiles import cut
from pingvas.engine.images.upscale import MIN_TILE, Upscaler, open_upscaler, upscale
from tests.make.toy_upscalers import make_compact, make_esrgan, make_swinir

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def compact_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_compact(tmp_path_factory.mktemp("upscalers") / "toy.safetensors")


@pytest.fixture(scope="module")
def compact(compact_file: Path) -> Upscaler:
    """An upscaler ×2 that looks 4 pixels far."""
    return open_upscaler(compact_file, CPU)


def photo(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Something with soft and hard places."""
    pixels = np.random.default_rng(1).integers(0, 256, (height // 6 + 2, width // 6 + 2, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC).convert(mode)


def difference(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(np.asarray(one).astype(int) - np.asarray(other).astype(int)).max())


@pytest.mark.parametrize("size", [(333, 251), (160, 90), (97, 40)])
def test_tiles_give_what_the_whole_gives(compact: Upscaler, size: tuple[int, int]) -> None:
    whole = upscale(compact, photo(*size), 2, tile=1024)

    tiled = upscale(compact, photo(*size), 2, tile=64, overlap=10)

    assert whole.size == (2 * size[0], 2 * size[1])
    assert difference(whole, tiled) <= 1
    assert np.asarray(whole).std() > 20


@pytest.mark.parametrize(("make", "scale"), [(make_compact, 4), (make_esrgan, 4), (make_swinir, 2)])
def test_every_architecture_enlarges_as_its_file_says(
    make: Callable[..., Path], scale: int, tmp_path: Path
) -> None:
    upscaler = open_upscaler(make(tmp_path / "toy.safetensors", scale=scale), CPU)

    made = upscale(upscaler, photo(70, 33), scale, tile=64)

    assert (upscaler.scale, upscaler.channels) == (scale, 3)
    assert upscaler.bytes > 0
    assert made.size == (70 * scale, 33 * scale)
    assert np.asarray(made).std() > 1


@pytest.mark.parametrize("size", [(1, 1), (7, 13), (3, 90)])
@pytest.mark.parametrize("factor", [1, 1.5, 2, 2.17, 3, 5])
def test_any_factor_gives_the_exact_size(compact: Upscaler, size: tuple[int, int], factor: float) -> None:
    made = upscale(compact, photo(*size), factor, tile=64)

    assert made.size == (round(size[0] * factor), round(size[1] * factor))


def test_a_grey_model_enlarges_each_colour(tmp_path: Path) -> None:
    upscaler = open_upscaler(make_compact(tmp_path / "grey.safetensors", channels=1), CPU)
    red = Image.new("RGB", (20, 10), (255, 0, 0))

    made = np.asarray(upscale(upscaler, red, 2))

    assert made.shape == (20, 40, 3)
    assert (made[..., 1] == made[..., 2]).all()
    assert (made[..., 0] != made[..., 1]).any()


def test_transparency_is_enlarged_with_the_picture(compact: Upscaler) -> None:
    image = photo(20, 10, "RGBA")
    image.putalpha(Image.linear_gradient("L").resize((20, 10)))

    made = upscale(compact, image, 3)

    assert (made.mode, made.size) == ("RGBA", (60, 30))
    expected = image.getchannel("A").resize((60, 30), Image.Resampling.LANCZOS)
    assert difference(made.getchannel("A"), expected) == 0
    assert difference(made.convert("RGB"), upscale(compact, image.convert("RGB"), 3)) == 0


def test_what_is_clear_shows_the_model_the_colours_around_it(compact: Upscaler) -> None:
    # given a white sign on black that is clear
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (5, 5, 15, 15))

    made = upscale(compact, image, 3)

    plain = upscale(compact, Image.new("RGB", (20, 20), "white"), 3)
    assert difference(made.convert("RGB"), plain) == 0


def test_progress_counts_every_tile_of_every_run(compact: Upscaler) -> None:
    heard: list[tuple[int, int]] = []

    upscale(compact, photo(90, 50), 4, tile=64, on_progress=lambda done, total: heard.append((done, total)))

    assert len({total for _, total in heard}) == 1
    assert [done for done, _ in heard] == list(range(1, heard[0][1] + 1))
    assert len(heard) > 10


def test_a_cancel_takes_effect_before_the_next_tile(compact: Upscaler) -> None:
    heard: list[int] = []

    with pytest.raises(Canceled):
        upscale(
            compact,
            photo(200, 200),
            2,
            tile=64,
            on_progress=lambda done, _: heard.append(done),
            is_canceled=lambda: len(heard) == 3,
        )

    assert heard == [1, 2, 3]


class Greedy:
    """A network for which only pictures of up to `room` pixels a side have memory."""

    def __init__(self, network: Any, room: int) -> None:
        self.network, self.room = network, room
        self.device, self.dtype = network.device, network.dtype

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        if max(pixels.shape[-2:]) > self.room:
            raise torch.OutOfMemoryError("too much")
        made: torch.Tensor = self.network(pixels)
        return made


def test_smaller_tiles_are_taken_when_memory_runs_out(compact: Upscaler) -> None:
    greedy = dataclasses.replace(compact, network=Greedy(compact.network, room=130))

    made = upscale(greedy, photo(260, 200), 2, tile=512)

    assert difference(made, upscale(compact, photo(260, 200), 2)) <= 1


def test_when_even_the_smallest_tile_has_no_room_it_is_said(compact: Upscaler) -> None:
    greedy = dataclasses.replace(compact, network=Greedy(compact.network, room=8))

    with pytest.raises(OutOfMemory, match=f"even {MIN_TILE}×{MIN_TILE}"):
        upscale(greedy, photo(200, 200), 2)


@pytest.mark.parametrize("scale", [0, 0.5, -2, float("nan"), float("inf"), 1000])
def test_a_scale_without_sense_is_refused(compact: Upscaler, scale: float) -> None:
    with pytest.raises(InvalidParameters, match="scale"):
        upscale(compact, photo(64, 64), scale)


def test_weights_that_are_no_numbers_are_named(compact_file: Path, tmp_path: Path) -> None:
    weights = load_file(compact_file)
    weights["body.0.bias"][0] = float("nan")
    save_file(weights, tmp_path / "broken.safetensors")

    with pytest.raises(NotANumber, match=r"broken\.safetensors"):
        upscale(open_upscaler(tmp_path / "broken.safetensors", CPU), photo(16, 16), 2)


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"none\.safetensors"):
        open_upscaler(tmp_path / "none.safetensors", CPU)


def test_only_upscalers_in_safetensors_are_loaded(compact_file: Path, tmp_path: Path) -> None:
    pickled = pickle.dumps({"body.0.weight": 1})
    weights = load_file(compact_file)
    cases = {
        "model.pth": (pickled, "pickle"),
        "renamed.safetensors": (pickled, "cannot be loaded"),
        "half.safetensors": (compact_file.read_bytes()[:5000], "cannot be loaded"),
        "empty.safetensors": (b"", "cannot be loaded"),
    }
    save_file({"some.other.weight": torch.ones(3)}, tmp_path / "unknown.safetensors")
    save_file(weights | {"body.2.weight": torch.ones(3, 3, 3, 3)}, tmp_path / "odd.safetensors")
    make_compact(tmp_path / "cleaner.safetensors", scale=1)
    for name, (data, _) in cases.items():
        (tmp_path / name).write_bytes(data)
    expected = {name: says for name, (_, says) in cases.items()} | {
        "unknown.safetensors": "no architecture",
        "odd.safetensors": "cannot be loaded",
        "cleaner.safetensors": "no upscaler",
    }

    for name, says in expected.items():
        with pytest.raises(ModelLoadFailed, match=f"{name}.*{says}"):
            open_upscaler(tmp_path / name, CPU)


@given(length=st.integers(1, 2000), tile=st.integers(16, 600), overlap=st.integers(0, 80))
@settings(deadline=None, max_examples=100)
def test_tiles_cover_a_side_once_and_see_beyond_where_they_count(
    length: int, tile: int, overlap: int
) -> None:
    spans = cut(length, tile, overlap)

    counted = np.zeros(3 * length)
    for span in spans:
        counted[3 * span.first : 3 * span.last] += span.weights(3)
    assert np.abs(counted - 1).max() < 1e-5
    assert all(span.start % 16 == 0 for span in spans)
    seen = min(overlap, tile // 16 * 16 // 4 // 8 * 8) // 2
    assert all(span.first - span.start >= seen for span in spans[1:])
    assert all(span.stop - span.last >= seen for span in spans[:-1])


@pytest.mark.parametrize("size", [(70, 50), (35, 25), (33, 120), (150, 31)])
def test_a_picture_in_bands_is_the_picture_resized_whole(size: tuple[int, int]) -> None:
    whole = photo(70, 50)
    growing = StripImage(70, 50, size)

    for top in range(0, 50, 7):
        growing.add(np.asarray(whole)[top : top + 7])

    assert difference(growing.image, whole.resize(size, Image.Resampling.LANCZOS)) <= 1
