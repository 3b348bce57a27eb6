import numpy as np
import pytest

from tonewright.audio import Clip
from tonewright.errors import AudioError
from tonewright.matching.preparing import MAX_RATE_HZ, MAX_SECONDS, prepare

RATE_HZ = 44_100


def saw(frequency_hz=220.0, seconds=0.5, rate_hz=RATE_HZ, peak=0.4):
    """A saw of at most ten harmonics, `[frames]` float32."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    numbers = range(1, min(10, int(0.5 * rate_hz / frequency_hz)) + 1)
    harmonics = [np.sin(2 * np.pi * frequency_hz * n * time_s) / n for n in numbers]
    sound = np.sum(harmonics, axis=0)
    return (peak * sound / np.abs(sound).max()).astype(np.float32)


def silence(seconds, rate_hz=RATE_HZ):
    return np.zeros(round(seconds * rate_hz), np.float32)


class TestMixing:
    def test_channels_are_averaged(self):
        left, right = saw(), saw(peak=0.2)
        target = prepare(Clip(np.stack([left, right]), RATE_HZ))
        np.testing.assert_array_equal(target.audio, Clip(np.stack([left, right]), RATE_HZ).mono())
        assert target.info["channels"] == 2

    def test_eight_channels(self):
        target = prepare(Clip(np.stack([saw()] * 8), RATE_HZ))
        np.testing.assert_allclose(target.audio, saw(), atol=1e-7)

    def test_channels_that_cancel_each_other_are_not_averaged(self):
        target = prepare(Clip(np.stack([saw(), -saw()]), RATE_HZ))
        np.testing.assert_array_equal(target.audio, saw())


class TestCutting:
    def test_silence_around_it_is_cut(self):
        sound = np.concatenate([silence(0.3), saw(), silence(0.8)])
        target = prepare(Clip(sound, RATE_HZ))
        assert target.info["trimmed_start_s"] == pytest.approx(0.295, abs=0.006)
        assert target.info["matched_seconds"] == pytest.approx(0.51, abs=0.012)
        assert target.info["seconds"] == pytest.approx(1.6)
        assert not target.info["shortened"]
        assert len(target.audio) == round(target.info["matched_seconds"] * RATE_HZ)

    def test_a_long_sound_is_matched_by_its_beginning(self):
        sound = saw(seconds=6.0)
        target = prepare(Clip(sound, RATE_HZ))
        assert len(target.audio) == MAX_SECONDS * RATE_HZ
        np.testing.assert_array_equal(target.audio, sound[: len(target.audio)])
        assert target.info["shortened"]
        assert target.info["seconds"] == 6.0

    @pytest.mark.parametrize(
        ("rate_hz", "searched_at_hz"),
        [(4_000, 8_000), (16_000, 16_000), (22_050, 22_050), (48_000, MAX_RATE_HZ), (192_000, MAX_RATE_HZ)],
    )
    def test_rates_come_into_the_range_of_the_search(self, rate_hz, searched_at_hz):
        target = prepare(Clip(saw(rate_hz=rate_hz), rate_hz))
        assert target.sample_rate_hz == searched_at_hz
        assert len(target.audio) == pytest.approx(0.5 * searched_at_hz, abs=2)
        assert target.info["sample_rate_hz"] == rate_hz
        assert target.midi_note[0] < 57.0 < target.midi_note[1]

    def test_the_audio_is_ready_for_the_search(self):
        audio = prepare(Clip(np.stack([saw()] * 2), 48_000)).audio
        assert audio.dtype == np.float32
        assert audio.flags.c_contiguous
        assert audio.ndim == 1


class TestLevel:
    @pytest.mark.parametrize("peak", [0.04, 0.2, 0.7])
    def test_is_kept_where_the_synth_reaches_it(self, peak):
        target = prepare(Clip(saw(peak=peak), RATE_HZ))
        assert target.info["gain_db"] == 0.0
        np.testing.assert_array_equal(target.audio, saw(peak=peak))

    @pytest.mark.parametrize("peak", [1e-4, 5e-3, 4.0])
    def test_is_brought_to_where_the_synth_reaches_it(self, peak):
        target = prepare(Clip(saw(peak=peak), RATE_HZ))
        steady = target.audio[:2_205].astype(np.float64)  # 50 ms: eleven periods
        assert 10 * np.log10(np.mean(steady**2)) == pytest.approx(-18, abs=0.1)
        gain = 10 ** (target.info["gain_db"] / 20)
        np.testing.assert_allclose(target.audio, gain * saw(peak=peak), rtol=1e-5)

    def test_is_measured_where_it_is_loudest(self):
        quiet_then_loud = np.concatenate([saw(peak=0.001), saw(seconds=0.1), saw(peak=0.001)])
        assert prepare(Clip(quiet_then_loud, RATE_HZ)).info["gain_db"] == 0.0


class TestNote:
    @pytest.mark.parametrize("midi_note", [33.0, 57.0, 72.3, 102.2, 110.0])
    def test_is_estimated_and_left_free_a_little(self, midi_note):
        target = prepare(Clip(saw(440 * 2 ** ((midi_note - 69) / 12)), RATE_HZ))
        assert target.info["note_source"] == "estimated"
        assert target.info["note_estimate"] == pytest.approx(midi_note, abs=0.1)
        low, high = target.midi_note
        assert (low + high) / 2 == pytest.approx(target.info["note_estimate"])
        assert 0 < high - low <= 1

    def test_is_searched_where_there_is_no_pitch(self, rng):
        noise = 0.1 * rng.standard_normal(22_050).astype(np.float32)
        target = prepare(Clip(noise, RATE_HZ))
        assert target.info["note_source"] == "searched"
        low, high = target.midi_note
        assert high - low == 72

    def test_is_taken_as_given(self):
        target = prepare(Clip(saw(), RATE_HZ), note=40.5)
        assert (target.midi_note, target.info["note_source"]) == (40.5, "given")


class TestGate:
    def test_is_searched_up_to_the_whole_sound(self):
        low, high = prepare(Clip(saw(seconds=2.0), RATE_HZ)).gate_seconds
        assert (low, high) == pytest.approx((0.1, 2.0))

    def test_is_taken_as_given(self):
        assert prepare(Clip(saw(), RATE_HZ), gate_seconds=0.3).gate_seconds == 0.3

    @pytest.mark.parametrize("seconds", [0.02, 0.021, 0.04, 0.3])
    def test_has_room_however_short_the_sound(self, seconds):
        low, high = prepare(Clip(saw(880.0, seconds), RATE_HZ)).gate_seconds
        assert 0 < low <= high / 2


class TestRefused:
    @pytest.mark.parametrize("channels", [1, 2])
    @pytest.mark.parametrize("frames", [0, 1, 44_100])
    def test_silence(self, channels, frames):
        with pytest.raises(AudioError, match="the target is silent; choose a recording"):
            prepare(Clip(np.zeros((channels, frames), np.float32), RATE_HZ))

    def test_noise_below_hearing(self, rng):
        with pytest.raises(AudioError, match="silent"):
            prepare(Clip(1e-6 * rng.standard_normal(44_100).astype(np.float32), RATE_HZ))

    @pytest.mark.parametrize("seconds", [1 / RATE_HZ, 0.001, 0.01, 0.0195])
    def test_less_than_20_ms(self, seconds):
        with pytest.raises(AudioError, match=r"sounds for \d+ ms; a match needs at least 20 ms: choose"):
            prepare(Clip(np.full(round(seconds * RATE_HZ), 0.5, np.float32), RATE_HZ))
