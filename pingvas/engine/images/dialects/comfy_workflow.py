"""The form of ComfyUI's graphs that people see (`workflow`): nodes with links by number, and values without names.

Which value is which, is known of the nodes that are read; of others only the links are followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from pingvas.engine.images.dialects.comfy_graph import MAX_INPUTS, MAX_NODES, Link, Node

_CONTROL = "control_after_generate"
# The inputs that the values of a node are, in their order.
_VALUES: dict[str, tuple[str, ...]] = {
    "KSampler": ("seed", _CONTROL, "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": (
        "add_noise", "noise_seed", _CONTROL, "steps", "cfg", "sampler_name", "scheduler", "start_at_step", "end_at_step",
        "return_with_leftover_noise",
    ),
    "SamplerCustom": ("add_noise", "noise_seed", _CONTROL, "cfg"),
    "RandomNoise": ("noise_seed", _CONTROL),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "CFGGuider": ("cfg",),
    "FluxGuidance": ("guidance",),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl", "guidance"),
    "CLIPTextEncodeSDXL": ("width", "height", "crop_w", "crop_h", "target_width", "target_height", "text_g", "text_l"),
    "CLIPTextEncodeSDXLRefiner": ("ascore", "width", "height", "text"),
    "CLIPTextEncodeSD3": ("clip_l", "clip_g", "t5xxl", "empty_padding"),
    "CLIPSetLastLayer": ("stop_at_clip_layer",),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "CheckpointLoader": ("config_name", "ckpt_name"),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "UnetLoaderGGUF": ("unet_name",),
    "VAELoader": ("vae_name",),
    "CLIPLoader": ("clip_name", "type"),
    "DualCLIPLoader": ("clip_name1", "clip_name2", "type"),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "EmptySD3LatentImage": ("width", "height", "batch_size"),
    "LatentUpscale": ("upscale_method", "width", "height", "crop"),
    "PrimitiveNode": ("value",),
    "PrimitiveString": ("value",),
    "PrimitiveStringMultiline": ("value",),
    "PrimitiveInt": ("value", _CONTROL),
    "PrimitiveFloat": ("value",),
    "StringConcatenate": ("string_a", "string_b", "delimiter"),
    "ModelSamplingFlux": ("max_shift", "base_shift", "width", "height"),
}  # fmt: skip
_BYPASSED = 4
_OFF = 2


def graph_of_workflow(found: Mapping[str, Any]) -> dict[str, Node]:
    """The nodes in the form that is run; empty when it is no workflow. What is switched off is left out, what is bypassed
    hands on its first input."""
    nodes, links = found.get("nodes"), found.get("links")
    if not isinstance(nodes, list) or not isinstance(links, list):
        return {}
    ends = _ends(links)
    graph: dict[str, Node] = {}
    for node in nodes[:MAX_NODES]:
        name = _name(node.get("id")) if isinstance(node, dict) else None
        if name is None or not isinstance(node.get("type"), str) or node.get("mode") == _OFF:
            continue
        graph[name] = _bypass(node, ends) if node.get("mode") == _BYPASSED else _node(node, ends)
    return graph


def _node(node: Mapping[str, Any], ends: Mapping[str, Link]) -> Node:
    linked = _linked(node, ends)
    said = node.get("widgets_values")
    if isinstance(said, Mapping):
        values = {str(name): value for name, value in islice(said.items(), MAX_INPUTS)}
    elif isinstance(said, list):
        values = dict(zip(_VALUES.get(node["type"], ()), said, strict=False))
        # Rows of a node with many LoRAs are objects of their own.
        rows = [row for row in said[:MAX_INPUTS] if isinstance(row, dict) and "lora" in row]
        values |= {f"row_{place}": row for place, row in enumerate(rows)}
    else:
        values = {}
    # Lists stand for links in the other form, and here for nothing.
    plain = {name: value for name, value in values.items() if not isinstance(value, list)}
    return Node(node["type"], {**plain, **linked})


def _bypass(node: Mapping[str, Any], ends: Mapping[str, Link]) -> Node:
    return Node("Reroute", dict(islice(_linked(node, ends).items(), 1)))


def _linked(node: Mapping[str, Any], ends: Mapping[str, Link]) -> dict[str, Link]:
    """Inputs that links lead into."""
    inputs = node.get("inputs")
    linked: dict[str, Link] = {}
    for each in inputs[:MAX_INPUTS] if isinstance(inputs, list) else []:
        link = _name(each.get("link")) if isinstance(each, dict) else None
        if link is not None and link in ends:
            linked[str(each.get("name", ""))] = ends[link]
    return linked


def _ends(links: list[Any]) -> dict[str, Link]:
    """Where each link comes from: [number, node, output, …], or an object of the same."""
    ends: dict[str, Link] = {}
    for link in links[: 4 * MAX_NODES]:
        if isinstance(link, dict):
            number, node, slot = (link.get(name) for name in ("id", "origin_id", "origin_slot"))
        elif isinstance(link, list) and len(link) >= 3:
            number, node, slot = link[:3]
        else:
            continue
        name, origin = _name(number), _name(node)
        if name is not None and origin is not None and type(slot) is int:
            ends[name] = Link(origin, slot)
    return ends


def _name(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
