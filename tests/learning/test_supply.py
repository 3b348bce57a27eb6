import numpy as np
import pytest

from tonewright.learning.supply import HELD_OUT, Supply


def draw(rng):
    return rng.random(3)


def test_each_batch_is_learned_from_as_often_as_told():
    with Supply(draw, 7, 0, reuse=3) as batches:
        first = [next(batches) for _ in range(12)]
    new = [draw(np.random.default_rng([7, number])) for number in range(4)]
    for number in range(4):
        np.testing.assert_array_equal(first[3 * number], new[number])
    seen = [next(i for i, one in enumerate(new) if np.array_equal(one, batch)) for batch in first]
    assert all(number <= update // 3 for update, number in enumerate(seen))


@pytest.mark.parametrize("start", [1, 4, 6, 11, 400])
def test_a_run_that_goes_on_gets_what_it_would_have_got(start):
    with Supply(draw, 7, 0, reuse=3) as batches:
        whole = [next(batches) for _ in range(start + 12)]
    with Supply(draw, 7, start, reuse=3) as batches:
        for update in range(start, start + 12):
            np.testing.assert_array_equal(next(batches), whole[update])


def test_no_batch_is_drawn_as_those_that_are_held_out_are():
    def numbers_of(rng):
        return rng.bit_generator.seed_seq.entropy

    with Supply(numbers_of, 7, 300, reuse=2) as batches:
        seen = [next(batches) for _ in range(200)]
    assert {seed for seed, _ in seen} == {7}
    assert max(number for _, number in seen) == 249 < HELD_OUT


def test_what_goes_wrong_in_drawing_is_raised_in_training():
    def broken(rng):
        raise RuntimeError("the synth is broken")

    with Supply(broken, 0, 0, reuse=1) as batches, pytest.raises(RuntimeError, match="the synth is broken"):
        next(batches)


def test_ends_its_thread_when_it_is_left_early():
    supply = Supply(draw, 0, 0, reuse=1)
    with supply as batches:
        next(batches)
    assert not supply._thread.is_alive()
