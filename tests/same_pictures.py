"""When two pictures of the same weights count as the same, on any processor.

Weights that are used where they lie in a file begin at any byte, and some of the kernels that multiply a matrix by one row
(MKL's, where the processor has no AVX512) add up in another order when they begin elsewhere. The sums differ in their
last bits. Over a few steps that moves a colour by far less than one of 255; but one that lay between two of them may be
rounded to the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

# Of the colours of a picture: rounding tips over where a difference of a thousandth of a step, at most, happens to cross.
_TIPPED = 0.01


def assert_same_picture(one: Image.Image, other: Image.Image) -> None:
    """Nothing is off by more than one of 255, and almost nothing by that."""
    assert (one.size, one.mode) == (other.size, other.mode)
    off = np.abs(np.asarray(one).astype(int) - np.asarray(other).astype(int))
    assert off.max() <= 1, f"colours are off by up to {off.max()} of 255"
    assert (off > 0).mean() <= _TIPPED, f"{(off > 0).mean():.1%} of the colours are off by one"


def assert_same_weights(one: Any, other: Any) -> None:
    """Two families (`pingvas.engine.families`) hold the same parts, with every weight the same bit for bit."""
    mine, theirs = one.parts(), other.parts()
    assert [type(part) for part in mine] == [type(part) for part in theirs]
    for part, twin in zip(mine, theirs, strict=True):
        weights, wanted = part.state_dict(), twin.state_dict()
        assert weights.keys() == wanted.keys()
        unequal = [name for name in wanted if not torch.equal(weights[name], wanted[name])]
        assert unequal == [], f"{type(part).__name__} differs"
