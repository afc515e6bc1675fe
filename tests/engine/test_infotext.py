"""Infotext by its grammar: what other programs and sites write, and that ours reads back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pingvas.engine.images.dialects.read import says_how_made
from pingvas.engine.images.infotext import read_infotext, write_infotext

SETTINGS = "Steps: 30, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 832x1216, Model: mini"
LONG = "mill, Steps: 99, Seed: 9, " * 90
NOTES = ", ".join(f'Note {name}: "{name * 1850}"' for name in "vwxyz")
READ: dict[str, str] = {
    "plain": f"a mill\nNegative prompt: rain\n{SETTINGS}",
    "resources of a site": f"a mill\nNegative prompt: rain\n{SETTINGS}, Civitai resources: "
    '[{"type":"lora","weight":0.4,"modelName":"Mills, Size: 64x64, Seed: 1"}], Civitai metadata: {}',
    "resources of a site, first": "a mill\nNegative prompt: rain\nSteps: 30, Civitai resources: "
    '[{"modelName":"a \\"mill\\", Size: 64x64, Seed: 1]}"}], Sampler: Euler a, CFG scale: 7, Seed: 42, '
    "Size: 832x1216, Model: mini",
    "resources that were cut": f"a mill\nNegative prompt: rain\n{SETTINGS}, Civitai resources: "
    '[{"type":"lora","modelName":"Mills, Denoising strength: 0.1, Clip skip: 3',
    "resources over several lines": f"a mill\nNegative prompt: rain\n{SETTINGS}, Civitai resources: "
    '[\n  {"modelName": "Steps: 1, Seed: 1, Size: 1x1"}\n]',
    "lists that are no JSON": f"a mill\nNegative prompt: rain\n{SETTINGS}, TI: {{'a': 1, 'Seed': 2}}, Ends: [1, Seed: 3]",
    "lines of an extension": f"a mill\nNegative prompt: rain\n{SETTINGS}\nTemplate: a {{red|blue}} mill\n"
    "Negative Template: rain",
    "templates with settings in them": f"a mill\nNegative prompt: rain\n{SETTINGS}\nTemplate: a mill\n"
    "Steps: 1, Seed: 1, Size: 1x1, Model: other\nNegative Template: rain",
    "a long quoted value": f'a mill\nNegative prompt: rain\n{SETTINGS}, Wildcard prompt: "{LONG}", Version: v1',
    "a quoted value first": f'a mill\nNegative prompt: rain\nSteps: 30, Wildcard prompt: "{LONG}", '
    + SETTINGS.removeprefix("Steps: 30, "),
    "a quoted value with quotes": f'a mill\nNegative prompt: rain\n{SETTINGS}, Note: "a \\"b\\", Clip skip: 2, c"',
    "a quoted value that was cut": f'a mill\nNegative prompt: rain\n{SETTINGS}, Note: "a, Clip skip: 2, c',
    "a line of 9,000 characters": f"a mill\nNegative prompt: rain\n{SETTINGS}, {NOTES}",
    "settings said twice": f"a mill\nNegative prompt: rain\n{SETTINGS}, Seed: 1, Size: 1x1, Steps: 2",
    "a value with commas": f"a mill\nNegative prompt: rain\n{SETTINGS}, Lora: a, b, c, Version: v1",
    "lines of Windows": f"a mill\nNegative prompt: rain\n{SETTINGS}".replace("\n", "\r\n"),
    "blank lines around": f"\n\na mill\nNegative prompt: rain\n{SETTINGS}\n\n",
}


@pytest.mark.parametrize("kind", READ)
def test_infotext_is_read_by_its_grammar(kind: str) -> None:
    read = read_infotext(READ[kind])

    assert {
        name: read[name] for name in ("prompt", "negative_prompt", "width", "height", "seed", "steps")
    } == {
        "prompt": "a mill",
        "negative_prompt": "rain",
        "width": 832,
        "height": 1216,
        "seed": 42,
        "steps": 30,
    }
    assert read["cfg_scale"] == 7.0
    assert not {"strength", "clip_skip"} & read.keys()
    assert says_how_made(READ[kind])


@pytest.mark.parametrize(
    ("text", "prompt", "negative"),
    [
        (f"a mill\n{SETTINGS}", "a mill", ""),
        (f"a mill,\nby a river,\n\nat noon\n{SETTINGS}", "a mill,\nby a river,\n\nat noon", ""),
        (f"a mill\nNegative prompt: rain,\nfog\n{SETTINGS}", "a mill", "rain,\nfog"),
        (f"Negative prompt: rain\n{SETTINGS}", "", "rain"),
        (SETTINGS, "", ""),
        (f"how to, Steps: 99, Seed: 9\n{SETTINGS}", "how to, Steps: 99, Seed: 9", ""),
        (f"Steps: 3, Seed: 1, Size: 2x2\na mill\n{SETTINGS}", "Steps: 3, Seed: 1, Size: 2x2\na mill", ""),
        (f"Steps: wooden, Mood: calm, Light: low\n{SETTINGS}", "Steps: wooden, Mood: calm, Light: low", ""),
        (f'{{"red"|blue}} mill\n{SETTINGS}', '{"red"|blue} mill', ""),
        (f"{{red|blue}} mill\n{SETTINGS}", "{red|blue} mill", ""),
        ("a mill, said: the miller, to: you", "a mill, said: the miller, to: you", ""),
        ("mood: calm, light: low, Size: large", "mood: calm, light: low, Size: large", ""),
        ("a mill\nNegative prompt: rain", "a mill", "rain"),
        ("[[quiet]] sea", "[[quiet]] sea", ""),
        ("{red|blue} mill", "{red|blue} mill", ""),
    ],
)
def test_the_prompts_are_what_stands_before_the_settings(text: str, prompt: str, negative: str) -> None:
    read = read_infotext(text)

    assert (read["prompt"], read["negative_prompt"]) == (prompt, negative)


def test_what_has_no_name_here_keeps_its_own() -> None:
    read = read_infotext(
        f'a\n{SETTINGS}, Hires upscale: 2, TI hashes: "a: 1, b: 2", Hashes: {{"model": "x, y"}}, Lora: a, b\n'
        "Template: a {b|c}\nand more\nNegative Template: d"
    )

    assert read["Hires upscale"] == "2"
    assert read["TI hashes"] == "a: 1, b: 2"
    assert json.loads(read["Hashes"]) == {"model": "x, y"}
    assert read["Lora"] == "a, b"
    assert read["Template"] == "a {b|c}\nand more"
    assert read["Negative Template"] == "d"


def test_a_setting_of_theirs_never_stands_for_one_of_ours() -> None:
    read = read_infotext(
        f"a mill\n{SETTINGS}, prompt: other, seed: 3, job_type: upscale, source_image: x, width: 8"
    )

    assert (read["prompt"], read["seed"], read["width"]) == ("a mill", 42, 832)
    assert not {"job_type", "source_image"} & read.keys()


@pytest.mark.parametrize(
    ("said", "seed"),
    [
        ("4294967296", 2**32),
        ("9223372036854775807", 2**63 - 1),
        ("0", 0),
        ("9223372036854775808", None),
        ("-1", None),
        ("4_2", None),
        ("٤٢", None),
        ("42.0", None),
        ("9" * 5000, None),
    ],
)
def test_a_seed_is_one_that_the_engine_takes(said: str, seed: int | None) -> None:
    read = read_infotext(f"a\nSteps: 30, Seed: {said}, Size: 64x64, CFG scale: 3")

    assert read.get("seed") == seed
    assert read.get("Seed") == (None if seed is not None else said)


@pytest.mark.parametrize("said", ["nan", "inf", "1e999", "-", "much"])
def test_a_number_that_is_none_is_not_taken_for_one(said: str) -> None:
    read = read_infotext(f"a\nSteps: 30, CFG scale: {said}, Seed: 1, Size: 64x64")

    assert "cfg_scale" not in read
    assert read["CFG scale"] == said


PARTS = [
    "Negative prompt:", "Negative prompt: x", "Steps: 3, Seed: 1, Size: 2x2", "Steps: 3", "Template: a", "\\", "{", '{"a": 1}',
    "Negative Template: x", "\\Steps: 4, Seed: 2, Size: 1x1", "\n", " ", "a mill", "달과 별", ",", ":", '"', "<lora:a:1>", "[",
]  # fmt: skip
PROMPTS = st.lists(st.sampled_from(PARTS), max_size=8).map("".join) | st.text(max_size=40)


@settings(deadline=None)
@given(PROMPTS, PROMPTS, st.text(max_size=20), st.integers(0, 2**63 - 1))
def test_whatever_a_prompt_holds_it_reads_back(prompt: str, negative: str, model: str, seed: int) -> None:
    written: dict[str, Any] = {
        "prompt": prompt.strip().replace("\r", ""),
        "negative_prompt": negative.strip().replace("\r", ""),
        "width": 64,
        "height": 128,
        "steps": 20,
        "seed": seed,
        "cfg_scale": 4.5,
        "sampler": "dpmpp_2m",
        "model": model,
    }

    read = read_infotext(write_infotext(written, version='1, "2": 3'))

    assert {name: read[name] for name in written} == written | {
        name: written[name].strip() for name in ("prompt", "negative_prompt")
    }
    assert read["Version"] == '1, "2": 3'


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *PARTS,
                "Steps: 1",
                ", ",
                "Seed: 1",
                "Size: 1x1",
                '": "',
                '"a',
                "[{",
                "}]",
                '{"',
                "Model: ",
                "aa: ",
                "\\",
            ]
        ),
        max_size=40,
    ).map("".join)
)
def test_anything_is_read_and_gives_texts(text: str) -> None:
    read = read_infotext(text)

    assert isinstance(read["prompt"], str)
    assert isinstance(read["negative_prompt"], str)
    assert json.loads(json.dumps(read, allow_nan=False)) == read


@pytest.mark.parametrize(
    "unit",
    ["Steps: 1, ", "Steps: 1, aa: [\n", 'Steps: 1, aa: {"\n', 'Steps: 1, aa: "\n', "Steps: 1, aa: {{{{{\n", "aa: [[[[", 'aa: ["", '],
)  # fmt: skip
def test_hostile_settings_are_read_in_passing(unit: str) -> None:
    # Work that grows with the square of the length would not come back from this.
    read = read_infotext(unit * (200_000 // len(unit)))

    assert isinstance(read["prompt"], str)
