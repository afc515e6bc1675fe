"""The trainer of the U-Net: what it looks at, how it weighs it, and that it can be stopped and go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models.recipe import text_to_picture as trainer
from models.recipe.autoencoder import new_autoencoder
from models.recipe.curve import Curve, draw_curve, note
from models.recipe.device import device_of
from models.recipe.diffusion import DDPMScheduler
from models.recipe.scene import Scene, sample_scene
from models.recipe.words import AttributeHeads, new_text_encoder, new_tokenizer, token_ids


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder as the earlier stages leave it, with noise for latents and an encoder that learnt nothing."""
    folder = tmp_path_factory.mktemp("work")
    tokenizer = new_tokenizer(captions=200)
    tokenizer.save_pretrained(folder / "tokenizer")
    new_text_encoder(tokenizer).save_pretrained(folder / "text")
    new_autoencoder().save_pretrained(folder / "vae")
    rng = np.random.default_rng(1)
    rng.standard_normal((8, 8, 16, 16)).astype(np.float16).tofile(folder / "latents.f16")
    return folder


@pytest.fixture(autouse=True)
def small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "CHANNELS", (16, 16, 16))


def train(work: Path) -> dict[str, int]:
    trainer.train(work, minutes=0.003, batch=2, lr=1e-3, seed=1, device=torch.device("cpu"))
    kept: dict[str, int] = torch.load(work / "text_to_picture.pt", weights_only=True)
    return kept


def test_every_part_of_the_noise_is_trained_and_strong_noise_most() -> None:
    times = trainer.training_times(1000)
    assert times.min() >= 0
    assert times.max() <= 999
    assert (times > 500).float().mean() > 0.55
    assert (times < 100).float().mean() > 0.03


def test_strong_noise_weighs_as_much_as_any_and_the_last_touches_less() -> None:
    kept = DDPMScheduler(**trainer.noise_schedule()).alphas_cumprod
    weights = trainer.loss_weights(kept)
    assert torch.allclose(weights[-400:], torch.ones(400))
    assert (weights[:-1] <= weights[1:] + 1e-6).all()
    assert weights[0] < 0.1


def test_what_is_rare_or_hard_is_shown_more_often_than_it_was_drawn() -> None:
    scenes = [sample_scene(seed) for seed in range(400)]

    def mean(wanted: Callable[[Scene], bool]) -> float:
        return float(np.mean([trainer.emphasis(scene) for scene in scenes if wanted(scene)]))

    assert mean(lambda s: s.thing == "castle") > 1.4 * mean(lambda s: s.thing == "house")
    assert mean(lambda s: s.thing == "none") < mean(lambda s: s.thing == "house")
    assert mean(lambda s: s.style == "monochrome") > mean(lambda s: s.style == "plain")


def test_cheap_attention_gives_the_same_pictures() -> None:
    unet = trainer.new_unet((8, 16, 16)).eval()
    asked = torch.randn(1, 8, 16, 16), torch.tensor([500]), torch.randn(1, 77, 128)
    for module in unet.modules():
        if isinstance(module, torch.nn.Conv2d):  # the last ones start at zero
            torch.nn.init.orthogonal_(module.weight)
    with torch.no_grad():
        before = unet(*asked).sample
        trainer.cheap_attention(unet, torch.device("cpu"))
        after = unet(*asked).sample
    assert before.abs().max() > 0
    assert torch.allclose(before, after, rtol=1e-3, atol=1e-4 * float(before.abs().max()))


def test_a_stopped_training_goes_on_where_it_stopped(work: Path) -> None:
    first = train(work)
    second = train(work)
    assert first["steps"] > 0
    assert second["steps"] > first["steps"]
    assert second["seen"] == second["steps"] * 2
    assert (work / "loss.csv").read_text() == "samples,minutes,loss,samples_per_second\n"


def test_a_row_of_the_curve_is_kept_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    curve: Curve = []
    note(curve, 320, 1.5, 0.25, 32.0, "  critic 1.8")

    assert curve == [[320.0, 1.5, 0.25, 32.0]]
    assert capsys.readouterr().out.split() == [
        "1.5",
        "min",
        "320",
        "samples",
        "32.0/s",
        "loss",
        "0.25000",
        "critic",
        "1.8",
    ]


def test_the_curve_is_drawn_with_its_throughput() -> None:
    curve = [[100.0 * i, i / 2, 1 / i, 30.0 + i] for i in range(1, 9)]
    picture = draw_curve(curve)
    assert isinstance(picture, Image.Image)
    assert len(picture.getcolors(100_000) or []) > 3


def test_the_words_heads_learn_from_the_padding_too() -> None:
    ids = torch.tensor([[5, 9, 1, 1, 1, 1]])
    states = torch.randn(1, 6, 128, requires_grad=True)
    AttributeHeads().loss(states, ids, [sample_scene(1)], end=1).backward()  # type: ignore[no-untyped-call]
    assert states.grad is not None
    used = states.grad[0].abs().sum(dim=1) > 0
    assert used.tolist() == [False, False, True, True, True, True]


def test_a_caption_fits_into_the_words_the_encoder_takes(work: Path) -> None:
    tokenizer = trainer.new_parts(work).tokenizer
    ids = token_ids(tokenizer, ["눈 내리는 밤의 두 채의 작은 집", ""])
    assert ids.shape == (2, 77)
    assert (ids[1][1:] == tokenizer.eos_token_id).all()


def test_auto_takes_a_gpu_only_where_there_is_one() -> None:
    assert device_of("cpu").type == "cpu"
    assert device_of("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
