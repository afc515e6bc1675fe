"""A LoRA that `models add` takes is one that jobs can use: it is tried on a model of its base, of which no weight is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.toy_flow import make_toy_flux
from harness.toy_models import CONFIG, make_toy_model
from pingvas.catalog.describe import NotAModel, describe, model_type_of, where_weights_are
from pingvas.engine.checkpoints.detect import detect
from pingvas.engine.errors import InvalidParameters
from pingvas.engine.loading.trial import Host, try_opening
from tests.make.toy_loras import kohya_keys, make_toy_lora, peft_keys, random_pairs, weights_of, write_lora


@pytest.fixture(scope="module")
def dora(toy_f8: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with everything: convolutions, lengths of rows, a text encoder."""
    weights = weights_of(toy_f8 / "unet")
    pairs = random_pairs(weights, "to_q", "conv1")
    tensors = kohya_keys(pairs, "lora_unet", alpha=1.0)
    for layer in pairs:
        lengths = weights[layer].flatten(1).norm(dim=1)
        tensors[f"lora_unet_{layer.replace('.', '_')}.dora_scale"] = lengths[:, None]
    text = {"text_model.encoder.layers.0.mlp.fc1": (torch.ones(2, 32), torch.ones(64, 2))}
    file = tmp_path_factory.mktemp("loras") / "dora.safetensors"
    return write_lora(file, tensors | kohya_keys(text, "lora_te", alpha=1.0))


def test_a_lora_that_fits_a_model_of_its_base_is_taken(dora: Path, toy_f8: Path) -> None:
    assert try_opening(dora, {}, hosts=[Host(toy_f8, CONFIG)], base="sd1") == {}


def test_a_lora_that_fits_no_model_of_its_base_is_refused_with_the_layer(dora: Path, tmp_path: Path) -> None:
    wider = make_toy_model(tmp_path / "wider", width=24)

    with pytest.raises(InvalidParameters, match=r"dora does not fit this model .* shape"):
        try_opening(dora, {}, hosts=[Host(wider, CONFIG)], base="sd1")


def test_a_joined_layer_is_tried_too(tmp_path: Path) -> None:
    model = make_toy_flux(tmp_path / "flux")
    pair = (torch.ones(2, 32), torch.ones(96, 2))
    good = write_lora(
        tmp_path / "good.safetensors", kohya_keys({"double_blocks.0.img_attn.qkv": pair}, "lora_unet")
    )
    bad = write_lora(
        tmp_path / "bad.safetensors", kohya_keys({"double_blocks.7.img_attn.qkv": pair}, "lora_unet")
    )

    assert try_opening(good, {}, hosts=[Host(model, {})], base="flux") == {}
    with pytest.raises(InvalidParameters, match=r"this model has no transformer_blocks\.7\.attn\.to_q"):
        try_opening(bad, {}, hosts=[Host(model, {})], base="flux")


def test_without_a_model_at_hand_its_names_are_held_against_the_family(dora: Path) -> None:
    assert try_opening(dora, {}, base="sd1") == {}
    with pytest.raises(InvalidParameters, match=r"made for .*\(sd1\).*, and not for FLUX\.1 \(flux\)"):
        try_opening(dora, {}, base="flux")


@pytest.mark.parametrize("named", ["the folder", "the file"])
def test_what_peft_wrote_stays_together(toy_f8: Path, tmp_path: Path, named: str) -> None:
    pairs = random_pairs(weights_of(toy_f8 / "unet"), "to_q")
    file = write_lora(tmp_path / "mill" / "adapter_model.safetensors", peft_keys(pairs, "base_model.model."))
    (file.parent / "adapter_config.json").write_text(json.dumps({"r": 2, "lora_alpha": 8}))
    path = file if named == "the file" else file.parent

    found = detect(path)

    assert model_type_of(found) == "lora"
    assert where_weights_are(path, found) == file.parent
    assert describe(found, "mill", {}, {})["layout"] == "folder"


def test_a_lora_alone_in_a_folder_is_its_file(toy_f8: Path, tmp_path: Path) -> None:
    file = make_toy_lora(toy_f8, tmp_path / "mill.safetensors")

    assert where_weights_are(tmp_path, detect(tmp_path)) == file


def test_the_reason_of_a_refusal_is_what_the_operator_reads(tmp_path: Path) -> None:
    tensors: dict[str, Any] = {"lora_unet_mid_block_attentions_0_proj_in.hada_w1_a": torch.ones(2, 2)}
    found = detect(write_lora(tmp_path / "loha.safetensors", tensors))

    with pytest.raises(NotAModel, match="it is a LoHa network"):
        model_type_of(found)
