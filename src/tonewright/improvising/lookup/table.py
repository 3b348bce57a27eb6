"""`LookupTable`: what a synth sounds like all over its controls, measured once."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import SynthError, TableError, UnknownNameError
from tonewright.features.framing import Framing
from tonewright.features.selection import select
from tonewright.improvising.hearing import DESCRIPTORS
from tonewright.improvising.lookup.points import Layout, ends
from tonewright.synths import synth as make_synth
from tonewright.synths.base import Synth

DEFAULT_SECONDS = 0.5
"""Of every point's sound, unless given."""


@dataclass(frozen=True)
class SynthIdentity:
    """Which synth a table was measured of.

    Attributes:
        name: As `tonewright.synth` takes it, that of a file included ("pd:synth.pd").
        version: Version of its sound.
        controls: Names of its controls, in the order of its unit vectors.
        file_sha256: Hash of the file it is made from; None for a built-in synth.
    """

    name: str
    version: int
    controls: tuple[str, ...]
    file_sha256: str | None = None

    @classmethod
    def of(cls, synth: Synth) -> SynthIdentity:
        """The identity of a synth."""
        digest = getattr(synth, "file_sha256", None)
        return cls(synth.name, synth.version, tuple(synth.controls.names), digest)


@dataclass(frozen=True, eq=False)
class LookupTable:
    """Descriptors of a synth at points all over its controls.

    Attributes:
        synth: What was measured.
        framing: How it was heard.
        seconds: Of every point's sound.
        layout: "grid" (every combination of evenly spaced values, both ends included, the last control
            fastest) or "sobol" (a low-discrepancy sequence, with all corners after it).
        grid: `[D]` values of each control in a grid; empty for "sobol".
        descriptors: What was measured, by name.
        columns: One name to each value (`mfcc_01`), `[C]`.
        params: `[points, D]` float32 unit vectors.
        means: `[points, C]` float32, the mean of each column over time; `lookup/averaging.py` tells which
            frames count.
        spreads: `[points, C]` float32, its standard deviation over time.
        units: Unit of each column, `[C]`; "1" where there is none, and everywhere if not given.
        sounding: `[points]` float32, the share of the frames in which there is any sound: 0 for a silent
            point; 1 everywhere if not given.
        seed: Of whatever is random in the synth, and of the points of a Sobol sequence.
        note: MIDI note that was played.
    """

    synth: SynthIdentity
    framing: Framing
    seconds: float
    layout: Layout
    grid: tuple[int, ...]
    descriptors: tuple[str, ...]
    columns: tuple[str, ...]
    params: NDArray[np.float32]
    means: NDArray[np.float32]
    spreads: NDArray[np.float32]
    units: tuple[str, ...] = ()
    sounding: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    seed: int = 0
    note: float = 60.0

    def __post_init__(self) -> None:
        if not self.units:
            object.__setattr__(self, "units", ("1",) * len(self.columns))
        if not len(self.sounding):
            object.__setattr__(self, "sounding", np.ones(len(self.params), np.float32))

    def __len__(self) -> int:
        return len(self.params)

    def __repr__(self) -> str:
        return (
            f"<LookupTable of {self.synth.name!r}: {len(self):,} points, {len(self.synth.controls)} controls,"
            f" {len(self.columns)} columns>"
        )

    def positions(self, columns: Iterable[str]) -> list[int]:
        """Places of columns by name.

        Raises:
            UnknownNameError: The table has no such column.
        """
        places = {name: i for i, name in enumerate(self.columns)}
        asked = list(columns)
        for name in asked:
            if name not in places:
                raise UnknownNameError("column of the table", str(name), places)
        return [places[name] for name in asked]

    def build_command(self, descriptors: Sequence[str] | None = None) -> str:
        """The command that builds this table anew, for messages.

        Args:
            descriptors: What it should hold; the same if not given.
        """
        words = ["tonewright", "lookup", "build", "--synth", shlex.quote(self.synth.name)]
        if self.layout == "grid":
            words += ["--grid", *map(str, self.grid if len(set(self.grid)) > 1 else self.grid[:1])]
        else:
            words += ["--sobol", str(len(self) - len(ends(len(self.synth.controls))))]
        if self.seconds != DEFAULT_SECONDS:
            words += ["--seconds", f"{self.seconds:g}"]
        if self.seed:
            words += ["--seed", str(self.seed)]
        held = self.descriptors if descriptors is None else tuple(descriptors)
        if set(held) != {one.name for one in select(DESCRIPTORS)}:
            words += ["--descriptors", *held]
        return " ".join([*words, "-o", "TABLE", "--overwrite"])


def check_synth(table: LookupTable, synth: Synth) -> None:
    """Refuse a table that was measured of another synth than the one that is to be played.

    Args:
        table: The table.
        synth: The synth. One that is made from a file is known by its bytes, wherever the file lies.

    Raises:
        TableError: The synth, the version of its sound, its controls or its file is another.
    """
    ours, theirs = table.synth, SynthIdentity.of(synth)
    remedy = f"build it anew: {table.build_command()}"
    one_is_no_file = ours.file_sha256 is None or theirs.file_sha256 is None
    if one_is_no_file and ours.name != theirs.name:
        raise TableError(
            f"a table is of the synth that is played; got one of {ours.name!r} for {theirs.name!r}; "
            f"choose a table of {theirs.name!r}, or build one: tonewright lookup build --synth "
            f"{shlex.quote(theirs.name)} -o TABLE"
        )
    for what, old, new in (
        ("its controls", ", ".join(ours.controls), ", ".join(theirs.controls)),
        ("the SHA-256 of its files", *(f"{(one.file_sha256 or 'none')[:8]}…" for one in (ours, theirs))),
        ("its version", ours.version, theirs.version),
    ):
        if old != new:
            raise TableError(
                f"{ours.name!r} has changed since its table was built, {what} from {old} to {new}; {remedy}"
            )


def table_synth(table: LookupTable, name: str | None = None, sample_rate_hz: int | None = None) -> Synth:
    """The synth that a table is of, as it is now.

    Args:
        table: The table.
        name: The synth; that which the table names if not given.
        sample_rate_hz: Its rate; that of the table if not given.

    Raises:
        UnknownNameError: No such synth.
        SynthError: It cannot be made; where it is a file, its name may hold in another folder only.
        TableError: It is another than the table is of.
    """
    try:
        synth = make_synth(name or table.synth.name, sample_rate_hz or table.framing.sample_rate_hz)
    except SynthError as error:
        if name is not None:
            raise
        raise SynthError(
            f"the synth of the table, {table.synth.name!r}, cannot be played from this folder: {error}; or "
            "name it as it is called from here, with --synth"
        ) from None
    check_synth(table, synth)
    return synth


def check_descriptors(table: LookupTable, descriptors: Iterable[str]) -> None:
    """Refuse a table that lacks a descriptor, or holds it as an older Tonewright measured it.

    Args:
        table: The table.
        descriptors: Names of descriptors or of categories.

    Raises:
        UnknownNameError: Nothing is called so.
        TableError: The table does not hold it.
    """
    for one in select(descriptors):
        if one.name not in table.descriptors or not set(one.columns) <= set(table.columns):
            wanted = (*table.descriptors, *([] if one.name in table.descriptors else [one.name]))
            raise TableError(
                f"a table holds every descriptor that is used; got one without {one.name}; build it anew: "
                f"{table.build_command(wanted)}"
            )
