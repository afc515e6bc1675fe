"""Where torch computes and in which numbers: chosen here, by what the processor or the card does, for engine and recipe alike.

It looks at facts and measures nothing, so that one machine always chooses alike. What limits torch from outside
(`ATEN_CPU_CAPABILITY`, `ONEDNN_MAX_CPU_ISA`) is looked at too: with both at AVX2 a processor behaves like one without bfloat16.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import torch

# The instruction sets that oneDNN can be held to and that do not multiply bfloat16.
_ONEDNN_WITHOUT_BF16 = {
    "SSE41",
    "AVX",
    "AVX2",
    "AVX2_VNNI",
    "AVX2_VNNI_2",
    "AVX512_MIC",
    "AVX512_MIC_4OPS",
    "AVX512_CORE",
    "AVX512_CORE_VNNI",
}
_ATEN_WITHOUT_BF16 = {"DEFAULT", "AVX2"}
# As `torch.cpu.get_capabilities` names them: x86, x86 with matrix tiles, ARM.
_BF16 = ("avx512_bf16", "amx_bf16", "bf16")


def pick_device(name: str) -> torch.device:
    """`auto` is a CUDA card where there is one, else the CPU. Raises ValueError for a device that is not here."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"There is no device {name!r} here; try `auto` or `cpu`.") from error
    return device


def pick_dtype(device: torch.device) -> torch.dtype:
    """In which a model's weights are kept and pictures are made.

    bf16 on cards that compute in it, fp16 on older ones. On every CPU fp32: fp16 is twenty times slower there, bf16 is
    so on most, and a seed shall give one picture whatever processor draws it.
    """
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16


def pick_training_dtype(device: torch.device) -> torch.dtype:
    """In which training multiplies, over weights in fp32: bf16 where it is computed and not imitated, else fp32.

    Never fp16, whose range is too small for gradients that nobody scales.
    """
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = device.type == "cpu" and cpu_multiplies_bf16()
    return torch.bfloat16 if native else torch.float32


def cpu_multiplies_bf16() -> bool:
    """Whether torch has instructions here that multiply bfloat16: AVX512-BF16, AMX, or those of ARM.

    Without them it converts number by number, and a convolution takes up to eighty times as long as in float32.
    """
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False  # torch has no other library for it on a CPU
    supported: Any = torch.ops.mkldnn._is_mkldnn_bf16_supported
    return bool(supported()) and multiplies_bf16(
        torch.cpu.get_capabilities(), torch.backends.cpu.get_cpu_capability(), os.environ
    )


def multiplies_bf16(
    capabilities: Mapping[str, Any], used_by_torch: str, environment: Mapping[str, str]
) -> bool:
    """The same from what torch says of the processor, of the instructions it uses itself, and from the environment.

    `used_by_torch` is `DEFAULT`, `AVX2`, `AVX512` or a name of ARM's, where DEFAULT means nothing.
    """
    if str(capabilities.get("architecture", "")).startswith("x86") and used_by_torch in _ATEN_WITHOUT_BF16:
        return False
    allowed = environment.get("ONEDNN_MAX_CPU_ISA") or environment.get("DNNL_MAX_CPU_ISA") or "ALL"
    if allowed.upper() in _ONEDNN_WITHOUT_BF16:
        return False
    return any(capabilities.get(name) for name in _BF16)
