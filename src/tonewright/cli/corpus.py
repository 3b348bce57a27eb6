"""`tonewright corpus`: what a musician plays, analysed once."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import tyro

from tonewright.cli.options import (
    Count,
    Flag,
    Folder,
    InputFile,
    MeasuredFile,
    Names,
    OptionalFile,
    OptionalFolder,
    OutputFile,
    Seed,
    Shares,
    Threshold,
)
from tonewright.cli.verbs import VerbGroup

if TYPE_CHECKING:
    from tonewright.improvising.corpus.describing import CorpusFacts, PartFacts
    from tonewright.improvising.reach.comparing import Distances, Reach

CORPUS = VerbGroup("Analyse recordings to train agents on, and tell what is in them.")
_SHOWN = 10  # recordings, where there are more


@CORPUS.word("analyse")
@dataclass(frozen=True)
class CorpusAnalyse:
    """Hear all recordings in a folder, hop by hop, and split them for training.

    An analysis that was stopped goes on when the same command is given again.
    """

    folder: Annotated[tyro.conf.Positional[Folder], tyro.conf.arg(metavar="FOLDER")]
    """The recordings."""
    output: OutputFile
    """Corpus to make, a Parquet file."""
    descriptors: Annotated[Names, tyro.conf.arg(aliases=["-d"])] = (
        "loudness",
        "spectral_shape",
        "mfcc",
        "chroma",
        "pitch",
        "onset",
        "spectral_contrast",
        "sinusoids",
        "zero_crossing_rate",
    )
    """Descriptors or categories to hold, as `tonewright hear --help` lists them."""
    window: Count = None
    """Samples in the analysis window, at 44,100 Hz; 1024 unless given."""
    hop: Count = None
    """Samples from frame to frame; 256 unless given."""
    split: Shares = (70, 15, 15)
    """Percentages of training, validation and test; decided by recording."""
    seed: Seed = 0
    """Draws another split."""
    partial: Flag = False
    """Take what is there of recordings that are cut short or damaged."""
    workers: Count = None
    """Threads; as many as there are cores unless given."""
    overwrite: Flag = False
    """Replace the corpus if it exists; what its recordings were for, they stay for."""
    json: Flag = False
    """Print what was written as JSON."""

    def run(self) -> None:
        """Analyse, and tell what is in the corpus."""
        import time
        from contextlib import ExitStack

        from tonewright.cli.output import print_written
        from tonewright.cli.progress import work_progress
        from tonewright.errors import UsageError
        from tonewright.features.framing import Framing
        from tonewright.improvising.corpus.analysing import analyse_folder
        from tonewright.improvising.corpus.describing import describe_corpus
        from tonewright.improvising.hearing import FRAMING
        from tonewright.wording import duration

        if self.output.suffix.lower() != ".parquet":
            raise UsageError(f"a corpus ends in .parquet; got {self.output.name!r}; name it so")
        began_s = time.monotonic()
        with ExitStack() as stack:
            tell = [lambda done_bytes: None]

            def begin(total_bytes: int) -> None:
                tell[0] = stack.enter_context(work_progress("hearing", max(total_bytes, 1)))

            contents = analyse_folder(
                self.folder,
                self.output,
                self.descriptors,
                framing=Framing(
                    FRAMING.sample_rate_hz, self.window or FRAMING.window, self.hop or FRAMING.hop
                ),
                shares=self.split,
                seed=self.seed,
                partial=self.partial,
                workers=self.workers,
                overwrite=self.overwrite,
                begin=begin,
                progress=lambda done_bytes: tell[0](done_bytes),
            )
        took_s = time.monotonic() - began_s
        facts = describe_corpus(self.output)
        if self.json:
            print_written([self.output], facts.fields() | {"took_s": round(took_s, 2)})
            return
        print(f"wrote {self.output}")
        print_facts(facts)
        print(f"{duration(contents.seconds)} heard in {duration(took_s)}")


@CORPUS.word("show")
@dataclass(frozen=True)
class CorpusShow:
    """Tell what is in a corpus, and what of it a synth can reach."""

    corpus: Annotated[tyro.conf.Positional[InputFile], tyro.conf.arg(metavar="CORPUS")]
    """The corpus."""
    table: OptionalFile = None
    """Lookup table of a synth (`tonewright lookup build`): how near does it come to each frame?"""
    features: Annotated[Names, tyro.conf.arg(aliases=["-d"], help_behavior_hint="")] = ()
    """What counts in it: descriptors, categories or columns; every descriptor unless given."""
    threshold: Threshold = 0.5
    """Distance that counts as reached, in spreads of each feature."""
    sounds: OptionalFolder = None
    """Folder of the recordings: the page plays those that the synth reaches worst."""
    output: MeasuredFile = None
    """Page to make, an HTML file."""
    overwrite: Flag = False
    """Replace the page if it exists."""
    json: Flag = False
    """Print JSON."""

    def run(self) -> None:
        """Read, compare and tell."""
        from contextlib import suppress

        from tonewright.cli.output import check_page, print_json
        from tonewright.errors import SynthError, UnknownNameError
        from tonewright.files import write_text
        from tonewright.improvising.corpus.describing import describe_corpus
        from tonewright.improvising.lookup.files import read_table
        from tonewright.improvising.lookup.table import table_synth
        from tonewright.improvising.reach.comparing import reach_corpus
        from tonewright.improvising.reach.page import corpus_html

        if self.output is not None:
            check_page(self.output, overwrite=self.overwrite)
        facts, reach = describe_corpus(self.corpus), None
        if self.table is not None:
            table = read_table(self.table)
            with suppress(SynthError, UnknownNameError):  # what is not here cannot be compared
                table_synth(table)
            reach = reach_corpus(self.corpus, table, self.features or None, threshold=self.threshold)
        if self.output is not None:
            page = corpus_html(self.corpus.name, facts, reach, self.sounds)
            write_text(self.output, page, overwrite=self.overwrite)
        if self.json:
            print_json(facts.fields() | ({} if reach is None else {"reach": reach.fields()}))
            return
        print_facts(facts)
        if reach is not None:
            print_reach(reach)
        if self.output is not None:
            print(f"wrote {self.output}")


def print_facts(facts: CorpusFacts) -> None:
    """Print what a corpus holds; what was skipped and what its user should know go to stderr."""
    from tonewright.cli.output import print_table
    from tonewright.wording import quantity

    framing, columns = facts.contents.framing, facts.contents.columns
    rows = [(str(part.split), part) for part in facts.parts]
    print_table(
        ("part", "recordings", "duration", "share", "silence", "loudness", "pitch"),
        [_part_row(name, part, facts.whole.seconds) for name, part in [*rows, ("all", facts.whole)]],
    )
    print(
        f"{facts.contents.frames:,} frames of {len(columns)} columns, heard at "
        f"{framing.sample_rate_hz:,} Hz with window {framing.window:,} and hop {framing.hop:,}. Loudness and "
        "pitch: from the\n5th to the 95th percentile of what sounds."
    )
    skipped = facts.contents.skipped
    if skipped:
        lines = [f"{name!r}: {why}" for name, why in skipped[:_SHOWN]]
        more = [f"and {len(skipped) - _SHOWN} more; --json lists them"] if len(skipped) > _SHOWN else []
        heading = f"tonewright: skipped {quantity(len(skipped), 'sound', 9)}:"
        print(heading, *lines, *more, sep="\n  ", file=sys.stderr)
    for remark in facts.remarks:
        print(f"tonewright: {remark}", file=sys.stderr)


def print_reach(reach: Reach) -> None:
    """Print what of a corpus a synth can reach."""
    from tonewright.cli.output import print_table
    from tonewright.wording import number

    every = "" if reach.every == 1 else f", one frame of {reach.every}"
    print(f"\nReach of {reach.synth}, {reach.points:,} points{every}:")
    heads = ("", "frames", "median", "p90", f"within {reach.threshold:g}")
    rows = [("all that sounds", *_distance_row(reach.whole))]
    rows += [(split, *_distance_row(one)) for split, one in reach.parts.items()]
    print_table(heads, rows)
    print_table(
        (
            "feature",
            "alone: median",
            "p90",
            f"within {reach.threshold:g}",
            "together: median",
            "p90",
            "within",
        ),
        [
            (one.name, *_distance_row(one.alone)[1:], *_distance_row(one.together)[1:])
            for one in reach.features
        ],
    )
    print(
        "Distances to the nearest point in spreads of each feature, by root mean square; alone: in this\n"
        "feature, whatever the others do; together: at the point nearest in all."
    )
    if reach.silence is not None:
        print(f"Of the frames of silence {number(100 * reach.silence, 2)} % are within {reach.threshold:g}.")
    worst = reach.files[:_SHOWN]
    print_table(
        ("worst recordings", "part", "median", "p90", f"within {reach.threshold:g}"),
        [(one.file.name, one.file.split, *_distance_row(one.distances)[1:]) for one in worst],
    )


def _part_row(name: str, part: PartFacts, total_s: float) -> tuple[str, ...]:
    from tonewright.wording import duration, frequency, minus

    loudness = pitch = "–"
    if part.loudness_lufs is not None:
        low, high = (minus(f"{value:.0f}") for value in part.loudness_lufs)
        loudness = f"{low} to {high} LUFS"
    if part.pitch_hz is not None:
        pitch = " to ".join(frequency(value) for value in part.pitch_hz)
    return (
        name,
        f"{part.recordings:,}",
        duration(part.seconds),
        f"{part.seconds / total_s:.0%}",
        f"{part.silence:.0%}",
        loudness,
        pitch,
    )


def _distance_row(one: Distances | None) -> tuple[str, ...]:
    if one is None:
        return ("0", "–", "–", "–")
    return (f"{one.frames:,}", f"{one.median:.2f}", f"{one.p90:.2f}", f"{one.within:.0%}")
