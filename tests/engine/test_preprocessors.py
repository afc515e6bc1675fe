"""Control pictures: edges where the edges are, strokes, depth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pingvas.engine.errors import InvalidParameters, ModelLoadFailed, ModelNotFound, NotANumber
from pingvas.engine.images.preprocessors import PREPROCESSORS, canny, prepare, scribble


def square() -> Image.Image:
    """A bright square from 20 to 43 on a dark ground."""
    image = Image.new("RGB", (64, 64), (20, 20, 20))
    image.paste((230, 230, 230), (20, 20, 44, 44))
    return image


def lit(image: Image.Image) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray(image.convert("L")) > 127


def test_canny_draws_the_outline_of_a_square_one_pixel_wide() -> None:
    edges = lit(canny(square()))

    # each row and column through the middle is crossed twice, at the border of the square
    for line in (edges[32], edges[:, 32]):
        places = np.flatnonzero(line)
        assert len(places) == 2
        assert abs(places - [19.5, 43.5]).max() <= 0.5
    assert edges.sum() == pytest.approx(4 * 24, abs=8)
    assert not edges[:18].any()
    assert not edges[24:40, 24:40].any()


def test_canny_follows_a_diagonal_without_gaps() -> None:
    image = Image.new("RGB", (64, 64))
    ImageDraw.Draw(image).polygon([(0, 0), (63, 63), (0, 63)], fill="white")

    edges = lit(canny(image))

    assert all(edges[row].any() for row in range(2, 62))
    assert edges.sum() < 2 * 64


def test_canny_sees_an_edge_between_colours_of_one_brightness() -> None:
    image = Image.new("RGB", (32, 32), (200, 0, 0))
    image.paste((0, 0, 200), (16, 0, 32, 32))

    assert lit(canny(image))[16].sum() == 1


def test_a_weak_line_is_drawn_only_where_it_goes_on_from_a_strong_one() -> None:
    # given two weak steps, one of which grows strong to the right
    pixels = np.full((64, 64), 100, np.uint8)
    pixels[10:20] = 140
    pixels[40:50] = np.linspace(140, 255, 64)
    image = Image.fromarray(pixels).convert("RGB")

    edges = lit(canny(image, low=80, high=300))

    assert not edges[5:25].any()
    assert edges[38:42, 5].any()
    assert edges[38:42, 50].any()


@pytest.mark.parametrize("image", [Image.new("RGB", (16, 16), "grey"), Image.new("RGB", (1, 1))])
def test_a_plain_picture_has_no_edges(image: Image.Image) -> None:
    assert not lit(canny(image)).any()
    assert not lit(scribble(image)).any()


def test_a_scribble_is_thick_and_follows_the_outline() -> None:
    strokes = lit(scribble(square()))

    assert strokes[32, 19:21].all()
    assert 6 <= strokes[32].sum() <= 12
    assert not strokes[28:36, 28:36].any()


@pytest.mark.parametrize("name", ["none", "canny", "scribble"])
def test_a_control_picture_has_the_size_that_is_rendered(name: str) -> None:
    made = prepare(name, square().convert("RGBA"), 48, 80)

    assert (made.mode, made.size) == ("RGB", (48, 80))


def test_none_keeps_a_control_picture_as_it_is() -> None:
    assert prepare("none", square(), 64, 64).tobytes() == square().tobytes()


def test_an_unknown_preprocessor_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidParameters, match=", ".join(PREPROCESSORS)):
        prepare("magic", square(), 64, 64)


def test_depth_without_a_depth_model_is_refused() -> None:
    with pytest.raises(InvalidParameters, match="no depth model"):
        prepare("depth", square(), 64, 64)


@pytest.fixture(scope="module")
def toy_depth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DPT with random weights in a transformers folder."""
    import torch
    from transformers import DPTConfig, DPTForDepthEstimation, DPTImageProcessorPil

    folder = tmp_path_factory.mktemp("depth") / "toy-dpt"
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = DPTForDepthEstimation(
            DPTConfig(
                hidden_size=16,
                num_hidden_layers=4,
                num_attention_heads=2,
                intermediate_size=32,
                image_size=32,
                patch_size=16,
                backbone_out_indices=[0, 1, 2, 3],
                neck_hidden_sizes=[4, 4, 8, 8],
                fusion_hidden_size=8,
                is_hybrid=False,
            )
        )
    # The last layer lets only what is positive through.
    head: Any = network.head.head
    head[4].weight.data.abs_()
    network.save_pretrained(folder)
    DPTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def test_depth_is_drawn_from_black_to_white_at_the_size_that_is_rendered(toy_depth: Path) -> None:
    import torch

    from pingvas.engine.images.depth import open_depth_model

    model = open_depth_model(toy_depth, torch.device("cpu"))

    made = prepare("depth", square(), 64, 48, depth_model=model)

    assert (made.mode, made.size) == ("RGB", (64, 48))
    assert made.convert("L").getextrema()[0] < 30  # type: ignore[operator]
    assert made.convert("L").getextrema()[1] > 200  # type: ignore[operator]
    assert made.tobytes() == prepare("depth", square(), 64, 48, depth_model=model).tobytes()


def test_a_depth_that_is_no_number_is_named(toy_depth: Path) -> None:
    import torch

    from pingvas.engine.images.depth import open_depth_model

    model = open_depth_model(toy_depth, torch.device("cpu"))
    next(model.network.parameters()).data.fill_(float("nan"))

    with pytest.raises(NotANumber, match="toy-dpt"):
        model(square())


def test_a_depth_model_that_cannot_be_loaded_is_named(toy_depth: Path, tmp_path: Path) -> None:
    import torch

    from pingvas.engine.images.depth import open_depth_model

    cpu = torch.device("cpu")
    with pytest.raises(ModelNotFound, match="nowhere"):
        open_depth_model(tmp_path / "nowhere", cpu)
    (tmp_path / "config.json").write_bytes((toy_depth / "config.json").read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ModelLoadFailed, match="no safetensors"):
        open_depth_model(tmp_path, cpu)
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(ModelLoadFailed, match="cannot be loaded"):
        open_depth_model(tmp_path, cpu)
