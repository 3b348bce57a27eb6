"""Recordings that are done, kept on disk until a corpus is written."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tonewright.features import Descriptor
from tonewright.features.framing import Framing
from tonewright.improvising.corpus.corpus import CorpusFile
from tonewright.measuring.records import Record, RecordLog

_LOG = "finished.jsonl"


class Finished:
    """Recordings that are done, kept on disk.

    Args:
        folder: Where; it is made.
        descriptors: What is measured.
        framing: How it is heard.
        partial: As of `analyse_folder`.

    Raises:
        UsageError: The folder holds what another request left.
        OutputError: It cannot be written.
    """

    def __init__(
        self, folder: Path, descriptors: Sequence[Descriptor], framing: Framing, *, partial: bool
    ) -> None:
        self._folder = folder
        self._columns = sum(len(one.columns) for one in descriptors)
        header = {
            "kind": "corpus",
            "tonewright": version("tonewright"),
            "descriptors": [one.name for one in descriptors],
            "framing": [framing.sample_rate_hz, framing.window, framing.hop],
            "partial": partial,
        }
        self._log = RecordLog(folder / _LOG, key=("sha256",), header=header)

    def find(self, sha256: str) -> Record | None:
        """The record of a recording whose values are all there."""
        record = self._log.records.get((sha256,))
        if record is None:
            return None
        try:
            whole = self.place(sha256).stat().st_size == 4 * record["frames"] * self._columns
        except OSError:
            whole = False
        return record if whole else None

    def keep(self, record: Record) -> None:
        """Note that a recording is done, once its values are in place."""
        self._log.append([record])

    def place(self, sha256: str) -> Path:
        """Where the values of a recording belong."""
        return self._folder / f"{sha256}.f32"

    def values(self, file: CorpusFile) -> NDArray[np.float32]:
        """Values of a recording, `[frames, C]`, read where they lie."""
        shape = (file.frames, self._columns)
        return np.memmap(self.place(file.sha256), np.dtype("<f4"), "r", shape=shape)

    def remove(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def remove_if_empty(self) -> None:
        """Leave nothing behind where nothing was finished."""
        if not self._log.records:
            self.remove()
