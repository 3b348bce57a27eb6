from pathlib import Path

import numpy as np
import pytest

from tonewright.audio import Clip, SkippedSoundsWarning, write
from tonewright.errors import AudioError, UsageError
from tonewright.matching.agent.curriculum import stage
from tonewright.matching.episodes import (
    Bank,
    RandomPresets,
    make_targets,
    recordings,
    render_presets,
)
from tonewright.synths import synth

SYNTH = synth("serum-lite", 16_000)
FRAMES = 8_000
EVERYTHING = stage(SYNTH, None)


def generators(*seeds: int) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in seeds]


def test_random_targets_are_audible_renderings_of_their_presets() -> None:
    drawn = RandomPresets(SYNTH, FRAMES, EVERYTHING).draw(generators(*range(32)))
    assert (10 * np.log10(np.square(drawn.audio).mean(axis=1)) > -34).all()
    again = SYNTH.render(drawn.params, drawn.midi_note, 0.5, drawn.gate_seconds)
    np.testing.assert_array_equal(again, drawn.audio)
    assert 24 <= drawn.midi_note.min() < drawn.midi_note.max() <= 96
    assert 0.05 <= drawn.gate_seconds.min() < drawn.gate_seconds.max() <= 0.5


def test_a_row_is_drawn_from_its_own_generator() -> None:
    source = RandomPresets(SYNTH, FRAMES, EVERYTHING)
    together, alone = source.draw(generators(3, 4, 5)), source.draw(generators(4))
    for both, one in zip(together, alone, strict=True):
        np.testing.assert_array_equal(both[1], one[0])


def test_a_stage_draws_targets_that_differ_in_exposed_controls_alone() -> None:
    oscillators = stage(SYNTH, "oscillators")
    params = RandomPresets(SYNTH, FRAMES, oscillators).draw(generators(*range(40))).params
    differ = (params != SYNTH.controls.snap(SYNTH.controls.defaults())).any(axis=0)
    np.testing.assert_array_equal(differ, oscillators.exposed(SYNTH))


def test_a_stage_that_makes_no_sound_is_refused() -> None:
    class Mute:
        name, sample_rate_hz, controls = "mute", 16_000, SYNTH.controls

        def render(self, params, *_: object) -> np.ndarray:
            return np.zeros((len(params), FRAMES), np.float32)

    with pytest.raises(UsageError, match="mute stayed below -34 dBFS in 200 random presets"):
        RandomPresets(Mute(), FRAMES, EVERYTHING).draw(generators(0))


def test_presets_come_at_their_own_notes() -> None:
    bank = SYNTH.factory_presets()
    drawn = Bank(render_presets(SYNTH, FRAMES, bank)).draw(generators(*range(20)))
    notes = {preset.params(SYNTH).tobytes(): preset.midi_note for preset in bank}
    assert [notes[params.tobytes()] for params in drawn.params] == drawn.midi_note.tolist()
    assert len({params.tobytes() for params in drawn.params}) > 10


def test_every_fifth_of_a_bank_is_held_out_where_there_are_five() -> None:
    def notes(count: int, *, held_out: bool) -> list[float]:
        presets = SYNTH.factory_presets()[:count]
        bank = Bank(render_presets(SYNTH, 1_000, presets)._replace(midi_note=np.arange(count, dtype=float)))
        return bank.part(held_out=held_out).targets.midi_note.tolist()

    assert notes(11, held_out=True) == [4, 9]
    assert notes(11, held_out=False) == [0, 1, 2, 3, 5, 6, 7, 8, 10]
    assert notes(4, held_out=True) == notes(4, held_out=False) == [0, 1, 2, 3]


def test_recordings_are_resampled_and_padded(tmp_path: Path) -> None:
    time = np.arange(11_025) / 44_100
    sine = np.sin(2 * np.pi * 220 * time, dtype=np.float32)
    write(tmp_path / "a.wav", Clip(0.5 * sine[None], 44_100))
    drawn = Bank(recordings(SYNTH, FRAMES, tmp_path)).draw(generators(0, 1))
    assert drawn.audio.shape == (2, FRAMES)
    assert not drawn.audio[:, 4_100:].any()
    np.testing.assert_allclose(drawn.midi_note, 57.0, atol=0.05)
    assert np.isnan(drawn.params).all()


def test_recordings_that_cannot_be_used_are_skipped(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", Clip(0.5 * np.sin(np.arange(8_000, dtype=np.float32) / 9)[None], 16_000))
    good = recordings(SYNTH, FRAMES, tmp_path)
    (tmp_path / "b.wav").write_text("no sound")
    with pytest.warns(SkippedSoundsWarning, match=r"skipped 1 of 2 sounds .*b\.wav"):
        drawn = recordings(SYNTH, FRAMES, tmp_path)
    np.testing.assert_array_equal(drawn.audio, good.audio)
    (tmp_path / "a.wav").unlink()
    with pytest.raises(AudioError, match="none of the 1 sounds"):
        make_targets(str(tmp_path), SYNTH, FRAMES, EVERYTHING)


def test_an_empty_folder_and_an_unknown_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no sound"):
        make_targets(str(tmp_path), SYNTH, FRAMES, EVERYTHING)
    for name in ("nothing", ""):
        with pytest.raises(UsageError, match=f"random, factory or a folder of sounds; got '{name}'"):
            make_targets(name, SYNTH, FRAMES, EVERYTHING)


def test_durations_are_drawn_and_what_follows_is_silent() -> None:
    source = RandomPresets(SYNTH, FRAMES, EVERYTHING, durations_s=(0.1, 2.0))
    drawn = source.draw(generators(*range(40)))
    assert drawn.seconds.min() < 0.2
    assert drawn.seconds.max() == 0.5
    whole = SYNTH.render(drawn.params, drawn.midi_note, 0.5, drawn.gate_seconds)
    for row, seconds in enumerate(drawn.seconds):
        assert drawn.gate_seconds[row] <= seconds + 1e-9
        end = round(seconds * 16_000)
        assert not drawn.audio[row, end:].any()
        before_fade = end - 160 if end < FRAMES else end
        np.testing.assert_array_equal(drawn.audio[row, :before_fade], whole[row, :before_fade])
