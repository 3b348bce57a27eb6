"""Beginning from a sound: the piece that sounds most like it, of those that the norms are made of."""

from __future__ import annotations

import numpy as np

from tonewright.audio import Clip, resample
from tonewright.errors import UsageError
from tonewright.prompting.generators.sketch.composing import Composed, compose
from tonewright.prompting.generators.sketch.piece import CATEGORIES, PIECE, Piece
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, Heard, listen
from tonewright.prompting.listening.embedding import distances, embed
from tonewright.prompting.listening.norms import norms
from tonewright.prompting.listening.rhythm import strongest_tempo
from tonewright.prompting.listening.tonality import key_correlations, pitch_classes
from tonewright.prompting.words.vocabulary import vocabulary

_SEED = 101
_RHYTHMIC = ("drums", "phrases")
_SHORTEST_S, _SILENT = 0.1, 1e-5


def reference_piece(category: str, number: int) -> Composed:
    """One of the pieces that stand for a category; the styles of the vocabulary take turns."""
    rng = np.random.default_rng([_SEED, CATEGORIES.index(category), number])
    styles = [style.name for style in vocabulary().styles.values() if style.category == category]
    return compose(category, styles[number % len(styles)], rng)


def nearest_piece(clip: Clip) -> Piece:
    """The reference piece that a sound is nearest to, in the tempo and the key of the sound.

    Args:
        clip: The sound; its first channels are left and right.

    Raises:
        UsageError: It is silent, or shorter than 0.1 s.
    """
    heard = _heard(clip)
    known = norms()
    rows = [row for row, number in enumerate(known.numbers) if number >= 0]
    apart = distances(known.scale(embed(heard)), known.scaled[rows])[0]
    row = rows[int(apart.argmin())]
    category = known.categories[row]
    unit = reference_piece(category, known.numbers[row]).piece.unit.copy()
    if category in _RHYTHMIC:
        bpm = float(np.clip(strongest_tempo(heard)[0], PIECE["bpm"].low, PIECE["bpm"].high))
        unit[PIECE.index("bpm")] = PIECE["bpm"].to_unit(bpm)
    fits = key_correlations(pitch_classes(heard))[0]
    if not np.isnan(fits).any():
        minor, tonic = divmod(int(fits.argmax()), 12)
        for name, value in (("tonic", tonic), ("minor", minor)):
            unit[PIECE.index(name)] = PIECE[name].to_unit(value)
    return Piece(unit)


def check_sound(clip: Clip) -> None:
    """Check that a piece can begin from a sound.

    Raises:
        UsageError: It is silent, not finite, or shorter than 0.1 s.
    """
    loudest = float(np.abs(clip.samples).max(initial=0))
    if clip.seconds < _SHORTEST_S or not _SILENT < loudest < np.inf:
        raise UsageError(
            f"a sound to begin from has {_SHORTEST_S:g} s or more, and no silence; got {clip.seconds:.2f} s "
            f"with a peak of {loudest:g}; give another"
        )


def _heard(clip: Clip) -> Heard:
    samples = resample(clip, SAMPLE_RATE_HZ).samples
    return listen(np.stack([samples[0], samples[min(1, len(samples) - 1)]])[None])
