"""What does it cost when torch's threads sleep while they wait, and what does it gain beside a busy process?

Seconds of a picture of the bundled model on all cores, in processes of their own: without a word about it, where threads
spin a while before they sleep, with PASSIVE, and with few spins, as the studio's workers are on a CPU; alone and beside a process that keeps
one core busy. The processes take turns, a picture each, so that both see the same machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench._figures import report
from pingvas.base.settings import REPOSITORY
from pingvas.launch.cpu_threads import SPINS

STEPS = 10
SPINNING, ASLEEP, SOON_ASLEEP = "spinning", "PASSIVE", "10,000 spins"
# Not ACTIVE: such threads would keep the cores for themselves while it is the other's turn.
POLICIES: dict[str, dict[str, str]] = {
    SPINNING: {},
    ASLEEP: {"OMP_WAIT_POLICY": "PASSIVE"},
    SOON_ASLEEP: {"GOMP_SPINCOUNT": SPINS},
}
_PICTURES = f"""
import json, sys, time
from pathlib import Path
from pingvas.engine.engine import Engine
from pingvas.engine.requests import EngineRequest
folder = Path({str(REPOSITORY / "models" / "pingvas-mini")!r})
card = json.loads((folder / "studio.json").read_text())
engine = Engine("cpu")
engine.load(folder, card)
for line in sys.stdin:
    asked = EngineRequest(prompt="a red house at sunset", negative_prompt="", width=256, height=256, steps={STEPS},
        cfg_scale=card["defaults"]["cfg_scale"], sampler=card["defaults"]["sampler"], seed=int(line))
    began = time.perf_counter()
    engine.run(asked)
    print(time.perf_counter() - began, flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=12)
    args = parser.parse_args()
    with ExitStack() as stack:
        makers = {policy: stack.enter_context(_maker(policy)) for policy in POLICIES}
        for maker in makers.values():
            _seconds(maker, 0)  # the first warms up
        alone = _measure(makers, args.rounds)
        with _busy():
            beside = _measure(makers, args.rounds)
    rows = []
    for place, seconds in (("alone", alone), ("beside a busy process", beside)):
        ratio = seconds[SOON_ASLEEP] / seconds[SPINNING]
        said = ", ".join(f"{policy} {seconds[policy]:.3f} s" for policy in POLICIES)
        rows.append((f"{place}: 10,000 spins ÷ spinning", f"{ratio:.2f} ({said})"))
    report(f"A picture of {STEPS} steps by how threads wait, medians of {args.rounds}, in turns", rows)


def _measure(makers: dict[str, subprocess.Popen[str]], rounds: int) -> dict[str, float]:
    found: dict[str, list[float]] = {policy: [] for policy in makers}
    for seed in range(rounds):
        for policy, maker in makers.items():
            found[policy].append(_seconds(maker, seed))
    return {policy: statistics.median(seconds) for policy, seconds in found.items()}


def _seconds(maker: subprocess.Popen[str], seed: int) -> float:
    assert maker.stdin is not None
    assert maker.stdout is not None
    maker.stdin.write(f"{seed}\n")
    maker.stdin.flush()
    return float(maker.stdout.readline())


@contextmanager
def _maker(policy: str) -> Iterator[subprocess.Popen[str]]:
    said = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
    environment = {name: value for name, value in os.environ.items() if name not in said}
    process = subprocess.Popen(
        [sys.executable, "-c", _PICTURES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment | POLICIES[policy],
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def _busy() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
