"""LoRAs on a loaded model: what they change is what their makers meant, and nothing stays behind."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.toy_models import CONFIG, make_toy_model
from pingvas.engine.engine import Engine
from pingvas.engine.errors import InvalidParameters, ModelLoadFailed, ModelNotFound
from pingvas.engine.requests import LoraUse, Setup
from tests.make.toy_loras import make_toy_lora


@pytest.fixture(scope="module")
def lora(toy_f8: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_toy_lora(toy_f8, tmp_path_factory.mktemp("loras") / "toy.safetensors")


@pytest.fixture
def draw(toy_f8: Path, ask: Any) -> Callable[..., np.ndarray]:
    """The picture with these LoRAs on, always by the same engine."""
    engine = Engine("cpu", threads=1)

    def make(*uses: LoraUse) -> np.ndarray:
        engine.prepare(Setup(toy_f8, CONFIG, loras=uses))
        return np.asarray(engine.run(ask()).image, dtype=np.int16)

    return make


def test_a_lora_does_what_it_does_in_diffusers(
    draw: Callable[..., np.ndarray], lora: Path, toy_f8: Path, ask: Any
) -> None:
    from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(toy_f8, dtype=torch.float32, safety_checker=None)
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.load_lora_weights(lora.parent, weight_name=lora.name, adapter_name="toy")
    pipeline.set_adapters(["toy"], [0.8])
    request = ask()

    ours = draw(LoraUse("toy", lora, 0.8))
    theirs = pipeline(
        request.prompt,
        negative_prompt=request.negative_prompt,
        width=64,
        height=64,
        num_inference_steps=request.steps,
        guidance_scale=request.cfg_scale,
        generator=torch.Generator("cpu").manual_seed(request.seed),
    ).images[0]

    assert np.abs(ours - np.asarray(theirs, dtype=np.int16)).max() <= 1
    assert not np.array_equal(ours, draw())


def test_taking_a_lora_off_leaves_nothing_behind(draw: Callable[..., np.ndarray], lora: Path) -> None:
    before = draw()
    with_lora = draw(LoraUse("toy", lora))

    after = draw()

    assert np.array_equal(before, after)
    assert not np.array_equal(before, with_lora)


def test_a_lora_of_no_weight_changes_nothing(draw: Callable[..., np.ndarray], lora: Path) -> None:
    assert np.array_equal(draw(LoraUse("toy", lora, 0.0)), draw())


def test_two_loras_act_together_in_any_order(
    draw: Callable[..., np.ndarray], lora: Path, toy_f8: Path, tmp_path: Path
) -> None:
    other = make_toy_lora(toy_f8, tmp_path / "other.safetensors", seed=1, rank=4)
    one, two = LoraUse("toy", lora, 0.7), LoraUse("other", other, -0.5)

    both = draw(one, two)

    assert np.abs(both - draw(two, one)).max() <= 1
    assert not np.array_equal(both, draw(one))
    assert not np.array_equal(both, draw(two))


def test_the_formats_of_kohya_and_of_peft_are_read(
    draw: Callable[..., np.ndarray], lora: Path, toy_f8: Path, tmp_path: Path
) -> None:
    kohya = make_toy_lora(toy_f8, tmp_path / "kohya.safetensors", format="kohya")
    peft = make_toy_lora(toy_f8, tmp_path / "peft.safetensors", format="peft")

    # kohya's files carry an alpha of half the rank, which halves what they do
    assert np.abs(draw(LoraUse("kohya", kohya, 1.0)) - draw(LoraUse("toy", lora, 0.5))).max() <= 1
    assert not np.array_equal(draw(LoraUse("peft", peft)), draw())


def test_a_lora_of_another_model_is_refused_and_the_engine_lives(
    draw: Callable[..., np.ndarray], tmp_path: Path
) -> None:
    before = draw()
    wider = make_toy_model(tmp_path / "wider", width=24)
    strange = make_toy_lora(wider, tmp_path / "strange.safetensors")

    with pytest.raises(InvalidParameters, match="strange"):
        draw(LoraUse("strange", strange))

    assert np.array_equal(draw(), before)


def _noise(path: Path) -> None:
    path.write_bytes(b"\xff" * 1000)


def _pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps({"lora_unet_x.alpha": 1}))


def _other_things(path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"a.b.c": torch.zeros(2, 2)}, path)


@pytest.mark.parametrize(
    ("write", "error"),
    [(_noise, ModelLoadFailed), (_pickled, ModelLoadFailed), (_other_things, InvalidParameters)],
)
def test_a_file_that_is_no_lora_is_refused(
    draw: Callable[..., np.ndarray], tmp_path: Path, write: Callable[[Path], None], error: type[Exception]
) -> None:
    path = tmp_path / "bad.safetensors"
    write(path)

    with pytest.raises(error, match="bad"):
        draw(LoraUse("bad", path))


def test_a_lora_that_is_not_there_and_one_that_is_a_pickle_are_named(
    draw: Callable[..., np.ndarray], tmp_path: Path
) -> None:
    (tmp_path / "old.ckpt").write_bytes(b"")

    with pytest.raises(ModelNotFound, match="gone"):
        draw(LoraUse("gone", tmp_path / "gone.safetensors"))
    with pytest.raises(ModelLoadFailed, match="old"):
        draw(LoraUse("old", tmp_path / "old.ckpt"))
