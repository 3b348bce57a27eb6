"""Measure where the sounds of each category lie.

Usage: python benchmarks/prompting/norms.py [--recordings FOLDER] [--renders N]; writes
src/tonewright/prompting/listening/norms.npz. Recordings are those of sonic-pi-samples (CC0); renders are
pieces that the band of the sketch plays, of all styles, those that are held out included.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tonewright.measuring.workers import do_all
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.nearest import reference_piece
from tonewright.prompting.generators.sketch.piece import CATEGORIES
from tonewright.prompting.generators.sketch.songbook import seconds_of
from tonewright.prompting.judging import stereo
from tonewright.prompting.listening import embedding, norms
from tonewright.prompting.listening.analysis import listen

RECORDINGS = Path("/usr/share/sonic-pi/samples")
FILE = Path(norms.__file__).parent / norms.FILE
LONGEST_S = 12.0
KINDS = {
    "ambi": "ambient",
    "bass": "instruments",
    "bd": "instruments",
    "drum": "instruments",
    "elec": "instruments",
    "glitch": "sfx",
    "guit": "instruments",
    "loop": "drums",
    "mehackit": "sfx",
    "perc": "instruments",
    "sn": "instruments",
    "tabla": "instruments",
    "vinyl": "sfx",
    "misc": "sfx",
}
"""Category of a recording, by how its name begins."""
OTHERS = {
    "drum_roll": "drums",
    "perc_swash": "sfx",
    "perc_swoosh": "sfx",
    "perc_door": "sfx",
    "perc_till": "sfx",
    "perc_impact1": "sfx",
    "perc_impact2": "sfx",
    "ambi_dark_woosh": "sfx",
    "ambi_swoosh": "sfx",
    "loop_drone_g_97": "phrases",
    "loop_garzul": "phrases",
    "loop_3d_printer": "sfx",
    "loop_electric": "phrases",
    "ambi_piano": "phrases",
}
"""Those that belong to another one."""
HEARD_IN = {
    "bd": ("kick",),
    "drum_heavy_kick": ("kick",),
    "drum_bass": ("kick",),
    "elec_hollow_kick": ("kick",),
    "elec_soft_kick": ("kick",),
    "sn": ("snare",),
    "drum_snare": ("snare",),
    "elec_hi_snare": ("snare",),
    "elec_lo_snare": ("snare",),
    "elec_mid_snare": ("snare",),
    "elec_snare": ("snare",),
    "elec_filt_snare": ("snare",),
    "drum_cymbal_closed": ("hats",),
    "drum_cymbal_pedal": ("hats",),
    "drum_cymbal_open": ("cymbal",),
    "drum_cymbal_hard": ("cymbal",),
    "drum_cymbal_soft": ("cymbal",),
    "drum_splash": ("cymbal",),
    "drum_tom": ("toms",),
    "loop_amen": ("kick", "snare", "hats"),
    "loop_breakbeat": ("kick", "snare", "hats"),
    "bass": ("bass",),
}
"""Elements of recordings, by how their names begin."""
THINGS_IN = {
    "guit": ("guitar",),
    "bass": ("synth bass",),
    "perc_bell": ("bell",),
    "elec_bell": ("bell",),
    "elec_chime": ("bell",),
    "elec_beep": ("beep",),
    "elec_blip": ("beep",),
    "perc_swash": ("whoosh", "sweep"),
    "perc_swoosh": ("whoosh", "sweep"),
    "ambi_swoosh": ("whoosh", "sweep"),
    "ambi_dark_woosh": ("whoosh", "sweep"),
    "perc_impact": ("impact",),
    "misc_cineboom": ("impact", "explosion"),
    "glitch": ("glitch",),
}
"""Things that recordings are of, likewise."""


def category_of(name: str) -> str:
    return OTHERS.get(name) or KINDS[name.split("_")[0]]


def beginning(path: Path) -> NDArray[np.float32]:
    return stereo(path)[:, : round(LONGEST_S * SAMPLE_RATE_HZ)]


def recording(path: Path) -> tuple[NDArray[np.float64], str]:
    return embedding.embed(listen(beginning(path)[None]))[0], category_of(path.stem)


def render(work: tuple[str, int]) -> tuple[NDArray[np.float64], str]:
    category, number = work
    composed = reference_piece(category, number)
    sound = play(composed.piece, seconds_of(composed), SAMPLE_RATE_HZ, number)
    return embedding.embed(listen(sound[None]))[0], category


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--recordings", type=Path, default=RECORDINGS, help="folder of sonic-pi-samples")
    parser.add_argument("--renders", type=int, default=240, help="of each category (240)")
    options = parser.parse_args()
    paths = sorted(options.recordings.glob("*.flac"))
    heard = [recording(path) for path in paths]
    work = [(category, number) for category in CATEGORIES for number in range(options.renders)]
    made = dict(do_all(work, render, 2))
    heard += [made[number] for number in range(len(work))]
    embeddings = np.array([one[0] for one in heard], np.float32)
    categories = [one[1] for one in heard]
    origins = ["recording"] * len(paths) + ["render"] * len(work)
    np.savez_compressed(
        FILE,
        embeddings=embeddings,
        categories=np.array(categories),
        origins=np.array(origins),
        numbers=np.array([-1] * len(paths) + [number for _, number in work], np.int32),
        names=np.array(embedding.NAMES),
    )
    counts = {category: categories.count(category) for category in CATEGORIES}
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
