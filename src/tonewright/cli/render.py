"""`tonewright render`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from tonewright.cli.options import Flag, InputFile, Note, OutputFile, Rate, Seconds, Seed


@dataclass(frozen=True)
class Render:
    """Render a preset to a sound file."""

    preset: Annotated[tyro.conf.Positional[InputFile], tyro.conf.arg(metavar="PRESET.json")]
    """The preset."""
    output: OutputFile
    """Sound file to make: .wav (32-bit float) or .flac (24 bit)."""
    note: Note = None
    """MIDI number or a name like A#3 (60 is C4); that of the preset if not given, or 60."""
    seconds: Seconds = None
    """Duration; until the sound has died away if not given."""
    gate: Seconds = None
    """When the key is let go; that of the preset if not given, or one second."""
    rate: Rate = 44_100
    """Sample rate."""
    seed: Seed = 0
    """Seed of the noise."""
    overwrite: Flag = False
    """Replace the file if it exists."""
    json: Flag = False
    """Print what was written as JSON."""

    def run(self) -> None:
        """Render and write."""
        from tonewright.audio import clip_lufs, write
        from tonewright.cli.output import print_written
        from tonewright.synths import load_preset, render_preset

        clip = render_preset(
            load_preset(self.preset),
            sample_rate_hz=self.rate,
            midi_note=self.note,
            seconds=self.seconds,
            gate_seconds=self.gate,
            seed=self.seed,
        )
        write(self.output, clip, overwrite=self.overwrite)
        if self.json:
            facts = {"seconds": clip.seconds, "sample_rate_hz": clip.sample_rate_hz}
            facts |= {"channels": clip.channels, "loudness_lufs": clip_lufs(clip)}
            print_written([self.output], facts)
            return
        print(f"wrote {self.output}: {clip.seconds:.2f} s at {clip.sample_rate_hz} Hz")
