"""The LoRA that ships is complete, of the known formats and does what it says, and the ControlNet is followed."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.torch import load_file, save_file

from models.recipe.base import open_base
from models.recipe.controlnet import Guided, as_condition, new_control, wake
from models.recipe.data import drawing
from models.recipe.edges import agreement, canny
from models.recipe.judge import open_pipeline
from models.recipe.judge_parts import add_lora_file, control_pipeline, follows, with_control, with_lora
from models.recipe.lora import add_lora, export, take_over
from models.recipe.pencil import line_darkness, pencil
from models.recipe.prompts import plain_prompt
from models.recipe.scene import sample_scene
from pingvas.engine.checkpoints.lora_files import read_lora
from pingvas.engine.requests import LoraUse

MODELS = Path(__file__).parents[2] / "models"
BASE, LORA, CONTROL = (MODELS / name for name in ("pingvas-mini", "pingvas-pencil", "pingvas-canny"))
PROMPTS = ["a red house in the hills by day", "mountains at dawn"]
CFG, STEPS = 2.0, 5
UNSEEN = 12_000_000


@pytest.fixture(scope="module")
def pipe() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return open_pipeline(BASE)


def colour_of(pictures: npt.NDArray[np.uint8]) -> float:
    return float((pictures.max(axis=3).astype(int) - pictures.min(axis=3)).mean())


# The LoRA -----------------------------------------------------------------------------------------------------------


def test_every_tensor_of_the_lora_is_loaded(pipe: Any) -> None:
    stored = load_file(LORA / "model.safetensors")
    add_lora_file(pipe, LORA)
    loaded = [name for name, _ in pipe.unet.named_parameters() if ".lora_" in name]
    pipe.unload_lora_weights()
    assert len(loaded) == len(stored) > 100


def test_the_lora_turns_pictures_to_pencil_drawings_with_darker_lines_and_less_colour(pipe: Any) -> None:
    add_lora_file(pipe, LORA)
    without, full = (with_lora(pipe, weight, PROMPTS, CFG, STEPS) for weight in (0.0, 1.0))
    pipe.unload_lora_weights()
    assert np.mean([line_darkness(p) for p in full]) > np.mean([line_darkness(p) for p in without]) + 5
    assert colour_of(full) < 0.6 * colour_of(without)


def test_a_lora_can_go_on_from_one_that_is_there(tmp_path: Path) -> None:
    base = open_base(BASE, torch.device("cpu"))
    add_lora(base.parts.unet)

    take_over(base.parts.unet, LORA / "model.safetensors")

    export(base, tmp_path)
    before, after = load_file(LORA / "model.safetensors"), load_file(tmp_path / "model.safetensors")
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_a_file_with_other_tensors_is_no_start_for_a_lora(tmp_path: Path) -> None:
    base = open_base(BASE, torch.device("cpu"))
    add_lora(base.parts.unet)
    save_file({"unet.elsewhere.lora_A.weight": torch.zeros(2, 2)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="does not fit"):
        take_over(base.parts.unet, tmp_path / "other.safetensors")


def test_lines_are_dark_in_pencil_drawings_and_not_in_others() -> None:
    drawings = [drawing(UNSEEN + i) for i in range(6)]
    assert max(map(line_darkness, drawings)) < min(line_darkness(pencil(d)) for d in drawings)


def test_the_same_lora_in_kohyas_names_is_read_as_the_same(tmp_path: Path) -> None:
    stored = load_file(LORA / "model.safetensors")
    kohya = {}
    for name, value in stored.items():
        module, half = name.removeprefix("unet.").removesuffix(".weight").rsplit(".", 1)
        short = "lora_unet_" + module.replace(".", "_")
        kohya[f"{short}.{'lora_down' if half == 'lora_A' else 'lora_up'}.weight"] = value
        if half == "lora_A":
            kohya[f"{short}.alpha"] = torch.tensor(float(len(value)))
    save_file(kohya, tmp_path / "kohya.safetensors")
    ours = read_lora(LoraUse("ours", LORA, 1.0), "sd1")
    theirs = {
        each.targets: each
        for each in read_lora(LoraUse("theirs", tmp_path / "kohya.safetensors", 1.0), "sd1")
    }
    assert theirs.keys() == {each.targets for each in ours}
    assert all(torch.equal(theirs[each.targets].down, each.down) for each in ours)
    assert all(torch.equal(theirs[each.targets].up, each.up) for each in ours)


# The ControlNet -----------------------------------------------------------------------------------------------------


def test_pictures_follow_the_edges_they_are_given(pipe: Any) -> None:
    seeds = range(UNSEEN, UNSEEN + 3)
    edges = np.stack([canny(drawing(seed)) for seed in seeds])
    prompts = [plain_prompt(sample_scene(seed))[0] for seed in seeds]
    guided = control_pipeline(pipe, CONTROL)
    free, bound = (with_control(guided, weight, prompts, edges, CFG, STEPS) for weight in (0.0, 1.0))
    assert follows(bound, edges) > follows(free, edges) + 0.15


def test_a_control_that_has_not_learnt_changes_nothing(pipe: Any) -> None:
    torch.manual_seed(0)
    guided = Guided(pipe.unet, new_control(pipe.unet).eval())
    guided.edges = torch.rand(2, 3, 128, 128).round()
    noisy, times, words = torch.randn(2, 8, 8, 8), torch.tensor([900, 300]), torch.randn(2, 77, 128)
    with torch.no_grad():
        assert torch.equal(
            guided(noisy, times, words).sample,
            pipe.unet(noisy, times, words).sample,
        )


def test_the_layers_that_read_edges_tell_pictures_apart_once_awake(pipe: Any) -> None:
    control = new_control(pipe.unet)
    edges = as_condition(np.stack([canny(drawing(UNSEEN + i)) for i in range(4)]))
    wake(control.controlnet_cond_embedding, edges)
    with torch.no_grad():
        assert float(control.controlnet_cond_embedding(edges).std(dim=0).mean()) > 0.1


def test_edges_agree_with_themselves_and_not_with_others() -> None:
    one, other = (canny(drawing(UNSEEN + i)) for i in range(2))
    assert agreement(one, one) == pytest.approx(1)
    assert agreement(one, other) < 0.6
    nothing: npt.NDArray[np.bool_] = np.zeros_like(one)
    assert agreement(nothing, nothing) == 1
    assert agreement(one, nothing) == 0


def test_they_are_small_safetensors_with_a_description() -> None:
    for folder, kind in ((LORA, "lora"), (CONTROL, "controlnet")):
        about = json.loads((folder / "studio.json").read_text())
        assert (about["name"], about["model_type"], about["base"]) == (folder.name, kind, "pingvas-mini")
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) <= 10_000_000
        assert {path.suffix for path in files} <= {".safetensors", ".json", ".md"}
