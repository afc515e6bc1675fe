"""compose.yaml, those beside it and the image's recipe, as far as they can be read without containers.

Checked: the files against the Compose specification, and what they say of the studio against the studio. Not checked:
that the image builds and the containers run, for which one needs Docker and base images.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import typer.main
from jsonschema import Draft7Validator

from pingvas.adapters.sellers.sandbox import keys
from pingvas.base.settings import METRICS_PORT, REPOSITORY, Settings
from pingvas.cli import app as command_line
from pingvas.worker.running.job_context import WorkerTimeouts
from tests.deploy.conftest import read_compose

FILES = (
    "compose.yaml",
    "deploy/compose.gpu.yaml",
    "deploy/compose.sandbox.yaml",
    "deploy/compose.worker.yaml",
)
PROCESSES = ("migrate", "api", "worker", "chores")
_VARIABLE = re.compile(r"\$\{(\w+)(?::?[-?]((?:[^{}]|\$\{[^}]*\})*))?\}")


def seconds(duration: str) -> float:
    """`90s` in seconds; these files write nothing else."""
    assert duration.endswith("s")
    return float(duration[:-1])


def filled_in(value: str, **variables: str) -> str:
    """A value with its `${NAME:-default}` put in, as Compose does it."""

    def put(match: re.Match[str]) -> str:
        return variables.get(match[1]) or filled_in(match[2] or "", **variables)

    return _VARIABLE.sub(put, value)


def seconds_to_stop(service: dict[str, Any]) -> float:
    return seconds(service["stop_grace_period"])


@pytest.mark.parametrize("path", FILES)
def test_the_file_keeps_to_the_compose_specification(path: str) -> None:
    schema = json.loads(
        files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text()
    )

    found = Draft7Validator(schema).iter_errors(read_compose(path))

    assert [f"{error.json_path}: {error.message}" for error in found] == []


@pytest.mark.parametrize("path", FILES)
def test_every_variable_is_a_setting(path: str) -> None:
    known = {f"PINGVAS_{name.upper()}" for name in Settings.model_fields}

    services = read_compose(path)["services"].values()
    named = {name for each in services for name in each.get("environment", {}) if name.startswith("PINGVAS_")}

    assert named <= known


def test_what_the_processes_find_makes_a_studio(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    variables = {"POSTGRES_PASSWORD": "0123abcd", "PINGVAS_PORT": "9000"}

    for process in PROCESSES:
        # when
        for name, value in compose["services"][process]["environment"].items():
            monkeypatch.setenv(name, filled_in(value, **variables))
        settings = Settings(_env_file=None)

        # then: what is to be kept is in the volume
        assert settings.database_url == "postgresql://pingvas:0123abcd@postgres:5432/pingvas"
        assert settings.storage_location == "file:///data/storage"
        assert settings.base_url == "http://localhost:9000"
        assert compose["services"][process]["volumes"] == [f"studio:{settings.data_dir}"]
    published, metrics = compose["services"]["api"]["ports"]
    assert filled_in(published, **variables) == f"127.0.0.1:9000:{settings.port}"
    assert filled_in(metrics, **variables) == f"127.0.0.1:{METRICS_PORT}:{settings.api_metrics_port}"
    assert settings.metrics_host == "0.0.0.0"  # noqa: S104 - inside the container
    postgres = compose["services"]["postgres"]["environment"]
    assert filled_in(postgres["POSTGRES_PASSWORD"], **variables) == "0123abcd"


@pytest.mark.parametrize("path", ["compose.yaml", "deploy/compose.worker.yaml"])
def test_every_command_exists(path: str) -> None:
    commands = typer.main.get_command(command_line).commands  # type: ignore[attr-defined]
    text = (REPOSITORY / path).read_text()

    run = {
        tuple(each["command"])
        for each in read_compose(path)["services"].values()
        if "PINGVAS_DATABASE_URL" in each.get("environment", {})
    }
    told = set(re.findall(r"exec api pingvas (\w+)", text))

    assert run == ({(name,) for name in PROCESSES} if path == "compose.yaml" else {("worker",)})
    assert {name for (name,) in run} | told <= set(commands)


def test_the_sandbox_is_asked_where_it_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    services = read_compose("deploy/compose.sandbox.yaml")["services"]
    found = {}

    # when
    for name in ("api", "sandbox"):
        with monkeypatch.context() as patched:
            for variable, value in services[name]["environment"].items():
                patched.setenv(variable, value)
            found[name] = Settings(_env_file=None)

    # then
    api, sandbox = found["api"], found["sandbox"]
    assert (api.seller, sandbox.seller) == ("sandbox", "sandbox")
    assert keys.api_url(api) == f"http://sandbox:{sandbox.sandbox_port}/v1"
    assert sandbox.sandbox_url == "http://localhost:8401"
    assert services["sandbox"]["ports"] == [f"127.0.0.1:8401:{sandbox.sandbox_port}"]
    assert services["sandbox"]["command"][0] in typer.main.get_command(command_line).commands  # type: ignore[attr-defined]
    assert services["chores"]["environment"] == services["api"]["environment"]


def test_nothing_starts_before_the_schema_is_there(compose: dict[str, Any]) -> None:
    services = compose["services"]

    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for process in ("api", "worker", "chores"):
        assert services[process]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert services[process]["restart"] == "unless-stopped"


@pytest.mark.parametrize("path", ["compose.yaml", "deploy/compose.worker.yaml"])
def test_a_worker_may_take_as_long_to_stop_as_it_takes(path: str) -> None:
    worker = read_compose(path)["services"]["worker"]
    timeouts = WorkerTimeouts()

    assert seconds_to_stop(worker) >= timeouts.drain + timeouts.abort + 15


def test_a_worker_elsewhere_needs_the_database_the_storage_and_a_folder_for_models() -> None:
    worker = read_compose("deploy/compose.worker.yaml")["services"]["worker"]

    environment = worker["environment"]
    must_be_given = {name for name, value in environment.items() if ":?" in (value or "")}
    passed_on = {name for name, value in environment.items() if value is None}
    assert must_be_given == {"PINGVAS_DATABASE_URL", "PINGVAS_STORAGE_URL"}
    assert set(environment) - must_be_given - passed_on == {"PINGVAS_MODEL_CACHE_DIR"}
    assert worker["volumes"] == [f"models:{environment['PINGVAS_MODEL_CACHE_DIR']}"]
    assert "ports" not in worker


def test_cards_are_given_to_the_workers_that_are_there_and_their_image_is_made_for_them(
    compose: dict[str, Any],
) -> None:
    (service,) = read_compose("deploy/compose.gpu.yaml")["services"]
    changes = read_compose("deploy/compose.gpu.yaml")["services"][service]

    assert service == "worker"
    assert changes["image"] != compose["services"][service]["image"]
    assert filled_in(changes["build"]["args"]["TORCH_BACKEND"]).startswith("cu")
    assert "TORCH_BACKEND" in [each[0].partition("=")[0] for each in instructions("ARG")]


# The image.


def instructions(name: str) -> list[list[str]]:
    """The arguments of every instruction of that name in the Dockerfile."""
    text = (REPOSITORY / "deploy" / "Dockerfile").read_text().replace("\\\n", " ")
    return [shlex.split(line)[1:] for line in text.splitlines() if line.startswith(f"{name} ")]


def copied_from_here() -> set[str]:
    copies = [each for each in instructions("COPY") if not each[0].startswith("--from")]
    return {source.rstrip("/") for each in copies for source in each[:-1]}


def test_everything_that_is_copied_is_here_and_let_in() -> None:
    rules = (REPOSITORY / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}

    wanted = copied_from_here()

    assert wanted
    assert [name for name in wanted if not (REPOSITORY / name).exists()] == []
    assert {Path(name).parts[0] for name in wanted} == let_in
    assert rules[1] == "*"


def test_the_image_holds_what_the_code_looks_for_beside_itself() -> None:
    """settings.REPOSITORY is the folder of the code; models, migrations and the built page are found there."""
    (place,) = [each[0] for each in instructions("WORKDIR") if each[0].startswith("/srv")]
    taken_over = [each for each in instructions("COPY") if each[0] == "--from=page"]

    assert taken_over == [["--from=page", "/web/dist", "web/dist/"]]
    assert {"pingvas", "migrations", "models"} <= copied_from_here()
    assert place == "/srv/pingvas"


def test_the_image_is_made_of_the_pinned_packages_on_the_python_that_is_checked() -> None:
    text = (REPOSITORY / "deploy" / "Dockerfile").read_text()
    pyproject = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    arguments = dict(each[0].partition("=")[::2] for each in instructions("ARG"))

    assert "-r requirements.txt" in text
    assert re.search(r"^uv==\S+$", (REPOSITORY / "requirements.txt").read_text(), re.MULTILINE)
    assert arguments["PYTHON"] == pyproject["tool"]["mypy"]["python_version"]
    assert f">={arguments['PYTHON']}" == pyproject["project"]["requires-python"]


def test_the_image_runs_as_nobody_in_particular_and_keeps_its_data_in_one_folder() -> None:
    (user,) = instructions("USER")
    (entry,) = instructions("ENTRYPOINT")
    variables = dict(part.split("=", 1) for each in instructions("ENV") for part in each)

    assert user == ["10001:10001"]
    assert entry == ["[pingvas]"]  # the exec form: signals reach the process itself
    assert variables["PINGVAS_DATA_DIR"] == "/data"
    assert instructions("VOLUME") == [["/data"]]
