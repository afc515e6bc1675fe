"""How strongly a LoRA was trained to count: what its file, or the configuration beside it, says of alpha.

Rules as PEFT's: `lora_alpha` by the rank, or by its root (`use_rslora`), with exceptions by layer. No torch.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pingvas.engine.checkpoints.lora_keys import NETWORK

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
_MAX_CONFIG_BYTES = 4 * 1024 * 1024
# PEFT's own, for what a configuration leaves out.
_DEFAULT_ALPHA = 8.0
_PARTS = {
    "unet": NETWORK,
    "transformer": NETWORK,
    "text_encoder": "text_encoder",
    "text_encoder_2": "text_encoder_2",
    "text_encoder_3": "text_encoder_3",
}
# Ways to begin a training that change the model's own weights, so that the matrices alone mean something else.
_CHANGED_BASES = ("pissa", "olora", "corda", "loftq", "lora_ga", "milora")
# What PEFT can do besides that changes how the matrices act.
_UNKNOWN_WAYS = (
    "layer_replication", "megatron_config", "trainable_token_indices", "use_qalora", "use_bdlora",
    "alora_invocation_tokens", "arrow_config", "monteclora_config", "velora_config", "kasa_config", "target_parameters",
)  # fmt: skip
_PLAIN = re.compile(r"[\w.-]+")


class UnusableLora(ValueError):
    """Why a LoRA cannot be laid over a model: a clause that goes on from its name."""


@dataclass(frozen=True)
class _Pattern:
    """A number by a name in PEFT's `rank_pattern` or `alpha_pattern`, in the order they were given."""

    order: int
    value: float


class _Exceptions:
    """Numbers by layer: PEFT's patterns fit a layer's whole name, or its end behind a dot; the first that fits counts."""

    def __init__(self, said: Any, what: str) -> None:
        self._plain: dict[str, _Pattern] = {}
        self._others: list[tuple[re.Pattern[str], _Pattern]] = []
        if said is None:
            return
        if not isinstance(said, Mapping):
            raise UnusableLora(f"cannot be used: its {what} is no table")
        for order, (name, value) in enumerate(said.items()):
            pattern = _Pattern(order, _number(value, what))
            # Whole names stand there by the hundred, and are looked up; expressions are few.
            if _PLAIN.fullmatch(name):
                self._plain.setdefault(name, pattern)
            else:
                self._others.append((_compiled(name, what), pattern))

    def find(self, layer: str) -> float | None:
        """The number for a layer, where there is one of its own."""
        words = layer.split(".")
        ends = (".".join(words[start:]) for start in range(len(words)))
        fits = [self._plain[end] for end in ends if end in self._plain]
        fits += [pattern for expression, pattern in self._others if expression.match(layer)]
        return min(fits, key=lambda pattern: pattern.order).value if fits else None


class _PeftConfig:
    """What a configuration of PEFT says of strength. Raises UnusableLora for what cannot be done here."""

    def __init__(self, said: Mapping[str, Any], where: str) -> None:
        self.where = where
        kind = str(said.get("peft_type") or "LORA")
        if kind.rpartition(".")[2].upper() != "LORA":
            raise UnusableLora(f"cannot be used: it is of PEFT's kind {kind[:40]}, and only LORA is read")
        begun = said.get("init_lora_weights")
        if isinstance(begun, str) and begun.lower().startswith(_CHANGED_BASES):
            raise UnusableLora(
                f"cannot be used: its training began with {begun[:40]}, which changed the model's own weights; save it again as a plain LoRA"
            )
        way = next((name for name in _UNKNOWN_WAYS if said.get(name)), None)
        if way is not None:
            raise UnusableLora(f"cannot be used: its {where} asks for {way}, which is not done here")
        self.rank = None if said.get("r") is None else _number(said["r"], "r")
        alpha = said.get("lora_alpha")
        self.alpha = _DEFAULT_ALPHA if alpha is None else _number(alpha, "lora_alpha")
        self.rooted = bool(said.get("use_rslora"))
        self.weight_decomposed = bool(said.get("use_dora"))
        self._ranks = _Exceptions(said.get("rank_pattern"), "rank_pattern")
        self._alphas = _Exceptions(said.get("alpha_pattern"), "alpha_pattern")

    def scale(self, layer: str, rank: int) -> float:
        """Alpha by the rank of a layer, or by its root. Raises UnusableLora when the configuration tells another rank."""
        said = self._ranks.find(layer)
        said = self.rank if said is None else said
        if said is not None and said != rank:
            raise UnusableLora(
                f"cannot be used: its {self.where} does not belong to it: {layer} has rank {rank} and not {said:g}"
            )
        alpha = self._alphas.find(layer)
        alpha = self.alpha if alpha is None else alpha
        return alpha / (math.sqrt(rank) if self.rooted else rank)


class Strengths:
    """What stands beside the tensors about how strongly they count.

    `metadata` is the file's own, `adapter` the content of PEFT's configuration. Raises UnusableLora for what these ask
    for and cannot be had.
    """

    def __init__(self, metadata: Mapping[str, str], adapter: Mapping[str, Any] | None = None) -> None:
        self._whole = None if adapter is None else _PeftConfig(adapter, ADAPTER_CONFIG)
        self._parts = _by_part(metadata.get("lora_adapter_metadata"))
        self._metadata = metadata

    def scale(self, part: str, layer: str, rank: int) -> float:
        """What to multiply a layer's correction with. `layer` is its name in the file, behind that of the part."""
        config = self._parts.get(part) or self._whole
        return 1.0 if config is None else config.scale(layer, rank)

    def expects_magnitude(self, part: str) -> bool:
        """Whether every layer of a part has lengths for the rows of its weight (DoRA)."""
        config = self._parts.get(part) or self._whole
        return config is not None and config.weight_decomposed

    def trained_alpha(self, rank: int) -> float | None:
        """What kohya's trainers note of alpha, where it is of layers of this rank: for files that lost the tensors."""
        said = [self._metadata.get(f"ss_network_{name}") for name in ("dim", "alpha")]
        try:
            dim, alpha = (float(value or "nan") for value in said)
        except ValueError:
            return None
        return alpha if dim == rank and math.isfinite(alpha) else None


def find_adapter_config(path: Path) -> Path | None:
    """PEFT's configuration in the folder `path`, or beside the file `path` if that has the name PEFT gives to weights."""
    if path.is_dir():
        config = path / ADAPTER_CONFIG
    elif path.name == ADAPTER_WEIGHTS:
        config = path.with_name(ADAPTER_CONFIG)
    else:
        return None
    return config if config.is_file() else None


def read_adapter_config(path: Path) -> dict[str, Any]:
    """The content of PEFT's configuration. Raises UnusableLora."""
    try:
        if path.stat().st_size > _MAX_CONFIG_BYTES:
            raise ValueError("too large")
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnusableLora(f"cannot be used: its {ADAPTER_CONFIG} cannot be read") from error
    if not isinstance(found, dict):
        raise UnusableLora(f"cannot be used: its {ADAPTER_CONFIG} is no configuration")
    return found


def _by_part(text: str | None) -> dict[str, _PeftConfig]:
    """What diffusers writes into the header: PEFT's configuration of every part, its name before each setting."""
    if not text:
        return {}
    where = "lora_adapter_metadata"
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnusableLora(f"cannot be used: its {where} cannot be read") from error
    if not isinstance(found, dict):
        raise UnusableLora(f"cannot be used: its {where} cannot be read")
    parts: dict[str, dict[str, Any]] = {}
    for key, value in found.items():
        prefix, _, name = key.partition(".")
        # Settings without a part are of the part that draws.
        part, name = (_PARTS[prefix], name) if prefix in _PARTS and name else (NETWORK, key)
        parts.setdefault(part, {})[name] = value
    return {part: _PeftConfig(said, where) for part, said in parts.items()}


def _number(value: Any, what: str) -> float:
    # JSON knows numbers that no float holds.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        raise UnusableLora(f"cannot be used: its {what} is no number that makes sense")
    return float(value)


def _compiled(pattern: str, what: str) -> re.Pattern[str]:
    # Python's expressions can take for ever; none that PEFT's users write repeats a group.
    if len(pattern) > 500 or re.search(r"\)[*+?{]", pattern) or len(re.findall(r"[*+?{]", pattern)) > 4:
        raise UnusableLora(f"cannot be used: its {what} has an expression that is not understood")
    try:
        return re.compile(rf"(.*\.)?({pattern})$")
    except re.error as error:
        raise UnusableLora(f"cannot be used: its {what} has an expression that is not understood") from error
