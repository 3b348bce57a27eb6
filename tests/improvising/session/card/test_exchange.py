import numpy as np
import pytest

from tonewright.improvising.hearing import HOP, HOP_S
from tonewright.improvising.session.card.exchange import Bursts, Exchange


def block(value):
    return np.full(HOP, value, np.float32)


def out(exchange):
    taken = np.empty(HOP, np.float32)
    exchange.take_out(taken)
    return taken


def test_the_newest_hop_is_heard_and_older_ones_are_counted():
    exchange = Exchange()
    assert exchange.newest() is None
    for value in range(1, 4):
        exchange.give_in(block(value))
    assert exchange.newest()[0] == 3
    assert exchange.newest() is None
    assert exchange.dropped == 2
    exchange.give_in(block(4))
    assert exchange.newest()[0] == 4
    assert exchange.dropped == 2


def test_what_is_played_goes_out_in_order():
    exchange = Exchange()
    for value in (1, 2, 3):
        exchange.play(block(value))
    assert [out(exchange)[0] for _ in range(3)] == [1, 2, 3]
    assert exchange.underruns == 0


def test_where_nothing_is_there_the_last_sample_fades_out():
    exchange = Exchange()
    assert not out(exchange).any()
    assert exchange.underruns == 0  # nothing was played yet
    exchange.play(block(0.5))
    out(exchange)
    tail = out(exchange)
    assert tail[0] == 0.5
    assert np.abs(np.diff(tail)).max() < 0.01
    assert not tail[64:].any()
    assert exchange.underruns == 1
    assert not out(exchange).any()


def test_a_full_ring_drops_what_comes_and_counts_it():
    exchange = Exchange()
    for value in range(34):
        exchange.play(block(value))
    assert exchange.overruns == 2
    assert [out(exchange)[0] for _ in range(32)] == list(range(32))


def test_all_hops_of_the_newest_burst_are_heard_one_after_the_other():
    exchange = Exchange()
    for number in range(1, 9):  # two blocks of a card, of four hops each
        exchange.give_in(block(number))
        exchange.called(burst=4)
    assert exchange.burst == 4
    assert [exchange.newest()[0] for _ in range(4)] == [5, 6, 7, 8]
    assert exchange.newest() is None
    assert exchange.dropped == 4


@pytest.mark.parametrize("size", [1, 2, 8])
def test_the_blocks_of_a_card_are_known_and_a_hold_up_is_none(size):
    bursts, at_s = Bursts(), 0.0

    def block(count):
        nonlocal at_s
        at_s += count * HOP_S
        return [bursts.called(at_s + 1e-4 * number) for number in range(count)][-1]

    for _ in range(9):
        assert not bursts.known
        block(size)
    assert block(size) == size
    assert bursts.known
    assert block(16 * size) == size  # held up, and let go at once
    assert [block(size) for _ in range(20)] == [size] * 20
