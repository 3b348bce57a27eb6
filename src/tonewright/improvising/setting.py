"""What a configuration stands for: the synth, what is known of it, and how both sides are heard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.improvising.corpus.corpus import Corpus, Split
from tonewright.improvising.default_table import small_table
from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.features import Features, choose, descriptors_of
from tonewright.improvising.hearing import SAMPLE_RATE_HZ
from tonewright.improvising.lookup.table import LookupTable
from tonewright.improvising.normalising import Normaliser, Scales, fit_scales, unchanging
from tonewright.improvising.own_sound import OwnSound, TableSound
from tonewright.improvising.targets import Recordings, recordings
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
        return TableSound(self.table, Normaliser(self.scales, self.table.columns), rows)

    def own_sound(self, rows: int) -> OwnSound:
        """What agents hear of themselves."""
        return self.table_sound(rows)

    def recordings(self, split: Split) -> Recordings | None:
        """One part of the corpus, as it is heard; None without a corpus."""
        if self.corpus is None or self.mixture[2] == 0:
            return None
        return recordings(self.corpus, split, Normaliser(self.scales, self.corpus.columns))


def setting(
    config: ImproviseConfig, table: LookupTable | None = None, corpus: Corpus | None = None
) -> Setting:
    """Make and check what episodes are played with.

    Raises:
        UsageError: A table or corpus that does not fit the synth, the features or each other.
        UnknownNameError: No such synth or feature.
    """
    synth = make_synth(config.synth, SAMPLE_RATE_HZ)
    names = config.features_keep + config.features_reward
    if table is None:
        table = small_table(synth, descriptors_of((*names, "loudness_rms", "pitch_confidence")))
    if config.training_mode == "corpus" and corpus is None:
        raise UsageError("training_mode 'corpus' needs a corpus; got none; name one, or choose 'mixed'")
    held = table.descriptors
    keep = choose(config.features_keep, held, what="features_keep")
    counted = choose(config.features_reward, held, what="features_reward", weights=config.reward_weights)
    columns = (*keep.columns, *(name for name in counted.columns if name not in keep.columns))
    recorded = None
    if corpus is not None:
        train = np.zeros(len(corpus.values), np.bool_)
        for file in corpus.part("train"):
            train[file.first : file.first + file.frames] = True
        recorded = corpus.values[train]
    scales = fit_scales(columns, table.columns, table.descriptors, table.means, recorded)
    same = [name for name in unchanging(scales, table.columns, table.means) if name in counted.columns]
    if same:
        raise UsageError(
            f"what counts must change with the controls; got {', '.join(same)} in features_reward, which "
            f"hardly change in the table of {config.synth!r}; leave them out"
        )
    return Setting(config, synth, table, corpus, keep, counted, scales)
