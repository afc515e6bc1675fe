"""What another program wrote into an uploaded file, as the image's row keeps it, and which of it can be used here.

It stands beside the parameters, under `metadata`: the program, the models it named, and the texts as they were found.
Nothing of it is believed: whoever reads it here gets values of the kinds that are named, or none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

METADATA = "metadata"
"""The name in `generation_params`; no parameter of a job is called so."""

Kind = Literal["checkpoint", "vae", "lora", "embedding"]

# Characters of a text, and of all texts of an image; the file keeps the rest.
_MAX_RAW, _MAX_RAW_IN_ALL = 20_000, 40_000
_TAG = re.compile(r"[ \t]*<(?:lora|lyco):([^<>:\n]{1,200})((?::[^<>\n]{0,200})?)>", re.IGNORECASE)


@dataclass(frozen=True)
class NamedModel:
    """A model that a picture names, by the words of the program that wrote it."""

    kind: Kind
    name: str
    hash: str | None = None
    weight: float | None = None


def raw_texts(texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Texts as they were found, and how many characters were cut off each."""
    room, raw = _MAX_RAW_IN_ALL, []
    for place, text in texts.items():
        kept = text[: min(_MAX_RAW, room)]
        room -= len(kept)
        raw.append({"place": place, "text": kept, "cut": len(text) - len(kept)})
    return raw


def parameters_of(generation_params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters without what another program wrote."""
    return {name: value for name, value in generation_params.items() if name != METADATA}


def metadata_of(generation_params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What another program wrote; None: nothing."""
    found = generation_params.get(METADATA)
    return found if isinstance(found, Mapping) else None


def models_named(generation_params: Mapping[str, Any]) -> list[NamedModel]:
    """Every model that another program named: checkpoint, VAE, LoRAs in their order, embeddings."""
    metadata = metadata_of(generation_params)
    if metadata is None:
        return []
    told: list[NamedModel] = []
    if name := _text(generation_params.get("model")):
        told.append(NamedModel("checkpoint", name, _text(generation_params.get("model_hash"))))
    if name := _text(generation_params.get("vae")):
        told.append(NamedModel("vae", name))
    for kind, listed in (("lora", "loras"), ("embedding", "embeddings")):
        for each in _objects(metadata.get(listed)):
            if name := _text(each.get("name")):
                weight = each.get("weight")
                weighs = float(weight) if isinstance(weight, int | float) else None
                told.append(
                    NamedModel(
                        "lora" if kind == "lora" else "embedding", name, _text(each.get("hash")), weighs
                    )
                )
    return told


def usable_parameters(
    generation_params: Mapping[str, Any],
    models: Sequence[NamedModel],
    names: Sequence[str | None],
    *,
    keep_unresolved: bool,
) -> dict[str, Any]:
    """The parameters with models under their `names` here, one for each of `models`; None: it is not here.

    What is not here is left out, with its tag in the prompt; `keep_unresolved`: it stays, to be refused by its name.
    """
    here = {(model.kind, model.name): name for model, name in zip(models, names, strict=True)}
    usable = parameters_of(generation_params)
    kinds: tuple[tuple[str, Kind], ...] = (("model", "checkpoint"), ("vae", "vae"))
    for field, kind in kinds:
        said = str(usable.get(field))
        if (kind, said) in here:
            name = here[kind, said]
            if name is not None:
                usable[field] = name
            elif not keep_unresolved:
                del usable[field]

    def known(said: str) -> str | None:
        return here.get(("lora", said)) or (said if keep_unresolved else None)

    listed = [{**each, "name": known(str(each.get("name")))} for each in _objects(usable.get("loras"))]
    if "loras" in usable:
        usable["loras"] = [each for each in listed if each["name"] is not None]
    prompt = usable.get("prompt")
    if isinstance(prompt, str):
        usable["prompt"] = _TAG.sub(lambda tag: _with_name(tag, known(tag[1].strip())), prompt).strip()
    return usable


def _with_name(tag: re.Match[str], name: str | None) -> str:
    if name is None:
        return ""
    blank = tag[0][: len(tag[0]) - len(tag[0].lstrip())]
    return f"{blank}<lora:{name}{tag[2]}>"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
