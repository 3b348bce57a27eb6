import json
from dataclasses import replace

import numpy as np
import pytest

from tonewright.errors import CorpusError, TableError, UnknownNameError, UsageError
from tonewright.features.framing import Framing
from tonewright.features.selection import select
from tonewright.improvising.corpus.corpus import Contents, Measured
from tonewright.improvising.corpus.files import write_corpus
from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.lookup.files import write_table
from tonewright.improvising.setting import setting
from tonewright.learning.configuration import read_config

from .settings import COLUMNS, HEARD, IDENTITY, corpus, frames, played, table

CONFIG = ImproviseConfig(
    features_keep=("loudness_rms", "pitch_f0", "spectral_flatness"),
    features_reward=("spectral_centroid", "pitch_f0"),
)
TAKES = (("train", played(seed=1)), ("validation", played(90, seed=2)), ("test", played(60, seed=3)))


def test_what_is_seen_comes_first_and_then_what_only_counts():
    made = setting(CONFIG, table())
    assert made.scales.columns == (
        "loudness_rms_dbfs",
        "pitch_f0_hz",
        "spectral_flatness_db",
        "spectral_centroid_hz",
    )
    np.testing.assert_array_equal(made.counted, [1, 3])
    assert made.reward.columns == ("pitch_f0_hz", "spectral_centroid_hz")


def test_without_a_table_a_small_one_is_measured():
    made = setting(ImproviseConfig(synth="fm"))
    assert made.table.synth.name == "fm"
    assert 500 < len(made.table) < 700
    assert set(made.keep.columns) <= set(made.table.columns)
    assert setting(ImproviseConfig(synth="fm")).table is made.table  # measured once


def test_files_are_read(tmp_path):
    write_table(tmp_path / "table.parquet", table())
    recorded = corpus(*TAKES)
    contents = Contents(
        recorded.framing, tuple(map(Measured.of, select(HEARD))), recorded.files, (), (70, 15, 15), 0, "1"
    )
    write_corpus(tmp_path / "corpus.parquet", contents, lambda file: recorded.values[file.rows])
    config = tmp_path / "improvise.json"
    config.write_text(
        json.dumps(
            {
                "table": str(tmp_path / "table.parquet"),
                "corpus": str(tmp_path / "corpus.parquet"),
                "features_keep": ["loudness_rms", "pitch_f0"],
                "features_reward": ["loudness_rms"],
            }
        )
    )
    made = setting(read_config(ImproviseConfig, config))
    direct = setting(made.config, table(), recorded)
    assert made.scales == direct.scales
    for split, frames_of in (("train", 400), ("validation", 90), ("test", 60)):
        played_back = made.recordings(split)
        assert len(played_back.values) == frames_of
        np.testing.assert_array_equal(played_back.values, direct.recordings(split).values)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"synth": replace(IDENTITY, name="fm")}, TableError, "got one of 'fm' for 'sine'"),
        ({"synth": replace(IDENTITY, version=99)}, TableError, "version"),
        (
            {"framing": Framing(48_000, 1024, 256)},
            TableError,
            "a table is heard as agents hear, .*got Fram",
        ),
        ({"descriptors": HEARD[:4]}, UsageError, "got 'spectral_flatness', and they hold"),
        ({"means": frames(np.full(25, -90.0))}, TableError, "a table holds sound above -60 dBFS"),
        (
            {"means": frames(np.linspace(-50, -10, 25), 440.0, centroid=np.linspace(100, 900, 25))},
            UsageError,
            "what counts must change with the controls; got pitch_f0_hz in features_reward",
        ),
    ],
    ids=["synth", "version", "framing", "descriptors", "silent", "unchanging"],
)
def test_tables_that_do_not_fit(change, error, message):
    with pytest.raises(error, match=message):
        setting(CONFIG, table(**change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"framing": Framing(44_100, 2048, 512)}, "a corpus is heard as agents hear"),
        (
            {"columns": COLUMNS[:4], "values": corpus(*TAKES).values[:, :4]},
            "without spectral_flatness_db; analyse the folder again with them .--descriptors .*flatness",
        ),
        ({"values": frames(np.full(550, -100.0))}, "a corpus holds sound above -60 dBFS to train with"),
    ],
    ids=["framing", "descriptors", "silent"],
)
def test_corpora_that_do_not_fit(change, message):
    with pytest.raises(CorpusError, match=message):
        setting(CONFIG, table(), corpus(*TAKES, **change))


def test_a_part_without_a_recording():
    made = setting(CONFIG, table(), corpus(*TAKES[:1]))
    with pytest.raises(CorpusError, match="a corpus holds recordings for test; got none"):
        made.recordings("test")


def test_the_scales_of_an_agent_are_kept():
    agent = setting(CONFIG, table(), corpus(*TAKES)).scales
    elsewhere = corpus(("train", frames(np.full(30, -20.0), 3000.0)))
    assert setting(CONFIG, table(), elsewhere, scales=agent).scales == agent
    assert setting(CONFIG, table(), elsewhere).scales != agent
    more = setting(CONFIG, table(), elsewhere, scales=agent, also=HEARD).scales
    assert set(more.columns) == set(COLUMNS)
    fresh = setting(CONFIG, table(), elsewhere, also=HEARD).scales
    for at, column in enumerate(more.columns):
        of = agent if column in agent.columns else fresh
        assert more.medians[at] == of.medians[of.columns.index(column)]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"reward_type": "cubik"}, UnknownNameError, "did you mean 'cubic'"),
        ({"training_mode": "mix"}, UnknownNameError, "did you mean 'mixed'"),
        ({"action_view": "discrete"}, UnknownNameError, "choose from: continuous, each, joint"),
        ({"hearing": "tables"}, UnknownNameError, "did you mean 'table'"),
        ({"step_size": 0.0}, UsageError, "step_size is a number above 0 and up to 1; got 0.0"),
        ({"step_size": 1.5}, UsageError, "step_size"),
        ({"hops_per_step": 0}, UsageError, "hops_per_step"),
        ({"history": -1}, UsageError, "history"),
        ({"reward_scale": 0.0}, UsageError, "reward_scale"),
        ({"reward_noise": -1.0}, UsageError, "reward_noise"),
        ({"max_episode_steps": 0}, UsageError, "max_episode_steps"),
        ({"mixture": (0.0, 0.0, 0.0)}, UsageError, "mixture holds three weights, .*not all 0"),
        ({"mixture": (1.0, -1.0, 0.0)}, UsageError, "a weight of mixture"),
    ],
)
def test_configurations_that_make_no_sense(change, error, message):
    with pytest.raises(error, match=message):
        ImproviseConfig(**change)
