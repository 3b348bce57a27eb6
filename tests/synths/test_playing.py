import numpy as np
import pytest

from tonewright.errors import UsageError
from tonewright.synths import Preset, render_preset, synth

SERUM = synth("serum-lite", 16_000)
PRESET = Preset.of(SERUM, SERUM.controls.defaults(), midi_note=48, gate_seconds=0.1)


def test_plays_the_note_and_gate_of_the_preset():
    clip = render_preset(PRESET, sample_rate_hz=16_000, seconds=0.2)
    np.testing.assert_array_equal(clip.samples, SERUM.render(PRESET.params(SERUM)[None], 48, 0.2, 0.1))


def test_without_a_duration_plays_until_silence():
    clip = render_preset(PRESET, sample_rate_hz=16_000)
    assert clip.seconds > 0.1
    assert np.abs(clip.samples[:, -16:]).max() < 10 ** (-90 / 20)


@pytest.mark.parametrize("given", ["preset.json", dict(PRESET.controls), SERUM.controls.defaults(), None])
def test_what_is_no_preset_is_refused(given):
    with pytest.raises(UsageError, match=rf"got {type(given).__name__}; Preset\.load\(path\) reads a file"):
        render_preset(given)


def test_a_preset_where_unit_vectors_belong():
    for play in (SERUM.render, SERUM.voice):
        with pytest.raises(UsageError, match=r"got a Preset: render it with render_preset\(preset\)"):
            play(PRESET)


def test_a_gate_beyond_the_end_is_refused():
    rule = "the gate is at most as long as the sound, 1 s; got 100 s; let the key go earlier, or render more"
    with pytest.raises(UsageError, match=rule):
        render_preset(PRESET, seconds=1, gate_seconds=100)
    assert render_preset(PRESET, seconds=0.05).seconds == pytest.approx(0.05)  # its own gate ends later
    assert render_preset(PRESET, seconds=0.5, gate_seconds=0.5).seconds == 0.5


def test_a_long_gate_needs_a_duration():
    with pytest.raises(UsageError, match="a gate above 60 s needs seconds, the duration; got 61"):
        render_preset(PRESET, gate_seconds=61)


def test_a_synth_without_notes_is_not_asked_for_one():
    preset = synth("fm").factory_presets()[0]
    assert render_preset(preset, seconds=0.1).frames == 4_410
    with pytest.raises(UsageError, match=r"^fm plays no notes, .* controls; got note 48; leave it out$"):
        render_preset(preset, midi_note=48, seconds=0.1)
