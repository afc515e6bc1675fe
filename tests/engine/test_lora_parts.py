"""LoRAs over the other parts of a model, and what does not fit one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from harness.toy_sdxl import make_toy_refiner, make_toy_sdxl
from pingvas.engine.errors import InvalidParameters
from tests.make.lora_pictures import Draw, off, scaled
from tests.make.toy_loras import (
    Pairs,
    kohya_keys,
    peft_keys,
    random_pairs,
    weights_of,
    with_weights,
    write_lora,
)

TO_Q = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"


def test_both_text_encoders_of_xl_hear_it(draw: Draw, tmp_path: Path) -> None:
    model = make_toy_sdxl(tmp_path / "xl")
    plain = model
    tensors: dict[str, Any] = {}
    for number, part in ((1, "text_encoder"), (2, "text_encoder_2")):
        own = weights_of(model / part)
        pairs = random_pairs(own, "q_proj", "fc1", "text_projection", seed=number)
        named = {
            layer if layer == "text_projection" else f"text_model.{layer.removeprefix('text_model.')}": pair
            for layer, pair in pairs.items()
        }
        tensors |= kohya_keys(named, f"lora_te{number}", alpha=4.0)
        plain = with_weights(plain, tmp_path / part, part, scaled(own, pairs, 2.0))
    path = write_lora(tmp_path / "mill.safetensors", tensors)

    assert off(draw(model, (path, 1.0)), draw(plain)) <= 1
    assert off(draw(plain), draw(model)) > 5


def test_a_refiners_only_text_encoder_is_the_second(draw: Draw, tmp_path: Path) -> None:
    model = make_toy_refiner(tmp_path / "refiner")
    own = weights_of(model / "text_encoder_2")
    pairs = random_pairs(own, "q_proj", scale=0.5)
    path = write_lora(tmp_path / "mill.safetensors", peft_keys(pairs, "text_encoder_2."))
    plain = with_weights(model, tmp_path / "plain", "text_encoder_2", scaled(own, pairs, 1.0))

    assert off(draw(model, (path, 1.0)), draw(plain)) <= 1


def test_a_part_that_the_model_has_not_is_refused_by_name(draw: Draw, toy_f8: Path, tmp_path: Path) -> None:
    tensors = peft_keys(random_pairs(weights_of(toy_f8 / "unet"), "to_q"), "unet.")
    text = {"text_model.encoder.layers.0.self_attn.q_proj": (torch.ones(2, 32), torch.ones(32, 2))}
    path = write_lora(tmp_path / "mill.safetensors", tensors | kohya_keys(text, "lora_te2"))

    with pytest.raises(
        InvalidParameters, match=r"made for Stable Diffusion XL \(sdxl\), and not for .*\(sd1\)"
    ):
        draw(toy_f8, (path, 1.0))


@pytest.mark.parametrize(
    ("pairs", "why"),
    [
        ({TO_Q.replace("down_blocks.1", "down_blocks.9"): (torch.ones(2, 32), torch.ones(32, 2))}, "this model has no down_blocks.9"),
        ({TO_Q: (torch.ones(2, 48), torch.ones(48, 2))}, r"shape \(48, 48\), and this model's is \(32, 32\)"),
        ({TO_Q.replace("attn1.to_q", "attn2.to_k"): (torch.ones(2, 2048), torch.ones(32, 2))}, r"\(sdxl\), and not for .*\(sd1\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_which_layer_and_only_then_another_family(
    draw: Draw, toy_f8: Path, tmp_path: Path, pairs: Pairs, why: str
) -> None:
    path = write_lora(tmp_path / "mill.safetensors", peft_keys(pairs, "unet."))

    with pytest.raises(InvalidParameters, match=why):
        draw(toy_f8, (path, 1.0))
