"""What every program writes is read into one value, under our names where they mean the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pingvas.engine.images.dialects.invokeai import read_dream
from pingvas.engine.images.dialects.read import read_notes, read_text
from pingvas.engine.images.dialects.told import Told, ToldEmbedding, ToldLora
from pingvas.engine.images.dialects.values import sampler
from pingvas.engine.images.infotext import write_infotext
from pingvas.engine.samplers import SAMPLERS
from tests.make.foreign_notes import (
    A1111,
    FOOOCUS,
    INVOKEAI,
    NEGATIVE,
    NOTES,
    NOVELAI,
    PROMPT,
    SWARMUI,
    WORDS,
)

# What a dialect says beyond the words, the seed, the steps, the size and the guidance, which all of them say.
MORE: dict[str, dict[str, Any]] = {
    "A1111": {
        "tool": "A1111", "version": "v1.10.1", "prompt": f"{PROMPT} <lora:pencil:0.8>", "sampler": "dpmpp_2m_karras", "model": "mini",
        "model_hash": "abcdef0123", "vae": "bright.safetensors", "strength": 0.4, "clip_skip": 2,
        "loras": (ToldLora("pencil", 0.8, "0123456789ab", in_prompt=True),),
        "embeddings": (ToldEmbedding("calm", "00112233aabb"),),
    },
    "SD.Next": {"tool": "SD.Next", "version": "1234abc", "sampler": "euler_a", "model": "mini"},
    "Civitai": {"tool": "Civitai", "model": "Mini, Seed: 1", "clip_skip": 2, "loras": (ToldLora("Pencil", 0.4),)},
    "Fooocus, as infotext": {
        "tool": "Fooocus", "version": "v2.5.5", "sampler": "dpmpp_2m_sde_karras", "loras": (ToldLora("pencil", 0.8, "0123456789"),),
    },
    "Fooocus": {
        "tool": "Fooocus", "version": "v2.5.5", "sampler": "dpmpp_2m_sde_karras", "model": "mini", "model_hash": "abcdef0123",
        "vae": None, "clip_skip": 2, "loras": (ToldLora("pencil.safetensors", 0.8, "0123456789"),),
    },
    "SwarmUI": {
        "tool": "SwarmUI", "version": "0.9.6.1", "sampler": "dpmpp_2m_karras", "model": "sdxl/mini", "model_hash": "ab" * 32,
        "vae": None, "clip_skip": 2, "loras": (ToldLora("pencil", 0.8, "cd" * 32),),
    },
    "InvokeAI": {
        "tool": "InvokeAI", "version": "5.4.0", "sampler": "dpmpp_2m_karras", "model": "mini", "model_hash": None, "vae": "bright",
        "clip_skip": 2, "loras": (ToldLora("pencil", 0.8, "0123456789ab"),),
    },
    "InvokeAI 2": {"tool": "InvokeAI", "version": "2.2.4", "sampler": "dpmpp_2m", "model": "mini", "model_hash": "ab" * 32},
    "InvokeAI, a command": {"tool": "InvokeAI", "sampler": "dpmpp_2m"},
    "NovelAI": {
        "tool": "NovelAI", "version": "37442FCA", "prompt": f"{PROMPT}\na fox", "sampler": "dpmpp_2m_karras",
        "model": "NovelAI Diffusion V4", "strength": None,
    },
    "NovelAI 1": {"tool": "NovelAI", "sampler": "dpmpp_2m", "model": "Stable Diffusion"},
    "Easy Diffusion": {
        "tool": "Easy Diffusion", "sampler": "euler_a", "model": "mini", "vae": "bright", "clip_skip": 2,
        "loras": (ToldLora("pencil", 0.8),),
    },
    "ComfyUI": {
        "tool": "ComfyUI", "sampler": "dpmpp_2m_karras", "model": "sdxl/mini.safetensors", "vae": "bright.safetensors", "clip_skip": 2,
        "strength": None, "loras": (ToldLora("pencil.safetensors", 0.8), ToldLora("night.safetensors", -0.5)),
    },
}  # fmt: skip
MORE["ComfyUI, what people see"] = MORE["ComfyUI"]


@pytest.mark.parametrize("program", NOTES)
def test_what_a_program_writes_is_read_into_one_value(program: str) -> None:
    told = read_notes(NOTES[program])

    assert told is not None
    expected = {
        "prompt": PROMPT,
        "negative_prompt": NEGATIVE,
        "seed": 42,
        "steps": 20,
        "cfg_scale": 7.0,
        "width": 512,
        "height": 768,
    }
    expected |= MORE[program]
    assert {name: getattr(told, name) for name in expected} == expected


def test_settings_of_extensions_keep_their_names_and_values() -> None:
    told = read_text(A1111)

    assert told is not None
    assert {name: told.others[name] for name in told.others if name.startswith(("ADetailer", "Hires"))} == {
        "ADetailer model": "face_yolov8n.pt",
        "ADetailer prompt": "a face, smiling",
        "Hires upscale": "2",
        "Hires steps": "10",
        "Hires upscaler": "Latent",
    }


@pytest.mark.parametrize(
    ("version", "tool"),
    [
        ("v1.10.1", "A1111"),
        ("f2.0.1v1.10.1-previous", "Forge"),
        ("neo", "Forge"),
        ("Fooocus v2.5.5", "Fooocus"),
        ("Pingvas Studio 0.1.0", "Pingvas Studio"),
        ("ComfyUI", "ComfyUI"),
        ("", "A1111"),
    ],
)
def test_a_version_names_its_program(version: str, tool: str) -> None:
    said = f", Version: {version}" if version else ""

    told = read_text(f"{WORDS}Steps: 20, Seed: 42, Size: 512x768{said}")

    assert told is not None
    assert told.tool == tool


@pytest.mark.parametrize(
    ("said", "loras"),
    [
        ("<lora:a>", [("a", 1.0)]),
        ("<lora:a:0.5:0.8>", [("a", 0.8)]),
        ("<lora:a:te=0.5:unet=0.8>", [("a", 0.8)]),
        ("<lora:a:0.7:lbw=OUTALL>", [("a", 0.7)]),
        ("<lyco:a:-1> and <LORA:b:2>", [("a", -1.0), ("b", 2.0)]),
        ("<lora:a:0.5> <lora:a:0.9>", [("a", 0.5)]),
        ("<lora: :1> <lora:a", []),
        ("a < b, <3", []),
    ],
)
def test_loras_of_a_prompt_are_told_with_their_weights(said: str, loras: list[tuple[str, float]]) -> None:
    told = read_text(f"{said}\nSteps: 20, Seed: 42, Size: 512x768")

    assert told is not None
    assert [(each.name, each.weight) for each in told.loras] == loras
    assert "loras" not in told.parameters()


def test_hashes_stand_in_several_lists() -> None:
    hashes = '{"model": "aaaaaaaaaa", "lora:pencil": "bbbbbbbbbb", "embed:calm": "cccccccccc", "vae": "dddddddddd"}'

    told = read_text(f"<lora:pencil:1>\nSteps: 20, Seed: 42, Size: 512x768, Hashes: {hashes}")

    assert told is not None
    assert told.model_hash == "aaaaaaaaaa"
    assert told.loras == (ToldLora("pencil", 1.0, "bbbbbbbbbb", in_prompt=True),)
    assert told.embeddings == (ToldEmbedding("calm", "cccccccccc"),)


@pytest.mark.parametrize(
    ("name", "schedule", "ours", "kept"),
    [
        ("dpmpp_2m", "karras", "dpmpp_2m_karras", {}),
        ("dpmpp_2m_sde_gpu", "normal", "dpmpp_2m_sde", {}),
        ("k_euler_ancestral", None, "euler_a", {}),
        ("uni_pc", "simple", "unipc", {"Schedule type": "simple"}),
        ("euler_a", "karras", "euler_a", {"Schedule type": "karras"}),
        ("euler_k", None, "euler_karras", {}),
        ("res_multistep", "beta", None, {"Sampler": "res_multistep", "Schedule type": "beta"}),
        (None, "karras", None, {}),
        (7, 7, None, {}),
    ],
)
def test_a_sampler_is_ours_only_where_it_is_the_same(
    name: Any, schedule: Any, ours: str | None, kept: dict[str, str]
) -> None:
    assert sampler(name, schedule) == (ours, kept)


def test_a_schedule_that_is_not_ours_is_still_told() -> None:
    told = read_text(
        "a fox\nSteps: 20, Sampler: DPM++ 2M SDE, Schedule type: Exponential, Seed: 42, Size: 512x768"
    )

    assert told is not None
    assert (told.sampler, told.others) == ("dpmpp_2m_sde", {"Schedule type": "Exponential"})


@pytest.mark.parametrize(
    "line",
    ["a fox -s 20", '"a fox"', '"" -s 20 -S 1', '"a fox', "", '"a fox" -W 20', '"\\'],
)
def test_a_line_that_is_no_command_says_nothing(line: str) -> None:
    assert read_dream(line) is None


def test_flags_of_a_command_stand_with_a_blank_and_without() -> None:
    told = read_dream('"a \\"red\\" fox" -s20 -S42 -W512 -H 768 -C7.5 -Ak_euler -f 0.5')

    assert told == Told(
        tool="InvokeAI", prompt='a "red" fox', seed=42, steps=20, width=512, height=768, cfg_scale=7.5, sampler="euler", strength=0.5
    )  # fmt: skip


def test_json_of_a_program_is_its_own_wherever_it_stands() -> None:
    for said, tool in (
        (SWARMUI, "SwarmUI"),
        (INVOKEAI, "InvokeAI"),
        (FOOOCUS, "Fooocus"),
        (NOVELAI, "NovelAI"),
    ):
        told = read_text(json.dumps(said))

        assert told is not None
        assert told.tool == tool
    assert read_text('{"prompt": "a fox", "seed": 1}') == Told(prompt="a fox", seed=1)
    assert read_text('{"prompt": "a fox", "theme": "dark"}') is None


WORD = st.text('abcxyz 달과_-.()[]{}"\\,', min_size=1, max_size=20).map(str.strip).filter(bool)
NAME = st.text("abcxyzABC 0189_-.", min_size=1, max_size=20).map(str.strip).filter(bool)
WEIGHT = st.integers(-200, 200).map(lambda hundredths: hundredths / 100)


@settings(deadline=None, derandomize=True)
@given(
    WORD, WORD, st.sampled_from(sorted(SAMPLERS)), st.integers(0, 2**63 - 1), NAME, st.dictionaries(NAME, WEIGHT, max_size=4),
    st.integers(2, 12), st.booleans(),
)  # fmt: skip
def test_what_we_write_is_read_back_as_the_same_value(
    prompt: str,
    negative: str,
    sampler: str,
    seed: int,
    model: str,
    loras: dict[str, float],
    clip_skip: int,
    more: bool,
) -> None:
    said: dict[str, Any] = {
        "prompt": prompt, "negative_prompt": negative, "steps": 20, "sampler": sampler, "cfg_scale": 4.5, "seed": seed,
        "width": 512, "height": 768, "model": model, "model_hash": "abcdef0123", "clip_skip": clip_skip,
    }  # fmt: skip
    said |= {"vae": model, "strength": 0.25, "guidance": 3.5, "mask_blur": 4} if more else {}
    listed = [{"name": name, "weight": weight} for name, weight in loras.items()]

    told = read_text(write_infotext({**said, "loras": listed}, version="Pingvas Studio 1.2.3"))

    assert told is not None
    tags = " ".join(f"<lora:{name}:{weight:g}>" for name, weight in loras.items())
    named = tuple(ToldLora(name, weight, in_prompt=True) for name, weight in loras.items())
    expected = said | {"prompt": f"{prompt} {tags}".strip()}
    assert told == Told(
        **expected,
        tool="Pingvas Studio",
        version="1.2.3",
        loras=named,
        others={"RNG": "CPU", "Version": "Pingvas Studio 1.2.3"},
    )
