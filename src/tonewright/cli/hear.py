"""`tonewright hear`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from tonewright.cli.options import Flag, OutputPath


@dataclass(frozen=True)
class Hear:
    """Write what a listener measures in a sound, frame by frame, as a table."""

    file: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FILE")]
    """The sound; it may be hours long."""
    output: OutputPath
    """Table to write: .csv or .parquet."""
    descriptors: tuple[str, ...] = ("loudness", "spectral_shape", "mfcc", "pitch", "onset")
    """Descriptors or categories of descriptors."""
    overwrite: Flag = False
    """Replace the file if it exists."""

    def run(self) -> None:
        """Analyse block by block and write."""
        from tonewright.errors import UsageError
        from tonewright.features import hear_file, write_csv, write_parquet

        writers = {".csv": write_csv, ".parquet": write_parquet}
        ending = self.output.suffix.lower()
        if ending not in writers:
            raise UsageError(f"a table ends in .csv or .parquet; got '{self.output.name}'")
        writers[ending](self.output, hear_file(self.file, self.descriptors), overwrite=self.overwrite)
        print(f"wrote {self.output}")
