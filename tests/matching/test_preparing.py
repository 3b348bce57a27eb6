import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.errors import AudioError, UsageError
from tonewright.features import hear_file
from tonewright.matching import match
from tonewright.matching.preparing import MAX_RATE_HZ, MAX_SECONDS, prepare
from tonewright.matching.recording import read_recording

RATE_HZ = 44_100


def saw(frequency_hz=220.0, seconds=0.5, rate_hz=RATE_HZ, peak=0.4):
    """A saw of ten harmonics, `[frames]` float32."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    harmonics = [np.sin(2 * np.pi * frequency_hz * n * time_s) / n for n in range(1, 11)]
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

    @pytest.mark.parametrize("right", [1.0, 0.5, 0.0, -1.0])
    def test_loudness_is_what_hear_tells_of_the_file(self, tmp_path, right):
        envelope = np.repeat([0.1, 1.0, 0.5, 0.01], RATE_HZ // 2).astype(np.float32)
        left = envelope * saw(seconds=2.0)
        write(tmp_path / "a.wav", Clip(np.stack([left, np.float32(right) * left]), RATE_HZ))
        told = prepare(read_recording(tmp_path / "a.wav").clip).info["loudness_lufs"]
        hop = RATE_HZ // 10
        tables = hear_file(tmp_path / "a.wav", "loudness_momentary", window=hop, hop=hop, block_seconds=0.3)
        blocks = np.concatenate([table.values[0, :, 0] for table in tables])[3:].astype(np.float64)
        power = 10 ** (blocks[blocks > -70] / 10)  # the two gates of BS.1770
        assert told == pytest.approx(10 * np.log10(power[power > 0.1 * power.mean()].mean()), abs=0.001)


class TestCutting:
    def test_silence_around_it_is_cut(self):
        sound = np.concatenate([silence(0.3), saw(), silence(0.8)])
        target = prepare(Clip(sound, RATE_HZ))
        assert target.info["start_s"] == pytest.approx(0.295, abs=0.006)
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


class TestWindow:
    SEQUENCE = np.concatenate([saw(peak=0.1), silence(0.5), saw(330, peak=0.4), silence(0.5), saw(peak=0.2)])

    def test_lies_on_the_loudest_note(self):
        target = prepare(Clip(self.SEQUENCE, RATE_HZ))
        assert target.window_s == pytest.approx((0.995, 1.505), abs=0.012)
        assert (target.info["notes"], target.info["note_taken"], target.taken) == (3, 2, 1)
        assert target.info["note_estimate"] == pytest.approx(64.02, abs=0.1)

    def test_is_where_it_is_said_to_be(self):
        target = prepare(Clip(self.SEQUENCE, RATE_HZ), start_s=0.1, length_s=0.3)
        np.testing.assert_array_equal(target.audio, self.SEQUENCE[4_410 : 4_410 + 13_230])
        assert (target.window_s, target.taken) == ((0.1, pytest.approx(0.4)), None)

    def test_without_a_length_ends_with_the_note(self):
        target = prepare(Clip(self.SEQUENCE, RATE_HZ), start_s=1.1)
        assert target.window_s == pytest.approx((1.1, 1.5), abs=0.012)

    def test_without_a_start_begins_with_the_loudest_note(self):
        target = prepare(Clip(self.SEQUENCE, RATE_HZ), length_s=0.2)
        assert target.window_s == pytest.approx((0.995, 1.195), abs=0.012)

    def test_ends_with_the_recording(self):
        assert prepare(Clip(saw(), RATE_HZ), start_s=0.3, length_s=1.0).window_s == pytest.approx((0.3, 0.5))

    @pytest.mark.parametrize(
        ("window", "error", "rule"),
        [
            ({"start_s": 9.0}, UsageError, "lasts 2.500 s; the window must begin within it; got 9"),
            ({"start_s": -1.0}, UsageError, "from 0 s on; got -1"),
            ({"length_s": 5.0}, UsageError, "0.02 to 4 s long; got 5"),
            ({"length_s": 0.001}, UsageError, "0.02 to 4 s long; got 0.001"),
            ({"start_s": 0.6, "length_s": 0.3}, AudioError, "silent from 0.6 s on for 0.3 s"),
        ],
    )
    def test_that_makes_no_sense_is_refused(self, window, error, rule):
        with pytest.raises(error, match=rule):
            prepare(Clip(self.SEQUENCE, RATE_HZ), **window)


class TestOffset:
    @pytest.mark.parametrize("offset", [0.01, -0.1, 0.3])
    def test_is_removed(self, offset):
        target = prepare(Clip(saw() + np.float32(offset), RATE_HZ))
        assert target.info["offset"] == pytest.approx(offset, rel=0.02)
        np.testing.assert_allclose(target.audio, saw(), atol=0.02 * abs(offset))

    def test_is_no_part_of_a_clean_sound(self):
        assert prepare(Clip(saw(), RATE_HZ)).info["offset"] == 0

    def test_is_not_the_swing_of_a_drum(self):
        time_s = np.arange(RATE_HZ // 2) / RATE_HZ
        drum = (0.5 * np.sin(2 * np.pi * 45 * time_s) * np.exp(-12 * time_s)).astype(np.float32)
        assert prepare(Clip(drum, RATE_HZ)).info["offset"] == 0


def score(*parts):
    """Similarity of a short match of a note with other things before it."""
    clip = Clip(np.concatenate([*parts, saw(110, 0.8, 16_000)]), 16_000)
    return match(clip, renders=400).similarity


@pytest.fixture(scope="module")
def clean_score():
    return score(silence(1.0, 16_000))


class TestAsPeopleHaveIt:
    """What lies before a note changes neither what is matched nor the score."""

    @pytest.mark.parametrize(
        ("seconds", "level", "offset", "click"),
        [
            (5.0, 10 ** (-55 / 20), 0.0, 0.0),
            (1.0, 10 ** (-50 / 20), 0.0, 0.0),
            (2.0, 10 ** (-50 / 20), 0.0, 0.0),
            (1.0, 0.0, 0.0005, 0.0),
            (1.0, 0.0, 0.002, 0.0),
            (3.0, 0.0, 0.0, 0.9),
        ],
    )
    def test_the_score_stays_within_three_points(self, clean_score, seconds, level, offset, click):
        before = silence(seconds, 16_000) + np.float32(offset)
        before += level * np.random.default_rng(0).standard_normal(len(before)).astype(np.float32)
        before[5] += np.float32(click)
        assert clean_score > 60
        assert score(before) == pytest.approx(clean_score, abs=3)


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
    @pytest.mark.parametrize("midi_note", [33.0, 57.0, 72.3])
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

    def test_ends_with_what_is_left_after_trimming(self):
        sound = np.pad(saw(seconds=1.0), (0, RATE_HZ))
        target = prepare(Clip(sound, RATE_HZ), gate_seconds=2.0)
        assert target.gate_seconds == target.info["matched_seconds"] < 1.1

    def test_is_no_longer_than_the_recording(self):
        rule = "the gate is at most as long as the recording, 1.5 s; got 100 s; let the key go earlier, or"
        with pytest.raises(UsageError, match=rule):
            prepare(Clip(saw(seconds=1.5), RATE_HZ), gate_seconds=100)

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
