"""Hostile pictures: each is taken or refused by name, none costs the serving process, and nobody waits for another's."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from pingvas.base.budgets import Budgets, BudgetUsedUp
from pingvas.base.settings import Settings
from pingvas.gallery.decoder import FOLDER, MIB, MOST_IDLE, Decoder, most_resident
from pingvas.gallery.uploads import CheckedImage, DamagedImage, PictureTooCostly
from tests.attack.hostile_images import jpeg_of_passes, png, saved, webp_bomb
from tests.make.accounts import SignedInPerson, sign_up

LIMITS = {"max_side": 8192, "max_pixels": 8192 * 8192}
LARGE_MEMORY = 528 * MIB
# Pillow keeps four, and what is seen of a picture may be a copy.
BYTES_A_PIXEL = 16
linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The files, made in another process: making them takes more memory than this one may."""
    folder = tmp_path_factory.mktemp("hostile")
    subprocess.run([sys.executable, "-m", "tests.attack.hostile_images", str(folder)], check=True)
    return sorted(folder.iterdir())


@pytest.fixture
async def decoder() -> Any:
    made = Decoder(large_memory=LARGE_MEMORY)
    yield made
    await made.close()


def figure(pid: int | str, name: str) -> int:
    """Bytes of a line in /proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024


async def check(decoder: Decoder, budgets: Budgets, data: bytes, who: Any = None) -> CheckedImage:
    return await decoder.check(budgets, who or uuid4(), data, **LIMITS)


async def upload(client: httpx.AsyncClient, person: SignedInPerson, data: bytes) -> httpx.Response:
    return await client.post("/api/v1/images", files={"file": ("a", data)}, headers=person.headers)


@pytest.fixture
async def server(settings: Settings, plans: None) -> AsyncIterator[tuple[int, str]]:
    """The API as a process of its own: its id and its address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    program = (
        "import sys, uvicorn\n"
        "from pingvas.api.app import create_app\n"
        "from pingvas.base.settings import Settings\n"
        f"uvicorn.run(create_app(Settings(_env_file=None)), port={port}, log_level='warning')\n"
    )
    ours = {
        "PINGVAS_DATABASE_URL": str(settings.database_url),
        "PINGVAS_DATA_DIR": str(settings.data_dir),
        "PINGVAS_SECRET_KEY": "the tests' own secret, long enough to be one",
        "PINGVAS_RATE_LIMITS": "off",
    }
    running = await asyncio.create_subprocess_exec(sys.executable, "-c", program, env=os.environ | ours)
    address = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=address) as asking:
        while True:
            try:
                await asking.get("/healthz")
                break
            except httpx.TransportError:
                assert running.returncode is None
                await asyncio.sleep(0.1)
    yield running.pid, address
    running.terminate()
    await running.wait()


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@linux
async def test_every_hostile_file_is_kept_or_refused_by_name_and_the_server_stays_small(
    server: tuple[int, str], corpus: list[Path], settings: Settings
) -> None:
    # given
    assert len(corpus) >= 140
    pid, address = server
    answers: dict[str, tuple[int, str]] = {}
    memory: dict[int, int] = {}

    async def send(client: httpx.AsyncClient, person: SignedInPerson, files: list[Path]) -> None:
        for file in files:
            answer = await upload(client, person, file.read_bytes())
            answers[file.name] = (answer.status_code, answer.json().get("code", ""))
            memory.update({child: figure(child, "VmHWM") for child in children_of(pid)})

    # when eight people send them at once
    async with httpx.AsyncClient(base_url=address, timeout=None) as client:  # noqa: S113 - no time limits in tests
        people = [await sign_up(client) for _ in range(8)]
        await asyncio.gather(*(send(client, person, corpus[n::8]) for n, person in enumerate(people)))
    # then
    assert {status for status, _ in answers.values()} <= {201, 413, 415, 422}, answers
    assert figure(pid, "VmHWM") < 400 * MIB
    # Neither child was killed: what costs too much was known beforehand.
    assert len(memory) == 2
    assert sum(memory.values()) < most_resident(1, LARGE_MEMORY)
    assert all(answers[f"palette-none-{depth}.png"][0] == 422 for depth in (1, 2, 4, 8))
    assert answers["bomb-2-0.png"][0] == 201  # 8192² is within the limits
    assert answers["bomb-8192x8192.webp"][0] == answers["passes-190-wide.jpg"][0] == 413
    # and what was kept of them is read by a worker within the pixels
    kept = [str(path) for path in sorted((settings.data_dir / "storage" / "images").rglob("*.*"))]
    assert len(kept) == [status for status, _ in answers.values()].count(201)
    before, after = await _read_as_a_worker(kept)
    assert after - before < BYTES_A_PIXEL * 8192 * 8192


async def _read_as_a_worker(files: list[str]) -> tuple[int, int]:
    """The most that a process had resident before and after it had opened all of these as a worker does."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pingvas.engine.images.sources import open_source\n"
        "def most():\n"
        "    lines = Path('/proc/self/status').read_text().splitlines()\n"
        "    return int(next(line for line in lines if line.startswith('VmHWM')).split()[1]) * 1024\n"
        "print(most())\n"
        "for name in sys.stdin.read().splitlines():\n"
        "    open_source(Path(name).read_bytes())\n"
        "print(most())\n"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    said, _ = await child.communicate("\n".join(files).encode())
    assert child.returncode == 0
    before, after = map(int, said.split())
    return before, after


@linux
async def test_the_children_of_several_processes_decode_one_after_the_other_and_large_ones_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: as many decoders as serving processes, which share a folder
    monkeypatch.setenv(FOLDER, str(tmp_path))
    decoders = [Decoder(large_memory=LARGE_MEMORY) for _ in range(3)]
    budgets, large, at_work, most = Budgets(), saved("PNG", (2500, 2500)), 0, 0

    async def send(decoder: Decoder) -> None:
        assert (await check(decoder, budgets, large)).width == 2500

    async def watch() -> None:
        nonlocal at_work, most
        while True:
            resident = [figure(pid, "VmRSS") for pid in children_of(os.getpid()) if is_decoder(pid)]
            at_work = sum(each > MOST_IDLE for each in resident)
            most = max(most, at_work)
            await asyncio.sleep(0.005)

    # when
    watching = asyncio.create_task(watch())
    await asyncio.gather(*(send(decoder) for decoder in decoders for _ in range(2)))
    watching.cancel()
    # then: at most one of each kind was large at once, and none that waits is
    assert most <= 2
    for decoder in decoders:
        waiting = [pid for pid in decoder.idle_children if _runs(pid)]
        assert all(figure(pid, "VmRSS") <= MOST_IDLE for pid in waiting)
        assert (await check(decoder, budgets, saved("PNG"))).width == 16
        await decoder.close()


def is_decoder(pid: int) -> bool:
    try:
        return b"pingvas.gallery.decoder_child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


async def test_a_picture_that_is_too_dear_is_refused_with_what_its_kind_may_have(decoder: Decoder) -> None:
    # given
    bomb = webp_bomb(8192, 8192)
    # when
    with pytest.raises(PictureTooCostly) as refused:
        await check(decoder, Budgets(), bomb)
    # then
    assert refused.value.extra["max_pixels"] > 4096 * 4096
    assert "8192×8192" in refused.value.detail


async def test_a_child_that_was_killed_is_replaced(decoder: Decoder) -> None:
    # given
    budgets = Budgets()
    await check(decoder, budgets, saved("PNG"))
    (first,) = decoder.idle_children
    # when
    os.kill(first, signal.SIGKILL)
    found = await check(decoder, budgets, saved("PNG"))
    # then
    assert found.width == 16
    assert decoder.idle_children != [first]


async def test_a_picture_that_takes_longer_than_it_may_is_refused_and_the_next_one_is_taken(
    decoder: Decoder,
) -> None:
    # given
    budgets = Budgets()
    dear = jpeg_of_passes(150, (1500, 1500))
    await check(decoder, budgets, dear)
    first = decoder.idle_children
    # when
    decoder.patience = 0.005  # a tenth of a second
    with pytest.raises(PictureTooCostly):
        await check(decoder, budgets, dear)
    # then
    decoder.patience = 3
    assert (await check(decoder, budgets, saved("PNG"))).width == 16
    assert (await check(decoder, budgets, dear)).width == 1500
    assert decoder.idle_children != first


async def test_a_child_that_does_not_answer_is_ended_and_replaced() -> None:
    # given
    decoder, budgets = Decoder(large_memory=LARGE_MEMORY), Budgets()
    await check(decoder, budgets, saved("PNG"))
    (first,) = decoder.idle_children
    os.kill(first, signal.SIGSTOP)
    decoder.seconds_to_start = 5
    # when
    found = await check(decoder, budgets, saved("PNG"))
    # then
    assert found.width == 16
    assert decoder.idle_children != [first]
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    await decoder.close()


async def test_a_request_that_is_given_up_leaves_no_answer_for_the_next(decoder: Decoder) -> None:
    # given
    budgets = Budgets()
    await check(decoder, budgets, saved("PNG"))
    given_up = asyncio.create_task(check(decoder, budgets, jpeg_of_passes(150, (1500, 1500))))
    await asyncio.sleep(0.02)
    # when
    given_up.cancel()
    await asyncio.wait([given_up])
    # then
    assert (await check(decoder, budgets, saved("PNG", (20, 10)))).width == 20


@linux
async def test_the_children_know_no_secret(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setenv("PINGVAS_SECRET_KEY", "a secret of the studio")
    # when
    await check(decoder, Budgets(), saved("PNG"))
    # then
    (child,) = decoder.idle_children
    assert b"PINGVAS" not in Path(f"/proc/{child}/environ").read_bytes()


async def test_the_children_end_with_a_server_that_is_killed() -> None:
    # given
    program = (
        "import asyncio, sys\n"
        "from pingvas.base.budgets import Budgets\n"
        "from pingvas.gallery.decoder import Decoder\n"
        "async def main():\n"
        "    decoder = Decoder(large_memory=528 * 1024 * 1024)\n"
        "    await decoder.check(Budgets(), 'a', sys.stdin.buffer.read(), max_side=99, max_pixels=999)\n"
        "    print(*decoder.idle_children, flush=True)\n"
        "    await asyncio.sleep(1000)\n"
        "asyncio.run(main())\n"
    )
    server = subprocess.Popen(  # noqa: ASYNC220 - it is killed, and nothing else goes on
        [
            sys.executable,
            "-c",
            program,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(saved("PNG"))
    server.stdin.close()
    child = int(server.stdout.readline())
    # when
    server.kill()
    server.wait()
    # then
    while _runs(child):  # noqa: ASYNC110 - a process of somebody else tells nobody
        await asyncio.sleep(0.05)
    server.stdout.close()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return not (status.exists() and "State:\tZ" in status.read_text())


async def test_a_small_picture_does_not_wait_for_somebody_elses_large_ones(decoder: Decoder) -> None:
    # given
    budgets, attacker, ended = Budgets(), uuid4(), []
    large = jpeg_of_passes(150, (1500, 1500))

    async def send(name: str, data: bytes, who: Any) -> None:
        await check(decoder, budgets, data, who)
        ended.append(name)

    attack = [asyncio.create_task(send("large", large, attacker)) for _ in range(4)]
    await asyncio.sleep(0)
    # when
    await send("small", saved("PNG"), uuid4())
    # then
    assert ended.count("large") <= 1
    await asyncio.gather(*attack)


async def test_small_pictures_take_turns_between_people_and_one_person_has_few_waiting(
    decoder: Decoder,
) -> None:
    # given
    budgets, attacker, ended = Budgets(), uuid4(), []

    async def send(name: str, who: Any) -> None:
        await check(decoder, budgets, saved("PNG"), who)
        ended.append(name)

    attack = [asyncio.create_task(send("theirs", attacker)) for _ in range(5)]
    await asyncio.sleep(0)
    # when
    with pytest.raises(BudgetUsedUp) as refused:
        await send("one too many", attacker)
    await send("mine", uuid4())
    # then
    assert refused.value.retry_after
    assert ended.count("theirs") <= 2
    await asyncio.gather(*attack)


async def test_seconds_of_decoding_are_counted_and_have_an_end(decoder: Decoder) -> None:
    # given
    budgets, who = Budgets(), uuid4()
    await check(decoder, budgets, saved("PNG"), who)
    assert budgets.decoding_seconds.used_by(who) > 0
    # when
    budgets.decoding_seconds.add(who, 1000)
    # then
    with pytest.raises(BudgetUsedUp):
        await check(decoder, budgets, saved("PNG"), who)
    await check(decoder, budgets, saved("PNG"), uuid4())


async def test_a_codecs_surprise_is_the_pictures_fault(decoder: Decoder) -> None:
    # given
    no_palette = png().replace(b"\x08\x02\0\0\0", b"\x08\x03\0\0\0", 1)
    # then
    with pytest.raises(DamagedImage):
        await check(decoder, Budgets(), no_palette)
