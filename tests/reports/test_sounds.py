from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from tonewright.audio.levels import true_peak_dbtp
from tonewright.audio.loudness import integrated_lufs
from tonewright.reports.sounds import Preview, equal_gain, equal_loudness, gain_note, loudness_note

RATE = 16_000
NAMES = ("the target", "the match", "take 3", "take 4", "take 5")


def held(preview: Preview) -> np.ndarray:
    """What the players hold, `[n, frames]`."""
    return np.stack([soundfile.read(io.BytesIO(wav), dtype="float32")[0] for wav in preview.wavs])


def sounds(count: int, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    """A loud click track, a hiss, and tones up to 30 dB apart."""
    time, rng = np.arange(round(seconds * rate)) / rate, np.random.default_rng(4)
    clicks = np.zeros(len(time))
    clicks[:: rate // 4] = 1.0
    hiss = 0.3 * rng.normal(size=len(time)).clip(-3, 3)
    tones = [
        10 ** (-level_db / 20) * np.sin(2 * np.pi * 220 * i * time)
        for i, level_db in ((1, 30), (2, 3), (3, 12))
    ]
    return np.array([hiss, clicks, *tones], np.float32)[:count]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_all_sounds_are_equally_loud_and_none_clips(count: int) -> None:
    originals = sounds(count)
    preview = equal_loudness(originals, RATE)
    heard = held(preview)
    loudness = integrated_lufs(heard, RATE)
    assert np.ptp(loudness) < 0.1
    assert loudness[0] == pytest.approx(preview.lufs, abs=0.1)
    assert preview.lufs <= -16
    assert true_peak_dbtp(heard).max() <= -0.999  # −1 but for the rounding to 16 bits
    assert len(preview.gains_db) == count
    kept = slice(0, -80)  # the last 5 ms are faded
    for sound, original, gain_db in zip(heard, originals, preview.gains_db, strict=True):
        np.testing.assert_allclose(sound[kept], 10 ** (gain_db / 20) * original[kept], atol=1 / 32_000)
        assert abs(sound[-1]) < 1e-3


def test_stereo_stays_stereo() -> None:
    originals = np.stack([sounds(2), 0.1 * sounds(2)[::-1]])
    preview = equal_loudness(originals, RATE)
    heard = np.moveaxis(held(preview), 2, 1)
    assert heard.shape == originals.shape
    loudness = integrated_lufs(heard.copy(), RATE)
    assert loudness[0] == pytest.approx(loudness[1], abs=0.1)
    gains = 10 ** (np.array(preview.gains_db) / 20)
    np.testing.assert_allclose(
        heard[..., :-80], (gains[:, None, None] * originals)[..., :-80], atol=1 / 32_000
    )


def test_one_more_sound_with_room_to_spare_changes_nothing() -> None:
    two = equal_loudness(sounds(2), RATE)
    three = equal_loudness(sounds(3), RATE)
    assert three.wavs[:2] == two.wavs
    assert three.gains_db[:2] == two.gains_db


def test_a_loud_peak_lowers_all_sounds() -> None:
    clicks = np.zeros((2, RATE), np.float32)
    clicks[0, ::4000], clicks[1] = 1.0, 0.01 * np.sin(np.arange(RATE))
    heard = held(equal_loudness(clicks, RATE))
    loudness = integrated_lufs(heard, RATE)
    assert abs(loudness[0] - loudness[1]) < 0.5
    assert np.abs(heard).max() < 0.9


def test_a_long_sound_is_cut() -> None:
    preview = equal_loudness(np.tile(sounds(3), 12), RATE)
    assert (preview.seconds, preview.whole_seconds, preview.cut) == (10.0, 12.0, True)
    assert held(preview).shape == (3, 10 * RATE)
    note = loudness_note(NAMES[:3], preview, "the WAV files beside this page")
    assert (
        "first 10 s of 12 s; pictures and figures cover all of it, and the WAV files beside this page are"
        in note
    )
    assert not equal_loudness(sounds(3), RATE).cut


def test_a_silent_sound_leaves_the_others_as_they_are_set() -> None:
    silenced = sounds(3)
    silenced[1] = 0
    preview = equal_loudness(silenced, RATE)
    assert preview.silent
    assert preview.gains_db[1] == 0
    loudness = integrated_lufs(held(preview), RATE)
    assert abs(loudness[0] - loudness[2]) < 0.1
    assert loudness_note(NAMES[:3], preview) == (
        "One of the sounds is silent, so their loudness could not be matched."
    )


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "The sound plays at −16.0 LUFS: here "),
        (2, "Both sounds play equally loud, at −16.0 LUFS, so that neither wins by volume: here "),
        (4, "All sounds play equally loud, at −16.0 LUFS, so that none wins by volume: here "),
    ],
)
def test_the_note_says_what_was_turned(count: int, said: str) -> None:
    tones = sounds(5)[[2, 3, 4, 2]][:count]
    note = loudness_note(NAMES[:count], equal_loudness(tones, RATE))
    assert note.startswith(f"{said}the target is turned ")
    assert note.count("turned ") == count


def test_equal_gain_keeps_how_much_louder_one_is() -> None:
    originals = sounds(4) / 8
    preview = equal_gain(originals, RATE)
    assert len(set(preview.gains_db)) == 1
    heard = held(preview)
    kept = slice(0, -80)  # the last 5 ms are faded
    np.testing.assert_allclose(
        heard[:, kept], 10 ** (preview.gains_db[0] / 20) * originals[:, kept], atol=1 / 32_000
    )
    assert integrated_lufs(heard, RATE).max() == pytest.approx(preview.lufs, abs=0.1)
    assert preview.lufs <= -16
    assert true_peak_dbtp(heard).max() <= -0.999


def test_equal_gain_holds_all_of_a_long_sound_if_asked_to() -> None:
    originals = sounds(2, seconds=11.0)
    assert equal_gain(originals, RATE).cut
    whole = equal_gain(originals, RATE, whole=True)
    assert not whole.cut
    assert held(whole).shape == originals.shape


def test_equal_gain_leaves_silence_alone() -> None:
    preview = equal_gain(np.zeros((2, RATE), np.float32), RATE)
    assert preview.gains_db == (0.0, 0.0)
    assert preview.silent
    one = sounds(1)
    both = equal_gain(np.concatenate([one, np.zeros_like(one)]), RATE)
    assert both.silent
    assert both.gains_db[0] == equal_gain(one, RATE).gains_db[0] != 0


def test_the_note_tells_the_gain() -> None:
    preview = equal_gain(sounds(2) / 100, RATE)
    assert gain_note(preview) == (
        f"All sounds are turned up by {preview.gains_db[0]:.1f} dB, so that each is as loud beside the "
        "others as it was, and fade out over the last 5 ms."
    )
    assert gain_note(equal_gain(np.zeros((1, RATE), np.float32), RATE)) == (
        "The sound is left as it is, and fades out over the last 5 ms."
    )
    assert "first 10 s of 12 s" in gain_note(equal_gain(np.zeros((1, 12 * RATE), np.float32), RATE))
