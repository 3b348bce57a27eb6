import numpy as np
import pytest

from tonewright.errors import UsageError
from tonewright.prompting.arranging.joining import level_db
from tonewright.prompting.arranging.loops import Bars, fold, loop
from tonewright.prompting.arranging.seams import loop_seam, seam_at
from tonewright.prompting.generators.base import Request, Setting
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.composing import compose

from .conftest import RATE, SOUNDS, Maker, drums, noise, tone


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize(("bpm", "bars"), [(120.0, 1), (97.0, 1), (140.0, 2)])
def test_a_loop_is_exactly_as_long_as_its_bars_and_has_no_audible_seam(name, bpm, bars):
    make = SOUNDS[name] if name != "drums" else lambda one, time_s: drums(one, time_s * bpm / 120)
    made = loop(Maker(make), Request("a", seed=5), bpm, bars)
    assert made.fault is None
    assert made.samples.shape == (2, round(bars * 4 * 60 / bpm * RATE))
    assert made.request.seconds == pytest.approx(bars * 240 / bpm, abs=1e-4)
    seam = loop_seam(made.samples)
    assert seam.jump <= max(seam.usual_jump, 3.0)
    assert seam.change_db <= max(seam.usual_change_db + 1.0, 2.0)
    assert not seam.audible


def test_a_naive_cut_has_an_audible_seam():
    time_s = np.arange(2 * RATE) / RATE
    cut = tone(Request("a"), time_s).astype(np.float32)
    seam = loop_seam(cut)
    assert seam.clicks
    assert seam.jump > 100
    assert seam.usual_jump == pytest.approx(np.sqrt(2), abs=0.02)
    swell = loop_seam(SOUNDS["swelling"](Request("a"), time_s).astype(np.float32))
    assert not swell.clicks
    assert swell.audible
    assert swell.change_db == pytest.approx(20, abs=4)
    late = drums(Request("a"), time_s + 0.205).astype(np.float32)[:, : round(1.93 * RATE)]
    assert loop_seam(late).clicks


def test_steady_noise_loops_as_it_is_and_so_do_loops():
    steady = Maker(noise)
    loop(steady, Request("a"), 120, 1)
    assert len(steady.batches) == 1
    for seed in range(4):
        piece = compose("drums", "house", np.random.default_rng(seed)).piece
        bpm = round(piece.values["bpm"])
        band = Maker(lambda one, time_s, piece=piece: play(piece, one.seconds), longest_s=30.0)
        made = loop(band, Request("a"), bpm, 2)
        assert len(band.batches) == 1
        np.testing.assert_array_equal(made.samples, band.generate([made.request])[0].samples)


def test_a_tone_keeps_its_level_and_its_pitch():
    made = loop(Maker(tone), Request("a"), 120, 1)
    parts_db = [level_db(part) for part in np.array_split(np.tile(made.samples, 2), 80, axis=1)]
    assert np.ptp(parts_db) < 0.1
    spectrum = np.abs(np.fft.rfft(made.samples[0]))
    assert 0.5 * spectrum.argmax() == pytest.approx(220.3, abs=0.5)  # one line: it is periodic
    assert np.sort(spectrum)[-2] < 0.05 * spectrum.max()


def test_what_a_model_lets_fade_and_swell_is_not_in_the_loop():
    def ends(request, time_s):
        return tone(request, time_s) * np.clip(np.minimum(time_s, time_s[-1] - time_s) / 1.2, 0, 1)

    made = loop(Maker(ends, longest_s=8.0), Request("a"), 120, 2)
    parts_db = [level_db(part) for part in np.array_split(made.samples, 40, axis=1)]
    assert np.ptp(parts_db) < 0.1


def test_a_seam_is_found_wherever_it_is():
    sound = tone(Request("a"), np.arange(RATE) / RATE).astype(np.float32)
    broken = np.concatenate([sound[:, :20_000], sound[:, 20_050:]], axis=1)
    assert seam_at(broken, 20_000).clicks
    assert not seam_at(broken, 10_000).audible


def test_faults_and_nonsense():
    silent = loop(Maker(lambda one, time_s: 0 * noise(one, time_s)), Request("a"), 120, 1)
    assert silent.fault == "it gave silence"
    for bpm, bars, rule in ((20, 1, "40 to 220 BPM"), (120, 0, "1 to 64 bars"), (120, 65, "got 65")):
        with pytest.raises(UsageError, match=rule):
            Bars(bpm, bars)
    with pytest.raises(UsageError, match="seconds is"):
        loop(Maker(tone), Request("a"), 120, 4)
    assert "half a beat more" in loop(Maker(tone), Request("a"), 120, 3).fault
    with pytest.raises(UsageError, match="no longer than its sound"):
        fold(np.zeros((2, 10), np.float32), 11, 2)

    def once(request, time_s):
        return tone(request, time_s) if request.seconds < 3 else 0 * time_s

    failed = loop(Maker(once, seed=Setting(0)), Request("a"), 120, 1)
    assert failed.fault == "it gave silence"
    assert failed.samples.shape == (2, 2 * RATE)
    assert not failed.samples.any()
