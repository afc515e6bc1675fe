"""Rules the house keeps about itself that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

from pingvas.base.errors import StudioError
from pingvas.base.settings import REPOSITORY, Settings

PACKAGE = REPOSITORY / "pingvas"
FORBIDDEN_NAMES = {"service", "services", "utils", "util", "helpers", "helper", "manager", "common", "misc"}
LONGEST_FILE = 400
LONGER_FOR_A_REASON: dict[str, str] = {}
# Tasks that whoever starts them waits for, or looks at when they are done. Whatever goes on for ever is a loop of base/loops.
TASKS_OF_THEIR_OWN = {
    "pingvas/base/loops.py": "supervises them",
    "pingvas/base/notify.py": "the sign of life of one connection, which it closes when it ends",
    "pingvas/adapters/model_download.py": "parts of a file, awaited together",
    "pingvas/gallery/import_pictures.py": "one picture each, awaited",
    "pingvas/api/http/held_answer.py": "one answer, awaited",
    "pingvas/api/http/metrics_listener.py": "one answer a connection, which ends by its deadlines",
    "pingvas/api/routes/open_jobs.py": "one look at the database, awaited by all who asked for it",
    "pingvas/launch/processes.py": "one child, awaited",
    "pingvas/realtime/connections.py": "a message or the end of a socket, awaited; the closing of a session",
    "pingvas/realtime/sockets.py": "a goodbye, looked at when it is said",
    "pingvas/worker/chores/process.py": "a wait for the stop, awaited",
    "pingvas/worker/process/claiming.py": "one job, looked at when it ends; a wait for the stop",
    "pingvas/worker/running/end_writer.py": "writes what waits, and tells each who waits for it",
    "pingvas/worker/running/job_run.py": "the inputs of one job, awaited",
    "pingvas/worker/running/progress_reporter.py": "the reports of one job, awaited at its end",
}


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((REPOSITORY / folder).rglob("*.py"))]


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def imports_of(path: Path) -> Iterator[str]:
    """Every module a file imports, wherever in the file; relative imports are our own and left out."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def errors_of_the_house() -> set[type[StudioError]]:
    """Every error class of the house; a module must be imported for its classes to be known."""
    for path in python_files("pingvas"):
        if "pingvas.base.errors" in set(imports_of(path)):
            import_module(
                ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
            )
    found: set[type[StudioError]] = set()
    waiting: list[type[StudioError]] = [StudioError]
    while waiting:
        error = waiting.pop()
        found.add(error)
        waiting += error.__subclasses__()
    return {error for error in found if error.__module__.startswith("pingvas.")}


def test_only_base_db_and_its_session_end_transactions() -> None:
    offenders = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files("pingvas")
        if path not in (PACKAGE / "base" / "db.py", PACKAGE / "base" / "session.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("commit", "rollback")
    ]

    assert offenders == []


def test_files_are_named_for_what_they_do() -> None:
    files = python_files("pingvas", "models", "bench", "harness", "tests")

    assert [name_of(path) for path in files if path.stem in FORBIDDEN_NAMES] == []


def test_files_stay_short() -> None:
    files = python_files(
        "pingvas", "models", "bench", "harness", "tests"
    )  # a migration is history and stays whole
    long = {
        name_of(path): lines for path in files if (lines := len(path.read_text().splitlines())) > LONGEST_FILE
    }

    assert {name: lines for name, lines in long.items() if name not in LONGER_FOR_A_REASON} == {}
    assert set(LONGER_FOR_A_REASON) <= set(long), "this reason is no longer needed"


def test_whatever_goes_on_beside_is_supervised() -> None:
    starters = {
        name_of(path)
        for path in python_files("pingvas")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("create_task", "ensure_future", "TaskGroup")
    }

    assert starters == set(TASKS_OF_THEIR_OWN)


def test_every_module_says_what_it_owns() -> None:
    silent = [
        name_of(path)
        for path in python_files("pingvas")
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert silent == []


def test_tables_of_different_rooms_are_joined_by_keys_alone() -> None:
    users = [
        name_of(path) for path in python_files("pingvas") if re.search(r"\brelationship\(", path.read_text())
    ]

    assert users == []


def test_torch_lives_in_the_engine() -> None:
    heavy = {"torch", "diffusers", "transformers", "peft", "accelerate", "spandrel"}
    outside = [
        name_of(path)
        for path in python_files("pingvas")
        if PACKAGE / "engine" not in path.parents
        and heavy & {name.split(".")[0] for name in imports_of(path)}
    ]

    assert outside == []


def test_benchmarks_and_the_harness_know_no_tests() -> None:
    users = [
        name_of(path)
        for path in python_files("pingvas", "models", "bench", "harness")
        if any(name.split(".")[0] == "tests" for name in imports_of(path))
    ]

    assert users == []


def test_api_chores_launcher_and_help_run_without_torch_in_memory() -> None:
    modules = "pingvas.cli, pingvas.api.app, pingvas.worker.chores.process, pingvas.launch.up, pingvas.launch.generate"
    program = f"import sys, {modules}; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY).returncode == 0


def test_every_package_we_import_is_named_first_in_requirements() -> None:
    named = requirements_named_first("requirements.txt")
    own = {"pingvas", "models"}
    distributions = packages_distributions()
    missing: dict[str, str] = {}
    for path in python_files("pingvas", "migrations"):
        for top in {name.split(".")[0] for name in imports_of(path)} - own - set(sys.stdlib_module_names):
            offered = {normal(name) for name in distributions.get(top, [top])}
            if not offered & named:
                missing[top] = name_of(path)

    assert missing == {}


def requirements_named_first(name: str) -> set[str]:
    ours = (REPOSITORY / name).read_text().partition("# Brought along")[0]
    return {normal(match) for match in re.findall(r"^([\w.-]+)==", ours, re.MULTILINE)}


def normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_every_setting_is_in_the_readme_and_every_setting_there_exists() -> None:
    fields = {f"PINGVAS_{name.upper()}" for name in Settings.model_fields}
    readme = (REPOSITORY / "README.md").read_text()
    documented = set(re.findall(r"^\|\s*`(PINGVAS_[A-Z0-9_]+)`", readme, re.MULTILINE))
    read_elsewhere = {"PINGVAS_URL", "PINGVAS_TOKEN", "PINGVAS_CHROMIUM", "PINGVAS_TEST_DATABASE_URL"}

    assert fields - documented == set(), "missing from the configuration table of README.md"
    assert documented - fields - read_elsewhere == set(), "in README.md, but not a setting"


def test_every_setting_says_what_it_does() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_error_code_is_documented() -> None:
    page = (REPOSITORY / "docs" / "errors.md").read_text()
    documented = set(re.findall(r"^\|\s*`([a-z_]+)`", page, re.MULTILINE))
    raised = {error.code for error in errors_of_the_house()}

    assert raised - documented == set(), "missing from docs/errors.md"


def test_every_error_is_said_in_a_sentence() -> None:
    mute = [
        error.__qualname__
        for error in errors_of_the_house()
        if not error.default_detail.endswith(".") or not error.default_detail[0].isupper()
    ]

    assert mute == []


def test_the_life_of_a_job_is_written_in_one_place() -> None:
    # given
    writing = re.compile(
        r"(UPDATE|INSERT INTO|DELETE FROM)\s+generation_jobs|(update|insert|delete)\(GenerationJob"
    )
    only = PACKAGE / "generation" / "lifecycle" / "statements.py"

    # when
    elsewhere = [
        name_of(path) for path in python_files("pingvas") if path != only and writing.search(path.read_text())
    ]

    # then
    assert elsewhere == []


def test_the_statuses_are_listed_once() -> None:
    # given two of them side by side
    status = r"['\"](pending|queued|processing|completed|failed|canceled)['\"]"
    listed = re.compile(rf"{status}\s*,\s*{status}")
    only = PACKAGE / "generation" / "statuses.py"

    # when
    copies = [
        f"{name_of(path)}: {found.group()}"
        for path in python_files("pingvas")
        if path != only
        for found in listed.finditer(path.read_text())
    ]

    # then
    assert copies == []


def test_how_long_a_silent_worker_lives_is_said_once() -> None:
    only = PACKAGE / "generation" / "queue" / "workers.py"

    copies = [
        name_of(path)
        for path in python_files("pingvas")
        if path != only and re.search(r"heartbeat_at\s*[<>]", path.read_text())
    ]

    assert copies == []
