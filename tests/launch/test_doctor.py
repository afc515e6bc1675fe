"""The doctor: a healthy house is healthy, and each kind of trouble is found."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file
from sqlalchemy import text

from harness.catalog import UPSCALER, make_model
from harness.toy_models import make_toy_model
from pingvas.base.chore_runs import Turns, note_turns
from pingvas.base.db import Database
from pingvas.base.loop_failures import LoopReport, record
from pingvas.base.settings import Settings
from pingvas.launch.doctor import Finding, examine
from pingvas.launch.seed import seed
from pingvas.worker.chores.schedule import CHORES
from tests.make.billing import make_person
from tests.make.chores import schedule_chores
from tests.make.gallery import make_image
from tests.make.generation import submit_jobs
from tests.make.toy_upscalers import make_compact


async def examined(settings: Settings) -> dict[str, Finding]:
    findings = await asyncio.to_thread(examine, settings)
    return {finding.part: finding for finding in findings}


@pytest.fixture
async def furnished(database: Database, settings: Settings, tmp_path: Path) -> Path:
    """A seeded database with one model in a folder; the path of weights of its."""
    make_toy_model(tmp_path / "toy")
    weights = tmp_path / "toy" / "unet" / "diffusion_pytorch_model.safetensors"
    await seed(database, settings)
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM ai_models"))
        await make_model(session, path=str(tmp_path / "toy"))
    return weights


async def test_a_healthy_house_has_nothing_wrong(furnished: Path, settings: Settings) -> None:
    found = await examined(settings)

    for part in ("disk", "database", "schema", "model", "ledger", "storage use", "storage"):
        assert found[part].well, found[part]
    assert found["worker"].well is None  # no studio runs, so nobody expects one


async def test_weights_that_were_cut_off_are_found(furnished: Path, settings: Settings) -> None:
    furnished.write_bytes(furnished.read_bytes()[:-1])

    found = await examined(settings)

    assert found["model"].well is False
    assert "unet/diffusion_pytorch_model.safetensors is damaged: 1 bytes are missing" in found["model"].says


async def test_a_model_of_one_file_is_looked_at_like_a_folder(
    furnished: Path, database: Database, settings: Settings
) -> None:
    # given
    file = make_compact(furnished.parents[2] / "x2.safetensors")
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE ai_models SET s3_path = :file, config = config || CAST(:config AS jsonb)"),
            {"file": str(file), "config": json.dumps({"family": "upscaler"})},
        )

    # when
    well = (await examined(settings))["model"]
    file.write_bytes(file.read_bytes()[:-1])

    # then
    assert well.well, well
    assert (await examined(settings))["model"].well is False


async def test_what_an_older_version_took_and_cannot_be_opened_is_found_with_the_reason(
    furnished: Path, database: Database, settings: Settings, tmp_path: Path
) -> None:
    # given: models of which each is broken in its way, and one that is well
    restorer = make_compact(tmp_path / "clean.safetensors", scale=1)
    half = Path(shutil.copytree(tmp_path / "toy", tmp_path / "half"))
    weights = half / "vae" / "diffusion_pytorch_model.safetensors"
    save_file({name: value for name, value in load_file(weights).items() if "conv_out" not in name}, weights)
    async with database.transaction() as session:
        await make_model(session, name="clean", path=str(restorer), config=UPSCALER)
        await make_model(session, name="half", path=str(half))
        await make_model(session, name="kind", path=str(restorer), model_type="lora", config={"base": "sd1"})
        await make_model(session, name="gone", path=str(tmp_path / "nowhere"))

    # when
    found = {finding.says.split()[0]: finding for finding in await all_of("model", settings)}

    # then
    assert found.pop("toy").well
    assert [finding.well for finding in found.values()] == [False] * 4
    assert "clean cannot be opened: This file is no upscaler" in found["clean"].says.rstrip(":")
    assert "its vae lacks 4 of" in found["half"].says
    assert "nothing at" in found["gone:"].says
    assert "pingvas models remove half" in found["half"].remedy


async def test_a_model_that_ships_is_looked_for_below_this_machines_own_folder(
    furnished: Path, database: Database, settings: Settings, make_settings: Any
) -> None:
    # given a database that another machine has seeded
    async with database.transaction() as session:
        ships = "UPDATE ai_models SET s3_path = 'shipped:toy', efs_cache_path = '/elsewhere/toy'"
        await session.execute(text(ships))
    here = make_settings(database_url=settings.database_url, models_dir=furnished.parents[2])

    # when
    found = (await examined(here))["model"]

    # then
    assert found.well, found


async def test_a_model_that_is_fetched_when_needed_is_no_trouble(
    furnished: Path, database: Database, settings: Settings
) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE ai_models SET s3_path = 's3://models/toy', efs_cache_path = NULL"))

    assert (await examined(settings))["model"].well is None


async def test_a_ledger_that_does_not_add_up_is_found(
    furnished: Path, database: Database, settings: Settings
) -> None:
    async with database.transaction() as session:
        await make_person(session, credits=5)
        await session.execute(
            text("UPDATE subscriptions SET remaining_credits = 4 WHERE remaining_credits = 5")
        )

    assert (await examined(settings))["ledger"].well is False


async def test_a_sum_of_storage_that_is_wrong_is_found(
    furnished: Path, database: Database, settings: Settings
) -> None:
    async with database.transaction() as session:
        await make_image(session, (await make_person(session)).user_id, file_size=70)
        await session.execute(text("UPDATE storage_use SET used_bytes = 7"))

    found = (await examined(settings))["storage use"]

    assert found.well is False
    assert "7 bytes" in found.says
    assert "70" in found.says


async def all_of(part: str, settings: Settings) -> list[Finding]:
    return [finding for finding in await asyncio.to_thread(examine, settings) if finding.part == part]


async def test_every_chore_is_shown_with_its_times_and_what_it_did(
    furnished: Path, database: Database, settings: Settings
) -> None:
    # given chores that are done somewhere, one of which deleted something
    await schedule_chores(settings)
    async with database.transaction() as session:
        await note_turns(session, Turns("delete_objects", 0.25, {"deleted": 3}))

    # when
    chores = await all_of("chore", settings)

    # then
    assert [chore.well for chore in chores] == [True] * len(CHORES)
    assert [chore.says.split()[0] for chore in chores] == [chore.name for chore in CHORES]
    shown = next(chore.says for chore in chores if chore.says.startswith("delete_objects"))
    assert shown.startswith("delete_objects every 10 seconds: last 20")
    assert shown.endswith("UTC in 0.2 s (deleted 3)")
    assert await all_of("chores", settings) == [Finding("chores", True, "all on time")]


async def test_a_chore_that_is_late_and_one_that_failed_are_found(
    furnished: Path, database: Database, settings: Settings
) -> None:
    # given
    await schedule_chores(settings)
    async with database.transaction() as session:
        await note_turns(session, Turns("tidy_storage", 1.0, error="the disk is full", failures=1))
        late = "UPDATE chores.pgqueuer_schedules SET next_run = now() - interval '5 minutes' WHERE entrypoint = 'check_ledger'"
        await session.execute(text(late))

    # when
    wrong = [chore.says for chore in await all_of("chore", settings) if chore.well is False]

    # then
    assert await all_of("chores", settings) == [Finding("chores", False, "2 late or failed")]
    assert len(wrong) == 2
    assert wrong[0].startswith("check_ledger")
    assert wrong[0].endswith("5 min late")
    assert wrong[1].startswith("tidy_storage")
    assert wrong[1].endswith("it failed: the disk is full")


async def test_chores_are_not_late_where_nobody_does_them_any_more(
    furnished: Path, database: Database, settings: Settings
) -> None:
    # given a studio that was stopped an hour ago
    await schedule_chores(settings)
    async with database.transaction() as session:
        past = "now() - interval '1 hour'"
        await session.execute(
            text(f"UPDATE chores.pgqueuer_schedules SET next_run = {past}, updated = {past}")
        )

    # when
    found = [*await all_of("chores", settings), *await all_of("chore", settings)]

    # then
    assert [finding.well for finding in found] == [None] * (1 + len(CHORES))
    assert found[0].says == "no process does them"


async def test_the_queue_is_told_and_that_nobody_works(
    furnished: Path, database: Database, settings: Settings
) -> None:
    # given
    async with database.transaction() as session:
        actor = await make_person(session)
        await session.execute(text("UPDATE ai_models SET name = 'toy'"))
    await submit_jobs(database, actor, count=3)

    # when
    (queue,) = await all_of("queue", settings)

    # then
    assert queue.well is None  # no studio runs, so nobody expects a worker
    assert queue.says.startswith(
        "1 waiting, 0 being made, 2 more wait for a slot of their plan; the first has waited "
    )
    assert "start a worker" in queue.remedy


async def test_an_unmigrated_database_is_found(empty_database_url: str, make_settings: object) -> None:
    settings: Settings = make_settings(database_url=empty_database_url)  # type: ignore[operator]

    found = await examined(settings)

    assert found["schema"].well is False
    assert found["schema"].remedy == "pingvas migrate"


async def test_a_database_that_is_away_is_found(make_settings: object) -> None:
    settings: Settings = make_settings(database_url="postgresql://nobody@127.0.0.1:1/none")  # type: ignore[operator]

    found = await examined(settings)

    assert found["database"].well is False
    assert found["storage"].well  # the rest is looked at all the same


async def test_loops_that_fail_are_found_and_those_that_got_over_it_are_told(
    furnished: Path, database: Database, settings: Settings
) -> None:
    well = (await examined(settings))["loops"]
    url = str(settings.database_url)
    await record(url, LoopReport("api", "queue positions", error="KeyError: 'a bug'"))
    await record(url, LoopReport("worker", "measurements", error="KeyError: 'another'"))
    await record(url, LoopReport("worker", "measurements", recovered=True))

    findings = await asyncio.to_thread(examine, settings)

    (loops,) = [finding for finding in findings if finding.part == "loops"]
    each = {finding.well: finding.says for finding in findings if finding.part == "loop"}
    assert (well.well, loops.well, loops.says) == (True, False, "1 failing")
    assert "queue positions of api" in each[False]
    assert "KeyError: 'a bug'" in each[False]
    assert "measurements of worker" in each[True]


async def test_a_loop_that_failed_in_a_process_that_is_gone_is_no_trouble_for_ever(
    furnished: Path, database: Database, settings: Settings
) -> None:
    await record(
        str(settings.database_url), LoopReport("api", "notifier", error="KeyError: 'a'", gave_up=True)
    )
    now = await examined(settings)
    async with database.transaction() as session:
        await session.execute(text("UPDATE loop_failures SET failed_at = now() - interval '1 hour'"))
    later = await examined(settings)

    assert (now["loop"].well, "the process ended" in now["loop"].says) == (False, True)
    assert (later["loops"].well, later["loop"].well) == (True, None)
