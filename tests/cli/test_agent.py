import json

import pytest

from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.lookup.files import write_table
from tonewright.improvising.networks.export import export_agent
from tonewright.improvising.own_sound.small_table import measure_table
from tonewright.improvising.setting import setting
from tonewright.improvising.training import TrainImproviseConfig, make_policy, run_config
from tonewright.synths import synth

KEPT = ("loudness_rms", "pitch_f0", "spectral_centroid")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A table, and the folder of an agent that has learned nothing."""
    folder = tmp_path_factory.mktemp("agent")
    table = folder / "sine.parquet"
    write_table(table, measure_table(synth("sine", 44_100), (*KEPT, "pitch_confidence"), grid=9))
    episodes = ImproviseConfig(table=str(table), features_keep=KEPT, history=1)
    chosen = TrainImproviseConfig(episodes=episodes, num_envs=2, hidden=(8,))
    export_agent(folder / "agent.onnx", make_policy(chosen, 0), setting(episodes), run_config(chosen))
    return table, folder


def test_show_tells_and_draws(run, trained, tmp_path):
    table, agent = trained
    page = tmp_path / "page.html"
    outcome = run("agent", "show", "--table", table, "--agent", agent, "-o", page, "--json")
    assert outcome.code == 0
    told = json.loads(outcome.out)
    assert [take["name"] for take in told["takes"]] == [
        "Steps of loudness", "Steps of pitch", "Crescendo and decrescendo", "Glissando",
        "Silence, a note, silence", "A random walk of sine",
    ]  # fmt: skip
    assert told["agent"] == str(agent)
    assert 0 < told["takes"][0]["agent"]["reward"] < told["takes"][0]["oracle"]["reward"] < 1
    document = page.read_text("utf-8")
    assert document.startswith("<!doctype html>")
    assert all(text in document for text in told["glance"][:1])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["-o", "page.txt"], 2, "a page ends in .html; got 'page.txt'"),
        (["-o", "there.html"], 1, "there.html"),
        (["--sounds", "."], 2, "--sounds is the folder of a corpus; got no corpus"),
        (["--agent", "nowhere"], 1, "nowhere"),
        (["--split", "tset"], 2, "part of a corpus"),
        (["--synth", "fm"], 1, "got one of 'sine' for 'fm'; choose a table of 'fm', or build one: "),
    ],
)
def test_mistakes_are_told_before_any_work(refuse, trained, tmp_path, monkeypatch, words, code, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.html").write_text("mine")
    monkeypatch.setattr("tonewright.improvising.portrait.portraying.portray", None)
    table, agent = trained
    named = [] if "--agent" in words else ["--agent", agent]
    assert said in refuse("agent", "show", "--table", table, *named, *words, code=code)
