"""`pingvas models`: what an operator adds is found out, recorded, checked, and taken away again."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from harness.catalog import CONFIG, make_model
from harness.toy_flow import make_toy_flux
from harness.toy_sdxl import make_toy_refiner, make_toy_sdxl
from pingvas.adapters.model_files import open_model_files
from pingvas.adapters.model_source import read_source
from pingvas.base.db import Database
from pingvas.base.errors import Invalid, NotFound, Unavailable
from pingvas.base.settings import Settings
from pingvas.billing.plans import seed_plans
from pingvas.catalog.describe import NotAModel
from pingvas.catalog.install import NameTaken
from pingvas.catalog.models import defaults_of, limits_of
from pingvas.catalog.tables import AiModel
from pingvas.cli import app
from pingvas.engine.checkpoints import architectures
from pingvas.engine.checkpoints.transformer_names import FLUX_NAMES
from pingvas.launch.models_command import ModelToAdd, add, list_models, remove, verify
from tests.make.flow_files import write_flow_file
from tests.make.safetensors import COMPACT_X4, SD1_LORA, Shapes, file_of, write_safetensors


@pytest.fixture(scope="module")
def xl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small SDXL folder that can be opened."""
    return make_toy_sdxl(tmp_path_factory.mktemp("models") / "xl")


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_toy_flux(tmp_path_factory.mktemp("models") / "flux")


def copied(folder: Path, where: Path) -> Path:
    shutil.copytree(folder, where)
    return where


def nobody(done: int, total: int) -> None:
    """Nobody looks on."""


def shapes_of_vae(architecture: architectures.Architecture) -> Shapes:
    """Names and shapes of the autoencoder that was published for a family, as diffusers calls them."""
    import diffusers
    import torch

    kind: Any = diffusers.AutoencoderKL
    with torch.device("meta"):
        made = kind.from_config(dict(architecture["vae"]))
    return {name: tuple(value.shape) for name, value in made.state_dict().items()}


async def row_of(database: Database, name: str) -> AiModel:
    async with database.read() as session:
        return (await session.scalars(select(AiModel).where(AiModel.name == name))).one()


async def test_a_folder_is_added_with_its_hashes_and_the_habits_of_its_family(
    settings: Settings, database: Database, tmp_path: Path, xl: Path
) -> None:
    # given
    async with database.transaction() as session:
        await seed_plans(session)
    folder = copied(xl, tmp_path / "My Model")
    (folder / "unet" / "model.bin").write_bytes(b"a pickle that nobody opens")

    # when
    shown = await add(settings, ModelToAdd(str(folder), tiers=("pro",), display_name="Mine"), nobody)

    # then
    # Its sizes are its own, so parts must be made for it by name.
    assert (shown.name, shown.kind, shown.bases, shown.tiers) == ("my-model", "checkpoint", "my-model", "pro")
    model = await row_of(database, "my-model")
    assert (model.display_name, model.s3_path, model.efs_cache_path) == ("Mine", str(folder), str(folder))
    assert model.config["family"] == "sdxl"
    assert defaults_of(model.config).width == limits_of(model.config).min_size * 4 == 1024
    assert "unet/model.bin" not in model.config["files"]
    assert {name.split("/")[0] for name in model.config["files"]} == {
        *("model_index.json", "scheduler", "tokenizer", "tokenizer_2"),
        *("text_encoder", "text_encoder_2", "unet", "vae"),
    }
    assert model.size_bytes == sum(facts["size"] for facts in model.config["files"].values())


async def test_a_lora_and_an_upscaler_are_added_from_their_files(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    lora = write_safetensors(tmp_path / "night.safetensors", SD1_LORA)
    upscaler = write_safetensors(tmp_path / "4x.safetensors", COMPACT_X4)

    await add(settings, ModelToAdd(str(lora), trigger_words=("night",)), nobody)
    await add(settings, ModelToAdd(str(upscaler), kind="upscaler"), nobody)

    night = await row_of(database, "night")
    assert (night.model_type, night.config["base"], night.config["trigger_words"]) == (
        "lora",
        "sd1",
        ["night"],
    )
    larger = await row_of(database, "4x")
    assert (larger.model_type, larger.config["family"], larger.config["scale"]) == (
        "checkpoint",
        "upscaler",
        4,
    )


async def test_what_the_file_does_not_tell_the_operator_is_asked(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    # given
    vae = write_safetensors(tmp_path / "vae.safetensors", shapes_of_vae(architectures.SDXL))
    other = write_safetensors(
        tmp_path / "other.safetensors",
        {
            "encoder.conv_in.weight": (8, 3, 3, 3),
            "decoder.conv_in.weight": (8, 4, 3, 3),
            "decoder.up_blocks.0.resnets.0.conv1.weight": (8, 8, 3, 3),
        },
    )

    # when
    with pytest.raises(Invalid, match="--base: sd1, sd2, sdxl"):
        await add(settings, ModelToAdd(str(vae)), nobody)
    with pytest.raises(Invalid, match="--base is one of"):
        await add(settings, ModelToAdd(str(vae), base="sd9"), nobody)
    with pytest.raises(Invalid, match="made for sd1 or sd2 or sdxl"):
        await add(settings, ModelToAdd(str(vae), base="flux"), nobody)
    with pytest.raises(Invalid, match="is not whole: its VAE lacks 245 of 248"):
        await add(settings, ModelToAdd(str(other), base="sdxl"), nobody)
    await add(settings, ModelToAdd(str(vae), base="sdxl"), nobody)

    # then
    assert (await row_of(database, "vae")).config["base"] == "sdxl"


async def test_a_lora_of_unusual_size_finds_the_model_that_has_it(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session, name="mini", config=CONFIG | {"base": "mini", "text_width": 128})
    layer = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
    lora = {f"{layer}.lora_A.weight": (4, 128), f"{layer}.lora_B.weight": (64, 4)}

    # when
    await add(settings, ModelToAdd(str(write_safetensors(tmp_path / "small.safetensors", lora))), nobody)

    # then
    assert (await row_of(database, "small")).config["base"] == "mini"


async def test_what_is_no_model_is_refused_with_the_reason(settings: Settings, tmp_path: Path) -> None:
    pickle = tmp_path / "model.ckpt"
    pickle.write_bytes(b"\x80\x02.")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(file_of({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, bytes(3)))
    flux = write_safetensors(
        tmp_path / "flux.safetensors", {"double_blocks.0.img_attn.norm.key_norm.scale": (8,)}
    )
    other = write_safetensors(tmp_path / "other.safetensors", {"whatever": (1,)})
    lora = write_safetensors(tmp_path / "lora.safetensors", SD1_LORA)
    control = write_safetensors(
        tmp_path / "control.safetensors", {"control_model.input_hint_block.0.weight": (16, 3, 3, 3)}
    )
    loha = write_safetensors(tmp_path / "loha.safetensors", {"lora_unet_mid_block_x.hada_w1_a": (4, 8)})

    for new, error, why in (
        (ModelToAdd(str(pickle)), Invalid, "pickle"),
        (ModelToAdd("s3://bucket/model.ckpt?endpoint=http://127.0.0.1:9"), Invalid, "pickle"),
        (ModelToAdd(str(broken)), Invalid, "13 bytes are missing"),
        (ModelToAdd(str(flux)), NotAModel, "without its text encoders and VAE"),
        (ModelToAdd(str(other)), NotAModel, "no kind"),
        (ModelToAdd(str(loha), base="sd1"), NotAModel, "LoHa"),
        (ModelToAdd(str(control), base="sd1"), NotAModel, "diffusers folder"),
        (ModelToAdd(str(tmp_path / "nowhere")), Invalid, "nothing at nowhere"),
        (ModelToAdd(str(lora), kind="checkpoint"), Invalid, "This is a lora"),
        (ModelToAdd(str(lora), name="<lora:x>"), Invalid, "no name"),
        (ModelToAdd(str(lora), tiers=("gold",)), Invalid, "no plan named 'gold'"),
        (ModelToAdd(str(lora), prediction="maybe"), Invalid, "--prediction"),
        (ModelToAdd("https://models.example/model.safetensors"), Invalid, "download"),
        (ModelToAdd("s3://bucket/toy?access_key_id=k&secret_access_key=s"), Invalid, "AWS_ACCESS_KEY_ID"),
    ):
        with pytest.raises(error, match=why):
            await add(settings, new, nobody)
    assert await list_models(settings) == []


async def test_what_a_single_file_leaves_out_may_come_from_a_folder_of_its_family(
    settings: Settings, database: Database, tmp_path: Path, xl: Path, flux: Path
) -> None:
    # given: a file that has all but T5's tokenizer, and a folder with little more than that
    file = write_flow_file(
        flux, tmp_path / "flux.safetensors", FLUX_NAMES, parts=("vae", "text_encoder", "text_encoder_2")
    )
    folder = copied(flux, tmp_path / "parts")
    for weights in folder.rglob("*.safetensors"):
        weights.unlink()
    other = copied(xl, tmp_path / "other")
    refiner = make_toy_refiner(tmp_path / "refiner")

    # when
    await add(settings, ModelToAdd(str(file), components=str(folder)), nobody)
    await add(settings, ModelToAdd(str(other), refiner=str(refiner)), nobody)

    # then
    assert (await row_of(database, "flux")).config["components"] == str(folder)
    assert (await row_of(database, "other")).config["refiner"] == str(refiner)
    shutil.rmtree(folder / "tokenizer_2")
    for new, why in (
        (ModelToAdd(str(file), name="x"), "tokenizer of T5"),
        (ModelToAdd(str(file), name="x", components=str(folder)), "tokenizer_2"),
        (ModelToAdd(str(file), name="x", components=str(xl)), "same family"),
        (ModelToAdd(str(file), name="x", components=str(file)), "diffusers folder"),
        (ModelToAdd(str(other), name="x", refiner=str(other)), "no refiner"),
        (ModelToAdd(str(refiner)), "--refiner"),
    ):
        with pytest.raises(Invalid, match=why):
            await add(settings, new, nobody)


async def test_what_people_read_of_a_model_can_be_seen(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    file = str(write_safetensors(tmp_path / "night.safetensors", SD1_LORA))

    for name in ("\u3164", "\u200b", "Night\u202e", "a\x1b[31mb", "x" * 201):
        with pytest.raises(Invalid) as refused:
            await add(settings, ModelToAdd(file, display_name=name), nobody)
        assert refused.value.errors[0].name == "display_name"
    await add(settings, ModelToAdd(file, display_name=" Night   sky "), nobody)

    assert (await row_of(database, "night")).display_name == "Night sky"


async def test_a_name_is_taken_until_its_model_is_removed(settings: Settings, tmp_path: Path) -> None:
    lora = ModelToAdd(str(write_safetensors(tmp_path / "night.safetensors", SD1_LORA)))
    await add(settings, lora, nobody)

    with pytest.raises(NameTaken, match="--name"):
        await add(settings, lora, nobody)
    assert await remove(settings, "night") == "deleted"
    await add(settings, lora, nobody)

    assert [model.name for model in await list_models(settings)] == ["night"]
    with pytest.raises(NotFound):
        await remove(settings, "nobody")


async def test_an_address_is_fetched_looked_at_and_verified_where_it_was_fetched_to(
    settings: Settings, database: Database, tmp_path: Path, xl: Path
) -> None:
    # given
    origin = copied(xl, tmp_path / "origin")
    (origin / "unet" / "model.bin").write_bytes(b"a pickle that nobody fetches")

    # when
    shown = await add(settings, ModelToAdd(origin.as_uri(), name="far"), nobody)

    # then
    model = await row_of(database, "far")
    source = read_source(model.s3_path, model.config)
    files = open_model_files(settings)
    copy = files.find_copy(source)
    assert copy is not None
    assert shown.where == origin.as_uri()
    assert model.efs_cache_path is None
    assert not (copy / "unet" / "model.bin").exists()

    # when: a byte of the copy changes, the check removes it, and asks the origin next time
    (copy / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(file_of({}))
    wrong = [each for each in await verify(settings, "far") if each.wrong]
    assert [each.file for each in wrong] == ["vae/diffusion_pytorch_model.safetensors"]
    assert files.find_copy(source) is None
    assert {each.wrong for each in await verify(settings, "far")} == {None}


async def test_what_cannot_be_used_is_not_kept_among_the_fetched(settings: Settings, tmp_path: Path) -> None:
    write_safetensors(tmp_path / "other" / "other.safetensors", {"whatever": (1,)})

    with pytest.raises(NotAModel):
        await add(settings, ModelToAdd((tmp_path / "other").as_uri()), nobody)

    assert open_model_files(settings).entries() == []


async def test_a_card_in_the_folder_speaks_for_the_model(
    settings: Settings, database: Database, tmp_path: Path, xl: Path
) -> None:
    folder = copied(xl, tmp_path / "toy")
    card = {"name": "named", "display_name": "Named", "version": "7", "size": {"max": 512, "multiple": 8}}
    (folder / "studio.json").write_text(json.dumps(card))

    await add(settings, ModelToAdd(str(folder)), nobody)

    model = await row_of(database, "named")
    assert (model.display_name, model.version, limits_of(model.config).max_size) == ("Named", "7", 512)


async def test_an_unmigrated_database_is_told_so(make_settings: Any, empty_database_url: str) -> None:
    with pytest.raises(Unavailable, match="pingvas migrate"):
        await list_models(make_settings(database_url=empty_database_url))


async def test_the_commands_say_what_they_did_and_end_with_a_code(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    # given
    assert settings.database_url is not None
    lora = write_safetensors(tmp_path / "night.safetensors", SD1_LORA)
    await add(settings, ModelToAdd(str(lora)), nobody)
    lora.write_bytes(lora.read_bytes()[:-1] + b"\x01")

    # when
    environment = {"PINGVAS_DATABASE_URL": settings.database_url, "PINGVAS_DATA_DIR": str(tmp_path / "data")}
    done = await asyncio.to_thread(CliRunner().invoke, app, ["models", "verify"], env=environment)

    # then
    assert done.exit_code == 1, done.output
    assert "night.safetensors has other bytes" in done.output
