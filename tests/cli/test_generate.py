import json
import shutil
import sys
from pathlib import Path

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


def test_a_loop_and_a_long_sound_are_as_long_as_they_are_to_be(run, refuse, trained, tmp_path):  # noqa: F811
    few = ("--model", trained, "--steps", "1", "--cfg", "1")
    run("generate", "97 BPM drum loop", *few, "--loop-bars", "1", "-o", tmp_path / "loop.wav")
    assert read(tmp_path / "loop.wav").frames == round(4 * 60 / 97 * 44_100)
    run("generate", "a drone", *few, "--seconds", "130", "--stitch", "-o", tmp_path / "long.wav")
    assert read(tmp_path / "long.wav").frames == 130 * 44_100
    for words, rule in (
        (["a drone", "--seconds", "130"], "at most 120 s; got 130; make it of segments (--stitch)"),
        (["a drone", "--loop-bars", "1"], "--loop-bars needs a tempo; got none in 'a drone'"),
        (["90 BPM drum loop", "--loop-bars", "1", "--seconds", "3"], "got --seconds as well"),
        (["90 BPM drum loop", "--loop-bars", "1", "--stitch"], "got --stitch as well"),
        (["a drone", "--carry", "0.5"], "got it without --stitch"),
    ):
        assert rule in refuse("generate", *words, *few, "-o", tmp_path / "a.wav", code=2)


def test_a_scene_is_made_whole_or_not_at_all(run, refuse, trained, tmp_path):  # noqa: F811
    examples = Path(__file__).parents[2] / "examples"
    (tmp_path / "sounds").mkdir()
    shutil.copy(examples / "sounds" / "bell.flac", tmp_path / "sounds")
    fields = json.loads((examples / "scene.json").read_text("utf-8"))
    path, out = tmp_path / "scene.json", tmp_path / "scene.wav"
    fields |= {"headroom_db": 20}
    path.write_text(json.dumps(fields))
    words = ("generate", "scene", path, "--model", trained, "-o", out)
    for seed in range(20):  # a model that is hardly trained makes silence now and then
        path.write_text(json.dumps(fields | {"seed": seed}))
        if (outcome := run(*words)).code == 0:
            break
    assert "16.00 s, 4 layers, peak" in outcome.out
    assert read(out).samples.shape == (2, 16 * 44_100)
    told = json.loads(run(*words, "--json", "--overwrite").out)
    assert set(told["seeds"]) == {"beat", "pad", "riser"}
    assert told["files"] == [str(out)]
    out.unlink()
    path.write_text(
        json.dumps(
            fields
            | {
                "seed": seed,
                "headroom_db": 0,
                "layers": [layer | {"level_db": 12} for layer in fields["layers"]],
            }
        )
    )
    assert "set headroom_db to" in refuse(*words, code=1)
    fields["layers"][0]["seconds"] = 30
    path.write_text(json.dumps(fields))
    assert "layer 'beat': it ends within the 16 s of the scene; got 30 s" in refuse(*words, code=1)


def test_a_walk_is_a_page(run, refuse, trained, tmp_path):  # noqa: F811
    page = tmp_path / "explore.html"
    words = (
        "generate",
        "explore",
        "house drum loop",
        "--model",
        trained,
        "--seconds",
        "0.5",
        "--sampler-steps",
        "2",
    )
    few = ("--steps", "3", "--neighbours", "2", "--to", "a warm drone", "-o", page)
    assert f"wrote {page}: 5 sounds" in run(*words, *few).out
    told = json.loads(run(*words, *few, "--overwrite", "--json").out)
    assert told["points"][1] == {
        "title": "Step 2 of 3",
        "seed": 0,
        "to_prompt": "a warm drone",
        "share": 0.5,
    } | {name: told["points"][1][name] for name in told["points"][1] if name == "fault"}
    assert told["points"][4]["direction"] == 2
    assert "it exists" in refuse(*words, *few, code=1)
    for option, value, rule in (("--steps", "1", "2 to 15 steps"), ("--angle", "0", "an angle is above 0")):
        assert rule in refuse(*words, option, value, "-o", tmp_path / "a.html", code=2)
    assert "ends in .html" in refuse(*words, "-o", tmp_path / "a.wav", code=2)


@pytest.mark.parametrize("prompt", ["explode", "nerve"])
def test_a_prompt_may_be_like_a_word(run, tmp_path, prompt):
    """It is no `explore` or `serve` that was mistyped; and a sketch ships."""
    run("generate", prompt, "--seconds", "1", "-o", tmp_path / "a.wav")
    assert read(tmp_path / "a.wav").samples.shape == (2, 44_100)


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
    assert "$TONEWRIGHT_STABLE_AUDIO_ENV" in run("generate", "setup", "--help").out
