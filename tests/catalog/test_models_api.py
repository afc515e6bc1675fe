"""`GET /models`: what a page needs to know of each kind of model."""

from typing import Any

import httpx

from harness.catalog import CONFIG, make_model
from pingvas.base.db import Database
from pingvas.billing.plans import seed_plans
from tests.make.accounts import sign_up


async def seen(client: httpx.AsyncClient, database: Database, query: str = "") -> dict[str, Any]:
    async with database.transaction() as session:
        await seed_plans(session)
        await make_model(session, name="photo", config=CONFIG | {"samplers": ["euler", "ddim"]})
        await make_model(session, name="flux", config=CONFIG | {"family": "flux", "variant": "schnell"})
        await make_model(session, name="x4", config={"family": "upscaler", "scale": 4})
        lora = await make_model(session, name="night", config={"family": "sd1", "trigger_words": ["night"]})
        lora.model_type = "lora"
    person = await sign_up(client)
    answer = await client.get(f"/api/v1/models{query}", headers=person.headers)
    assert answer.status_code == 200, answer.text
    return {model["name"]: model for model in answer.json()["items"]}


async def test_models_that_make_pictures_have_defaults_and_limits_and_the_others_have_none(
    client: httpx.AsyncClient, database: Database
) -> None:
    models = await seen(client, database)

    assert {name: model["kind"] for name, model in models.items()} == {
        "photo": "checkpoint",
        "flux": "checkpoint",
        "x4": "upscaler",
        "night": "lora",
    }
    assert [name for name, model in models.items() if model["defaults"] and model["limits"]] == [
        "flux",
        "photo",
    ]
    assert models["x4"]["scale"] == 4
    assert models["night"]["trigger_words"] == ["night"]


async def test_limits_name_the_samplers_that_fit(client: httpx.AsyncClient, database: Database) -> None:
    models = await seen(client, database)

    assert models["photo"]["limits"]["samplers"] == ["euler", "ddim"]
    assert "ddim" not in models["flux"]["limits"]["samplers"]


async def test_the_list_narrows_to_a_type_and_a_base(client: httpx.AsyncClient, database: Database) -> None:
    assert set(await seen(client, database, "?type=lora&base=sd1")) == {"night"}
