"""What a configuration stands for: the synth, what is known of it, and how both sides are heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import CorpusError, TableError, TonewrightError, UsageError
from tonewright.features.framing import Framing
from tonewright.improvising.corpus.corpus import Corpus, Split
from tonewright.improvising.corpus.files import read_contents, read_corpus
from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.following.phrases import Phrase
from tonewright.improvising.following.targets import Recordings, recordings
from tonewright.improvising.hearing import FRAMING, SAMPLE_RATE_HZ
from tonewright.improvising.listening.features import Features, choose, descriptors_of
from tonewright.improvising.listening.normalising import (
    CONFIDENCE,
    LOUDNESS,
    Normaliser,
    Scales,
    fit_scales,
    unchanging,
)
from tonewright.improvising.lookup.files import read_table
from tonewright.improvising.lookup.table import LookupTable, check_synth
from tonewright.improvising.own_sound.looked_up import TableSound
from tonewright.improvising.own_sound.mixed import RENDERED, MixedSound
from tonewright.improvising.own_sound.rendered import RenderedSound
from tonewright.improvising.own_sound.small_table import small_table
from tonewright.improvising.own_sound.sound import OwnSound
from tonewright.synths import synth as make_synth
from tonewright.synths.base import Synth


@dataclass(frozen=True, eq=False)
class Setting:
    """What episodes are played with.

    Attributes:
        config: What it was made of.
        synth: What is played.
        table: What it can do.
        corpus: Recordings, if there are any.
        keep: What is seen.
        reward: What counts.
        scales: Of all columns that are heard, those that are seen first.
    """

    config: ImproviseConfig
    synth: Synth
    table: LookupTable
    corpus: Corpus | None
    keep: Features
    reward: Features
    scales: Scales

    @property
    def counted(self) -> NDArray[np.intp]:
        """Positions of the columns that count among those that are heard."""
        return np.array([self.scales.columns.index(name) for name in self.reward.columns], np.intp)

    @property
    def mixture(self) -> tuple[float, float, float]:
        """Weights of static, dynamic and corpus episodes."""
        mode = self.config.training_mode
        if mode == "mixed":
            return self.config.mixture
        return (float(mode == "static"), float(mode == "dynamic"), float(mode == "corpus"))

    def table_sound(self, rows: int) -> TableSound:
        """A batch of sounds that are looked up."""
        normaliser = Normaliser(self.scales, self.table.columns)
        return TableSound(self.table, normaliser, rows, self.config.hearing_noise)

    def own_sound(self, rows: int) -> OwnSound:
        """What agents hear of themselves."""
        if self.config.hearing == "table":
            return self.table_sound(rows)
        rendered = rows if self.config.hearing == "render" else -(-rows // RENDERED)
        sound = RenderedSound(self.synth, self.scales, rendered, self.table.note)
        return MixedSound(sound, self.table_sound(rows - rendered)) if rendered < rows else sound

    def recordings(self, split: Split) -> Recordings | None:
        """One part of the corpus, as it is heard; None without a corpus.

        Raises:
            CorpusError: The part has no recording.
        """
        if self.corpus is None:
            return None
        files = [file for file in self.corpus.part(split) if file.frames]
        if not files:
            raise CorpusError(
                f"a corpus holds recordings for {split}; got none; add some, or split the folder again"
            )
        tracks = [self.corpus.values[file.rows] for file in files]
        return recordings(tracks, Normaliser(self.scales, self.corpus.columns))

    def phrases(self, phrases: Sequence[Phrase]) -> Recordings:
        """Phrases of one corpus or synth, as they are heard."""
        return recordings([phrase.frames for phrase in phrases], Normaliser(self.scales, phrases[0].columns))


def setting(
    config: ImproviseConfig,
    table: LookupTable | None = None,
    corpus: Corpus | None = None,
    *,
    scales: Scales | None = None,
    also: Sequence[str] = (),
) -> Setting:
    """Make and check what episodes are played with.

    Args:
        config: What decides the episodes.
        table: In place of the file that it names.
        corpus: In place of the file that it names.
        scales: Those that an agent was trained with; columns that it lacks, or all without it, are scaled by
            what table and corpus hold.
        also: Features that are heard beside those that are seen or count, to report on them.

    Raises:
        UsageError: Features that do not change, no corpus where one is needed, or an impossible name.
        UnknownNameError: No such synth or feature.
        TableError: A table that cannot be read, or of another synth, framing or set of descriptors.
        CorpusError: A corpus that cannot be read, of another framing or set of descriptors, or silent.
    """
    synth = make_synth(config.synth, SAMPLE_RATE_HZ)
    wanted = descriptors_of((*config.features_keep, *config.features_reward, LOUDNESS, CONFIDENCE))
    if table is None and config.table is not None:
        table = read_table(config.table)
    if table is None:
        table = small_table(synth, wanted)
    check_synth(table, synth)
    _check_framing(table.framing, "a table", TableError)
    keep = choose(config.features_keep, table.descriptors, what="features_keep")
    counted = choose(
        config.features_reward, table.descriptors, what="features_reward", weights=config.reward_weights
    )
    if scales is not None:  # tables hold columns in any order, and an agent sees them in that of its own
        keep = keep.in_order_of(scales.columns)
    others = choose(also, table.descriptors, what="what is reported").columns if also else ()
    columns = tuple(dict.fromkeys((*keep.columns, *counted.columns, *others)))
    if corpus is None and config.corpus is not None:
        corpus = _read_corpus(config.corpus, columns)
    if corpus is not None:
        _check_corpus(corpus, columns)
    scales = _complete(scales, columns, table, corpus)
    scales = _complete(scales, columns, table, corpus)
    same = [name for name in unchanging(scales, table) if name in counted.columns]
    if same:
        raise UsageError(
            f"what counts must change with the controls; got {', '.join(same)} in features_reward, which "
            f"hardly change in the table of {config.synth!r}; leave them out"
        )
    return Setting(config, synth, table, corpus, keep, counted, scales)


def _complete(
    scales: Scales | None, columns: tuple[str, ...], table: LookupTable, corpus: Corpus | None
) -> Scales:
    """Scales of these columns; those that are not given are fitted."""
    if scales is None:
        return fit_scales(columns, table, corpus)
    lacking = [name for name in columns if name not in scales.columns]
    fitted = fit_scales(lacking, table, corpus) if lacking else None
    return scales.take(columns, fitted)


def _read_corpus(path: str, columns: tuple[str, ...]) -> Corpus:
    """What is needed of a corpus, and no more."""
    held = read_contents(path).columns
    return read_corpus(path, [name for name in (*columns, LOUDNESS, CONFIDENCE) if name in held])


def _check_corpus(corpus: Corpus, columns: tuple[str, ...]) -> None:
    _check_framing(corpus.framing, "a corpus", CorpusError)
    missing = [name for name in (*columns, LOUDNESS) if name not in corpus.columns]
    if missing:
        raise CorpusError(
            f"a corpus holds all that is heard; got one without {', '.join(missing)}; analyse the folder "
            f"again with them (--descriptors {' '.join(descriptors_of((*corpus.columns, *missing)))})"
        )


def _check_framing(framing: Framing, what: str, error: type[TonewrightError]) -> None:
    if framing != FRAMING:
        raise error(f"{what} is heard as agents hear, {FRAMING}; got {framing}; measure it again")
