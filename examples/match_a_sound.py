"""Match a sound: a recording in, a preset and a report page out.

    python examples/match_a_sound.py examples/sounds/bass.flac -o matched

The folder then holds `preset.json`, the sound of the preset an octave below as `lower.wav`, and
`report.html`, a page to look and listen.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import tonewright as tw
from tonewright.audio.notes import note_name
from tonewright.cli.running import run_script
from tonewright.files import check_folder

SOUNDS = Path(__file__).parent / "sounds"


def main() -> None:
    parser = argparse.ArgumentParser(description="Match a sound with a preset of Serum-lite.")
    parser.add_argument("sound", type=Path, nargs="?", default=SOUNDS / "bass.flac", help="a recording")
    parser.add_argument("-o", "--output", type=Path, default=Path("matched"), help="folder to write to")
    parser.add_argument("--renders", type=int, default=2_000, help="how many presets may be heard")
    options = parser.parse_args()
    check_folder(options.output, overwrite=True)  # before the search: can it be written to?

    recording = tw.read(options.sound, max_seconds=60)
    result = tw.match(recording, renders=options.renders, seed=0)

    preset = result.preset
    print(f"similarity {result.similarity:.0f} of 100 after {result.renders:,} renders")
    print(f"note {note_name(preset.midi_note)}, key held for {preset.gate_seconds:.2f} s")
    synth = tw.synth(preset.synth)
    for control in synth.controls:  # each control knows how to tell its value to people
        print(f"  {control.name:26} {control.describe(preset.controls[control.name])}")

    preset.save(options.output / "preset.json", overwrite=True)
    result.report(options.output / "report.html", overwrite=True)
    # A preset plays at any note and rate: here an octave below what it was matched at.
    lower = tw.render_preset(preset, midi_note=max(0.0, preset.midi_note - 12), sample_rate_hz=48_000)
    tw.write(options.output / "lower.wav", lower, overwrite=True)
    print(f"wrote preset.json, report.html and lower.wav to {options.output}")


if __name__ == "__main__":
    run_script(main)
