"""The trainer of the autoencoder: its decoder learns from latents that are kept, as it would from the encoder itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from models.recipe import autoencoder as trainer
from models.recipe.data import drawing, open_drawings, to_tensor

CPU = torch.device("cpu")


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A work folder with two drawings, and nothing random in training but the choice of squares."""
    monkeypatch.setattr(trainer, "NEON_SHARE", 0.0)
    monkeypatch.setattr(trainer, "DECODER_NOISE", 0.0)
    np.stack([drawing(seed) for seed in range(2)]).tofile(tmp_path / "drawings.u8")
    return tmp_path


@pytest.fixture(scope="module")
def model() -> trainer.FullSize:
    torch.manual_seed(0)
    return trainer.FullSize(trainer.new_autoencoder())


def keep_latents(work: Path, model: trainer.FullSize, centre: float = 0.3, width: float = 2.0) -> None:
    """Leaves the drawings' latents behind, less their centre and divided by their width, as the first stage does."""
    with torch.no_grad():
        latents = model.moments(to_tensor(open_drawings(work))).chunk(2, dim=1)[0]
    ((latents - centre) / width).half().numpy().tofile(work / "latents.f16")
    channels = latents.shape[1]
    torch.save(
        (torch.full((channels,), centre), torch.full((channels,), width)), work / "latent-statistics.pt"
    )


def test_kept_latents_give_the_loss_that_the_encoder_gives(work: Path, model: trainer.FullSize) -> None:
    def loss() -> float:
        crops = trainer.Crops("full", work, CPU, np.random.default_rng(4))
        with torch.no_grad():
            return float(crops.loss(model, side=256, batch=1))

    through_the_encoder = loss()
    keep_latents(work, model)
    from_kept_latents = loss()
    assert from_kept_latents == pytest.approx(through_the_encoder, rel=0.03)
    assert from_kept_latents != through_the_encoder


def test_the_decoder_learns_from_kept_latents_and_the_encoder_stays(
    work: Path, model: trainer.FullSize
) -> None:
    keep_latents(work, model)
    trainer.Crops("full", work, CPU, np.random.default_rng(4)).loss(model, side=64, batch=1).backward()  # type: ignore[no-untyped-call]
    assert all(value.grad is None for value in model.vae.encoder.parameters())
    assert any(
        value.grad is not None and value.grad.abs().max() > 0 for value in model.vae.decoder.parameters()
    )


def test_a_stopped_training_goes_on_where_it_stopped(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "JUDGED", 2)

    def train() -> dict[str, float]:
        trainer.train("half", work, minutes=0.002, lr=1e-3, seed=1, device=CPU)
        kept: dict[str, float] = torch.load(work / "autoencoder-half.pt", weights_only=True)
        return kept

    first, second = train(), train()
    assert first["seen"] > 0
    assert second["seen"] > first["seen"]
    assert second["seconds"] > first["seconds"]
    assert (work / "autoencoder-half.csv").read_text() == "samples,minutes,loss,samples_per_second\n"
    assert (work / "vae" / "config.json").exists()
