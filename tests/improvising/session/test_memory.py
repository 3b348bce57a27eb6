import numpy as np

from tonewright.improvising.hearing import HOP_S
from tonewright.improvising.session.memory import Memory

SECOND = round(1 / HOP_S)


def filled(seconds, sounds=lambda t: True, seed=0):
    memory = Memory(1, np.random.default_rng(seed))
    for t in range(round(seconds / HOP_S)):
        memory.keep(np.array([t], np.float32), sounds(t))
    return memory


def test_there_is_nothing_to_recall_at_first():
    assert Memory(1, np.random.default_rng(0)).recall() is None
    assert filled(0.9).recall() is None
    assert filled(1.1).recall() is not None


def test_passages_are_played_as_they_were():
    """One frame after another, from 1 to 4 s, then from elsewhere; always of the last half minute."""
    memory = filled(60)
    newest = round(60 / HOP_S)
    played = []
    for t in range(20 * SECOND):
        played.append(float(memory.recall()[0]))
        memory.keep(np.array([newest + t], np.float32), True)
    steps = np.diff(played)
    lengths = np.diff(np.flatnonzero(np.concatenate([[True], steps != 1, [True]])))
    assert 5 <= len(lengths) <= 20
    assert lengths[:-1].max() <= round(4 / HOP_S)
    ages = newest + np.arange(len(played)) - np.array(played)
    assert ages.min() >= 1
    assert ages.max() <= 31 * SECOND


def test_passages_begin_where_sound_did():
    begins = {3 * SECOND, 9 * SECOND, 14 * SECOND}
    memory = filled(20, lambda t: any(one <= t < one + SECOND for one in begins))
    firsts = set()
    for _ in range(40):
        memory.leave()
        firsts.add(int(memory.recall()[0]))
    assert firsts == begins


def test_the_seed_decides():
    runs = [float(filled(20, lambda t: False, seed).recall()[0]) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
