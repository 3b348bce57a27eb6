"""`tonewright render`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from tonewright.cli.options import Flag, OutputPath


@dataclass(frozen=True)
class Render:
    """Render a preset to a sound file."""

    preset: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="PRESET.json")]
    """The preset."""
    output: OutputPath
    """Sound file to write: .wav (32-bit float) or .flac."""
    note: float | None = None
    """MIDI note; that of the preset, or 60."""
    seconds: float | None = None
    """Duration; until the release has ended if not given."""
    gate: float | None = None
    """Seconds after which the key is let go; that of the preset, or three quarters of the duration."""
    rate: int = 44_100
    """Sample rate in Hz."""
    seed: int = 0
    """Seed of the noise."""
    overwrite: Flag = False
    """Replace the file if it exists."""

    def run(self) -> None:
        """Render and write."""
        from tonewright.audio import Clip, write
        from tonewright.synths import load_preset, render_preset

        clip: Clip = render_preset(
            load_preset(self.preset),
            sample_rate_hz=self.rate,
            midi_note=self.note,
            seconds=self.seconds,
            gate_seconds=self.gate,
            seed=self.seed,
        )
        write(self.output, clip, overwrite=self.overwrite)
        print(f"wrote {self.output}: {clip.seconds:.2f} s at {clip.sample_rate_hz} Hz")
