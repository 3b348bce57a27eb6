"""Collect the recordings that matching is measured on, and the examples, from Debian's `sonic-pi-samples`.

    apt-get install sonic-pi-samples
    python benchmarks/collect_sounds.py

writes `benchmarks/sounds/` and `examples/sounds/`, both of which are in the repository: run it again only to
change the choice. The same samples give the same files.

Sonic Pi ships short recordings of many people, all from freesound.org. A recording is taken only if the
package's copyright file has a paragraph of its own for it, which puts it under CC0 and names its author and
source, and the README beside the samples names the same source. Mostly one sound each: no loops, no
ambiences, no speech. An example is never also in the benchmark, so that no setting tried out on the examples
helps there.

Each becomes mono (the mean of its channels), loses the silence around it, and is cut to a second, or where
its next note begins; where it is cut, it fades out. Levels are kept.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tonewright.audio import Clip, read, resample, trim_silence, write
from tonewright.errors import AudioError, TonewrightError
from tonewright.files import write_text

SAMPLES = Path("/usr/share/sonic-pi/samples")
COPYRIGHT = Path("/usr/share/doc/sonic-pi-samples/copyright")
ROOT = Path(__file__).resolve().parent.parent

SAMPLE_RATE_HZ = 44_100
SHORTEST_S = 0.1
FADE_S = 0.02

BENCHMARK_S = 1.0
# fmt: off
BENCHMARK = [
    "bass_dnb_f", "bass_drop_c", "bass_hard_c", "bass_hit_c", "bass_thick_c",
    "bass_voxy_hit_c", "bass_woodsy_c",
    "elec_beep", "elec_blip", "elec_blip2", "elec_blup", "elec_bong", "elec_chime",
    "elec_ping", "elec_triangle",
    "ambi_choir", "ambi_piano", "ambi_soft_buzz", "guit_e_fifths", "guit_e_slide", "perc_bell",
    "tabla_ghe2", "tabla_na", "tabla_na_o", "tabla_tun2",
    "drum_tom_hi_hard", "drum_tom_mid_soft", "elec_fuzz_tom",
    "bd_808", "bd_boom", "bd_haus", "drum_heavy_kick",
    "drum_snare_hard", "elec_filt_snare", "elec_snare", "sn_dub", "sn_zome",
    "drum_cymbal_closed", "drum_cymbal_open", "drum_splash_soft", "elec_cymbal",
    "drum_cowbell", "elec_wood", "perc_snap",
]
# fmt: on

EXAMPLES_S = 1.5
EXAMPLES = {
    "bass": "bass_trance_c",
    "bell": "elec_bell",
    "drum": "drum_tom_lo_hard",
    "pluck": "elec_twang",
}

# Seconds after which a second note sounds.
NEXT_NOTE_S = {"ambi_piano": 0.72, "guit_e_fifths": 0.51}


@dataclass(frozen=True)
class Source:
    """Where a recording comes from."""

    author: str
    url: str


def cc0_sources(copyright_text: str) -> dict[str, Source]:
    """Find the recordings that a Debian copyright file puts under CC0, by name without ending.

    Only paragraphs about a single recording count, not patterns of files.
    """
    sources = {}
    for paragraph in re.split(r"\n\s*\n", copyright_text):
        fields = dict(re.findall(r"^(Files|Copyright|Source|License):[ \t]*(.*?)[ \t]*$", paragraph, re.M))
        recording = re.fullmatch(r"etc/samples/(\w+)\.flac", fields.get("Files", ""))
        if recording and fields.get("License") == "CC0" and {"Copyright", "Source"} <= fields.keys():
            author = re.sub(r"^\d{4} | <.*>$", "", fields["Copyright"])  # without the year and the address
            sources[recording[1]] = Source(author, fields["Source"])
    return sources


def cc0_source(recording: str, sources: Mapping[str, Source], readme: str) -> Source:
    """Where a recording comes from.

    Raises:
        AudioError: It is not under CC0, or the README beside the samples names another source.
    """
    source = sources.get(recording)
    if not source or not re.search(rf"`:{recording}`\s*-\s*{re.escape(source.url)}\s", readme):
        raise AudioError(f"a recording must be CC0 with one source; {recording} is not: take another")
    return source


def prepare(clip: Clip, longest_s: float) -> Clip:
    """Make a recording mono, trim it, and cut it to `longest_s` with a fade where it goes on longer.

    Raises:
        AudioError: What sounds is shorter than `SHORTEST_S`.
    """
    clip = trim_silence(resample(Clip(clip.mono(), clip.sample_rate_hz), SAMPLE_RATE_HZ))
    if clip.seconds < SHORTEST_S:
        raise AudioError(f"a sound lasts at least {SHORTEST_S} s; got {clip.seconds:.3f} s: take another")
    frames = round(longest_s * SAMPLE_RATE_HZ)
    if clip.frames <= frames:
        return clip
    samples = clip.samples[:, :frames].copy()
    fade = round(FADE_S * SAMPLE_RATE_HZ)
    samples[:, -fade:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, fade + 1) / fade, dtype=np.float32)
    return Clip(samples, SAMPLE_RATE_HZ)


def collect(
    folder: Path, chosen: Mapping[str, str], samples: Path, sources: Mapping[str, Source], longest_s: float
) -> None:
    """Write the chosen recordings, given by new name, and the list of their sources into a folder.

    Raises:
        AudioError: A recording is not under CC0 by both files, or cannot be used.
        OutputError: The folder cannot be written.
    """
    readme = (samples / "README.md").read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, recording in sorted(chosen.items()):
        source = cc0_source(recording, sources, readme)
        clip = prepare(
            read(samples / f"{recording}.flac"), min(longest_s, NEXT_NOTE_S.get(recording, longest_s))
        )
        write(folder / f"{name}.flac", clip, encoding="pcm16", overwrite=True)
        rows.append(
            f"| {name}.flac | {clip.seconds:.2f} s | {recording} | {source.author} | <{source.url}> | CC0 |"
        )
    write_text(folder / "SOURCES.md", _sources_page(rows), overwrite=True)


def _sources_page(rows: Iterable[str]) -> str:
    return "\n".join(
        [
            "# Sources",
            "",
            "Written by `benchmarks/collect_sounds.py`, which tells how the recordings were chosen and cut.",
            "",
            "All are in the public domain by [CC0 1.0](https://creativecommons.org/publicdomain/zero/1.0/),",
            "and come from freesound.org by way of Sonic Pi (Debian's `sonic-pi-samples`), where they have",
            "the names under “Recording”.",
            "",
            "| File | Length | Recording | Author | Source | Licence |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def main() -> None:
    """Collect both folders."""
    parser = argparse.ArgumentParser(description="Collect the CC0 recordings of benchmark and examples.")
    parser.add_argument("samples", type=Path, nargs="?", default=SAMPLES, help="folder of Sonic Pi's samples")
    parser.add_argument("--copyright", type=Path, default=COPYRIGHT, help="copyright file of the package")
    options = parser.parse_args()
    try:
        sources = cc0_sources(options.copyright.read_text(encoding="utf-8"))
        names = {name: name for name in BENCHMARK}
        collect(ROOT / "benchmarks/sounds", names, options.samples, sources, BENCHMARK_S)
        collect(ROOT / "examples/sounds", EXAMPLES, options.samples, sources, EXAMPLES_S)
    except OSError as error:
        parser.exit(1, f"{parser.prog}: {error}; install sonic-pi-samples, or say where its files are\n")
    except TonewrightError as error:
        parser.exit(1, f"{parser.prog}: {error}\n")


if __name__ == "__main__":
    main()
