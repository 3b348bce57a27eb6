import numpy as np

from tonewright.improvising.following.walks import walk, walk_phrases
from tonewright.improvising.hearing import HOP, SAMPLE_RATE_HZ
from tonewright.synths import synth


def test_walks_stay_jump_and_glide() -> None:
    track = walk(2, 20_000, np.random.default_rng(0)).astype(np.float64)
    assert track.shape == (20_000, 2)
    assert 0 <= track.min() < 0.01
    assert 0.99 < track.max() <= 1
    moves = np.abs(np.diff(track, axis=0)).max(axis=1)
    assert 0.4 < (moves == 0).mean() < 0.9  # stays
    assert (moves > 0.3).sum() > 20  # jumps
    assert ((moves > 0) & (moves < 0.1)).sum() > 1000  # glides


def test_phrases_are_what_the_synth_sounds_like() -> None:
    sine = synth("sine", SAMPLE_RATE_HZ)
    phrases = walk_phrases(sine, ("loudness_rms", "pitch"), 2, 400, seed=3)
    tracks = np.random.default_rng(3)
    for phrase in phrases:
        track = walk(2, 400, tracks)
        assert phrase.frames.shape == (400, 3)
        assert phrase.columns == ("loudness_rms_dbfs", "pitch_f0_hz", "pitch_confidence")
        # Where the controls have stood still for 0.15 s the pitch is what they say.
        settled = round(0.15 * SAMPLE_RATE_HZ / HOP)
        still = [
            hop
            for hop in range(settled, 400)
            if (track[hop - settled : hop + 1] == track[hop]).all() and track[hop, 1] > 0.3
        ]
        said = sine.controls["frequency_hz"].to_physical(track[still, 0])
        cents = 1200 * np.log2(phrase.frames[still, 1] / said)
        assert np.median(np.abs(cents)) < 5
    assert (
        walk_phrases(sine, ("pitch",), 1, 50, 1)[0].frames
        == walk_phrases(sine, ("pitch",), 1, 50, 1)[0].frames
    ).all()
