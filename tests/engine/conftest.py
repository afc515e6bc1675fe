from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.toy_models import CONFIG, make_toy_model
from pingvas.engine.engine import Engine
from pingvas.engine.requests import EngineRequest, LoraUse, Setup
from tests.make.lora_pictures import LAYERS, Draw, Picture
from tests.make.toy_loras import Pairs, random_pairs, weights_of


@pytest.fixture(scope="session")
def toy_f8(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy model with 8 pixels to a latent, as Stable Diffusion has."""
    return make_toy_model(tmp_path_factory.mktemp("models") / "toy-f8", factor=8)


@pytest.fixture(scope="session")
def toy_f16(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy model with 16 pixels to a latent and v-prediction, as the bundled model has."""
    return make_toy_model(
        tmp_path_factory.mktemp("models") / "toy-f16", factor=16, prediction_type="v_prediction"
    )


@pytest.fixture(scope="session")
def engine(toy_f8: Path) -> Engine:
    """An engine with the f=8 toy in memory."""
    made = Engine("cpu", threads=1)
    made.load(toy_f8, CONFIG)
    return made


@pytest.fixture(scope="session")
def engine_f16(toy_f16: Path) -> Engine:
    made = Engine("cpu", threads=1)
    made.load(toy_f16, CONFIG)
    return made


@pytest.fixture
def ask() -> Any:
    """A small request; name what matters to the test."""

    def make(**changes: Any) -> EngineRequest:
        usual: dict[str, Any] = {
            "prompt": "a red house",
            "negative_prompt": "rain",
            "width": 64,
            "height": 64,
            "steps": 3,
            "cfg_scale": 4.0,
            "sampler": "dpmpp_2m",
            "seed": 7,
        }
        return EngineRequest(**(usual | changes))

    return make


@pytest.fixture(scope="module")
def engine_of_loras() -> Engine:
    return Engine("cpu", threads=1)


@pytest.fixture
def draw(engine_of_loras: Engine, ask: Any) -> Draw:
    """The picture that a model makes with these LoRAs on."""

    def make(model: Path, *uses: tuple[Path, float], config: Any = CONFIG, **more: Any) -> Picture:
        loras = tuple(LoraUse(path.stem, path, weight) for path, weight in uses)
        engine_of_loras.prepare(Setup(model, config, loras=loras))
        return np.asarray(engine_of_loras.run(ask(**more)).image, dtype=np.int16)

    return make


@pytest.fixture(scope="module")
def weights(toy_f8: Path) -> dict[str, Any]:
    """The weights of the f=8 toy's U-Net, by layer."""
    return weights_of(toy_f8 / "unet")


@pytest.fixture(scope="module")
def pairs(weights: dict[str, Any]) -> Pairs:
    """A LoRA over them."""
    return random_pairs(weights, *LAYERS)
