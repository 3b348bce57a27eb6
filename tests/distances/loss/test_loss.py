"""The training loss: exact zero, closed forms, an independent reference, and what no search may exploit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import dct
from scipy.signal import lfilter

from tonewright.distances.loss import LossTerms, LossWeights, TrainingLoss, training_loss
from tonewright.errors import AudioError, UsageError
from tonewright.features.mel import mel_filterbank
from tonewright.threads import numba_threads

RATE_HZ = 16000
FRAMES = 8000
WINDOWS = (2048, 1024, 512)
TERMS = ["mrstft", "mfcc", "centroid", "loudness", "level", "dc", "clipping", "loudness_guard"]


def seconds(frames: int = FRAMES) -> np.ndarray:
    return np.arange(frames) / RATE_HZ


def sine(f0_hz: float, amplitude: float = 0.5) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * f0_hz * seconds())).astype(np.float32)


def saw(f0_hz: float, amplitude: float = 0.3, cutoff_hz: float = 1e9) -> np.ndarray:
    """Sawtooth of the harmonics below 7.6 kHz through a one-pole's magnitude."""
    n = np.arange(1, int(7600 / f0_hz) + 1)[:, None]
    gains = amplitude / n / np.sqrt(1 + (n * f0_hz / cutoff_hz) ** 2)
    return (gains * np.sin(2 * np.pi * f0_hz * n * seconds())).sum(axis=0).astype(np.float32)


def decaying(sound: np.ndarray, time_constant_s: float) -> np.ndarray:
    return (sound * np.exp(-seconds(len(sound)) / time_constant_s)).astype(np.float32)


def noise(seed: int, frames: int = FRAMES, level: float = 0.1) -> np.ndarray:
    return (level * np.random.default_rng(seed).standard_normal(frames)).astype(np.float32)


def losses(target: np.ndarray, candidates: list[np.ndarray]) -> LossTerms:
    loss = TrainingLoss(RATE_HZ, len(target))
    return loss(np.stack(candidates), loss.analyse(target[None]))


def awkward_sounds() -> np.ndarray:
    click = np.zeros(FRAMES, np.float32)
    click[FRAMES // 3] = 1.0
    return np.stack(
        [
            saw(220.0),
            sine(1000.0),
            noise(0),
            np.clip(3.0 * saw(110.0), -1, 1),
            np.zeros(FRAMES, np.float32),
            np.full(FRAMES, 0.5, np.float32),
            click,
            1e-4 * noise(1),
            1e-30 * noise(2),
            100.0 * noise(3),
            decaying(saw(330.0), 0.03),
        ]
    )


def all_pairs(sounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return sounds.repeat(len(sounds), axis=0), np.tile(sounds, (len(sounds), 1))


# --- what every pair obeys


def test_a_copy_scores_exactly_zero_in_every_term() -> None:
    sounds = awkward_sounds()
    loss = training_loss(sounds, sounds.copy(), RATE_HZ)
    assert list(loss) == TERMS
    assert not loss.total.any()
    for values in [*loss.terms.values(), *loss.measures.values()]:
        assert not values.any()


@pytest.mark.parametrize(
    ("frames", "rate_hz"), [(1, 16000), (100, 8000), (1023, 48000), (44100, 44100), (700, 192000)]
)
def test_a_copy_scores_zero_at_any_length_and_rate(frames: int, rate_hz: int) -> None:
    sounds = np.stack([noise(1, frames), noise(2, frames)])
    same, other = training_loss(sounds, sounds, rate_hz), training_loss(sounds, sounds[::-1], rate_hz)
    assert not same.total.any()
    assert (other.total > 0.02).all()


def test_terms_are_bounded_and_finite_for_any_pair() -> None:
    loss = training_loss(*all_pairs(awkward_sounds()), RATE_HZ)
    for values in [loss.total, *loss.values()]:
        assert values.shape == (121,)
        assert (values >= 0).all()
        assert (values < 1).all()
    different = ~np.eye(11, dtype=bool).ravel()
    silent = np.isin(np.arange(121) // 11, [4, 8]) & np.isin(np.arange(121) % 11, [4, 8])
    assert (loss.total[different & ~silent] > 0.1).all()


def test_total_is_the_weighted_mean_of_the_terms() -> None:
    a, b = all_pairs(awkward_sounds())
    weights = LossWeights(
        mrstft=2.0, mfcc=1.0, centroid=0.0, loudness=0.0, level=0.0, dc=0.0, clipping=1.0, loudness_guard=0.0
    )
    loss = TrainingLoss(RATE_HZ, FRAMES, weights)
    terms = loss(b, loss.analyse(a))
    expected = (2 * terms["mrstft"] + terms["mfcc"] + terms["clipping"]) / 4
    np.testing.assert_allclose(terms.total, expected, rtol=1e-12)


def test_no_value_depends_on_batch_or_threads() -> None:
    targets, candidates = all_pairs(awkward_sounds())
    loss = TrainingLoss(RATE_HZ, FRAMES)
    together = loss(candidates, loss.analyse(targets))
    with numba_threads(1):
        alone = loss(candidates, loss.analyse(targets))
    rows = [3, 40, 41, 77, 120]
    few = loss(candidates[rows], loss.analyse(targets[rows]))
    for name in TERMS:
        assert np.array_equal(together[name], alone[name])
        assert np.array_equal(together[name][rows], few[name])
    for row in rows:
        one = loss(candidates[row : row + 1], loss.analyse(targets[row : row + 1]))
        assert one.total[0] == together.total[row]


def test_one_target_for_all_equals_a_target_each() -> None:
    candidates = awkward_sounds()
    loss = TrainingLoss(RATE_HZ, FRAMES)
    shared = loss(candidates, loss.analyse(saw(200.0)[None]))
    own = loss(candidates, loss.analyse(np.tile(saw(200.0), (len(candidates), 1))))
    for name in TERMS:
        assert np.array_equal(shared[name], own[name])


# --- an independent reference, in float64


def reference_magnitudes(sound: np.ndarray, window_length: int) -> np.ndarray:
    """Frames every quarter of a window, from three quarters before the sound on, `[frames, bins]`."""
    hop = window_length // 4
    frames = -(-len(sound) // hop) + 3
    padded = np.zeros((frames + 3) * hop)
    padded[3 * hop : 3 * hop + len(sound)] = sound
    fade = min(RATE_HZ // 100, len(sound) // 4)
    gains = 0.5 + 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
    padded[3 * hop + len(sound) - fade : 3 * hop + len(sound)] *= gains
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window_length) / window_length)) ** 2
    cut = np.stack([padded[f * hop : f * hop + window_length] for f in range(frames)])
    return np.abs(np.fft.rfft(cut * window))[:, :-1] * 2 / window.sum()


def reference_log_mel_db(sound: np.ndarray) -> np.ndarray:
    filters = mel_filterbank(RATE_HZ, 1024, 64)[:, :-1].astype(float)
    return 10 * np.log10(reference_magnitudes(sound, 1024) ** 2 @ filters.T + 1e-14)


@pytest.mark.parametrize("frames", [8000, 7321, 300])
@pytest.mark.parametrize(
    ("field", "window_length"), list(zip(["coarse", "middle", "fine"], WINDOWS, strict=True))
)
def test_spectra_agree_with_numpy(field: str, window_length: int, frames: int) -> None:
    sounds = np.stack([noise(5, frames), noise(6, frames) + 0.3])
    heard = getattr(TrainingLoss(RATE_HZ, frames).analyse(sounds).heard, field)
    spectra = (
        heard.reshape(2, -1, window_length // 2, 8).transpose(0, 1, 3, 2).reshape(2, -1, window_length // 2)
    )
    for mine, sound in zip(spectra, sounds, strict=True):
        reference = reference_magnitudes(sound, window_length)
        np.testing.assert_allclose(mine[: len(reference)], reference, atol=1e-6 * reference.max())
        assert not mine[len(reference) :].any()


def test_measures_agree_with_the_reference() -> None:
    target, candidate = decaying(saw(200.0), 0.1), decaying(saw(260.0, 0.2), 0.2) + noise(3, level=1e-3)
    measures = training_loss(target, candidate, RATE_HZ).measures
    decibels, linear = [], []
    for window_length in WINDOWS:
        a, b = reference_magnitudes(target, window_length), reference_magnitudes(candidate, window_length)
        floor = 1e-4 * a.max()
        decibels.append(np.abs(20 * np.log10(np.maximum(a, floor) / np.maximum(b, floor))).mean())
        linear.append(np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)))
    assert measures["log_spectrum_db"][0] == pytest.approx(np.mean(decibels), rel=1e-4)
    assert measures["linear_spectrum"][0] == pytest.approx(np.mean(linear), rel=1e-4)

    a, b = reference_log_mel_db(target), reference_log_mel_db(candidate)
    floor = a.max() - 80.0
    mfcc = dct(np.maximum(a, floor) - np.maximum(b, floor), norm="ortho")[:, :20]
    assert measures["mfcc_db"][0] == pytest.approx(np.abs(mfcc).mean(), rel=1e-4)


def test_log_mel_is_handed_over_as_heard() -> None:
    sounds = np.stack([saw(220.0), noise(1), np.zeros(FRAMES, np.float32)])
    loss = TrainingLoss(RATE_HZ, FRAMES)
    analysis = loss.analyse(saw(330.0)[None])
    out = np.full((3, *loss.log_mel_shape), np.nan, np.float32)
    terms, log_mel_db = loss.compare_and_hear(sounds, analysis, out)
    assert log_mel_db is out
    assert log_mel_db.shape == (3, 35, 64)
    assert np.array_equal(log_mel_db, loss.analyse(sounds).log_mel_db)
    assert np.array_equal(log_mel_db, loss.hear(sounds))
    assert np.array_equal(log_mel_db[[2, 0]], loss.analyse(sounds).take([2, 0]).log_mel_db)
    for mine, sound in zip(log_mel_db, sounds, strict=True):
        np.testing.assert_allclose(mine, reference_log_mel_db(sound), atol=0.02)
    np.testing.assert_allclose(log_mel_db[2], -140.0, atol=1e-4)
    assert np.array_equal(terms.total, loss(sounds, analysis).total)
    assert np.array_equal(loss.compare_and_hear(sounds, analysis)[1], out)


# --- closed forms


def test_half_the_amplitude_is_six_decibels_everywhere() -> None:
    measures = training_loss(noise(1), 0.5 * noise(1), RATE_HZ).measures
    six_db = 20 * np.log10(2)
    assert measures["level_lu"][0] == pytest.approx(six_db, rel=1e-5)
    assert measures["linear_spectrum"][0] == pytest.approx(1 / 3, rel=1e-5)
    # The outermost frames hold little enough of the sound to lie below the floor.
    assert measures["log_spectrum_db"][0] == pytest.approx(six_db, rel=0.03)
    assert measures["loudness_lu"][0] == pytest.approx(six_db, rel=0.03)
    assert measures["mfcc_db"][0] == pytest.approx(six_db * 8 / 20, rel=0.03)  # the level coefficient alone
    assert measures["centroid_octaves"][0] == pytest.approx(0.0, abs=0.01)


def test_level_is_that_of_bs1770() -> None:
    from tonewright.audio.loudness import integrated_lufs

    sounds = np.stack([sine(100.0), sine(997.0), sine(4000.0, 0.2), noise(1)])
    lufs = integrated_lufs(sounds, RATE_HZ)
    level_lu = training_loss(sounds[1], sounds, RATE_HZ).measures["level_lu"]
    np.testing.assert_allclose(level_lu, np.abs(lufs - lufs[1]), atol=0.1)


def test_an_octave_up_is_an_octave_of_centroid() -> None:
    target = sine(500.0)
    octaves = losses(target, [sine(1000.0), sine(2000.0), sine(250.0)]).measures["centroid_octaves"]
    np.testing.assert_allclose(octaves, [1.0, 2.0, 1.0], atol=0.1)


def test_dc_is_measured_against_the_level_of_the_target() -> None:
    target = sine(440.0)
    loss = losses(target, [target + np.float32(0.1), target - np.float32(0.05)])
    np.testing.assert_allclose(loss.measures["dc"], np.array([0.1, 0.05]) / np.sqrt(0.125), rtol=1e-3)
    offset = losses(target + np.float32(0.1), [target + np.float32(0.1), target])
    assert offset["dc"][0] == 0.0
    assert offset["dc"][1] > 0.5


def test_clipping_counts_by_its_difference() -> None:
    clipped = np.clip(4.0 * sine(200.0), -1, 1)
    share = np.mean(np.abs(clipped) > 0.99)
    assert losses(sine(200.0), [clipped]).measures["clipped"][0] == pytest.approx(share)
    assert losses(clipped, [clipped])["clipping"][0] == 0.0
    assert losses(clipped, [sine(200.0)])["clipping"][0] > 0.9


def test_the_loudness_guard_spares_what_is_within_six_lu() -> None:
    target = saw(220.0)
    gains_db = np.array([-30.0, -12.0, -5.9, 5.9, 12.0])
    guard = losses(target, [(10 ** (g / 20) * target).astype(np.float32) for g in gains_db])["loudness_guard"]
    assert guard[2] == guard[3] == 0.0
    np.testing.assert_allclose(guard[[0, 1, 4]], [24 / 30, 0.5, 0.5], atol=1e-3)


def test_a_common_gain_changes_nothing() -> None:
    target, candidate = decaying(saw(220.0), 0.2), decaying(saw(233.0, cutoff_hz=900.0), 0.3)
    gains = np.float32(2.0) ** np.arange(0, -5, -1, dtype=np.float32)[:, None]
    loss = training_loss(gains * target, gains * candidate, RATE_HZ)
    np.testing.assert_allclose(loss.total, loss.total[0], rtol=1e-3)


# --- the shape of the whole


def assert_rises(loss: LossTerms) -> None:
    assert (np.diff(loss.total) > 0).all(), loss.total


@pytest.mark.parametrize("wave", [sine, saw])
@pytest.mark.parametrize("sign", [-1, 1])
def test_rises_with_detuning(wave: type, sign: int) -> None:
    cents = sign * np.array([0, 2, 5, 10, 20, 35, 50, 70])
    assert_rises(losses(wave(440.0), [wave(440.0 * 2 ** (c / 1200)) for c in cents]))


@pytest.mark.parametrize("sign", [-1, 1])
def test_rises_with_the_distance_of_a_sine(sign: int) -> None:
    semitones = sign * np.arange(0, 19, 2)
    assert_rises(losses(sine(800.0), [sine(800.0 * 2 ** (s / 12)) for s in semitones]))


@pytest.mark.parametrize(
    "target", [saw(220.0), decaying(saw(110.0), 0.05), noise(1)], ids=["saw", "pluck", "noise"]
)
@pytest.mark.parametrize("sign", [-1, 1])
def test_rises_with_the_error_of_level(target: np.ndarray, sign: int) -> None:
    gains = 10 ** (sign * np.array([0, 0.2, 0.5, 1, 2, 4, 7, 10, 15, 20, 30, 45]) / 20)
    candidates = [(g * target).astype(np.float32) for g in gains]
    assert_rises(losses(target, candidates))


@pytest.mark.parametrize("sign", [-1, 1])
def test_rises_with_the_error_of_cutoff(sign: int) -> None:
    octaves = sign * np.array([0, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2])
    assert_rises(losses(saw(110.0, cutoff_hz=1000.0), [saw(110.0, cutoff_hz=1000 * 2**o) for o in octaves]))


@pytest.mark.parametrize("sign", [-1, 1])
def test_rises_with_the_error_of_decay(sign: int) -> None:
    factors = 2.0 ** (sign * np.array([0, 0.1, 0.25, 0.5, 1, 1.5, 2, 3]))
    assert_rises(losses(decaying(saw(220.0), 0.1), [decaying(saw(220.0), 0.1 * f) for f in factors]))


def test_rises_with_noise() -> None:
    target = saw(220.0)
    assert_rises(losses(target, [target + noise(1, level=a) for a in (0, 1e-4, 1e-3, 1e-2, 0.1, 1.0)]))


# --- what no search may exploit


AUDIBLE = {
    "saw": saw(220.0),
    "sine": sine(440.0),
    "quiet sine": sine(300.0, 0.01),
    "pluck": decaying(saw(110.0), 0.04),
    "noise": noise(1),
    "hi-hat": decaying(np.diff(noise(2), prepend=0).astype(np.float32), 0.02),
    "swell": (saw(165.0) * np.linspace(0, 1, FRAMES) ** 2).astype(np.float32),
    "bass": saw(41.2, cutoff_hz=150.0),
}


@pytest.mark.parametrize("name", AUDIBLE)
def test_silence_never_beats_a_wrong_sound_of_like_level(name: str) -> None:
    target = AUDIBLE[name]
    wrong = [sound for other, sound in AUDIBLE.items() if other != name]
    rms = np.sqrt(np.mean(target**2))
    wrong = [(sound * rms / np.sqrt(np.mean(sound**2))).astype(np.float32) for sound in wrong]
    silence = np.zeros(FRAMES, np.float32)
    total = losses(target, [silence, 1e-3 * target, *wrong]).total
    assert total[0] > 0.65
    assert total[2:].max() < total[1] <= total[0]


def test_a_transient_never_beats_a_near_match_of_a_quiet_tone() -> None:
    """What a log-spectral error alone led a policy to: clicks in place of quiet, sustained targets."""
    target = sine(330.0, 0.02)
    near = 0.8 * (sine(332.0, 0.02) + 0.05 * sine(664.0, 0.02))
    clicks = [decaying(noise(3, level=a), tau) for a in (0.02, 0.1, 0.5) for tau in (0.001, 0.005, 0.02)]
    total = losses(target, [near, *clicks]).total
    assert total[0] < 0.3
    assert (total[1:] > 2 * total[0]).all()


def test_a_louder_candidate_cannot_lift_the_floor() -> None:
    """A floor that followed the candidate's peak would hide everything else below it."""
    target, hiss = sine(440.0, 0.1), noise(1, level=1e-3)
    spike = np.zeros(FRAMES, np.float32)
    spike[100] = 1.0
    clean, hissing, spiked, both = losses(
        target, [target, target + hiss, target + spike, target + spike + hiss]
    ).measures["log_spectrum_db"]
    assert clean == 0.0
    assert both - spiked > 0.7 * hissing > 2.0


def test_a_silent_target_wants_silence() -> None:
    levels = [0.0, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0]
    loss = losses(np.zeros(FRAMES, np.float32), [noise(1, level=a) for a in levels])
    assert loss.total[0] == 0.0
    assert_rises(loss)
    assert loss.total[-1] > 0.6


def test_nothing_is_repaired_before_it_is_compared() -> None:
    """Level and clipping stay identifiable: a hot copy is a copy, a clipped one is not."""
    hot = 2.0 * saw(220.0, 0.6)
    loss = losses(hot, [hot, np.clip(hot, -1, 1)])
    assert loss.total[0] == 0.0
    assert loss.total[1] > 0.05


# --- use


def test_replacing_targets_equals_analysing_them_anew() -> None:
    sounds = awkward_sounds()
    loss = TrainingLoss(RATE_HZ, FRAMES)
    analysis = loss.analyse(sounds[:5])
    loss.replace(analysis, [4, 1], sounds[5:7])
    expected = loss.analyse(np.stack([sounds[0], sounds[6], sounds[2], sounds[3], sounds[5]]))
    for mine, other in zip(analysis.heard, expected.heard, strict=True):
        assert np.array_equal(mine, other)


def test_any_layout_of_the_same_samples_gives_the_same_values() -> None:
    sounds = awkward_sounds()
    loss = TrainingLoss(RATE_HZ, FRAMES)
    analysis = loss.analyse(saw(200.0)[None])
    expected = loss(sounds, analysis).total
    frozen = sounds.copy()
    frozen.flags.writeable = False
    for same in (
        np.asfortranarray(sounds),
        sounds.astype(float),
        np.repeat(sounds, 2, axis=1)[:, ::2],
        frozen,
    ):
        assert np.array_equal(loss(same, analysis).total, expected)


def test_training_loss_broadcasts_and_mixes_to_mono() -> None:
    sounds = awkward_sounds()
    pairs = training_loss(sounds[:1], sounds, RATE_HZ)
    assert np.array_equal(pairs.total, training_loss(sounds[0], sounds, RATE_HZ).total)
    assert np.array_equal(
        training_loss(sounds, sounds[0], RATE_HZ).total[2:3],
        training_loss(sounds[2], sounds[0], RATE_HZ).total,
    )
    stereo = np.stack([sounds, sounds], axis=1)
    assert np.array_equal(training_loss(stereo[:1], stereo, RATE_HZ).total, pairs.total)
    many = np.tile(sounds, (12, 1))
    assert np.array_equal(
        training_loss(np.roll(many, 1, axis=0), many, RATE_HZ).total[11:22],
        training_loss(np.roll(sounds, 1, axis=0), sounds, RATE_HZ).total,
    )


def test_empty_batches() -> None:
    loss = TrainingLoss(RATE_HZ, 100)
    none = np.empty((0, 100), np.float32)
    assert loss(none, loss.analyse(noise(1, 100)[None])).total.shape == (0,)
    assert training_loss(none, none, RATE_HZ)["mfcc"].shape == (0,)


def test_nonsense_is_refused() -> None:
    loss = TrainingLoss(RATE_HZ, 100)
    sound = noise(1, 100)[None]
    analysis = loss.analyse(sound)
    with pytest.raises(UsageError, match=r"candidates are \[batch, 100\].*\(1, 99\)"):
        loss(sound[:, :99], analysis)
    with pytest.raises(UsageError, match=r"targets are \[batch, 100\]"):
        loss.analyse(sound[0])
    with pytest.raises(UsageError, match="got 3 candidates and 2 targets"):
        loss(np.repeat(sound, 3, axis=0), loss.analyse(np.repeat(sound, 2, axis=0)))
    with pytest.raises(UsageError, match="analyse the targets anew"):
        TrainingLoss(RATE_HZ, 99)(sound[:, :99], analysis)
    with pytest.raises(UsageError, match="one of 1 targets"):
        loss.replace(analysis, [1], sound)
    with pytest.raises(UsageError, match="contiguous float32"):
        loss.compare_and_hear(sound, analysis, np.empty((1, 4, 64)))
    with pytest.raises(UsageError, match="resample"):
        TrainingLoss(1000, 100)
    with pytest.raises(UsageError, match="at least one frame"):
        TrainingLoss(RATE_HZ, 0)
    with pytest.raises(UsageError, match="not all 0"):
        LossWeights(mrstft=-1.0)


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (np.nan, "samples are finite"),
        (np.inf, "samples are finite"),
        (-np.inf, "samples are finite"),
        (1e30, "samples lie within ±1000"),
    ],
)
def test_samples_that_are_no_audio_are_refused(bad: float, rule: str) -> None:
    loss = TrainingLoss(RATE_HZ, FRAMES)
    sounds = np.stack([noise(1), noise(2), noise(3)])
    analysis = loss.analyse(sounds[:1])
    sounds[1, 4321] = bad
    with pytest.raises(AudioError, match=f"candidate 1: {rule}"):
        loss(sounds, analysis)
    with pytest.raises(AudioError, match=rule):
        loss.analyse(sounds)


def test_a_filter_is_heard_where_it_works() -> None:
    """The same partials, shaped by a one-pole low-pass: brightness falls, pitch and level stay comparable."""
    target = saw(110.0)
    dull = lfilter([0.2], [1, -0.8], target).astype(np.float32)
    loss = losses(target, [dull])
    assert loss["centroid"][0] > loss["level"][0]
    assert loss.measures["centroid_octaves"][0] == pytest.approx(1.0, abs=0.7)
