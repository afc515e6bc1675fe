"""What every queue carries in these benchmarks: the complete parameters of one picture."""

from __future__ import annotations

import json
from typing import Any

PARAMETERS: dict[str, Any] = {
    "model": "toy",
    "prompt": "a red house at sunset, the windows lit, snow on the roof",
    "negative_prompt": "blurry, low quality",
    "seed": 7,
    "steps": 20,
    "width": 256,
    "height": 256,
    "sampler": "dpmpp_2m",
    "scheduler": "karras",
    "cfg_scale": 4.0,
    "visibility": "private",
}
PAYLOAD = json.dumps(PARAMETERS)
