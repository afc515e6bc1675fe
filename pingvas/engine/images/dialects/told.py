"""What a picture says about how it was made, whichever program wrote it: one value for all dialects.

Names of models stand as they were said. A sampler is named only where it is one of ours; else it keeps its own name
among `others`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_NAME = 300
"""Characters of the name of a model."""
MAX_MODELS = 50
"""LoRAs, and embeddings, that are told."""


@dataclass(frozen=True)
class ToldLora:
    """A LoRA by the name that its program gave it. `in_prompt`: the prompt names it too, as a tag."""

    name: str
    weight: float = 1.0
    hash: str | None = None
    in_prompt: bool = False


@dataclass(frozen=True)
class ToldEmbedding:
    """An embedding (textual inversion) that the prompt calls."""

    name: str
    hash: str | None = None


@dataclass(frozen=True)
class Told:
    """None and empty: it is not said. `strength` is denoising strength, `guidance` the number that distilled models take.

    `others` are settings that have no name here, under their own.
    """

    tool: str | None = None
    version: str | None = None
    prompt: str = ""
    negative_prompt: str = ""
    seed: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    guidance: float | None = None
    sampler: str | None = None
    width: int | None = None
    height: int | None = None
    strength: float | None = None
    model: str | None = None
    model_hash: str | None = None
    vae: str | None = None
    clip_skip: int | None = None
    mask_blur: int | None = None
    loras: tuple[ToldLora, ...] = ()
    embeddings: tuple[ToldEmbedding, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)

    def parameters(self) -> dict[str, Any]:
        """Under the names of a job's parameters; LoRAs but for those that the prompt names itself."""
        named = {name: getattr(self, name) for name in _PARAMETERS}
        listed = [{"name": each.name, "weight": each.weight} for each in self.loras if not each.in_prompt]
        return {
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            **{name: value for name, value in named.items() if value is not None},
            **({"loras": listed} if listed else {}),
            **self.others,
        }

    def named_parts(self) -> dict[str, Any]:
        """What the parameters do not hold: the program, and LoRAs and embeddings with their hashes, as JSON."""
        loras = [
            {"name": each.name, "weight": each.weight, **({"hash": each.hash} if each.hash else {})}
            for each in self.loras
        ]
        embeddings = [
            {"name": each.name, **({"hash": each.hash} if each.hash else {})} for each in self.embeddings
        ]
        return {"tool": self.tool, "version": self.version, "loras": loras, "embeddings": embeddings}


_PARAMETERS = (
    "seed", "steps", "cfg_scale", "guidance", "sampler", "width", "height", "strength", "model", "model_hash", "vae",
    "clip_skip", "mask_blur",
)  # fmt: skip
