"""Where a picture's noise comes from: a random generator of its own, on the CPU, from every bit of its seed."""

from __future__ import annotations

import numpy as np
import torch

# torch's state on a CPU: the seed, how many words are left, and these many words of 32 bits in 64 each.
_WORDS, _FIRST_WORD = 624, 3


def generator_for(seed: int) -> torch.Generator:
    """A generator for seeds from 0 to 2**63 - 1; the same seed gives the same noise everywhere.

    torch looks at the low 32 bits alone. Below 2**32 it is asked as it is; from there on its Mersenne Twister is
    started by the method its authors give for longer keys (`init_by_array`, low word first).
    """
    generator = torch.Generator("cpu").manual_seed(seed & 0xFFFFFFFF)
    if seed < 2**32:
        return generator
    key = np.array([seed & 0xFFFFFFFF, seed >> 32], np.uint32)
    words = np.random.RandomState(key).get_state(legacy=False)["state"]["key"]
    state = generator.get_state().numpy()
    numbers = state[: (_FIRST_WORD + _WORDS) * 8].view(np.uint64)
    numbers[0] = seed
    numbers[_FIRST_WORD:] = words
    generator.set_state(torch.from_numpy(state))
    return generator
