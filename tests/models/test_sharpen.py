"""The trainer that makes the decoder's edges crisp: what it learns from, what it changes, and that it can be stopped."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from models.recipe import sharpen as trainer
from models.recipe.autoencoder import new_autoencoder
from models.recipe.data import drawing, open_drawings, to_tensor
from models.recipe.judge import open_pipeline
from models.recipe.loop import Progress
from models.recipe.sampled import open_sampled, write_sampled

MINI = Path(__file__).parents[2] / "models" / "pingvas-mini"
CPU = torch.device("cpu")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work folder with two drawings, an autoencoder that learnt nothing, and the latents it gives them."""
    torch.manual_seed(0)
    np.stack([drawing(seed) for seed in range(2)]).tofile(tmp_path / "drawings.u8")
    vae = new_autoencoder()
    vae.save_pretrained(tmp_path / "vae")
    with torch.no_grad():
        latents = vae.encode(to_tensor(open_drawings(tmp_path))).latent_dist.mean
    latents.half().numpy().tofile(tmp_path / "latents.f16")
    return tmp_path


def squares(work: Path) -> trainer.Squares:
    match = trainer.Match(work, 1e-3, CPU)
    return trainer.Squares(work, match.vae, np.random.default_rng(1), CPU)


def autoencoder_with(decoder: nn.Module) -> Any:
    """Its latents are the pictures themselves."""
    return SimpleNamespace(
        encode=lambda pictures: SimpleNamespace(latent_dist=SimpleNamespace(mean=pictures)),
        post_quant_conv=nn.Identity(),
        decoder=decoder,
        parameters=lambda: iter([torch.zeros(1)]),
    )


def test_a_perfect_decoder_has_all_edges_and_a_blurred_one_few() -> None:
    decibels, edges = trainer.measure(autoencoder_with(nn.Identity()), count=2)
    blurred_decibels, blurred_edges = trainer.measure(
        autoencoder_with(nn.AvgPool2d(9, 1, 4, count_include_pad=False)), count=2
    )

    assert edges == pytest.approx(1.0)
    assert blurred_edges < 0.3
    assert blurred_decibels < 35 < decibels


def test_the_critic_learns_to_tell_drawn_from_blurred() -> None:
    torch.manual_seed(0)
    critic = trainer.new_critic()
    drawn = to_tensor(np.stack([drawing(seed) for seed in range(4)]))
    blurred = functional.avg_pool2d(drawn, 9, stride=1, padding=4, count_include_pad=False)
    optimiser = torch.optim.Adam(critic.parameters(), 2e-3)
    for _ in range(30):
        optimiser.zero_grad()
        trainer.critic_loss(critic, drawn, blurred).backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    unseen = to_tensor(drawing(9)[None])
    with torch.no_grad():
        on_drawn = critic(unseen).mean()
        on_blurred = critic(functional.avg_pool2d(unseen, 9, stride=1, padding=4)).mean()
    assert on_drawn > on_blurred


def test_squares_of_latents_belong_to_their_pictures(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "MOST_NOISE", 0.0)
    monkeypatch.setattr(trainer, "NEON_SHARE", 0.0)
    latents, crops = squares(work).next(16, 3, 0)  # whole pictures: the encoder sees what it saw before
    with torch.no_grad():
        again = trainer.Match(work, 1e-3, CPU).vae.encode(crops).latent_dist.mean
    assert latents.shape == (3, 8, 16, 16)
    assert torch.allclose(latents, again, atol=0.02 * float(again.abs().max()))


def test_sampled_latents_come_last_and_have_no_picture(work: Path) -> None:
    np.full((2, 8, 16, 16), 7, np.float16).tofile(work / "sampled.f16")
    latents, crops = squares(work).next(8, 2, 1)
    assert (len(latents), len(crops)) == (3, 2)
    assert (latents[2] == 7).all()


def test_latents_are_sampled_with_a_model_and_a_second_call_goes_on(work: Path) -> None:
    pipe = open_pipeline(MINI)
    write_sampled(pipe, work, count=1, steps=1)
    first = np.array(open_sampled(work))
    write_sampled(pipe, work, count=3, steps=1)

    both = open_sampled(work)
    assert both.shape == (3, 8, 16, 16)
    assert np.array_equal(both[0], first[0])
    assert np.isfinite(both).all()
    assert not np.array_equal(both[0], both[1])


def test_the_decoder_learns_and_the_encoder_stays(work: Path) -> None:
    match = trainer.Match(work, 1e-3, CPU)
    encoder = {name: value.clone() for name, value in match.vae.encoder.state_dict().items()}
    decoder = {name: value.clone() for name, value in match.vae.decoder.state_dict().items()}
    for _ in range(2):
        match.step(*squares(work).next(8, 2, 1), rate=1.0)

    assert all(torch.equal(value, encoder[name]) for name, value in match.vae.encoder.state_dict().items())
    assert any(
        not torch.equal(value, decoder[name]) for name, value in match.vae.decoder.state_dict().items()
    )
    assert all(value.isfinite().all() for value in match.vae.decoder.state_dict().values())


def test_a_stopped_match_goes_on_where_it_stopped(work: Path) -> None:
    match = trainer.Match(work, 1e-3, CPU)
    match.step(*squares(work).next(8, 2, 1), rate=1.0)
    match.progress = Progress(1, 2, 12.0, [[2.0, 0.1, 0.5, 3.0], [4.0, 0.2, 0.4, 3.0]])
    match.save()

    again = trainer.Match(work, 1e-3, CPU)
    assert again.progress == match.progress
    assert (work / "sharpen.png").exists()
    for one, other in ((match.made, again.made), (match.critic, again.critic)):
        assert all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())
