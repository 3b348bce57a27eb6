"""A Pd patch as a synth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.checks import check_whole
from tonewright.compiling import njit
from tonewright.errors import SynthError
from tonewright.synths.drone import FADE_S, gate_level
from tonewright.synths.offline import RELEASED_SHARE, render_notes
from tonewright.synths.pd.description import describe
from tonewright.synths.pd.driver import BLOCK, LONGEST
from tonewright.synths.pd.naming import find_patch
from tonewright.synths.pd.patch import read_patch
from tonewright.synths.pd.player import MOST_INSTANCES, Player
from tonewright.synths.pd.program import find_program
from tonewright.synths.validation import check_notes, check_per_row, check_seconds, check_tracks, check_turn
from tonewright.threads import available_threads, map_rows, numba_threads

_GROUP = 16
"""Rows that share a Pd offline: more of a large patch would not fit into the cache of a processor."""
_PROBED_S = 2.0
_PROBES = 8


class PureData:
    """A Pd patch, played by Pd.

    The note that is played makes no difference; the gate fades the sound in and out as that of a drone.
    Controls are turned at the next of Pd's blocks of 64 samples; whether they glide is up to the patch.

    Args:
        text: What follows `pd:` in the name: see `find_patch`.
        sample_rate_hz: Rate of everything it renders, 4–384 kHz.

    Attributes:
        name: `pd:` and the text.
        plays_notes: False.
        file_sha256: Hash of the patch and of the files beside it that it names.
        path: The file of the patch.
        patch: What its files tell.

    Raises:
        UsageError: The rate is out of range, or the controls in the name are none.
        SynthError: The patch or its JSON file is missing or broken.
    """

    plays_notes = False

    def __init__(self, text: str, sample_rate_hz: int = 44_100) -> None:
        self.sample_rate_hz = check_whole(sample_rate_hz, "sample_rate_hz", 4_000, 384_000)
        self.name = f"pd:{text}"
        found = find_patch(text)
        unpacked = read_patch(found.path).unpacked
        self.description = describe(found, unpacked)
        self.patch = read_patch(found.path, self.description.paths)
        self.path = found.path
        self.controls, self.version = self.description.controls, self.description.version
        self.file_sha256 = self.patch.sha256
        if unpacked is not None and unpacked != len(self.controls):
            raise SynthError(
                f"a patch takes as many controls as it is given; got {len(self.controls)} "
                f"({', '.join(self.controls.names)}) for [unpack] of {unpacked} in {str(found.path)!r}; "
                "change one of the two"
            )
        self._heard = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} at {self.sample_rate_hz} Hz>"

    def render(
        self,
        params: ArrayLike,
        midi_note: ArrayLike = 60.0,
        seconds: float = 1.0,
        gate_seconds: ArrayLike | None = None,
        seed: int = 0,
        hop: int | None = None,
    ) -> NDArray[np.float32]:
        """Render a batch; see `Synth.render`.

        Raises:
            UsageError: Shapes or values out of range.
            SynthError: Pd is missing, or the patch cannot be played.
        """
        frames = check_seconds(seconds, self.sample_rate_hz)
        tracks, hop = check_tracks(params, self.controls, hop, frames)
        batch = len(tracks)
        check_per_row(midi_note, batch, "midi_note", 0, 127)
        gate = (1 - RELEASED_SHARE) * seconds if gate_seconds is None else gate_seconds
        gates = check_per_row(gate, batch, "gate_seconds", 0, np.inf)
        check_whole(seed, "seed", 0)
        if batch:
            self.check_sound()
        out = np.empty((batch, frames), np.float32)
        workers = max(1, min(available_threads(), batch))
        group = 1 if self.patch.not_alone else max(1, min(_GROUP, -(-batch // workers)))

        def render(first: int, last: int, worker: int) -> None:
            with numba_threads(1):  # one Pd for a group
                for begin in range(first, last, group):
                    rows = slice(begin, min(begin + group, last))
                    out[rows] = render_notes(self, tracks[rows], 60.0, seconds, gates[rows], seed, hop)

        map_rows(render, batch, workers, block=group)
        return out

    def voice(
        self,
        params: ArrayLike,
        midi_note: ArrayLike = 60.0,
        gate_seconds: ArrayLike | None = None,
        seed: int = 0,
    ) -> PureDataVoice:
        """Start notes for block-by-block rendering; see `Synth.voice`.

        Raises:
            UsageError: Shapes or values out of range.
            SynthError: Pd is missing, or the patch cannot be played.
        """
        notes = check_notes(params, self.controls, midi_note, gate_seconds, seed)
        return PureDataVoice(self, notes.params, notes.gate_seconds, notes.seed)

    def start(self, instances: int, seed: int) -> Player:
        """Start a Pd with some instances of the patch.

        Raises:
            SynthError: It cannot be started.
        """
        return Player(find_program(), self.patch, self.description, self.sample_rate_hz, instances, seed)

    def check_sound(self) -> None:
        """Raise unless the patch sounds at some setting: a silent one is broken more often than wanted.

        Raises:
            SynthError: It is silent at all that are tried, or cannot be played.
        """
        if self._heard:
            return
        rng = np.random.default_rng(0)
        width = len(self.controls)
        settings = [self.controls.defaults(), np.ones(width), *rng.random((_PROBES - 2, width))]
        for params in settings:
            player = self.start(1, 0)
            try:
                player.turn([params.tolist()])
                for _ in range(0, round(_PROBED_S * self.sample_rate_hz), LONGEST):
                    player.begin(LONGEST // BLOCK)
                    if player.finish().any():
                        self._heard = True
                        return
            finally:
                player.close()
            said = player.said
        raise SynthError(
            f"a patch sounds at some setting of its controls; got silence from {str(self.path)!r} at all"
            + (f", and Pd said {said!r}" if said else "")
            + "; check what [inlet] takes (a list of floats in 0…1) and what reaches [outlet~]"
        )


class PureDataVoice:
    """A batch of sounding notes of a patch; made by `PureData.voice`.

    Pd renders ahead as little as it can: the rest of a block of 64 samples, whatever is asked for.
    """

    def __init__(
        self, synth: PureData, params: NDArray[np.float32], gate_seconds: NDArray[np.float64], seed: int
    ) -> None:
        self._synth, self._seed = synth, seed
        self._target: NDArray[np.float32] | None = params.copy()
        self._batch = len(params)
        rate = synth.sample_rate_hz
        self._gates = np.minimum(np.rint(gate_seconds * rate), 2.0**62).astype(np.int64)
        self._fade = max(1, round(FADE_S * rate))
        self._ready = 0
        self._rest = np.empty((self._batch, 0), np.float32)
        self._players: list[tuple[slice, Player]] = []
        self._failed = False

    def render(self, frames: int) -> NDArray[np.float32]:
        """The next samples, `[batch, frames]` float32.

        Raises:
            UsageError: Not a whole number of frames from 0.
            SynthError: Pd is missing, or the patch cannot be played.
        """
        check_whole(frames, "frames", 0)
        out = np.empty((self._batch, frames), np.float32)
        done = 0
        while done < frames and self._batch:
            if not self._rest.shape[1]:
                self._rest = self._next(min(-(-(frames - done) // BLOCK) * BLOCK, LONGEST))
            taken = min(frames - done, self._rest.shape[1])
            out[:, done : done + taken] = self._rest[:, :taken]
            self._rest = self._rest[:, taken:]
            done += taken
        _fade_in_and_out(out, self._ready, self._gates, self._fade)
        self._ready += frames
        return out

    def turn(self, params: ArrayLike) -> None:
        """Turn the controls, at the next block of 64 samples; see `Voice.turn`.

        Raises:
            UsageError: Shapes or values out of range.
        """
        self._target = check_turn(params, self._synth.controls, self._batch)

    def release(self) -> None:
        """Let the keys go that are still held, now."""
        self._gates = np.minimum(self._gates, self._ready)

    def close(self) -> None:
        """End Pd now, and not when this is forgotten; nothing can be rendered any more."""
        self._failed = True
        for _, player in self._players:
            player.close()

    def _next(self, frames: int) -> NDArray[np.float32]:
        """What Pd renders next; `frames` are whole blocks."""
        if self._failed:
            raise SynthError("a voice plays until it fails or is closed; this one has or is; start another")
        sound = np.empty((self._batch, frames), np.float32)
        try:
            if not self._players:
                self._synth.check_sound()
                self._start()
            for rows, player in self._players:
                if self._target is not None:
                    player.turn(self._target[rows].tolist())
                player.begin(frames // BLOCK)
            self._target = None
            for rows, player in self._players:
                sound[rows] = player.finish()
        except BaseException:  # Ctrl-C included: who has rendered what is unknown now
            self._failed = True
            for _, player in self._players:
                player.close()
            raise
        return sound

    def _start(self) -> None:
        alone = bool(self._synth.patch.not_alone)
        share = 1 if alone else min(MOST_INSTANCES, -(-self._batch // min(available_threads(), self._batch)))
        for first in range(0, self._batch, share):
            rows = slice(first, min(first + share, self._batch))
            self._players.append((rows, self._synth.start(rows.stop - rows.start, self._seed)))


@njit(cache=True, nogil=True, error_model="numpy")
def _fade_in_and_out(out: NDArray[np.float32], begin: int, gates: NDArray[np.int64], fade: int) -> None:
    """Apply the gate to `[batch, frames]` samples from `begin` on, in place."""
    for b in range(out.shape[0]):
        for i in range(out.shape[1]):
            sample = begin + i
            if not fade <= sample <= gates[b]:
                out[b, i] = np.float32(out[b, i] * gate_level(sample, gates[b], fade))
