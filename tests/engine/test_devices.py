"""Which numbers a machine computes in: by what it does, not by what would be nice."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from pingvas.base.settings import REPOSITORY
from pingvas.engine.devices import multiplies_bf16, pick_dtype, pick_training_dtype

XEON = {"architecture": "x86_64", "avx2": True, "avx512_f": True, "avx512_bf16": True, "amx_bf16": True}
RYZEN_7000 = {
    "architecture": "x86_64",
    "avx2": True,
    "avx512_f": True,
    "avx512_bf16": True,
    "amx_bf16": False,
}
SKYLAKE_SERVER = {"architecture": "x86_64", "avx2": True, "avx512_f": True, "avx512_bf16": False}
LAPTOP = {"architecture": "x86_64", "avx2": True, "avx512_f": False, "avx512_bf16": False}
GRAVITON_3 = {"architecture": "aarch64", "neon": True, "bf16": True}
RASPBERRY_PI = {"architecture": "aarch64", "neon": True, "bf16": False}


@pytest.mark.parametrize(
    ("processor", "used_by_torch", "wanted"),
    [
        (XEON, "AVX512", True),
        (RYZEN_7000, "AVX512", True),
        (SKYLAKE_SERVER, "AVX512", False),
        (LAPTOP, "AVX2", False),
        (GRAVITON_3, "SVE256", True),
        (GRAVITON_3, "DEFAULT", True),
        (RASPBERRY_PI, "DEFAULT", False),
        ({}, "DEFAULT", False),
    ],
)
def test_bfloat16_is_for_processors_that_multiply_it(
    processor: dict[str, object], used_by_torch: str, wanted: bool
) -> None:
    assert multiplies_bf16(processor, used_by_torch, {}) is wanted


@pytest.mark.parametrize(
    ("used_by_torch", "environment"),
    [
        ("AVX2", {}),
        ("DEFAULT", {}),
        ("AVX512", {"ONEDNN_MAX_CPU_ISA": "AVX2"}),
        ("AVX512", {"ONEDNN_MAX_CPU_ISA": "avx512_core"}),
        ("AVX512", {"DNNL_MAX_CPU_ISA": "AVX512_CORE_VNNI"}),
    ],
)
def test_a_processor_that_torch_may_not_use_in_full_counts_as_a_smaller_one(
    used_by_torch: str, environment: dict[str, str]
) -> None:
    assert not multiplies_bf16(XEON, used_by_torch, environment)


@pytest.mark.parametrize("allowed", ["ALL", "DEFAULT", "AVX512_CORE_BF16", "AVX512_CORE_AMX"])
def test_a_limit_above_bfloat16_changes_nothing(allowed: str) -> None:
    assert multiplies_bf16(XEON, "AVX512", {"ONEDNN_MAX_CPU_ISA": allowed})


def test_under_the_imitation_of_an_avx2_processor_training_computes_in_float32() -> None:
    program = (
        "import torch; from models.recipe.device import half_precision; cpu = torch.device('cpu')\n"
        "with half_precision(cpu): made = torch.nn.Conv2d(3, 3, 1)(torch.ones(1, 3, 2, 2))\n"
        "print(made.dtype)"
    )
    small = os.environ | {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}

    said = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, env=small, capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == "torch.float32"


def test_pictures_are_made_in_float32_on_every_processor() -> None:
    assert pick_dtype(torch.device("cpu")) == torch.float32


def test_a_device_that_torch_has_no_bfloat16_for_trains_in_float32() -> None:
    assert pick_training_dtype(torch.device("meta")) == torch.float32
