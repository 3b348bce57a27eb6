"""The loss that search and learning minimise: bounded, told term by term, exactly 0 for a perfect copy.

It is made for thousands of candidates against targets that are analysed once. The distances that results are
reported in (`mss`, `wmfcc`, …) stay out of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.audio.channels import mix_down
from tonewright.audio.validation import valid_samples
from tonewright.distances.gate import checked_pair
from tonewright.distances.loss import hearing
from tonewright.distances.loss.analysis import Heard, analyse_batch
from tonewright.distances.loss.kernels import MEASURES, compare_batch, hear_batch
from tonewright.distances.loss.lanes import LANES
from tonewright.distances.loss.spectra import frame_count, group_count, resolution
from tonewright.distances.loss.terms import DEFAULT_WEIGHTS, LossTerms, LossWeights, bounded_terms
from tonewright.errors import AudioError, UsageError
from tonewright.threads import map_rows

_WINDOWS = (hearing.COARSE, hearing.MIDDLE, hearing.FINE)
# Targets that `training_loss` analyses at once.
_PASS_SOUNDS = 64
# Sounds that are worth a call.
_SOUNDS_AT_ONCE = 4
# Below this rate the windows are longer than most notes, and above it the mel bands narrower than a bin.
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 4_000, 768_000


@dataclass(frozen=True)
class TargetAnalysis:
    """Targets, heard once: about 270 kB for half a second at 16 kHz, 1.2 MB for a second at 44.1 kHz, each.

    Attributes:
        sample_rate_hz: Sample rate of the targets.
        frames: Their length in samples.
        heard: What was heard, for the compiled code.
    """

    sample_rate_hz: int
    frames: int
    heard: Heard

    def __len__(self) -> int:
        return len(self.heard.samples)

    def take(self, rows: ArrayLike) -> TargetAnalysis:
        """The analysis of some of the targets, copied."""
        where = np.asarray(rows, np.int64)
        parts: dict[str, Any] = {name: part[where] for name, part in self.heard._asdict().items()}
        return TargetAnalysis(self.sample_rate_hz, self.frames, Heard(**parts))

    @property
    def log_mel_db(self) -> NDArray[np.float32]:
        """Log-mel `[targets, n_frames, 64]` in dB, as `TrainingLoss.compare_and_hear` gives it."""
        groups = self.heard.log_mel.reshape(len(self), -1, hearing.N_MELS, LANES).transpose(0, 1, 3, 2)
        octaves = groups.reshape(len(self), -1, hearing.N_MELS)[:, : frame_count(self.frames, hearing.MIDDLE)]
        return octaves * np.float32(hearing.DB_PER_OCTAVE / 2.0)


class TrainingLoss:
    """Distance of candidates from targets of one length, for search and as the reward of an agent.

    | term | made of | half-way |
    |---|---|---|
    | `mrstft` | magnitude spectra, windows 2048, 1024 and 512, hop a quarter: mean difference in dB | 8 dB |
    | | and norm of the linear difference over the sum of both norms; half each | 0.35 |
    | `mfcc` | mean difference of 20 MFCCs of 64 mels, window 1024 | 6 dB |
    | `centroid` | difference of the spectral centroid, weighted by the target's energy | half an octave |
    | `loudness` | difference of K-weighted loudness, frame by frame | 6 LU |
    | `level` | difference of K-weighted loudness of the whole | 6 LU |
    | `dc` | difference of the means, relative to the target's RMS | 0.1 |
    | `clipping` | difference of the share of samples beyond ±0.99 | 1 % |
    | `loudness_guard` | what `level` has beyond 6 LU | 6 LU |

    Each is `farness(distance, half-way)`. What keeps a search honest:

    - A copy scores exactly 0: target and candidate pass through the same compiled code, and every term is a
      difference.
    - Floors (80 dB below the target's peak, 60 LU below its loudest frame) belong to the target.
    - Silence is no refuge. Relative to the target's norm alone, as spectral convergence is, silence (1) would
      beat a sound in the wrong place (√2); relative to both norms it is the worst there is. It also counts as
      infinitely dark, and pays `loudness`, `level` and `loudness_guard` almost in full.
    - Nothing is matched in level or clipped beforehand, so that volume stays identifiable.
    - The last 10 ms are faded out: how a sustained sound is cut off is no part of it.

    Args:
        sample_rate_hz: Sample rate of targets and candidates.
        frames: Their length in samples.
        weights: How much each term counts.

    Raises:
        UsageError: The sample rate or the length cannot be used.
    """

    def __init__(self, sample_rate_hz: int, frames: int, weights: LossWeights = DEFAULT_WEIGHTS) -> None:
        if not _LOWEST_RATE_HZ <= sample_rate_hz <= _HIGHEST_RATE_HZ or sample_rate_hz != int(sample_rate_hz):
            raise UsageError(
                f"the training loss needs a whole sample rate from {_LOWEST_RATE_HZ} to {_HIGHEST_RATE_HZ}"
                f" Hz; got {sample_rate_hz}; resample the sound"
            )
        if frames < 1:
            raise UsageError(f"the training loss needs sounds of at least one frame; got {frames}")
        self.sample_rate_hz, self.frames, self.weights = int(sample_rate_hz), int(frames), weights
        self._coarse, self._middle, self._fine = (resolution(window) for window in _WINDOWS)
        self._bands = hearing.bands(self.sample_rate_hz, self.frames)
        # Those that no thread works with at present.
        self._scratches: list[hearing.Scratch] = []

    @property
    def log_mel_shape(self) -> tuple[int, int]:
        """Shape of one candidate's log-mel: `(n_frames, 64)`."""
        return frame_count(self.frames, hearing.MIDDLE), hearing.N_MELS

    def analyse(self, targets: NDArray[np.float32]) -> TargetAnalysis:
        """Hear targets once, for any number of comparisons.

        Args:
            targets: `[targets, frames]`, one for all candidates or one for each.

        Raises:
            UsageError: Another shape.
            AudioError: A target holds NaN, infinite or absurdly large samples.
        """
        checked = self._checked(targets, "targets")
        count = len(checked)
        coarse, middle, fine = (group_count(self.frames, window) * LANES for window in _WINDOWS)
        heard = Heard(
            coarse=np.empty((count, coarse * hearing.COARSE // 2), np.float32),
            middle=np.empty((count, middle * hearing.MIDDLE // 2), np.float32),
            fine=np.empty((count, fine * hearing.FINE // 2), np.float32),
            log_mel=np.empty((count, middle * hearing.N_MELS), np.float32),
            contours=np.empty((count, middle * 3), np.float32),
            spectra=np.empty((count, 6)),
            levels=np.empty((count, 4)),
            samples=np.empty((count, 3)),
        )
        analysis = TargetAnalysis(self.sample_rate_hz, self.frames, heard)
        self._hear(checked, np.arange(count), analysis)
        return analysis

    def replace(self, analysis: TargetAnalysis, rows: ArrayLike, targets: NDArray[np.float32]) -> None:
        """Exchange some targets of an analysis in place, as when some episodes of a batch begin anew.

        Args:
            analysis: Made by this loss.
            rows: `[targets]` which rows, each once.
            targets: `[targets, frames]` what is heard there from now on.

        Raises:
            UsageError: The shapes do not fit, or a row does not exist.
            AudioError: A target holds NaN, infinite or absurdly large samples.
        """
        checked = self._checked(targets, "targets")
        self._check_analysis(analysis)
        where = np.asarray(rows, np.int64)
        if where.shape != (len(checked),) or not np.all((where >= 0) & (where < len(analysis))):
            raise UsageError(
                f"rows name one of {len(analysis)} targets for each of {len(checked)} new ones;"
                f" got {where.tolist()}"
            )
        self._hear(checked, where, analysis)

    def __call__(self, candidates: NDArray[np.float32], analysis: TargetAnalysis) -> LossTerms:
        """Compare candidates with their targets.

        Args:
            candidates: `[batch, frames]`.
            analysis: Of one target for all, or of `batch` targets.

        Raises:
            UsageError: The shapes do not fit.
            AudioError: A candidate holds NaN, infinite or absurdly large samples.
        """
        return self._compare(candidates, analysis, np.empty((0, *self.log_mel_shape), np.float32))

    def compare_and_hear(
        self,
        candidates: NDArray[np.float32],
        analysis: TargetAnalysis,
        out: NDArray[np.float32] | None = None,
    ) -> tuple[LossTerms, NDArray[np.float32]]:
        """Compare, and hand over the log-mel of the candidates that is made on the way.

        An agent that observes it pays nothing for hearing; `TargetAnalysis.log_mel_db` is the same of the
        targets. Frame f begins 3 hops of 256 samples before sample 256·f; bands are Slaney's, of unit area in
        Hz; a sine of amplitude 1 has power 1.

        Args:
            candidates: `[batch, frames]`.
            analysis: Of one target for all, or of `batch` targets.
            out: `[batch, n_frames, 64]` float32 to write to; a new array if not given.

        Returns:
            The loss, and the log-mel `[batch, n_frames, 64]` in dB, at least −140.

        Raises:
            UsageError: The shapes do not fit.
            AudioError: A candidate holds NaN, infinite or absurdly large samples.
        """
        shape = (len(candidates), *self.log_mel_shape)
        log_mel_db = np.empty(shape, np.float32) if out is None else out
        if log_mel_db.shape != shape or log_mel_db.dtype != np.float32 or not log_mel_db.flags.carray:
            raise UsageError(
                f"the log-mel is written to a contiguous float32 array of shape {shape};"
                f" got {log_mel_db.dtype} of shape {log_mel_db.shape}"
            )
        return self._compare(candidates, analysis, log_mel_db), log_mel_db

    def hear(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """The log-mel of sounds, as `compare_and_hear` gives it, without the rest of an analysis.

        Args:
            audio: `[batch, frames]`.

        Returns:
            `[batch, n_frames, 64]` in dB, at least −140.

        Raises:
            UsageError: Another shape.
            AudioError: A sound holds NaN, infinite or absurdly large samples.
        """
        checked = self._checked(audio, "sounds")
        log_mel_db = np.empty((len(checked), *self.log_mel_shape), np.float32)
        self._share(hear_batch, checked, self._middle, self._bands, log_mel_db)
        return log_mel_db

    def _compare(
        self, candidates: NDArray[np.float32], analysis: TargetAnalysis, log_mel_db: NDArray[np.float32]
    ) -> LossTerms:
        self._check_analysis(analysis)
        audio = self._shaped(candidates, "candidates")
        if len(analysis) not in (1, len(audio)):
            raise UsageError(
                f"candidates are compared with one target, or each with its own; got {len(audio)} candidates"
                f" and {len(analysis)} targets"
            )
        measures = np.zeros((len(audio), len(MEASURES)))
        tables = self._coarse, self._middle, self._fine, self._bands
        self._share(compare_batch, audio, *tables, analysis.heard, measures, log_mel_db)
        # Looking through all samples beforehand would take longer; what is wrong with some shows here too.
        if not np.isfinite(measures).all():
            row = int(np.flatnonzero(~np.isfinite(measures).all(axis=1))[0])
            try:
                valid_samples(audio[row])
            except AudioError as error:
                raise AudioError(f"candidate {row}: {error}") from None
        return bounded_terms(dict(zip(MEASURES, np.ascontiguousarray(measures.T), strict=True)), self.weights)

    def _hear(self, targets: NDArray[np.float32], rows: NDArray[np.int64], analysis: TargetAnalysis) -> None:
        tables = self._coarse, self._middle, self._fine, self._bands
        self._share(analyse_batch, targets, *tables, rows, analysis.heard)

    def _share(self, kernel: Callable[..., None], audio: NDArray[np.float32], *arguments: Any) -> None:
        """Let a kernel go over all sounds, shared among threads, each with room of its own to work in."""

        def hear_some(first: int, last: int, _: int) -> None:
            try:
                scratch = self._scratches.pop()
            except IndexError:
                scratch = hearing.make_scratch(self.frames)
            kernel(audio, *arguments, scratch, first, last)
            self._scratches.append(scratch)

        map_rows(hear_some, len(audio), block=_SOUNDS_AT_ONCE)

    def _shaped(self, audio: NDArray[np.float32], what: str) -> NDArray[np.float32]:
        shape = np.shape(audio)
        if len(shape) != 2 or shape[1] != self.frames:
            raise UsageError(
                f"{what} are [batch, {self.frames}], as the loss was made for; got an array of shape {shape}"
            )
        # Writable as well, since Numba would compile everything anew for a read-only array.
        return np.require(audio, np.float32, ["C", "W"])

    def _checked(self, audio: NDArray[np.float32], what: str) -> NDArray[np.float32]:
        return self._shaped(valid_samples(audio), what)

    def _check_analysis(self, analysis: TargetAnalysis) -> None:
        if (analysis.sample_rate_hz, analysis.frames) != (self.sample_rate_hz, self.frames):
            raise UsageError(
                "an analysis belongs to a loss of the same rate and length;"
                f" got {analysis.sample_rate_hz} Hz and {analysis.frames} frames"
                f" for {self.sample_rate_hz} Hz and {self.frames}; analyse the targets anew"
            )


def training_loss(a: ArrayLike, b: ArrayLike, sample_rate_hz: int) -> LossTerms:
    """Compare sounds pair by pair; for many candidates against the same targets use `TrainingLoss`.

    Args:
        a: Targets, `[batch, frames]`, `[frames]` or `[batch, channels, frames]`, floating point; channels are
            averaged.
        b: Candidates, likewise and as long. A batch of one is compared with the whole other batch.
        sample_rate_hz: Sample rate of both.

    Returns:
        The loss with default weights, and its terms, `[batch]` each.

    Raises:
        UsageError: The shapes or the sample rate do not fit.
        AudioError: A sound holds NaN, infinite or absurdly large samples.
    """
    targets, candidates = (mix_down(audio) for audio in checked_pair(a, b, sample_rate_hz))
    loss = TrainingLoss(sample_rate_hz, targets.shape[1])
    batch = 0 if len(targets) * len(candidates) == 0 else max(len(targets), len(candidates))
    candidates = np.broadcast_to(candidates, (batch, loss.frames))
    if len(targets) == 1:
        return loss(candidates, loss.analyse(targets))
    measures = np.zeros((len(MEASURES), batch))
    for first in range(0, batch, _PASS_SOUNDS):
        some = slice(first, first + _PASS_SOUNDS)
        passed = loss(candidates[some], loss.analyse(targets[some])).measures
        measures[:, some] = list(passed.values())
    return bounded_terms(dict(zip(MEASURES, measures, strict=True)), loss.weights)
