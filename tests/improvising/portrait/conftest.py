"""A small agent that has learned nothing, a real table and a real corpus: all that a portrait takes."""

from dataclasses import replace
from pathlib import Path

import pytest

from tonewright.audio import Clip, write
from tonewright.improvising.corpus.analysing import analyse_folder
from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.evaluation import Stage, stage
from tonewright.improvising.lookup.files import write_table
from tonewright.improvising.networks.export import export_agent
from tonewright.improvising.own_sound.small_table import measure_table
from tonewright.improvising.portrait.portraying import Portrait, portray
from tonewright.improvising.setting import setting
from tonewright.improvising.training import TrainImproviseConfig, make_policy, run_config
from tonewright.synths import synth

from ..takes import take

HEARD = ("loudness_rms", "pitch_f0", "pitch_confidence", "spectral_centroid")
KEPT = ("loudness_rms", "pitch_f0", "spectral_centroid")


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Takes to record a corpus from, one of them at another rate."""
    folder = tmp_path_factory.mktemp("takes")
    for number in range(4):
        rate_hz = 48_000 if number == 3 else 44_100
        sound = take(1.2, rate_hz, seed=number)
        write(folder / f"take <{number}>.wav", Clip(sound, rate_hz))
    return folder


@pytest.fixture(scope="session")
def corpus(sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "corpus.parquet"
    analyse_folder(sounds, path, HEARD, shares=(40, 0, 60))
    return path


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "sine.parquet"
    write_table(path, measure_table(synth("sine", 44_100), HEARD, grid=25))
    return path


@pytest.fixture(scope="session")
def agent(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an agent that has learned nothing."""
    folder = tmp_path_factory.mktemp("agent") / "run & <b>"
    folder.mkdir()
    episodes = ImproviseConfig(table=str(table), features_keep=KEPT, history=1)
    chosen = TrainImproviseConfig(episodes=episodes, num_envs=2, hidden=(8,))
    export_agent(folder / "agent.onnx", make_policy(chosen, 0), setting(episodes), run_config(chosen))
    return folder


@pytest.fixture(scope="session")
def on(table: Path, corpus: Path, agent: Path) -> Stage:
    return stage(table=table, corpus=corpus, agents=[agent])


@pytest.fixture(scope="session")
def oracle(on: Stage, sounds: Path) -> tuple[Portrait, list[float]]:
    """The step-limited oracle, sat for a portrait, and the progress that was told."""
    told: list[float] = []
    return portray(on, "limited", sounds=sounds, progress=told.append), told


@pytest.fixture(scope="session")
def untaught(on: Stage) -> Portrait:
    """The agent that has learned nothing, without a corpus."""
    return portray(replace(on, corpus=None))
