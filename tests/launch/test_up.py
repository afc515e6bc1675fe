"""The whole studio on one machine, with a toy model: up, side by side, again, in trouble, and the commands beside it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest
from PIL import Image

from harness.catalog import CONFIG
from harness.running_studio import RunningStudio, free_port, running_studio, wait_for
from harness.toy_models import CONFIG as ENGINE_CONFIG
from harness.toy_models import make_toy_model
from pingvas.launch import embedded_postgres
from pingvas.launch.state_file import RunningStudio as State
from pingvas.launch.state_file import find_studio

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with one toy in it, under the name that jobs get by default."""
    folder = tmp_path_factory.mktemp("models")
    make_toy_model(folder / "toy")
    named = {"name": "pingvas-mini", "display_name": "Toy", "version": "1"}
    small = {"defaults": CONFIG["defaults"] | {"width": 64, "height": 64, "steps": 4}}
    (folder / "toy" / "studio.json").write_text(json.dumps({**CONFIG, **ENGINE_CONFIG, **named, **small}))
    return folder


@pytest.fixture(scope="module")
def studio(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with running_studio(tmp_path_factory.mktemp("studio") / "data", models_dir=models) as running:
        yield running


def pingvas(
    *arguments: str, data_dir: Path, models: Path, **settings: object
) -> subprocess.CompletedProcess[str]:
    """Run a command beside (or without) a studio on this data folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PINGVAS_")}
    environment |= {"PINGVAS_DATA_DIR": str(data_dir), "PINGVAS_MODELS_DIR": str(models)}
    environment |= {name.upper(): str(value) for name, value in settings.items()}
    command = [sys.executable, "-m", "pingvas.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def state_of(studio: RunningStudio) -> State:
    state = find_studio(studio.data_dir)
    assert state is not None
    return state


def test_the_printed_link_signs_in_once(studio: RunningStudio) -> None:
    with closing(studio.sign_in()) as client:
        assert client.get("/api/v1/me").json()["user"]["role"] == "admin"

    again = httpx.post(f"{studio.url}/api/v1/auth/one-time", json={"token": studio.sign_in_token})
    assert again.json()["code"] == "invalid_token"


def test_a_picture_is_generated_through_the_running_studio(
    studio: RunningStudio, models: Path, tmp_path: Path
) -> None:
    output = tmp_path / "house.png"

    done = pingvas(
        *("generate", "a red house at sunset", "-o", str(output), "--seed", "7"),
        data_dir=studio.data_dir,
        models=models,
    )

    assert (done.returncode, done.stdout.strip()) == (0, str(output)), done.stderr
    with Image.open(output) as picture:
        assert picture.size == (64, 64)
        assert any("a red house at sunset" in str(value) for value in picture.info.values())


def test_what_the_studio_refuses_is_said_in_a_sentence(
    studio: RunningStudio, models: Path, tmp_path: Path
) -> None:
    done = pingvas(
        *("generate", "a red house", "-o", str(tmp_path / "house.png"), "--size", "65"),
        data_dir=studio.data_dir,
        models=models,
    )

    assert done.returncode == 1
    assert "width" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_finds_a_running_studio_well(studio: RunningStudio, models: Path) -> None:
    asked: list[subprocess.CompletedProcess[str]] = []

    def worker_has_reported() -> bool:
        asked.append(pingvas("doctor", data_dir=studio.data_dir, models=models))
        return "✓ worker" in asked[-1].stdout and "✓ chores" in asked[-1].stdout

    wait_for(worker_has_reported, "the worker and the chores to have reported")

    done = asked[-1]
    wrong = [line for line in done.stdout.splitlines() if line.startswith("✗") and "page" not in line]
    assert wrong == [], done.stdout


def test_the_doctor_does_not_call_a_worker_lost_that_is_still_starting(models: Path, tmp_path: Path) -> None:
    with running_studio(tmp_path / "data", models_dir=models) as studio:
        done = pingvas("doctor", data_dir=studio.data_dir, models=models)

    assert "✗ worker" not in done.stdout
    assert done.returncode == 0 or "✗ page" in done.stdout, done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows a process's environment")
def test_a_worker_gets_neither_the_master_key_nor_the_owners_password_and_the_api_not_the_latter(
    models: Path, tmp_path: Path
) -> None:
    # given a studio that is given a secret
    secret = "a secret that no worker is to have, in no letters"
    of_the_seller = "what-lets-one-speak-with-the-seller"
    with running_studio(
        tmp_path / "data",
        models_dir=models,
        secret_key=secret,
        lemon_squeezy_api_key=of_the_seller,
        lemon_squeezy_webhook_secret=f"{of_the_seller} too",
    ) as studio:
        owners = (studio.data_dir / "postgres" / "password").read_text()

        def has_all() -> bool:
            return set(state_of(studio).pids) == {"api", "worker", "chores", "sandbox"}

        wait_for(has_all, "all processes to be there")

        # when
        environments = {
            name: Path(f"/proc/{pid}/environ").read_text() for name, pid in state_of(studio).pids.items()
        }
        limits = Path(f"/proc/{state_of(studio).pids['api']}/limits").read_text()
        commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in state_of(studio).pids.values()]

    # then
    assert secret not in environments["worker"]
    assert secret not in environments["sandbox"]
    assert [name for name, said in environments.items() if of_the_seller not in said] == ["worker"]
    assert "pingvas_serving:" not in environments["sandbox"]
    assert [name for name, said in environments.items() if owners in said] == ["chores"]
    assert all("pingvas_serving:" in environments[name] for name in ("api", "worker"))
    assert secret in environments["api"]
    # and the API may open as many descriptors as the system lets it
    [(soft, hard)] = re.findall(r"Max open files +(\d+) +(\d+)", limits)
    assert int(soft) >= min(int(hard), 65_536)
    assert not any(secret in said or owners in said for said in commands)


def test_metrics_are_where_the_studio_says_and_not_on_its_page(studio: RunningStudio) -> None:
    url = state_of(studio).metrics_url
    assert url is not None

    shown = httpx.get(url)

    assert any(line.split() == ["Metrics", url] for line in studio.lines), studio.lines
    assert "pingvas_http_requests_total" in shown.text
    assert "pingvas_database_up 1.0" in shown.text
    assert httpx.get(f"{studio.url}/metrics").status_code == 404


def test_a_taken_port_of_metrics_is_told_and_nothing_is_started(models: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        port = squatter.getsockname()[1]

        done = pingvas(
            "up",
            data_dir=tmp_path / "data",
            models=models,
            pingvas_port=free_port(),
            pingvas_metrics_port=port,
        )

    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
    assert f"PINGVAS_METRICS_PORT={port + 1}" in done.stderr
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_second_studio_on_the_same_data_is_told_where_the_first_is(
    studio: RunningStudio, models: Path
) -> None:
    done = pingvas("up", data_dir=studio.data_dir, models=models, pingvas_port=free_port())

    assert done.returncode == 1
    assert studio.url in done.stderr


def test_a_taken_port_is_told_with_what_to_do(models: Path, tmp_path: Path) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]

        done = pingvas("up", data_dir=tmp_path / "data", models=models, pingvas_port=port)

    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
    assert f"PINGVAS_PORT={port + 1}" in done.stderr


def test_a_database_that_is_killed_comes_back_with_its_data(studio: RunningStudio) -> None:
    server = embedded_postgres.find(studio.data_dir)
    assert server is not None
    with closing(studio.sign_up("before-the-crash@example.com")) as person:
        os.kill(server.pid, signal.SIGKILL)
        wait_for(lambda: _answers(person, "/api/v1/me"), "the database to be back")

        assert person.get("/api/v1/me").json()["user"]["email"] == "before-the-crash@example.com"


def test_a_killed_api_comes_back_at_the_same_address(studio: RunningStudio) -> None:
    before = state_of(studio).pids["api"]

    os.kill(before, signal.SIGKILL)
    wait_for(lambda: state_of(studio).pids.get("api") not in (before, None), "another API process")

    with httpx.Client(base_url=studio.url) as client:
        wait_for(lambda: _answers(client, "/healthz"), "the API to be back")


def test_two_studios_run_side_by_side_and_a_restart_finds_its_data(
    studio: RunningStudio, models: Path, tmp_path: Path
) -> None:
    data_dir = tmp_path / "data"
    with running_studio(data_dir, models_dir=models) as other:
        other.sign_up("only-here@example.com").close()
        processes = [psutil.Process(pid) for pid in state_of(other).pids.values()]
        with httpx.Client(base_url=studio.url) as client:
            assert _answers(client, "/healthz")

    gone, left = psutil.wait_procs(processes, timeout=5)
    assert left == []
    assert len(gone) == 4  # API, worker, chores and the sandbox
    assert embedded_postgres.find(data_dir) is None
    with running_studio(data_dir, models_dir=models) as again:
        body = {"email": "only-here@example.com", "password": "a long and quiet river"}
        assert httpx.post(f"{again.url}/api/v1/auth/login", json=body, timeout=30).status_code == 200


def test_without_a_studio_one_is_started_for_the_picture_and_stopped_again(
    models: Path, tmp_path: Path
) -> None:
    output = tmp_path / "house.png"
    data_dir = tmp_path / "data"

    done = pingvas(
        "generate", "a red house", "-o", str(output), "--count", "2", data_dir=data_dir, models=models
    )

    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["house-1.png", "house-2.png"]
    assert find_studio(data_dir) is None
    assert embedded_postgres.find(data_dir) is None


def test_nothing_outlives_a_studio_that_is_killed(models: Path, tmp_path: Path) -> None:
    with running_studio(tmp_path / "data", models_dir=models) as studio:
        server = embedded_postgres.find(studio.data_dir)
        assert server is not None
        processes = [psutil.Process(pid) for pid in (*state_of(studio).pids.values(), server.pid)]

        studio.process.kill()

        _, left = psutil.wait_procs(processes, timeout=60)
        assert left == []


def _answers(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path).status_code == 200
    except httpx.TransportError:
        return False
