"""What the chart says of the studio is so: its settings, commands, ports, probes and how long a worker takes to stop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest
import typer.main

from harness.running_studio import free_port
from pingvas import __version__
from pingvas.api.http.metrics_listener import metrics_listener
from pingvas.base.settings import Settings
from pingvas.cli import app as command_line
from pingvas.gallery.decoder import MIB, most_resident
from pingvas.worker.running.job_context import WorkerTimeouts
from tests.deploy.conftest import KEY, Rendered
from tests.deploy.test_chart import EVERYTHING

COMPONENTS = ("api", "worker", "chores", "migrate")
OURS = {"FORWARDED_ALLOW_IPS"}  # uvicorn's own
Render = Callable[..., Rendered]


def environment(rendered: Rendered, component: str) -> dict[str, str]:
    """What a pod's process finds, with the Secret that it names put in."""
    secrets = {each["metadata"]["name"]: each["stringData"] for each in rendered.all("Secret")}
    found: dict[str, str] = {}
    for each in rendered.container(component)["env"]:
        if "value" in each:
            found[each["name"]] = each["value"]
            continue
        reference = each["valueFrom"]["secretKeyRef"]
        value = secrets[reference["name"]].get(reference["key"])
        assert value is not None or reference.get("optional"), each["name"]
        if value is not None:
            found[each["name"]] = value
    return found


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_variable_is_a_setting_and_is_understood(
    render_chart: Render, component: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    values = EVERYTHING | {"extraEnv": [], "storage": {}}
    found = environment(render_chart(**values), component)
    known = {f"PINGVAS_{name.upper()}" for name in Settings.model_fields}
    assert set(found) - known <= OURS

    # when
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    settings = Settings(_env_file=None)

    # then
    assert settings.database_url == "postgresql://pingvas:secret@db.example.org/pingvas?sslmode=require"
    assert settings.storage_location == "s3://pictures/studio?region=eu-central-1"
    # only the API signs anything where pictures are in a bucket
    assert settings.secret_key == (KEY if component == "api" else None)
    assert settings.redis_url is None
    assert settings.base_url == "https://studio.example.org"
    assert (settings.open_registration, settings.log_level) == (False, "debug")
    if component == "api":
        port = render_chart().container("api")["ports"][0]["containerPort"]
        assert (settings.host, settings.port) == ("0.0.0.0", port)  # noqa: S104
    if component in ("api", "worker", "chores"):
        (shown,) = [
            each for each in render_chart(**values).container(component)["ports"] if each["name"] == "metrics"
        ]
        assert shown["containerPort"] == settings.metrics_port
        assert settings.metrics_host == "0.0.0.0"  # noqa: S104
    if component == "worker":
        mounts = render_chart(**values).container("worker")["volumeMounts"]
        assert str(settings.model_cache) in [mount["mountPath"] for mount in mounts]


@pytest.mark.parametrize("processes", [1, 2, 4])
@pytest.mark.parametrize("mebibytes", [528, 1740])
def test_the_apis_limit_of_memory_is_what_its_processes_and_their_decoders_take_at_most(
    render_chart: Render, processes: int, mebibytes: int
) -> None:
    # given
    large = mebibytes * MIB
    set_here = {"api_processes": processes, "decoder_memory_bytes": large}
    # when
    limits = render_chart(settings=set_here).container("api")["resources"]["limits"]
    own = render_chart(api={"resources": {"limits": {"memory": "3Gi"}}}).container("api")["resources"]
    # then
    serving = 400 * MIB  # each stays below it: tests/attack/test_hostile_images.py
    assert limits == {"memory": f"{(processes * serving + most_resident(processes, large)) // MIB}Mi"}
    assert own["limits"] == {"memory": "3Gi"}
    assert own["requests"] == {"cpu": "250m", "memory": "512Mi"}


def test_as_it_is_the_api_has_a_gibibyte(render_chart: Render) -> None:
    assert render_chart().container("api")["resources"]["limits"] == {"memory": "1024Mi"}
    assert Settings.model_fields["decoder_memory_bytes"].default == 553648128  # as the chart has it


def test_the_schema_knows_every_setting_but_those_the_chart_sets_itself(render_chart: Render) -> None:
    # given
    values = EVERYTHING | {"extraEnv": [], "settings": {}}
    rendered = render_chart(**values)
    ours = {name for component in COMPONENTS for name in environment(rendered, component)} - OURS
    ours |= {  # and what may be in the Secret, and is left out here
        each["name"]
        for component in ("api", "worker")
        for each in rendered.container(component)["env"]
        if each.get("valueFrom", {}).get("secretKeyRef", {}).get("optional")
    }
    theirs = {name for name in Settings.model_fields if f"PINGVAS_{name.upper()}" not in ours}

    # when: each of them is set, to something that no setting means
    accepted = render_chart(settings=dict.fromkeys(sorted(theirs), "x"))

    # then
    assert accepted.error is None, "deploy/helm/pingvas-studio/values.schema.json lacks a setting"
    for name in sorted(set(Settings.model_fields) - theirs):
        assert render_chart(settings={name: "x"}).error is not None, f"{name} is the chart's own"


@pytest.mark.parametrize(
    ("written", "read"),
    [(100_000_000_000, "100000000000"), (0.25, "0.25"), (True, "true"), ("debug", "debug"), (0, "0")],
)
def test_a_value_reaches_the_process_as_it_was_written(render_chart: Render, written: Any, read: str) -> None:
    rendered = render_chart(settings={"model_cache_bytes": written})

    assert environment(rendered, "worker")["PINGVAS_MODEL_CACHE_BYTES"] == read


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_command_exists(render_chart: Render, component: str) -> None:
    commands = typer.main.get_command(command_line).commands  # type: ignore[attr-defined]

    assert render_chart().container(component)["args"] == [component]
    assert component in commands


def test_the_commands_that_the_notes_name_exist(render_chart: Render) -> None:
    commands = typer.main.get_command(command_line).commands  # type: ignore[attr-defined]
    notes = render_chart().notes

    named = [line.partition("-- pingvas ")[2] for line in notes.splitlines() if "-- pingvas " in line]
    assert named == ["link", "doctor"]
    assert set(named) <= set(commands)


def test_a_worker_may_take_as_long_to_stop_as_it_takes(render_chart: Render) -> None:
    timeouts = WorkerTimeouts()
    pod = render_chart().get("Deployment", "worker")["spec"]["template"]["spec"]

    assert pod["terminationGracePeriodSeconds"] >= timeouts.drain + timeouts.abort + 15


def test_the_chart_is_of_this_version(render_chart: Render) -> None:
    image = render_chart().container("api")["image"]

    assert image == f"pingvas-studio:{__version__}"


async def test_an_api_without_workers_is_alive_and_takes_jobs_in(
    render_chart: Render, client: httpx.AsyncClient
) -> None:
    """With KEDA there may be no worker until somebody asks for a picture."""
    container = render_chart().container("api")

    answers = {
        name: (await client.get(container[name]["httpGet"]["path"])).status_code
        for name in ("startupProbe", "livenessProbe", "readinessProbe")
    }

    assert answers == {"startupProbe": 200, "livenessProbe": 200, "readinessProbe": 200}


async def test_an_api_whose_storage_is_away_is_not_ready(
    render_chart: Render, client: httpx.AsyncClient, app: Any, tmp_path: Any
) -> None:
    # given: a file where the folder should be
    storage = app.state.settings.data_dir / "storage"
    storage.parent.mkdir(parents=True, exist_ok=True)
    storage.write_text("in the way")

    # when
    answer = await client.get(render_chart().container("api")["readinessProbe"]["httpGet"]["path"])

    # then
    assert answer.status_code == 503
    assert answer.json()["parts"]["storage"] != "ok"


async def test_prometheus_finds_figures_where_the_chart_says(
    render_chart: Render, app: Any, make_settings: Any
) -> None:
    # given
    rendered = render_chart(metrics={"enabled": True})
    (endpoint,) = rendered.get("PodMonitor", "api")["spec"]["podMetricsEndpoints"]
    ports = {each["name"]: each["containerPort"] for each in rendered.container("api")["ports"]}
    set_by_the_chart = environment(rendered, "api")
    here = make_settings(metrics_port=free_port())

    # when
    show = partial(app.state.metrics.page, app.state.database)
    async with metrics_listener(here, show), httpx.AsyncClient() as prometheus:
        answer = await prometheus.get(f"http://127.0.0.1:{here.metrics_port}{endpoint['path']}")

    # then
    assert answer.status_code == 200
    assert "pingvas_http_requests" in answer.text
    assert str(ports[endpoint["port"]]) == set_by_the_chart["PINGVAS_METRICS_PORT"]
