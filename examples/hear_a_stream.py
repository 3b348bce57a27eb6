"""Hear a stream: loudness, pitch and onsets of sound while it arrives, block by block.

    python examples/hear_a_stream.py examples/sounds/pluck.flac

The blocks come from a file, at the speed at which a microphone would give them (`--fast` does not wait).
In a program of your own, push what your audio device hands you: any block size gives the same values.
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

SOUNDS = Path(__file__).parent / "sounds"
ONSET_DB = 6.0  # how far the mel bands have to rise within a hop for a new sound
CLEAR = 0.8  # confidence from which a pitch is shown


def line(time_s: float, frame: dict[str, float]) -> str:
    """One line on a frame, from its values by name."""
    level = frame["loudness_rms_dbfs"]
    meter = "#" * round(np.clip((level + 60) / 2, 0, 30))
    pitched = frame["pitch_f0_hz"] > 0 and frame["pitch_confidence"] > CLEAR
    note = note_name(round(hz_note(frame["pitch_f0_hz"]))) if pitched else "–"
    onset = "onset" if frame["onset_strength_db"] > ONSET_DB else ""
    return f"{time_s:6.2f} s {level:7.1f} dBFS {meter:30} {note:4} {onset}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Show descriptors of sound as it arrives.")
    parser.add_argument("sound", type=Path, nargs="?", default=SOUNDS / "pluck.flac", help="a recording")
    parser.add_argument("--block", type=int, default=1_024, help="samples that arrive at once")
    parser.add_argument("--fast", action="store_true", help="do not wait for the sound to play")
    options = parser.parse_args()
    check_whole(options.block, "--block", 1)

    clip = tw.read(options.sound, max_seconds=600)
    rate = clip.sample_rate_hz
    analyser = tw.StreamAnalyser(rate, ["loudness_rms", "pitch", "onset"])
    heard, slowest_s = 0, 0.0
    started = time.perf_counter()
    for first in range(0, clip.frames, options.block):
        block = clip.mono()[first : first + options.block]
        if not options.fast:  # a block is there when its last sample has sounded
            time.sleep(max(0.0, started + (first + len(block)) / rate - time.perf_counter()))
        pushed = time.perf_counter()
        values = analyser.push(block)  # [frames that are now complete, columns]; often none, or several
        slowest_s = max(slowest_s, time.perf_counter() - pushed)
        for row in values:
            heard += 1
            frame = dict(zip(analyser.names, row.tolist(), strict=True))
            print(line(heard * analyser.framing.hop / rate, frame), flush=True)
    print(
        f"{heard} frames in blocks of {options.block} samples ({1_000 * options.block / rate:.1f} ms); "
        f"the slowest took {1_000 * slowest_s:.1f} ms"
    )


if __name__ == "__main__":
    run_script(main)
