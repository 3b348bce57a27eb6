"""Join the recording that ships with the synth `granular`, from Debian's `sonic-pi-samples`.

    apt-get install sonic-pi-samples
    python benchmarks/granular_source.py

writes `granular.flac` and `granular.txt` into `src/tonewright/synths/granular/sounds/`, which are in the
repository: run it again only to change the choice. The same samples give the same file.

The pieces go from low to high and from tone to noise, so that `position` has a direction: a deep drum, chords
of a guitar, an organ-like drone, a tabla, a voice-like synth, harmonics of a guitar, a rubbed glass, a till
with its bell, and a cymbal that dies away. None of them is in the benchmark or among the examples, so that
granular is never asked to match what it plays. Each is CC0, as `collect_sounds.py` checks it, becomes mono,
has its level set, and is crossfaded with the next at equal power.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from collect_sounds import COPYRIGHT, ROOT, SAMPLE_RATE_HZ, SAMPLES, cc0_source, cc0_sources
from tonewright.audio import Clip, read, resample, write
from tonewright.errors import TonewrightError
from tonewright.files import write_text
from tonewright.synths.granular.source import load_source
from tonewright.synths.pd.naming import SHIPPED

FOLDER = ROOT / "src/tonewright/synths/granular/sounds"
CROSSFADE_S = 0.06

# Recording, where the piece begins, how long it is, and the RMS level it is brought to.
PIECES = [
    ("tabla_ghe6", 0.02, 0.50, -16.0),
    ("guit_em9", 0.02, 0.50, -19.0),
    ("ambi_drone", 1.00, 0.42, -22.0),
    ("tabla_tun3", 0.00, 0.45, -18.0),
    ("bass_voxy_c", 1.00, 0.38, -21.0),
    ("guit_harmonics", 0.34, 0.50, -22.0),
    ("ambi_glass_rub", 1.00, 0.42, -20.0),
    ("perc_till", 0.00, 0.45, -24.0),
    ("drum_splash_hard", 0.00, 0.55, -22.0),
]


def piece(clip: Clip, start_s: float, seconds: float, rms_dbfs: float) -> NDArray[np.float32]:
    """A part of a recording, mono, at the common rate and a level, `[frames]`."""
    mono = resample(Clip(clip.mono(), clip.sample_rate_hz), SAMPLE_RATE_HZ).samples[0]
    start = round(start_s * SAMPLE_RATE_HZ)
    part = mono[start : start + round(seconds * SAMPLE_RATE_HZ)]
    return np.asarray(
        part * (10 ** (rms_dbfs / 20) / np.sqrt(np.square(part, dtype=np.float64).mean())), np.float32
    )


def join(pieces: Sequence[NDArray[np.float32]], fade: int) -> NDArray[np.float32]:
    """Crossfade pieces `[frames]` at equal power over `fade` samples, and fade the ends in and out."""
    rise = np.sin(0.5 * np.pi * (np.arange(fade) + 0.5) / fade).astype(np.float32)
    joined = np.zeros(sum(len(one) for one in pieces) - fade * (len(pieces) - 1), np.float32)
    begin = 0
    for one in pieces:
        faded = one.copy()
        faded[:fade] *= rise
        faded[-fade:] *= rise[::-1]
        joined[begin : begin + len(one)] += faded
        begin += len(one) - fade
    return joined


def write_for_pd() -> None:
    """Write the recording for the patch of Pd, as WAV and at its level: there FLAC is not read."""
    source = load_source(str(FOLDER / "granular.flac"), SAMPLE_RATE_HZ)
    begin, last, step = source.begins[0], source.lasts[0], round(source.steps[0])
    clip = Clip(source.samples[None, begin : begin + last + 1 : step], SAMPLE_RATE_HZ)
    write(SHIPPED / "granular" / "recording.wav", clip, encoding="pcm16", overwrite=True)


def main() -> None:
    """Write the recording and what is in it."""
    parser = argparse.ArgumentParser(description="Join the CC0 recording that granular plays.")
    parser.add_argument("samples", type=Path, nargs="?", default=SAMPLES, help="Sonic Pi's samples")
    parser.add_argument("--copyright", type=Path, default=COPYRIGHT, help="copyright file of the package")
    options = parser.parse_args()
    lines = [
        "granular.flac is written by benchmarks/granular_source.py, which tells how it was made. Its pieces",
        "are in the public domain by CC0 1.0 (https://creativecommons.org/publicdomain/zero/1.0/), and so is",
        "the whole. They come from freesound.org by way of Sonic Pi (Debian's sonic-pi-samples), where they",
        "have these names:",
        "",
    ]
    try:
        sources = cc0_sources(options.copyright.read_text(encoding="utf-8"))
        readme = (options.samples / "README.md").read_text(encoding="utf-8")
        pieces, begin_s = [], 0.0
        for recording, start_s, seconds, level in PIECES:
            source = cc0_source(recording, sources, readme)
            pieces.append(piece(read(options.samples / f"{recording}.flac"), start_s, seconds, level))
            lines.append(f"{begin_s:.2f} s  {recording}, {source.author}, {source.url}, CC0")
            begin_s += seconds - CROSSFADE_S
        joined = join(pieces, round(CROSSFADE_S * SAMPLE_RATE_HZ))
        FOLDER.mkdir(exist_ok=True)
        write(FOLDER / "granular.flac", Clip(joined[None], SAMPLE_RATE_HZ), encoding="pcm16", overwrite=True)
        write_text(FOLDER / "granular.txt", "\n".join([*lines, ""]), overwrite=True)
        write_for_pd()
    except OSError as error:
        parser.exit(1, f"{parser.prog}: {error}; install sonic-pi-samples, or say where its files are\n")
    except TonewrightError as error:
        parser.exit(1, f"{parser.prog}: {error}\n")


if __name__ == "__main__":
    main()
