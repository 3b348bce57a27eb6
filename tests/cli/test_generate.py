import json

import pytest

from tonewright.audio import read

from ..prompting.generators.sketch.conftest import songbook, trained  # noqa: F401


def test_a_sound_is_made_and_told(run, trained, tmp_path):  # noqa: F811
    prompt = "120 BPM house drum loop, 2 bars"
    words = ["generate", prompt, "--model", trained, "--steps", "4", "--sampler", "dpmpp", "--json"]
    outcome = run(*words, "-o", tmp_path / "a.wav", "--cfg", "1")
    if outcome.code:  # hardly trained, it may be silent
        assert "try another seed" in outcome.err
        return
    told = json.loads(outcome.out)
    assert (told["seconds"], told["steps"], told["sampler"], told["evaluations"]) == (4.0, 4, "dpmpp", 4)
    assert read(tmp_path / "a.wav").seconds == 4.0


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
        ("--steps", "0", "steps is 1 to 200"),
        ("--sampler", "heun", "no sampler is called"),
    ):
        words = ("generate", "a", "-o", tmp_path / "a.wav", "--model", trained, option, value)
        assert rule in refuse(*words, code=2)
