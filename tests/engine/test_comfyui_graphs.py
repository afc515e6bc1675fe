"""From the saved picture back to its sampler, through whatever stands between; circles and broken links end."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from pingvas.engine.images.dialects.read import read_json
from pingvas.engine.images.dialects.told import Told, ToldLora
from tests.make.foreign_notes import COMFYUI, NEGATIVE, PROMPT, WORKFLOW


def changed(**nodes: dict[str, Any] | None) -> dict[str, Any]:
    """The graph with other nodes under these names (`n6` is 6); None: without it."""
    graph = copy.deepcopy(COMFYUI)
    for name, node in nodes.items():
        if node is None:
            del graph[name[1:]]
        else:
            graph[name[1:]] = {"class_type": node.pop("kind"), "inputs": node}
    return graph


def read(graph: dict[str, Any]) -> Told:
    told = read_json(json.loads(json.dumps(graph)))
    assert told is not None
    return told


ENCODED = {"kind": "CLIPTextEncode", "clip": ["4", 1]}
WAYS: dict[str, dict[str, Any]] = {
    "a reroute": changed(n6={"kind": "Reroute", "": ["20", 0]}, n20={**ENCODED, "text": PROMPT}),
    "a linked text": changed(n6={**ENCODED, "text": ["20", 0]}, n20={"kind": "PrimitiveStringMultiline", "value": PROMPT}),
    "two reroutes before a text": changed(
        n6={**ENCODED, "text": ["20", 0]}, n20={"kind": "Reroute", "": ["21", 0]}, n21={"kind": "Reroute", "": ["22", 0]},
        n22={"kind": "String Literal", "string": PROMPT},
    ),
    "joined texts": changed(
        n6={**ENCODED, "text": ["20", 0]},
        n20={"kind": "StringConcatenate", "string_a": "a winged", "string_b": ["21", 0], "delimiter": " "},
        n21={"kind": "PrimitiveString", "value": "fox"},
    ),
    "a ControlNet for both": changed(
        n6={"kind": "ControlNetApplyAdvanced", "positive": ["20", 0], "negative": ["21", 0], "control_net": ["4", 0], "image": ["4", 0]},
        n7={"kind": "Reroute", "": ["6", 1]}, n20={**ENCODED, "text": PROMPT}, n21={**ENCODED, "text": NEGATIVE},
    ),
    "SDXL's encoder": changed(
        n6={"kind": "CLIPTextEncodeSDXL", "text_g": PROMPT, "text_l": PROMPT, "width": 1024, "height": 1024, "clip": ["4", 1]}
    ),
    "FLUX' encoder and guidance": changed(
        n6={"kind": "FluxGuidance", "guidance": 3.5, "conditioning": ["20", 0]},
        n20={"kind": "CLIPTextEncodeFlux", "clip_l": PROMPT, "t5xxl": PROMPT, "guidance": 1.0, "clip": ["4", 1]},
    ),
    "conditionings that are joined": changed(
        n6={"kind": "ConditioningConcat", "conditioning_to": ["20", 0], "conditioning_from": ["21", 0]},
        n20={**ENCODED, "text": PROMPT}, n21={**ENCODED, "text": PROMPT},
    ),
    "a loader with words of its own": changed(n6={"kind": "Efficient Loader", "positive": PROMPT, "negative": "x"}),
    "a picture that is only shown": changed(n9={"kind": "PreviewImage", "images": ["8", 0]}),
    "another picture beside it": changed(
        n0={"kind": "KSampler", "seed": 1, "steps": 2, "positive": ["7", 0], "negative": ["6", 0], "latent_image": ["5", 0]}
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_words_are_found_on_every_way_to_the_sampler(way: str) -> None:
    told = read(WAYS[way])

    assert (told.prompt, told.negative_prompt, told.seed) == (PROMPT, NEGATIVE, 42)


def test_several_parts_are_said_one_after_the_other() -> None:
    graph = changed(
        n6={"kind": "ConditioningCombine", "conditioning_1": ["20", 0], "conditioning_2": ["21", 0]},
        n20={**ENCODED, "text": "a fox"}, n21={**ENCODED, "text": "a bird"},
        n7={"kind": "ConditioningZeroOut", "conditioning": ["20", 0]},
    )  # fmt: skip

    told = read(graph)

    assert (told.prompt, told.negative_prompt) == ("a fox, a bird", "")


def test_a_sampler_that_is_put_together_is_read_from_its_parts() -> None:
    graph = changed(
        n3={"kind": "SamplerCustomAdvanced", "noise": ["20", 0], "guider": ["21", 0], "sampler": ["22", 0], "sigmas": ["23", 0], "latent_image": ["5", 0]},
        n20={"kind": "RandomNoise", "noise_seed": 7}, n21={"kind": "BasicGuider", "model": ["24", 0], "conditioning": ["25", 0]},
        n22={"kind": "KSamplerSelect", "sampler_name": "euler"},
        n23={"kind": "BasicScheduler", "scheduler": "simple", "steps": 28, "denoise": 0.6, "model": ["24", 0]},
        n24={"kind": "UNETLoader", "unet_name": "flux1-dev.safetensors", "weight_dtype": "default"},
        n25={"kind": "FluxGuidance", "guidance": 3.5, "conditioning": ["6", 0]},
    )  # fmt: skip

    told = read(graph)

    assert told == Told(
        tool="ComfyUI", prompt=PROMPT, seed=7, steps=28, sampler="euler", strength=0.6, guidance=3.5, width=512, height=768,
        model="flux1-dev.safetensors", vae="bright.safetensors", clip_skip=2, others={"Schedule type": "simple"},
    )  # fmt: skip


def test_of_several_passes_the_first_one_made_the_picture() -> None:
    second = {**COMFYUI["3"]["inputs"], "seed": 99, "denoise": 0.5, "latent_image": ["20", 0]}
    graph = changed(
        n8={"kind": "VAEDecode", "samples": ["21", 0], "vae": ["12", 0]},
        n20={"kind": "LatentUpscale", "samples": ["3", 0], "width": 1024, "height": 1536},
        n21={"kind": "KSampler", **second},
    )

    told = read(graph)

    assert (told.seed, told.strength, told.width, told.height) == (42, None, 512, 768)


def test_numbers_may_be_linked_too() -> None:
    asked = {**COMFYUI["3"]["inputs"], "seed": ["20", 0], "steps": ["21", 0], "cfg": ["22", 0]}
    graph = changed(
        n3={"kind": "KSampler", **asked}, n20={"kind": "Seed (rgthree)", "seed": 5}, n21={"kind": "PrimitiveInt", "value": 30},
        n22={"kind": "PrimitiveFloat", "value": 4.5}, n5={"kind": "EmptyLatentImage", "width": ["23", 0], "height": ["23", 0]},
        n23={"kind": "PrimitiveInt", "value": 640},
    )  # fmt: skip

    told = read(graph)

    assert (told.seed, told.steps, told.cfg_scale, told.width, told.height) == (5, 30, 4.5, 640, 640)


def test_nodes_with_many_loras_are_read_row_by_row() -> None:
    graph = changed(
        n10={
            "kind": "Power Lora Loader (rgthree)", "model": ["20", 0], "clip": ["4", 1],
            "lora_1": {"on": True, "lora": "one.safetensors", "strength": 0.5},
            "lora_2": {"on": False, "lora": "off.safetensors", "strength": 1},
            "lora_3": {"on": True, "lora": "two.safetensors", "strength": 0.25},
        },
        n20={"kind": "CR Apply LoRA Stack", "model": ["4", 0], "clip": ["4", 1], "lora_stack": ["21", 0]},
        n21={
            "kind": "CR LoRA Stack", "switch_1": "On", "lora_name_1": "three.safetensors", "model_weight_1": 0.75,
            "switch_2": "Off", "lora_name_2": "four.safetensors", "model_weight_2": 1, "lora_name_3": "None",
        },
    )  # fmt: skip

    told = read(graph)

    assert told.loras == (
        ToldLora("three.safetensors", 0.75),
        ToldLora("one.safetensors", 0.5),
        ToldLora("two.safetensors", 0.25),
        ToldLora("night.safetensors", -0.5),
    )


@pytest.mark.parametrize("name", ["4", "5", "7", "10", "11", "12", "13"])
def test_a_link_to_nowhere_takes_away_only_what_stood_there(name: str) -> None:
    told = read(changed(**{f"n{name}": None}))

    assert (told.prompt, told.seed, told.steps) == (PROMPT, 42, 20)


def test_circles_end() -> None:
    graph = changed(
        n4={
            "kind": "LoraLoader",
            "lora_name": "round",
            "strength_model": 1,
            "model": ["11", 0],
            "clip": ["13", 0],
        },
        n5={"kind": "LatentUpscale", "samples": ["3", 0]},
        n7={"kind": "ConditioningCombine", "conditioning_1": ["7", 0], "conditioning_2": ["7", 0]},
    )

    told = read(graph)

    assert (told.prompt, told.negative_prompt, told.model) == (PROMPT, "", None)
    assert [each.name for each in told.loras] == ["round", "pencil.safetensors", "night.safetensors"]


def test_what_is_switched_off_and_what_is_bypassed_is_not_used() -> None:
    shown = copy.deepcopy(WORKFLOW)
    for node in shown["nodes"]:
        if node["id"] == 11:
            node["mode"] = 4
        if node["id"] == 12:
            node["mode"] = 2

    told = read(shown)

    assert (told.prompt, told.vae, told.model) == (PROMPT, None, "sdxl/mini.safetensors")
    assert told.loras == (ToldLora("pencil.safetensors", 0.8),)


def test_a_graph_may_stand_inside_an_object() -> None:
    for holder in (
        {"prompt": COMFYUI, "workflow": WORKFLOW},
        {"workflow": json.dumps(WORKFLOW)},
        {"prompt": json.dumps(COMFYUI)},
    ):
        assert read(holder).prompt == PROMPT


def test_a_graph_that_samples_nothing_says_nothing() -> None:
    assert read_json({"1": {"class_type": "LoadImage", "inputs": {"image": "x.png"}}}) is None
    assert read_json(changed(n6=None)) is None
    assert read_json({"nodes": [], "links": []}) is None
