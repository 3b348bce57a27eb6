"""What is heard of a sound whose controls are turned, when it is really rendered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import SynthError
from tonewright.features.streaming import StreamAnalyser
from tonewright.improvising.hearing import FRAMING
from tonewright.improvising.listening.features import descriptors_of
from tonewright.improvising.listening.normalising import CONFIDENCE, LOUDNESS, PITCH, Normaliser, Scales
from tonewright.improvising.lookup.averaging import Averager
from tonewright.synths.base import Synth, Voice


class RenderedSound:
    """Sounds that are played, turned at every hop, and heard as everything else is.

    A batch of voices cannot begin anew in one row alone, so rows that begin together share a voice: one that
    begins again leaves its voice for another, and the old one sounds on for those that are left in it, its
    row unheard. Rows of a batch whose episodes all last as long share one voice all the time. Every voice has
    the same seed, so that a row sounds alike whichever rows are beside it.

    Args:
        synth: What is played.
        scales: Which columns are heard, and how they are scaled.
        rows: How many sounds, B.
        note: MIDI note that is held.

    Attributes:
        values: See `OwnSound`.
        presence: See `OwnSound`.
    """

    def __init__(self, synth: Synth, scales: Scales, rows: int, note: float) -> None:
        self._synth, self._note = synth, note
        wanted = (*scales.columns, LOUDNESS, *([CONFIDENCE] if PITCH in scales.columns else []))
        self._descriptors = descriptors_of(wanted)
        self._analyser = self._listener()
        self._analyser.push(np.zeros((rows, FRAMING.hop), np.float32))
        self._normaliser = Normaliser(scales, self._analyser.names)
        # Until everything under the longest window has settled, as in tables.
        seconds = Averager(FRAMING, self._descriptors).least_seconds
        self._settling = -(-round(seconds * FRAMING.sample_rate_hz) // FRAMING.hop)
        self._voices: list[_Shared] = []
        self.values, self.presence = np.zeros((2, rows, len(scales.columns)), np.float32)

    def begin(self, rows: NDArray[np.intp], params: NDArray[np.float32], seeds: NDArray[np.uint64]) -> None:
        """See `OwnSound`; the seeds make no difference."""
        for voice in self._voices:
            voice.leave(rows)
        self._voices = [voice for voice in self._voices if voice.heard.any()]
        new = _Shared(self._synth.voice(params[rows], self._note), rows, params[rows])
        self._voices.append(new)
        analyser = self._listener()
        heard = analyser.push(self._checked(new.voice.render(self._settling * FRAMING.hop), new))
        self._analyser.take_over(rows, analyser)
        self.values[rows] = 0
        for frame in range(heard.shape[1]):
            self._take(rows, heard[:, frame])

    def hear(self, rows: NDArray[np.intp], params: NDArray[np.float32]) -> None:
        """See `OwnSound`."""
        audio = np.zeros((len(self.values), FRAMING.hop), np.float32)
        for voice in self._voices:
            some = voice.heard
            voice.params[some] = params[voice.rows[some]]
            voice.voice.turn(voice.params)
            audio[voice.rows[some]] = self._checked(voice.voice.render(FRAMING.hop), voice)[some]
        self._take(rows, self._analyser.push(audio)[rows, 0])

    def _take(self, rows: NDArray[np.intp], heard: NDArray[np.float32]) -> None:
        values, presence = self._normaliser(heard)
        self.values[rows] = np.where(presence > 0, values, self.values[rows])
        self.presence[rows] = presence

    def _listener(self) -> StreamAnalyser:
        return StreamAnalyser(
            FRAMING.sample_rate_hz, self._descriptors, window=FRAMING.window, hop=FRAMING.hop
        )

    def _checked(self, audio: NDArray[np.float32], voice: _Shared) -> NDArray[np.float32]:
        finite = np.isfinite(audio).all(axis=1)
        if not finite.all():
            values = self._synth.controls.to_physical(voice.params[np.flatnonzero(~finite)[0]])
            turned = ", ".join(
                f"{name} {value:.6g}" for name, value in zip(self._synth.controls.names, values, strict=True)
            )
            raise SynthError(
                f"a synth gives finite samples; got NaN or infinity from {self._synth.name!r} at {turned}; "
                "mend the synth"
            )
        return audio


class _Shared:
    """A voice and the rows that it sounds for.

    Attributes:
        voice: Sounds for all rows that began with it.
        rows: `[n]` these rows.
        params: `[n, D]` what each is turned to.
        heard: `[n]` whether each still sounds with it.
    """

    def __init__(self, voice: Voice, rows: NDArray[np.intp], params: NDArray[np.float32]) -> None:
        self.voice, self.rows, self.params = voice, rows.copy(), params
        self.heard = np.ones(len(rows), np.bool_)

    def leave(self, rows: NDArray[np.intp]) -> None:
        """Some rows do not sound with it any more."""
        self.heard &= ~np.isin(self.rows, rows)
