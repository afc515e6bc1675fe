"""`docs/models.md` speaks of options, kinds and families that exist, and of all of them."""

import re
import shlex
from typing import get_args

from typer.main import get_command

from pingvas.base.settings import REPOSITORY, Settings
from pingvas.catalog.families import habits_of
from pingvas.cli import app
from pingvas.engine.checkpoints.detected import FAMILIES, Detected, Kind

PAGE = (REPOSITORY / "docs" / "models.md").read_text()


def options() -> dict[str, set[str]]:
    """Each command of `pingvas models` and what may be said to it."""
    group = get_command(app).commands["models"]  # type: ignore[attr-defined]
    return {
        name: {option for parameter in command.params for option in parameter.opts if option.startswith("-")}
        for name, command in group.commands.items()
    }


def test_every_command_and_option_of_the_page_exists_and_the_other_way_round() -> None:
    known = options()
    lines = [
        shlex.split(line, comments=True)[2:] for line in re.findall(r"^    (pingvas models .*)", PAGE, re.M)
    ]

    assert {command for command, *_ in lines} == set(known)
    for command, *words in lines:
        assert {word for word in words if word.startswith("--")} <= known[command] | {"--help"}
    named = set(re.findall(r"`(--[a-z-]+)", PAGE)) | {
        word for line in lines for word in line if word[:2] == "--"
    }
    assert named == {option for each in known.values() for option in each} - {"--name", "--display-name"}


def test_every_kind_and_family_of_the_page_exists() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.M)

    assert set(rows) == set(get_args(Kind)) - {"text_encoder", "unknown"}
    assert set(re.findall(r"`((?:sd|sdxl|flux)\d?)`", PAGE)) == set(FAMILIES)


def test_the_defaults_of_the_page_are_those_of_the_families() -> None:
    def width(family: str, prediction: str | None = None) -> int:
        detected = Detected("checkpoint", family, prediction)  # type: ignore[arg-type]
        return int(habits_of(detected)["defaults"]["width"])

    assert "512 px for `sd1`, 768 for `sd2` models that predict velocity, 1024 for `sdxl`, `sd3`" in PAGE
    assert (width("sd1"), width("sd2", "v_prediction"), width("sdxl"), width("sd3")) == (512, 768, 1024, 1024)
    assert "4 steps for FLUX.1 schnell; guidance 3.5 and CFG off for FLUX.1 dev" in PAGE
    schnell = habits_of(Detected("checkpoint", "flux", variant="schnell"))["defaults"]
    dev = habits_of(Detected("checkpoint", "flux", variant="dev"))["defaults"]
    assert (schnell["steps"], dev["guidance"], dev["cfg_scale"]) == (4, 3.5, 1.0)


def test_the_settings_of_the_page_exist() -> None:
    named = set(re.findall(r"`PINGVAS_([A-Z_]+)`", PAGE))

    assert named <= {name.upper() for name in Settings.model_fields}
