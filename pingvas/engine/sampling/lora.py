"""LoRAs: small corrections laid over a loaded model, several at once, put on and taken off without touching its weights.

A LoRA that does not fit the model as a whole is refused: half a LoRA is another picture than the one its maker meant,
and nobody would know why.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from pingvas.engine.checkpoints.lora_files import read_lora
from pingvas.engine.errors import InvalidParameters
from pingvas.engine.families.family import Family
from pingvas.engine.requests import LoraUse


def attach(family: Family, uses: Sequence[LoraUse]) -> None:
    """Have exactly these LoRAs on the model; those of weight 0 are left out.

    Raises ModelNotFound, ModelLoadFailed (damaged, a pickle) or InvalidParameters (made for another model); then
    none is on.
    """
    detach(family)
    parts = _parts(family)
    wanted = {f"lora_{number}": use for number, use in enumerate(uses) if use.weight != 0}
    worn: dict[str, list[str]] = {part: [] for part in parts}
    try:
        for name, use in wanted.items():
            network = next(iter(parts))
            for part, halves in read_lora(use, family.name, network, family.network.config).items():
                if part not in parts:
                    raise InvalidParameters(
                        f"The LoRA {use.name} corrects a {part}, which this model ({family.name}) has not."
                    )
                _inject(parts[part], name, halves, use, family)
                worn[part].append(name)
        for part, names in worn.items():
            _weigh(parts[part], names, [wanted[name].weight for name in names])
    except BaseException:
        detach(family)
        raise


def detach(family: Family) -> None:
    """Take every LoRA off; the model is bit for bit what it was."""
    from diffusers.utils import peft_utils

    remove: Any = peft_utils.recurse_remove_peft_layers
    for part in _parts(family).values():
        if getattr(part, "peft_config", None):
            remove(part)
            del part.peft_config


def _parts(family: Family) -> dict[str, Any]:
    """The modules that LoRAs may correct, by the name their keys have; the network first."""
    encoders = ("text_encoder", "text_encoder_2", "text_encoder_3")
    return {
        "transformer" if family.flow else "unet": family.network,
        **dict(zip(encoders, family.text_encoders, strict=False)),
    }


def _inject(part: Any, name: str, halves: Mapping[str, torch.Tensor], use: LoraUse, family: Family) -> None:
    from peft import LoraConfig, inject_adapter_in_model, set_peft_model_state_dict

    if not hasattr(part, "text_model"):
        # Older files know one more level in text encoders.
        halves = {key.removeprefix("text_model."): value for key, value in halves.items()}
    halves = {key: value.to(part.device, part.dtype) for key, value in halves.items()}
    modules = [key.removesuffix(".lora_A.weight") for key in halves if key.endswith(".lora_A.weight")]
    ranks = {module: halves[f"{module}.lora_A.weight"].shape[0] for module in modules}
    usual = Counter(ranks.values()).most_common(1)[0][0]
    others = {f"^{module}$": rank for module, rank in ranks.items() if rank != usual}
    # The alpha of the file is in the weights already, so alpha is the rank everywhere.
    config = LoraConfig(
        r=usual, lora_alpha=usual, rank_pattern=others, alpha_pattern=dict(others), target_modules=modules
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there are several LoRAs is meant
            inject_adapter_in_model(config, part, adapter_name=name, state_dict=dict(halves))
            outcome: Any = set_peft_model_state_dict(part, dict(halves), adapter_name=name)
    # Wrong shapes and missing modules fail in many ways below, each of which means the same here.
    except Exception as error:
        raise InvalidParameters(
            f"The LoRA {use.name} does not fit this model ({family.name}): it was made for another one."
        ) from error
    loaded = sum(name in getattr(module, "lora_A", ()) for module in part.modules())
    if outcome.unexpected_keys or loaded != len(modules):
        raise InvalidParameters(
            f"The LoRA {use.name} does not fit this model ({family.name}): {loaded} of its {len(modules)} layers do."
        )


def _weigh(part: Any, names: Sequence[str], weights: Sequence[float]) -> None:
    from diffusers.utils import peft_utils

    if names:
        put_on: Any = peft_utils.set_weights_and_activate_adapters
        put_on(part, list(names), list(weights))
        part.requires_grad_(False)
        part.eval()
