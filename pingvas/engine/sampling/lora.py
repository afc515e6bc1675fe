"""LoRAs: small corrections laid over a loaded model, several at once, put on and taken off without touching its weights.

A LoRA that does not fit the model as a whole is refused: half a LoRA is another picture than the one its maker meant,
and nobody would know why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import torch
from torch import nn

from pingvas.engine.checkpoints import detected
from pingvas.engine.checkpoints.lora_files import LayerCorrection, read_header_of, read_lora
from pingvas.engine.checkpoints.lora_keys import NETWORK
from pingvas.engine.checkpoints.lora_layers import LAYERS_PER_BLOCK, ModelShape
from pingvas.engine.checkpoints.lora_plan import FAMILY_TITLES, expect_family
from pingvas.engine.checkpoints.lora_strengths import UnusableLora
from pingvas.engine.errors import InvalidParameters
from pingvas.engine.families.family import Family
from pingvas.engine.requests import LoraUse
from pingvas.engine.sampling.corrected_layer import CorrectedLayer, Correction


def attach(family: Family, uses: Sequence[LoraUse]) -> None:
    """Have exactly these LoRAs on the model; those of weight 0 are left out.

    A weight w moves each layer by w (W' - W), where W' is the weight that the LoRA alone makes of the model's own W.
    Raises ModelNotFound, ModelLoadFailed (damaged, a pickle) or InvalidParameters (does not fit, or cannot be used as a
    whole); then none is on.
    """
    detach(family)
    parts = _parts(family)
    corrections: dict[tuple[str, str], list[Correction]] = {}
    with torch.no_grad():
        for use in uses:
            if use.weight == 0:
                continue
            for layer in read_lora(use, _family_of(family), _shape_of(family)):
                if layer.part not in parts:
                    raise InvalidParameters(
                        f"The LoRA {use.name} corrects a {layer.part}, which this model has not."
                    )
                for name, correction in _corrections(parts[layer.part], layer, use, family):
                    corrections.setdefault((layer.part, name), []).append(correction)
        for (part, name), several in corrections.items():
            _replace(parts[part], name, CorrectedLayer(parts[part].get_submodule(name), several))


def detach(family: Family) -> None:
    """Take every LoRA off; the model is bit for bit what it was."""
    for part in _parts(family).values():
        for name, module in list(part.named_modules()):
            if isinstance(module, CorrectedLayer):
                _replace(part, name, module.layer)


def _parts(family: Family) -> dict[str, Any]:
    """The modules that LoRAs may correct, by the name their part has."""
    names = ("text_encoder", "text_encoder_2", "text_encoder_3")
    # A refiner has the larger of two encoders alone.
    start = 1 if family.name == "sdxl" and len(family.text_encoders) == 1 else 0
    return {NETWORK: family.network, **dict(zip(names[start:], family.text_encoders, strict=False))}


def _family_of(family: Family) -> detected.Family:
    """The family by the name that files are told by: one class runs Stable Diffusion 1 and 2."""
    if family.name == "sd":
        return "sd2" if family.network.config.use_linear_projection else "sd1"
    return next(name for name in detected.FAMILIES if name == family.name)


def _shape_of(family: Family) -> ModelShape:
    config = family.network.config
    rows = config.get("layers_per_block", LAYERS_PER_BLOCK)
    return ModelShape(rows if isinstance(rows, int) else rows[0], config.get("num_layers"))


def _corrections(
    part: nn.Module, layer: LayerCorrection, use: LoraUse, family: Family
) -> list[tuple[str, Correction]]:
    """What a LoRA adds to each layer of the model that shares its rows. Raises InvalidParameters where it does not fit."""
    names, modules = [], []
    for target in layer.targets:
        name, module = _find(part, target.layer)
        if module is None:
            _refuse(use, family, f"it corrects {layer.name}, and this model has no {target.layer}")
        names.append(name)
        modules.append(module)
    weights = [module.weight for module in modules]
    down, up = _shaped_as(layer.down, weights[0]), layer.up.flatten(1)
    rows = [weight.shape[0] for weight in weights]
    if down is None or sum(rows) != len(up) or up.shape[1:] != down.shape[:1]:
        theirs, ours = (len(layer.up), *layer.down.shape[1:]), (sum(rows), *weights[0].shape[1:])
        _refuse(
            use, family, f"{layer.name} is made for a weight of shape {theirs}, and this model's is {ours}"
        )
    if any(target.swapped for target in layer.targets):
        up = torch.cat(up.chunk(2)[::-1])
    device = weights[0].device
    ups = torch.split(up.to(device), rows)
    factors = _factors(layer, weights, down.to(device), ups)
    biases = (None,) * len(rows) if layer.bias is None else torch.split(layer.bias.to(device), rows)
    return [
        (name, _weighed(use.weight, down.to(device), *each))
        for name, each in zip(names, zip(ups, factors, biases, strict=True), strict=True)
    ]


def _weighed(
    weight: float,
    down: torch.Tensor,
    up: torch.Tensor,
    factors: tuple[torch.Tensor | None, torch.Tensor | None],
    bias: torch.Tensor | None,
) -> Correction:
    """`weight` times what the LoRA makes of a layer, less the layer itself."""
    rows, columns = factors
    return Correction(
        down if columns is None else down * columns.view(1, -1, *[1] * (down.dim() - 2)),
        weight * (up if rows is None else up * rows[:, None]),
        None if rows is None else weight * (rows - 1),
        None if columns is None else weight * (columns - 1),
        None if bias is None else weight * bias,
    )


def _factors(
    layer: LayerCorrection,
    weights: Sequence[torch.Tensor],
    down: torch.Tensor,
    ups: Sequence[torch.Tensor],
) -> list[tuple[torch.Tensor | None, torch.Tensor | None]]:
    """What a DoRA multiplies the rows, or the columns, of W + up @ down with; (None, None) for a LoRA."""
    if layer.magnitude is None:
        return [(None, None)] * len(ups)
    magnitude = layer.magnitude.to(down.device)
    turned = [
        weight.float().flatten(1) + up @ down.flatten(1) for weight, up in zip(weights, ups, strict=True)
    ]
    if layer.by_column:
        # A column runs through all the layers that share it, and through the whole kernel.
        squares = sum(each.square().view(len(each), len(magnitude), -1).sum(dim=(0, 2)) for each in turned)
        columns = _divided(magnitude, torch.as_tensor(squares).sqrt())
        return [(None, columns)] * len(ups)
    if any(target.swapped for target in layer.targets):
        magnitude = torch.cat(magnitude.chunk(2)[::-1])
    parts = torch.split(magnitude, [len(each) for each in turned])
    return [(_divided(part, each.norm(dim=1)), None) for part, each in zip(parts, turned, strict=True)]


def _divided(wanted: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """What is all zeros stays so."""
    return torch.where(lengths > 0, wanted / lengths, 0.0)


def _shaped_as(down: torch.Tensor, weight: torch.Tensor) -> torch.Tensor | None:
    """`down` as a layer of this weight takes it: convolutions of single pixels are also written as matrices. None: misfit."""
    if down.shape[1:] == weight.shape[1:]:
        return down
    alone = all(side == 1 for side in (*down.shape[2:], *weight.shape[2:]))
    return down.view(len(down), *weight.shape[1:]) if alone and down.shape[1] == weight.shape[1] else None


def _find(part: nn.Module, name: str) -> tuple[str, Any]:
    """The layer under its name, or with a level more or less: text encoders differ in it by version. None: not there."""
    for each in (name, f"text_model.{name}", name.removeprefix("text_model.")):
        try:
            module = part.get_submodule(each)
        except AttributeError:
            continue
        if isinstance(module, nn.Linear | nn.Conv2d):
            return each, module
    return name, None


def _replace(part: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, own = name.rpartition(".")
    setattr(part.get_submodule(parent), own, module)


def _refuse(use: LoraUse, family: Family, why: str) -> NoReturn:
    """Raises InvalidParameters, naming the family that the LoRA was made for where its layers tell that it is another."""
    ours = _family_of(family)
    try:
        expect_family(read_header_of(use), ours)
    except UnusableLora as error:
        raise InvalidParameters(f"The LoRA {use.name} {error}.") from error
    raise InvalidParameters(f"The LoRA {use.name} does not fit this model of {FAMILY_TITLES[ours]}: {why}.")
