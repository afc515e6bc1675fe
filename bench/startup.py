"""How long from `./studio up` on an installed machine to the sign-in page, and to the first finished picture?

Measured twice on one data folder: fresh (the database is made) and again. The peer is the time PostgreSQL's own initdb
and the import of diffusers take on this machine, without which no studio of this kind can start.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from bench._figures import report
from harness.running_studio import ROOT, running_studio


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="pingvas-bench-") as name:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "from diffusers import StableDiffusionPipeline"], check=True)
        imports = time.perf_counter() - began
        fresh = _start_and_make_a_picture(Path(name) / "data")
        again = _start_and_make_a_picture(Path(name) / "data")
    report(
        "From `./studio up` on an installed machine",
        [
            ("sign-in page, fresh data folder", f"{fresh[0]:.1f} s"),
            ("first finished picture, fresh data folder", f"{fresh[1]:.1f} s"),
            ("sign-in page, second start", f"{again[0]:.1f} s"),
            ("first finished picture, second start", f"{again[1]:.1f} s"),
            ("peer: importing diffusers alone", f"{imports:.1f} s"),
            ("first finished picture ÷ that import", f"{fresh[1] / imports:.2f}"),
        ],
    )


def _start_and_make_a_picture(data_dir: Path) -> tuple[float, float]:
    began = time.perf_counter()
    with running_studio(data_dir, command=[sys.executable, str(ROOT / "studio"), "up"]) as studio:
        assert httpx.get(studio.url).status_code == 200
        page = time.perf_counter() - began
        client = studio.sign_in()
        body = {"job_type": "txt2img", "prompt": "a red house at sunset"}
        answer = client.post("/api/v1/jobs", json=body)
        assert answer.status_code == 202, answer.text
        job_id = answer.json()["jobs"][0]["id"]
        while True:
            job = client.get(f"/api/v1/jobs/{job_id}").json()
            if job["status"] in ("completed", "failed"):
                break
            time.sleep(0.05)
        assert job["status"] == "completed", job
        picture = time.perf_counter() - began
    return page, picture


if __name__ == "__main__":
    main()
