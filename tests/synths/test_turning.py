"""What every synth promises about controls that are turned while it sounds.

Clicks are measured as `tonewright.synths.clicks` says: jumps at 100 Hz add less than −60 dB to the sound
itself, where a synth that jumps at once adds more than −40 dB. Silence is what lies below −120 dBFS.
"""

from itertools import pairwise, product

import numpy as np
import pytest
from scipy.signal import welch

from tonewright.errors import UsageError
from tonewright.synths import synth as make_synth
from tonewright.synths.clicks import click_levels

from .conformance import NAMES, REGISTERED

BATCH = 5
FRAMES = 2_500
TURNS_AT = (0, 1, 17, 320, 333, 700, 1_301)  # within a control step of 16 samples, and at its ends
SILENCE = 10 ** (-120 / 20)


@pytest.fixture(
    scope="module", params=[(n, r) for n in NAMES for r in (8_000, 44_100)], ids=lambda p: f"{p[0]}-{p[1]}"
)
def synth(request):
    name, sample_rate_hz = request.param
    return make_synth(name, sample_rate_hz)


@pytest.fixture(scope="module", params=REGISTERED)
def played_synth(request):
    """At the rate of music, for what is measured of its sound; Pd's patches are compared with these."""
    return make_synth(request.param, 44_100)


@pytest.fixture(scope="module")
def notes():
    return np.random.default_rng(12).uniform(24, 96, BATCH)


@pytest.fixture(scope="module")
def gates(synth):
    return np.random.default_rng(13).uniform(0.2, 0.8, BATCH) * FRAMES / synth.sample_rate_hz


@pytest.fixture(scope="module")
def seconds(synth):
    return FRAMES / synth.sample_rate_hz


@pytest.fixture(scope="module")
def points(synth):
    """Where the controls begin, and where each turn goes, `[turns + 1, batch, D]`."""
    rng = np.random.default_rng(14)
    return np.stack([synth.controls.sample(rng, BATCH) for _ in range(len(TURNS_AT) + 1)])


@pytest.fixture(scope="module")
def audio(synth, points, notes, gates):
    """Notes that are turned, as everything else must reproduce them."""
    return by_hand(synth.voice(points[0], notes, gates, seed=5), points[1:])


def by_hand(voice, points, turns_at=TURNS_AT, frames=FRAMES, blocks=lambda: FRAMES):
    """The first samples of a voice that is turned to each of the points, in blocks of given sizes."""
    turns, pieces, ready = dict(zip(turns_at, points, strict=False)), [], 0
    while ready < frames:
        if ready in turns:
            voice.turn(turns[ready])
        until = min([at for at in turns if at > ready] + [frames])
        pieces.append(voice.render(min(blocks(), until - ready)))
        ready += pieces[-1].shape[1]
    return np.concatenate(pieces, axis=1)


class TestSamples:
    @pytest.mark.parametrize("block", [1, 64, 333])
    def test_blocks_make_no_difference(self, synth, points, notes, gates, audio, block):
        voice = synth.voice(points[0], notes, gates, seed=5)
        np.testing.assert_array_equal(by_hand(voice, points[1:], blocks=lambda: block), audio)

    def test_blocks_of_any_size(self, synth, points, notes, gates, audio):
        rng = np.random.default_rng(3)
        voice = synth.voice(points[0], notes, gates, seed=5)
        sizes = (0, 1, 3, 15, 16, 17, 500)
        np.testing.assert_array_equal(by_hand(voice, points[1:], blocks=lambda: rng.choice(sizes)), audio)

    @pytest.mark.parametrize("threads", [1, 2])
    def test_number_of_threads(self, synth, points, notes, gates, audio, threads, monkeypatch):
        monkeypatch.setenv("NUMBA_NUM_THREADS", str(threads))
        voice = synth.voice(points[0], notes, gates, seed=5)
        np.testing.assert_array_equal(by_hand(voice, points[1:]), audio)

    def test_rows_stand_alone(self, synth, points, notes, gates, audio):
        for row in range(BATCH):
            voice = synth.voice(points[0, row : row + 1], notes[row], gates[row], seed=5)
            np.testing.assert_array_equal(by_hand(voice, points[1:, row : row + 1])[0], audio[row])

    def test_rows_that_are_not_turned_do_not_change(self, synth, points, notes, gates, audio):
        mixed = points.copy()
        mixed[:, ::2] = points[0, ::2]
        turned = by_hand(synth.voice(mixed[0], notes, gates, seed=5), mixed[1:])
        still = synth.voice(points[0], notes, gates, seed=5).render(FRAMES)
        np.testing.assert_array_equal(turned[::2], still[::2])
        np.testing.assert_array_equal(turned[1::2], audio[1::2])

    def test_a_turn_is_heard_within_5_ms_and_not_before(self, synth, points, notes):
        still = synth.voice(points[0], notes, seed=5).render(FRAMES)
        at, soon = 1_001, 1_001 + round(0.005 * synth.sample_rate_hz)
        for point in points[1:]:
            turned = by_hand(synth.voice(points[0], notes, seed=5), [point], [at])
            np.testing.assert_array_equal(turned[:, :at], still[:, :at])
            assert (turned[:, at:soon] != still[:, at:soon]).any()

    def test_a_turn_to_where_it_stands_changes_nothing(self, synth, points, notes, gates):
        turned = by_hand(synth.voice(points[0], notes, gates, seed=5), points[[0] * len(TURNS_AT)])
        still = synth.voice(points[0], notes, gates, seed=5).render(FRAMES)
        np.testing.assert_array_equal(turned, still)

    def test_a_turn_to_where_it_goes_changes_nothing(self, synth, points, notes, gates):
        once = by_hand(synth.voice(points[0], notes, gates, seed=5), points[1:3], (300, 900))
        again = points[[1, 1, 2, 2, 2]]
        turned = by_hand(synth.voice(points[0], notes, gates, seed=5), again, (300, 333, 900, 901, 1_500))
        np.testing.assert_array_equal(turned, once)

    def test_of_two_turns_at_a_sample_the_last_counts(self, synth, points, notes):
        once, twice = synth.voice(points[0], notes), synth.voice(points[0], notes)
        for voice in (once, twice):
            voice.render(160)
        twice.turn(points[1])
        for voice in (once, twice):
            voice.turn(points[2])
        np.testing.assert_allclose(twice.render(1_000), once.render(1_000), atol=1e-6)

    def test_what_was_given_is_left_alone(self, synth, points, notes):
        voice, other = synth.voice(points[0], notes), synth.voice(points[0], notes)
        given = points[1].copy()
        voice.turn(given)
        other.turn(points[1])
        np.testing.assert_array_equal(given, points[1])
        given[:] = 0  # a sounding voice does not look at it again
        np.testing.assert_array_equal(voice.render(500), other.render(500))

    def test_double_precision_and_lists_are_taken(self, synth, points, notes):
        sounds = []
        for given in (points[1], points[1].astype(np.float64), points[1].tolist()):
            voice = synth.voice(points[0], notes)
            voice.turn(given)
            sounds.append(voice.render(500))
        np.testing.assert_array_equal(sounds[1], sounds[0])
        np.testing.assert_array_equal(sounds[2], sounds[0])

    def test_an_empty_batch(self, synth, points):
        voice = synth.voice(points[0, :0])
        voice.turn(points[1, :0])
        assert voice.render(64).shape == (0, 64)


class TestTracks:
    """`render` with tracks is the voice turned at the hop, bit for bit."""

    def tracks(self, synth, steps):
        return np.random.default_rng(15).random((BATCH, steps, len(synth.controls)), dtype=np.float32)

    @pytest.mark.parametrize("hop", [7, 64, 256, 333, FRAMES - 1])
    def test_offline_is_live(self, synth, notes, gates, seconds, hop):
        tracks = self.tracks(synth, -(-FRAMES // hop))
        offline = synth.render(tracks, notes, seconds, gates, seed=5, hop=hop)
        voice = synth.voice(tracks[:, 0], notes, gates, seed=5)
        at = range(hop, FRAMES, hop)
        live = by_hand(voice, tracks[:, 1:].swapaxes(0, 1), at, blocks=lambda: 100)
        np.testing.assert_array_equal(offline, live)

    def test_the_last_step_stays(self, synth, notes, gates, seconds):
        tracks = self.tracks(synth, 3)
        stays = np.concatenate([tracks, np.repeat(tracks[:, -1:], 30, axis=1)], axis=1)
        np.testing.assert_array_equal(
            synth.render(tracks, notes, seconds, gates, hop=100),
            synth.render(stays, notes, seconds, gates, hop=100),
        )

    def test_what_comes_after_the_end_is_not_heard(self, synth, notes, gates, seconds):
        tracks = self.tracks(synth, 40)
        np.testing.assert_array_equal(
            synth.render(tracks, notes, seconds, gates, hop=250),
            synth.render(tracks[:, :10], notes, seconds, gates, hop=250),
        )

    def test_tracks_of_one_step_stand_still(self, synth, points, notes, gates, seconds):
        still = synth.render(points[0], notes, seconds, gates)
        for hop in (1, FRAMES, 10 * FRAMES):
            np.testing.assert_array_equal(
                synth.render(points[0][:, None], notes, seconds, gates, hop=hop), still
            )


# Seconds until the last of a turn is over, and to listen for: grains last a second, and come by chance.
SETTLED = {"granular": (1.1, 2.0)}


class TestSettling:
    def test_long_after_a_turn_it_sounds_as_if_it_had_begun_there(self, played_synth):
        """Long after the turn (`SETTLED`): the level, and the level of thirds of an octave down to −40 dB.

        Half of the sounds are within 0.5 dB and half of their bands within 1 dB, and four fifths within 3 dB:
        what is random or slower than what is heard, an LFO for one, is elsewhere in its course.
        """
        rate, rows = played_synth.sample_rate_hz, 64
        rng = np.random.default_rng(16)
        begin, end = (played_synth.controls.sample(rng, rows) for _ in range(2))
        turned, still = played_synth.voice(begin, 57), played_synth.voice(end, 57)
        turned.render(round(0.1 * rate))
        turned.turn(end)
        wait_s, seconds = SETTLED.get(played_synth.name, (0.05, 0.5))
        turned.render(round(wait_s * rate))
        still.render(round((0.1 + wait_s) * rate))
        heard, expected = (bands(voice.render(round(seconds * rate)), rate) for voice in (turned, still))
        heard, expected = (power[expected.sum(axis=1) > 1e-6] for power in (heard, expected))
        assert len(expected) > rows / 4

        level, band = differences(heard, expected)
        assert np.median(level) < 0.5
        assert np.median(band) < 1
        assert np.quantile(np.concatenate([level, band]), 0.8) < 3
        level, band = differences(heard, np.roll(expected, 1, axis=0))  # of another sound
        assert np.median(band) > 6


def bands(sound, rate_hz):
    """Power in thirds of an octave from 50 Hz on, `[batch, bands]`."""
    hz, power = welch(sound, rate_hz, "hann", 4_096, detrend=False, scaling="spectrum")
    edges = np.append(0, 50 * 2 ** (np.arange(27) / 3))
    return np.stack([power[:, (hz >= a) & (hz < b)].sum(axis=1) for a, b in pairwise(edges)], axis=1)


def differences(heard, expected):
    """Of the levels of sounds, and of their bands down to −40 dB, in dB."""
    level = np.abs(10 * np.log10(heard.sum(axis=1) / expected.sum(axis=1)))
    strong = expected > 1e-4 * expected.sum(axis=1, keepdims=True)
    return level, np.abs(10 * np.log10((heard[strong] + 1e-12) / expected[strong]))


class Jumping:
    """A synth that is turned at once: the sounds of the two ends, spliced."""

    def __init__(self, synth):
        self.synth, self.controls, self.sample_rate_hz = synth, synth.controls, synth.sample_rate_hz

    def render(self, params, *played, hop=None):
        if hop is None:
            return self.synth.render(params, *played)
        one, other = (self.synth.render(params[:, step], *played) for step in range(2))
        return np.where(np.arange(one.shape[1]) // hop % 2 == 0, one, other)


class TestClicks:
    def test_jumps_of_every_control_add_nothing_above_the_sound(self, played_synth):
        levels = click_levels(played_synth, np.random.default_rng(17))
        assert list(levels) == [*played_synth.controls.names, "all"]
        assert {name: level for name, level in levels.items() if level > -60} == {}

    def test_the_measure_hears_what_is_not_smoothed(self, played_synth):
        assert click_levels(Jumping(played_synth), np.random.default_rng(17))["all"] > -40


class TestSilence:
    def test_silence_stays_silent_whatever_else_is_turned(self, synth):
        rate, rng = synth.sample_rate_hz, np.random.default_rng(18)
        levels = silencing(synth)
        if not levels:
            pytest.skip("none of its controls brings it to silence")
        tracks = synth.controls.sample(rng, 16 * 30).reshape(16, 30, -1)
        for level in levels:
            tracks[..., level] = 0
            assert np.abs(synth.render(tracks, 48, 0.3, 0.3, hop=rate // 100)).max() < SILENCE
            tracks[:, 15:, level] = 1
            later = synth.render(tracks, 48, 0.3, 0.3, hop=rate // 100)
            assert np.abs(later).max() > 1e-3
            assert np.abs(later[:, : 15 * (rate // 100)]).max() < SILENCE
            tracks[..., level] = 1


def silencing(synth):
    """Controls that bring it to silence, wherever the others stand."""
    params = synth.controls.sample(np.random.default_rng(19), 32)
    silent = []
    for d in range(len(synth.controls)):
        lowered = params.copy()
        lowered[:, d] = 0
        if np.abs(synth.render(lowered, 48, 0.3, 0.3)).max() < SILENCE:
            silent.append(d)
    return silent


class TestCorners:
    @pytest.mark.parametrize("note", [0, 60, 127])
    def test_jumps_between_corners_stay_finite(self, synth, note):
        """All corners of up to seven controls, or 128 of more, each followed by others."""
        controls, rng = len(synth.controls), np.random.default_rng(20)
        if controls <= 7:
            corners = np.array(list(product((0, 1), repeat=controls)), np.float32)
        else:
            corners = rng.integers(0, 2, (128, controls)).astype(np.float32)
        voice = synth.voice(corners, note, 0.1)
        for _ in range(40):
            assert np.isfinite(voice.render(rng.integers(1, 200))).all()
            voice.turn(rng.permutation(corners))


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "rule"),
        [
            (lambda p: p[0], "params are"),
            (lambda p: p[:, :-1], "params are"),
            (lambda p: p[None], "params are"),
            (lambda p: [[0.5], [0.5, 0.5]], "params takes numbers"),
            (lambda p: None, "params takes numbers"),
            (lambda p: np.where(p == p.max(), np.nan, p), r"params lie in \[0, 1\]"),
            (lambda p: np.where(p == p.max(), 1.001, p), r"params lie in \[0, 1\]"),
            (lambda p: np.where(p == p.max(), -1e-6, p), r"params lie in \[0, 1\]"),
            (lambda p: p[1:], r"a turn takes params \[5, .*, a row for each note; got shape \(4, "),
            (lambda p: p[:1], r"a turn takes params \[5, .*, a row for each note; got shape \(1, "),
            (lambda p: p[:0], r"a turn takes params \[5, .*, a row for each note; got shape \(0, "),
        ],
    )
    def test_a_turn_that_is_refused_leaves_the_voice_alone(self, synth, points, notes, change, rule):
        voice = synth.voice(points[0], notes)
        before = voice.render(100)
        with pytest.raises(UsageError, match=rule):
            voice.turn(change(points[1]))
        played = np.concatenate([before, voice.render(400)], axis=1)
        np.testing.assert_array_equal(played, synth.voice(points[0], notes).render(500))

    @pytest.mark.parametrize(
        ("change", "hop", "rule"),
        [
            (lambda t: t, None, "with a hop; got shape .* and no hop"),
            (lambda t: t[:, 0], 100, "a hop goes with control tracks"),
            (lambda t: t[None], 100, "a hop goes with control tracks"),
            (lambda t: t[:, :0], 100, "control tracks have at least one step; got shape"),
            (lambda t: t[..., :-1], 100, r"control tracks are \[batch, steps, .*; got shape \(5, 4, "),
            (lambda t: np.where(t == t.max(), np.nan, t), 100, r"params lie in \[0, 1\]"),
            (lambda t: np.where(t == t.max(), 1.001, t), 100, r"params lie in \[0, 1\]"),
            (lambda t: t.astype(complex), 100, "params takes numbers"),
            (lambda t: t, 0, "hop is a whole number from 1"),
            (lambda t: t, 1.5, "hop is a whole number from 1"),
            (lambda t: t, "100", "hop is a whole number from 1"),
        ],
    )
    def test_tracks(self, synth, change, hop, rule):
        tracks = np.random.default_rng(0).random((BATCH, 4, len(synth.controls)), dtype=np.float32)
        with pytest.raises(UsageError, match=rule):
            synth.render(change(tracks), 60, 0.1, hop=hop)
