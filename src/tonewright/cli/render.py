"""`tonewright render`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from tonewright.cli.options import Flag, Note, OutputFile, Rate, Seconds, Seed


@dataclass(frozen=True)
class Render:
    """Render a preset to a sound file."""

    preset: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="PRESET.json")]
    """The preset."""
    output: OutputFile
    """Sound file to make: .wav (32-bit float) or .flac (24 bit); - is standard output, as WAV."""
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

    def run(self) -> None:
        """Render and write."""
        from tonewright.audio import wav_bytes, write
        from tonewright.errors import UsageError
        from tonewright.synths import load_preset, render_preset

        to_stdout = str(self.output) == "-"
        if to_stdout and sys.stdout.isatty():
            raise UsageError(
                "a sound on standard output goes to a file or another program; got a terminal; "
                "write -o out.wav, or add | and the program"
            )
        clip = render_preset(
            load_preset(self.preset),
            sample_rate_hz=self.rate,
            midi_note=self.note,
            seconds=self.seconds,
            gate_seconds=self.gate,
            seed=self.seed,
        )
        if to_stdout:
            sys.stdout.buffer.write(wav_bytes(clip, encoding="float"))
            return
        write(self.output, clip, overwrite=self.overwrite)
        print(f"wrote {self.output}: {clip.seconds:.2f} s at {clip.sample_rate_hz} Hz")
