"""A recogniser that is not the reward: category, tempo, key and tone words by librosa and scikit-learn.

No measure of the package is used here, so that a model that fools the reward does not fool it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import librosa
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier

Sound = NDArray[np.float32]
RATE_HZ = 44_100
HEARD_HZ, HOP = 22_050, 512
SLOWEST_BPM, FASTEST_BPM, USUAL_BPM, FLOOR = 60.0, 200.0, 115.0, 0.3
MAJOR = (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400)
MINOR = (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330)
"""Profiles of Temperley 2001, The Cognition of Basic Musical Structures; the reward has others."""


def mono(sound: Sound) -> Sound:
    return np.asarray(librosa.resample(sound.mean(axis=0), orig_sr=RATE_HZ, target_sr=HEARD_HZ), np.float32)


def tempo_bpm(sound: Sound) -> float:
    """The tempo whose beats, pairs of beats and bars are the strongest periods of librosa's onsets.

    Of the autocorrelation, as in Percival and Tzanetakis 2014; librosa's own tempo, which asks for beats
    alone, is right less often about pieces whose tempo is known.
    """
    onset = librosa.onset.onset_strength(y=mono(sound), sr=HEARD_HZ)
    periods = librosa.autocorrelate(onset - onset.mean())
    periods /= max(periods[0], 1e-9)
    tempos = SLOWEST_BPM * 2 ** np.arange(0, np.log2(FASTEST_BPM / SLOWEST_BPM), 0.01)
    frames = 60 / tempos * HEARD_HZ / HOP
    places = np.arange(len(periods))
    found = np.mean([np.interp(frames * beats, places, periods, right=0) for beats in (1, 2, 4)], axis=0)
    usual = np.exp(-0.5 * (np.log2(tempos / USUAL_BPM) / 0.5) ** 2)
    return float(tempos[np.argmax((found + FLOOR) * usual)])


def chroma_of(sound: Sound) -> NDArray[np.float64]:
    """Mean constant-Q chroma of what is harmonic, `[12]`."""
    harmonic = librosa.effects.harmonic(mono(sound))
    lowest_hz = librosa.note_to_hz("C2")
    found = librosa.feature.chroma_cqt(y=harmonic, sr=HEARD_HZ, fmin=lowest_hz, n_octaves=5)
    return np.asarray(found.mean(axis=1))


def note_of(sound: Sound) -> int:
    """The strongest pitch class."""
    return int(chroma_of(sound).argmax())


def key_of(sound: Sound) -> tuple[int, bool]:
    """Tonic and whether it is minor: the profile that correlates best with the chroma."""
    chroma = chroma_of(sound)
    profiles = [np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)]
    fits = [np.corrcoef(chroma, profile)[0, 1] for profile in profiles]
    best = int(np.argmax(fits))
    return best % 12, best >= 12


def features(sound: Sound) -> NDArray[np.float64]:
    """What the category is told by."""
    y = mono(sound)
    mfcc = librosa.feature.mfcc(y=y, sr=HEARD_HZ, n_mfcc=20)
    contrast = librosa.feature.spectral_contrast(y=y, sr=HEARD_HZ)
    onset = librosa.onset.onset_strength(y=y, sr=HEARD_HZ)
    tempogram = librosa.feature.tempogram(onset_envelope=onset, sr=HEARD_HZ)
    flatness = librosa.feature.spectral_flatness(y=y)
    chroma = librosa.feature.chroma_stft(y=y, sr=HEARD_HZ)
    level = librosa.feature.rms(y=y)[0]
    level = np.interp(np.linspace(0, len(level) - 1, 12), np.arange(len(level)), level)
    return np.concatenate(
        [
            mfcc.mean(axis=1),
            mfcc.std(axis=1),
            contrast.mean(axis=1),
            tempogram.mean(axis=1)[20:200:6],
            np.sort(chroma.mean(axis=1)),
            [flatness.mean(), flatness.std(), onset.mean(), onset.std(), onset.max(), len(y) / HEARD_HZ],
            level / max(level.max(), 1e-9),
        ]
    )


class Categories:
    """Tells the category of a sound, of examples."""

    def __init__(self, examples: list[tuple[NDArray[np.float64], str]], weights: list[float]) -> None:
        self.forest = ExtraTreesClassifier(400, min_samples_leaf=2, class_weight="balanced", random_state=0)
        self.forest.fit(np.array([one[0] for one in examples]), [one[1] for one in examples], weights)

    def __call__(self, heard: NDArray[np.float64]) -> str:
        """The category of a sound by its features."""
        return str(self.forest.predict(heard[None])[0])


def _band_db(low_hz: float, high_hz: float) -> Callable[[Sound], float]:
    def measure(sound: Sound) -> float:
        power = np.abs(librosa.stft(sound.mean(axis=0), n_fft=4_096)) ** 2
        hz = librosa.fft_frequencies(sr=RATE_HZ, n_fft=4_096)
        inside = power[(hz >= low_hz) & (hz < high_hz)].sum()
        return float(10 * np.log10(max(inside, 1e-12) / max(power.sum(), 1e-12)))

    return measure


def _levels(sound: Sound, hop: int = 256) -> NDArray[np.float64]:
    level = librosa.feature.rms(y=sound.mean(axis=0), frame_length=2 * hop, hop_length=hop)[0]
    return 20 * np.log10(np.maximum(level / max(level.max(), 1e-9), 1e-4))


def _centroids(sound: Sound) -> NDArray[np.float64]:
    return librosa.feature.spectral_centroid(y=mono(sound), sr=HEARD_HZ)[0]


def _attack(sound: Sound) -> float:
    levels = _levels(sound)
    return float(np.argmax(levels > -2) - np.argmax(levels > -20))


def _decay(sound: Sound) -> float:
    """Mean slope of the level where it falls: less steep of a longer reverberation."""
    slope = np.diff(_levels(sound, 512))
    falling = slope[slope < -0.05]
    return float(np.median(falling)) if len(falling) else 0.0


def _punch(sound: Sound) -> float:
    """How much the onset strength stands out of its mean."""
    onset = librosa.onset.onset_strength(y=mono(sound), sr=HEARD_HZ)
    return float(np.percentile(onset, 98) / max(onset.mean(), 1e-9))


def _width(sound: Sound) -> float:
    return -float(np.corrcoef(sound[0], sound[1])[0, 1])


def _onsets(sound: Sound) -> float:
    return len(librosa.onset.onset_detect(y=mono(sound), sr=HEARD_HZ)) / (sound.shape[1] / RATE_HZ)


def _crest(sound: Sound) -> float:
    return float(np.abs(sound).max() / max(np.sqrt((sound**2).mean()), 1e-9))


def _motion(sound: Sound) -> float:
    mfcc = librosa.feature.mfcc(y=mono(sound), sr=HEARD_HZ, n_mfcc=13, hop_length=2_048)[1:]
    return float(np.abs(np.diff(mfcc, axis=1)).mean())


def _rise(sound: Sound) -> float:
    centroids = np.log2(np.maximum(_centroids(sound), 1))
    quarter = max(1, len(centroids) // 4)
    return float(centroids[-quarter:].mean() - centroids[:quarter].mean())


def _register(sound: Sound) -> float:
    return float(np.median(librosa.yin(mono(sound), fmin=40, fmax=4_000, sr=HEARD_HZ)))


def _distortion(sound: Sound) -> float:
    """Flatness of the wave: the less its samples are spread out against their mean size."""
    middle = sound.mean(axis=0)
    loud = middle[np.abs(middle) > 0.05 * np.abs(middle).max()]
    return -float(np.mean(loud**4) / max(np.mean(loud**2) ** 2, 1e-12)) if len(loud) else 0.0


AXES: Mapping[str, Callable[[Sound], float]] = {
    "brightness": lambda sound: float(_centroids(sound).mean()),
    "air": _band_db(8_000, 22_050),
    "warmth": lambda sound: _band_db(120, 600)(sound) - _band_db(1_500, 7_000)(sound),
    "depth": _band_db(20, 130),
    "punch": _punch,
    "attack": _attack,
    "length": lambda sound: float((_levels(sound) > -10).sum()),
    "noisiness": lambda sound: float(np.log(librosa.feature.spectral_flatness(y=mono(sound)) + 1e-9).mean()),
    "reverberance": _decay,
    "width": _width,
    "density": _onsets,
    "dynamics": _crest,
    "motion": _motion,
    "rise": _rise,
    "register": _register,
    "distortion": _distortion,
}
"""By the names of the vocabulary: more is more of it."""
