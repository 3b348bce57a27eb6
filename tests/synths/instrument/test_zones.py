import pytest

from tonewright.errors import UsageError
from tonewright.synths.instrument import Zone, zones


@pytest.mark.parametrize("step", range(1, 14))
@pytest.mark.parametrize(("low", "high"), [(36, 84), (0, 127), (60, 60), (21, 108)])
def test_every_key_plays_one_sample_and_none_that_is_farther_than_need_be(low, high, step):
    made = zones(low, high, step)
    keys = [key for zone in made for key in range(zone.low_key, zone.high_key + 1)]
    assert keys == list(range(low, high + 1))
    assert [zone.key for zone in made] == list(range(low, high + 1, step))
    for zone in made:
        for key in range(zone.low_key, zone.high_key + 1):
            assert abs(key - zone.key) == min(abs(key - other.key) for other in made)


def test_each_key_has_a_sample_of_its_own():
    assert zones(60, 62) == [Zone(60, 60, 60), Zone(61, 61, 61), Zone(62, 62, 62)]


@pytest.mark.parametrize("wrong", [(-1, 5, 1), (0, 128, 1), (60, 59, 1), (36, 84, 0), (36.5, 84, 1)], ids=str)
def test_notes_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UsageError, match="; got "):
        zones(*wrong)
