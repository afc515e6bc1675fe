"""Pictures of other programs over HTTP: what is said of them, which models are here, and making them again."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from PIL import Image, PngImagePlugin

from harness.catalog import make_model
from pingvas.base.db import Database
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.foreign_notes import NEGATIVE, NOTES, PROMPT, SETTINGS

TOOLS = {
    "SD.Next": "SD.Next", "Civitai": "Civitai", "Fooocus, as infotext": "Fooocus", "InvokeAI 2": "InvokeAI",
    "InvokeAI, a command": "InvokeAI", "NovelAI 1": "NovelAI", "ComfyUI, what people see": "ComfyUI",
}  # fmt: skip


@pytest.fixture
async def person(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


def noted(texts: dict[str, str]) -> bytes:
    chunks = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        chunks.add_itxt(name, text)
    file = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(file, "PNG", pnginfo=chunks)
    return file.getvalue()


async def upload(
    client: httpx.AsyncClient, person: SignedInPerson, texts: dict[str, str], **form: str
) -> dict[str, Any]:
    files = {"file": ("a.png", noted(texts))}
    answer = await client.post("/api/v1/images", files=files, data=form, headers=person.headers)
    assert answer.status_code == 201, answer.text
    image: dict[str, Any] = answer.json()
    return image


async def test_one_of_each_program_says_who_made_it_and_with_what(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    for program, texts in NOTES.items():
        sent = await upload(client, person, texts)

        image = (await client.get(f"/api/v1/images/{sent['id']}", headers=person.headers)).json()

        assert image["metadata"] == sent["metadata"]
        assert image["metadata"]["tool"] == TOOLS.get(program, program)
        said = image["generation_params"]
        assert said["prompt"].startswith(PROMPT)
        assert (said["negative_prompt"], said["seed"], said["steps"]) == (NEGATIVE, 42, 20)
        assert "metadata" not in said
        raw = {each["place"]: each["text"] for each in image["metadata"]["raw"]}
        assert raw == texts
        assert [each["cut"] for each in image["metadata"]["raw"]] == [0] * len(texts)


async def test_models_are_looked_up_by_hash_and_by_name(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given models of which one has another name here, and one is of another kind
    async with database.transaction() as session:
        await make_model(session, name="sd-mini", config={"sha256": "abcdef0123" + "0" * 54})
        lora = await make_model(session, name="pencil-lines", model_type="lora")
        lora.display_name = "Pencil"
        await make_model(session, name="calm", model_type="lora")
        await make_model(session, name="bright", model_type="checkpoint")

    # when
    image = await upload(client, person, NOTES["A1111"])

    # then
    metadata = image["metadata"]
    assert metadata["models"] == [
        {"kind": "checkpoint", "name": "mini", "hash": "abcdef0123", "weight": None, "resolved": "sd-mini"},
        {"kind": "vae", "name": "bright.safetensors", "hash": None, "weight": None, "resolved": None},
        {"kind": "lora", "name": "pencil", "hash": "0123456789ab", "weight": 0.8, "resolved": "pencil-lines"},
        {"kind": "embedding", "name": "calm", "hash": "00112233aabb", "weight": None, "resolved": None},
    ]
    assert metadata["unresolved"] == ["bright.safetensors", "calm"]
    assert image["generation_params"]["model"] == "mini"
    assert metadata["usable"]["model"] == "sd-mini"
    assert metadata["usable"]["prompt"] == f"{PROMPT} <lora:pencil-lines:0.8>"
    assert "vae" not in metadata["usable"]


async def test_what_is_not_here_is_left_out_of_what_can_be_used(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    tagged = await upload(client, person, NOTES["A1111"])
    listed = await upload(client, person, NOTES["ComfyUI"])

    assert tagged["metadata"]["usable"]["prompt"] == PROMPT
    assert listed["metadata"]["usable"]["loras"] == []
    for image in (tagged, listed):
        assert not {"model", "vae"} & image["metadata"]["usable"].keys()
        assert image["metadata"]["usable"]["seed"] == 42


async def test_a_recipe_names_models_as_they_are_called_here(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    async with database.transaction() as session:
        model = await make_model(session, name="toy-mini")
        model.display_name = "Mini"
    text = f"{PROMPT}\n{SETTINGS}, Model: folder/MINI.safetensors".replace("512x768", "256x256")
    known = await upload(client, person, {"parameters": text})
    unknown = await upload(client, person, {"parameters": text.replace("MINI", "other")})

    recipes = [
        (await client.get(f"/api/v1/images/{image['id']}/recipe", headers=person.headers)).json()
        for image in (known, unknown)
    ]

    assert [recipe["model"] for recipe in recipes] == ["toy-mini", "folder/other.safetensors"]
    accepted, refused = [
        await client.post("/api/v1/jobs", json=recipe, headers=person.headers) for recipe in recipes
    ]
    assert accepted.status_code == 202, accepted.text
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_error"), refused.text
    assert "other.safetensors" in refused.text


async def test_long_texts_are_cut_and_say_so(client: httpx.AsyncClient, person: SignedInPerson) -> None:
    said = NOTES["ComfyUI"] | {"workflow": '{"nodes": [], "links": [], "extra": "' + "x" * 90_000 + '"}'}

    image = await upload(client, person, said)

    workflow = image["metadata"]["raw"][1]
    assert workflow["text"] + said["workflow"][20_000:] == said["workflow"]
    assert workflow["cut"] == len(said["workflow"]) - 20_000


async def test_lists_carry_no_texts_and_our_own_pictures_have_none(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    await upload(client, person, NOTES["SwarmUI"])
    ours = await upload(client, person, {"pingvas": '{"prompt": "x", "metadata": {"tool": "<script>"}}'})
    nothing = await upload(client, person, {"Author": "me"})

    listed = (await client.get("/api/v1/images", headers=person.headers)).json()["items"]

    assert (ours["metadata"], nothing["metadata"]) == (None, None)
    assert ours["generation_params"] == {"prompt": "x"}
    assert all("metadata" not in image and "metadata" not in image["generation_params"] for image in listed)
    assert listed[-1]["generation_params"]["prompt"] == PROMPT


async def test_strangers_see_of_a_shared_picture_what_its_file_says(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    image = await upload(client, person, NOTES["InvokeAI"], visibility="public")

    theirs = (await client.get(f"/api/v1/images/{image['id']}")).json()

    assert theirs["metadata"] == image["metadata"]
