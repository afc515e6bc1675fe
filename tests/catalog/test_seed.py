"""Models that ship: each kind of folder finds its way into the catalog, and what an operator set stays."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.adapters.model_files import open_model_files
from pingvas.adapters.model_source import read_source
from pingvas.base.settings import REPOSITORY
from pingvas.catalog import contents
from pingvas.catalog.models import bases_of, defaults_of, fits, get_model, kind_of, list_models
from pingvas.catalog.seed import seed_models
from pingvas.catalog.tables import AiModel
from tests.make.safetensors import COMPACT_X4, CONTROLNET_SD1, SD1_LORA, write_safetensors


def write_card(folder: Path, **card: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "studio.json").write_text(json.dumps({"display_name": "A model", "version": "1", **card}))
    return folder


async def test_the_bundled_model_is_described_by_its_files_and_its_card(session: AsyncSession) -> None:
    # when
    names = await seed_models(session, REPOSITORY / "models")

    # then
    assert "pingvas-mini" in names
    model = await get_model(session, "pingvas-mini")
    assert (model.model_type, kind_of(model), model.config["family"]) == ("checkpoint", "checkpoint", "sd1")
    assert defaults_of(model.config).width == 256  # the card's, not the family's
    assert bases_of(model.config) == {"pingvas-mini"}  # its sizes are its own, so other LoRAs do not fit
    assert model.config["prediction_type"] == "v_prediction"
    weights = REPOSITORY / "models" / "pingvas-mini" / "unet" / "diffusion_pytorch_model.safetensors"
    recorded = model.config["files"]["unet/diffusion_pytorch_model.safetensors"]
    assert recorded["size"] == weights.stat().st_size
    assert recorded["sha256"] == contents.hash_file(weights)
    assert len(model.config["sha256"]) == 64


async def test_parts_and_upscalers_ship_as_folders_of_one_file(session: AsyncSession, tmp_path: Path) -> None:
    # given
    write_safetensors(
        write_card(tmp_path / "night", name="night", base="pingvas-mini") / "night.safetensors", SD1_LORA
    )
    write_safetensors(write_card(tmp_path / "x4", name="x4") / "x4.safetensors", COMPACT_X4)
    write_safetensors(
        write_card(tmp_path / "edges", name="edges") / "diffusion_pytorch_model.safetensors", CONTROLNET_SD1
    )
    (tmp_path / "edges" / "config.json").write_text(
        json.dumps({"_class_name": "ControlNetModel", "cross_attention_dim": 768})
    )

    # when
    await seed_models(session, tmp_path)

    # then
    lora, upscaler, controlnet = [await get_model(session, name) for name in ("night", "x4", "edges")]
    assert (lora.model_type, lora.config["family"], bases_of(lora.config)) == (
        "lora",
        "sd1",
        {"pingvas-mini"},
    )
    assert lora.efs_cache_path == str(tmp_path / "night" / "night.safetensors")
    assert (upscaler.model_type, kind_of(upscaler), upscaler.config["scale"]) == ("checkpoint", "upscaler", 4)
    assert (controlnet.model_type, controlnet.efs_cache_path) == ("controlnet", str(tmp_path / "edges"))
    assert "defaults" not in lora.config | upscaler.config | controlnet.config


async def test_a_model_that_ships_is_found_wherever_a_machine_keeps_its_models(
    session: AsyncSession, make_settings: Any, tmp_path: Path
) -> None:
    # given: the catalog was filled by one machine, and another has the same models elsewhere
    here, there = tmp_path / "here", tmp_path / "there"
    for place in (here, there):
        write_safetensors(
            write_card(place / "night", name="night", base="pingvas-mini") / "night.safetensors", SD1_LORA
        )
    await seed_models(session, here)

    # when
    model = await get_model(session, "night")
    files = open_model_files(make_settings(models_dir=there))
    with await files.ensure(read_source(model.s3_path, model.config)) as copy:
        found = copy.path

    # then
    assert model.s3_path == "shipped:night/night.safetensors"
    assert found == there / "night" / "night.safetensors"


async def test_a_part_fits_what_shares_its_base_and_what_it_is_made_for_by_name(
    session: AsyncSession,
) -> None:
    def model(name: str, **config: Any) -> AiModel:
        return AiModel(name=name, model_type="checkpoint", config=config)

    photo, mini = model("photo", family="sd1"), model("mini", family="sd1", base="mini")

    assert fits(model("lora", base="sd1"), photo)
    assert not fits(model("lora", base="sd1"), mini)
    assert fits(model("lora", base="mini"), mini)
    assert fits(model("vae", base=["sd1", "sd2"]), photo)
    assert not fits(model("lora", base="sdxl"), photo)
    assert not fits(model("lora"), photo)


async def test_files_that_did_not_change_are_not_read_again(
    session: AsyncSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    file = write_safetensors(write_card(tmp_path / "night", name="night") / "night.safetensors", SD1_LORA)
    await seed_models(session, tmp_path)
    first = (await get_model(session, "night")).config["files"]["night.safetensors"]["sha256"]

    # when
    read: list[Path] = []

    def hash_once(path: Path, *_: Any) -> str:
        read.append(path)
        return "0" * 64

    monkeypatch.setattr(contents, "_hash_once", hash_once)
    await seed_models(session, tmp_path)

    # then
    assert read == []
    files: Any = await session.scalar(select(AiModel.config["files"]).where(AiModel.name == "night"))
    assert files["night.safetensors"]["sha256"] == first

    # when: the file is another one
    os.utime(file, ns=(1, 1))
    await seed_models(session, tmp_path)

    # then
    assert read == [file]


async def test_seeding_again_keeps_what_the_operator_decided(session: AsyncSession, tmp_path: Path) -> None:
    # given
    write_safetensors(write_card(tmp_path / "night", name="night") / "night.safetensors", SD1_LORA)
    await seed_models(session, tmp_path)
    await session.execute(text("UPDATE ai_models SET is_active = false, required_tiers = '{pro}'"))
    write_card(tmp_path / "night", name="night", version="2")

    # when
    await seed_models(session, tmp_path)

    # then
    row = (await session.execute(select(AiModel.version, AiModel.is_active, AiModel.required_tiers))).one()
    assert row == ("2", False, ["pro"])


async def test_a_folder_that_cannot_be_understood_does_not_stop_the_others(
    session: AsyncSession, tmp_path: Path
) -> None:
    # given
    (write_card(tmp_path / "broken", name="broken") / "model.safetensors").write_bytes(b"not one")
    write_safetensors(write_card(tmp_path / "night", name="night") / "night.safetensors", SD1_LORA)

    # when
    names = await seed_models(session, tmp_path)

    # then
    assert names == ["broken", "night"]
    broken = await get_model(session, "broken")
    assert broken.efs_cache_path == str(tmp_path / "broken")
    assert "model.safetensors is a text file" in broken.config["unusable"]
    assert [model.name for model in await list_models(session)] == ["night"]

    # when: its file is put right
    write_safetensors(tmp_path / "broken" / "model.safetensors", COMPACT_X4)
    await seed_models(session, tmp_path)

    # then
    assert [model.name for model in await list_models(session)] == ["broken", "night"]
