"""Granular: a cloud of short pieces of a recording; after B. Truax (1988) and C. Roads (2001)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tonewright.synths.control import Control, ControlSpace
from tonewright.synths.drone import Drone, DroneVoice
from tonewright.synths.granular.kernel import (
    FIELDS,
    LONGEST_S,
    MOST_DENSITY_HZ,
    SEMITONES,
    SHORTEST_S,
    SLOTS,
    render_rows,
)
from tonewright.synths.granular.source import GrainSource, load_source
from tonewright.synths.granular.words import GRANULAR, PRESETS
from tonewright.synths.preset import Preset
from tonewright.synths.words import Words

SOURCE = Path(__file__).with_name("sounds") / "granular.flac"
"""The recording that ships, CC0: `sounds/granular.txt` says what is in it."""


class Granular(Drone):
    """Grains of a recording, one after the other or many at once.

    A grain keeps the settings of the moment it begins: nothing of it is turned on the way but the level. It
    is a piece of the recording whose middle lies at `position`, under a Hann window; beyond its ends the
    recording is read backwards, as if between mirrors. Grains begin `density_hz` times a second; with
    `spread`, each comes later by up to √spread of the time to the next, and is read elsewhere by up to
    ± spread of the recording. What is random is a function of the seed and of the grain's number alone.

    The recording is brought to a level at which its loudest tenth of a second has an RMS of at most 0.25
    (−12 dBFS) and no peak exceeds 0.7. Each grain is scaled by 1/√(1 + 3/8 · density · duration), 3/8 being
    the mean power of its window: a dense cloud is as loud as the recording. Where grains meet in step and
    add up beyond 0.7, a soft limit keeps them below 1.

    Args:
        sample_rate_hz: Rate of everything it renders, 4–384 kHz.
        path: A sound file, 10 ms to two minutes long; a recording that ships if not given. The mean of its
            channels is taken.

    Attributes:
        file_sha256: Hash of the sound file.

    Raises:
        UsageError: The rate is out of range.
        AudioError: The file cannot be read, is silent, too short or too long.
    """

    name = "granular"
    version = 1
    controls = ControlSpace(
        (
            Control(
                "density_hz", "grains", 1.0, MOST_DENSITY_HZ, 20, "log", "Hz",
                "grains that begin in a second",
            ),
            Control(
                "position", "grains", 0.0, 1.0, 0.5, meaning="where in the recording, from beginning to end"
            ),
            Control(
                "duration_s", "grains", SHORTEST_S, LONGEST_S, 0.15, "log", "s", "how long a grain sounds"
            ),
            Control(
                "pitch_semitones", "grains", -SEMITONES, SEMITONES, 0, unit="semitones",
                meaning="higher or lower than recorded",
            ),
            Control(
                "spread", "grains", 0.0, 1.0, 0.05, "quadratic",
                meaning="random scatter of where in the recording, and of when",
            ),
            Control("amplitude", "grains", 0.0, 1.0, 0.5, "quadratic", meaning="level, down to silence"),
        )
    )  # fmt: skip

    words: Words = GRANULAR

    def __init__(self, sample_rate_hz: int = 44_100, path: str | None = None) -> None:
        super().__init__(sample_rate_hz)
        if path is not None:
            self.name = f"granular:{path}"
        self.source = load_source(str(SOURCE) if path is None else path, self.sample_rate_hz)
        self.file_sha256 = self.source.sha256

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} at {self.sample_rate_hz} Hz>"

    def factory_presets(self) -> tuple[Preset, ...]:
        """A few named presets of the recording that ships; none of another one."""
        if self.name != Granular.name:
            return ()
        return tuple(
            Preset(self.name, self.version, dict(zip(self.controls.names, values, strict=True)), name, tags)
            for name, tags, *values in PRESETS
        )

    def _voice(
        self, params: NDArray[np.float32], gate_seconds: NDArray[np.float64], seed: int
    ) -> GranularVoice:
        return GranularVoice(self, params, gate_seconds, seed)


def granular_of(path: str, sample_rate_hz: int) -> Granular:
    """The synth called `granular:PATH`.

    Raises:
        UsageError: The rate is out of range.
        AudioError: The file cannot be read, is silent, too short or too long.
    """
    return Granular(sample_rate_hz, path)


class GranularVoice(DroneVoice):
    """A batch of sounding clouds; made by `Granular.voice`."""

    def __init__(
        self, synth: Granular, params: NDArray[np.float32], gate_seconds: NDArray[np.float64], seed: int
    ) -> None:
        super().__init__(synth, params, gate_seconds)
        batch = len(params)
        self._source: GrainSource = synth.source
        self._key = np.uint32(np.random.SeedSequence(seed).generate_state(1)[0])
        self._numbers = np.zeros((batch, 2), np.int64)
        self._elapsed = np.zeros(batch)
        self._grains = np.zeros((batch, SLOTS, FIELDS))

    def _render_rows(self, begin: int, first: int, last: int, out: NDArray[np.float32]) -> None:
        source = self._source
        render_rows(
            begin, first, last, self.target, self.now, self.gates, self.share, self.fade,
            self.sample_rate_hz, source.length, source.samples, source.begins, source.lasts, source.steps,
            self._key, self._numbers, self._elapsed, self._grains, out,
        )  # fmt: skip
