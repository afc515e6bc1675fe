"""Text that somebody wrote to be slow to read takes work by its length alone."""

import pytest

from pingvas.engine.images.infotext_grammar import WORK_PER_CHARACTER, parse_counting


@pytest.mark.parametrize(
    "unit",
    [
        '"        aa:"',
        "        aa:",
        "ab:[,",
        'ab:"\\",',
        "\n",
        'ab:x,"y',
        'ab: {"a":"',
        "Steps: 2, a",
        "Template: x\n",
        "ab:[[",
    ],
)
@pytest.mark.parametrize("before", ["a cat\n", "a cat\nSteps: 20, Seed: 3, Size: 5x5, "])
def test_reading_infotext_takes_work_by_its_length_alone(before: str, unit: str) -> None:
    # given
    lengths = (10_000, 20_000, 40_000, 160_000)
    # when
    works = [parse_counting(before + unit * (length // len(unit)))[1] for length in lengths]
    # then
    for length, work in zip(lengths, works, strict=True):
        assert work <= (WORK_PER_CHARACTER + 2) * length + 30_000


def test_a_long_line_of_settings_that_somebody_has_is_read_whole() -> None:
    # given
    pairs = ", ".join([f'Setting {number}: "a, {number}"' for number in range(3000)])
    # when
    found, work = parse_counting(f"a cat\nSteps: 20, Sampler: Euler, {pairs}")
    # then
    assert found.settings is not None
    assert len(found.settings) == 3002
    assert found.settings["Setting 2999"] == "a, 2999"
    assert work < 10 * len(pairs)
