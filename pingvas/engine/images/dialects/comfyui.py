"""ComfyUI: from the picture that was saved back to the node that sampled it, and what that was given.

Both forms of a graph are read, the one that was run (`prompt`) and the one that people see (`workflow`). Where a picture
went through several samplers, the first of them made it; the others refined it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from pingvas.engine.images.dialects.comfy_graph import (
    Graph,
    Link,
    Node,
    behind,
    chain,
    find_value,
    graph_of,
    node_at,
    words_behind,
)
from pingvas.engine.images.dialects.comfy_workflow import graph_of_workflow
from pingvas.engine.images.dialects.json_text import parse_object
from pingvas.engine.images.dialects.told import MAX_MODELS, Told, ToldLora
from pingvas.engine.images.dialects.values import (
    MAX_SEED,
    MAX_SIDE,
    MAX_STEPS,
    integer,
    lora,
    loras,
    number,
    sampler,
    text,
)

TOOL = "ComfyUI"
_SAVES = ("SaveImage", "PreviewImage", "Image Save", "Save")
_MOST_SAVES, _MOST_STACKED, _LONGEST_CHAIN = 20, 50, 500
_MODEL_FILES = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name", "gguf_name")
_SEEDS = ("seed", "noise_seed", "value", "int", "Number")
_NUMBERS = ("value", "float", "int", "Number", "steps", "cfg", "width", "height")
_LATENTS = ("latent_image", "samples", "latent", "latents")


def read(found: Mapping[str, Any]) -> Told | None:
    """A graph of either form, or an object that holds one; None when there is none, or none that says how it was made."""
    graphs = [graph_of(found), graph_of_workflow(found)]
    for name, form in (("prompt", graph_of), ("workflow", graph_of_workflow)):
        inner = parse_object(found.get(name)) if isinstance(found.get(name), str | dict) else None
        if inner is not None:
            graphs.append(form(inner))
    return next((told for graph in graphs if graph and (told := _read_graph(graph)) is not None), None)


def _read_graph(graph: Graph) -> Told | None:
    asked = _find_sampler(graph)
    if asked is None:
        return None
    given = asked.inputs
    guider = node_at(graph, given.get("guider"))
    steered = given if guider is None else {**given, **guider.inputs}
    positive = steered.get("positive", steered.get("conditioning"))
    prompt = words_behind(graph, positive, "positive")
    if not prompt or not prompt.strip():
        return None
    seed = find_value(graph, given.get("seed", given.get("noise_seed", given.get("noise"))), _SEEDS, int)
    near = islice(behind(graph, given.get("sigmas")), _MOST_SAVES)
    sigmas = next((node for node in near if "steps" in node.inputs), None)
    planned = given if sigmas is None else {**sigmas.inputs, **given}
    our_sampler, kept = sampler(
        find_value(graph, planned.get("sampler_name", planned.get("sampler")), ("sampler_name",), str),
        find_value(graph, planned.get("scheduler"), ("scheduler",), str),
    )
    model = steered.get("model")
    denoise = number(find_value(graph, planned.get("denoise"), ("denoise", "value"), (int, float)), 1)
    width, height = _size(graph, given)
    return Told(
        tool=TOOL,
        prompt=prompt,
        negative_prompt=words_behind(graph, steered.get("negative"), "negative") or "",
        seed=integer(seed, MAX_SEED),
        steps=integer(find_value(graph, planned.get("steps"), ("steps", *_NUMBERS), int), MAX_STEPS),
        cfg_scale=number(find_value(graph, steered.get("cfg"), ("cfg", *_NUMBERS), (int, float))),
        guidance=_guidance(graph, positive),
        sampler=our_sampler,
        width=width,
        height=height,
        strength=denoise if denoise is not None and denoise < 1 else None,
        model=_model(graph, model),
        vae=_vae(graph, asked),
        clip_skip=_clip_skip(graph, positive),
        loras=_loras(graph, model),
        others=kept,
    )


# --- the sampler ---------------------------------------------------------------------------------------------------------


def _samples(node: Node) -> bool:
    """KSampler and its kind, or one that is put together from noise, guider, sampler and sigmas."""
    inputs = node.inputs
    if "guider" in inputs:
        return "sigmas" in inputs or "noise" in inputs
    return "positive" in inputs and bool({"seed", "noise_seed", "steps", "sigmas"} & inputs.keys())


def _find_sampler(graph: Graph) -> Node | None:
    """The first sampler of the picture that is saved; of a graph that saves nothing, any."""
    for saved in _saved(graph):
        near = next((node for node in behind(graph, saved) if _samples(node)), None)
        if near is not None:
            return _first_pass(graph, near)
    anyone = next((node for node in graph.values() if _samples(node)), None)
    return None if anyone is None else _first_pass(graph, anyone)


def _saved(graph: Graph) -> Iterator[Link]:
    """What goes into files, and then what is only shown."""
    ends = [
        node
        for node in graph.values()
        if node.kind.startswith(_SAVES) and isinstance(node.inputs.get("images"), Link)
    ]
    ends.sort(key=lambda node: node.kind.startswith("Preview"))
    yield from (node.inputs["images"] for node in ends[:_MOST_SAVES])


def _first_pass(graph: Graph, near: Node) -> Node:
    """Back along the latent picture; what comes from pixels is a picture of its own."""
    first = near
    for start in _LATENTS:
        for node in chain(graph, near.inputs.get(start), _LATENTS):
            if _samples(node):
                first = node
    return first


def _size(graph: Graph, given: Mapping[str, Any]) -> tuple[int | None, int | None]:
    for start in _LATENTS:
        for node in chain(graph, given.get(start), _LATENTS):
            if "width" in node.inputs and "height" in node.inputs:
                sides = [
                    find_value(graph, node.inputs[name], (name, *_NUMBERS), int)
                    for name in ("width", "height")
                ]
                return integer(sides[0], MAX_SIDE), integer(sides[1], MAX_SIDE)
    return None, None


# --- models --------------------------------------------------------------------------------------------------------------


def _model(graph: Graph, link: Any) -> str | None:
    for node in islice(chain(graph, link, ("model", "model1")), _LONGEST_CHAIN):
        for name in _MODEL_FILES:
            if (said := text(find_value(graph, node.inputs.get(name), (name, "value"), str))) is not None:
                return said
    return None


def _loras(graph: Graph, link: Any) -> tuple[ToldLora, ...]:
    """In the order in which they are put on the model."""
    nodes = islice(chain(graph, link, ("model", "model1")), _LONGEST_CHAIN)
    found = [each for node in nodes for each in _loras_of(graph, node)]
    return loras(reversed(found))


def _loras_of(graph: Graph, node: Node) -> list[ToldLora | None]:
    """Those of one node, the last one first."""
    inputs = node.inputs
    if "lora_name" in inputs:
        weight = find_value(
            graph, inputs.get("strength_model", inputs.get("strength")), ("value", "float"), (int, float)
        )
        return [lora(find_value(graph, inputs["lora_name"], ("lora_name", "value"), str), weight)]
    found: list[ToldLora | None] = []
    for name, value in islice(inputs.items(), MAX_MODELS):
        # Rows of a node with many: {"on": true, "lora": "…", "strength": 0.8}
        if (
            isinstance(value, Mapping)
            and isinstance(value.get("lora"), str)
            and value.get("on", True) is True
        ):
            found.append(lora(value["lora"], value.get("strength")))
        place = name.removeprefix("lora_name_")
        if (
            place != name
            and isinstance(value, str)
            and value != "None"
            and inputs.get(f"switch_{place}", "On") == "On"
        ):
            weight = inputs.get(
                f"model_weight_{place}", inputs.get(f"lora_wt_{place}", inputs.get(f"model_str_{place}"))
            )
            found.append(lora(value, weight))
    stack = inputs.get("lora_stack")
    if isinstance(stack, Link):
        for below in islice(chain(graph, stack, ("lora_stack",)), _MOST_STACKED):
            alone = {name: value for name, value in below.inputs.items() if name != "lora_stack"}
            found = [*_loras_of(graph, Node(below.kind, alone))[::-1], *found]
    return found[::-1]


def _vae(graph: Graph, asked: Node) -> str | None:
    """The file of a VAE that the picture was decoded with; a checkpoint's own is not named."""
    for saved in _saved(graph):
        for node in behind(graph, saved):
            if node is asked:
                break
            if "samples" in node.inputs and "vae" in node.inputs:
                for each in chain(graph, node.inputs["vae"], ("vae",)):
                    if (said := text(each.inputs.get("vae_name"))) is not None:
                        return said
                return None
    return None


def _clip_skip(graph: Graph, positive: Any) -> int | None:
    """Layers are counted from the end: -1 is the last, which is no skip."""
    for node in behind(graph, positive):
        layer = node.inputs.get("stop_at_clip_layer")
        if type(layer) is int:
            return -layer if -12 <= layer < -1 else None
    return None


def _guidance(graph: Graph, positive: Any) -> float | None:
    """Distilled guidance, which stands on the way of the words."""
    for node in behind(graph, positive):
        if "guidance" in node.inputs:
            return number(find_value(graph, node.inputs["guidance"], ("guidance", *_NUMBERS), (int, float)))
    return None
