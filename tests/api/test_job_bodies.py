"""Every job type over HTTP, and making a picture again from what it says about itself."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from harness.catalog import make_model, make_parts
from pingvas.base.db import Database
from pingvas.engine.images.infotext import read_infotext
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.gallery import make_image
from tests.make.generation import claim_job, complete_job

TEXT: dict[str, Any] = {"job_type": "txt2img", "model": "toy", "prompt": "a {red|blue} house"}


@pytest.fixture
async def person(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    made = await sign_up(client)
    async with database.transaction() as session:
        await make_model(session)
        await make_parts(session)
    return made


@pytest.fixture
async def source(person: SignedInPerson, database: Database) -> str:
    """A picture of the person, 128×192."""
    async with database.transaction() as session:
        return str((await make_image(session, UUID(person.user["id"]), width=128, height=192)).id)


def bodies(source: str) -> dict[str, dict[str, Any]]:
    control = {"model": "edges", "image": source, "preprocessor": "none", "weight": 0.5}
    return {
        "text": TEXT | {"prompt": "a {red|blue} house <lora:sketchy:0.5>", "format": "webp", "count": 3},
        "picture": TEXT
        | {"job_type": "img2img", "source_image": source, "strength": 0.4, "controlnet": control},
        "mask": TEXT
        | {
            "job_type": "inpaint",
            "source_image": source,
            "mask_image": source,
            "inpaint_area": "masked",
            "loras": [{"name": "sketchy"}],
            "controlnet": [control, control],
            "vae": "bright",
            "clip_skip": 2,
            "visibility": "unlisted",
        },
        "alpha": {"job_type": "inpaint", "model": "toy", "source_image": source, "mask_invert": True},
        "large": {
            "job_type": "upscale",
            "source_image": source,
            "refine": {"model": "toy", "prompt": "{a|b}", "strength": 0.3},
        },
    }


@pytest.mark.parametrize("kind", ["text", "picture", "mask", "alpha", "large"])
async def test_a_picture_is_made_again_from_what_it_says_about_itself(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, source: str, kind: str
) -> None:
    # given a picture of this kind, the last one of its batch
    body = bodies(source)[kind]
    quoted = await client.post("/api/v1/jobs/estimate", json=body, headers=person.headers)
    accepted = await client.post("/api/v1/jobs", json=body, headers=person.headers)
    assert accepted.status_code == 202, accepted.text
    assert accepted.json()["estimated_credits"] == quoted.json()["estimated_credits"]
    for _ in accepted.json()["jobs"]:
        await complete_job(database, await claim_job(database))
    last = accepted.json()["jobs"][-1]
    made = (await client.get(f"/api/v1/jobs/{last['id']}", headers=person.headers)).json()
    assert made["job_type"] == body["job_type"]

    # when
    recipe = await client.get(f"/api/v1/images/{made['image']['id']}/recipe", headers=person.headers)
    again = await client.post("/api/v1/jobs", json=recipe.json(), headers=person.headers)

    # then: it is one job, which differs in nothing but in who may see its picture
    assert again.status_code == 202, again.text
    (job,) = again.json()["jobs"]
    assert job["job_type"] == made["job_type"]
    assert job["parameters"] | {"visibility": "?"} == made["parameters"] | {"visibility": "?"}


async def test_an_image_that_does_not_say_enough_has_no_recipe(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    sayings: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["model", "seed"]),
        ({"prompt": "x", "model": "toy"}, ["seed"]),
        ({"prompt": "x", "seed": 1}, ["model"]),
        ({"model": "toy", "seed": 1}, ["prompt"]),
        ({"prompt": " ", "model": "toy", "seed": 1}, ["prompt"]),
        ({"prompt": {"x": 1}, "model": "toy", "seed": 1}, ["prompt"]),
        ({"prompt": "x", "model": "toy", "seed": -1}, ["seed"]),
        ({"prompt": "x", "model": "toy", "seed": 2**63, "steps": 0}, ["steps", "seed"]),
        ({"prompt": "x", "model": "toy", "seed": 1, "job_type": "dream"}, ["job_type"]),
        ({"prompt": "x", "model": "toy", "seed": 1, "job_type": ["txt2img"]}, ["job_type"]),
        ({"prompt": "x", "model": "toy", "seed": 1, "job_type": "img2img"}, ["source_image"]),
    ]
    for said, fields in sayings:
        async with database.transaction() as session:
            image = await make_image(session, UUID(person.user["id"]), generation_params=said)

        answer = await client.get(f"/api/v1/images/{image.id}/recipe", headers=person.headers)

        # then: each field that is missing or bad is named, and the sentence says it too
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (404, "not_found"), said
        assert [error["loc"] for error in problem["errors"]] == [["body", field] for field in fields]
        assert all(f"{field} " in problem["detail"] for field in fields)


@pytest.mark.parametrize("seed", [2**32, 2**63 - 1])
async def test_a_seed_beyond_32_bits_is_taken_and_goes_into_the_recipe(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, seed: int
) -> None:
    # given a picture of another program
    said = read_infotext(
        f"a mill\nSteps: 20, CFG scale: 3, Sampler: Euler, Seed: {seed}, Size: 256x256, Model: toy"
    )
    async with database.transaction() as session:
        image = await make_image(session, UUID(person.user["id"]), generation_params=said)

    # when
    recipe = await client.get(f"/api/v1/images/{image.id}/recipe", headers=person.headers)
    accepted = await client.post("/api/v1/jobs", json=recipe.json(), headers=person.headers)

    # then
    assert recipe.json()["seed"] == seed
    assert accepted.status_code == 202, accepted.text
    assert accepted.json()["jobs"][0]["parameters"]["seed"] == seed


async def test_strangers_learn_no_ids_of_the_pictures_a_shared_image_was_made_from(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, source: str
) -> None:
    # given
    told = bodies(source)["mask"] | {"seed": 1}
    async with database.transaction() as session:
        owner = UUID(person.user["id"])
        shared = await make_image(session, owner, generation_params=told, visibility="public")
        plain = await make_image(session, owner, generation_params=TEXT | {"seed": 1}, visibility="public")

    # when
    theirs = await client.get(f"/api/v1/images/{shared.id}")
    mine = await client.get(f"/api/v1/images/{shared.id}", headers=person.headers)

    # then
    assert source not in theirs.text
    assert theirs.json()["generation_params"]["prompt"] == TEXT["prompt"]
    assert mine.json()["generation_params"] == told
    assert (await client.get(f"/api/v1/images/{shared.id}/recipe")).status_code == 404
    assert (await client.get(f"/api/v1/images/{plain.id}/recipe")).json()["prompt"] == TEXT["prompt"]


async def test_a_bad_field_of_any_shape_is_named_as_the_body_has_it(
    client: httpx.AsyncClient, person: SignedInPerson, source: str
) -> None:
    known = bodies(source)
    cases: list[tuple[str, dict[str, Any], list[str | int]]] = [
        ("text", {"prompt": " \u200b\u3164"}, ["body", "prompt"]),
        ("text", {"clip_skip": 13}, ["body", "clip_skip"]),
        ("text", {"guidance": 31}, ["body", "guidance"]),
        ("text", {"source_image": source}, ["body", "source_image"]),
        ("text", {"loras": [{"name": "sketchy", "weight": 4.5}]}, ["body", "loras", 0, "weight"]),
        ("text", {"loras": [{"name": "sketchy"}] * 9}, ["body", "loras"]),
        ("text", {"format": "gif"}, ["body", "format"]),
        ("text", {"controlnet": {"model": "edges", "image": "x"}}, ["body", "controlnet", 0, "image"]),
        (
            "text",
            {"controlnet": {"model": "edges", "image": source, "start": 0.9, "end": 0.1}},
            ["body", "controlnet", 0, "end"],
        ),
        ("picture", {"strength": 1.1}, ["body", "strength"]),
        ("picture", {"source_image": None}, ["body", "source_image"]),
        ("mask", {"mask_blur": 65}, ["body", "mask_blur"]),
        ("mask", {"inpaint_area": "some"}, ["body", "inpaint_area"]),
        ("large", {"scale": 1}, ["body", "scale"]),
        ("large", {"scale": 8.5}, ["body", "scale"]),
        ("large", {"width": 512}, ["body", "width"]),
        ("large", {"refine": {"strength": 0.7}}, ["body", "refine", "strength"]),
        ("large", {"refine": {"model": "sketchy"}}, ["body", "refine"]),
    ]
    for kind, wrong, place in cases:
        for path in ("/jobs", "/jobs/estimate"):
            answer = await client.post(f"/api/v1{path}", json=known[kind] | wrong, headers=person.headers)

            assert (answer.status_code, answer.json()["code"]) == (422, "validation_error"), wrong
            assert [error["loc"] for error in answer.json()["errors"]] == [place], wrong


async def test_nothing_in_place_of_a_controlnet_is_none(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    nothings: tuple[Any, ...] = (None, [])
    for nothing in nothings:
        answer = await client.post(
            "/api/v1/jobs", json=TEXT | {"controlnet": nothing}, headers=person.headers
        )

        assert answer.json()["jobs"][0]["parameters"]["controlnet"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("steps", "20"),
        ("steps", True),
        ("steps", 20.5),
        ("count", "2"),
        ("seed", "1"),
        ("cfg_scale", "4"),
        ("cfg_scale", True),
        ("width", 257),
        ("sampler", "made up"),
    ],
)
async def test_a_body_is_taken_as_json_writes_it(
    client: httpx.AsyncClient, person: SignedInPerson, field: str, value: Any
) -> None:
    answer = await client.post("/api/v1/jobs/estimate", json=TEXT | {field: value}, headers=person.headers)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["body", field]


async def test_a_whole_number_may_be_written_with_a_point(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    body = TEXT | {"steps": 20.0, "count": 2.0, "cfg_scale": 4}

    answer = await client.post("/api/v1/jobs/estimate", json=body, headers=person.headers)

    assert answer.status_code == 200, answer.text


async def test_neither_a_word_nor_a_number_is_a_yes(
    client: httpx.AsyncClient, person: SignedInPerson, source: str
) -> None:
    for value in ("yes", 1, "true"):
        answer = await client.patch(
            f"/api/v1/images/{source}", json={"is_favorite": value}, headers=person.headers
        )

        assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["body", "is_favorite"])
