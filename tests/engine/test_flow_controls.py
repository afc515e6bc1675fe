"""ControlNets of the families that walk straight paths: Stable Diffusion 3 and FLUX.1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from PIL import Image, ImageDraw

from harness.toy_flow import make_toy_flux, make_toy_sd3
from pingvas.engine.engine import Engine
from pingvas.engine.errors import InvalidParameters
from pingvas.engine.requests import ControlUse
from tests.make.toy_controls import make_toy_control, make_toy_flow_control

# diffusers warns of its own import.
pytestmark = pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning")

KINDS = ("flux", "sd3")


@pytest.fixture(scope="module")
def drawing() -> Image.Image:
    image = Image.new("RGB", (64, 64), "black")
    ImageDraw.Draw(image).rectangle((16, 16, 40, 48), outline="white", width=3)
    return image


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path, Engine]]:
    """By family: a model, its ControlNet, and an engine with the model in memory."""
    folder = tmp_path_factory.mktemp("flow")
    made = {}
    for kind, make in (("flux", make_toy_flux), ("sd3", make_toy_sd3)):
        model = make(folder / kind)
        engine = Engine("cpu", threads=1)
        engine.load(model, {})
        made[kind] = (model, make_toy_flow_control(model, folder / f"{kind}-control", kind=kind), engine)
    return made


def pixels(engine: Engine, request: Any) -> np.ndarray:
    return np.asarray(engine.run(request).image, dtype=np.int16)


def by_diffusers(kind: str, model: Path, control: Path, drawing: Image.Image, request: Any) -> np.ndarray:
    import diffusers

    models: Any = diffusers
    networks = {"flux": models.FluxControlNetModel, "sd3": models.SD3ControlNetModel}
    pipelines = {
        "flux": models.FluxControlNetPipeline,
        "sd3": models.StableDiffusion3ControlNetPipeline,
    }
    pipeline = pipelines[kind].from_pretrained(
        model, controlnet=networks[kind].from_pretrained(control, dtype=torch.float32), dtype=torch.float32
    )
    pipeline.set_progress_bar_config(disable=True)
    made = pipeline(
        request.prompt,
        control_image=drawing,
        width=64,
        height=64,
        num_inference_steps=request.steps,
        guidance_scale=3.5 if kind == "flux" else 1.0,
        controlnet_conditioning_scale=0.7,
        generator=torch.Generator("cpu").manual_seed(request.seed),
    ).images[0]
    return np.asarray(made, dtype=np.int16)


@pytest.mark.parametrize("kind", KINDS)
def test_a_controlled_picture_is_the_one_that_diffusers_draws(
    toys: dict[str, tuple[Path, Path, Engine]],
    drawing: Image.Image,
    ask: Any,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Theirs draws the control picture's latents by chance; the middle of what the autoencoder sees is as good.
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode())
    model, control, engine = toys[kind]
    plain = ask(sampler="euler", cfg_scale=1.0)
    request = ask(sampler="euler", cfg_scale=1.0, controls=(ControlUse(control, drawing, weight=0.7),))

    ours = pixels(engine, request)

    assert np.abs(ours - by_diffusers(kind, model, control, drawing, request)).max() <= 1
    assert not np.array_equal(ours, pixels(engine, plain))


@pytest.mark.parametrize("kind", KINDS)
def test_controlled_and_free_pictures_share_a_batch(
    toys: dict[str, tuple[Path, Path, Engine]], drawing: Image.Image, ask: Any, kind: str
) -> None:
    _, control, engine = toys[kind]
    requests = [
        ask(seed=1, sampler="euler", controls=(ControlUse(control, drawing),)),
        ask(seed=2, sampler="euler"),
    ]
    alone = [pixels(engine, request) for request in requests]
    batch = engine.open_batch()
    entries = [engine.join(batch, request) for request in requests]

    while batch.entries:
        engine.step(batch)

    for entry, expected in zip(entries, alone, strict=True):
        image = entry.outcome.image  # type: ignore[union-attr]
        assert np.abs(np.asarray(image, dtype=np.int16) - expected).max() <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_control_of_another_family_is_refused(
    toys: dict[str, tuple[Path, Path, Engine]],
    drawing: Image.Image,
    toy_f8: Path,
    ask: Any,
    kind: str,
    tmp_path: Path,
) -> None:
    _, _, engine = toys[kind]
    strange = make_toy_control(toy_f8, tmp_path / "strange")

    with pytest.raises(InvalidParameters, match="strange"):
        engine.run(ask(sampler="euler", controls=(ControlUse(strange, drawing),)))

    assert engine.run(ask(sampler="euler")).image.size == (64, 64)
