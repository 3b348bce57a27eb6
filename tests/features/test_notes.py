from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

import tonewright as tw
from tonewright.audio import Clip, sounding_bounds
from tonewright.features.notes import Notes, find_notes

RATE_HZ = 44_100
SEMITONE = 2 ** (1 / 12)


def saw(frequency_hz=220.0, seconds=0.5, peak=0.4, decay_db_per_s=20.0):
    """A decaying saw of ten harmonics whose last 5 ms fade out, `[frames]` float32."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * frequency_hz * n * time_s) / n for n in range(1, 11))
    fade = np.minimum(1, (seconds - time_s) / 0.005)
    return (peak * sound / np.abs(sound).max() * 10 ** (-decay_db_per_s * time_s / 20) * fade).astype("f4")


def silence(seconds):
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def noise(seconds, level_dbfs, kind="white", seed=0):
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal(round(seconds * RATE_HZ))
    time_s = np.arange(len(samples)) / RATE_HZ
    if kind == "rumble":
        samples = sosfilt(butter(2, 60, fs=RATE_HZ, output="sos"), samples)
    if kind == "hum":
        samples = np.sin(2 * np.pi * 50 * time_s) + 0.3 * np.sin(2 * np.pi * 150 * time_s) + 0.1 * samples
    return (samples * 10 ** (level_dbfs / 20) / np.sqrt(np.mean(samples**2))).astype(np.float32)


def click_at_the_beginning(seconds):
    samples = silence(seconds)
    samples[:2] = 0.9
    return samples


def found_in(*parts) -> Notes:
    return find_notes(Clip(np.concatenate(parts), RATE_HZ))


def starts(notes: Notes) -> list[float]:
    return [note.start_s for note in notes.notes]


LEAD_INS = {
    "5 s of noise at -55": noise(5, -55),
    "1 s of noise at -50": noise(1, -50),
    "2 s of noise at -50": noise(2, -50),
    "rumble": noise(2, -50, "rumble"),
    "hum": noise(2, -50, "hum"),
    "an offset of 0.0005": silence(1) + np.float32(0.0005),
    "an offset of 0.002": silence(1) + np.float32(0.002),
    "a click": click_at_the_beginning(3),
    "a click in noise": click_at_the_beginning(3) + noise(3, -55),
}


class TestANoteInARecording:
    @pytest.mark.parametrize("lead_in", LEAD_INS)
    def test_is_found_behind_what_comes_before_it(self, lead_in):
        before = LEAD_INS[lead_in]
        notes = found_in(before, saw())
        note = notes.notes[notes.loudest]
        assert note.start_s == pytest.approx(len(before) / RATE_HZ, abs=0.011)
        assert note.end_s == pytest.approx(len(before) / RATE_HZ + 0.5, abs=0.011)

    @pytest.mark.parametrize("kind", ["white", "rumble", "hum"])
    @pytest.mark.parametrize("level_dbfs", [-55, -45])
    def test_is_found_within_noise(self, kind, level_dbfs):
        recording = np.concatenate([silence(1), saw(), silence(1)])
        notes = found_in(recording + noise(2.5, level_dbfs, kind))
        note = notes.notes[notes.loudest]
        assert note.start_s == pytest.approx(1.0, abs=0.02)
        assert note.end_s == pytest.approx(1.5, abs=0.06)
        assert notes.noise_dbfs == pytest.approx(level_dbfs, abs=4)  # rumble lies below hearing in part

    def test_ends_where_noise_alone_follows(self):
        notes = found_in(saw(), noise(3, -50))
        assert notes.notes[0].end_s == pytest.approx(0.5, abs=0.02)
        assert notes.noise_dbfs == pytest.approx(-50, abs=1)

    def test_an_offset_all_along_changes_nothing(self):
        recording = np.concatenate([silence(1), saw(), silence(1)])
        (plain,), (offset,) = found_in(recording).notes, found_in(recording + np.float32(0.05)).notes
        assert plain.start_s == pytest.approx(0.995, abs=0.006)
        assert offset.start_s == pytest.approx(plain.start_s, abs=0.006)
        assert offset.end_s == pytest.approx(plain.end_s, abs=0.06)

    def test_in_silence_lies_where_the_silence_ends(self):
        sound = np.concatenate([silence(0.3), saw(), silence(0.8)])
        (note,) = found_in(sound).notes
        bounds = sounding_bounds(Clip(sound, RATE_HZ))
        assert (round(note.start_s * RATE_HZ), round(note.end_s * RATE_HZ)) == bounds

    def test_a_quiet_sustain_belongs_to_it(self):
        """A hit, then the same pitch 35 dB lower: steady as noise is, but with a pitch."""
        sustain = saw(seconds=2.0, peak=0.0071, decay_db_per_s=0.0)
        (note,) = found_in(saw(seconds=0.3, decay_db_per_s=100.0), sustain).notes
        assert note.end_s == pytest.approx(2.3, abs=0.01)


class TestSeveralNotes:
    @pytest.mark.parametrize("gap_s", [0.05, 0.3])
    def test_with_gaps_between_them(self, gap_s):
        parts = [part for step in (0, 4, 7, 5) for part in (saw(220 * SEMITONE**step, 0.4), silence(gap_s))]
        notes = found_in(*parts)
        assert starts(notes) == pytest.approx([i * (0.4 + gap_s) for i in range(4)], abs=0.011)

    def test_struck_again_before_they_have_died_away(self):
        notes = found_in(*[saw(seconds=0.5, decay_db_per_s=50)] * 3)
        assert starts(notes) == pytest.approx([0.0, 0.5, 1.0], abs=0.011)

    def test_tied_without_any_change_of_level(self):
        frequency_hz = np.repeat([220.0, 220.0 * SEMITONE**2, 220.0 * SEMITONE**7], RATE_HZ // 2)
        phase = 2 * np.pi * np.cumsum(frequency_hz) / RATE_HZ
        notes = found_in(0.2 * sum(np.sin(n * phase) / n for n in range(1, 9)).astype(np.float32))
        assert starts(notes) == pytest.approx([0.0, 0.5, 1.0], abs=0.05)

    def test_the_loudest_is_told(self):
        notes = found_in(saw(peak=0.2), silence(0.3), saw(peak=0.4), silence(0.3), saw(peak=0.1))
        assert notes.loudest == 1
        assert notes.notes[0].level_dbfs - notes.notes[1].level_dbfs == pytest.approx(-6.0, abs=0.1)

    def test_the_first_of_those_that_are_equally_loud(self):
        assert found_in(saw(), silence(0.3), saw(peak=0.41), silence(0.3), saw()).loudest == 0

    def test_a_click_is_none(self):
        notes = found_in(saw(peak=0.1), silence(0.5), click_at_the_beginning(0.5), saw(peak=0.2))
        assert starts(notes) == pytest.approx([0.0, 1.5], abs=0.011)
        assert notes.loudest == 1


class TestOneNote:
    @pytest.mark.parametrize("rate_hz", [6.0, 10.0])
    def test_with_a_tremolo(self, rate_hz):
        time_s = np.arange(2 * RATE_HZ) / RATE_HZ
        depth = 0.5 + 0.5 * np.cos(2 * np.pi * rate_hz * time_s)
        assert len(found_in((saw(seconds=2.0, decay_db_per_s=0) * depth**2).astype(np.float32)).notes) == 1

    def test_with_a_vibrato(self):
        time_s = np.arange(2 * RATE_HZ) / RATE_HZ
        frequency_hz = 440 * 2 ** (np.sin(2 * np.pi * 5 * time_s) / 12)
        phase = 2 * np.pi * np.cumsum(frequency_hz) / RATE_HZ
        assert len(found_in((0.3 * np.sin(phase)).astype(np.float32)).notes) == 1

    def test_of_a_bell_whose_partials_die_one_by_one(self):
        time_s = np.arange(3 * RATE_HZ) / RATE_HZ
        partials = [(1.0, 1.0), (2.76, 2.5), (5.4, 5.0), (8.93, 9.0)]
        sound = sum(np.exp(-d * time_s) * np.sin(2 * np.pi * 520 * f * time_s) for f, d in partials)
        assert len(found_in((0.1 * sound).astype(np.float32)).notes) == 1

    def test_is_every_factory_preset(self):
        synth = tw.synth("serum-lite", RATE_HZ)
        params = np.stack([synth.controls.to_unit(preset.controls) for preset in synth.factory_presets()])
        counts = [len(find_notes(Clip(sound, RATE_HZ)).notes) for sound in synth.render(params, 60, 2.0, 1.5)]
        assert counts == [1] * 64


class TestNothingButNoise:
    def test_is_told(self):
        notes = found_in(noise(5, -55))
        assert notes.only_noise
        assert len(notes.notes) == 1
        assert notes.notes[0].seconds == pytest.approx(5.0)

    @pytest.mark.parametrize("what", ["a loud noise", "a quiet tone", "a quiet hit in noise"])
    def test_is_not_told_of(self, what):
        sounds = {
            "a loud noise": noise(3, -20),
            "a quiet tone": 0.01 * saw(seconds=3, decay_db_per_s=0),
            "a quiet hit in noise": np.concatenate([noise(2, -60), noise(0.2, -45), noise(2, -60)]),
        }
        assert not found_in(sounds[what]).only_noise


@pytest.mark.parametrize("frames", [1, 7, 220, 2_000])
def test_a_very_short_sound_is_one_note(frames):
    (note,) = found_in(np.full(frames, 0.5, np.float32)).notes
    assert (note.start_s, note.end_s) == (0.0, frames / RATE_HZ)
