import json
import sys

import numpy as np
import pytest

from tonewright.audio import read
from tonewright.prompting.generators.base import Request
from tonewright.prompting.generators.sketch.generator import Sketch

from ..prompting.generators.pipelines.conftest import open_1  # noqa: F401
from ..prompting.generators.sketch.conftest import songbook, trained  # noqa: F401


def test_a_sound_is_made_and_told(run, trained, tmp_path):  # noqa: F811
    prompt = "120 BPM house drum loop, 2 bars"
    asked = [Request(prompt, seconds=4.0, steps=4, cfg_scale=1.0, sampler="dpmpp", seed=n) for n in range(40)]
    seed, made = next((n, one) for n, one in enumerate(Sketch(trained).generate(asked)) if not one.fault)
    words = ["generate", prompt, "--model", trained, "--steps", "4", "--sampler", "dpmpp", "--cfg", "1"]
    outcome = run(*words, "--seed", seed, "--json", "-o", tmp_path / "a.wav")
    told = json.loads(outcome.out)
    assert (told["seconds"], told["steps"], told["sampler"], told["evaluations"]) == (4.0, 4, "dpmpp", 4)
    np.testing.assert_array_equal(read(tmp_path / "a.wav").samples, made.samples)


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (["a", "-o", "a.wav"], 1, "no sketch ships yet; train one"),
        (["a", "-o", "a.wav", "--model", "nowhere"], 1, "holds no sketch.onnx"),
        (["a", "-o", "a.wav", "--generator", "scetch"], 2, "did you mean 'sketch'?"),
    ],
)
def test_what_makes_no_sense(refuse, tmp_path, monkeypatch, words, code, complaint):
    monkeypatch.chdir(tmp_path)
    assert complaint in refuse("generate", *words, code=code)


def test_settings_out_of_range_are_refused(refuse, trained, tmp_path):  # noqa: F811
    for option, value, rule in (
        ("--steps", "201", "steps is 1 to 200"),
        ("--sampler", "heun", "no sampler is called"),
    ):
        words = ("generate", "a", "-o", tmp_path / "a.wav", "--model", trained, option, value)
        assert rule in refuse(*words, code=2)


def test_a_model_without_samplers_tells_what_it_has(run, open_1, tmp_path):  # noqa: F811
    words = ("--generator", "diffusers", "--model", open_1, "--seconds", "0.5", "--steps", "3")
    outcome = run("generate", "a drum loop", *words, "-o", tmp_path / "a.wav")
    assert outcome.out == f"wrote {tmp_path / 'a.wav'}: 0.50 s, 3 steps, guidance 7, seed 0\n"
    assert read(tmp_path / "a.wav").samples.shape == (2, 22_050)


def test_an_environment_that_cannot_be_made(refuse, run, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    assert "cannot be made" in refuse("generate", "setup", "--folder", tmp_path / "place", code=1)
    monkeypatch.setenv("TONEWRIGHT_STABLE_AUDIO_ENV", str(tmp_path / "place"))
    words = ("a", "-o", tmp_path / "a.wav", "--generator", "stable-audio")
    assert "make it with `tonewright generate setup`" in refuse("generate", *words, code=2)
    assert "did you mean 'setup'?" in refuse("generate", "setpu", code=2)
    assert "$TONEWRIGHT_STABLE_AUDIO_ENV" in run("generate", "setup", "--help").out
