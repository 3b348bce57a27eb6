import io

import numpy as np
import pytest
import soundfile

from tonewright.errors import AudioError
from tonewright.improvising.lookup.map.sounds import HIGHEST_DBFS, render_sounds
from tonewright.synths import synth

FADE_FRAMES = 441


def decoded(sounds):
    read = [soundfile.read(io.BytesIO(flac), dtype="float64") for flac in sounds.flacs]
    assert {rate for _, rate in read} == {sounds.sample_rate_hz}
    return np.stack([audio for audio, _ in read])


def rendered(table, rows):
    return synth(table.synth.name).render(table.params[rows], table.note, table.seconds, table.seconds)


def test_sounds_are_what_the_synth_renders(sine_table):
    rows = np.flatnonzero(sine_table.sounding)[::5]
    sounds = render_sounds(sine_table, synth("sine"), rows, 0.3)
    ours = decoded(sounds)
    assert ours.shape == (len(rows), 13_230)
    assert sounds.seconds == pytest.approx(0.3)
    theirs = rendered(sine_table, rows)[:, :13_230] * 10 ** (sounds.gain_db / 20)
    kept = slice(0, 13_230 - FADE_FRAMES - 1)
    np.testing.assert_allclose(
        ours[:, kept], theirs[:, kept], atol=0.5 / 2**15 + 1e-7
    )  # half a step of 16 bits
    noise = np.square(ours[:, kept] - theirs[:, kept]).mean(axis=1)
    signal = np.square(theirs[:, kept]).mean(axis=1)
    assert 10 * np.log10(signal / noise).max() > 94
    assert (10 * np.log10(noise) < -100).all()


def test_sounds_are_as_loud_to_each_other_as_they_are(sine_table):
    rows = np.flatnonzero(sine_table.sounding)
    sounds = render_sounds(sine_table, synth("sine"), rows, 0.3)
    ours = decoded(sounds)
    assert 20 * np.log10(np.abs(ours).max()) == pytest.approx(HIGHEST_DBFS, abs=0.01)
    ours, theirs = ours[:, :12_000], rendered(sine_table, rows)[:, :12_000]
    ratio = np.square(ours).sum(axis=1) / np.square(theirs).sum(axis=1)
    np.testing.assert_allclose(10 * np.log10(ratio), sounds.gain_db, atol=0.05)


def test_what_is_cut_short_fades_out_and_what_is_whole_does_not(sine_table):
    rows = np.flatnonzero(sine_table.sounding)[:3]
    short = decoded(render_sounds(sine_table, synth("sine"), rows, 0.1))
    assert not short[:, -1].any()
    plain = rendered(sine_table, rows)[:, : short.shape[1]]
    share = np.abs(short[:, -200:]).max(axis=1) / np.abs(short).max(axis=1)
    assert (share < 0.5).all()
    assert (np.abs(plain[:, -200:]).max(axis=1) / np.abs(plain).max(axis=1) > 0.9).all()
    whole = render_sounds(sine_table, synth("sine"), rows, 60.0)
    assert whole.seconds == sine_table.seconds
    gain = 10 ** (whole.gain_db / 20)
    np.testing.assert_allclose(decoded(whole), gain * rendered(sine_table, rows), atol=1 / 2**15)


def test_sounds_beyond_full_scale_are_turned_down_together(awkward, awkward_table):
    rows = np.flatnonzero(awkward_table.sounding)
    sounds = render_sounds(awkward_table, awkward, rows, 0.05)
    assert sounds.gain_db < -10
    assert np.abs(decoded(sounds)).max() == pytest.approx(10 ** (HIGHEST_DBFS / 20), abs=1e-4)


def test_progress_comes_to_one(sine_table):
    shares = []
    render_sounds(sine_table, synth("sine"), np.tile(np.arange(144), 5), 0.05, shares.append)
    assert sum(shares) == pytest.approx(1)
    assert len(shares) == 4


def test_what_is_not_finite_is_refused(awkward, awkward_table, monkeypatch):
    def broken(params, *arguments, **named):
        audio = np.zeros((len(params), 2205), np.float32)
        audio[1] = np.nan
        return audio

    monkeypatch.setattr(type(awkward), "render", staticmethod(broken))
    with pytest.raises(
        AudioError, match=r"a synth gives finite samples; got others from .* at point 3; mend"
    ):
        render_sounds(awkward_table, awkward, np.arange(2, 6), 0.05)
