"""What does the studio add to a picture? Seconds of a job next to seconds of the same diffusers call.

The peer is `StableDiffusionPipeline.__call__` in a process of its own with the same model, prompt, steps and sampler,
warm as the worker is, run between the jobs so that both see the same machine. A job's seconds are those of its row:
from the claim to the commit of its picture.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from bench._figures import report
from harness.running_studio import running_studio
from pingvas.base.settings import REPOSITORY

ROUNDS = 12
STEPS = 20
MODEL = REPOSITORY / "models" / "pingvas-mini"
PROMPT = "a red house at sunset"

_PEER = f"""
import json, sys, time
import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline
card = json.load(open({str(MODEL / "studio.json")!r}))["defaults"]
pipe = StableDiffusionPipeline.from_pretrained({str(MODEL)!r}, torch_dtype=torch.float32, local_files_only=True)
pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config)
pipe.set_progress_bar_config(disable=True)
for line in sys.stdin:
    began = time.perf_counter()
    pipe({PROMPT!r}, width=card["width"], height=card["height"], num_inference_steps={STEPS},
         guidance_scale=card["cfg_scale"], generator=torch.Generator().manual_seed(int(line)))
    print(json.dumps(time.perf_counter() - began), flush=True)
"""


def main() -> None:
    jobs: list[float] = []
    calls: list[float] = []
    with tempfile.TemporaryDirectory(prefix="pingvas-bench-") as name:
        peer = subprocess.Popen(
            [sys.executable, "-c", _PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            with running_studio(Path(name) / "data") as studio:
                client = studio.sign_in()
                for number in range(ROUNDS + 1):
                    call, job = _call(peer, number), _job(client, number)
                    if number:  # the first of each warms up
                        calls.append(call)
                        jobs.append(job)
        finally:
            peer.kill()
    job, call = statistics.median(jobs), statistics.median(calls)
    report(
        f"Platform overhead at {STEPS} steps, {ROUNDS} pictures each, alternating",
        [
            ("a job, claim to commit", f"{job:.3f} s"),
            ("the same diffusers call", f"{call:.3f} s"),
            ("ratio", f"{job / call:.3f}"),
        ],
    )


def _call(peer: subprocess.Popen[str], seed: int) -> float:
    assert peer.stdin is not None
    assert peer.stdout is not None
    peer.stdin.write(f"{seed}\n")
    peer.stdin.flush()
    seconds: float = json.loads(peer.stdout.readline())
    return seconds


def _job(client: httpx.Client, seed: int) -> float:
    body: dict[str, Any] = {"job_type": "txt2img", "prompt": PROMPT, "steps": STEPS, "seed": seed}
    answer = client.post("/api/v1/jobs", json=body)
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["jobs"][0]["id"]
    while True:
        time.sleep(0.3)  # seldom, so that the asking itself costs the worker little
        job = client.get(f"/api/v1/jobs/{job_id}").json()
        if job["completed_at"] is not None:
            assert job["status"] == "completed", job
            return (
                datetime.fromisoformat(job["completed_at"]) - datetime.fromisoformat(job["started_at"])
            ).total_seconds()


if __name__ == "__main__":
    main()
