"""Hear a stream: loudness, pitch and onsets of sound while it arrives, block by block.

    python examples/hear_a_stream.py
    python examples/hear_a_stream.py examples/sounds/bass.flac --every-frame

A line is printed where a new sound begins, and where a note is recognised or ends. Without a file, Serum-lite
plays eight notes from C2 to C8. The blocks come at the speed at which a microphone would give them (`--fast`
does not wait). In a program of your own, push what your audio device hands you: any block size gives the same
values.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

import tonewright as tw
from tonewright.audio.notes import hz_note, note_name
from tonewright.checks import check_whole
from tonewright.cli.running import run_script

RATE_HZ = 44_100
NOTES = (36, 48, 55, 64, 72, 84, 96, 108)
PRESET, NOTE_SECONDS, GATE_SECONDS = "Ocarina", 0.6, 0.4
ONSET_DB = 6.0  # how far the mel bands have to rise within a hop for a new sound
REST = 10  # hops after an onset in which no other is reported
CLEAR = 0.8  # confidence from which a pitch is shown
STEADY = 4  # hops that a note has to last to be shown


def melody() -> tw.Clip:
    """The notes on a factory preset, one after the other."""
    synth = tw.synth("serum-lite", RATE_HZ)
    preset = next(preset for preset in synth.factory_presets() if preset.name == PRESET)
    params = np.tile(preset.params(synth), (len(NOTES), 1))
    return tw.Clip(synth.render(params, NOTES, NOTE_SECONDS, GATE_SECONDS).reshape(1, -1), RATE_HZ)


def note_of(frame: dict[str, float]) -> int | None:
    """The nearest MIDI note, or None where no pitch is clear."""
    clear = frame["pitch_f0_hz"] > 0 and frame["pitch_confidence"] > CLEAR
    return round(hz_note(frame["pitch_f0_hz"])) if clear else None


class Events:
    """What happens in the frames: onsets, and notes once they are steady."""

    def __init__(self) -> None:
        self._shown: int | None = None
        self._candidate: int | None = None
        self._lasted, self._since_onset = 0, REST

    def hear(self, frame: dict[str, float]) -> str:
        """What begins or ends in this frame, in words; empty for most."""
        note = note_of(frame)
        self._lasted = self._lasted + 1 if note == self._candidate else 1
        self._candidate = note
        self._since_onset += 1
        if frame["onset_strength_db"] > ONSET_DB and self._since_onset > REST:
            self._since_onset = 0
            return "onset"
        if note != self._shown and self._lasted >= STEADY:
            self._shown = note
            if note is None:
                return "no clear pitch"
            return f"{note_name(note):4} {frame['pitch_f0_hz']:7.1f} Hz"
        return ""


def line(time_s: float, frame: dict[str, float], event: str) -> str:
    """One line on a frame, from its values by name."""
    level = frame["loudness_rms_dbfs"]
    meter = "#" * round(np.clip((level + 60) / 2, 0, 30))
    return f"{time_s:6.2f} s {level:7.1f} dBFS {meter:30} {event}".rstrip()


def main() -> None:
    parser = argparse.ArgumentParser(description="Show descriptors of sound as it arrives.")
    parser.add_argument("sound", type=Path, nargs="?", help="a recording; eight notes if not given")
    parser.add_argument("--block", type=int, default=1_024, help="samples that arrive at once")
    parser.add_argument("--fast", action="store_true", help="do not wait for the sound to play")
    parser.add_argument(
        "--every-frame", action="store_true", help="also print frames in which nothing begins"
    )
    options = parser.parse_args()
    check_whole(options.block, "--block", 1)

    clip = tw.read(options.sound, max_seconds=600) if options.sound else melody()
    rate = clip.sample_rate_hz
    sound = clip.mono()
    analyser = tw.StreamAnalyser(rate, ["loudness_rms", "pitch", "onset"])
    events = Events()
    heard, slowest_s = 0, 0.0
    started = time.perf_counter()
    for first in range(0, clip.frames, options.block):
        block = sound[first : first + options.block]
        if not options.fast:  # a block is there when its last sample has sounded
            time.sleep(max(0.0, started + (first + len(block)) / rate - time.perf_counter()))
        pushed = time.perf_counter()
        values = analyser.push(block)  # [frames that are now complete, columns]; often none, or several
        slowest_s = max(slowest_s, time.perf_counter() - pushed)
        for row in values:
            heard += 1
            frame = dict(zip(analyser.names, row.tolist(), strict=True))
            event = events.hear(frame)
            if event or options.every_frame:
                print(line(heard * analyser.framing.hop / rate, frame, event), flush=True)
    print(
        f"{heard} frames in blocks of {options.block} samples ({1_000 * options.block / rate:.1f} ms); "
        f"the slowest took {1_000 * slowest_s:.1f} ms"
    )


if __name__ == "__main__":
    run_script(main)
