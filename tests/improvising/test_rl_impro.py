import json

import pytest

from tonewright.errors import UnknownNameError, UsageError
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.rl_impro import read_rl_impro

# What a user of RL-impro has: names and values as its own file has them.
SETTINGS = {
    "instrument_name": "granular3-pitch",
    "corpus_name": "MAESTRO",
    "N_synth_params": 3,
    "features_keep": ["loudness-dB", "specshape", "mfcc", "chroma"],
    "features_reward": ["loudness-dB", "chroma"],
    "reward_noise": 0.01,
    "training_mode": "corpus",
    "reward_type": "cubic+prize",
    "step_size": 0.05,
    "ip_send": "127.0.0.1",
    "port_send": 6667,
    "port_send_optimal": 6668,
    "verbose": "False",
    "live": "True",
    "max_episode_duration": 6000,
    "seed": "None",
}


@pytest.fixture
def read(tmp_path):
    def read(**changes):
        path = tmp_path / "environment_settings.json"
        path.write_text(json.dumps({**SETTINGS, **changes}))
        return read_rl_impro(path)

    return read


def test_what_maps(read):
    config, seed, _ = read()
    assert seed is None
    assert config.synth == "granular"
    assert config.features_keep == ("loudness_rms", "spectral_shape", "mfcc", "chroma")
    assert config.features_reward == ("loudness_rms", "chroma")
    assert config.reward_weights == (1.0, 12.0)  # every column counts as much
    assert (config.reward_type, config.reward_scale, config.reward_noise) == ("cubic", 0.5, 0.01)
    assert config.training_mode == "corpus"
    assert (config.action_view, config.hops_per_step) == ("joint", 1)
    assert config.step_size == pytest.approx(0.1)  # in twice the time
    assert config.max_episode_steps == 3000


def test_what_does_not_map_is_named(read):
    notes = read().notes
    for name in ("corpus_name", "ip_send", "port_send", "port_send_optimal", "verbose", "live", "step_size"):
        assert any(note.startswith(f"{name}") for note in notes), name
    assert any("prize" in note for note in notes)
    assert any("linear amplitude" in note for note in notes)
    assert len(set(notes)) == len(notes)


def test_nothing_is_said_of_what_is_not_there(tmp_path):
    path = tmp_path / "small.json"
    path.write_text(json.dumps({"features_keep": ["mfcc"], "reward_type": "linear"}))
    config, _, notes = read_rl_impro(path)
    assert not any("prize" in note or "corpus" in note for note in notes)
    assert config.reward_type == "linear"
    assert config.synth == "sine"
    assert config.mixture == (1.0, 1.0, 0.0)  # its default, mixed_random


@pytest.mark.parametrize(
    ("mode", "training_mode", "mixture"),
    [
        ("static_random", "static", None),
        ("dynamic_random", "dynamic", None),
        ("corpus", "corpus", None),
        ("mixed_random", "mixed", (1.0, 1.0, 0.0)),
        ("mixed_random+corpus", "mixed", (1.0, 1.0, 2.0)),
    ],
)
def test_training_modes(read, mode, training_mode, mixture):
    config = read(training_mode=mode).config
    assert config.training_mode == training_mode
    assert mixture is None or config.mixture == mixture


def test_single_features_and_a_category_over_them(read):
    config = read(
        features_keep=["specshape-centroid", "mfcc-0", "chroma-A#", "sinefeaturefreqs-9", "loudness-TP"],
        features_reward=["mfcc-3", "mfcc"],
    ).config
    assert config.features_keep == (
        "spectral_centroid",
        "mfcc_01",
        "chroma_a_sharp",
        "sinusoid_10_hz",
        "loudness_true_peak",
    )
    assert (config.features_reward, config.reward_weights) == (("mfcc",), (13.0,))


def test_everything_is_what_it_had(read):
    config = read(features_keep=["all"]).config
    assert config.features_keep == (
        "loudness_rms",
        "loudness_true_peak",
        "mfcc",
        "chroma",
        "spectral_shape",
        "sinusoid_frequencies",
        "sinusoid_magnitudes",
    )


def test_a_patch_of_ones_own(read):
    config, seed, notes = read(instrument_name="my synth", seed=7)
    assert config.synth == "pd:my synth/synth.pd"
    assert any("patch of one's own" in note for note in notes)
    assert seed == 7


def test_it_plays(read):
    config = read(
        instrument_name="sin",
        features_keep=["loudness-dB", "specshape"],
        features_reward=["loudness-dB", "specshape-centroid"],
        training_mode="mixed_random",
    ).config
    env = ImproviseEnv(4, config)
    env.reset(seed=0)
    _, rewards, *_ = env.step(env.action_space.sample())
    assert env.single_action_space.n == 9
    assert ((rewards >= -1) & (rewards <= 1)).all()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"features_keep": ["loudnes-dB"]}, UnknownNameError, "did you mean 'loudness-dB'"),
        ({"features_reward": "mfcc"}, UsageError, "features_reward is a list of names; got mfcc"),
        ({"training_mode": "mixed"}, UnknownNameError, "training_mode of RL-impro is called 'mixed'"),
        ({"reward_type": "square"}, UnknownNameError, "choose from: cubic"),
        ({"step_size": "0.05"}, UsageError, "step_size is a number; got 0.05"),
        ({"max_episode_duration": 1.5}, UsageError, "max_episode_duration is a whole number; got 1.5"),
        ({"seed": "many"}, UsageError, "seed is a whole number or 'None'; got many"),
    ],
)
def test_what_it_could_not_have_said(read, changes, error, message):
    with pytest.raises(error, match=message):
        read(**changes)


def test_another_file(tmp_path):
    path = tmp_path / "other.json"
    path.write_text('{"recipe": "match"}')
    with pytest.raises(UsageError, match="must hold settings of RL-impro, features_keep among them; got"):
        read_rl_impro(path)
