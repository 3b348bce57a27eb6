"""How far the sounds of one folder are from those of another, as a whole."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tonewright.audio.folders import SkippedSoundsWarning, sound_files_below
from tonewright.errors import AudioError, UsageError
from tonewright.files import StrPath
from tonewright.measuring.workers import do_all
from tonewright.prompting.judging import stereo
from tonewright.prompting.listening.analysis import Floats, listen
from tonewright.prompting.listening.discrepancy import mmd, permutation_p_value
from tonewright.prompting.listening.embedding import embed
from tonewright.prompting.listening.norms import norms
from tonewright.threads import available_threads

HEARD_S = 10.0
"""How much of a sound is heard, from its beginning: each file is one sound, and lengths do not tell."""
MOST_SOUNDS = 3_000
"""In a folder: distances of all pairs are kept."""
PERMUTATIONS = 1_000
_FEW_SOUNDS = 32
"""Heard sooner than other processes have begun."""


@dataclass(frozen=True)
class FolderDistance:
    """How far two folders are apart.

    Attributes:
        mmd: Squared maximum mean discrepancy, unbiased: about 0 for sounds of one kind.
        p_value: How often it would be as large if both were of one kind.
        permutations: Of which that was told.
        sounds: How many sounds were heard.
        reference_sounds: How many of the reference.
        heard_s: How much of each was heard at most, in seconds.
        skipped: What is wrong with each file that was left out.
    """

    mmd: float
    p_value: float
    permutations: int
    sounds: int
    reference_sounds: int
    heard_s: float
    skipped: tuple[str, ...]

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self) | {"skipped": list(self.skipped)}


def folder_distance(
    folder: StrPath,
    reference: StrPath,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    workers: int | None = None,
    begin: Callable[[int], object] = lambda total: None,
    progress: Callable[[], object] = lambda: None,
) -> FolderDistance:
    """Tell how far the sounds of a folder, and of those in it, are from those of another.

    Warns with `SkippedSoundsWarning` of those that cannot be used.

    Args:
        folder: The sounds.
        reference: What they are to be like.
        permutations: For the p-value.
        seed: Of the permutations.
        workers: Processes; one for each core unless given.
        begin: Called with how many sounds there are to hear.
        progress: Called when one is heard.

    Raises:
        UsageError: A folder is missing, holds no sound or too many, or both hold the same file.
        AudioError: Fewer than two sounds of a folder can be used.
    """
    folders = [Path(folder), Path(reference)]
    paths = [sound_files_below(one) for one in folders]
    _check(folders, paths)
    every = [path for some in paths for path in some]
    begin(len(every))
    heard: dict[Path, Floats | str] = {}
    for number, found in _hear_all(every, workers or available_threads()):
        heard[every[number]] = found
        progress()
    sets: list[Floats] = []
    skipped: list[str] = []
    for one, some in zip(folders, paths, strict=True):
        good = [found for path in some if not isinstance(found := heard[path], str)]
        faults = tuple(found for path in some if isinstance(found := heard[path], str))
        if len(good) < 2:
            told = f" ({faults[0]})" if faults else ""
            raise AudioError(
                f"a folder is compared by two sounds or more; got {len(good)} in {str(one)!r} that can be "
                f"used, of {len(some)}{told}; add some"
            )
        if faults:
            warnings.warn(SkippedSoundsWarning(one, faults, len(some)), stacklevel=2)
        sets.append(norms().scale(np.concatenate(good)))
        skipped += faults
    return FolderDistance(
        mmd(sets[0], sets[1]),
        permutation_p_value(sets[0], sets[1], permutations=permutations, seed=seed),
        permutations,
        len(sets[0]),
        len(sets[1]),
        HEARD_S,
        tuple(skipped),
    )


def _check(folders: Sequence[Path], paths: Sequence[Sequence[Path]]) -> None:
    for one, some in zip(folders, paths, strict=True):
        if len(some) > MOST_SOUNDS:
            raise UsageError(
                f"a folder of up to {MOST_SOUNDS:,} sounds is compared; got {len(some):,} in {str(one)!r}; "
                "take some of them"
            )
    both = {path.resolve() for path in paths[0]} & {path.resolve() for path in paths[1]}
    if both:
        raise UsageError(
            f"a sound is in one of the folders; got {str(min(both))!r} in both; name two that share none"
        )


def _hear_all(paths: Sequence[Path], workers: int) -> Iterator[tuple[int, Floats | str]]:
    if workers == 1 or len(paths) < _FEW_SOUNDS:
        yield from enumerate(map(_hear, paths))
    else:
        yield from do_all(paths, _hear, workers)


def _hear(path: Path) -> Floats | str:
    """The embedding of a sound, `[1, E]`, or what is wrong with it."""
    try:
        heard = listen(stereo(path, HEARD_S)[None])
    except AudioError as error:
        fault = str(error)
        return fault if path.name in fault else f"{str(path)!r}: {fault}"
    return f"{str(path)!r}: it is silent" if heard.silent[0] else embed(heard)
