import numpy as np
import pytest

from tonewright.errors import UsageError
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.following.phrases import held_out_phrases
from tonewright.improvising.hearing import HOP, SAMPLE_RATE_HZ

from .. import settings

HOP_S = HOP / SAMPLE_RATE_HZ


def numbered(count: int, first: int) -> np.ndarray:
    """Frames that tell themselves apart by their level."""
    return settings.frames(-50 + (first + np.arange(count)) * 1e-3)


def test_every_frame_of_the_part_is_in_one_phrase_of_4_to_14_seconds() -> None:
    lengths = {"test": [100, 400, 2500, 350, 800, 5000], "train": [900], "validation": [700]}
    takes, first = [], 0
    for split, counts in lengths.items():
        for count in counts:
            takes.append((split, numbered(count, first)))
            first += count
    corpus = settings.corpus(*takes)
    phrases = held_out_phrases(corpus, "test")
    joined = np.concatenate([phrase.frames for phrase in phrases])
    np.testing.assert_array_equal(joined, corpus.values[: sum(lengths["test"])])
    seconds = [len(phrase.frames) * HOP_S for phrase in phrases]
    assert all(4 <= one <= 14 for one in seconds[:-1]), seconds
    assert len({phrase.name for phrase in phrases}) == len(phrases)


def test_phrases_tell_where_they_come_from() -> None:
    phrases = held_out_phrases(settings.corpus(("test", numbered(300, 0)), ("test", numbered(3000, 300))))
    assert phrases[0].files[0] == ("take 0.wav", 0.0, pytest.approx(300 * HOP_S))
    assert phrases[0].files[1][:2] == ("take 1.wav", 0.0)
    for phrase in phrases:
        told = sum(last - first for _, first, last in phrase.files)
        assert told == pytest.approx(len(phrase.frames) * HOP_S)


def test_an_empty_part_is_refused() -> None:
    with pytest.raises(UsageError, match="the test part of the corpus must hold a recording; got none"):
        held_out_phrases(settings.corpus(("train", numbered(300, 0))), "test")


def test_rows_follow_their_phrases_from_the_beginning() -> None:
    corpus = settings.corpus(
        ("train", settings.played(seed=1)), *[("test", settings.played(seed=s)) for s in (2, 3)]
    )
    phrases = [
        one._replace(frames=corpus.values[file.first : file.first + 50])
        for one, file in zip(held_out_phrases(corpus) * 2, corpus.part("test"), strict=False)
    ]
    env = ImproviseEnv(
        2,
        table=settings.table(),
        corpus=corpus,
        phrases=phrases,
        features_keep=settings.HEARD,
        hops_per_step=1,
    )
    env.reset(seed=0)
    level = env.setting.scales.columns.index("loudness_rms_dbfs")
    median, spread = env.setting.scales.medians[level], env.setting.scales.spreads[level]
    for hop in range(20):
        expected = [(phrase.frames[hop, 0] - median) / spread for phrase in phrases]
        np.testing.assert_allclose(env.targets.values[:, level], expected, atol=1e-5)
        env.step(np.zeros((2, 2), np.float32))
