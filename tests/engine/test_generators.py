"""Noise from seeds: every bit counts, and the pictures of seeds below 2**32 are those that they always were."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pingvas.engine.engine import Engine
from pingvas.engine.errors import InvalidParameters
from pingvas.engine.requests import MAX_SEED
from pingvas.engine.sampling.generators import generator_for
from pingvas.engine.text.prompts import resolve_wildcards

# The first values of the normal distribution that torch gave for these seeds when pictures were first made.
FIRST_OF_0 = [1.540996, -0.2934289, -2.1787894, 0.5684313, -1.0845224, -1.3985955]
FIRST_OF_7 = [-0.1467, 0.7861, 0.9468, -1.1143, 1.6908, -0.8948]


def noise(seed: int, count: int = 4096) -> torch.Tensor:
    return torch.randn(count, generator=generator_for(seed))


@pytest.mark.parametrize(("seed", "expected"), [(0, FIRST_OF_0), (7, FIRST_OF_7)])
def test_seeds_that_pictures_were_made_with_give_the_noise_they_gave(
    seed: int, expected: list[float]
) -> None:
    first = torch.randn(6, generator=generator_for(seed))

    assert first.tolist() == pytest.approx(expected, abs=1e-4)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_below_two_to_the_32_the_generator_is_torchs_own_to_the_bit(seed: int) -> None:
    usual = torch.Generator("cpu").manual_seed(seed)

    assert torch.equal(generator_for(seed).get_state(), usual.get_state())


def test_the_state_that_is_written_is_laid_out_as_torch_lays_out_its_own() -> None:
    # given what torch starts a seed's Mersenne Twister with
    words = generator_for(2023).get_state().numpy()[3 * 8 : (3 + 624) * 8].view(np.uint64)

    # then it is the reference's, at the place where longer seeds write theirs
    assert np.array_equal(words, np.random.RandomState(2023).get_state(legacy=False)["state"]["key"])


def test_a_long_seed_draws_what_the_reference_draws_for_its_two_words() -> None:
    drawn = torch.rand(700, generator=generator_for(5 * 2**32 + 3), dtype=torch.float32)

    # then: of each word of 32 bits torch takes the low 24
    words = np.random.RandomState(np.array([3, 5], np.uint32)).randint(2**32, size=700, dtype=np.uint32)
    assert drawn.tolist() == ((words & 0xFFFFFF) / 2**24).tolist()


def test_seeds_that_share_their_low_bits_give_different_noise() -> None:
    seeds = [0, 2**32, 2**33, 2**40, 2**62, 7, 7 + 2**32, 7 + 2**40, 2**32 - 1, 2**33 - 1, MAX_SEED]

    drawn = [noise(seed) for seed in seeds]

    for number, one in enumerate(drawn):
        assert abs(float(one.mean())) < 0.08
        assert abs(float(one.std()) - 1) < 0.05
        for other in drawn[:number]:
            assert abs(float(torch.corrcoef(torch.stack([one, other]))[0, 1])) < 0.08


@pytest.mark.parametrize("sampler", ["dpmpp_2m", "euler_a"])
def test_long_seeds_make_pictures_of_their_own_alone_and_in_a_batch(
    engine: Engine, ask: Any, sampler: str
) -> None:
    # given samplers that draw once, and that draw at every step
    requests = [ask(seed=seed, sampler=sampler) for seed in (0, 2**40, 2**40 + 1)]

    alone = [np.asarray(engine.run(request).image, np.int16) for request in requests]
    again = np.asarray(engine.run(requests[1]).image, np.int16)
    batch = engine.open_batch()
    entries = [engine.join(batch, request) for request in requests]
    while batch.entries:
        engine.step(batch)

    assert np.array_equal(alone[1], again)
    for one, other in combinations(alone, 2):
        assert np.abs(one - other).max() > 8
    for entry, expected in zip(entries, alone, strict=True):
        assert np.abs(np.asarray(entry.outcome.image, np.int16) - expected).max() <= 1  # type: ignore[union-attr]


def test_wildcards_look_at_every_bit_of_a_seed_too() -> None:
    text = "{" + "|".join(str(number) for number in range(1000)) + "}"

    assert len({resolve_wildcards(text, seed) for seed in (0, 2**32, 2**40, 2**62)}) > 2


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 2**64])
def test_what_is_no_seed_is_refused_by_name(ask: Any, seed: int) -> None:
    with pytest.raises(InvalidParameters, match="seed"):
        ask(seed=seed)
