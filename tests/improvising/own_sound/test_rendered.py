import numpy as np
import pytest

from tonewright.errors import SynthError
from tonewright.features import hear
from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.hearing import FRAMING, HOP
from tonewright.improvising.hearing_difference import hearing_difference
from tonewright.improvising.listening.normalising import Normaliser, hold
from tonewright.improvising.own_sound import looked_up
from tonewright.improvising.own_sound.rendered import RenderedSound
from tonewright.improvising.setting import setting
from tonewright.synths import synth

SINE = setting(ImproviseConfig(features_keep=("loudness_rms", "pitch", "spectral_centroid", "mfcc")))
SEEDS = np.zeros(4, np.uint64)


def tracks(rows, hops, seed=0):
    return np.random.default_rng(seed).random((hops, rows, 2), np.float32)


def play(sound, steps, rows):
    heard = []
    for params in steps:
        sound.hear(rows, params)
        heard.append(sound.values.copy())
    return np.array(heard)


def test_it_is_the_analysis_of_the_rendered_sound():
    """To the bit what `hear` says of one rendering of the same controls."""
    sound, rows = RenderedSound(SINE.synth, SINE.scales, 2, 60.0), np.arange(2)
    steps = tracks(2, 30)
    sound.begin(rows, steps[0], SEEDS[:2])
    heard = play(sound, steps[1:], rows)
    settling = sound._settling
    turned = np.concatenate([np.repeat(steps[:1], settling, axis=0), steps[1:]]).transpose(1, 0, 2)
    seconds = turned.shape[1] * HOP / FRAMING.sample_rate_hz
    audio = SINE.synth.render(turned, 60.0, seconds, 10.0, hop=HOP)
    names = ("loudness_rms", "pitch", "spectral_centroid", "mfcc")
    values = hear(audio, 44_100, names, window=FRAMING.window, hop=HOP)
    normaliser = Normaliser(SINE.scales, values.names)
    for row in range(2):
        expected = hold(*normaliser(values.values[row]))[settling:]
        np.testing.assert_array_equal(heard[:, row], expected)


def test_a_row_begins_anew_without_touching_the_others():
    rows, steps = np.arange(3), tracks(3, 40)
    sound = RenderedSound(SINE.synth, SINE.scales, 3, 60.0)
    sound.begin(rows, steps[0], SEEDS[:3])
    play(sound, steps[1:20], rows)
    sound.begin(np.array([1]), steps[20], SEEDS[:1])
    heard = play(sound, steps[21:], rows)

    undisturbed = RenderedSound(SINE.synth, SINE.scales, 3, 60.0)
    undisturbed.begin(rows, steps[0], SEEDS[:3])
    play(undisturbed, steps[1:20], rows)
    np.testing.assert_array_equal(heard[:, [0, 2]], play(undisturbed, steps[21:], rows)[:, [0, 2]])
    fresh = RenderedSound(SINE.synth, SINE.scales, 1, 60.0)
    fresh.begin(np.array([0]), steps[20][1:2], SEEDS[:1])
    np.testing.assert_array_equal(heard[:, 1], play(fresh, steps[21:, 1:2], np.array([0]))[:, 0])


def test_voices_that_nobody_listens_to_are_dropped():
    rows = np.arange(3)
    sound = RenderedSound(SINE.synth, SINE.scales, 3, 60.0)
    for row in (0, 1, 2, 0, 2):
        sound.begin(
            rows[[row]] if sound._voices else rows, tracks(3, 1)[0], SEEDS[: 1 if sound._voices else 3]
        )
    sounding = np.concatenate([voice.rows[voice.heard] for voice in sound._voices])
    assert sorted(sounding) == [0, 1, 2]
    assert len(sound._voices) == 3
    sound.begin(rows, tracks(3, 1)[0], SEEDS[:3])
    assert len(sound._voices) == 1


class Broken:
    """A sine that breaks at the top of its range."""

    def __init__(self):
        self._sine = synth("sine")
        self.name, self.version, self.sample_rate_hz = "broken", 1, 44_100
        self.controls = self._sine.controls

    def voice(self, params, midi_note=60.0, gate_seconds=None, seed=0):
        voice = self._sine.voice(params)
        render = voice.render

        def broken(frames):
            audio = render(frames)
            audio[voice.target[:, 0] > 0.9] = np.nan
            return audio

        voice.render = broken
        return voice


def test_a_synth_that_breaks_while_it_plays_is_told_with_its_controls():
    sound = RenderedSound(Broken(), SINE.scales, 2, 60.0)
    params = np.full((2, 2), 0.5, np.float32)
    sound.begin(np.arange(2), params, SEEDS[:2])
    params[1, 0] = 1.0
    with pytest.raises(SynthError, match=r"NaN or infinity from 'broken' at frequency_hz 5120, ampl"):
        sound.hear(np.arange(2), params)


# In units of the spread over the synth's range; what the sine's columns are in their own units stands beside.
TOLERANCES = {
    "loudness_rms_dbfs": 0.03,  # 0.4 dB
    "pitch_f0_hz": 0.1,  # a quarter octave: of a tone that crosses seven in 0.12 s
    "spectral_centroid_hz": 0.05,  # an eighth of an octave
    "mfcc_03": 0.3,
}


def test_table_and_rendering_agree():
    differences = {one.name: one for one in hearing_difference(SINE, rows=16, seconds=3.0)}
    for name, tolerance in TOLERANCES.items():
        assert differences[name].difference < tolerance, name
        assert abs(differences[name].off) < tolerance / 3, name
        assert differences[name].range > 0.5, name
        assert differences[name].there > 0.9, name


def test_a_table_without_the_delay_of_hearing_would_not_agree(monkeypatch):
    """What the windows are for: heard at once, the same table is several times as far off."""
    late = {one.name: one.difference for one in hearing_difference(SINE, rows=8, seconds=2.0)}
    monkeypatch.setattr(looked_up, "taps", lambda columns, framing: np.ones((len(columns), 1), np.float32))
    at_once = {one.name: one.difference for one in hearing_difference(SINE, rows=8, seconds=2.0)}
    for name in ("loudness_rms_dbfs", "spectral_centroid_hz"):
        assert at_once[name] > 3 * late[name], name
