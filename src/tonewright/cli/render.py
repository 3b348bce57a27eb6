"""`tonewright render`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Annotated

import tyro

from tonewright.cli.options import Count, Flag, InputFile, Note, NoteRange, OutputFile, Rate, Seconds, Seed
from tonewright.errors import UsageError

_OF_INSTRUMENTS = ("--notes", "--round-robin", "--velocity-layers")


@dataclass(frozen=True)
class Render:
    """Render a preset to a sound file, or note by note to an instrument for samplers."""

    preset: Annotated[tyro.conf.Positional[InputFile], tyro.conf.arg(metavar="PRESET.json")]
    """The preset."""
    output: OutputFile
    """Sound file to make: .wav (32-bit float) or .flac (24 bit). Or .sfz: an instrument, with its samples in
    a folder beside it."""
    note: Note = None
    """MIDI number or a name like A#3 (60 is C4); that of the preset if not given, or 60."""
    seconds: Seconds = None
    """Duration; until the sound has died away if not given. Of an instrument how much of a held note is
    rendered, 5 s if not given."""
    gate: Seconds = None
    """When the key is let go; that of the preset if not given, or one second. Every note of an instrument is
    of this length, whatever is played; if not given it lasts as long as a key is held."""
    rate: Rate = 44_100
    """Sample rate."""
    seed: Seed = 0
    """Seed of the noise."""
    notes: NoteRange = None
    """Of an instrument: lowest and highest note, and how many semitones lie between samples. C2-C6/3, or
    36-84/3, if not given."""
    round_robin: Count = None
    """Of an instrument: how many samples of each note are played in turn, with different noise."""
    velocity_layers: Count = None
    """Of an instrument: 1 is all there is, since a preset sounds alike at every velocity; the sampler plays
    it softer or louder."""
    overwrite: Flag = False
    """Replace the file if it exists, and the samples of an instrument."""
    json: Flag = False
    """Print what was written as JSON."""

    def run(self) -> None:
        """Render and write."""
        if self.output.suffix.lower() == ".sfz":
            self._run_instrument()
            return
        given = zip(_OF_INSTRUMENTS, (self.notes, self.round_robin, self.velocity_layers), strict=True)
        option = next((option for option, value in given if value is not None), None)
        if option:
            raise UsageError(f"{option} is for an instrument; got {str(self.output)!r}; end its name in .sfz")
        from tonewright.audio import clip_lufs, wav_bytes, write
        from tonewright.cli.output import print_written
        from tonewright.synths import load_preset, render_preset

        to_stdout = str(self.output) == "-"
        if to_stdout and self.json:
            raise UsageError("standard output takes the sound or JSON; got -o - and --json; drop one of them")
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
        if self.json:
            facts = {"seconds": clip.seconds, "sample_rate_hz": clip.sample_rate_hz}
            facts |= {"channels": clip.channels, "loudness_lufs": clip_lufs(clip)}
            print_written([self.output], facts)
            return
        print(f"wrote {self.output}: {clip.seconds:.2f} s at {clip.sample_rate_hz} Hz")

    def _run_instrument(self) -> None:
        from tonewright.cli.instrument import run_instrument

        if self.note is not None:
            raise UsageError("an instrument has more than one note; got --note; name them with --notes")
        if (self.velocity_layers or 1) > 1:
            raise UsageError(
                f"a preset sounds alike at every velocity, so layers would be copies; got "
                f"{self.velocity_layers}; leave --velocity-layers at 1: the sampler plays softer or louder"
            )
        run_instrument(
            self.preset,
            self.output,
            notes=self.notes,
            seconds=self.seconds,
            gate_seconds=self.gate,
            sample_rate_hz=self.rate,
            round_robin=self.round_robin or 1,
            seed=self.seed,
            overwrite=self.overwrite,
            as_json=self.json,
        )
