"""What a match gives back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.audio import Clip, note_name, write
from tonewright.files import replacing_folder, write_text
from tonewright.matching.recording import ONLY_NOISE, Overview
from tonewright.matching.weak_points import WeakPoint
from tonewright.synths.preset import Preset


@dataclass(frozen=True, eq=False)
class MatchResult:
    """A preset that sounds like a target, and everything measured on the way.

    Attributes:
        preset: The preset, with the note and gate it was matched at.
        audio: Its rendering, `[frames]` float32 at `sample_rate_hz`, as long as `target`.
        target: The target as it was searched for: mono, trimmed, at a level the synth can reach.
        sample_rate_hz: Rate of both.
        distances: Every published distance between the two, by name.
        terms: Training loss: `total` and each of its terms, by name.
        similarity: 0 for the median random preset, 100 for an identical sound.
        curve: Renders spent and best training loss so far, whenever it got better.
        renders: How many presets were rendered.
        seconds: Wall-clock duration of the search.
        seed: Seed of search and noise.
        method: Name of the search method.
        target_info: Facts on the target: `path`, `sha256`, `sample_rate_hz`, `channels`, `seconds`,
            `loudness_lufs`, `gain_db` applied before the search, `start_s`, `note_confidence`…
        versions: Versions of tonewright, the synth, the networks and the libraries that shape the sound.
        interrupted: The search was stopped early and this is the best until then.
        lacks: Where it differs most from the target, the weightiest first.
        out_of_reach: What the target holds and the synth cannot do, a phrase each.
        overview: The whole recording and where the target lies in it, where that is known.
    """

    preset: Preset
    audio: NDArray[np.float32]
    target: NDArray[np.float32]
    sample_rate_hz: int
    distances: Mapping[str, float]
    terms: Mapping[str, float]
    similarity: float
    curve: tuple[tuple[int, float], ...]
    renders: int
    seconds: float
    seed: int
    method: str
    target_info: Mapping[str, Any]
    versions: Mapping[str, str]
    interrupted: bool = False
    lacks: tuple[WeakPoint, ...] = ()
    out_of_reach: tuple[str, ...] = ()
    overview: Overview | None = None

    def report(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the page to look and listen: one self-contained HTML file.

        Raises:
            OutputError: The file exists already (and not `overwrite`), or cannot be written.
        """
        from tonewright.matching.report import report_html

        write_text(path, report_html(self), overwrite=overwrite)

    def save(self, folder: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write preset.json, match.wav, target.wav, result.json and report.html, all or nothing.

        Raises:
            OutputError: The folder holds something already (and not `overwrite`), or cannot be written.
        """
        with replacing_folder(folder, overwrite=overwrite) as stage:
            self.write(stage)

    def __repr__(self) -> str:
        return (
            f"<MatchResult of {self.preset.synth}: similarity {self.similarity:.0f} of 100, "
            f"{self.renders} renders>"
        )

    def write(self, folder: str | PathLike[str]) -> None:
        """Write the files of `save` into a folder that holds none of them."""
        folder = Path(folder)
        self.preset.save(folder / "preset.json")
        write(folder / "match.wav", Clip(self.audio, self.sample_rate_hz))
        write(folder / "target.wav", Clip(self.target, self.sample_rate_hz))
        write_text(folder / "result.json", json.dumps(self.summary(), indent=1) + "\n")
        self.report(folder / "report.html")

    def summary(self) -> dict[str, Any]:
        """Everything but the sounds and the preset, as plain values for JSON."""
        return {
            "similarity": self.similarity,
            "distances": dict(self.distances),
            "loss": dict(self.terms),
            "lacks": [asdict(point) for point in self.lacks],
            "out_of_reach": list(self.out_of_reach),
            "synth": self.preset.synth,
            "midi_note": self.preset.midi_note,
            "gate_seconds": self.preset.gate_seconds,
            "method": self.method,
            "renders": self.renders,
            "seconds": self.seconds,
            "seed": self.seed,
            "interrupted": self.interrupted,
            "sample_rate_hz": self.sample_rate_hz,
            "target": dict(self.target_info),
            "curve": [list(point) for point in self.curve],
            "versions": dict(self.versions),
        }

    def describe(self) -> str:
        """The outcome in a few lines of text."""
        from tonewright.wording import duration, turn

        values = [f"{name} {value:.4g}" for name, value in self.distances.items()]
        renders = f"{self.renders:,} render{'' if self.renders == 1 else 's'}"
        midi_note = self.preset.midi_note
        played = [] if midi_note is None else [f"note {note_name(midi_note)} (MIDI {midi_note:.2f})"]
        if self.preset.gate_seconds is not None:
            played.append(f"gate {duration(self.preset.gate_seconds)}")
        lines = [
            f"similarity {self.similarity:.0f} of 100, {renders} in {self.seconds:.1f} s",
            ", ".join(played) or "note unknown",
            f"{', '.join(values[:5])},",
            ", ".join(values[5:]),
        ]
        info = self.target_info
        told = [f"out of this synth's reach: {phrase}" for phrase in self.out_of_reach]
        told += [point.words for point in self.lacks]
        told += self.overview.describe() if self.overview else []
        told += [ONLY_NOISE] if info.get("only_noise") else []
        lines += [fill(words, 80, subsequent_indent="  ") for words in told]
        gain_db = info.get("gain_db", 0.0)
        if abs(gain_db) >= 0.05:
            lines.append(f"searched {turn(gain_db)}: turn the patch {turn(-gain_db)} to meet the recording")
        return "\n".join(lines)
