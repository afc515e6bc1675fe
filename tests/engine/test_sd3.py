"""Stable Diffusion 3 at toy size: the pictures of diffusers, alone, in batches, and from a source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from harness.toy_flow import CONFIG, make_toy_sd3
from pingvas.engine.engine import Engine
from pingvas.engine.errors import InvalidParameters
from pingvas.engine.families.sd3 import StableDiffusion3
from pingvas.engine.requests import EngineRequest, Result
from pingvas.engine.samplers import FLOW_SAMPLERS
from pingvas.engine.sampling import denoise


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_toy_sd3(tmp_path_factory.mktemp("models") / "toy-sd3")


@pytest.fixture(scope="module")
def sd3(folder: Path) -> Engine:
    made = Engine("cpu", threads=1)
    made.load(folder, CONFIG)
    return made


@pytest.fixture(scope="module")
def source() -> Image.Image:
    across, down = np.meshgrid(np.arange(96), np.arange(64))
    return Image.fromarray(np.stack([across * 2, down * 3, (across + down) % 97], axis=2).astype(np.uint8))


def difference(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(np.asarray(one, dtype=np.int16) - np.asarray(other, dtype=np.int16)).max())


def run_theirs(pipeline: Any, request: EngineRequest, **more: Any) -> Image.Image:
    pipeline.set_progress_bar_config(disable=True)
    made: Image.Image = pipeline(
        request.prompt,
        negative_prompt=request.negative_prompt,
        num_inference_steps=request.steps,
        guidance_scale=request.cfg_scale,
        generator=torch.Generator("cpu").manual_seed(request.seed),
        **more,
    ).images[0]
    return made


def test_our_loop_draws_what_the_pipeline_of_diffusers_draws(sd3: Engine, folder: Path, ask: Any) -> None:
    from diffusers import StableDiffusion3Pipeline

    pipeline = StableDiffusion3Pipeline.from_pretrained(folder, dtype=torch.float32)
    pictures = set()
    for changes in ({"cfg_scale": 4.0}, {"cfg_scale": 1.0}, {"cfg_scale": 4.0, "prompt": "the sea"}):
        request = ask(sampler="euler", width=96, **changes)

        ours = sd3.run(request).image

        assert difference(ours, run_theirs(pipeline, request, width=96, height=64)) == 0
        pictures.add(ours.tobytes())
    assert len(pictures) == 3


def test_without_t5_the_pictures_are_those_of_diffusers_too(tmp_path: Path, ask: Any) -> None:
    from diffusers import StableDiffusion3Pipeline

    folder = make_toy_sd3(tmp_path / "toy-sd3-small", t5=False)
    engine = Engine("cpu", threads=1)
    engine.load(folder, CONFIG)
    pipeline = StableDiffusion3Pipeline.from_pretrained(
        folder, dtype=torch.float32, text_encoder_3=None, tokenizer_3=None
    )
    request = ask(sampler="euler")

    ours = engine.run(request).image

    assert difference(ours, run_theirs(pipeline, request, width=64, height=64)) == 0


def test_from_a_source_the_picture_is_that_of_diffusers(
    sd3: Engine, folder: Path, source: Image.Image, ask: Any
) -> None:
    from diffusers import StableDiffusion3Img2ImgPipeline

    pipeline = StableDiffusion3Img2ImgPipeline.from_pretrained(folder, dtype=torch.float32)
    request = ask(sampler="euler", width=96, steps=4, source=source, strength=0.5)
    assert sd3._family is not None

    ours = sd3.run(request).image

    # Theirs draws by chance from what the autoencoder sees, so it is given the latents.
    with torch.inference_mode():
        latents = sd3._family.encode_image(source)
    assert difference(ours, run_theirs(pipeline, request, image=latents, strength=0.5)) == 0


@pytest.mark.parametrize("sampler", FLOW_SAMPLERS)
def test_little_strength_leaves_the_source_nearly_as_it_was(
    sd3: Engine, source: Image.Image, ask: Any, sampler: str
) -> None:
    family = sd3._family
    assert family is not None
    with torch.inference_mode():
        kept = family.decode(family.encode_image(source))[0].clamp(0, 1).permute(1, 2, 0).numpy() * 255

    steps = 50 if sampler == "lcm" else 400
    made = sd3.run(ask(source=source, width=96, steps=steps, strength=1 / steps, sampler=sampler)).image

    assert float(np.abs(np.asarray(made) - kept).mean()) < 2


def test_every_sampler_of_the_family_makes_a_picture_of_its_own(sd3: Engine, ask: Any) -> None:
    pictures = {sd3.run(ask(sampler=sampler, steps=3)).image.tobytes() for sampler in FLOW_SAMPLERS}

    assert len(pictures) == len(FLOW_SAMPLERS)


def test_in_one_step_there_is_one_way_to_go(sd3: Engine, ask: Any) -> None:
    first, *others = [sd3.run(ask(sampler=sampler, steps=1)).image for sampler in FLOW_SAMPLERS]

    assert max(difference(first, other) for other in others) <= 1


@pytest.mark.parametrize("sampler", ["euler_a", "dpmpp_2m_karras", "ddim"])
def test_a_sampler_for_other_families_is_refused_by_name(sd3: Engine, ask: Any, sampler: str) -> None:
    with pytest.raises(InvalidParameters, match=f"{sampler}.*euler, heun, dpmpp_2m"):
        sd3.run(ask(sampler=sampler))


def test_a_picture_in_a_mixed_batch_is_the_picture_it_is_alone(
    sd3: Engine, source: Image.Image, ask: Any
) -> None:
    requests = [
        ask(prompt="a red house", seed=1, steps=3, sampler="euler", width=96),
        ask(prompt="the sea", seed=2, steps=4, sampler="dpmpp_2m", cfg_scale=7.0, width=96),
        ask(prompt="a tree", seed=3, steps=2, sampler="heun", cfg_scale=1.0, width=96),
        ask(prompt="a (boat:1.3) " + "and birds " * 12, seed=4, steps=3, sampler="unipc", width=96),
        ask(prompt="", seed=5, steps=4, sampler="lcm", source=source, strength=0.5, width=96),
    ]
    alone = [sd3.run(request).image for request in requests]
    batch = sd3.open_batch()
    entries = [sd3.join(batch, request) for request in requests]

    while batch.entries:
        sd3.step(batch)

    made = [entry.outcome for entry in entries]
    for outcome, image in zip(made, alone, strict=True):
        assert isinstance(outcome, Result)
        assert difference(outcome.image, image) <= 1


@pytest.mark.parametrize("size", [(72, 40), (8, 8), (136, 64)])
def test_any_multiple_of_eight_comes_back_at_exactly_that_size(
    sd3: Engine, ask: Any, size: tuple[int, int]
) -> None:
    result = sd3.run(ask(width=size[0], height=size[1], steps=1, sampler="euler"))

    assert result.image.size == size


def test_a_size_beyond_the_model_says_how_large_it_draws(sd3: Engine, ask: Any) -> None:
    with pytest.raises(InvalidParameters, match="at most 256 pixels"):
        sd3.run(ask(width=264, steps=1, sampler="euler"))


def test_half_precision_makes_pictures_too(folder: Path, ask: Any) -> None:
    family = StableDiffusion3.open(folder, torch.device("cpu"), torch.bfloat16)

    with torch.inference_mode():
        rows = [denoise.begin(family, ask(sampler=sampler)) for sampler in FLOW_SAMPLERS]
        while going := [row for row in rows if not row.done]:
            denoise.advance(family, going)
        images = [denoise.finish(family, row) for row in rows]

    assert {row.latents.dtype for row in rows} == {torch.bfloat16}
    assert len({image.tobytes() for image in images}) == len(FLOW_SAMPLERS)
