"""Every kind of job, asked for over HTTP and made by a worker; and each made again from what its image says."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pytest
from PIL import Image, ImageDraw
from sqlalchemy import text

from harness.catalog import make_model
from harness.toy_models import CONFIG, make_toy_model
from harness.toy_sdxl import make_toy_refiner, make_toy_sdxl
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.billing.plans import seed_plans
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.toy_controls import make_toy_control
from tests.make.toy_loras import make_toy_lora
from tests.make.toy_upscalers import make_compact
from tests.worker.studio import Studio, until

DEFAULTS = {"width": 64, "height": 64, "steps": 3, "cfg_scale": 4.0, "sampler": "dpmpp_2m"}
CHECKPOINT = CONFIG | {"family": "sd1", "base": "sd1", "defaults": DEFAULTS, "cost": {"fixed_seconds": 9}}
PART = {"family": "sd1", "base": "sd1"}
TEXT = {"model": "toy", "prompt": "a red house", "seed": 7}


@pytest.fixture(scope="module")
def parts(toy_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Toys of every kind that goes with the toy model."""
    folder = tmp_path_factory.mktemp("parts")
    return {
        "lora": make_toy_lora(toy_model, folder / "sketchy.safetensors"),
        "controlnet": make_toy_control(toy_model, folder / "edges"),
        "vae": make_toy_model(folder / "other", seed=5) / "vae",
        "upscaler": make_compact(folder / "two.safetensors", scale=2),
    }


@pytest.fixture
def settings(make_settings: Callable[..., Settings], database_url: str) -> Settings:
    return make_settings(database_url=database_url, worker_device="cpu", worker_poll_seconds=0.1)


@pytest.fixture
async def person(
    database: Database, client: httpx.AsyncClient, toy_model: Path, parts: dict[str, Path]
) -> SignedInPerson:
    """Somebody in a studio with all of it."""
    async with database.transaction() as session:
        await seed_plans(session)
        await make_model(session, path=str(toy_model), config=CHECKPOINT)
        for name, kind in (("sketchy", "lora"), ("edges", "controlnet"), ("bright", "vae")):
            layout = {"layout": "file"} if kind == "lora" else {}
            await make_model(session, name=name, model_type=kind, path=str(parts[kind]), config=PART | layout)
        upscaler = {"family": "upscaler", "scale": 2, "layout": "file"}
        await make_model(session, name="two", path=str(parts["upscaler"]), config=upscaler)
    return await sign_up(client)


@asynccontextmanager
async def at_work(settings: Settings, database: Database) -> AsyncIterator[None]:
    async with Studio(settings, database, person=None).worker():  # type: ignore[arg-type]
        yield


def a_source() -> Image.Image:
    across, down = np.meshgrid(np.arange(72), np.arange(64))
    return Image.fromarray(np.stack([across * 3, down * 3, across + down], axis=2).astype(np.uint8))


def a_mask() -> Image.Image:
    image = Image.new("RGB", (72, 64), "black")
    ImageDraw.Draw(image).ellipse((20, 16, 50, 48), fill="white")
    return image


def partly_clear() -> Image.Image:
    """The source, with a corner that is clear and half of another that is half so."""
    image = a_source().convert("RGBA")
    image.paste((7, 8, 9, 0), (0, 0, 30, 30))
    image.paste((200, 100, 0, 128), (60, 50, 72, 64))
    return image


async def upload(client: httpx.AsyncClient, person: SignedInPerson, image: Image.Image) -> str:
    data = io.BytesIO()
    image.save(data, "PNG")
    answer = await client.post(
        "/api/v1/images", files={"file": ("a.png", data.getvalue())}, headers=person.headers
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def run(client: httpx.AsyncClient, person: SignedInPerson, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for a picture and wait for its job's end."""
    answer = await client.post("/api/v1/jobs", json=body, headers=person.headers)
    assert answer.status_code == 202, answer.text
    (job,) = answer.json()["jobs"]

    async def ended() -> Any:
        found = (await client.get(f"/api/v1/jobs/{job['id']}", headers=person.headers)).json()
        return found if found["completed_at"] else None

    ended_job: dict[str, Any] = await until(ended, "the job's end")
    return ended_job


async def pixels(client: httpx.AsyncClient, job: dict[str, Any], mode: str = "RGB") -> np.ndarray:
    assert job["status"] == "completed", job
    file = await client.get(job["image"]["file_url"])
    assert file.status_code == 200
    with Image.open(io.BytesIO(file.content)) as image:
        return np.asarray(image.convert(mode), dtype=np.int16)


async def bodies(client: httpx.AsyncClient, person: SignedInPerson) -> dict[str, dict[str, Any]]:
    """One request of every kind, with everything that can be asked for somewhere among them."""
    source, mask = a_source(), a_mask()
    holed = source.convert("RGBA")
    holed.putalpha(Image.eval(mask.convert("L"), lambda value: 255 - value))
    source_id, mask_id = await upload(client, person, source), await upload(client, person, mask)
    holed_id, clear_id = await upload(client, person, holed), await upload(client, person, partly_clear())
    control = {"model": "edges", "image": source_id, "preprocessor": "canny", "weight": 0.8}
    return {
        "text": TEXT
        | {"job_type": "txt2img", "prompt": "a {red|blue} (house:1.3) <lora:sketchy:0.5>", "vae": "bright"},
        "controlled": TEXT | {"job_type": "txt2img", "controlnet": control, "clip_skip": 2},
        "from a picture": TEXT | {"job_type": "img2img", "source_image": source_id, "strength": 0.6},
        "masked by a picture": TEXT
        | {"job_type": "inpaint", "source_image": source_id, "mask_image": mask_id, "mask_blur": 0},
        "masked by transparency": TEXT
        | {"job_type": "inpaint", "source_image": holed_id, "inpaint_area": "masked", "mask_padding": 4},
        "masked beside what is clear": TEXT
        | {"job_type": "inpaint", "source_image": clear_id, "mask_image": mask_id, "mask_blur": 0},
        "all but what is clear": TEXT
        | {"job_type": "inpaint", "source_image": clear_id, "mask_invert": True, "mask_blur": 0},
        "enlarged": {"job_type": "upscale", "source_image": source_id, "model": "two", "scale": 1.5},
        "enlarged and refined": {
            "job_type": "upscale",
            "source_image": source_id,
            "model": "two",
            "refine": {"model": "toy", "prompt": "a red house", "strength": 0.5, "seed": 3},
        },
    }


async def test_every_kind_of_job_is_made_and_made_again_to_the_same_pixels(
    client: httpx.AsyncClient, person: SignedInPerson, settings: Settings, database: Database
) -> None:
    asked = await bodies(client, person)
    async with at_work(settings, database):
        made = {name: await run(client, person, body) for name, body in asked.items()}
        first = {name: await pixels(client, job) for name, job in made.items()}
        recipes = {
            name: (
                await client.get(f"/api/v1/images/{job['image']['id']}/recipe", headers=person.headers)
            ).json()
            for name, job in made.items()
        }
        clear = {name: await pixels(client, made[name], "RGBA") for name in made if "clear" in name}

        again = {name: await pixels(client, await run(client, person, recipes[name])) for name in asked}

    assert {name: image.shape[1::-1] for name, image in first.items()} == {
        "text": (64, 64),
        "controlled": (64, 64),
        "from a picture": (72, 64),
        "masked by a picture": (72, 64),
        "masked by transparency": (72, 64),
        "masked beside what is clear": (72, 64),
        "all but what is clear": (72, 64),
        "enlarged": (108, 96),
        "enlarged and refined": (144, 128),
    }
    assert {name for name in asked if not np.array_equal(first[name], again[name])} == set()
    outside = np.asarray(a_mask().convert("L")) == 0
    repainted, before = first["masked by a picture"], np.asarray(a_source(), np.int16)
    assert np.array_equal(repainted[outside], before[outside])
    assert not np.array_equal(repainted[~outside], before[~outside])
    source = np.asarray(partly_clear(), np.int16)
    beside, around = clear["masked beside what is clear"], clear["all but what is clear"]
    assert np.array_equal(beside[outside], source[outside])
    assert (beside[~outside][:, 3] == 255).all()
    assert np.array_equal(around[:30, :30], source[:30, :30])
    assert (around[:50, 30:60, 3] == 255).all()
    kept = made["text"]["parameters"]
    assert kept["prompt"] == "a {red|blue} (house:1.3) <lora:sketchy:0.5>"
    assert kept["resolved_prompt"] in ("a red (house:1.3)", "a blue (house:1.3)")
    assert kept["loras"] == [{"name": "sketchy", "weight": 0.5}]
    assert all(job["receipt"]["charged"] <= job["receipt"]["quoted"] for job in made.values())


async def test_a_model_that_names_a_refiner_lets_it_end_its_pictures(
    client: httpx.AsyncClient,
    person: SignedInPerson,
    settings: Settings,
    database: Database,
    tmp_path: Path,
) -> None:
    base, refiner = make_toy_sdxl(tmp_path / "base"), make_toy_refiner(tmp_path / "refiner")
    config = CHECKPOINT | {"family": "sdxl", "base": "sdxl", "latent_rgb": None}
    async with database.transaction() as session:
        await make_model(session, name="plain", path=str(base), config=config)
        refined = config | {"refiner": str(refiner), "refiner_start": 0.5}
        await make_model(session, name="refined", path=str(base), config=refined)
    async with at_work(settings, database):
        asked = TEXT | {"job_type": "txt2img", "sampler": "euler", "steps": 4}
        made = [
            await pixels(client, await run(client, person, asked | {"model": name}))
            for name in ("plain", "refined", "refined")
        ]

    assert not np.array_equal(made[0], made[1])
    assert np.array_equal(made[1], made[2])


async def test_bad_ingredients_fail_by_name_and_cost_nothing_and_the_worker_lives(
    client: httpx.AsyncClient,
    person: SignedInPerson,
    settings: Settings,
    database: Database,
    parts: dict[str, Path],
    tmp_path: Path,
) -> None:
    strange = make_toy_lora(make_toy_model(tmp_path / "wider", width=24), tmp_path / "strange.safetensors")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(parts["upscaler"].read_bytes()[:-7])
    async with database.transaction() as session:
        for name, path in (("strange", strange), ("gone", tmp_path / "gone.safetensors")):
            await make_model(
                session, name=name, model_type="lora", path=str(path), config=PART | {"layout": "file"}
            )
        config = {"family": "upscaler", "scale": 2, "layout": "file"}
        await make_model(session, name="broken", path=str(broken), config=config)
    source_id = await upload(client, person, a_source())
    deleted_id = await upload(client, person, a_source())
    wrong: dict[str, tuple[dict[str, Any], str]] = {
        "a LoRA of another model": (
            TEXT | {"job_type": "txt2img", "loras": [{"name": "strange", "weight": 1.0}]},
            "invalid_parameters",
        ),
        "a LoRA that is gone": (
            TEXT | {"job_type": "txt2img", "loras": [{"name": "gone", "weight": 1.0}]},
            "model_not_found",
        ),
        "a damaged upscaler": (
            {"job_type": "upscale", "source_image": source_id, "model": "broken"},
            "model_load_failed",
        ),
        "a source that was lost": (
            TEXT | {"job_type": "img2img", "source_image": deleted_id},
            "invalid_parameters",
        ),
    }
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE images SET s3_key = 'images/nowhere/' || id || '.png' WHERE id = :id"),
            {"id": UUID(deleted_id)},
        )
    async with at_work(settings, database):
        ended = {name: await run(client, person, body) for name, (body, _) in wrong.items()}
        fine = await run(client, person, TEXT | {"job_type": "txt2img"})

    assert {name: job["error"] and job["error"]["code"] for name, job in ended.items()} == {
        name: code for name, (_, code) in wrong.items()
    }
    assert {job["receipt"]["charged"] for job in ended.values()} == {0}
    assert fine["status"] == "completed"
