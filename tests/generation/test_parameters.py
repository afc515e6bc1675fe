"""What becomes of a wish: prompts of each seed, sizes that fit, everything filled in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.catalog import CONFIG
from harness.jobs import image_request
from pingvas.base.errors import Invalid
from pingvas.catalog.models import limits_of
from pingvas.catalog.tables import AiModel
from pingvas.engine.requests import MAX_STEPS
from pingvas.generation.job_parameters import stored_parameters
from pingvas.generation.requests.job_request import LoraRequest
from pingvas.generation.requests.lookup import RequestInputs
from pingvas.generation.requests.parameters import complete, fit, resolve

FLUX = CONFIG | {"family": "flux", "defaults": CONFIG["defaults"] | {"guidance": 3.5, "sampler": "euler"}}


def made_by(**config: Any) -> RequestInputs:
    return RequestInputs(AiModel(name="toy", model_type="checkpoint", config=CONFIG | config, size_bytes=1))


def pictures_of(found: RequestInputs, **changes: Any) -> list[dict[str, Any]]:
    asked = image_request(**changes)
    return [stored_parameters(image) for image in complete(asked, found, resolve(asked))]


def test_what_was_typed_and_what_is_run_are_both_kept_where_they_differ() -> None:
    # when
    (plain,) = pictures_of(made_by(), prompt="a (red:1.2) house")
    (chosen,) = pictures_of(
        made_by(), prompt="a {red|blue} house <lora:sketchy:0.8>", negative_prompt="{rain|fog}"
    )

    # then
    assert "resolved_prompt" not in plain
    assert chosen["prompt"] == "a {red|blue} house <lora:sketchy:0.8>"
    assert chosen["resolved_prompt"].strip() in ("a red house", "a blue house")
    assert chosen["resolved_negative_prompt"] in ("rain", "fog")
    assert chosen["loras"] == [{"name": "sketchy", "weight": 0.8}]


def test_each_picture_of_a_batch_decides_its_wildcards_by_its_own_seed() -> None:
    # when
    batch = pictures_of(made_by(), prompt="{1|2|3|4|5|6|7|8}", count=16, seed=3)

    # then: what the third of a batch ran, it also runs alone with its own seed
    assert len({picture["resolved_prompt"] for picture in batch}) > 3
    (alone,) = pictures_of(made_by(), prompt="{1|2|3|4|5|6|7|8}", seed=batch[2]["seed"])
    assert alone == batch[2]


def test_a_tag_and_the_list_together_mean_what_the_tag_alone_means() -> None:
    # given
    (first,) = pictures_of(
        made_by(), prompt="x <lora:b:0.5>", loras=(LoraRequest("a", 1.0), LoraRequest("b", 2.0))
    )

    # when: what was stored is asked for again
    stored = tuple(LoraRequest(**lora) for lora in first["loras"])
    (again,) = pictures_of(made_by(), prompt=first["prompt"], loras=stored)

    # then
    assert first["loras"] == [{"name": "a", "weight": 1.0}, {"name": "b", "weight": 0.5}]
    assert again == first


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"prompt": "x <lora:a:5>"}, "prompt"),
        ({"prompt": "".join(f"<lora:l{n}:1>" for n in range(9))}, "prompt"),
        ({"negative_prompt": "<lora:a:1>"}, "negative_prompt"),
        ({"loras": (LoraRequest("a"), LoraRequest("a"))}, "loras"),
    ],
)
def test_loras_beyond_what_is_taken_are_refused_by_field(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        pictures_of(made_by(), **asked)

    assert [error.name for error in refused.value.errors] == [field]


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"prompt": "x <lora:a:1:lbw=OUTALL>"}, ["prompt"]),
        ({"prompt": "{n$$a|b}"}, ["prompt"]),
        ({"prompt": "x", "negative_prompt": "<hypernet:a:1>"}, ["negative_prompt"]),
        ({"prompt": "__a__", "negative_prompt": "embedding:a"}, ["prompt", "negative_prompt"]),
        ({"prompt": " \u200b"}, ["prompt"]),
        ({"prompt": ""}, ["prompt"]),
        ({"prompt": " ", "job_type": "img2img"}, ["prompt"]),
        ({"prompt": "x" * 20_001}, ["prompt"]),
        ({"prompt": "{20$$" + "|".join(["x" * 900] * 22) + "}" + "x" * 3_000}, ["prompt"]),
        ({"prompt": "x", "negative_prompt": "a " * 4_801}, ["negative_prompt"]),
        ({"prompt": "x", "negative_prompt": "\u3164"}, ["negative_prompt"]),
        ({"prompt": "a BREAK " * 65}, ["prompt"]),
    ],
)
def test_a_prompt_that_cannot_be_run_is_refused_by_field(asked: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        pictures_of(made_by(), **asked)

    assert [error.name for error in refused.value.errors] == list(fields)


def test_a_long_prompt_and_an_empty_one_where_none_is_needed_are_taken() -> None:
    pictures_of(made_by(), prompt="mossy stone bridge, " * 130, negative_prompt="  ")
    pictures_of(made_by(), prompt="a " * 4_800)
    resolve(image_request(prompt="", job_type="img2img"))
    resolve(image_request(prompt="<lora:a:1>"))


@pytest.mark.parametrize(
    ("config", "asked", "field"),
    [
        (FLUX, {"sampler": "ddim"}, "sampler"),
        ({"samplers": ["euler"]}, {"sampler": "heun"}, "sampler"),
        ({}, {"guidance": 3.5}, "guidance"),
    ],
)
def test_what_a_family_lacks_is_refused_by_field(
    config: dict[str, Any], asked: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        pictures_of(made_by(**config), **({"sampler": "euler"} | asked))

    assert [error.name for error in refused.value.errors] == [field]


def test_distilled_guidance_is_the_models_own_unless_it_is_asked_for() -> None:
    (usual,) = pictures_of(made_by(**FLUX))
    (asked,) = pictures_of(made_by(**FLUX), guidance=2.0)

    assert (usual["guidance"], asked["guidance"]) == (3.5, 2.0)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((256, 256), (256, 256)),
        ((100, 98), (96, 96)),
        ((2048, 1024), (512, 256)),
        ((32, 48), (64, 96)),
        ((5000, 10), (512, 64)),  # no size of this shape is allowed: as near as it gets
        ((1, 1), (64, 64)),
    ],
)
def test_a_sources_size_is_fitted_to_the_model(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert fit(*size, limits_of(CONFIG)) == expected


@given(
    st.integers(1, 16_000),
    st.integers(1, 16_000),
    st.sampled_from([8, 16, 64]),
    st.integers(64, 512),
    st.integers(512, 4096),
    st.floats(0.3, 1.0),
)
def test_every_fitted_size_is_within_the_limits(
    width: int, height: int, multiple: int, least: int, most: int, share: float
) -> None:
    pixels = int(most * most * share)
    config = {"size": {"multiple": multiple, "min": least, "max": most, "max_pixels": pixels}}
    limits = limits_of(config)

    wide, high = fit(width, height, limits)

    assert wide % multiple == high % multiple == 0
    assert least <= min(wide, high)
    assert max(wide, high) <= most
    assert wide * high <= max(pixels, (least + multiple) ** 2)


def test_a_model_cannot_allow_more_steps_than_the_engine_takes() -> None:
    assert limits_of({"max_steps": 2000}).max_steps == MAX_STEPS
    assert limits_of({"max_steps": 60}).max_steps == 60
