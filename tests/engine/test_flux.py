"""FLUX.1 at toy size: the pictures of diffusers, dev and schnell, alone, in batches, and from a source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from harness.toy_flow import CONFIG, make_toy_flux
from pingvas.engine.engine import Engine
from pingvas.engine.errors import InvalidParameters, ModelLoadFailed
from pingvas.engine.families.flux import Flux, pack, positions, unpack
from pingvas.engine.requests import EngineRequest, Result
from pingvas.engine.samplers import FLOW_SAMPLERS
from pingvas.engine.sampling import denoise


@pytest.fixture(scope="module")
def dev_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_toy_flux(tmp_path_factory.mktemp("models") / "toy-flux-dev")


@pytest.fixture(scope="module")
def schnell_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_toy_flux(tmp_path_factory.mktemp("models") / "toy-flux-schnell", dev=False)


@pytest.fixture(scope="module")
def dev(dev_folder: Path) -> Engine:
    made = Engine("cpu", threads=1)
    made.load(dev_folder, CONFIG)
    return made


@pytest.fixture(scope="module")
def schnell(schnell_folder: Path) -> Engine:
    made = Engine("cpu", threads=1)
    made.load(schnell_folder, CONFIG)
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
        true_cfg_scale=request.cfg_scale,
        guidance_scale=request.guidance or 3.5,
        num_inference_steps=request.steps,
        generator=torch.Generator("cpu").manual_seed(request.seed),
        width=96,
        height=64,
        **more,
    ).images[0]
    return made


# With a negative prompt theirs calls the network twice and ours once with two rows, which rounds otherwise.
def test_dev_draws_what_the_pipeline_of_diffusers_draws(dev: Engine, dev_folder: Path, ask: Any) -> None:
    from diffusers import FluxPipeline

    pipeline = FluxPipeline.from_pretrained(dev_folder, dtype=torch.float32)
    pictures = set()
    for changes in ({}, {"cfg_scale": 4.0}, {"guidance": 1.0}, {"prompt": "the sea"}):
        request = ask(**({"sampler": "euler", "width": 96, "cfg_scale": 1.0} | changes))

        ours = dev.run(request).image

        assert difference(ours, run_theirs(pipeline, request)) <= int(request.guided)
        pictures.add(ours.tobytes())
    assert len(pictures) == 4


def test_schnell_draws_what_the_pipeline_of_diffusers_draws(
    schnell: Engine, schnell_folder: Path, ask: Any
) -> None:
    from diffusers import FluxPipeline

    pipeline = FluxPipeline.from_pretrained(schnell_folder, dtype=torch.float32)
    for cfg_scale in (1.0, 4.0):
        request = ask(sampler="euler", width=96, cfg_scale=cfg_scale)

        ours = schnell.run(request).image

        theirs = run_theirs(pipeline, request, max_sequence_length=256)
        assert difference(ours, theirs) <= int(request.guided)


def test_from_a_source_the_picture_is_that_of_diffusers(
    dev: Engine, dev_folder: Path, source: Image.Image, ask: Any
) -> None:
    from diffusers import FluxImg2ImgPipeline

    pipeline = FluxImg2ImgPipeline.from_pretrained(dev_folder, dtype=torch.float32)
    request = ask(sampler="euler", width=96, steps=4, source=source, strength=0.5, cfg_scale=1.0)
    assert dev._family is not None

    ours = dev.run(request).image

    # Theirs draws by chance from what the autoencoder sees, so it is given the latents.
    with torch.inference_mode():
        latents = dev._family.encode_image(source)
    assert difference(ours, run_theirs(pipeline, request, image=latents, strength=0.5)) == 0


def test_what_the_catalog_says_of_guidance_stands_in_for_the_request(dev_folder: Path, ask: Any) -> None:
    engine = Engine("cpu", threads=1)
    pictures = []
    for config, guidance in (({}, None), ({}, 3.5), ({"defaults": {"guidance": 2.0}}, None), ({}, 2.0)):
        engine.load(dev_folder, CONFIG | config)
        pictures.append(engine.run(ask(sampler="euler", guidance=guidance, cfg_scale=1.0)).image)

    assert difference(pictures[0], pictures[1]) == 0
    assert difference(pictures[2], pictures[3]) == 0
    assert difference(pictures[0], pictures[2]) > 0


def test_schnell_passes_over_guidance(schnell: Engine, ask: Any) -> None:
    little, much = (
        schnell.run(ask(sampler="euler", guidance=guidance, cfg_scale=1.0)).image for guidance in (1.0, 9.0)
    )

    assert difference(little, much) == 0


def test_a_picture_in_a_mixed_batch_is_the_picture_it_is_alone(
    dev: Engine, source: Image.Image, ask: Any
) -> None:
    requests = [
        ask(prompt="a red house", seed=1, steps=3, sampler="euler", width=96, guidance=2.0),
        ask(prompt="the sea", seed=2, steps=4, sampler="dpmpp_2m", cfg_scale=1.0, width=96),
        ask(prompt="a tree", seed=3, steps=2, sampler="heun", cfg_scale=1.0, width=96, guidance=5.0),
        ask(prompt="", seed=5, steps=4, sampler="lcm", source=source, strength=0.5, width=96),
    ]
    alone = [dev.run(request).image for request in requests]
    batch = dev.open_batch()
    entries = [dev.join(batch, request) for request in requests[:2]]
    dev.step(batch)
    entries += [dev.join(batch, request) for request in requests[2:]]

    while batch.entries:
        dev.step(batch)

    made = [entry.outcome for entry in entries]
    for outcome, image in zip(made, alone, strict=True):
        assert isinstance(outcome, Result)
        assert difference(outcome.image, image) <= 1


@pytest.mark.parametrize("size", [(72, 40), (8, 8), (136, 64)])
def test_any_multiple_of_eight_comes_back_at_exactly_that_size(
    schnell: Engine, ask: Any, size: tuple[int, int]
) -> None:
    result = schnell.run(ask(width=size[0], height=size[1], steps=1, sampler="euler"))

    assert result.image.size == size


def test_a_sampler_for_other_families_is_refused_by_name(schnell: Engine, ask: Any) -> None:
    with pytest.raises(InvalidParameters, match=r"euler_a.*euler, heun, dpmpp_2m"):
        schnell.run(ask(sampler="euler_a"))


def test_latents_are_packed_and_placed_as_in_diffusers() -> None:
    from diffusers import FluxPipeline

    latents = torch.arange(2 * 3 * 4 * 6, dtype=torch.float32).reshape(2, 3, 4, 6)

    packed = pack(latents)

    assert torch.equal(packed, FluxPipeline._pack_latents(latents, 2, 3, 4, 6))
    assert torch.equal(unpack(packed, 4, 6), latents)
    cpu = torch.device("cpu")
    assert torch.equal(
        positions(2, 3, cpu), FluxPipeline._prepare_latent_image_ids(2, 2, 3, cpu, torch.float32)
    )


def test_half_precision_makes_pictures_too(dev_folder: Path, ask: Any) -> None:
    family = Flux.open(dev_folder, torch.device("cpu"), torch.bfloat16)

    with torch.inference_mode():
        rows = [denoise.begin(family, ask(sampler=sampler, cfg_scale=1.0)) for sampler in FLOW_SAMPLERS]
        while going := [row for row in rows if not row.done]:
            denoise.advance(family, going)
        images = [denoise.finish(family, row) for row in rows]

    assert {row.latents.dtype for row in rows} == {torch.bfloat16}
    assert len({image.tobytes() for image in images}) == len(FLOW_SAMPLERS)


def test_a_relative_that_takes_more_channels_is_refused(tmp_path: Path) -> None:
    from diffusers import FluxTransformer2DModel

    folder = make_toy_flux(tmp_path / "toy-fill")
    transformer = FluxTransformer2DModel.from_pretrained(folder / "transformer")
    FluxTransformer2DModel.from_config({**transformer.config, "in_channels": 384}).save_pretrained(
        folder / "transformer"
    )

    with pytest.raises(ModelLoadFailed, match="384 channels"):
        Engine("cpu", threads=1).load(folder, CONFIG)
