from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import fftconvolve

import tonewright as tw
from tonewright.matching.weak_points import out_of_reach, pitch_fall, reverberation, weak_points
from tonewright.synths.reach import Reach

RATE_HZ = 44_100
TIME_S = np.arange(2 * RATE_HZ) / RATE_HZ


def tone(*, frequency_hz=220.0, attack_s=0.005, decay_s=0.6, harmonics=8, vibrato=0.0, noise=0.0):
    """A tone of 2 s that is 20 dB down after `decay_s`; vibrato in semitones to either side."""
    swing = 2 ** (vibrato / 12 * np.sin(2 * np.pi * 5 * TIME_S))
    phase = 2 * np.pi * np.cumsum(frequency_hz * swing) / RATE_HZ
    sound = sum(np.sin(n * phase) / n for n in range(1, harmonics + 1))
    sound += noise * np.random.default_rng(0).standard_normal(len(TIME_S))
    envelope = np.minimum(1, TIME_S / attack_s) * 10 ** (-np.maximum(0, TIME_S - attack_s) / decay_s)
    return (0.2 * sound * envelope).astype(np.float32)


def impulse_response(rt60_s):
    rng = np.random.default_rng(1)
    return rng.standard_normal(len(TIME_S)) * 10 ** (-3 * TIME_S / rt60_s)


class TestWeakPoints:
    @pytest.mark.parametrize(
        ("difference", "aspect", "words"),
        [
            ({"attack_s": 0.1}, "attack", "Its attack is slower: "),
            ({"decay_s": 0.2}, "decay", "It dies away sooner: 20 dB down after 210 ms instead of 610 ms."),
            ({"decay_s": 1.5}, "decay", "It dies away later: "),
            ({"harmonics": 2}, "brightness", "It is darker: spectral centroid "),
            ({"harmonics": 40}, "brightness", "It is brighter: spectral centroid "),
            ({"frequency_hz": 220 * 2 ** (35 / 1200)}, "tuning", "It is 35 cents sharp: A3 + 35 cents"),
            ({"vibrato": 1.0}, "movement of pitch", "Its pitch moves more: "),
            ({"noise": 1.0}, "noise", "It is more noisy: "),
        ],
    )
    def test_name_what_differs(self, difference, aspect, words):
        points = weak_points(tone(), tone(**difference), RATE_HZ)
        assert aspect in [point.aspect for point in points]
        (point,) = [point for point in points if point.aspect == aspect]
        assert point.words.startswith(words)
        assert point.weight >= 1

    def test_are_measured_in_units(self):
        (point,) = weak_points(tone(), tone(attack_s=0.2), RATE_HZ)
        assert (point.aspect, point.unit) == ("attack", "s")
        assert point.target == pytest.approx(0.005, abs=0.011)
        assert point.match == pytest.approx(0.18, abs=0.03)  # from a tenth of the loudest on

    def test_are_no_more_than_three_the_weightiest_first(self):
        other = tone(attack_s=0.3, harmonics=1, frequency_hz=330, noise=2.0, vibrato=3)
        points = weak_points(tone(), other, RATE_HZ)
        assert len(points) == 3
        assert [p.weight for p in points] == sorted((p.weight for p in points), reverse=True)

    def test_are_none_between_equal_sounds(self):
        assert weak_points(tone(), tone(), RATE_HZ) == ()

    @pytest.mark.parametrize("sound", ["silence", "noise", "20 ms"])
    def test_of_extreme_sounds_are_finite(self, sound):
        rng = np.random.default_rng(0)
        other = {
            "silence": np.zeros_like(tone()),
            "noise": 0.1 * rng.standard_normal(len(TIME_S)).astype(np.float32),
            "20 ms": np.where(TIME_S < 0.02, tone(), 0).astype(np.float32),
        }[sound]
        for pair in ((tone(), other), (other, tone()), (other, other)):
            for point in weak_points(*pair, RATE_HZ):
                assert np.isfinite([point.target, point.match, point.weight]).all()


class TestPitchFall:
    @pytest.mark.parametrize(("from_hz", "to_hz"), [(400, 100), (200, 80), (880, 440)])
    def test_of_a_drum(self, from_hz, to_hz):
        frequency_hz = to_hz + (from_hz - to_hz) * np.exp(-TIME_S / 0.15)
        drum = np.sin(2 * np.pi * np.cumsum(frequency_hz) / RATE_HZ) * np.exp(-3 * TIME_S)
        whole = 12 * np.log2(from_hz / to_hz)
        assert 0.75 * whole <= pitch_fall(drum.astype(np.float32), RATE_HZ) <= whole + 0.2

    @pytest.mark.parametrize("sound", [tone(), tone(vibrato=2.0), tone(noise=3.0), np.zeros(100, np.float32)])
    def test_is_none_of_a_steady_pitch(self, sound):
        assert pitch_fall(sound, RATE_HZ) == 0

    def test_is_none_of_any_factory_preset(self):
        synth = tw.synth("serum-lite", RATE_HZ)
        params = np.stack([synth.controls.to_unit(preset.controls) for preset in synth.factory_presets()])
        assert max(pitch_fall(sound, RATE_HZ) for sound in synth.render(params, 50, 2.0, 1.5)) < 3


class TestReverberation:
    @pytest.mark.parametrize("rt60_s", [1.0, 2.0])
    def test_is_measured(self, rt60_s):
        note = tone(decay_s=10.0) * (TIME_S < 0.3)
        wet = fftconvolve(note, impulse_response(rt60_s))[: len(note)]
        wet *= 0.2 * np.abs(note).max() / np.abs(wet).max()
        tail = reverberation((note + wet).astype(np.float32), RATE_HZ)
        assert tail is not None
        assert tail.start_s == pytest.approx(0.32, abs=0.06)
        assert tail.rt60_s == pytest.approx(rt60_s, rel=0.2)

    @pytest.mark.parametrize("decay_s", [0.1, 0.6, 3.0])
    def test_is_none_in_a_plain_decay(self, decay_s):
        assert reverberation(tone(decay_s=decay_s), RATE_HZ) is None


class TestOutOfReach:
    class OneVoice:
        reach = Reach(pitches=1, falls=False, reverberates=False)

    class Everything:
        reach = Reach(pitches=8, falls=True, reverberates=True)

    def chord(self):
        return (tone() + tone(frequency_hz=277.18) + tone(frequency_hz=329.63)).astype(np.float32)

    def drum(self):
        frequency_hz = 100 + 300 * np.exp(-TIME_S / 0.15)
        return (np.sin(2 * np.pi * np.cumsum(frequency_hz) / RATE_HZ) * np.exp(-3 * TIME_S)).astype(
            np.float32
        )

    def test_is_a_chord_for_a_synth_of_one_pitch(self):
        (phrase,) = out_of_reach(self.chord(), tone(), RATE_HZ, self.OneVoice())
        assert phrase == "a chord (A3, C♯4 and E4): one key of it sounds one pitch at most"

    def test_is_a_falling_pitch(self):
        (phrase,) = out_of_reach(self.drum(), tone(), RATE_HZ, self.OneVoice())
        assert phrase.startswith("a pitch that falls by 2")

    def test_is_nothing_that_the_match_has(self):
        for sound in (self.chord(), self.drum(), tone()):
            assert out_of_reach(sound, sound, RATE_HZ, self.OneVoice()) == ()

    def test_is_nothing_that_the_synth_can_do(self):
        for sound in (self.chord(), self.drum()):
            assert out_of_reach(sound, tone(), RATE_HZ, self.Everything()) == ()

    def test_is_not_told_of_a_synth_that_does_not_tell(self):
        assert out_of_reach(self.chord(), tone(), RATE_HZ, object()) == ()
