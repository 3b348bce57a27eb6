"""`tonewright compare`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import tyro

from tonewright.cli.options import Flag, InputFile

if TYPE_CHECKING:
    from tonewright.audio import Clip

_LONGEST_SECONDS = 60.0  # the time that aligning two sounds takes grows with the square


@dataclass(frozen=True)
class Compare:
    """Measure every published distance between two sounds.

    Nothing is cut: the shorter sound is followed by silence.

    Channels are compared one by one by mss and wmfcc, summed by lufs_difference.

    All other distances compare the means of the channels.
    """

    a: Annotated[tyro.conf.Positional[InputFile], tyro.conf.arg(metavar="A")]
    """The target, at most a minute; - is standard input."""
    b: Annotated[tyro.conf.Positional[InputFile], tyro.conf.arg(metavar="B")]
    """The candidate, likewise."""
    partial: Flag = False
    """Take what is there of sounds that are cut short or damaged."""
    json: Flag = False
    """Print JSON: the values alone, by name."""

    def run(self) -> None:
        """Measure and print."""
        from tonewright.audio import read
        from tonewright.audio.piped import readable
        from tonewright.cli.output import print_json
        from tonewright.distances import compare_clips, get
        from tonewright.errors import AudioError, UsageError

        if str(self.a) == str(self.b) == "-":
            raise UsageError("standard input holds one sound; got - for both; name a file for one of them")
        a, b = (
            read(readable(path), max_seconds=_LONGEST_SECONDS, partial=self.partial)
            for path in (self.a, self.b)
        )
        try:
            values = compare_clips(a, b)
        except UsageError as error:  # they are compared at the rate of A
            raise AudioError(f"{str(self.a)!r}: {error}") from error
        if self.json:
            print_json(values)
            return
        print(f"{'distance':22} {'value':>10}  {'unit':12} {'better':7} meaning")
        for name, value in values.items():
            one = get(name)
            print(f"{name:22} {value:10.4f}  {one.unit:12} {one.better:7} {one.meaning}")
        for note in [*_made_alike(a, b), *_cancelled(a, b)]:
            print(note)


def _made_alike(a: Clip, b: Clip) -> list[str]:
    """What `compare_clips` does to clips that differ in length, rate or channels, a line each."""
    notes = []
    if a.frames != round(b.seconds * a.sample_rate_hz):
        shorter = "A" if a.seconds < b.seconds else "B"
        notes.append(
            f"lengths: A lasts {a.seconds:.3f} s, B {b.seconds:.3f} s; {shorter} was followed by silence"
        )
    if a.sample_rate_hz != b.sample_rate_hz:
        notes.append(f"rates: B was brought from {b.sample_rate_hz} to {a.sample_rate_hz} Hz, the rate of A")
    if a.channels != b.channels:
        notes.append(
            f"channels: A has {a.channels}, B {b.channels}; both were mixed to mono, but for lufs_difference"
        )
    return notes


def _cancelled(a: Clip, b: Clip) -> list[str]:
    """Whose mix is silent though it sounds, a line each."""
    from tonewright.audio import channels_cancel

    return [
        f"channels: those of {name} cancel each other; distances of their mean take it for silent"
        for name, clip in (("A", a), ("B", b))
        if channels_cancel(clip)
    ]
