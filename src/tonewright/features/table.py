"""`FeatureTable`: named values of every frame of a batch of sounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UnknownNameError
from tonewright.features.registry import Descriptor
from tonewright.features.writing import write_csv, write_parquet
from tonewright.wording import listing, quantity

_NAMED = 3  # columns that a table shows of itself


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """What was heard.

    `table["mfcc"]` selects the columns of a descriptor or of a category, or one column by its name, as
    `[batch, n_frames, columns]`.

    Attributes:
        values: `[batch, n_frames, columns]` float32, always finite.
        times_s: `[n_frames]` float64, the end of each frame: the moment at which its values are known.
        descriptors: What was measured, in the order of the columns.
        cancelled_frames: In how many frames, of all sounds, the channels of a mix cancel each other: what is
            measured on their mean hears next to nothing there, 30 dB below the channels or less.
    """

    values: NDArray[np.float32]
    times_s: NDArray[np.float64]
    descriptors: tuple[Descriptor, ...]
    cancelled_frames: int = 0

    def __repr__(self) -> str:
        sounds, frames, columns = self.values.shape
        named = ", ".join(self.names[:_NAMED]) + (", …" if columns > _NAMED else "")
        counts = {"sound": sounds, "frame": frames, "column": columns}
        size = listing([quantity(count, unit, 9) for unit, count in counts.items()])
        return f"<FeatureTable of {size}: {named}>"

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each column."""
        return tuple(column for one in self.descriptors for column in one.columns)

    @property
    def units(self) -> tuple[str, ...]:
        """The unit of each column; "1" where there is none."""
        return tuple(one.unit for one in self.descriptors for _ in one.columns)

    def __len__(self) -> int:
        return len(self.times_s)

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        selected = self._selections().get(name)
        if selected is None:
            raise UnknownNameError("measured descriptor, category or column", str(name), self._selections())
        return self.values[:, :, selected]

    def _selections(self) -> dict[str, list[int]]:
        """Columns behind every name; a descriptor hides a category or a column of the same name."""
        categories: dict[str, list[int]] = {}
        descriptors: dict[str, list[int]] = {}
        column = 0
        for one in self.descriptors:
            descriptors[one.name] = list(range(column, column + len(one.columns)))
            categories.setdefault(one.category, []).extend(descriptors[one.name])
            column += len(one.columns)
        return {name: [i] for i, name in enumerate(self.names)} | categories | descriptors

    def to_rows(self) -> Iterator[dict[str, float]]:
        """One dictionary to each frame of each sound: `sound`, `time_s`, then every column by name."""
        keys = ("sound", "time_s", *self.names)
        for sound, frames in enumerate(self.values):
            for time_s, row in zip(self.times_s.tolist(), frames.tolist(), strict=True):
                yield dict(zip(keys, (sound, time_s, *row), strict=True))

    def write_csv(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write one line to each frame, as `tonewright.features.write_csv`."""
        write_csv(path, [self], overwrite=overwrite)

    def write_parquet(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write one row to each frame, as `tonewright.features.write_parquet`."""
        write_parquet(path, [self], overwrite=overwrite)
