"""What files say about how they were made, and reading it back."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from PIL import Image

from pingvas.engine.images.image_files import encode, read_parameters
from pingvas.engine.images.infotext import read_infotext, write_infotext

PARAMETERS: dict[str, Any] = {
    "prompt": "a red house by the sea, evening\nsecond line, 달과 별",
    "negative_prompt": "rain, fog",
    "width": 136,
    "height": 200,
    "steps": 20,
    "cfg_scale": 4.5,
    "sampler": "dpmpp_2m_karras",
    "seed": 4294967295,
    "model": "pingvas-mini",
    "format": "png",
    "engine": {"torch": "2.13.0"},
}
VERSION = "Pingvas Studio 0.1.0"


def test_infotext_has_the_layout_that_other_programs_read() -> None:
    text = write_infotext({**PARAMETERS, "model": "a, b: c"}, version=VERSION)

    assert text == (
        "a red house by the sea, evening\nsecond line, 달과 별\n"
        "Negative prompt: rain, fog\n"
        "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 4.5, Seed: 4294967295, Size: 136x200, "
        'Model: "a, b: c", RNG: CPU, Version: Pingvas Studio 0.1.0'
    )


def test_everything_a_picture_was_made_with_is_written_under_the_names_others_use() -> None:
    asked = {
        **PARAMETERS,
        "prompt": "a {red|blue} house <lora:pencil:0.8>",
        "resolved_prompt": "a blue house",
        "loras": [{"name": "pencil", "weight": 0.8}, {"name": "night", "weight": -1.0}],
        "clip_skip": 2,
        "guidance": 3.5,
        "strength": 0.75,
        "mask_blur": 4,
        "vae": "bright",
        "controlnet": [
            {"model": "edges", "preprocessor": "canny", "weight": 1.0, "start": 0.0, "end": 0.5, "image": "x"}
        ],
    }

    text = write_infotext(asked, version=VERSION)

    assert text.startswith("a blue house <lora:pencil:0.8> <lora:night:-1>\nNegative prompt")
    for pair in (
        "Distilled CFG Scale: 3.5",
        "VAE: bright",
        "Denoising strength: 0.75",
        "Clip skip: 2",
        "Mask blur: 4",
        'ControlNet 0: "Module: canny, Model: edges, Weight: 1, Guidance Start: 0, Guidance End: 0.5"',
    ):
        assert f", {pair}," in text
    read = read_infotext(text)
    assert {name: read[name] for name in ("clip_skip", "guidance", "strength", "mask_blur", "vae")} == {
        name: asked[name] for name in ("clip_skip", "guidance", "strength", "mask_blur", "vae")
    }


def test_an_enlarged_picture_says_by_what_and_how_much() -> None:
    asked = {"model": "four", "scale": 4.0, "width": 256, "height": 128, "refine": None, "format": "png"}

    text = write_infotext(asked, version=VERSION)

    assert text == (
        "Size: 256x128, Postprocess upscale by: 4, Postprocess upscaler: four, Version: Pingvas Studio 0.1.0"
    )


def test_infotext_of_another_program_is_read() -> None:
    text = (
        "a cat\nNegative prompt: dog\nand bird\n"
        "Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1, Size: 512x768, Model hash: abcdef1234, "
        'Model: v1-5, Clip skip: 2, Lora hashes: "one: a1, two: b2", Version: v1.10.1'
    )

    read = read_infotext(text)

    assert read == {
        "prompt": "a cat",
        "negative_prompt": "dog\nand bird",
        "width": 512,
        "height": 768,
        "steps": 28,
        "seed": 1,
        "cfg_scale": 7.0,
        "sampler": "dpmpp_2m_karras",
        "model": "v1-5",
        "model_hash": "abcdef1234",
        "clip_skip": 2,
        "Lora hashes": "one: a1, two: b2",
        "Version": "v1.10.1",
    }


@pytest.mark.parametrize(
    "prompt",
    ["plain", "", "two\nlines, with: colons, and, commas", 'quoted "words" \\ here', "<lora:x:0.8> 한국어"],
)
def test_what_was_written_as_infotext_reads_back(prompt: str) -> None:
    written = {**PARAMETERS, "prompt": prompt}

    read = read_infotext(write_infotext(written, version=VERSION))

    names = ("prompt", "negative_prompt", "width", "height", "steps", "cfg_scale", "sampler", "seed", "model")
    assert {name: read[name] for name in names} == {name: written[name] for name in names}


@pytest.mark.parametrize("format", ["png", "jpg", "webp"])
def test_every_format_carries_the_exact_parameters_and_infotext(format: str) -> None:
    image = Image.new("RGB", (136, 200), (200, 40, 40))

    data = encode(image, format, PARAMETERS, version=VERSION)

    assert read_parameters(data) == PARAMETERS
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.size == (136, 200)
        infotext = (
            opened.info["parameters"]
            if format == "png"
            else opened.getexif().get_ifd(0x8769)[0x9286].removeprefix(b"UNICODE\0").decode("utf-16-be")
        )
    assert infotext == write_infotext(PARAMETERS, version=VERSION)


def test_the_longest_prompts_still_make_a_file() -> None:
    image = Image.new("RGB", (64, 64))
    long = {**PARAMETERS, "prompt": "한" * 40_000}

    for format in ("png", "jpg", "webp"):
        data = encode(image, format, long, version=VERSION)

        read = read_parameters(data)
        assert read is not None
        assert str(read["prompt"]).startswith("한한한")


def test_what_no_text_chunk_can_hold_is_left_out() -> None:
    image = Image.new("RGB", (64, 64))

    data = encode(image, "png", {**PARAMETERS, "prompt": "a\0b\ud800c"}, version=VERSION)

    with Image.open(io.BytesIO(data)) as opened:
        assert opened.info["parameters"].startswith("ab?c\n")


def test_garbage_reads_as_a_prompt_and_never_raises() -> None:
    chance = random.Random(1)
    alphabet = 'abS:,"\\\n Steps: Seed: Size: 9x9 Negative prompt:{}[]'
    for _ in range(2_000):
        text = "".join(chance.choices(alphabet, k=chance.randrange(120)))

        read = read_infotext(text)

        assert isinstance(read["prompt"], str)


@pytest.mark.parametrize(
    "unit", ["a", " ", 'aa: "', "aa:", "aa: b,", "\\", 'aa: "\\"', "\n", "Size: 1x", "-/ "]
)
def test_hostile_lines_are_read_in_passing(unit: str) -> None:
    for length in (15_000, 200_000):
        read = read_infotext(unit * (length // len(unit)))

        assert isinstance(read["prompt"], str)


def test_a_number_of_endless_digits_is_no_size() -> None:
    read = read_infotext("a\nSteps: " + "9" * 5_000 + ", Size: " + "1" * 5_000 + "x1, Seed: 1, CFG scale: 1")

    assert "width" not in read
    assert "steps" not in read


def test_a_picture_that_says_nothing_has_no_parameters() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")

    assert read_parameters(buffer.getvalue()) is None


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_format_without_transparency_shows_what_is_clear_on_white(mode: str) -> None:
    image = Image.new("RGBA", (32, 32), (0, 0, 0, 0)).convert(mode)

    with Image.open(io.BytesIO(encode(image, "jpg", PARAMETERS, version=VERSION))) as kept:
        assert kept.convert("RGB").getextrema() == ((255, 255),) * 3
