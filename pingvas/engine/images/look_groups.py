"""Which of many looks are alike: groups around one each, in bounded time and memory.

A group is what is near its first look, and not whatever leads on from there: else two pictures with nothing in common would be one group by
many small steps. Each look is compared with those behind it that are free still, which for 20,000 is about a second and under a megabyte.
"""

from collections.abc import Sequence

import numpy as np

from pingvas.engine.images.look_hash import BITS

# So few bits that are set, or that are not, say of a picture that it is of one colour: of which one, they do not say.
SAYS_LITTLE = 8
_WORDS = BITS // 64
# Above there is sky in many pictures, and below ground.
_FROM_THE_MIDDLE = sorted(range(_WORDS), key=lambda place: abs(2 * place - _WORDS + 1))


def look_groups(looks: Sequence[bytes], furthest: int) -> list[list[int]]:
    """Places of looks of 32 bytes each, in groups of two at least. The first of a group comes before the others, and these differ from
    it in at most so many bits."""
    words = np.frombuffer(b"".join(looks), dtype=np.uint64).reshape(-1, _WORDS)
    bits = np.bitwise_count(words).sum(axis=1)
    free = (bits >= SAYS_LITTLE) & (bits <= BITS - SAYS_LITTLE)
    middle, *others = [np.ascontiguousarray(words[:, place]) for place in _FROM_THE_MIDDLE]
    groups = []
    for first in range(len(words)):
        if not free[first]:
            continue
        behind = first + 1
        distances = np.bitwise_count(middle[behind:] ^ middle[first])
        places = np.flatnonzero((distances <= furthest) & free[behind:])
        near, distances = places + behind, distances[places].astype(np.uint16)
        for column in others:
            distances += np.bitwise_count(column[near] ^ column[first])
            is_near = distances <= furthest
            near, distances = near[is_near], distances[is_near]
        if len(near):
            free[near] = False
            groups.append([first, *near.tolist()])
    return groups
